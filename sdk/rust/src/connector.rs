//! Connectors: a channel without I/O. A message becomes a request, a response becomes the next step or an outcome;
//! the host performs what is asked for, within the hosts that the manifest names and the tenant grants.
//!
//! ```
//! use guanxi_plugin::connector::{Connector, Outbound, Request, Response, Step};
//! use guanxi_plugin::words::Instant;
//! use guanxi_plugin::{Failure, testing};
//!
//! #[derive(serde::Deserialize)]
//! struct Settings {
//!     url: String,
//! }
//!
//! struct Push;
//!
//! impl Connector for Push {
//!     type Config = Settings;
//!
//!     fn send(config: &Settings, message: &Outbound) -> Result<Step, Failure> {
//!         let request = Request::post(&config.url)
//!             .header("authorization", "Bearer {{secret:token}}")
//!             .json(&serde_json::json!({ "to": message.address_value(), "content": message.content_json()? }))?;
//!         Ok(Step::perform(request))
//!     }
//!
//!     fn resume(_: &Settings, _: &[u8], response: &Response, _: Instant) -> Result<Step, Failure> {
//!         Ok(Step::Done(response.outcome()))
//!     }
//! }
//!
//! guanxi_plugin::connector!(Push);
//!
//! let message = testing::outbound("user:7", serde_json::json!({"text": "Hello"}));
//! let Ok(Step::Perform(exchange)) = testing::send::<Push>(r#"{"url": "https://push.example"}"#, &message) else {
//!     panic!("should ask for a request");
//! };
//! assert_eq!(exchange.request.url, "https://push.example");
//! ```
//!
//! # Facets
//!
//! A channel with access tokens implements [`Session`] too, one that calls back [`Receive`], one that must be asked
//! [`Poll`], and an advertising channel [`Audience`]; `connector!(Push + Session + Receive)` exports them together.
//!
//! ```
//! use guanxi_plugin::connector::{Authorization, Connector, Outbound, Request, Response, Session, Step};
//! use guanxi_plugin::words::Instant;
//! use guanxi_plugin::{Failure, NoConfig};
//!
//! struct Official;
//!
//! impl Connector for Official {
//!     type Config = NoConfig;
//!
//!     fn send(_: &NoConfig, message: &Outbound) -> Result<Step, Failure> {
//!         let url = "https://api.example/send?access_token={{session}}";
//!         Ok(Step::perform(Request::post(url).json(&message.content_json()?)?))
//!     }
//!
//!     fn resume(_: &NoConfig, _: &[u8], response: &Response, _: Instant) -> Result<Step, Failure> {
//!         Ok(Step::Done(response.outcome()))
//!     }
//! }
//!
//! impl Session for Official {
//!     fn authorize(_: &NoConfig) -> Result<Authorization, Failure> {
//!         Ok(Authorization {
//!             request: Request::get("https://api.example/token?secret={{secret:app-secret}}"),
//!             token_pointer: "/access_token".to_owned(),
//!             lifetime_pointer: Some("/expires_in".to_owned()),
//!             lifetime_seconds: 7_200,
//!         })
//!     }
//! }
//!
//! guanxi_plugin::connector!(Official + Session);
//! ```

mod facets;
mod http;

use serde::de::DeserializeOwned;

pub use crate::bindings::audience::AudienceChange;
pub use crate::bindings::connector::Outbound;
pub use crate::bindings::poll::{Page, PollStep};
pub use crate::bindings::receive::{Incoming, Reception, Refusal};
pub use crate::bindings::session::Authorization;
pub use crate::bindings::words::http::{Exchange, Header, Outcome, Request, Response, Step};
use crate::config;
use crate::words::{Failure, Instant};
pub use facets::{Audience, Poll, Receive, Session};
#[doc(hidden)]
pub use facets::{authorize, poll, receive, resume_poll, resume_upload, upload};

/// Delivers messages over a channel.
pub trait Connector {
    /// The installation's configuration.
    type Config: DeserializeOwned;

    /// Starts to deliver one message. A failure is tried again later; what can never be sent is `Outcome::Rejected`.
    fn send(config: &Self::Config, message: &Outbound) -> Result<Step, Failure>;

    /// Goes on with the response to the last exchange, which came at `now`.
    fn resume(config: &Self::Config, continuation: &[u8], response: &Response, now: Instant) -> Result<Step, Failure>;
}

impl Outbound {
    /// The content as JSON.
    pub fn content_json(&self) -> Result<serde_json::Value, Failure> {
        config::parse(&self.content).map_err(|problem| Failure::BadInput(format!("message.content: {problem}")))
    }

    /// The `kind` of its address `kind:value`.
    pub fn address_kind(&self) -> &str {
        self.address.split_once(':').map_or("", |(kind, _)| kind)
    }

    /// The `value` of its address `kind:value`.
    pub fn address_value(&self) -> &str {
        self.address.split_once(':').map_or(&self.address, |(_, value)| value)
    }
}

/// One call of `send`.
#[doc(hidden)]
pub fn send<C: Connector>(config: &str, message: &Outbound) -> Result<Step, Failure> {
    C::send(&config::read(config)?, message)
}

/// One call of `resume`.
#[doc(hidden)]
pub fn resume<C: Connector>(
    config: &str,
    continuation: &[u8],
    response: &Response,
    now: Instant,
) -> Result<Step, Failure> {
    C::resume(&config::read(config)?, continuation, response, now)
}

/// Exports a type that implements [`Connector`], and the facets named after it: `connector!(Push + Session)`.
#[macro_export]
macro_rules! connector {
    ($plugin:ident $(+ $facet:ident)*) => {
        const _: () = {
            struct Exported;

            impl $crate::__private::connector::Guest for Exported {
                fn send(
                    config: ::std::string::String,
                    message: $crate::connector::Outbound,
                ) -> ::std::result::Result<$crate::connector::Step, $crate::Failure> {
                    $crate::connector::send::<$plugin>(&config, &message)
                }

                fn resume(
                    config: ::std::string::String,
                    continuation: ::std::vec::Vec<u8>,
                    response: $crate::connector::Response,
                    now: $crate::words::Instant,
                ) -> ::std::result::Result<$crate::connector::Step, $crate::Failure> {
                    $crate::connector::resume::<$plugin>(&config, &continuation, &response, now)
                }
            }

            $crate::__private::connector::export_connector!(Exported with_types_in $crate::__private::connector);
        };
        $($crate::__connector_facet!($plugin $facet);)*
    };
}
