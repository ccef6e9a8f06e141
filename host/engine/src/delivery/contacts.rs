//! How often people are written to: caps of the brand over all channels, and reply windows of the channel.

use std::collections::{HashMap, HashSet};

use guanxi_app::AppError;
use guanxi_domain::Millis;
use guanxi_domain::caps::Cap;
use guanxi_domain::channel_rules::{Opening, Window};
use guanxi_domain::ids::{MessageId, PersonId};
use guanxi_domain::message::Message;
use guanxi_domain::settings::TenantSettings;
use guanxi_domain::tenant::TenantId;
use guanxi_store::{LatestAct, Scope as Rows, SentCount, SentQuery};

use super::standing::{Gate, Verdict};
use super::under_way::{Entered, InHand};
use crate::Engine;

/// What waits for another message to the same person to be settled looks again after so long.
const SOON: Millis = 2_000;
/// Why a message does not leave through a window that is open.
const USED_UP: &str =
    "the reply window is used up: the channel takes no more messages until the person writes or acts again";

/// A message of which it counts how often its person was written to.
pub(super) struct Counted<'a> {
    message: &'a Message,
    /// Who stands for the person, and everybody whose messages count as theirs.
    root: PersonId,
    parts: Vec<PersonId>,
    caps: Vec<&'a Cap>,
    window: Option<&'a Window>,
}

impl<'a> Counted<'a> {
    /// Nothing if neither a cap nor a window is about the message; `whole` tells who stands for its person, and all parts.
    pub(super) fn of(
        message: &'a Message,
        whole: impl FnOnce() -> (PersonId, Vec<PersonId>),
        settings: &'a TenantSettings,
        gate: &Gate<'a>,
    ) -> Option<Self> {
        let counts = |cap: &&Cap| cap.counts(message.class, &message.purpose, &message.channel);
        let caps: Vec<&Cap> = settings.caps.values().filter(counts).collect();
        let window = gate.window_for(message);
        if caps.is_empty() && window.is_none() {
            return None;
        }
        let (root, parts) = whole();
        Some(Self { message, root, parts, caps, window })
    }

    fn openings(&self, acts: &HashMap<PersonId, Vec<LatestAct>>, now: Millis) -> Vec<(&'a Opening, Millis)> {
        let acts: Vec<&LatestAct> = self.parts.iter().filter_map(|part| acts.get(part)).flatten().collect();
        self.window.map(|window| opened(window, &acts, now)).unwrap_or_default()
    }

    fn queries(&self, opened: &[(&Opening, Millis)], now: Millis) -> Vec<SentQuery> {
        let of_caps = self.caps.iter().map(|cap| now - cap.period());
        let of_window = opened.iter().filter(|(opening, _)| opening.messages.is_some()).map(|(_, at)| *at);
        let since = of_caps.chain(of_window);
        since.flat_map(|since| self.parts.iter().map(move |person| SentQuery { person: *person, since })).collect()
    }
}

/// What becomes of messages for that, and that they are under way. Asks the database only if something is counted.
pub(super) async fn look(
    engine: &Engine,
    tenant: TenantId,
    counted: &[Counted<'_>],
    now: Millis,
) -> Result<(HashMap<MessageId, Verdict>, Option<Entered>), AppError> {
    if counted.is_empty() {
        return Ok((HashMap::new(), None));
    }
    // Before anything is read, so that what others have settled by then is among it.
    let entered = engine.under_way.enter(tenant, counted.iter().map(|one| (one.root, InHand::of(one.message))));
    let mut read = engine.app.store().read(Rows::Tenant(tenant)).await?;
    let mut acts: HashMap<PersonId, Vec<LatestAct>> = HashMap::new();
    let waiting = counted.iter().filter_map(|one| Some((one, one.window?)));
    if let Some((first, window)) = waiting.clone().next() {
        let people: HashSet<PersonId> = waiting.flat_map(|(one, _)| &one.parts).copied().collect();
        let people: Vec<PersonId> = people.into_iter().collect();
        let kinds: HashSet<&String> = window.openings.iter().flat_map(|opening| &opening.events).collect();
        let kinds: Vec<String> = kinds.into_iter().cloned().collect();
        let since = now - window.longest();
        for act in read.latest_acts(tenant, &people, &kinds, &first.message.channel, since).await? {
            acts.entry(act.person).or_default().push(act);
        }
    }
    let opened: Vec<Vec<(&Opening, Millis)>> = counted.iter().map(|one| one.openings(&acts, now)).collect();
    let queries: HashSet<SentQuery> =
        counted.iter().zip(&opened).flat_map(|(one, opened)| one.queries(opened, now)).collect();
    let sent = Sent::of(read.sent_since(tenant, &queries.into_iter().collect::<Vec<_>>()).await?);
    drop(read);
    let verdicts = counted.iter().zip(&opened).filter_map(|(one, opened)| {
        let ahead = entered.ahead(one.message.id);
        let verdict = of_caps(one, &sent, ahead, now).or_else(|| of_window(one, opened, &sent, ahead, now))?;
        Some((one.message.id, verdict))
    });
    Ok((verdicts.collect(), Some(entered)))
}

fn of_caps(one: &Counted, sent: &Sent, ahead: &[InHand], now: Millis) -> Option<Verdict> {
    one.caps.iter().find_map(|cap| {
        let since = now - cap.period();
        let there = sent.count(&one.parts, since, |sent| cap.counts(sent.class, &sent.purpose, &sent.channel));
        let coming = ahead.iter().filter(|other| cap.counts(other.class, &other.purpose, &other.channel)).count();
        match Room::of(cap.limit, there, coming) {
            Room::Free => None,
            Room::Soon => Some(soon(now, &format!("the cap “{}” counts another message that is under way", cap.title))),
            Room::None => Some(Verdict::Refused(cap.refusal())),
        }
    })
}

fn of_window(
    one: &Counted,
    opened: &[(&Opening, Millis)],
    sent: &Sent,
    ahead: &[InHand],
    now: Millis,
) -> Option<Verdict> {
    let window = one.window?;
    if opened.is_empty() {
        return Some(Verdict::Refused(format!("the reply window is closed: {}", needed(window))));
    }
    let connector = one.message.connector;
    let coming = ahead.iter().filter(|other| other.connector == connector).count();
    let room = room(opened, coming, |at| sent.count(&one.parts, at, |sent| sent.connector == connector));
    match room {
        Room::Free => None,
        Room::Soon => Some(soon(now, "the reply window counts another message that is under way")),
        Room::None => Some(Verdict::Refused(USED_UP.to_owned())),
    }
}

/// When a window was opened by what somebody did last, for each opening that still holds.
fn opened<'w>(window: &'w Window, acts: &[&LatestAct], now: Millis) -> Vec<(&'w Opening, Millis)> {
    let latest = |opening: &'w Opening| {
        let opens = acts.iter().filter(|act| opening.events.contains(&act.kind));
        // A sender's clock that is ahead keeps no window open for longer.
        let at = opens.map(|act| act.at.min(now)).max()?;
        (now - at < Millis::from(opening.seconds) * 1_000).then_some((opening, at))
    };
    window.openings.iter().filter_map(latest).collect()
}

/// The most room that any opening has; `sent` tells how many messages left since it opened.
fn room(opened: &[(&Opening, Millis)], coming: usize, sent: impl Fn(Millis) -> u64) -> Room {
    let rooms = opened.iter().map(|(opening, at)| match opening.messages {
        None => Room::Free,
        Some(most) => Room::of(most, sent(*at), coming),
    });
    rooms.max().unwrap_or(Room::None)
}

fn soon(now: Millis, why: &str) -> Verdict {
    Verdict::Waits { until: now + SOON, why: why.to_owned() }
}

/// What would open a window, in words.
fn needed(window: &Window) -> String {
    let in_words = |opening: &Opening| {
        let (count, unit) = match opening.seconds {
            seconds if seconds % 3_600 == 0 => (seconds / 3_600, "hour"),
            seconds if seconds % 60 == 0 => (seconds / 60, "minute"),
            seconds => (seconds, "second"),
        };
        let plural = if count == 1 { "" } else { "s" };
        format!("no {} within {count} {unit}{plural}", opening.events.join(", "))
    };
    window.openings.iter().map(in_words).collect::<Vec<_>>().join("; ")
}

/// Whether one more fits; the more room, the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Room {
    None,
    /// It depends on what becomes of others.
    Soon,
    Free,
}

impl Room {
    fn of(limit: u32, there: u64, coming: usize) -> Self {
        let (limit, coming) = (u64::from(limit), u64::try_from(coming).unwrap_or(u64::MAX));
        if there >= limit {
            return Self::None;
        }
        if there.saturating_add(coming) >= limit { Self::Soon } else { Self::Free }
    }
}

/// What was sent.
struct Sent(HashMap<SentQuery, Vec<SentCount>>);

impl Sent {
    fn of(counts: Vec<SentCount>) -> Self {
        let mut by_query: HashMap<SentQuery, Vec<SentCount>> = HashMap::new();
        for count in counts {
            by_query.entry(count.query).or_default().push(count);
        }
        Self(by_query)
    }

    fn count(&self, people: &[PersonId], since: Millis, counts: impl Fn(&SentCount) -> bool) -> u64 {
        let found = people.iter().filter_map(|person| self.0.get(&SentQuery { person: *person, since })).flatten();
        found.filter(|one| counts(one)).map(|one| u64::from(one.count)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ch_7_one_more_fits_waits_or_does_not() {
        for (limit, there, coming, room) in [
            (2, 0, 0, Room::Free),
            (2, 1, 0, Room::Free),
            (2, 1, 1, Room::Soon),
            (2, 0, 2, Room::Soon),
            (2, 2, 0, Room::None),
            (2, 3, 5, Room::None),
        ] {
            assert_eq!(Room::of(limit, there, coming), room, "{limit} {there} {coming}");
        }
        assert_eq!([Room::None, Room::Free, Room::Soon].into_iter().max(), Some(Room::Free), "any opening will do");
    }

    fn window(openings: &[(&str, u32, Option<u32>)]) -> Window {
        let opening = |(kind, seconds, messages): &(&str, u32, Option<u32>)| Opening {
            events: vec![(*kind).to_owned()],
            seconds: *seconds,
            messages: *messages,
        };
        Window { openings: openings.iter().map(opening).collect(), classes: None, free_forms: Vec::new() }
    }

    #[test]
    fn ch_6_a_window_is_open_after_the_latest_act_for_so_long_and_so_much() {
        let wechat = window(&[("Message Received", 172_800, Some(5)), ("Menu Clicked", 60, Some(3))]);
        let now = 1_000_000_000;
        for (wrote, clicked, sent, coming, expected) in [
            (None, None, 0, 0, None),
            (Some(172_800_000), None, 0, 0, None),
            (Some(172_799_999), None, 4, 0, Some(Room::Free)),
            (Some(5), None, 5, 0, Some(Room::None)),
            (Some(5), None, 3, 2, Some(Room::Soon)),
            (None, Some(60_000), 0, 0, None),
            (None, Some(59_999), 3, 0, Some(Room::None)),
            (Some(5), Some(5), 4, 0, Some(Room::Free)),
            // By a clock that is ahead.
            (Some(-172_800_000), None, 0, 0, Some(Room::Free)),
        ] {
            let person = PersonId::from_uuid(guanxi_domain::ids::derived_uuid(0, &[]));
            let act = |kind: &str, ago: Option<Millis>| {
                ago.map(|ago| LatestAct { person, kind: kind.to_owned(), at: now - ago })
            };
            let acts = [act("Message Received", wrote), act("Menu Clicked", clicked)];
            let opened = opened(&wechat, &acts.iter().flatten().collect::<Vec<_>>(), now);
            assert!(opened.iter().all(|(_, at)| *at <= now));
            let found = (!opened.is_empty()).then(|| room(&opened, coming, |_| sent));
            assert_eq!(found, expected, "{wrote:?} {clicked:?} {sent} {coming}");
        }
        let endless = window(&[("Message Received", 60, None)]);
        let opening = (&endless.openings[0], now);
        assert_eq!(room(&[opening], 9, |_| 1_000), Room::Free, "any number");
    }

    #[test]
    fn ch_6_what_would_open_a_window_is_told() {
        let window = window(&[("Message Received", 48 * 3_600, None), ("Menu Clicked", 60, None), ("Tap", 61, None)]);
        let expected = "no Message Received within 48 hours; no Menu Clicked within 1 minute; no Tap within 61 seconds";
        assert_eq!(needed(&window), expected);
    }
}
