//! Who mentions the account or comments: each list newest first, page by page down to what was seen before.

use guanxi_channel_kit::callback::{id, received, text};
use guanxi_channel_kit::{civil, memory};
use guanxi_plugin::Failure;
use guanxi_plugin::connector::{PollStep, Request, Response};
use guanxi_plugin::words::{Instant, Received};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::send::refused;
use crate::{AUTHORIZATION, CHANNEL, Settings};

/// Entries of a page, each of which is two events, and pages of one list at a time.
const COUNT: usize = 50;
const PAGES_MAX: u32 = 20;
/// What is asked for, under which name the answer has it, and what it is.
const LISTS: [(&str, &str, &str); 3] = [
    ("statuses/mentions", "statuses", "Mention"),
    ("comments/to_me", "comments", "Comment"),
    ("comments/mentions", "comments", "Mention"),
];
/// What of an author is a social signal, and under which name.
const SIGNALS: [(&str, &str); 4] = [
    ("followers_count", "followers"),
    ("friends_count", "friends"),
    ("statuses_count", "statuses"),
    ("verified", "verified"),
];

/// Where to go on.
#[derive(Default, Serialize, Deserialize)]
struct Place {
    /// The newest that was seen of each list.
    seen: [u64; 3],
    /// Which list is next, which page of it, and the newest on its first page.
    list: usize,
    page: u32,
    newest: u64,
}

pub fn poll(settings: &Settings, cursor: Option<&str>) -> Result<PollStep, Failure> {
    if !settings.listen {
        return Ok(memory::nothing());
    }
    let place = memory::place(cursor, Place::default());
    let (host, tail) = if settings.business { ("c.api.weibo.com", "/biz") } else { ("api.weibo.com", "") };
    let (Some((path, ..)), Some(since)) = (LISTS.get(place.list), place.seen.get(place.list)) else {
        return Err(Failure::BadInput("the cursor names a list that there is not".to_owned()));
    };
    let page = place.page + 1;
    let url = format!("https://{host}/2/{path}{tail}.json?since_id={since}&count={COUNT}&page={page}");
    memory::ask(Request::get(&url).header("authorization", AUTHORIZATION), &place)
}

pub fn page(place: &[u8], response: &Response, now: Instant) -> Result<PollStep, Failure> {
    if let Some(outcome) = refused(response, now) {
        return Ok(PollStep::Failed(outcome));
    }
    let mut place: Place = memory::read(place)?;
    let Some((_, name, kind)) = LISTS.get(place.list) else { return Err(Failure::Other("no such list".to_owned())) };
    let told: Value = response.json()?;
    let missing = || Failure::BadInput(format!("the channel's answer has no `{name}`"));
    let entries = told.get(*name).and_then(Value::as_array).ok_or_else(missing)?;
    let newest = entries.iter().filter_map(|entry| entry.get("id")?.as_u64()).max().unwrap_or(0);
    place.newest = place.newest.max(newest);
    // Whoever listens for the first time begins with the latest page, not with the first day.
    let is_first = place.seen.get(place.list) == Some(&0);
    if entries.len() >= COUNT && !is_first && place.page + 1 < PAGES_MAX {
        place.page += 1;
    } else {
        if let Some(seen) = place.seen.get_mut(place.list) {
            *seen = place.newest.max(*seen);
        }
        place = Place { seen: place.seen, list: (place.list + 1) % LISTS.len(), ..Place::default() };
    }
    let events = entries.iter().rev().flat_map(|entry| events(kind, entry, now)).collect();
    memory::page(&place, events, place.list != 0 || place.page != 0)
}

/// A post or a comment, and what is known of its author.
fn events(kind: &str, entry: &Value, now: Instant) -> Vec<Received> {
    let (number, author) = (id(entry, "/id"), id(entry, "/user/id"));
    let Some(at) =
        civil::ctime_in_beijing(text(entry, "/created_at")).filter(|_| !number.is_empty() && !author.is_empty())
    else {
        return Vec::new();
    };
    let properties = json!({
        "text": text(entry, "/text"), "message-id": number, "author": text(entry, "/user/screen_name"),
        "status": { "id": id(entry, "/status/id"), "text": text(entry, "/status/text") },
    });
    let signal = |(theirs, ours): &(&str, &str)| Some(((*ours).to_owned(), entry.get("user")?.get(*theirs)?.clone()));
    let signals = SIGNALS.iter().filter_map(signal).filter(|(_, value)| value.is_number() || value.is_boolean());
    let traits = json!({ "signals": signals.collect::<Map<_, _>>() });
    let author = vec![format!("weibo_uid:{author}")];
    let said = received(format!("{kind}-{number}"), author.clone(), CHANNEL, kind, at, &properties);
    // Followers are as many as there are now, whenever it was written.
    let is = received(format!("{kind}-{number}-author"), author, CHANNEL, "identify", now, &traits);
    vec![said, is]
}
