//! The log of messages: filtered by channel, status, class, purpose, person and days, page by page.

pub mod act;

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use guanxi_app::{App, AppError, MessageLogFilter, MessagePage, Problem};
use guanxi_domain::Millis;
use guanxi_domain::caller::Caller;
use guanxi_domain::ids::{InstallationId, MessageId, PersonId};
use guanxi_domain::message::{Message, MessageClass, MessageStatus};
use guanxi_domain::tenant::Tenant;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::Console;
use crate::format::{Time, count, short};
use crate::page::{Page, Room, html};
use crate::rooms::Badge;
use crate::rooms::channels::Places;
use crate::rooms::channels::words::{self, Words};
use crate::session::Visitor;
use crate::trouble::Trouble;

const ROWS: u32 = 50;
const CLASSES: [MessageClass; 3] = [MessageClass::Reply, MessageClass::Transactional, MessageClass::Marketing];

/// Which messages, as a form writes it: what is empty does not count.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Wish {
    channel: String,
    status: String,
    class: String,
    purpose: String,
    person: String,
    outcome: String,
    from: String,
    to: String,
    before: String,
}

struct Row {
    place: String,
    at: Time,
    status: Badge<'static>,
    channel: String,
    class: &'static str,
    purpose: String,
    address: String,
    reason: String,
}

/// A choice of a list.
struct Choice {
    value: String,
    title: String,
    chosen: bool,
}

/// How many messages are in a status, and where they are listed.
struct Counted {
    status: Badge<'static>,
    count: String,
    place: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "messages.html")]
struct MessagesPage {
    page: Page,
    w: &'static Words,
    places: Places,
    wish: Wish,
    problem: Option<String>,
    channels: Vec<Choice>,
    statuses: Vec<Choice>,
    classes: Vec<Choice>,
    counts: Vec<Counted>,
    rows: Vec<Row>,
    first: Option<String>,
    next: Option<String>,
}

/// `GET /console/t/{slug}/messages`.
pub async fn list(
    State(console): State<Console>,
    visitor: Visitor,
    Path(slug): Path<String>,
    Query(wish): Query<Wish>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let (app, caller, w) = (&console.app, &visitor.caller, words::of(visitor.language));
    let common = visitor.language.words();
    let places = Places::of(tenant.slug.as_str());
    let installations = app.installations(caller, &slug).await?;
    let connectors = installations.iter().filter(|view| view.plugin.manifest.connector.is_some());
    let connectors: Vec<(InstallationId, String)> =
        connectors.map(|view| (view.installation.id, view.installation.name.clone())).collect();
    let (filter, problem) = match filter(app, caller, &tenant, &wish, &connectors).await {
        Ok(filter) => (filter, None),
        Err(AppError::Invalid(problems)) => (None, problems.into_iter().next().map(|problem| told(problem, w))),
        Err(error) => return Err(error.into()),
    };
    let before: Option<MessageId> = wish.before.parse().ok();
    let (found, counts) = match &filter {
        Some(filter) => (
            app.messages(caller, &slug, filter, before, Some(ROWS)).await?,
            app.message_counts(caller, &slug, filter).await?,
        ),
        None => (MessagePage { messages: Vec::new(), more: None }, BTreeMap::new()),
    };
    let names: HashMap<InstallationId, String> = connectors.iter().cloned().collect();
    let here = |status: &str, before: &str| wish.place(&places.log, status, before);
    let choice = |value: &str, title: &str, chosen: &str| Choice {
        value: value.to_owned(),
        title: title.to_owned(),
        chosen: value == chosen,
    };
    let all_statuses = MessageStatus::ALL.map(|status| common.status(status));
    html(&MessagesPage {
        page: visitor.page(w.log, &tenant, Room::Channels),
        w,
        problem,
        channels: connectors.iter().map(|(_, name)| choice(name, name, &wish.channel)).collect(),
        statuses: all_statuses.iter().map(|one| choice(one.code, one.title, &wish.status)).collect(),
        classes: CLASSES.map(|class| choice(class.as_str(), common.message_class(class), &wish.class)).into(),
        counts: all_statuses
            .into_iter()
            .filter_map(|status| {
                let number = *counts.get(status.code)?;
                let chosen = wish.status == status.code;
                let place = here(if chosen { "" } else { status.code }, "");
                Some(Counted { status, count: count(number), place, chosen })
            })
            .collect(),
        first: before.map(|_| here(&wish.status, "")),
        next: found.more.map(|more| here(&wish.status, &more.to_string())),
        rows: found.messages.into_iter().map(|message| row(message, &places, &names, common)).collect(),
        places,
        wish,
    })
}

/// What is wrong with a wish.
fn told(problem: Problem, w: &'static Words) -> String {
    match problem.at.as_str() {
        "from" | "to" => w.bad_day.to_owned(),
        _ => problem.problem,
    }
}

impl Wish {
    /// The address of this list in another status or from another message on.
    fn place(&self, log: &str, status: &str, before: &str) -> String {
        let fields = [
            ("channel", self.channel.as_str()),
            ("status", status),
            ("class", &self.class),
            ("purpose", &self.purpose),
            ("person", &self.person),
            ("outcome", &self.outcome),
            ("from", &self.from),
            ("to", &self.to),
            ("before", before),
        ];
        let said = fields.into_iter().filter(|(_, value)| !value.is_empty());
        let said: Vec<String> =
            said.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))).collect();
        if said.is_empty() { log.to_owned() } else { format!("{log}?{}", said.join("&")) }
    }
}

/// What a wish means; nothing if it is for somebody or something that is not there.
async fn filter(
    app: &App,
    caller: &Caller,
    tenant: &Tenant,
    wish: &Wish,
    connectors: &[(InstallationId, String)],
) -> Result<Option<MessageLogFilter>, AppError> {
    let said = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let connector = match said(&wish.channel) {
        None => None,
        Some(name) => match connectors.iter().find(|(_, known)| *known == name) {
            Some((id, _)) => Some(*id),
            None => return Ok(None),
        },
    };
    let person = match said(&wish.person) {
        None => None,
        Some(text) => match person(app, caller, tenant, &text).await? {
            Some(person) => Some(person),
            None => return Ok(None),
        },
    };
    let zone = tenant.settings.time_zone.as_deref().and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
    let to = day(&wish.to, "to", &zone, 1)?;
    Ok(Some(MessageLogFilter {
        person,
        connector,
        status: MessageStatus::parse(&wish.status),
        class: MessageClass::parse(&wish.class),
        purpose: said(&wish.purpose),
        outcome: said(&wish.outcome),
        from: day(&wish.from, "from", &zone, 0)?,
        to,
    }))
}

/// Somebody by id or by an identity.
async fn person(app: &App, caller: &Caller, tenant: &Tenant, text: &str) -> Result<Option<PersonId>, AppError> {
    if let Ok(id) = text.parse() {
        return Ok(Some(id));
    }
    let slug = tenant.slug.as_str();
    let identity = app.read_identity(caller, slug, text).await?;
    Ok(app.person_by_identity(caller, slug, &identity).await?.map(|view| view.person.id))
}

/// When a day begins, so many days later, in the brand's time zone.
fn day(text: &str, at: &str, zone: &TimeZone, later: i32) -> Result<Option<Millis>, AppError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let wrong = || AppError::invalid(at, "days are written 2026-11-28");
    let date: Date = text.trim().parse().map_err(|_| wrong())?;
    let date = (0..later).try_fold(date, |date, _| date.tomorrow()).map_err(|_| wrong())?;
    let start = date.to_zoned(zone.clone()).map_err(|_| wrong())?;
    Ok(Some(start.timestamp().as_millisecond()))
}

fn row(
    message: Message,
    places: &Places,
    names: &HashMap<InstallationId, String>,
    w: &'static crate::words::Words,
) -> Row {
    Row {
        place: format!("{}/{}", places.log, message.id),
        at: Time(message.created_at),
        status: w.status(message.status),
        channel: names.get(&message.connector).cloned().unwrap_or(message.channel),
        class: w.message_class(message.class),
        purpose: message.purpose,
        address: if message.address.is_empty() { "–".to_owned() } else { short(&message.address, 60) },
        reason: message.reason.map(|reason| short(&reason, 120)).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ch_9_days_begin_where_the_brand_is() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        assert_eq!(day("2026-11-28", "from", &zone, 0).unwrap(), Some(1_795_795_200_000));
        assert_eq!(day("2026-11-28", "to", &zone, 1).unwrap(), Some(1_795_881_600_000));
        assert_eq!(day(" ", "from", &zone, 0).unwrap(), None);
        for bad in ["yesterday", "2026-13-01", "2026-11-28x"] {
            assert!(day(bad, "from", &zone, 0).is_err(), "{bad}");
        }
    }

    #[test]
    fn ch_9_an_address_of_the_log_says_what_was_asked_for() {
        let wish = Wish { channel: "wechat".into(), purpose: "a b".into(), ..Wish::default() };
        assert_eq!(wish.place("/log", "failed", ""), "/log?channel=wechat&status=failed&purpose=a%20b");
        assert_eq!(Wish::default().place("/log", "", ""), "/log");
    }
}
