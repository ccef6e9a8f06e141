//! Write plugins for Guanxi, the social CRM whose campaign logic, scorers and connectors are sandboxed components.
//!
//! A plugin is a **pure function**: it gets what its manifest asked for and the tenant granted, and answers with what
//! should be done. It has no clock, no network and no files; the host hands it the time and a seed. That is why every
//! decision can be explained, repeated bit for bit, and tried on last year's events before it meets a customer.
//!
//! # A first plugin
//!
//! ```
//! use guanxi_plugin::campaign::{Campaign, Decision, Message, Moment};
//! use guanxi_plugin::{Failure, NoConfig};
//!
//! struct Hello;
//!
//! impl Campaign for Hello {
//!     type Config = NoConfig;
//!
//!     fn decide(_: &NoConfig, moment: &Moment) -> Result<Decision, Failure> {
//!         let name = moment.person.text("name").unwrap_or("friend");
//!         Ok(Decision::because("somebody new").send(Message::text("Hello {{name}}!").with("name", name)))
//!     }
//! }
//!
//! guanxi_plugin::campaign!(Hello);
//! ```
//!
//! Its `Cargo.toml` says `crate-type = ["cdylib"]`; beside it stands its manifest, `plugin.toml`, with all that it asks
//! for. Nothing else reaches it, and no operation that is not listed is done:
//!
//! ```toml
//! contract = "0.1.0"
//! name = "hello"
//! version = "0.1.0"
//! title = { en = "Hello", zh = "你好" }
//! summary = { en = "Greets whoever says who they are.", zh = "向每一位表明身份的人问好。" }
//!
//! [campaign]
//! events = ["identify"]
//! fields = [{ name = "name", purpose = "to greet the person by name" }]
//! operations = ["send"]
//! ```
//!
//! `guanxi plugin build` compiles it for `wasm32-unknown-unknown` and packs module and manifest into one component.
//!
//! # The four kinds
//!
//! | Kind | From | To | Trait | Exported by |
//! |---|---|---|---|---|
//! | [`scorer`](mod@scorer) | columns of inputs | columns of scores with their terms | [`Scorer`] | [`scorer!`] |
//! | [`analyzer`](mod@analyzer) | texts | tags, mood, topics, language | [`Analyzer`] | [`analyzer!`] |
//! | [`campaign`](mod@campaign) | moments of people | operations and kept state | [`Campaign`] | [`campaign!`] |
//! | [`connector`](mod@connector) | messages | requests, one step at a time | [`Connector`] | [`connector!`] |
//!
//! A crate that calls several of these macros becomes one component of several kinds.
//!
//! # Configuration
//!
//! Every trait has a `Config`, read from the installation's JSON once a call. What does not fit becomes
//! [`Failure::BadConfig`] with the path of the setting, so that the tenant can mend it. [`NoConfig`] reads nothing.
//!
//! ```
//! use guanxi_plugin::config;
//!
//! #[derive(Debug, serde::Deserialize)]
//! struct Settings {
//!     levels: Vec<u32>,
//! }
//!
//! let problem = config::read::<Settings>(r#"{"levels": [1, "two"]}"#).unwrap_err();
//! assert!(format!("{problem:?}").contains("`levels[1]`"));
//! ```
//!
//! # Tests
//!
//! This crate compiles natively too, where the functions of the host are stood in for by [`testing`]: the logic of a
//! plugin is tested with `cargo test`, in milliseconds and with a debugger. `guanxi plugin run` then tries the component
//! itself on the production engine.
//!
//! ```
//! use guanxi_plugin::campaign::{Campaign, Decision, Moment};
//! use guanxi_plugin::{Failure, NoConfig, testing};
//!
//! # struct Hello;
//! # impl Campaign for Hello {
//! #     type Config = NoConfig;
//! #     fn decide(_: &NoConfig, moment: &Moment) -> Result<Decision, Failure> {
//! #         Ok(if moment.person.speaks("zh") { Decision::because("speaks Chinese") } else { Decision::skip("does not") })
//! #     }
//! # }
//! let mut moment = testing::moment("identify", serde_json::json!({}));
//! moment.person.locale = Some("zh-CN".to_owned());
//! let answer = testing::decide::<Hello>("{}", moment).unwrap();
//! assert_eq!(answer.reasons, ["speaks Chinese"]);
//! ```
//!
//! # Rules worth knowing
//!
//! - Times are milliseconds since the Unix epoch, money is minor units (fen, cents), both `i64`.
//! - Chance comes from [`Moment::rng`](campaign::Moment::rng) only: the same moment always draws the same.
//! - A panic traps: the whole call is lost and the host counts it. Answer with a [`Failure`] instead.
//! - What a plugin wants to remember travels in [`Decision::keep`](campaign::Decision::keep); statics do not survive.

#![deny(missing_docs)]

mod bindings;

pub mod analyzer;
pub mod campaign;
pub mod config;
pub mod connector;
pub mod host;
pub mod scorer;
pub mod secrets;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
pub mod words;

pub use analyzer::Analyzer;
pub use campaign::Campaign;
pub use config::NoConfig;
pub use connector::Connector;
pub use scorer::Scorer;
pub use words::Failure;

/// What the macros of this crate expand to; no part of its interface.
#[doc(hidden)]
pub mod __private {
    pub use crate::bindings::{analyzer, audience, campaign, connector, poll, receive, scorer, session, words};
}
