//! Keeps the database in shape beside the work.

use tokio_util::sync::CancellationToken;

use crate::Engine;

pub(crate) async fn run(engine: Engine, stop: CancellationToken) {
    if let Err(error) = engine.app.store().read_directories().await {
        tracing::warn!(%error, "the directories of people are read when somebody asks");
    }
    loop {
        let pause = match engine.app.store().upkeep().await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!(%error, "the database's upkeep waits");
                engine.options.pause
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}
