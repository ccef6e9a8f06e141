//! One request on its way to one host: made from what the connector described, or from a redirect.

use std::borrow::Cow;

use bytes::Bytes;
use guanxi_domain::connector::Request;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use url::Url;

use super::EgressError;
use super::address::AllowPrivate;
use super::policy::EgressPolicy;
use super::secret::{Place, expand};
use super::target::Target;

const URL_BYTES_MAX: usize = 8 * 1024;
const HEADERS_MAX: usize = 64;
const HEADER_BYTES_MAX: usize = 32 * 1024;

/// What the connection itself needs is the host's to say: a guest that sets these could smuggle a second request or
/// address another site behind a granted one.
const RESERVED: [&str; 13] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What every hop has to pass.
pub(super) struct Gate<'a> {
    pub policy: &'a EgressPolicy,
    pub allow_private: &'a AllowPrivate,
    pub allow_http: bool,
}

/// Ready to be sent. Has no `Debug`: its URL may carry a secret.
pub(super) struct Hop {
    method: Method,
    url: Url,
    /// Values with secrets are marked sensitive.
    headers: HeaderMap,
    body: Bytes,
}

impl Hop {
    /// Checks what a connector described and puts its secrets in.
    pub(super) fn first(request: &Request, gate: &Gate<'_>, body_max: usize) -> Result<Self, EgressError> {
        if request.body.len() > body_max {
            return Err(bad(format!("its body exceeds {body_max} bytes")));
        }
        let method = method(&request.method)?;
        let url = described_url(&request.url, gate)?;
        let headers = described_headers(&request.headers, gate.policy)?;
        Ok(Self { method, url, headers, body: Bytes::copy_from_slice(&request.body) })
    }

    /// The request that a redirect asks for (RFC 9110, 15.4): `303` turns into `GET`, and so does `POST` at `301` and
    /// `302` as everywhere on the web; `307` and `308` repeat the request.
    pub(super) fn redirected(self, status: StatusCode, location: &str, gate: &Gate<'_>) -> Result<Self, EgressError> {
        let mut url = self.url.join(location).map_err(|_| bad("the redirect leads to no URL"))?;
        url.set_fragment(None);
        if self.url.scheme() == "https" && url.scheme() == "http" {
            return Err(EgressError::Scheme { scheme: "http".to_owned() });
        }
        gate.admit(&url)?;
        let leaves = url.origin() != self.url.origin();
        let mut next = Self { url, ..self };
        let becomes_get = match status {
            StatusCode::SEE_OTHER => next.method != Method::HEAD,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => next.method == Method::POST,
            _ => false,
        };
        if becomes_get {
            next.method = Method::GET;
            next.body = Bytes::new();
            next.headers = kept(next.headers, |name, _| !name.as_str().starts_with("content-"));
        }
        if leaves {
            next.headers = kept(next.headers, |name, value| !value.is_sensitive() && !is_credential(name));
        }
        Ok(next)
    }

    pub(super) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    pub(super) fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or_default()
    }

    pub(super) fn to_request(&self) -> reqwest::Request {
        let mut request = reqwest::Request::new(self.method.clone(), self.url.clone());
        *request.headers_mut() = self.headers.clone();
        if !self.body.is_empty() {
            *request.body_mut() = Some(self.body.clone().into());
        }
        request
    }
}

impl Gate<'_> {
    /// Lets `url` pass if its scheme is allowed, its host granted and its address, where it is one, open. Names are
    /// checked again as addresses when the connection is made; literal addresses never get to a resolver.
    fn admit(&self, url: &Url) -> Result<(), EgressError> {
        match url.scheme() {
            "https" => {}
            "http" if self.allow_http => {}
            scheme => {
                return Err(EgressError::Scheme { scheme: scheme.to_owned() });
            }
        }
        self.admit_target(url).map(drop)
    }

    /// The same whatever the scheme is.
    pub(super) fn admit_target(&self, url: &Url) -> Result<Target, EgressError> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("its URL carries a user name or password; use an `authorization` header"));
        }
        let Some(target) = Target::of(url) else {
            return Err(bad("its URL names no host"));
        };
        let (name, port) = (&target.host, target.port);
        if !self.policy.covers(name, port) {
            let host = url.port().map_or_else(|| name.clone(), |port| format!("{name}:{port}"));
            return Err(EgressError::NotGranted { host });
        }
        match target.address {
            Some(address) if !self.allow_private.reaches(address, Some(port)) => {
                Err(EgressError::PrivateAddress { host: target.host, address })
            }
            _ => Ok(target),
        }
    }
}

fn method(name: &str) -> Result<Method, EgressError> {
    match name {
        "GET" => Ok(Method::GET),
        "POST" => Ok(Method::POST),
        "PUT" => Ok(Method::PUT),
        "PATCH" => Ok(Method::PATCH),
        "DELETE" => Ok(Method::DELETE),
        "HEAD" => Ok(Method::HEAD),
        _ => Err(bad("its method is not one of GET, POST, PUT, PATCH, DELETE, HEAD")),
    }
}

/// The host is judged before any secret is put in, and must still be the same afterwards.
fn described_url(text: &str, gate: &Gate<'_>) -> Result<Url, EgressError> {
    let within = |bytes: usize| match bytes {
        ..=URL_BYTES_MAX => Ok(()),
        _ => Err(bad(format!("its URL exceeds {URL_BYTES_MAX} bytes"))),
    };
    within(text.len())?;
    if text.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
        return Err(bad("its URL contains spaces or control characters"));
    }
    let mut url = Url::parse(text).map_err(|problem| bad(format!("its URL cannot be read: {problem}")))?;
    gate.admit(&url)?;
    if let Cow::Owned(with_secrets) = expand(text, gate.policy, Place::Url)? {
        within(with_secrets.len())?;
        let judged = url.origin();
        url = Url::parse(&with_secrets).map_err(|_| bad("its URL cannot be read with its secrets"))?;
        if url.origin() != judged {
            return Err(bad("secrets may stand in the path and the query of a URL only"));
        }
    }
    url.set_fragment(None);
    Ok(url)
}

/// The URL of a request that is not HTTP: a scheme and a place, without secrets.
pub(super) fn plain_url(text: &str) -> Result<Url, EgressError> {
    if text.len() > URL_BYTES_MAX {
        return Err(bad(format!("its URL exceeds {URL_BYTES_MAX} bytes")));
    }
    let url = Url::parse(text).map_err(|problem| bad(format!("its URL cannot be read: {problem}")))?;
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(bad("its URL has more than scheme, host and port"));
    }
    Ok(url)
}

pub(super) fn described_headers(
    described: &[(String, String)],
    policy: &EgressPolicy,
) -> Result<HeaderMap, EgressError> {
    if described.len() > HEADERS_MAX {
        return Err(bad(format!("it has more than {HEADERS_MAX} headers")));
    }
    // Bounded as described and again as sent: placeholders are short and secrets may be long.
    let within = |bytes: usize| match bytes {
        ..=HEADER_BYTES_MAX => Ok(()),
        _ => Err(bad(format!("its headers exceed {HEADER_BYTES_MAX} bytes"))),
    };
    within(described.iter().map(|(name, value)| name.len() + value.len()).sum())?;
    let mut headers = HeaderMap::with_capacity(described.len() + 4);
    let mut bytes = 0;
    for (name, value) in described {
        let (name, value) = (header_name(name)?, header_value(name, value, policy)?);
        bytes += name.as_str().len() + value.len();
        within(bytes)?;
        headers.append(name, value);
    }
    Ok(headers)
}

fn header_name(text: &str) -> Result<HeaderName, EgressError> {
    let name = HeaderName::from_bytes(text.as_bytes()).map_err(|_| bad("it has a header with an unusable name"))?;
    if RESERVED.contains(&name.as_str()) {
        return Err(bad(format!("the header `{name}` is set by the host")));
    }
    Ok(name)
}

fn header_value(name: &str, text: &str, policy: &EgressPolicy) -> Result<HeaderValue, EgressError> {
    let expanded = expand(text, policy, Place::Header)?;
    // Refuses line breaks, whether they come from the guest or from a secret, without quoting either.
    let mut value = HeaderValue::from_bytes(expanded.as_bytes())
        .map_err(|_| bad(format!("the header `{name}` contains control characters")))?;
    value.set_sensitive(matches!(expanded, Cow::Owned(_)));
    Ok(value)
}

/// The value of a header that may stand there once.
pub(super) fn only<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, EgressError> {
    let mut values = headers.get_all(name).iter();
    let (first, second) = (values.next(), values.next());
    if second.is_some() {
        return Err(bad(format!("it has more than one header `{name}`")));
    }
    let text = |value: &'h HeaderValue| std::str::from_utf8(value.as_bytes());
    first.map(text).transpose().map_err(|_| bad(format!("the header `{name}` is not UTF-8")))
}

fn kept(headers: HeaderMap, keep: impl Fn(&HeaderName, &HeaderValue) -> bool) -> HeaderMap {
    let mut left = HeaderMap::with_capacity(headers.len());
    for name in headers.keys() {
        for value in headers.get_all(name).iter().filter(|value| keep(name, value)) {
            left.append(name.clone(), value.clone());
        }
    }
    left
}

fn is_credential(name: &HeaderName) -> bool {
    name == header::AUTHORIZATION || name == header::COOKIE
}

pub(super) fn bad(problem: impl Into<String>) -> EgressError {
    EgressError::BadRequest(problem.into())
}
