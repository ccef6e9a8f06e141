//! Messages that are under way to people of whom somebody counts how often they are written to. Queues are worked off at the
//! same time, and what one of them sends is in no count before it is settled: so each sees what the others have in hand.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use guanxi_domain::ids::{InstallationId, MessageId, PersonId};
use guanxi_domain::message::{Message, MessageClass};
use guanxi_domain::tenant::TenantId;

/// Who stands for a person.
type Key = (TenantId, PersonId);

/// All that this process has in hand.
#[derive(Default)]
pub(crate) struct UnderWay(Mutex<HashMap<Key, Vec<InHand>>>);

/// What counts of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InHand {
    message: MessageId,
    pub(super) connector: InstallationId,
    pub(super) channel: String,
    pub(super) class: MessageClass,
    pub(super) purpose: String,
}

/// Messages are under way until this is dropped.
pub(crate) struct Entered {
    all: Arc<UnderWay>,
    mine: Vec<(Key, MessageId)>,
    ahead: HashMap<MessageId, Vec<InHand>>,
}

impl UnderWay {
    /// Takes messages in hand, each with who stands for its person. Of two messages to one person one is always ahead of
    /// the other, whichever queues they come from.
    pub(super) fn enter(
        self: &Arc<Self>,
        tenant: TenantId,
        messages: impl Iterator<Item = (PersonId, InHand)>,
    ) -> Entered {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut mine, mut ahead) = (Vec::new(), HashMap::new());
        for (person, one) in messages {
            let (key, id) = ((tenant, person), one.message);
            let others = all.entry(key).or_default();
            // One whose lease ended may still be there from its earlier try.
            ahead.insert(id, others.iter().filter(|other| other.message != id).cloned().collect());
            others.push(one);
            mine.push((key, id));
        }
        Entered { all: Arc::clone(self), mine, ahead }
    }
}

impl InHand {
    pub(super) fn of(message: &Message) -> Self {
        Self {
            message: message.id,
            connector: message.connector,
            channel: message.channel.clone(),
            class: message.class,
            purpose: message.purpose.clone(),
        }
    }
}

impl Entered {
    /// What was under way to the same person before a message.
    pub(super) fn ahead(&self, message: MessageId) -> &[InHand] {
        self.ahead.get(&message).map(Vec::as_slice).unwrap_or_default()
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut all = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, message) in &self.mine {
            let Some(others) = all.get_mut(key) else { continue };
            if let Some(at) = others.iter().position(|other| other.message == *message) {
                others.remove(at);
            }
            if others.is_empty() {
                all.remove(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use guanxi_domain::ids::derived_uuid;

    use super::*;

    fn in_hand(number: i64) -> InHand {
        InHand {
            message: MessageId::from_uuid(derived_uuid(number, &[])),
            connector: InstallationId::from_uuid(derived_uuid(1, &[])),
            channel: "sms".to_owned(),
            class: MessageClass::Marketing,
            purpose: "news".to_owned(),
        }
    }

    #[test]
    fn ch_7_of_two_messages_one_is_ahead_until_it_is_settled() {
        let all = Arc::new(UnderWay::default());
        let (tenant, ada) = (TenantId(1), PersonId::from_uuid(derived_uuid(2, &[])));
        let enter = |tenant, numbers: &[i64]| {
            all.enter(tenant, numbers.iter().map(|number| (ada, in_hand(*number))).collect::<Vec<_>>().into_iter())
        };
        let ahead = |entered: &Entered, number| entered.ahead(in_hand(number).message).len();
        let one = enter(tenant, &[7, 8]);
        assert_eq!((ahead(&one, 7), ahead(&one, 8)), (0, 1), "within a batch");
        let other = enter(tenant, &[9]);
        assert_eq!((ahead(&other, 9), ahead(&one, 8)), (2, 1), "from another queue");
        let again = enter(tenant, &[7]);
        assert_eq!(ahead(&again, 7), 2, "never itself");
        let elsewhere = enter(TenantId(2), &[7]);
        assert_eq!(ahead(&elsewhere, 7), 0, "in no other tenant");
        drop((one, again, elsewhere, other));
        assert!(all.0.lock().unwrap().is_empty(), "nothing is left behind");
    }
}
