//! One message of Segment's specification as an event.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::Call;
use crate::event::subject::Subject;
use crate::event::{BadEvent, EventBody, NewEvent, check_kind, clock, document};
use crate::ids::EventId;
use crate::limits::ATTRIBUTES_MAX;
use crate::{JsonMap, Millis};

const MESSAGE_ID_BYTES_MAX: usize = 128;
const CHANNEL_BYTES_MAX: usize = 64;
const TOUCHPOINT_BYTES_MAX: usize = 2_048;

/// What holds for all messages of a request.
#[derive(Default)]
pub(super) struct Shared<'r> {
    /// Where phone numbers may be written without a country code.
    pub(super) region: Option<&'r str>,
    pub(super) context: Context,
    pub(super) sent_at: Option<Value>,
}

/// The fields that are read; all others are the sender's and Segment's own affair.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Message<'a> {
    #[serde(rename = "type")]
    pub(super) kind: Option<Value>,
    message_id: Option<Value>,
    user_id: Option<Value>,
    anonymous_id: Option<Value>,
    previous_id: Option<Value>,
    group_id: Option<Value>,
    event: Option<Value>,
    name: Option<Value>,
    category: Option<Value>,
    channel: Option<Value>,
    timestamp: Option<Value>,
    original_timestamp: Option<Value>,
    sent_at: Option<Value>,
    traits: Option<Value>,
    properties: Option<Value>,
    #[serde(borrow)]
    context: Option<&'a RawValue>,
}

/// The parts of `context` that are read.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Context {
    traits: Option<Value>,
    channel: Option<Value>,
    locale: Option<Value>,
    page: Option<Value>,
    /// Segment's name.
    external_ids: Option<Value>,
    /// RudderStack's name.
    external_id: Option<Value>,
}

impl Context {
    pub(super) fn read(raw: Option<&RawValue>) -> Result<Self, BadEvent> {
        raw.map_or_else(|| Ok(Self::default()), |raw| document::object("context", raw.get()))
    }
}

impl Message<'_> {
    pub(super) fn into_event(
        mut self,
        call: Call,
        shared: &Shared<'_>,
        received_at: Millis,
        make_id: &mut dyn FnMut() -> EventId,
    ) -> Result<NewEvent, BadEvent> {
        let mut context = Context::read(self.context)?;
        let mut subject = self.subject(call, shared.region)?;
        let occurred_at = self.occurred_at(shared, received_at, &mut subject)?;
        let message_id = message_id(self.message_id.take())?;
        let traits = self.traits(call, &mut context, shared)?;
        let channel = self.channel.take().or(context.channel.take());
        let (kind, properties) = self.kind_and_properties(call)?;
        document::check("traits", &traits)?;
        document::check("properties", &properties)?;

        subject.offer_traits(&traits);
        for external in [context.external_ids.take(), context.external_id.take()].into_iter().flatten() {
            offer_external_ids(&mut subject, external);
        }
        let channel = channel_name(channel.as_ref().or(shared.context.channel.as_ref()), &mut subject);
        let touchpoint = touchpoint(context.page.as_ref(), &properties, &mut subject);
        let (identities, notes) = subject.finish()?;
        let id = make_id();
        let body = EventBody { identities, channel, touchpoint, traits, properties, notes, ..EventBody::default() };
        let message_id = message_id.unwrap_or_else(|| id.to_string());
        Ok(NewEvent { id, message_id, kind, occurred_at, received_at, body })
    }

    /// `previousId` of an alias may be a user's or an anonymous identifier (Segment, "Spec: Alias"): it is taken as both.
    fn subject<'r>(&mut self, call: Call, region: Option<&'r str>) -> Result<Subject<'r>, BadEvent> {
        let user = id_text("userId", self.user_id.take())?;
        let anonymous = id_text("anonymousId", self.anonymous_id.take())?;
        let mut subject = Subject::new(region);
        if let Some(user) = &user {
            subject.require("userId", "user", user)?;
        }
        if call == Call::Alias {
            let (Some(_), Some(previous)) = (&user, id_text("previousId", self.previous_id.take())?) else {
                return Err(BadEvent::new("previousId", "an alias gives both userId and previousId"));
            };
            subject.require("previousId", "user", &previous)?;
            subject.require("previousId", "anonymous", &previous)?;
            self.previous_id = Some(Value::String(previous));
        }
        if let Some(anonymous) = &anonymous {
            subject.require("anonymousId", "anonymous", anonymous)?;
        }
        if subject.is_empty() {
            let problem = "give userId or anonymousId, to say who the event is about; null and the like name nobody";
            return Err(BadEvent::new("userId", problem));
        }
        Ok(subject)
    }

    /// `timestamp` comes first: where a library sends both, `originalTimestamp` is only when it was called.
    fn occurred_at(
        &self,
        shared: &Shared<'_>,
        received: Millis,
        subject: &mut Subject<'_>,
    ) -> Result<Millis, BadEvent> {
        let (at, claimed) = match &self.timestamp {
            Some(value) => ("timestamp", Some(value)),
            None => ("originalTimestamp", self.original_timestamp.as_ref()),
        };
        let claimed = claimed
            .map(|value| {
                clock::parse(value)
                    .ok_or_else(|| BadEvent::new(at, "is not a time as in RFC 3339, such as 2026-11-21T10:00:00.000Z"))
            })
            .transpose()?;
        let sent = self.sent_at.as_ref().or(shared.sent_at.as_ref());
        let sent_at = sent.and_then(clock::parse);
        if sent.is_some() && sent_at.is_none() {
            subject.note("sentAt: is not a time as in RFC 3339; the sender's clock was believed".to_owned());
        }
        let (occurred, note) = clock::occurred(claimed, sent_at, received);
        if let Some(note) = note {
            subject.note(format!("{at}: {note}"));
        }
        Ok(occurred)
    }

    /// What the message says about the person; the traits of a group are its own.
    fn traits(&mut self, call: Call, context: &mut Context, shared: &Shared<'_>) -> Result<JsonMap, BadEvent> {
        let own = if call == Call::Identify { document::map("traits", self.traits.take())? } else { JsonMap::new() };
        let mut traits = own;
        for (name, value) in document::map("context.traits", context.traits.take())? {
            traits.entry(name).or_insert(value);
        }
        let locale = context.locale.take().or_else(|| shared.context.locale.clone());
        if let Some(locale @ Value::String(_)) = locale {
            traits.entry("locale").or_insert(locale);
        }
        if traits.len() > ATTRIBUTES_MAX {
            let problem = format!("has {} attributes; at most {ATTRIBUTES_MAX} are taken", traits.len());
            return Err(BadEvent::new("traits", problem));
        }
        Ok(traits)
    }

    fn kind_and_properties(mut self, call: Call) -> Result<(String, JsonMap), BadEvent> {
        let mut properties = document::map("properties", self.properties.take())?;
        let kind = match call {
            Call::Track => return Ok((event_name(self.event)?, properties)),
            Call::Page | Call::Screen => {
                for (at, value) in [("name", self.name), ("category", self.category)] {
                    if let Some(text) = text(at, value)? {
                        properties.entry(at).or_insert(Value::String(text));
                    }
                }
                if call == Call::Page { "page" } else { "screen" }
            }
            Call::Group => {
                let group = id_text("groupId", self.group_id)?
                    .ok_or_else(|| BadEvent::new("groupId", "is missing; say which group"))?;
                properties.insert("groupId".to_owned(), Value::String(group));
                properties.insert("traits".to_owned(), Value::Object(document::map("traits", self.traits)?));
                "group"
            }
            Call::Alias => {
                properties.extend(self.previous_id.map(|previous| ("previousId".to_owned(), previous)));
                "alias"
            }
            Call::Identify | Call::Batch => "identify",
        };
        Ok((kind.to_owned(), properties))
    }
}

fn event_name(value: Option<Value>) -> Result<String, BadEvent> {
    let name = text("event", value)?
        .ok_or_else(|| BadEvent::new("event", "is missing; name what happened, such as Order Completed"))?;
    check_kind("event", &name)?;
    Ok(name)
}

fn text(at: &str, value: Option<Value>) -> Result<Option<String>, BadEvent> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(BadEvent::new(at, format!("is {}, but has to be a string", document::name_of(&other)))),
    }
}

/// An identifier; an empty one is what some libraries send for none.
fn id_text(at: &str, value: Option<Value>) -> Result<Option<String>, BadEvent> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(Value::Number(number)) if number.is_i64() || number.is_u64() => Ok(Some(number.to_string())),
        // Two people would become one when digits are lost.
        Some(Value::Number(_)) => Err(BadEvent::new(at, "is a number that loses digits; send it as a string")),
        Some(other) => {
            let problem = format!("is {}, but has to be a string or a whole number", document::name_of(&other));
            Err(BadEvent::new(at, problem))
        }
    }
}

fn message_id(value: Option<Value>) -> Result<Option<String>, BadEvent> {
    let id = id_text("messageId", value)?;
    if id.as_ref().is_some_and(|id| id.len() > MESSAGE_ID_BYTES_MAX || id.chars().any(char::is_control)) {
        let problem = format!("has 1 to {MESSAGE_ID_BYTES_MAX} bytes and no control characters");
        return Err(BadEvent::new("messageId", problem));
    }
    Ok(id)
}

fn channel_name(value: Option<&Value>, subject: &mut Subject<'_>) -> Option<String> {
    let value = value?;
    let name = value.as_str().and_then(|name| document::label(name, CHANNEL_BYTES_MAX));
    if name.is_none() {
        subject.note(format!("channel: left out: is not a text of 1 to {CHANNEL_BYTES_MAX} bytes"));
    }
    name
}

/// Where it happened: the page without its query, which would make every visit a place of its own.
fn touchpoint(page: Option<&Value>, properties: &JsonMap, subject: &mut Subject<'_>) -> Option<String> {
    let page = page.and_then(Value::as_object);
    let field = |map: Option<&'_ JsonMap>, name| {
        map.and_then(|map| map.get(name)).and_then(Value::as_str).filter(|url| !url.is_empty()).map(str::to_owned)
    };
    let url = field(page, "url").or_else(|| field(Some(properties), "url")).or_else(|| field(page, "path"))?;
    let place = url.split('?').next().unwrap_or_default();
    let place = match place.split_once('#') {
        // `#/shop` is a page of a single-page application, other fragments are not.
        Some((page, fragment)) if !fragment.starts_with(['/', '!']) => page,
        _ => place,
    };
    let label = document::label(place, TOUCHPOINT_BYTES_MAX);
    if label.is_none() {
        subject.note(format!("url: left out as touchpoint: has 1 to {TOUCHPOINT_BYTES_MAX} bytes before its query"));
    }
    label
}

/// Identifiers of other systems: a list of `{id, type, collection, encoding}`.
fn offer_external_ids(subject: &mut Subject<'_>, externals: Value) {
    let Value::Array(externals) = externals else {
        return subject.note("context.externalIds: left out: is not a list".to_owned());
    };
    for (index, external) in externals.iter().enumerate() {
        let at = format!("context.externalIds[{index}]");
        let field = |name| external.get(name).and_then(Value::as_str);
        let of_a_person = field("collection").is_none_or(|collection| collection == "users");
        let plain = field("encoding").is_none_or(|encoding| encoding == "none");
        match (id_text(&at, external.get("id").cloned()), field("type")) {
            (Ok(Some(id)), Some(kind)) if of_a_person && plain => subject.offer(&at, &identity_kind(kind), &id),
            _ => subject.note(format!("{at}: left out: needs id and type, collection users and encoding none")),
        }
    }
}

fn identity_kind(external: &str) -> String {
    let kind = external.trim().to_ascii_lowercase();
    match kind.as_str() {
        "user_id" | "userid" => "user".to_owned(),
        "anonymous_id" | "anonymousid" => "anonymous".to_owned(),
        _ => kind.replace(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "_"),
    }
}
