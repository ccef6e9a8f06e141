//! Webhooks of Kuaishou, signed with the application's secret.

use guanxi_channel_kit::callback::{check_hash, header, id, json as read, kept, key, received, reply_json, text, time};
use guanxi_plugin::connector::{Incoming, Reception, Refusal};
use guanxi_plugin::log;
use guanxi_plugin::secrets::{Digest, Part};
use guanxi_plugin::words::{Instant, Received};
use serde_json::{Value, json};

use crate::{CHANNEL, Settings};

/// Where a notice says whom it is about, and what it is.
const PEOPLE: [&str; 5] = ["/data/open_id", "/data/openId", "/content/open_id", "/content/openId", "/open_id"];
const KINDS: [&str; 3] = ["/event", "/biz_type", "/data/event"];

pub fn receive(settings: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
    let parts = [Part::bytes(request.body.as_slice()), Part::secret("app-secret")];
    check_hash(Digest::Md5, &parts, header(request, "kwaisign")?)?;
    let mut told = read(&request.body)?;
    // What it says may be a text that is JSON.
    if let Some(content) = told.get_mut("content")
        && let Some(read) = content.as_str().and_then(|text| serde_json::from_str(text).ok())
    {
        *content = read;
    }
    let app_id = text(&told, "/app_id");
    if !app_id.is_empty() && app_id != settings.app_id {
        return Err(Refusal::Malformed("`app_id` is another application's".to_owned()));
    }
    let message_id = told.get("message_id").cloned().unwrap_or_default();
    let reply = reply_json(&json!({ "result": 1, "message_id": message_id }));
    Ok(Reception { reply, events: event(&told, now)?.into_iter().collect() })
}

/// What a notice tells; what is about nobody is logged only.
fn event(told: &Value, now: Instant) -> Result<Option<Received>, Refusal> {
    let kind = KINDS.iter().map(|place| text(told, place)).find(|kind| !kind.is_empty()).unwrap_or("notice");
    let Some(person) = PEOPLE.iter().map(|place| text(told, place)).find(|person| !person.is_empty()) else {
        log!(info, "a notice `{kind}` is about nobody");
        return Ok(None);
    };
    let body = told.get("data").or(told.get("content")).unwrap_or(told);
    let properties = json!({ "kind": kind, "fields": kept(body.clone()) });
    let key = match id(told, "/message_id").as_str() {
        "" => key(&[kind, &told.to_string()])?,
        id => key(&[id])?,
    };
    let at = time(told, "/timestamp").unwrap_or(now);
    let identities = vec![format!("kuaishou_openid:{person}")];
    Ok(Some(received(key, identities, CHANNEL, "Channel Event", at, &properties)))
}
