//! OAuth 1.0a (RFC 5849), whose tokens do not expire and whose secrets stay with the host.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guanxi_plugin::connector::Outbound;
use guanxi_plugin::secrets::{self, Digest, Part, Problem};
use guanxi_plugin::words::SECOND;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::Settings;

/// RFC 3986: all but the unreserved characters.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The header `authorization` of a `POST` of JSON, which is not part of what is signed.
pub fn authorization(settings: &Settings, url: &str, message: &Outbound) -> Result<String, Problem> {
    let (time, nonce) = ((message.now / SECOND).to_string(), format!("{}-{}", message.id, message.attempt));
    let parameters = [
        ("oauth_consumer_key", settings.consumer_key.as_str()),
        ("oauth_nonce", &nonce),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", &time),
        ("oauth_token", &settings.token),
        ("oauth_version", "1.0"),
    ];
    let signature = signature("POST", url, &parameters)?;
    let named = parameters.into_iter().chain([("oauth_signature", signature.as_str())]);
    let named: Vec<String> = named.map(|(name, value)| format!("{name}=\"{}\"", encoded(value))).collect();
    Ok(format!("OAuth {}", named.join(", ")))
}

/// The signature of a request with these parameters, sorted by their names.
pub(crate) fn signature(method: &str, url: &str, parameters: &[(&str, &str)]) -> Result<String, Problem> {
    let pairs: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    let base = format!("{method}&{}&{}", encoded(url), encoded(&pairs.join("&")));
    let key = [Part::secret("consumer-secret"), Part::bytes("&"), Part::secret("token-secret")];
    Ok(STANDARD.encode(secrets::hmac_under(&key, Digest::Sha1, base.as_bytes())?))
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}
