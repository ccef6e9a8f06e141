//! What a connector may be besides: a channel with sessions, callbacks, polling or audiences.

use super::{AudienceChange, Authorization, Connector, Incoming, PollStep, Reception, Refusal, Response, Step};
use crate::config;
use crate::words::{Failure, Instant};

/// A channel that wants a session such as an access token. The host runs this once at a time, keeps the token and puts
/// it where a request says `{{session}}`; the connector never sees it.
pub trait Session: Connector {
    /// How to get a session.
    fn authorize(config: &Self::Config) -> Result<Authorization, Failure>;
}

/// A channel that calls back.
pub trait Receive: Connector {
    /// Verifies and reads one request.
    fn receive(config: &Self::Config, request: &Incoming, now: Instant) -> Result<Reception, Refusal>;
}

/// A channel that must be asked.
pub trait Poll: Connector {
    /// Starts to ask for what is new since `cursor`.
    fn poll(config: &Self::Config, cursor: Option<&str>, now: Instant) -> Result<PollStep, Failure>;

    /// Goes on with the response to the last exchange.
    fn resume_poll(
        config: &Self::Config,
        continuation: &[u8],
        response: &Response,
        now: Instant,
    ) -> Result<PollStep, Failure>;
}

/// An advertising channel that keeps audiences.
pub trait Audience: Connector {
    /// Starts to upload one change.
    fn upload(config: &Self::Config, change: &AudienceChange) -> Result<Step, Failure>;

    /// Goes on with the response to the last exchange.
    fn resume_upload(
        config: &Self::Config,
        continuation: &[u8],
        response: &Response,
        now: Instant,
    ) -> Result<Step, Failure>;
}

/// One call of `authorize`.
pub fn authorize<S: Session>(config: &str) -> Result<Authorization, Failure> {
    S::authorize(&config::read(config)?)
}

/// One call of `receive`.
pub fn receive<R: Receive>(config: &str, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
    let bad_config = |failure: Failure| Refusal::BadConfig(failure.message().to_owned());
    R::receive(&config::read(config).map_err(bad_config)?, request, now)
}

/// One call of `poll`.
pub fn poll<P: Poll>(config: &str, cursor: Option<&str>, now: Instant) -> Result<PollStep, Failure> {
    P::poll(&config::read(config)?, cursor, now)
}

/// One call of `resume-poll`.
pub fn resume_poll<P: Poll>(
    config: &str,
    continuation: &[u8],
    response: &Response,
    now: Instant,
) -> Result<PollStep, Failure> {
    P::resume_poll(&config::read(config)?, continuation, response, now)
}

/// One call of `upload`.
pub fn upload<A: Audience>(config: &str, change: &AudienceChange) -> Result<Step, Failure> {
    A::upload(&config::read(config)?, change)
}

/// One call of `resume-upload`.
pub fn resume_upload<A: Audience>(
    config: &str,
    continuation: &[u8],
    response: &Response,
    now: Instant,
) -> Result<Step, Failure> {
    A::resume_upload(&config::read(config)?, continuation, response, now)
}

/// Exports one facet of a connector.
#[doc(hidden)]
#[macro_export]
macro_rules! __connector_facet {
    ($plugin:ident Session) => {
        const _: () = {
            struct Exported;

            impl $crate::__private::session::Guest for Exported {
                fn authorize(
                    config: ::std::string::String,
                ) -> ::std::result::Result<$crate::connector::Authorization, $crate::Failure> {
                    $crate::connector::authorize::<$plugin>(&config)
                }
            }

    $crate::__private::session::export_session!(Exported with_types_in $crate::__private::session);
        };
    };
    ($plugin:ident Receive) => {
        const _: () = {
            struct Exported;

            impl $crate::__private::receive::Guest for Exported {
                fn receive(
                    config: ::std::string::String,
                    request: $crate::connector::Incoming,
                    now: $crate::words::Instant,
                ) -> ::std::result::Result<$crate::connector::Reception, $crate::connector::Refusal> {
                    $crate::connector::receive::<$plugin>(&config, &request, now)
                }
            }

    $crate::__private::receive::export_receive!(Exported with_types_in $crate::__private::receive);
        };
    };
    ($plugin:ident Poll) => {
        const _: () = {
            struct Exported;

            impl $crate::__private::poll::Guest for Exported {
                fn poll(
                    config: ::std::string::String,
                    cursor: ::std::option::Option<::std::string::String>,
                    now: $crate::words::Instant,
                ) -> ::std::result::Result<$crate::connector::PollStep, $crate::Failure> {
                    $crate::connector::poll::<$plugin>(&config, cursor.as_deref(), now)
                }

                fn resume_poll(
                    config: ::std::string::String,
                    continuation: ::std::vec::Vec<u8>,
                    response: $crate::connector::Response,
                    now: $crate::words::Instant,
                ) -> ::std::result::Result<$crate::connector::PollStep, $crate::Failure> {
                    $crate::connector::resume_poll::<$plugin>(&config, &continuation, &response, now)
                }
            }

    $crate::__private::poll::export_poll!(Exported with_types_in $crate::__private::poll);
        };
    };
    ($plugin:ident Audience) => {
        const _: () = {
            struct Exported;

            impl $crate::__private::audience::Guest for Exported {
                fn upload(
                    config: ::std::string::String,
                    change: $crate::connector::AudienceChange,
                ) -> ::std::result::Result<$crate::connector::Step, $crate::Failure> {
                    $crate::connector::upload::<$plugin>(&config, &change)
                }

                fn resume_upload(
                    config: ::std::string::String,
                    continuation: ::std::vec::Vec<u8>,
                    response: $crate::connector::Response,
                    now: $crate::words::Instant,
                ) -> ::std::result::Result<$crate::connector::Step, $crate::Failure> {
                    $crate::connector::resume_upload::<$plugin>(&config, &continuation, &response, now)
                }
            }

    $crate::__private::audience::export_audience!(Exported with_types_in $crate::__private::audience);
        };
    };
}
