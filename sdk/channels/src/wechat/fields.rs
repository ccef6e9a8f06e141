//! Messages as fields, from XML or, where an account is set to it, from JSON.

use guanxi_plugin::connector::Refusal;
use guanxi_plugin::words::{Instant, SECOND};
use serde_json::{Map, Value, json};

use crate::callback::kept;
use crate::xml::{self, Fields};

/// Fields that a message has besides its own; what it says is told as `text`.
const ENVELOPE: [&str; 7] = ["ToUserName", "FromUserName", "CreateTime", "MsgType", "MsgId", "AgentID", "Content"];
const DEPTH_MAX: usize = 8;
const FIELDS_MAX: usize = 256;

/// The fields of a message. JSON is named as XML would be: `List/TemplateId`, and of several the first.
pub fn read(body: &[u8]) -> Result<Fields, Refusal> {
    if body.first() != Some(&b'{') {
        return xml::fields(body).map_err(Refusal::Malformed);
    }
    let told: Value =
        serde_json::from_slice(body).map_err(|_| Refusal::Malformed("the JSON cannot be read".to_owned()))?;
    let mut fields = Fields::new();
    flatten(&told, "", DEPTH_MAX, &mut fields)?;
    Ok(fields)
}

fn flatten(told: &Value, at: &str, depth: usize, fields: &mut Fields) -> Result<(), Refusal> {
    let too_much = || Refusal::Malformed("the JSON is too deep or too long".to_owned());
    let depth = depth.checked_sub(1).filter(|_| fields.len() <= FIELDS_MAX).ok_or_else(too_much)?;
    match told {
        Value::Object(inner) => {
            for (name, value) in inner {
                let at = if at.is_empty() { name.clone() } else { format!("{at}/{name}") };
                flatten(value, &at, depth, fields)?;
            }
        }
        Value::Array(items) => {
            for item in items {
                flatten(item, at, depth, fields)?;
            }
        }
        Value::String(text) => keep(fields, at, text.clone()),
        Value::Null => {}
        other => keep(fields, at, other.to_string()),
    }
    Ok(())
}

fn keep(fields: &mut Fields, at: &str, text: String) {
    fields.entry(at.to_owned()).or_insert(text);
}

/// When a message was made.
pub fn at(fields: &Fields) -> Result<Instant, Refusal> {
    let seconds = fields.get("CreateTime").and_then(|text| text.parse::<Instant>().ok());
    let seconds = seconds.ok_or_else(|| Refusal::Malformed("`CreateTime` is missing".to_owned()))?;
    Ok(seconds.saturating_mul(SECOND))
}

/// A message of any kind as properties of an event: what it says in words, and all that came with it.
pub fn said(kind: &str, fields: &Fields) -> Value {
    let text = ["Content", "Recognition", "Label", "Title"].iter().find_map(|name| fields.get(*name));
    json!({
        "text": text.map_or("", String::as_str),
        "message-id": fields.get("MsgId"),
        "kind": kind,
        "fields": own(fields),
    })
}

/// What only this message has, unless it is too much to be kept.
pub fn own(fields: &Fields) -> Value {
    let own = fields.iter().filter(|(name, _)| !ENVELOPE.contains(&name.as_str()));
    let own: Map<_, _> = own.map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
    kept(own.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_read_as_xml_would_be() {
        let json = br#"{"MsgType":"event","CreateTime":1620963428,"Event":"subscribe_msg_popup_event","List":[{"TemplateId":"a","SubscribeStatusString":"accept"},{"TemplateId":"b"}],"none":null}"#;
        let xml = b"<xml><MsgType>event</MsgType><CreateTime>1620963428</CreateTime><Event>subscribe_msg_popup_event</Event><List><TemplateId>a</TemplateId><SubscribeStatusString>accept</SubscribeStatusString></List><List><TemplateId>b</TemplateId></List></xml>";
        assert_eq!(read(json).unwrap(), read(xml).unwrap());
        let deep = format!("{}1{}", "{\"a\":".repeat(50), "}".repeat(50));
        let many = format!("{{{}\"z\":1}}", (0..400).map(|n| format!("\"a{n}\":1,")).collect::<String>());
        for bad in [deep.as_str(), &many, "{"] {
            assert!(matches!(read(bad.as_bytes()), Err(Refusal::Malformed(_))), "{}", &bad[..bad.len().min(40)]);
        }
    }
}
