//! Pushes of the platform: orders and after-sales that change. The signature covers the address and the time, not what is told.

use guanxi_channel_kit::callback::{
    bad_config, fresh, header, is_same, json as read, kept, key, received, reply_json, text,
};
use guanxi_plugin::connector::{Incoming, Reception, Refusal};
use guanxi_plugin::log;
use guanxi_plugin::words::{Instant, Received};
use serde_json::{Value, json};

use crate::{CHANNEL, Settings, ark, orders};

/// The path that the platform signs, whatever the address is.
const PATH: &str = "/open_api/msg";
/// Pushes of one request.
const PUSHES_MAX: usize = 100;

pub fn receive(settings: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
    verify(settings, request, now)?;
    let told = read(&request.body)?;
    let pushes = told.as_array().map_or(std::slice::from_ref(&told), Vec::as_slice);
    if pushes.len() > PUSHES_MAX {
        return Err(Refusal::Malformed(format!("there are more than {PUSHES_MAX} pushes")));
    }
    let mut events = Vec::new();
    for push in pushes {
        events.extend(event(push, now)?);
    }
    Ok(Reception { reply: reply_json(&json!({ "success": true, "error_code": 0, "error_msg": "" })), events })
}

/// MD5 of the path, the query with `app-key` and `timestamp` in order, and the secret.
fn verify(settings: &Settings, request: &Incoming, now: Instant) -> Result<(), Refusal> {
    let [app_key, timestamp, sign] = ["app-key", "timestamp", "sign"].map(|name| header(request, name));
    let (app_key, timestamp, sign) = (app_key?, timestamp?, sign?);
    if app_key != settings.app_id {
        return Err(Refusal::BadSignature);
    }
    let mut pairs: Vec<String> = request.query.split('&').filter(|pair| !pair.is_empty()).map(str::to_owned).collect();
    pairs.extend([format!("app-key={app_key}"), format!("timestamp={timestamp}")]);
    pairs.sort_unstable();
    let expected = ark::hashed(&format!("{PATH}?{}", pairs.join("&"))).map_err(bad_config)?;
    if !is_same(sign.to_lowercase().as_bytes(), expected.as_bytes()) {
        return Err(Refusal::BadSignature);
    }
    fresh(timestamp.parse().map_err(|_| Refusal::BadSignature)?, now)
}

/// What a push tells; what is about no order is logged only.
fn event(push: &Value, now: Instant) -> Result<Option<Received>, Refusal> {
    let tag = text(push, "/msgTag");
    let data = match push.get("data") {
        Some(Value::String(text)) => {
            serde_json::from_str(text).map_err(|_| Refusal::Malformed("`data` is no JSON".to_owned()))?
        }
        data => data.cloned().unwrap_or_default(),
    };
    let orders = ["/orderId", "/packageId"].map(|place| text(&data, place));
    let Some(order) = orders.into_iter().find(|order| !order.is_empty()) else {
        log!(info, "a push `{tag}` is about no order");
        return Ok(None);
    };
    let at = data.get("updateTime").and_then(Value::as_i64).unwrap_or(now);
    let status = ["/orderStatus", "/packageStatus"].iter().find_map(|place| data.pointer(place)?.as_i64());
    if let Some(status) = status.filter(|_| tag == "msg_fulfillment_status_change") {
        return Ok(Some(orders::updated(order, status, at, &data)));
    }
    let properties = json!({ "kind": tag, "order_id": order, "fields": kept(data.clone()) });
    let key = key(&[tag, order, &at.to_string()])?;
    Ok(Some(received(key, vec![format!("order:{order}")], CHANNEL, "Channel Event", at, &properties)))
}
