//! What a channel tells of a message that it took: read from events of kind [`crate::event::DELIVERY`], and what follows
//! for the message. Told twice, late or in another order it comes to the same.

use crate::Millis;
use crate::event::received::FROM_CHANNEL;
use crate::event::{DELIVERY, NewEvent};
use crate::ids::{InstallationId, MessageId};
use crate::message::{Message, MessageStatus, Told};

/// The most characters of a reason.
const REASON_CHARS_MAX: usize = 500;
/// The most bytes of a channel's id of a message.
const CHANNEL_ID_BYTES_MAX: usize = 512;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptState {
    /// It reached the person.
    Delivered,
    /// They read it.
    Read,
    /// They followed a link in it.
    Clicked,
    /// The channel could not deliver it.
    Failed,
    /// It came back, which may be after it was said to be delivered.
    Bounced,
}

impl ReceiptState {
    const ALL: [Self; 5] = [Self::Delivered, Self::Read, Self::Clicked, Self::Failed, Self::Bounced];

    /// The word that connectors use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Clicked => "clicked",
            Self::Failed => "failed",
            Self::Bounced => "bounced",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// One thing that a channel told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryReceipt {
    /// By which connector it came: it speaks of its own messages only.
    pub connector: InstallationId,
    /// The message, if the channel names it by our id.
    pub message: Option<MessageId>,
    /// The channel's own id of the message.
    pub channel_id: Option<String>,
    /// What became of it.
    pub state: ReceiptState,
    /// When, by the channel's clock.
    pub at: Millis,
    /// Why it was not delivered.
    pub reason: Option<String>,
    /// The address reaches nobody any more.
    pub gone: bool,
}

impl DeliveryReceipt {
    /// Reads an event; nothing if it is none, or does not say which message it means or what became of it.
    pub fn of(event: &NewEvent) -> Option<Self> {
        if event.kind != DELIVERY {
            return None;
        }
        let (connector, _) = event.message_id.strip_prefix(FROM_CHANNEL)?.split_once('/')?;
        let text = |name: &str| event.body.properties.get(name).and_then(serde_json::Value::as_str);
        let channel_id = text("channel-id").filter(|id| (1..=CHANNEL_ID_BYTES_MAX).contains(&id.len()));
        let message = text("message").and_then(|id| id.parse().ok());
        if channel_id.is_none() && message.is_none() {
            return None;
        }
        let reason = text("reason").filter(|reason| !reason.is_empty());
        Some(Self {
            connector: connector.parse().ok()?,
            message,
            channel_id: channel_id.map(str::to_owned),
            state: ReceiptState::parse(text("state")?)?,
            at: event.occurred_at,
            reason: reason.map(|text| text.chars().filter(|c| !c.is_control()).take(REASON_CHARS_MAX).collect()),
            gone: event.body.properties.get("gone") == Some(&serde_json::Value::Bool(true)),
        })
    }

    /// Whether it speaks of this message.
    pub fn means(&self, message: &Message) -> bool {
        let by_its_id = || self.channel_id.is_some() && self.channel_id == message.channel_id;
        self.connector == message.connector && (self.message == Some(message.id) || by_its_id())
    }

    /// Notes it on the message; whether that changed anything. What is known stays, and nothing goes back: what was
    /// delivered is not lost later, but for what comes back; what came back is not delivered.
    pub fn apply(&self, message: &mut Message) -> bool {
        let before = (message.status, message.told);
        match self.state {
            ReceiptState::Failed | ReceiptState::Bounced => self.lose(message),
            _ if message.told.bounced_at.is_none() => self.reach(message),
            _ => {}
        }
        before != (message.status, message.told)
    }

    fn reach(&self, message: &mut Message) {
        let Told { delivered_at, read_at, clicked_at, .. } = &mut message.told;
        delivered_at.get_or_insert(self.at);
        match self.state {
            ReceiptState::Read => {
                read_at.get_or_insert(self.at);
            }
            ReceiptState::Clicked => {
                clicked_at.get_or_insert(self.at);
            }
            _ => {}
        }
        if message.status == MessageStatus::Uncertain {
            message.status = MessageStatus::Sent;
            message.reason = None;
        }
    }

    fn lose(&self, message: &mut Message) {
        let is_over = message.told.delivered_at.is_some() && self.state == ReceiptState::Failed;
        let may_be_lost = matches!(message.status, MessageStatus::Sent | MessageStatus::Uncertain);
        if is_over || !may_be_lost || message.told.bounced_at.is_some() {
            return;
        }
        message.told.bounced_at = Some(self.at);
        message.status = MessageStatus::Failed;
        let why = self.reason.as_deref().unwrap_or("it says no reason");
        message.reason = Some(format!("the channel took it and did not deliver it: {why}"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::JsonMap;
    use crate::event::EventBody;
    use crate::ids::{DecisionId, EventId, PersonId};
    use crate::message::MessageClass;

    fn connector() -> InstallationId {
        InstallationId::from_uuid(Uuid::from_u128(7))
    }

    fn message(status: MessageStatus) -> Message {
        Message {
            id: MessageId::from_uuid(Uuid::from_u128(1)),
            person: PersonId::from_uuid(Uuid::from_u128(2)),
            connector: connector(),
            decision: DecisionId::from_uuid(Uuid::from_u128(3)),
            channel: "sms".to_owned(),
            address: "phone:+8613800138000".to_owned(),
            content: JsonMap::new(),
            class: MessageClass::Marketing,
            purpose: "news".to_owned(),
            status,
            reason: None,
            channel_id: Some("m-1".to_owned()),
            created_at: 0,
            not_before: 0,
            expires_at: None,
            attempts: 1,
            depth: 0,
            updated_at: 0,
            told: Told::default(),
        }
    }

    fn event(properties: serde_json::Value) -> NewEvent {
        NewEvent {
            id: EventId::from_uuid(Uuid::from_u128(4)),
            message_id: format!("guanxi.callback/{}/report-1", connector()),
            kind: DELIVERY.to_owned(),
            occurred_at: 50,
            received_at: 60,
            body: EventBody { properties: properties.as_object().unwrap().clone(), ..EventBody::default() },
        }
    }

    fn receipt(state: &str, at: Millis) -> DeliveryReceipt {
        let read = DeliveryReceipt::of(&event(json!({"channel-id": "m-1", "state": state}))).unwrap();
        DeliveryReceipt { at, ..read }
    }

    #[test]
    fn ch_8_receipts_are_read_as_connectors_tell_them() {
        let full = DeliveryReceipt::of(&event(json!({
            "channel-id": "m-1", "message": MessageId::from_uuid(Uuid::from_u128(1)).to_string(), "state": "bounced",
            "reason": "no such\nmailbox", "gone": true,
        })));
        let full = full.unwrap();
        assert_eq!((full.connector, full.state, full.at), (connector(), ReceiptState::Bounced, 50));
        assert_eq!((full.reason.as_deref(), full.gone), (Some("no suchmailbox"), true));
        assert!(full.means(&message(MessageStatus::Sent)));
        for bad in [
            json!({"state": "delivered"}),
            json!({"channel-id": "", "message": "42", "state": "delivered"}),
            json!({"channel-id": "m-1", "state": "lost"}),
            json!({"channel-id": "m-1"}),
        ] {
            assert_eq!(DeliveryReceipt::of(&event(bad.clone())), None, "{bad}");
        }
        let elsewhere = NewEvent { message_id: "a".to_owned(), ..event(json!({"channel-id": "m-1", "state": "read"})) };
        assert_eq!(DeliveryReceipt::of(&elsewhere), None, "no connector told it");
    }

    #[test]
    fn ch_8_a_receipt_means_messages_of_its_own_connector_only() {
        let other = InstallationId::from_uuid(Uuid::from_u128(8));
        assert!(!DeliveryReceipt { connector: other, ..receipt("read", 1) }.means(&message(MessageStatus::Sent)));
        let without = Message { channel_id: None, ..message(MessageStatus::Sent) };
        assert!(!receipt("read", 1).means(&without));
    }

    #[test]
    fn ch_8_receipts_move_a_message_forward_only() {
        type Case = (MessageStatus, &'static [(&'static str, Millis)], MessageStatus, [Option<Millis>; 4]);
        let cases: [Case; 8] = [
            (
                MessageStatus::Sent,
                &[("delivered", 1), ("delivered", 9)],
                MessageStatus::Sent,
                [Some(1), None, None, None],
            ),
            (
                MessageStatus::Sent,
                &[("read", 2), ("delivered", 1)],
                MessageStatus::Sent,
                [Some(2), Some(2), None, None],
            ),
            (MessageStatus::Sent, &[("clicked", 3)], MessageStatus::Sent, [Some(3), None, Some(3), None]),
            (MessageStatus::Sent, &[("failed", 4)], MessageStatus::Failed, [None, None, None, Some(4)]),
            (
                MessageStatus::Sent,
                &[("failed", 4), ("delivered", 5)],
                MessageStatus::Failed,
                [None, None, None, Some(4)],
            ),
            (MessageStatus::Sent, &[("delivered", 1), ("failed", 4)], MessageStatus::Sent, [Some(1), None, None, None]),
            (
                MessageStatus::Sent,
                &[("delivered", 1), ("bounced", 4)],
                MessageStatus::Failed,
                [Some(1), None, None, Some(4)],
            ),
            (MessageStatus::Uncertain, &[("delivered", 1)], MessageStatus::Sent, [Some(1), None, None, None]),
        ];
        for (status, told, end, times) in cases {
            let mut one = message(status);
            for (state, at) in told {
                receipt(state, *at).apply(&mut one);
            }
            let Told { delivered_at, read_at, clicked_at, bounced_at } = one.told;
            assert_eq!((one.status, [delivered_at, read_at, clicked_at, bounced_at]), (end, times), "{told:?}");
        }
        let mut one = message(MessageStatus::Sent);
        assert!(receipt("delivered", 1).apply(&mut one));
        assert!(!receipt("delivered", 2).apply(&mut one), "told again");
        assert!(!receipt("failed", 3).apply(&mut message(MessageStatus::Queued)));
    }
}
