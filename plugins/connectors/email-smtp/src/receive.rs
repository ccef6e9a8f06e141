//! Unsubscribing with one click (RFC 8058), and bounces (RFC 3464) that whoever gets the brand's mail posts here.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use guanxi_channel_kit::mail::{self, report};
use guanxi_plugin::connector::{Header, Incoming, Reception, Refusal, Response};
use guanxi_plugin::secrets::{self, Digest, Part, Problem};
use guanxi_plugin::words::{Event, HOUR, Instant, Received};
use guanxi_plugin::{Failure, log};
use serde_json::json;

use crate::Settings;

/// Nothing happens when somebody looks at a link: scanners of mail do. Nothing on the page is about anybody.
const ASK: &str = "<!doctype html><html><head><meta charset=\"utf-8\"><title>退订 Unsubscribe</title></head><body>\
    <form method=\"post\"><input type=\"hidden\" name=\"List-Unsubscribe\" value=\"One-Click\">\
    <p>不再接收此类邮件？ Stop getting these messages?</p><button>退订 Unsubscribe</button></form></body></html>";
const DONE: &str = "<!doctype html><html><head><meta charset=\"utf-8\"><title>已退订 Unsubscribed</title></head><body>\
    <p>已退订。 You are unsubscribed.</p></body></html>";

/// Where somebody unsubscribes who got this message. The address stands in it so that nobody reads it in passing.
pub fn unsubscribe_url(settings: &Settings, message: &str, address: &str) -> Result<String, Problem> {
    let mac = URL_SAFE_NO_PAD.encode(mac(message, address)?);
    Ok(format!("{}?m={message}&a={}&s={mac}", settings.callback_url, URL_SAFE_NO_PAD.encode(address)))
}

fn mac(message: &str, address: &str) -> Result<Vec<u8>, Problem> {
    secrets::hmac("unsubscribe-key", Digest::Sha256, format!("unsubscribe\n{message}\n{address}").as_bytes())
}

pub fn receive(settings: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
    let value = |wanted: &str| {
        let mut found = form_urlencoded::parse(request.query.as_bytes()).filter(|(name, _)| name == wanted);
        found.next().map(|(_, value)| value.into_owned()).filter(|_| found.next().is_none())
    };
    match (value("m"), value("a"), value("s"), value("token")) {
        (Some(message), Some(address), Some(given), None) => {
            let address = URL_SAFE_NO_PAD.decode(address).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            let address = address.ok_or(Refusal::BadSignature)?;
            let expected = URL_SAFE_NO_PAD.encode(mac(&message, &address).map_err(bad_config)?);
            if !is_same(&given, &expected).map_err(bad_config)? {
                return Err(Refusal::BadSignature);
            }
            if request.method != "POST" {
                return Ok(Reception { reply: page(ASK), events: Vec::new() });
            }
            let body = String::from_utf8_lossy(&request.body);
            if !(body.contains("List-Unsubscribe") && body.contains("One-Click")) {
                return Err(Refusal::Malformed("the body is not `List-Unsubscribe=One-Click`".to_owned()));
            }
            Ok(Reception { reply: page(DONE), events: vec![withdrawal(settings, &message, &address, now)] })
        }
        (None, None, None, Some(given)) => {
            if !is_token(&given).map_err(bad_config)? {
                return Err(Refusal::BadSignature);
            }
            let reply = Response { status: 200, headers: Vec::new(), body: Vec::new() };
            Ok(Reception { reply, events: bounce(settings, &request.body, now)?.into_iter().collect() })
        }
        _ => Err(Refusal::BadSignature),
    }
}

/// Compared as digests under a key, so that time tells nothing.
fn is_same(given: &str, expected: &str) -> Result<bool, Problem> {
    let mac = |text: &str| secrets::hmac("unsubscribe-key", Digest::Sha256, text.as_bytes());
    Ok(mac(given)? == mac(expected)?)
}

/// Whether this is the secret. Neither side of what is compared is known to whoever sent it.
fn is_token(given: &str) -> Result<bool, Problem> {
    let mac = |key| secrets::hmac_under(&[key], Digest::Sha256, b"callback-token");
    Ok(mac(Part::secret("callback-token"))? == mac(Part::bytes(given))?)
}

/// A click counts anew after an hour: who came back in between leaves again.
fn withdrawal(settings: &Settings, message: &str, address: &str, now: Instant) -> Received {
    let evidence = format!("unsubscribed with one click from {message}");
    let properties = json!({ "purpose": settings.unsubscribe_purpose, "evidence": evidence });
    let key = format!("unsubscribe-{message}-{}", now.div_euclid(HOUR));
    received(key, address, "Consent Withdrawn", properties, now)
}

/// What a report says of a message of this sender's; what is no report, or says nothing final, is taken and not kept.
fn bounce(settings: &Settings, body: &[u8], now: Instant) -> Result<Option<Received>, Refusal> {
    let report = report::read(body).ok_or_else(|| Refusal::Malformed("the body is no delivery report".to_owned()))?;
    let state = match report.action.as_str() {
        "failed" => "bounced",
        "delivered" => "delivered",
        _ => return Ok(None),
    };
    let domain = mail::domain(&settings.from_address);
    let of_path = report.return_path.as_deref().and_then(|path| {
        let (local, _) = settings.return_path.rsplit_once('@')?;
        path.strip_prefix(&format!("{}+", local.to_ascii_lowercase()))?.rsplit_once('@').map(|(id, _)| id.to_owned())
    });
    let of_header = || report.message_id.as_deref()?.strip_suffix(&format!("@{domain}")).map(str::to_owned);
    let Some(id) = of_path.or_else(of_header).filter(|id| id.starts_with("msg_") && id.len() <= 64) else {
        log!(warn, "a delivery report names no message of this sender");
        return Ok(None);
    };
    let reason = [report.status.as_str(), report.reason.as_str()].join(" ");
    let properties = json!({
        "channel-id": format!("{id}@{domain}"), "state": state, "message": id, "reason": reason.trim(), "status": report.status,
    });
    Ok(Some(received(format!("{state}-{id}"), &report.recipient, "guanxi.delivery", properties, now)))
}

fn received(key: String, address: &str, kind: &str, properties: serde_json::Value, at: Instant) -> Received {
    let event = Event {
        id: String::new(),
        kind: kind.to_owned(),
        at,
        channel: Some("email".to_owned()),
        touchpoint: None,
        properties: properties.to_string(),
    };
    Received { key, identities: vec![format!("email:{address}")], event }
}

fn page(html: &str) -> Response {
    let html_type = Header { name: "content-type".to_owned(), value: "text/html; charset=utf-8".to_owned() };
    Response { status: 200, headers: vec![html_type], body: html.as_bytes().to_vec() }
}

fn bad_config(problem: Problem) -> Refusal {
    Refusal::BadConfig(Failure::from(problem).message().to_owned())
}
