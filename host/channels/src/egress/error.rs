//! Why a request was not performed, in cases that a caller can act on. No message carries a URL or a secret.

use std::error::Error;
use std::net::IpAddr;
use std::time::Duration;

use super::resolver::PrivateOnly;

/// Why there is no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// The connector described something that cannot be sent: says what.
    #[error("the request cannot be sent: {0}")]
    BadRequest(String),
    /// No scheme that is spoken here, or one without TLS that the operator does not allow.
    #[error("`{scheme}` is not allowed; use {}", secure(.scheme))]
    Scheme {
        /// As in the URL.
        scheme: String,
    },
    /// The installation may not speak to this host.
    #[error("the host `{host}` is not granted")]
    NotGranted {
        /// With its port if it is not the usual one.
        host: String,
    },
    /// The host has no address that may be reached.
    #[error("`{host}` leads to {address}, which is not public")]
    PrivateAddress {
        /// As in the URL.
        host: String,
        /// Where it leads.
        address: IpAddr,
    },
    /// A placeholder names a secret that is not granted or not set.
    #[error("the secret `{name}` is not granted or not set")]
    UnknownSecret {
        /// As in the placeholder.
        name: String,
    },
    /// The request wants a session and there is none.
    #[error("the request wants a session and there is none")]
    NoSession,
    /// The name has no address.
    #[error("the host `{host}` cannot be resolved: {reason}")]
    Dns {
        /// As in the URL.
        host: String,
        /// The system's words.
        reason: String,
    },
    /// No connection within the time for it.
    #[error("no connection to `{host}`: {reason}")]
    Connect {
        /// As in the URL.
        host: String,
        /// The system's words.
        reason: String,
    },
    /// The other side could not prove who it is.
    #[error("no trusted connection to `{host}`: {reason}")]
    Tls {
        /// As in the URL.
        host: String,
        /// What the handshake failed at.
        reason: String,
    },
    /// An exchange of several steps ended before anything was handed over that could have an effect.
    #[error("the exchange with `{host}` ended before the message was handed over: {reason}")]
    Interrupted {
        /// As in the URL.
        host: String,
        /// What happened, and when.
        reason: String,
    },
    /// No complete response in time.
    #[error("no complete response within {} ms", after.as_millis())]
    Timeout {
        /// The time it had.
        after: Duration,
    },
    /// The connection broke, or what came over it is not HTTP.
    #[error("the exchange with `{host}` broke off: {reason}")]
    Broken {
        /// As in the URL.
        host: String,
        /// What happened.
        reason: String,
    },
    /// The response is larger than allowed.
    #[error("the {part} of the response of `{host}` exceed {limit}")]
    TooLarge {
        /// As in the URL.
        host: String,
        /// `body bytes`, `header bytes` or `headers`.
        part: &'static str,
        /// The most that is taken.
        limit: usize,
    },
    /// The redirects did not end.
    #[error("more than {max} redirects")]
    TooManyRedirects {
        /// How many are followed.
        max: usize,
    },
    /// A host answered with a redirect, and following it failed.
    #[error("after a redirect: {0}")]
    AfterRedirect(#[source] Box<EgressError>),
}

impl EgressError {
    /// Whether the request certainly never reached anybody, so that nothing can happen twice by sending it again.
    pub fn is_before_send(&self) -> bool {
        match self {
            Self::BadRequest(_)
            | Self::Scheme { .. }
            | Self::NotGranted { .. }
            | Self::PrivateAddress { .. }
            | Self::UnknownSecret { .. }
            | Self::NoSession
            | Self::Dns { .. }
            | Self::Connect { .. }
            | Self::Tls { .. }
            | Self::Interrupted { .. } => true,
            Self::Timeout { .. }
            | Self::Broken { .. }
            | Self::TooLarge { .. }
            | Self::TooManyRedirects { .. }
            | Self::AfterRedirect(_) => false,
        }
    }

    /// Whether the same request may succeed later although nobody changes anything.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Dns { .. }
            | Self::Connect { .. }
            | Self::Tls { .. }
            | Self::Interrupted { .. }
            | Self::Timeout { .. }
            | Self::Broken { .. } => true,
            Self::AfterRedirect(cause) => cause.is_transient(),
            Self::BadRequest(_)
            | Self::Scheme { .. }
            | Self::NotGranted { .. }
            | Self::PrivateAddress { .. }
            | Self::UnknownSecret { .. }
            | Self::NoSession
            | Self::TooLarge { .. }
            | Self::TooManyRedirects { .. } => false,
        }
    }

    /// Whether a connector asked for what no connector may do, or what this one may not: nothing has failed, it was stopped.
    pub fn is_overreach(&self) -> bool {
        match self {
            Self::BadRequest(_)
            | Self::Scheme { .. }
            | Self::NotGranted { .. }
            | Self::PrivateAddress { .. }
            | Self::UnknownSecret { .. } => true,
            Self::AfterRedirect(cause) => cause.is_overreach(),
            Self::NoSession
            | Self::Dns { .. }
            | Self::Connect { .. }
            | Self::Tls { .. }
            | Self::Interrupted { .. }
            | Self::Timeout { .. }
            | Self::Broken { .. }
            | Self::TooLarge { .. }
            | Self::TooManyRedirects { .. } => false,
        }
    }

    pub(super) fn after_redirect(cause: Self) -> Self {
        Self::AfterRedirect(Box::new(cause))
    }
}

/// Why an [`Egress`](super::Egress) could not be made.
#[derive(Debug, thiserror::Error)]
pub enum EgressSetupError {
    /// One of the extra certificates, or the cryptography itself, is unusable.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
    /// The options contradict each other or the user agent is no header value.
    #[error("the HTTP client cannot be set up")]
    Client(#[source] reqwest::Error),
}

/// The form of a scheme that has TLS.
fn secure(scheme: &str) -> &'static str {
    if scheme == "smpp" { "smpps" } else { "https" }
}

/// Translates what the client says. Its own words contain the URL, and so perhaps a secret: only the innermost cause
/// is quoted, which knows of connections and bytes only.
pub(super) fn from_client(error: &reqwest::Error, host: &str) -> EgressError {
    let host = host.to_owned();
    if let Some(refused) = causes(error).find_map(|cause| cause.downcast_ref::<PrivateOnly>()) {
        return EgressError::PrivateAddress { host, address: refused.address };
    }
    if error.is_builder() {
        return EgressError::BadRequest("the URL is not one for HTTP".to_owned());
    }
    let reason = innermost(error);
    if error.is_dns() {
        EgressError::Dns { host, reason }
    } else if !error.is_connect() {
        EgressError::Broken { host, reason }
    } else if causes(error).any(is_tls) {
        EgressError::Tls { host, reason }
    } else {
        EgressError::Connect { host, reason }
    }
}

fn causes<'e>(error: &'e reqwest::Error) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}

fn innermost(error: &reqwest::Error) -> String {
    causes(error).last().map_or_else(|| "no reason given".to_owned(), ToString::to_string)
}

/// An I/O error hides the error that it carries from `source`, and that may be another I/O error.
fn is_tls(cause: &(dyn Error + 'static)) -> bool {
    let carried = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    cause.is::<rustls::Error>() || carried.is_some_and(|inner| is_tls(inner))
}
