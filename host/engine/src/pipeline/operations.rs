//! Carries out what a campaign asked for, within its grants and the host's rules; each operation gets its outcome.

use guanxi_domain::campaign::{Content, Operation, Value};
use guanxi_domain::consent;
use guanxi_domain::content;
use guanxi_domain::event::{EventBody, NewEvent, REFUSED, SENT};
use guanxi_domain::ids::{DecisionId, EventId, MessageId, derived_uuid};
use guanxi_domain::limits::ATTRIBUTES_MAX;
use guanxi_domain::message::{Message, MessageClass, MessageStatus, Told};
use guanxi_domain::person::Tag;
use guanxi_domain::{JsonMap, Millis};
use guanxi_store::{ContentRow, MessageContent, Timer};
use serde_json::Value as Json;

use super::memory::Memory;
use super::profile::address;
use super::rounds::{Item, Mind};
use super::{facts, groups, limits, tags};
use crate::fleet::Unit;

/// The most operations of one decision.
const OPERATIONS_MAX: usize = 64;
/// How often one event may lead to another through plugins.
const DEPTH_MAX: u8 = 4;
/// The most events that one decision may put into the log, so that one event leads to a few thousand at the very most.
const EMISSIONS_MAX: usize = 8;
/// A timer that is set again each time it rings costs at most one event in so long.
const TIMER_MIN: Millis = 1_000;
/// How far ahead a timer or message may be set: two years.
const AHEAD_MAX: Millis = 2 * 366 * 86_400_000;

/// An operation with its outcome, as the receipt keeps it.
#[derive(serde::Serialize)]
pub(crate) struct Done {
    #[serde(flatten)]
    operation: Operation,
    outcome: &'static str,
    /// Not `reason`: some operations have one of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<MessageId>,
    /// The kept content that the message says.
    #[serde(skip_serializing_if = "Option::is_none")]
    said: Option<Said>,
}

/// A kept content as it was when it was decided to say it.
#[derive(serde::Serialize)]
struct Said {
    name: String,
    version: u32,
}

impl Done {
    /// One that another decision stands in for.
    pub(crate) fn shadowed(operation: Operation) -> Self {
        Self { operation, outcome: "shadowed", refusal: None, message: None, said: None }
    }

    /// Whether the host did not do it.
    pub(crate) fn is_refused(&self) -> bool {
        self.refusal.is_some()
    }
}

/// What asks: one decision about one event.
struct Asker<'a> {
    mind: &'a Mind,
    unit: &'a Unit,
    item: &'a Item,
    decision: DecisionId,
}

type Refusal = String;

/// Carries out the operations of one decision, in order.
pub(crate) fn perform(
    memory: &mut Memory,
    mind: &Mind,
    unit: &Unit,
    item: &Item,
    decision: DecisionId,
    operations: Vec<Operation>,
) -> Vec<Done> {
    let asker = Asker { mind, unit, item, decision };
    let mut done = Vec::with_capacity(operations.len());
    for (index, operation) in operations.into_iter().enumerate() {
        let result = match index < OPERATIONS_MAX {
            true => asker.carry_out(memory, index, &operation),
            false => Err(format!("a decision has at most {OPERATIONS_MAX} operations")),
        };
        if let Err(reason) = &result {
            asker.tell_refusal(memory, index, &operation, reason);
        }
        let (outcome, refusal, message) = match result {
            Ok(message) => ("done", None, message),
            Err(reason) => ("refused", Some(reason), None),
        };
        let said = message.and_then(|id| said(memory, id));
        done.push(Done { operation, outcome, refusal, message, said });
    }
    done
}

fn said(memory: &Memory, message: MessageId) -> Option<Said> {
    let noted = memory.changes.message_contents.iter().rev().find(|noted| noted.message == message)?;
    Some(Said { name: noted.name.clone(), version: noted.version })
}

impl Asker<'_> {
    fn carry_out(
        &self,
        memory: &mut Memory,
        index: usize,
        operation: &Operation,
    ) -> Result<Option<MessageId>, Refusal> {
        let name = operation.name();
        if !self.unit.installation.grants.allows_operation(name) {
            return Err(format!("`{name}` is not granted"));
        }
        limits::check(memory, self.unit, self.item, name)?;
        let message = self.effect(memory, index, operation)?;
        limits::count(memory, self.unit, self.item, name);
        Ok(message)
    }

    fn effect(&self, memory: &mut Memory, index: usize, operation: &Operation) -> Result<Option<MessageId>, Refusal> {
        match operation {
            Operation::Send { .. } => return self.send(memory, index, operation).map(Some),
            Operation::AddTag(tag) => self.add_tag(memory, tag)?,
            Operation::RemoveTag { dimension, name } => {
                let source = &self.unit.installation.name;
                tags::take_off(memory, self.item.leaf, dimension, name, source, self.mind.now);
                groups::refresh(memory, self.item.leaf);
            }
            Operation::SetField { name, value } => self.set_field(memory, name, value)?,
            Operation::StartTimer { key, at, payload } => self.start_timer(memory, key, *at, payload)?,
            Operation::CancelTimer { key } => self.put_timer(memory, key, None),
            Operation::Emit { kind, properties } => self.emit(memory, index, kind, properties)?,
            Operation::EarnPoints { unit, .. } => return Err(format!("the tenant keeps no points called `{unit}`")),
            Operation::IssueCoupon { template, .. } => return Err(format!("there is no coupon template `{template}`")),
            Operation::GrantMoney { budget, .. } => return Err(format!("there is no budget `{budget}` to draw from")),
            Operation::AskStaff { .. } => return Err("no staff takes tasks here".to_owned()),
        }
        Ok(None)
    }

    fn send(&self, memory: &mut Memory, index: usize, operation: &Operation) -> Result<MessageId, Refusal> {
        let Operation::Send { content, variables, class, purpose, channel, not_before, expires } = operation else {
            return Err("not a message".to_owned());
        };
        if self.item.event.event.kind == SENT {
            return Err("a message about a message would go round in circles".to_owned());
        }
        let (document, kept) = match content {
            Content::Inline(document) => (document, None),
            Content::Stored(name) => {
                let kept = self.mind.contents.get(name);
                let kept = kept.ok_or_else(|| format!("the tenant keeps no content called `{name}`"))?;
                (&kept.document, Some(kept))
            }
        };
        // What says the same everywhere is refused before anybody is looked for.
        let written = |document: &JsonMap| {
            let rendered = content::render(document, variables);
            let whole = rendered.and_then(|body| content::with_media(body, |name| self.mind.contents.media(name)));
            whole.map_err(|bad| bad.to_string())
        };
        let plain = (!content::is_layered(document)).then(|| written(document)).transpose()?;
        let known = memory.people.get(&self.item.root).ok_or("the person is gone")?;
        let purpose = if purpose.is_empty() { class_purpose(*class) } else { purpose.as_str() };
        consent::allows_message(&self.mind.settings, &known.consents, purpose, *class, self.mind.now)
            .map_err(|refusal| refusal.to_string())?;
        let reaching = self.mind.units.iter().filter_map(|unit| {
            let spec = unit.manifest().connector.as_ref()?;
            let named = channel.as_ref().is_none_or(|channel| *channel == spec.channel);
            named.then(|| address(known, spec)).flatten().map(|to| (unit, spec, to))
        });
        let (connector, spec, to) = reaching.into_iter().next().ok_or_else(|| match channel {
            Some(channel) => format!("no live connector for `{channel}` reaches this person"),
            None => "no live connector reaches this person".to_owned(),
        })?;
        let body = match plain {
            Some(body) => body,
            None => {
                let seen = known.subject().may_see("locale", "", &self.mind.settings, self.mind.now);
                let own = known.person.attributes.get("locale").filter(|_| seen).and_then(|locale| locale.as_str());
                let languages: Vec<&str> = own.into_iter().chain(self.mind.settings.language.as_deref()).collect();
                written(&content::fit(document, &spec.channel, &languages))?
            }
        };
        let now = self.mind.now;
        let number = u64::try_from(index).unwrap_or(u64::MAX).to_be_bytes();
        // The event's time, not today's: decided again after a crash it is the same message.
        let asked_at = self.item.event.event.received_at;
        let id = MessageId::from_uuid(derived_uuid(asked_at, &[self.decision.as_bytes(), &number]));
        let message = Message {
            id,
            person: self.item.leaf,
            connector: connector.installation.id,
            decision: self.decision,
            channel: spec.channel.clone(),
            address: to.to_string(),
            content: body,
            class: *class,
            purpose: purpose.to_owned(),
            status: MessageStatus::Queued,
            reason: None,
            channel_id: None,
            created_at: now,
            not_before: self.ahead("not-before", not_before.unwrap_or(now))?.max(now),
            expires_at: *expires,
            attempts: 0,
            depth: self.deeper()?,
            updated_at: now,
            told: Told::default(),
        };
        if let Some(ContentRow { name, version, .. }) = kept {
            let noted = MessageContent { message: id, name: name.clone(), version: *version };
            memory.changes.message_contents.push(noted);
        }
        memory.changes.messages.push(message);
        Ok(id)
    }

    fn add_tag(&self, memory: &mut Memory, tag: &Tag) -> Result<(), Refusal> {
        let name_ok = |name: &str| (1..=64).contains(&name.chars().count()) && !name.chars().any(char::is_control);
        if !name_ok(&tag.dimension) || !name_ok(&tag.name) {
            return Err("a tag's dimension and name have 1 to 64 characters".to_owned());
        }
        if !(0.0..=1.0).contains(&tag.weight) {
            return Err("a tag's weight is from 0 to 1".to_owned());
        }
        tags::put(memory, self.mind, self.item.leaf, tag.clone(), &self.unit.installation.name, self.mind.now);
        groups::refresh(memory, self.item.leaf);
        Ok(())
    }

    fn set_field(&self, memory: &mut Memory, name: &str, value: &Value) -> Result<(), Refusal> {
        let good = (1..=64).contains(&name.len()) && !name.chars().any(char::is_control);
        let json = match value {
            Value::Text(text) if text.len() <= 4_096 && !text.contains('\0') => Json::from(text.clone()),
            Value::Number(number) if number.is_finite() => Json::from(*number),
            Value::Integer(number) | Value::Time(number) => Json::from(*number),
            Value::Flag(flag) => Json::from(*flag),
            Value::Texts(texts) if texts.len() <= 64 && texts.iter().all(|t| t.len() <= 256 && !t.contains('\0')) => {
                Json::from(texts.clone())
            }
            _ => return Err(format!("the value of `{name}` is too large or no finite number")),
        };
        let known = memory.touch(self.item.leaf).ok_or("the person is gone")?;
        let attributes = &known.person.attributes;
        if !good || (attributes.len() >= ATTRIBUTES_MAX && !attributes.contains_key(name)) {
            return Err(format!("a person has at most {ATTRIBUTES_MAX} fields with names of 1 to 64 bytes"));
        }
        let traits = [(name.to_owned(), json)].into_iter().collect();
        facts::learn(&mut known.person, &traits, self.mind.now, &self.unit.installation.name);
        groups::refresh(memory, self.item.leaf);
        Ok(())
    }

    fn start_timer(&self, memory: &mut Memory, key: &str, at: Millis, payload: &Json) -> Result<(), Refusal> {
        if !(1..=128).contains(&key.len()) {
            return Err("a timer's key has 1 to 128 bytes".to_owned());
        }
        let payload = payload.to_string();
        if payload.len() > 4_096 {
            return Err("a timer's payload has at most 4096 bytes".to_owned());
        }
        let timer = Timer {
            tenant: self.mind.tenant,
            installation: self.unit.installation.id,
            person: self.item.leaf,
            key: key.to_owned(),
            due_at: self.ahead("at", at)?.max(self.mind.now.saturating_add(TIMER_MIN)),
            payload,
        };
        self.put_timer(memory, key, Some(timer));
        Ok(())
    }

    fn put_timer(&self, memory: &mut Memory, key: &str, timer: Option<Timer>) {
        let installation = self.unit.installation.id;
        // One timer of a name for everybody who was joined: the others' is replaced.
        for leaf in memory.people.get(&self.item.root).map(|known| known.leaves.clone()).unwrap_or_default() {
            memory.changes.timers.insert((installation, leaf, key.to_owned()), None);
        }
        memory.changes.timers.insert((installation, self.item.leaf, key.to_owned()), timer);
    }

    fn emit(&self, memory: &mut Memory, index: usize, kind: &str, properties: &JsonMap) -> Result<(), Refusal> {
        let prefix = format!("guanxi.{}/emit/", self.decision);
        let emitted = memory.changes.events.iter().rev().take(2 * OPERATIONS_MAX);
        if emitted.filter(|event| event.message_id.starts_with(&prefix)).count() >= EMISSIONS_MAX {
            return Err(format!("a decision emits at most {EMISSIONS_MAX} events"));
        }
        if !(1..=64).contains(&kind.len()) || kind.chars().any(char::is_control) {
            return Err("an event's kind has 1 to 64 bytes".to_owned());
        }
        let kind = format!("{}.{kind}", self.unit.installation.plugin);
        self.append(memory, &format!("emit/{index}"), kind, properties.clone())
    }

    /// A refusal about a refusal is kept with its decision only: told, a plugin that wants every event would be asked
    /// about its own refusals again and again, more of them each time.
    fn tell_refusal(&self, memory: &mut Memory, index: usize, operation: &Operation, reason: &str) {
        if self.item.event.event.kind == REFUSED {
            return;
        }
        let properties = [
            ("installation", Json::from(self.unit.installation.name.clone())),
            ("decision", Json::from(self.decision.to_string())),
            ("operation", Json::from(operation.name())),
            ("reason", Json::from(reason)),
        ];
        let properties = properties.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        if let Err(circles) = self.append(memory, &format!("refused/{index}"), REFUSED.to_owned(), properties) {
            tracing::debug!(%circles, "a refusal is not told");
        }
    }

    fn append(&self, memory: &mut Memory, what: &str, kind: String, properties: JsonMap) -> Result<(), Refusal> {
        let depth = self.deeper()?;
        let message_id = format!("guanxi.{}/{what}", self.decision);
        let now = self.mind.now;
        memory.changes.events.push(NewEvent {
            id: EventId::from_uuid(derived_uuid(now, &[message_id.as_bytes()])),
            message_id,
            kind,
            occurred_at: now,
            received_at: now,
            body: EventBody { person: Some(self.item.leaf), properties, depth, ..EventBody::default() },
        });
        Ok(())
    }

    /// Events lead to events and messages through plugins, but not in circles.
    fn deeper(&self) -> Result<u8, Refusal> {
        match self.item.event.event.body.depth.saturating_add(1) {
            depth if depth <= DEPTH_MAX => Ok(depth),
            _ => Err(format!("events led to events {DEPTH_MAX} times; it ends here")),
        }
    }

    fn ahead(&self, what: &str, at: Millis) -> Result<Millis, Refusal> {
        if at > self.mind.now.saturating_add(AHEAD_MAX) {
            return Err(format!("`{what}` is more than two years ahead"));
        }
        Ok(at.max(0))
    }
}

fn class_purpose(class: MessageClass) -> &'static str {
    match class {
        MessageClass::Reply | MessageClass::Transactional => "service",
        MessageClass::Marketing => "marketing",
    }
}
