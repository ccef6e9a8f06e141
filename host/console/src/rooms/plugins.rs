//! The plugins of a tenant: what each is and asks for, how it behaves, and its switch.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use guanxi_app::{InstallationView, PluginView, Problem};
use guanxi_domain::Millis;
use guanxi_domain::installation::{Installation, Mode, Upgrade};
use guanxi_domain::manifest::{Kind, Manifest};
use guanxi_domain::tenant::Tenant;
use guanxi_domain::version::is_development_version;
use http::StatusCode;
use serde::Deserialize;

use crate::Console;
use crate::format::{Time, number, pretty_value};
use crate::language::Language;
use crate::page::{Page, Room, html};
use crate::rooms::Badge;
use crate::rooms::grants::wishes::{Asks, Given};
use crate::session::{Signed, Visitor};
use crate::trouble::{Trouble, explain};
use crate::words::{Words, fill};

/// The version that waits for an approval.
pub struct Waits {
    /// Where that is given.
    pub place: String,
    pub heading: String,
    pub by: String,
    pub at: Time,
    pub asks: Vec<String>,
    pub config: String,
}

/// Why something was not done.
pub struct Refusal {
    pub heading: &'static str,
    pub text: &'static str,
    pub problems: Vec<Problem>,
}

impl Refusal {
    /// Of an error that the page itself tells; others are pages of their own.
    pub fn of(trouble: &Trouble, language: Language) -> Option<(StatusCode, Self)> {
        let status = trouble.clone().into_response().status();
        let told = matches!(
            status,
            StatusCode::UNPROCESSABLE_ENTITY
                | StatusCode::FORBIDDEN
                | StatusCode::CONFLICT
                | StatusCode::PAYLOAD_TOO_LARGE
        );
        let (heading, text, problems) = explain(trouble, language);
        told.then_some((status, Self { heading, text, problems }))
    }
}

/// An installation.
pub struct Card {
    pub action: String,
    /// Where its own page is.
    pub place: String,
    /// And the form of its settings.
    pub settings: String,
    /// Where its backtests are and what they are called, if it decides or scores.
    pub backtests: Option<(String, &'static str)>,
    /// And what is tried beside it.
    pub candidate: Option<String>,
    pub csrf: String,
    pub manages: bool,
    pub name: String,
    pub title: String,
    pub summary: String,
    pub plugin: String,
    pub version: String,
    pub digest: String,
    pub kinds: Vec<Badge<'static>>,
    pub live: bool,
    pub state: Badge<'static>,
    pub until: Option<Time>,
    pub last_error: Option<String>,
    pub asks: Vec<Asks>,
    /// Where somebody grants what it asks for.
    pub grants: String,
    pub waits: Option<Waits>,
    pub config: String,
    pub publisher: Option<String>,
    pub yanked: Option<String>,
    /// Why this host does not run it.
    pub unsupported: Option<String>,
    pub refusal: Option<Refusal>,
}

struct Shelved {
    title: String,
    summary: String,
    name: String,
    version: String,
    digest: String,
    kinds: Vec<Badge<'static>>,
    size: String,
    at: Time,
    publisher: Option<String>,
    yanked: Option<String>,
    unsupported: Option<String>,
}

#[derive(Template)]
#[template(path = "plugins.html")]
struct Plugins {
    page: Page,
    w: &'static Words,
    manages: bool,
    operates: bool,
    cards: Vec<Card>,
    library: Vec<Shelved>,
}

#[derive(Template)]
#[template(path = "parts/installation.html")]
struct Part {
    card: Card,
    w: &'static Words,
}

/// Where the switch is to go.
#[derive(Deserialize)]
pub struct Turn {
    mode: String,
}

/// `GET /console/t/{slug}/plugins`.
pub async fn list(
    State(console): State<Console>,
    visitor: Visitor,
    Path(slug): Path<String>,
) -> Result<Response, Trouble> {
    room(&console, &visitor, &slug, None).await
}

/// `POST /console/t/{slug}/plugins/{name}/mode`: moves one switch and shows the plugin again.
pub async fn switch(
    State(console): State<Console>,
    Path((slug, name)): Path<(String, String)>,
    Signed(visitor, turn): Signed<Turn>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let mode = Mode::parse(&turn.mode).ok_or(Trouble::Status(StatusCode::BAD_REQUEST))?;
    let trouble = match console.app.switch(&visitor.caller, &slug, &name, mode).await {
        Ok(view) if visitor.wants_part => {
            let card = Scene::of(&console, &visitor, &tenant).card(view, None);
            return html(&Part { card, w: visitor.language.words() });
        }
        Ok(_) => return Ok(Redirect::to(&format!("/console/t/{slug}/plugins#{name}")).into_response()),
        Err(error) => Trouble::from(error),
    };
    let Some((status, refusal)) = Refusal::of(&trouble, visitor.language) else { return Err(trouble) };
    let shown = if visitor.wants_part {
        let view = console.app.installation(&visitor.caller, &slug, &name).await?;
        let card = Scene::of(&console, &visitor, &tenant).card(view, Some(refusal));
        html(&Part { card, w: visitor.language.words() })?
    } else {
        room(&console, &visitor, &slug, Some((name, refusal))).await?
    };
    Ok((status, shown).into_response())
}

async fn room(
    console: &Console,
    visitor: &Visitor,
    slug: &str,
    refused: Option<(String, Refusal)>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(slug).await?;
    let installed = console.app.installations(&visitor.caller, slug).await?;
    let mut library = console.app.plugins(&visitor.caller).await?;
    // What somebody is still writing is offered to nobody.
    library.retain(|plugin| !is_development_version(&plugin.manifest.version));
    library.retain(|plugin| installed.iter().all(|view| view.plugin.digest != plugin.digest));
    let (w, scene) = (visitor.language.words(), Scene::of(console, visitor, &tenant));
    let mut refused = refused;
    let cards = installed.into_iter().map(|view| {
        let refusal = refused.take_if(|(name, _)| *name == view.installation.name).map(|(_, refusal)| refusal);
        scene.card(view, refusal)
    });
    let cards = cards.collect();
    html(&Plugins {
        page: visitor.page(w.plugins, &tenant, Room::Plugins),
        w,
        manages: scene.manages,
        operates: visitor.caller.is_operator(),
        cards,
        library: library.into_iter().map(|plugin| shelved(plugin, visitor.language)).collect(),
    })
}

/// What every card has in common.
pub struct Scene {
    place: String,
    csrf: String,
    manages: bool,
    language: Language,
    now: Millis,
}

impl Scene {
    /// As one visitor sees it.
    pub fn of(console: &Console, visitor: &Visitor, tenant: &Tenant) -> Self {
        Self {
            place: format!("/console/t/{}/plugins", tenant.slug),
            csrf: visitor.proof(),
            manages: visitor.manages(tenant),
            language: visitor.language,
            now: console.app.ambient().now(),
        }
    }

    /// The card of an installation, with why something was not done.
    pub fn card(&self, view: InstallationView, refusal: Option<Refusal>) -> Card {
        let asks = Asks::of(&view.plugin.manifest, &Given::of(&view), self.language);
        let InstallationView { installation, plugin, upgrade, .. } = view;
        let (w, language, manifest) = (self.language.words(), self.language, plugin.manifest);
        let decides = manifest.campaign.is_some();
        let place = |room: &str| format!("{}/{}/{room}", self.place, installation.name);
        Card {
            action: place("mode"),
            place: format!("{}/{}", self.place, installation.name),
            settings: place("settings"),
            backtests: match (decides, manifest.scorer.is_some()) {
                (true, _) => Some((place("backtests"), w.backtests)),
                (false, true) => Some((place("backtests"), w.backtests_of_scores)),
                (false, false) => None,
            },
            candidate: decides.then(|| place("candidate")),
            grants: place("grants"),
            waits: upgrade.map(|upgrade| waits(upgrade, place("upgrade"), w)),
            csrf: self.csrf.clone(),
            manages: self.manages,
            title: language.pick(&manifest.title).to_owned(),
            summary: language.pick(&manifest.summary).to_owned(),
            kinds: kinds(&manifest, w),
            live: installation.mode == Mode::Live,
            state: match installation.mode == Mode::Live && plugin.unsupported.is_some() {
                true => Badge { code: "failed", title: w.at_rest },
                false => state(&installation, self.now, w),
            },
            until: installation.health.quarantined_until.filter(|until| *until > self.now).map(Time),
            last_error: installation.health.last_error.clone(),
            asks,
            config: pretty_value(&installation.config),
            publisher: plugin.publisher,
            yanked: plugin.yanked.map(|yanked| yanked.reason),
            unsupported: plugin.unsupported,
            refusal,
            digest: installation.digest,
            name: installation.name,
            plugin: installation.plugin,
            version: installation.version,
        }
    }
}

/// Whether an installation is on, and how it does.
pub fn state(installation: &Installation, now: Millis, w: &'static Words) -> Badge<'static> {
    let health = &installation.health;
    match installation.mode {
        Mode::Off => Badge { code: "off", title: w.off },
        Mode::Live if health.is_quarantined(now) => Badge { code: "quarantined", title: w.quarantined },
        Mode::Live if health.crashes > 0 => Badge { code: "shaky", title: w.shaky },
        Mode::Live => Badge { code: "live", title: w.on },
    }
}

fn kinds(manifest: &Manifest, w: &'static Words) -> Vec<Badge<'static>> {
    let has = |kind: &Kind| match kind {
        Kind::Scorer => manifest.scorer.is_some(),
        Kind::Analyzer => manifest.analyzer.is_some(),
        Kind::Campaign => manifest.campaign.is_some(),
        Kind::Connector => manifest.connector.is_some(),
    };
    Kind::ALL.into_iter().filter(has).map(|kind| Badge { code: kind.as_str(), title: w.kind(kind) }).collect()
}

fn waits(upgrade: Upgrade, place: String, w: &'static Words) -> Waits {
    Waits {
        place,
        heading: fill(w.upgrade_waits, &upgrade.version),
        by: upgrade.asked_by,
        at: Time(upgrade.asked_at),
        asks: upgrade.asks,
        config: pretty_value(&upgrade.config),
    }
}

fn shelved(plugin: PluginView, language: Language) -> Shelved {
    Shelved {
        title: language.pick(&plugin.manifest.title).to_owned(),
        summary: language.pick(&plugin.manifest.summary).to_owned(),
        kinds: kinds(&plugin.manifest, language.words()),
        size: size(plugin.size),
        at: Time(plugin.created_at),
        name: plugin.manifest.name,
        version: plugin.manifest.version,
        digest: plugin.digest,
        publisher: plugin.publisher,
        yanked: plugin.yanked.map(|yanked| yanked.reason),
        unsupported: plugin.unsupported,
    }
}

/// Bytes as people read them.
pub fn size(bytes: i64) -> String {
    let kilobytes = bytes as f64 / 1_000.0;
    if kilobytes < 1_000.0 {
        format!("{} kB", number(kilobytes.ceil()))
    } else {
        format!("{} MB", number(kilobytes / 1_000.0))
    }
}
