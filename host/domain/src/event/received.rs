//! What a connector read from a request of its channel, as events of the log.

use super::subject::Subject;
use super::{BadEvent, DELIVERY, EventBody, NewEvent, check_kind, clock};
use crate::connector::Received;
use crate::ids::{EventId, InstallationId};
use crate::{JsonMap, Millis};

/// What message ids of events begin with that connectors read; the installation and the channel's key follow.
pub const FROM_CHANNEL: &str = "guanxi.callback/";
/// Kind of the events whose properties are attributes of the person, signals among them.
const IDENTIFY: &str = "identify";
const KEY_BYTES_MAX: usize = 192;
const CHANNEL_BYTES_MAX: usize = 64;
const TOUCHPOINT_BYTES_MAX: usize = 2_048;

/// Through which connector something came.
#[derive(Debug, Clone, Copy)]
pub struct Gate<'a> {
    /// Its installation: keys of one never meet those of another.
    pub installation: InstallationId,
    /// The channel that its manifest names.
    pub channel: &'a str,
    /// ISO 3166 code of the country whose phone numbers may be written without a country code.
    pub region: Option<&'a str>,
}

/// The event that a connector means. An identity that is none is left out and noted; what else is wrong is the connector's
/// mistake, told with its place.
pub fn read(received: Received, gate: Gate<'_>, received_at: Millis, id: EventId) -> Result<NewEvent, BadEvent> {
    let Received { key, identities, kind, at, channel, touchpoint, properties } = received;
    if key.is_empty() || key.len() > KEY_BYTES_MAX || key.chars().any(char::is_control) {
        return Err(BadEvent::new("key", format!("has 1 to {KEY_BYTES_MAX} bytes and no control characters")));
    }
    if kind != DELIVERY {
        check_kind("event.kind", &kind)?;
    }
    within("event.channel", channel.as_deref(), CHANNEL_BYTES_MAX)?;
    within("event.touchpoint", touchpoint.as_deref(), TOUCHPOINT_BYTES_MAX)?;
    let mut subject = Subject::new(gate.region);
    for (index, identity) in identities.iter().enumerate() {
        let (kind, value) = identity.split_once(':').unwrap_or((identity, ""));
        subject.offer(&format!("identities[{index}]"), kind, value);
    }
    let (occurred_at, corrected) = clock::occurred(Some(at), None, received_at);
    corrected.into_iter().for_each(|note| subject.note(note));
    let (identities, notes) = subject.finish()?;
    // As Segment's call of that name: what it says is said of the person.
    let (traits, properties) = match kind == IDENTIFY {
        true => (properties, JsonMap::new()),
        false => (JsonMap::new(), properties),
    };
    let body = EventBody {
        identities,
        channel: Some(channel.unwrap_or_else(|| gate.channel.to_owned())),
        touchpoint,
        traits,
        properties,
        notes,
        ..EventBody::default()
    };
    let message_id = format!("{FROM_CHANNEL}{}/{key}", gate.installation);
    Ok(NewEvent { id, message_id, kind, occurred_at, received_at, body })
}

fn within(at: &str, text: Option<&str>, bytes_max: usize) -> Result<(), BadEvent> {
    match text {
        Some(text) if text.is_empty() || text.len() > bytes_max || text.chars().any(char::is_control) => {
            Err(BadEvent::new(at, format!("has 1 to {bytes_max} bytes and no control characters")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const NOW: Millis = 1_767_225_600_000;

    fn received() -> Received {
        Received {
            key: "42".to_owned(),
            identities: vec!["user:7".to_owned()],
            kind: "Message Received".to_owned(),
            at: NOW - 5_000,
            channel: None,
            touchpoint: None,
            properties: JsonMap::new(),
        }
    }

    fn taken(received: Received) -> Result<NewEvent, BadEvent> {
        let installation = InstallationId::from_uuid(Uuid::from_u128(7));
        let gate = Gate { installation, channel: "telegram", region: Some("CN") };
        read(received, gate, NOW, EventId::from_uuid(Uuid::from_u128(1)))
    }

    #[test]
    fn an_event_carries_its_connector_in_its_id_and_its_channel() {
        let event = taken(received()).unwrap();
        assert_eq!(event.message_id, format!("guanxi.callback/{}/42", InstallationId::from_uuid(Uuid::from_u128(7))));
        assert_eq!((event.occurred_at, event.received_at), (NOW - 5_000, NOW));
        assert_eq!(event.body.channel.as_deref(), Some("telegram"));
        assert!(!event.body.vouched);
        let elsewhere = Received { channel: Some("telegram-group".to_owned()), ..received() };
        assert_eq!(taken(elsewhere).unwrap().body.channel.as_deref(), Some("telegram-group"));
    }

    #[test]
    fn an_identity_that_is_none_costs_itself_alone() {
        let identities = ["phone:138 0013 8000", "phone:1", "nobody", "user:null"].map(str::to_owned).to_vec();
        let event = taken(Received { identities, ..received() }).unwrap();
        let names: Vec<String> = event.body.identities.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["phone:+8613800138000"]);
        assert_eq!(event.body.notes.len(), 3, "{:?}", event.body.notes);
    }

    #[test]
    fn id_8_what_an_identify_says_is_said_of_the_person() {
        let told = serde_json::json!({"name": "Ann", "signals": {"followers": 1200}});
        let properties = told.as_object().cloned().unwrap();
        let event =
            taken(Received { kind: IDENTIFY.to_owned(), properties: properties.clone(), ..received() }).unwrap();
        assert_eq!((event.body.traits, event.body.properties), (properties, JsonMap::new()));
    }

    #[test]
    fn mistakes_of_a_connector_are_told_with_their_place() {
        for (bad, place) in [
            (Received { key: String::new(), ..received() }, "key"),
            (Received { key: "k".repeat(193), ..received() }, "key"),
            (Received { kind: "guanxi.timer".to_owned(), ..received() }, "event.kind"),
            (Received { channel: Some("c".repeat(65)), ..received() }, "event.channel"),
            (Received { touchpoint: Some("a\nb".to_owned()), ..received() }, "event.touchpoint"),
        ] {
            assert_eq!(taken(bad).map_err(|bad| bad.at), Err(place.to_owned()));
        }
        let told = taken(Received { kind: DELIVERY.to_owned(), ..received() }).unwrap();
        assert_eq!(told.kind, DELIVERY, "what becomes of a message is a connector's to tell");
        let future = taken(Received { at: NOW + 3_600_000, ..received() }).unwrap();
        assert_eq!((future.occurred_at, future.body.notes.len()), (NOW, 1));
    }
}
