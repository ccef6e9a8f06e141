//! What did not arrive, by channel and reason.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use guanxi_app::UndeliveredGroup;
use guanxi_domain::ids::InstallationId;
use guanxi_domain::message::MessageStatus;
use serde::Deserialize;

use super::Places;
use super::words::{self, Words};
use crate::Console;
use crate::format::{Time, count, whole};
use crate::page::{Page, Room, html};
use crate::rooms::Badge;
use crate::session::Visitor;
use crate::trouble::Trouble;

/// The messages of one channel that did not arrive.
struct OfChannel {
    name: String,
    total: String,
    groups: Vec<Group>,
    /// What can be tried again, by status.
    again: Vec<Again>,
}

/// Messages in one status that can be tried again.
struct Again {
    status: Badge<'static>,
    count: i64,
    /// Whether somebody may get them twice.
    uncertain: bool,
}

/// Those of the same reason.
struct Group {
    status: Badge<'static>,
    outcome: String,
    count: String,
    last: Time,
    example: String,
    /// Where they are listed.
    place: String,
}

#[derive(Template)]
#[template(path = "undelivered.html")]
struct UndeliveredPage {
    page: Page,
    w: &'static Words,
    places: Places,
    channels: Vec<OfChannel>,
    csrf: String,
    manages: bool,
    /// How many messages were changed just now.
    changed: Option<String>,
    more: bool,
}

/// What a change just now came to.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Done {
    changed: Option<u32>,
    more: String,
}

/// `GET /console/t/{slug}/undelivered`.
pub async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path(slug): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let (w, places) = (words::of(visitor.language), Places::of(tenant.slug.as_str()));
    let groups = console.app.undelivered(&visitor.caller, &slug).await?;
    let installations = console.app.installations(&visitor.caller, &slug).await?;
    let names: HashMap<InstallationId, String> =
        installations.into_iter().map(|view| (view.installation.id, view.installation.name)).collect();
    let mut channels: Vec<(InstallationId, i64, OfChannel)> = Vec::new();
    for group in groups {
        let (id, number) = (group.connector, group.count);
        let name = names.get(&id).cloned().unwrap_or_else(|| id.to_string());
        let shown = Group::of(group, &name, &places, visitor.language.words());
        match channels.iter_mut().find(|(other, _, _)| *other == id) {
            Some((_, total, channel)) => {
                channel.note(&shown, number);
                *total += number;
                channel.groups.push(shown);
            }
            None => {
                let mut channel = OfChannel { name, total: String::new(), groups: Vec::new(), again: Vec::new() };
                channel.note(&shown, number);
                channel.groups.push(shown);
                channels.push((id, number, channel));
            }
        }
    }
    channels.sort_by_key(|(_, total, _)| std::cmp::Reverse(*total));
    let channels =
        channels.into_iter().map(|(_, total, channel)| OfChannel { total: count(total), ..channel }).collect();
    html(&UndeliveredPage {
        page: visitor.page(w.undelivered, &tenant, Room::Channels),
        w,
        places,
        channels,
        csrf: visitor.proof(),
        manages: visitor.manages(&tenant),
        changed: done.changed.map(whole),
        more: !done.more.is_empty(),
    })
}

impl OfChannel {
    /// Counts messages of a group among those of its status.
    fn note(&mut self, group: &Group, number: i64) {
        match self.again.iter_mut().find(|again| again.status == group.status) {
            Some(again) => again.count += number,
            None => {
                let uncertain = group.status.code == MessageStatus::Uncertain.as_str();
                self.again.push(Again { status: group.status, count: number, uncertain });
            }
        }
    }
}

impl Group {
    fn of(group: UndeliveredGroup, name: &str, places: &Places, w: &'static crate::words::Words) -> Self {
        let UndeliveredGroup { status, outcome, count: number, last_at, example, .. } = group;
        let word = status.as_str();
        // What was never tried has no outcome to look for.
        let by_outcome = if outcome == word { String::new() } else { format!("&outcome={outcome}") };
        Self {
            status: w.status(status),
            count: count(number),
            last: Time(last_at),
            example: example.unwrap_or_default(),
            place: format!("{}?channel={name}&status={word}{by_outcome}", places.log),
            outcome,
        }
    }
}
