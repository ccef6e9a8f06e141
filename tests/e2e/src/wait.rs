//! Waiting for a condition, never for time.

use std::time::{Duration, SystemTime};

use tokio::time::{MissedTickBehavior, interval, timeout};

/// Long enough for a busy machine; a condition that holds is seen at once.
const DEADLINE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(25);

/// What `look` finds, looked for until it is there; ends the test with `what` if it never is.
pub async fn eventually<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    eventually_within(DEADLINE, what, look).await
}

/// The same with a deadline of one's own.
pub async fn eventually_within<T>(limit: Duration, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let found = timeout(limit, async {
        loop {
            ticks.tick().await;
            if let Some(found) = look().await {
                return found;
            }
        }
    });
    found.await.unwrap_or_else(|_| panic!("not within {} s: {what}", limit.as_secs()))
}

/// The time of the tests' machine, which is the host's, too.
#[expect(clippy::disallowed_methods, reason = "a client's own clock")]
pub fn now_millis() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(since.as_millis()).expect("a clock before the year 292 million")
}
