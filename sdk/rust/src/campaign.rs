//! Campaigns: what to do about one moment of one person.
//!
//! A campaign gets a [`Moment`] (what just happened, to whom, what it kept the last time) and answers with a
//! [`Decision`]: operations that it wants done, each checked by the host against grants, consent, caps and budget, and
//! the reasons that a marketer will read. Deciding to do nothing is a decision too, and its reason matters as much.
//!
//! ```
//! use guanxi_plugin::campaign::{Campaign, Decision, Message, Moment};
//! use guanxi_plugin::words::DAY;
//! use guanxi_plugin::{Failure, testing};
//!
//! #[derive(serde::Deserialize)]
//! struct Settings {
//!     minimum: f64,
//! }
//!
//! #[derive(Default, serde::Serialize, serde::Deserialize)]
//! struct Kept {
//!     thanked: u32,
//! }
//!
//! struct Thanks;
//!
//! impl Campaign for Thanks {
//!     type Config = Settings;
//!
//!     fn decide(config: &Settings, moment: &Moment) -> Result<Decision, Failure> {
//!         let mut kept: Kept = moment.kept()?.unwrap_or_default();
//!         let total = moment.event.property::<f64>("total")?.unwrap_or(0.0);
//!         if total < config.minimum {
//!             return Ok(Decision::skip(format!("{total} is less than {}", config.minimum)));
//!         }
//!         kept.thanked += 1;
//!         let thanks = Message::text("Thank you for order {{order}}!")
//!             .with("order", moment.event.property::<String>("order_id")?)
//!             .expires(moment.now + DAY);
//!         Ok(Decision::because("a large order").send(thanks).add_tag("loyalty", "big-spender").keep(&kept))
//!     }
//! }
//!
//! guanxi_plugin::campaign!(Thanks);
//!
//! let moment = testing::moment("Order Completed", serde_json::json!({"order_id": "A-1", "total": 80}));
//! let answer = testing::decide::<Thanks>(r#"{"minimum": 50}"#, moment).unwrap();
//! assert_eq!(answer.operations.len(), 2);
//! assert_eq!(answer.state.as_deref(), Some(r#"{"thanked":1}"#));
//! ```

mod decision;
mod message;
mod moment;

use serde::de::DeserializeOwned;

pub use crate::bindings::campaign::{
    Content, Coupon, Decision as Answer, Emission, Message as RawMessage, MessageClass, Moment, Operation, Payment,
    Points, TagName, Task, Timer,
};
use crate::config;
use crate::words::Failure;
pub use decision::Decision;
pub use message::Message;

/// The kind of the events that the host makes when a timer is due.
pub const TIMER: &str = "guanxi.timer";

/// Decides what to do.
pub trait Campaign {
    /// The installation's configuration.
    type Config: DeserializeOwned;

    /// Decides about one moment; a failure concerns this moment only.
    fn decide(config: &Self::Config, moment: &Moment) -> Result<Decision, Failure>;
}

/// One call: the configuration once, then moment by moment.
#[doc(hidden)]
pub fn call<C: Campaign>(config: &str, moments: Vec<Moment>) -> Vec<Result<Answer, Failure>> {
    match config::read::<C::Config>(config) {
        Ok(config) => {
            moments.into_iter().map(|moment| C::decide(&config, &moment)?.into_answer(moment.state)).collect()
        }
        Err(failure) => moments.iter().map(|_| Err(failure.clone())).collect(),
    }
}

/// Exports a type that implements [`Campaign`].
#[macro_export]
macro_rules! campaign {
    ($plugin:ty) => {
        const _: () = {
            struct Exported;

            impl $crate::__private::campaign::Guest for Exported {
                fn decide(
                    config: ::std::string::String,
                    moments: ::std::vec::Vec<$crate::campaign::Moment>,
                ) -> ::std::vec::Vec<::std::result::Result<$crate::campaign::Answer, $crate::Failure>> {
                    $crate::campaign::call::<$plugin>(&config, moments)
                }
            }

    $crate::__private::campaign::export_campaign!(Exported with_types_in $crate::__private::campaign);
        };
    };
}
