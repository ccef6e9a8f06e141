//! A request with the scheme `smtp` or `smtps`, read: to which server, as whom, from whom to whom, and which bytes.

use bytes::Bytes;
use guanxi_domain::connector::Request;
use lettre::Address;
use lettre::transport::smtp::authentication::Credentials;
use url::Url;

use crate::egress::EgressError;
use crate::egress::arrival::Holder;
use crate::egress::hop::{Gate, bad, described_headers, only, plain_url};
use crate::egress::target::Target;

/// All that a request may say in its headers.
const HEADERS: [&str; 5] = ["mail-from", "rcpt-to", "username", "password", "tls"];

/// One message for one address.
pub(super) struct Letter {
    pub door: Door,
    /// `None` is the empty return path of a notice.
    pub from: Option<Address>,
    pub to: Address,
    /// RFC 5322, without the line break at its end.
    pub message: Bytes,
}

/// Which connections serve a letter: those to the same server, spoken to in the same way by the same user.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Door {
    pub target: Target,
    pub tls: Tls,
    /// What is said of who is calling.
    pub hello: String,
    pub credentials: Option<Credentials>,
    /// Whose letters: installations share none.
    pub holder: Option<Holder>,
}

/// When TLS is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tls {
    /// From the first byte.
    AtOnce,
    /// After `STARTTLS`, or not at all.
    Required,
    /// After `STARTTLS` where the server offers it.
    Optional,
}

impl Letter {
    /// Checks what a connector described and puts its secrets in.
    pub(super) fn read(request: &Request, gate: &Gate<'_>, body_max: usize) -> Result<Self, EgressError> {
        if request.method != "SEND" {
            return Err(bad("its method is not SEND, the only one of mail"));
        }
        let message = message(&request.body, body_max)?;
        let url = plain_url(&request.url)?;
        let target = gate.admit_target(&url)?;
        let headers = described_headers(&request.headers, gate.policy)?;
        if let Some(unknown) = headers.keys().find(|name| !HEADERS.contains(&name.as_str())) {
            return Err(bad(format!(
                "a request for mail has no header `{unknown}`; the message has its own in the body"
            )));
        }
        let tls = tls(&url, only(&headers, "tls")?, gate)?;
        let from = only(&headers, "mail-from")?.ok_or_else(|| bad("it has no header `mail-from`"))?;
        let from = if from.is_empty() { None } else { Some(address("mail-from", from)?) };
        let to = only(&headers, "rcpt-to")?.ok_or_else(|| bad("it has no header `rcpt-to`"))?;
        let to = address("rcpt-to", to)?;
        let credentials = match (only(&headers, "username")?, only(&headers, "password")?) {
            (None, None) => None,
            (Some(name), Some(word)) => Some(Credentials::new(name.to_owned(), word.to_owned())),
            _ => return Err(bad("it has only one of the headers `username` and `password`")),
        };
        let hello = from.as_ref().map_or("localhost", Address::domain).to_owned();
        Ok(Self {
            door: Door { target, tls, hello, credentials, holder: gate.policy.holder.clone() },
            from,
            to,
            message,
        })
    }
}

/// A line break that is none to one server and one to the next lets a second message hide in the first.
fn message(body: &[u8], body_max: usize) -> Result<Bytes, EgressError> {
    if body.len() > body_max {
        return Err(bad(format!("its body exceeds {body_max} bytes")));
    }
    let mut before = b' ';
    for &byte in body {
        if (byte == b'\n') != (before == b'\r') || byte == 0 {
            return Err(bad("lines of a message end with CR LF, and it holds no NUL"));
        }
        before = byte;
    }
    if before == b'\r' {
        return Err(bad("lines of a message end with CR LF, and it holds no NUL"));
    }
    Ok(Bytes::copy_from_slice(body.strip_suffix(b"\r\n").unwrap_or(body)))
}

fn tls(url: &Url, said: Option<&str>, gate: &Gate<'_>) -> Result<Tls, EgressError> {
    match (url.scheme(), said) {
        ("smtps", None) => Ok(Tls::AtOnce),
        ("smtp", None | Some("required")) => Ok(Tls::Required),
        ("smtp", Some("optional")) if gate.allow_http => Ok(Tls::Optional),
        ("smtp", Some("optional")) => Err(bad("it asks for mail without TLS, which the operator does not allow")),
        _ => Err(bad("its header `tls` is not `required` or `optional`, or stands beside `smtps`")),
    }
}

fn address(name: &str, text: &str) -> Result<Address, EgressError> {
    let read = text.parse().ok().filter(|_| text.is_ascii());
    read.ok_or_else(|| bad(format!("the header `{name}` is no address of mail in ASCII")))
}
