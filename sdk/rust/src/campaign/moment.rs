//! Reading a moment: kept state, timers and chance.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Moment, TIMER};
use crate::config;
use crate::words::Failure;

impl Moment {
    /// What the installation kept for this person the last time, see [`Decision::keep`](super::Decision::keep).
    pub fn kept<T: DeserializeOwned>(&self) -> Result<Option<T>, Failure> {
        match &self.state {
            Some(state) => config::parse(state)
                .map(Some)
                .map_err(|problem| Failure::BadInput(format!("the kept state cannot be read: {problem}"))),
            None => Ok(None),
        }
    }

    /// Whether this moment is a timer of this installation coming due, whatever its key.
    pub fn is_timer(&self) -> bool {
        self.event.kind == TIMER
    }

    /// The payload of the timer `key`, if that is what just came due.
    ///
    /// ```
    /// # use guanxi_plugin::testing;
    /// let moment = testing::moment("guanxi.timer", serde_json::json!({"key": "remind", "payload": {"step": 2}}));
    /// let payload: Option<serde_json::Value> = moment.timer("remind").unwrap();
    /// assert_eq!(payload.unwrap()["step"], 2);
    /// assert_eq!(moment.timer::<serde_json::Value>("other").unwrap(), None);
    /// ```
    pub fn timer<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Failure> {
        #[derive(Deserialize)]
        struct Due<T> {
            payload: T,
        }
        if !self.is_timer() || self.event.property::<String>("key")?.as_deref() != Some(key) {
            return Ok(None);
        }
        self.event.properties::<Due<T>>().map(|due| Some(due.payload))
    }

    /// A generator of random numbers that draws the same for the same moment, however often it is decided.
    ///
    /// ```
    /// # use guanxi_plugin::testing;
    /// let moment = testing::moment("Order Completed", serde_json::json!({}));
    /// assert_eq!(moment.rng().u64(1..=6), moment.rng().u64(1..=6));
    /// ```
    pub fn rng(&self) -> fastrand::Rng {
        fastrand::Rng::with_seed(self.seed)
    }
}
