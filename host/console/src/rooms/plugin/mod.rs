//! One plugin of a tenant: what it does and asks for, what it costs and logs, and which versions of it there are.

mod costs;
pub mod logs;
mod words;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use guanxi_app::{LimitView, PluginView};
use guanxi_domain::grants::Whose;

use crate::Console;
use crate::format::{Time, pretty_value, whole};
use crate::page::{Page, Room, html};
use crate::rooms::plugins::{Card, Scene, size};
use crate::session::Visitor;
use crate::trouble::Trouble;
use costs::Costs;
use logs::Logs;

/// The days that are told of.
const DAYS: u32 = 14;

/// One version in the library.
pub struct Version {
    /// As the manifest says.
    pub version: String,
    /// Whether the tenant runs it.
    pub installed: bool,
    /// Whose it is.
    pub publisher: Option<String>,
    /// What else is known of it: a title and a value.
    pub marks: Vec<(&'static str, String)>,
    /// When it came.
    pub at: Time,
    /// Why it was taken back.
    pub yanked: Option<String>,
    /// The admission report.
    pub report: String,
}

#[derive(Template)]
#[template(path = "plugin.html")]
struct PluginPage {
    page: Page,
    w: &'static crate::words::Words,
    own: &'static words::Words,
    card: Card,
    name: String,
    /// Whether it asks its channel for what is new.
    polls: bool,
    limits: Vec<Limit>,
    costs: Costs,
    logs: Logs,
    versions: Vec<Version>,
}

/// A limit of an operation.
struct Limit {
    operation: String,
    /// Nothing of a limit for each person.
    used: Option<String>,
    most: String,
    whose: &'static str,
}

/// `GET /console/t/{slug}/plugins/{name}`.
pub async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path((slug, name)): Path<(String, String)>,
    Query(wish): Query<logs::Wish>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let (app, caller) = (&console.app, &visitor.caller);
    let view = app.installation(caller, &slug, &name).await?;
    let usage = app.installation_usage(caller, &slug, &name, DAYS).await?;
    let history = app.plugin_history(caller, &view.installation.plugin).await?;
    let (own, w) = (words::of(visitor.language), visitor.language.words());
    let logs = Logs::read(app, caller, (&slug, &name), &wish, own).await?;
    let digest = view.installation.digest.clone();
    let limits = view.limits.iter().map(|limit| Limit::of(limit, w, own)).collect();
    let polls = view.polls();
    html(&PluginPage {
        page: visitor.page(w.plugin, &tenant, Room::Plugins),
        w,
        own,
        card: Scene::of(&console, &visitor, &tenant).card(view, None),
        name,
        polls,
        limits,
        costs: Costs::of(&usage, own),
        logs,
        versions: history.into_iter().map(|plugin| version(plugin, &digest, w, own)).collect(),
    })
}

impl Limit {
    fn of(limit: &LimitView, w: &crate::words::Words, own: &words::Words) -> Self {
        let LimitView { operation, bound, used } = limit;
        Self {
            operation: w.operation(operation).to_owned(),
            used: used.map(whole),
            most: whole(bound.most),
            whose: match bound.whose {
                Whose::Plugin => own.by_plugin,
                Whose::Operator => own.by_operator,
                Whose::Tenant => own.by_tenant,
            },
        }
    }
}

fn version(plugin: PluginView, digest: &str, w: &crate::words::Words, own: &words::Words) -> Version {
    let mut marks = vec![(w.digest, plugin.digest.clone())];
    marks.extend(plugin.signer.map(|signer| (own.signer, signer)));
    marks.push((own.source, plugin.source));
    marks.push((own.size, size(plugin.size)));
    marks.push((own.contract, plugin.manifest.contract));
    marks.extend(plugin.manifest.licence.map(|licence| (own.licence, licence)));
    Version {
        installed: plugin.digest == digest,
        version: plugin.manifest.version,
        publisher: plugin.publisher,
        marks,
        at: Time(plugin.created_at),
        yanked: plugin.yanked.map(|yanked| yanked.reason),
        report: pretty_value(&plugin.report),
    }
}
