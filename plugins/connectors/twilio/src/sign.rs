//! X-Twilio-Signature: HMAC over the address that Twilio called and what it sent there.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guanxi_channel_kit::callback;
use guanxi_plugin::connector::{Incoming, Refusal};
use guanxi_plugin::secrets::{self, Digest, Part, Problem};

use crate::Settings;

/// Refuses what is not signed with the account's token. Twilio may or may not name the port, so both are tried.
pub fn verify(settings: &Settings, request: &Incoming) -> Result<(), Refusal> {
    if settings.callback_url.is_empty() {
        return Err(Refusal::BadConfig("set `callback-url`: Twilio signs it".to_owned()));
    }
    let given = callback::header(request, "x-twilio-signature")?;
    let given = STANDARD.decode(given).map_err(|_| Refusal::BadSignature)?;
    // A JSON body is named by its digest in the query, which the signature covers.
    let digest = callback::parameter(&request.query, "bodySHA256").ok();
    let parameters = if digest.is_some() { String::new() } else { joined(&request.body) };
    if let Some(digest) = digest {
        callback::check_hash(Digest::Sha256, &[Part::bytes(request.body.clone())], &digest)?;
    }
    let url = address(&settings.callback_url, &request.query);
    for url in [url.clone(), with_port(&url, false), with_port(&url, true)] {
        let expected = signature(&url, &parameters).map_err(callback::bad_config)?;
        if callback::is_same(&given, &expected) {
            return Ok(());
        }
    }
    Err(Refusal::BadSignature)
}

pub(crate) fn signature(url: &str, parameters: &str) -> Result<Vec<u8>, Problem> {
    secrets::hmac("auth-token", Digest::Sha1, format!("{url}{parameters}").as_bytes())
}

/// Names and values of a form, sorted, each pair once.
pub(crate) fn joined(body: &[u8]) -> String {
    let pairs: BTreeSet<_> = form_urlencoded::parse(body).collect();
    pairs.into_iter().map(|(name, value)| format!("{name}{value}")).collect()
}

/// The address as it was told to Twilio, with a query that Twilio added.
fn address(told: &str, query: &str) -> String {
    if told.contains('?') || query.is_empty() { told.to_owned() } else { format!("{told}?{query}") }
}

/// The address with the usual port, or without any.
pub(crate) fn with_port(url: &str, port: bool) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (host, path) = rest.find(['/', '?']).map_or((rest, ""), |at| rest.split_at(at));
    let name = match host.rsplit_once(':') {
        Some((name, digits)) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    match (port, name == host) {
        (true, true) => format!("{scheme}://{host}:{}{path}", if scheme == "https" { 443 } else { 80 }),
        (true, false) => url.to_owned(),
        (false, _) => format!("{scheme}://{name}{path}"),
    }
}
