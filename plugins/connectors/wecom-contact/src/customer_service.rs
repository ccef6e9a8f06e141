//! Messages to a customer-service account: WeCom tells only that there are some, and has to be asked for them.

use guanxi_channel_kit::callback::{id, kept, key, received, text};
use guanxi_channel_kit::memory;
use guanxi_channel_kit::wecom::{outcome, url};
use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Exchange, Outcome, Page, PollStep, Request, Response};
use guanxi_plugin::words::{Instant, Received, SECOND};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{CHANNEL, Settings};

/// Messages of a page.
const LIMIT: u32 = 100;
/// Who wrote: the customer, WeCom itself (an event), a member.
const CUSTOMER: i64 = 3;
const EVENT: i64 = 4;

#[derive(Deserialize)]
struct Answer {
    next_cursor: Option<String>,
    #[serde(default)]
    has_more: u8,
    #[serde(default)]
    msg_list: Vec<Value>,
}

pub fn poll(settings: &Settings, cursor: Option<&str>) -> Result<PollStep, Failure> {
    let Some(open_kfid) = &settings.open_kfid else { return Ok(memory::nothing()) };
    let body = json!({ "cursor": cursor.unwrap_or_default(), "limit": LIMIT, "open_kfid": open_kfid });
    let request = Request::post(&url("kf/sync_msg")).json(&body)?;
    Ok(PollStep::Perform(Exchange { request, continuation: Vec::new() }))
}

pub fn page(response: &Response, now: Instant) -> Result<PollStep, Failure> {
    match outcome(response, now)? {
        Outcome::Sent(_) => {}
        failed => return Ok(PollStep::Failed(failed)),
    }
    let Answer { next_cursor, has_more, msg_list, .. } = response.json()?;
    let events = msg_list.iter().filter_map(event).collect();
    Ok(PollStep::Done(Page { cursor: next_cursor, events, more: has_more == 1 }))
}

/// What a customer wrote or did.
fn event(told: &Value) -> Option<Received> {
    let origin = told.get("origin").and_then(Value::as_i64)?;
    let at = told.get("send_time").and_then(Value::as_i64)?.saturating_mul(SECOND);
    let customers = ["/external_userid", "/event/external_userid"].map(|place| text(told, place));
    let customer = customers.into_iter().find(|customer| !customer.is_empty())?;
    let (kind, part) = (text(told, "/msgtype"), told.get(text(told, "/msgtype")).cloned().unwrap_or_default());
    let (name, properties) = match origin {
        CUSTOMER => {
            let said = ["/text/content", "/link/title", "/location/name"].map(|place| text(told, place));
            let said = said.into_iter().find(|said| !said.is_empty()).unwrap_or_default();
            let fields = if kind == "text" { json!({}) } else { kept(part) };
            let properties = json!({
                "text": said, "message-id": text(told, "/msgid"), "kind": kind, "open-kfid": text(told, "/open_kfid"),
                "menu": told.pointer("/text/menu_id"), "fields": fields,
            });
            ("Message Received", properties)
        }
        EVENT if text(&part, "/event_type") == "enter_session" => {
            let properties = json!({
                "from": text(&part, "/scene"), "open-kfid": text(&part, "/open_kfid"),
                "welcome-code": text(&part, "/welcome_code"),
            });
            ("Chat Entered", properties)
        }
        EVENT => ("Channel Event", json!({ "kind": text(&part, "/event_type"), "fields": kept(part) })),
        _ => return None,
    };
    let key = key(&["kf", &id(told, "/msgid")]).ok()?;
    Some(received(key, vec![format!("wecom_external_id:{customer}")], CHANNEL, name, at, &properties))
}
