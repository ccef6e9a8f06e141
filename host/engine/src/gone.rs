//! Addresses of which a channel says that they reach nobody any more: the log is told, so that nothing is delivered there
//! until the person is heard from again.

use guanxi_domain::Millis;
use guanxi_domain::event::{EventBody, IDENTITY, NewEvent};
use guanxi_domain::ids::{EventId, derived_uuid};
use guanxi_domain::linking::{Action, REASON_MAX, Verb};
use guanxi_domain::message::Message;
use guanxi_domain::tenant::TenantId;

use crate::pipeline::HOST;

/// What is told because of this message; nothing if its person was erased meanwhile.
pub(crate) fn event(tenant: TenantId, message: &Message, why: &str, now: Millis) -> Option<NewEvent> {
    let identity = message.address.parse().ok()?;
    let reason = format!("the channel says that it reaches nobody any more: {why}");
    let reason = reason.chars().filter(|c| !c.is_control()).take(REASON_MAX).collect();
    let action = Action { verb: Verb::Recheck { identity }, actor: HOST.to_owned(), reason };
    let serde_json::Value::Object(properties) = serde_json::to_value(&action).ok()? else { return None };
    let message_id = format!("{IDENTITY}/{}/gone", message.id);
    Some(NewEvent {
        id: EventId::from_uuid(derived_uuid(now, &[&tenant.0.to_be_bytes(), message_id.as_bytes()])),
        message_id,
        kind: IDENTITY.to_owned(),
        occurred_at: now,
        received_at: now,
        body: EventBody { person: Some(message.person), properties, ..EventBody::default() },
    })
}
