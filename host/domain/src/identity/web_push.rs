//! Browsers' subscriptions to push messages (W3C Push API): where messages go, and the keys for which they are encrypted
//! (RFC 8291). As an identity one is written `ENDPOINT#P256DH.AUTH`, which is an address with its keys behind it; browsers
//! write it as JSON.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The most characters of one: what push services give out has some 150 to 500, the keys have 111.
pub(super) const VALUE_MAX: usize = 1_024;
/// What a value looks like, for whoever gave another.
pub(super) const WANTS: &str =
    "a browser's PushSubscription as JSON, or its endpoint, #, p256dh, a dot and auth; at most 1024 characters";

/// Bytes of a point on P-256, uncompressed, and of the secret that goes with it.
const POINT_BYTES: usize = 65;
const AUTH_BYTES: usize = 16;

#[derive(serde::Deserialize)]
struct Subscription {
    endpoint: String,
    keys: Keys,
}

#[derive(serde::Deserialize)]
struct Keys {
    p256dh: String,
    auth: String,
}

/// The one form of a subscription, or nothing if it is none.
pub(super) fn normal(text: &str) -> Option<String> {
    let (endpoint, point, auth) = match serde_json::from_str::<Subscription>(text) {
        Ok(Subscription { endpoint, keys }) => (endpoint, keys.p256dh, keys.auth),
        Err(_) => {
            let (endpoint, keys) = text.split_once('#')?;
            let (point, auth) = keys.split_once('.')?;
            (endpoint.to_owned(), point.to_owned(), auth.to_owned())
        }
    };
    let point = key(&point, POINT_BYTES).filter(|point| point.first() == Some(&4))?;
    let auth = key(&auth, AUTH_BYTES)?;
    if !is_endpoint(&endpoint) {
        return None;
    }
    let value = format!("{endpoint}#{}.{}", URL_SAFE_NO_PAD.encode(point), URL_SAFE_NO_PAD.encode(auth));
    (value.len() <= VALUE_MAX).then_some(value)
}

/// Bytes of a key, whichever way base 64 is written.
fn key(text: &str, bytes: usize) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=').replace('+', "-").replace('/', "_");
    URL_SAFE_NO_PAD.decode(text).ok().filter(|key| key.len() == bytes)
}

/// An absolute address without credentials and fragment. Push services speak https; who runs one without says so to the
/// connector.
fn is_endpoint(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split(['/', '?']).next().unwrap_or_default());
    let plain = |b: u8| b.is_ascii_graphic() && !b"#\"<>\\^`{|}".contains(&b);
    host.is_some_and(|host| !host.is_empty() && !host.contains('@')) && text.bytes().all(plain)
}
