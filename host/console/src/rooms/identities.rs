//! Who a person is: identities with their states, those who were joined, what was done about them, and doing it.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Redirect, Response};
use guanxi_app::{AppError, IdentityAction, Member, Outcome};
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::PersonId;
use guanxi_domain::limits::PAGE_DEFAULT;
use guanxi_domain::linking::{REASON_MAX, Verb};
use guanxi_domain::person::{Link, LinkState};
use serde::Deserialize;

use crate::Console;
use crate::format::{Time, short};
use crate::page::{Page, Room, html};
use crate::rooms::Badge;
use crate::rooms::people::name_of;
use crate::session::{Signed, Visitor};
use crate::trouble::Trouble;
use crate::words::Words;

struct LinkRow {
    kind: String,
    value: String,
    identity: String,
    state: Badge<'static>,
    source: String,
    reason: Option<String>,
    since: Time,
}

struct MemberRow {
    id: String,
    name: String,
    identities: Vec<String>,
    events: i64,
}

struct Deed {
    title: &'static str,
    identity: Option<String>,
    refused: Option<String>,
    reason: String,
    actor: String,
    at: Time,
}

#[derive(Template)]
#[template(path = "identities.html")]
struct IdentitiesPage {
    page: Page,
    w: &'static Words,
    place: String,
    id: String,
    name: String,
    csrf: String,
    manages: bool,
    links: Vec<LinkRow>,
    members: Vec<MemberRow>,
    deeds: Vec<Deed>,
    reason_max: usize,
}

/// What staff do.
#[derive(Deserialize)]
pub struct Wish {
    action: String,
    #[serde(default)]
    identity: String,
    /// Another person: an id or an identity.
    #[serde(default)]
    other: String,
    reason: String,
    /// Whether they came from the queue and go back there.
    #[serde(default)]
    queue: String,
}

/// `GET /console/t/{slug}/people/{id}/identities`.
pub async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let view = console.app.person(&visitor.caller, &slug, person_id(&id)?).await?;
    let id = view.person.id;
    let history = console.app.identity_history(&visitor.caller, &slug, id, Some(PAGE_DEFAULT)).await?;
    let w = visitor.language.words();
    let identities: Vec<Identity> = view.links.iter().map(|link| link.identity.clone()).collect();
    let name = name_of(&view.person, &identities, visitor.language);
    html(&IdentitiesPage {
        page: visitor.page(short(&name, 60), &tenant, Room::People),
        w,
        place: format!("/console/t/{}", tenant.slug),
        id: id.to_string(),
        name,
        csrf: visitor.proof(),
        manages: visitor.manages(&tenant),
        links: view.links.into_iter().map(|link| row(link, w)).collect(),
        members: view.members.into_iter().map(|member| member_row(member, w)).collect(),
        deeds: history.into_iter().map(|action| deed(action, w)).collect(),
        reason_max: REASON_MAX,
    })
}

/// `POST /console/t/{slug}/people/{id}/identities`: does it and shows who the person is now.
pub async fn act(
    State(console): State<Console>,
    Path((slug, id)): Path<(String, String)>,
    Signed(visitor, wish): Signed<Wish>,
) -> Result<Redirect, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let person = person_id(&id)?;
    let verb = match wish.action.as_str() {
        "merge" => Verb::Merge { with: somebody(&console, &visitor, &slug, &wish.other).await? },
        "split" => Verb::Split,
        action => {
            let identity = console.app.read_identity(&visitor.caller, &slug, &wish.identity).await?;
            match action {
                "link" => Verb::Link { identity },
                "confirm" => Verb::Confirm { identity },
                "dispute" => Verb::Dispute { identity },
                "invalidate" => Verb::Invalidate { identity },
                "recheck" => Verb::Recheck { identity },
                "dismiss" => Verb::Dismiss { identity, claimed_by: person_id(&wish.other)? },
                _ => return Err(AppError::invalid("action", "is none of those on the page").into()),
            }
        }
    };
    let outcome = console.app.act_on_identity(&visitor.caller, &slug, person, verb, &wish.reason).await?;
    let then = match outcome {
        Outcome::Decided(action) => action.person,
        Outcome::Waits(_) => person,
    };
    let place = format!("/console/t/{}", tenant.slug);
    Ok(Redirect::to(&match wish.queue.as_str() {
        "" => format!("{place}/people/{then}/identities"),
        _ => format!("{place}/reviews"),
    }))
}

/// Another person, by id or by identity.
async fn somebody(console: &Console, visitor: &Visitor, slug: &str, text: &str) -> Result<PersonId, Trouble> {
    let text = text.trim();
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let identity = console.app.read_identity(&visitor.caller, slug, text).await?;
    let found = console.app.person_by_identity(&visitor.caller, slug, &identity).await?;
    let found = found.ok_or_else(|| AppError::invalid("other", format!("nobody has the identity {identity}")))?;
    Ok(found.person.id)
}

fn person_id(text: &str) -> Result<PersonId, AppError> {
    text.parse().map_err(|_| AppError::NotFound("person"))
}

fn row(link: Link, w: &'static Words) -> LinkRow {
    LinkRow {
        kind: w.identity(link.identity.kind()).to_owned(),
        value: link.identity.value().to_owned(),
        identity: link.identity.to_string(),
        state: Badge { code: colour(link.state), title: w.link_state(link.state) },
        source: link.changed_by.unwrap_or(link.source),
        reason: link.reason,
        since: Time(link.changed_at),
    }
}

/// The badge's colour is that of an outcome.
fn colour(state: LinkState) -> &'static str {
    match state {
        LinkState::Verified => "done",
        LinkState::Unverified | LinkState::Stale => "skipped",
        LinkState::Disputed => "refused",
        LinkState::Invalid => "failed",
    }
}

fn member_row(member: Member, w: &'static Words) -> MemberRow {
    let identities: Vec<String> = member.links.iter().map(|link| link.identity.to_string()).collect();
    MemberRow {
        id: member.person.id.to_string(),
        name: member.person.display_name().unwrap_or_else(|| w.nameless.to_owned()),
        identities,
        events: member.person.facts.event_count,
    }
}

fn deed(action: IdentityAction, w: &'static Words) -> Deed {
    Deed {
        title: w.identity_action(action.action),
        identity: action.identity.map(|identity| identity.to_string()),
        refused: action.refused,
        reason: action.reason,
        actor: if action.actor == "host" { w.by_itself.to_owned() } else { action.actor },
        at: Time(action.at),
    }
}
