//! The real clock and the real randomness: the one place that asks the machine for them.

use std::time::SystemTime;

use anyhow::Context;
use guanxi_app::Ambient;

/// The machine's clock and its random generator. Fails if the generator does.
#[expect(clippy::disallowed_methods, reason = "this is where randomness comes from")]
pub fn of_this_machine() -> anyhow::Result<Ambient> {
    let mut probe = [0; 1];
    getrandom::fill(&mut probe).context("the machine gives no random numbers")?;
    Ok(Ambient::new(now, |buffer| {
        #[expect(
            clippy::expect_used,
            reason = "probed above; a generator that stops working leaves nothing safe to do"
        )]
        getrandom::fill(buffer).expect("the machine gives random numbers");
    }))
}

#[expect(clippy::disallowed_methods, reason = "this is where time comes from")]
fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
