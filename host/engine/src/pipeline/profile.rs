//! How plugins see a person: only fields that were granted, only connectors that reach.

use guanxi_domain::campaign::{Profile, SeenEvent, Value};
use guanxi_domain::event::Event;
use guanxi_domain::identity::Identity;
use guanxi_domain::manifest::ConnectorSpec;
use guanxi_domain::person::{Person, Role};

use super::memory::Known;
use crate::fleet::{Unit, Units};

/// A field of a person by its name: a built-in fact, else an attribute.
pub(crate) fn field(person: &Person, name: &str) -> Option<Value> {
    let facts = &person.facts;
    let time = |at: i64| (at > 0).then_some(Value::Time(at));
    match name {
        "revenue" => Some(Value::Integer(facts.revenue)),
        "order-count" => Some(Value::Integer(facts.order_count)),
        "event-count" => Some(Value::Integer(facts.event_count)),
        "first-seen" => time(facts.first_seen),
        "last-seen" => time(facts.last_seen),
        "last-order-at" => time(facts.last_order_at),
        _ => attribute(person.attributes.get(name)?),
    }
}

fn attribute(value: &serde_json::Value) -> Option<Value> {
    use serde_json::Value as Json;
    match value {
        Json::String(text) => Some(Value::Text(text.clone())),
        Json::Bool(flag) => Some(Value::Flag(*flag)),
        Json::Number(number) => number.as_i64().map(Value::Integer).or_else(|| number.as_f64().map(Value::Number)),
        Json::Array(items) => {
            let texts: Option<Vec<String>> = items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
            texts.map(Value::Texts)
        }
        Json::Null | Json::Object(_) => None,
    }
}

/// The identity to which a connector would deliver.
pub(crate) fn address<'a>(known: &'a Known, connector: &ConnectorSpec) -> Option<&'a Identity> {
    connector
        .addresses
        .iter()
        .find_map(|kind| known.identities.iter().find(|identity| kind == "*" || identity.kind() == kind))
}

/// What a campaign sees of a person.
pub(crate) fn of(known: &Known, campaign: &Unit, units: &Units) -> Profile {
    let wished = campaign.manifest().campaign.as_ref().map(|spec| spec.fields.as_slice()).unwrap_or_default();
    let granted = wished.iter().filter(|wish| campaign.installation.grants.allows_field(&wish.name));
    let fields = granted.filter_map(|wish| Some((wish.name.clone(), field(&known.person, &wish.name)?)));
    let reachable = units.iter().filter_map(|unit| {
        let connector = unit.manifest().connector.as_ref()?;
        address(known, connector).map(|_| connector.channel.clone())
    });
    Profile {
        id: known.person.id.to_string(),
        stage: known.person.stage,
        roles: vec![Role::Consumer],
        locale: known.person.attributes.get("locale").and_then(|v| v.as_str()).map(str::to_owned),
        tags: known.tags.clone(),
        scores: known.scores.iter().map(|score| (score.name.clone(), score.value)).collect(),
        fields: fields.collect(),
        reachable: reachable.collect(),
    }
}

/// What a plugin sees of an event. Traits are the person's, so they come as granted fields only.
pub(crate) fn seen(event: &Event) -> SeenEvent {
    let body = &event.event.body;
    SeenEvent {
        id: event.event.id.to_string(),
        kind: event.event.kind.clone(),
        at: event.event.occurred_at,
        channel: body.channel.clone(),
        touchpoint: body.touchpoint.clone(),
        properties: serde_json::to_string(&body.properties).unwrap_or_else(|_| "{}".to_owned()).into(),
    }
}
