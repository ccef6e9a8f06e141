//! Counts how messages fare from what the log says of them, in the commit of the batch that says so: nothing is counted twice.

use std::collections::{BTreeSet, HashMap};

use guanxi_app::AppError;
use guanxi_domain::event::{CLICK, OPEN, SENT};
use guanxi_domain::ids::MessageId;
use guanxi_domain::insight::Clock;
use guanxi_domain::message::MessageStatus;
use guanxi_domain::rates::{Fate, Mark, Rates, Source};
use guanxi_domain::{DAY, Millis};
use guanxi_store::{MessageSource, RateRow, Work};
use serde_json::Value;

use super::memory::Memory;
use super::rounds::{Item, Mind};

/// Kind of the events by which connectors tell that somebody wrote.
const RECEIVED: &str = "Message Received";
/// How long after a message what somebody writes on its channel counts as an answer.
const REPLIES_WITHIN: Millis = 2 * DAY;

/// Counts what the events of a batch say of messages.
pub(crate) async fn count(work: &mut Work, mind: &Mind, memory: &Memory, items: &[Item]) -> Result<(), AppError> {
    let (mut sent, mut fates) = (BTreeSet::new(), BTreeSet::new());
    for item in items {
        match item.event.event.kind.as_str() {
            SENT if says(item, "status") == Some(MessageStatus::Sent.as_str()) => sent.extend(message(item)),
            CLICK if is_by_a_person(item) => fates.extend(fate(item, Mark::Clicked)),
            OPEN if is_by_a_person(item) => fates.extend(fate(item, Mark::Opened)),
            RECEIVED => fates.extend(replied(work, mind, memory, item).await?),
            _ => {}
        }
    }
    if sent.is_empty() && fates.is_empty() {
        return Ok(());
    }
    let fates: Vec<Fate> = fates.into_iter().collect();
    let fresh = work.mark_messages(mind.tenant, &fates).await?;
    let named: BTreeSet<MessageId> = sent.iter().copied().chain(fresh.iter().map(|fate| fate.message)).collect();
    let sources = work.message_sources(mind.tenant, &named.into_iter().collect::<Vec<_>>()).await?;
    let clock = Clock::of(&mind.settings);
    let mut counted: HashMap<(i64, Source), Rates> = HashMap::new();
    for MessageSource { message, source, created_at } in sources {
        let rates = counted.entry((clock.day(created_at), source)).or_default();
        rates.sent += u64::from(sent.contains(&message));
        fresh.iter().filter(|fate| fate.message == message).for_each(|fate| rates.count(fate.mark));
    }
    let rows = counted.into_iter().map(|((day, source), rates)| RateRow { day, source, rates });
    Ok(work.add_rates(mind.tenant, &rows.collect::<Vec<_>>()).await?)
}

/// The message that what somebody writes answers: the last one that they got on this channel, if it is not long ago.
async fn replied(work: &mut Work, mind: &Mind, memory: &Memory, item: &Item) -> Result<Option<Fate>, AppError> {
    let event = &item.event.event;
    let Some(channel) = event.body.channel.as_deref().filter(|_| !event.body.past) else { return Ok(None) };
    let since = event.occurred_at.saturating_sub(REPLIES_WITHIN);
    let leaves = memory.people.get(&item.root).map(|known| known.leaves.as_slice()).unwrap_or_default();
    for leaf in leaves {
        if let Some(message) = work.last_message_to(mind.tenant, *leaf, channel, since).await? {
            return Ok(Some(Fate { message, mark: Mark::Replied }));
        }
    }
    Ok(None)
}

fn fate(item: &Item, mark: Mark) -> Option<Fate> {
    message(item).map(|message| Fate { message, mark })
}

fn message(item: &Item) -> Option<MessageId> {
    says(item, "message")?.parse().ok()
}

fn is_by_a_person(item: &Item) -> bool {
    item.event.event.body.properties.get("bot") == Some(&Value::Bool(false))
}

fn says<'i>(item: &'i Item, property: &str) -> Option<&'i str> {
    item.event.event.body.properties.get(property)?.as_str()
}
