//! Works on the backtests that are asked for, one at a time.

use guanxi_app::AppError;
use tokio_util::sync::CancellationToken;

use crate::Engine;

pub(crate) async fn run(engine: Engine, stop: CancellationToken) {
    loop {
        let round = async {
            match work(&engine).await {
                Ok(true) => {}
                Ok(false) => pause(&engine).await,
                Err(error) => {
                    tracing::warn!(%error, "backtests wait");
                    tokio::time::sleep(engine.options.pause).await;
                }
            }
        };
        // What was begun is begun anew by whoever comes next.
        tokio::select! {
            () = stop.cancelled() => return,
            () = round => {}
        }
    }
}

async fn pause(engine: &Engine) {
    tokio::select! {
        () = engine.app.signals().backtested.notified() => {}
        () = tokio::time::sleep(engine.options.pause) => {}
    }
}

/// Works on one if there is one; whether there was.
async fn work(engine: &Engine) -> Result<bool, AppError> {
    let Some(claim) = engine.app.claim_backtest().await? else { return Ok(false) };
    engine.app.run_backtest(claim).await?;
    Ok(true)
}
