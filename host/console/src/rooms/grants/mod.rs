//! What a plugin may do: everything that it asks for with its reason, as boxes that the brand ticks; and the version that waits
//! until somebody approves of what it asks for anew.

pub mod upgrade;
pub mod wishes;
mod words;

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Redirect, Response};
use guanxi_app::{AppError, GrantsInput, InstallationInput, InstallationView};
use guanxi_domain::caller::Scope;
use guanxi_domain::installation::Installation;

use crate::Console;
use crate::page::{Page, Room, html};
use crate::session::{Signed, Visitor};
use crate::trouble::Trouble;
use wishes::{Asks, Given, ticked};
use words::Words;

#[derive(Template)]
#[template(path = "grants.html")]
struct GrantsPage {
    page: Page,
    w: &'static Words,
    place: String,
    csrf: String,
    manages: bool,
    revision: String,
    name: String,
    plugin: String,
    version: String,
    asks: Vec<Asks>,
}

/// `GET /console/t/{slug}/plugins/{name}/grants`.
pub async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path((slug, name)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let view = console.app.installation(&visitor.caller, &slug, &name).await?;
    html(&GrantsPage {
        page: visitor.page(visitor.language.words().grants, &tenant, Room::Plugins),
        w: words::of(visitor.language),
        place: format!("/console/t/{}/plugins/{}/grants", tenant.slug, view.installation.name),
        csrf: visitor.proof(),
        manages: visitor.manages(&tenant),
        revision: revision(&view),
        asks: Asks::of(&view.plugin.manifest, &Given::of(&view), visitor.language),
        name: view.installation.name,
        plugin: view.installation.plugin,
        version: view.installation.version,
    })
}

/// `POST /console/t/{slug}/plugins/{name}/grants`: grants what is ticked, and nothing else.
pub async fn save(
    State(console): State<Console>,
    Path((slug, name)): Path<(String, String)>,
    Signed(visitor, form): Signed<HashMap<String, String>>,
) -> Result<Redirect, Trouble> {
    let tenant = console.app.tenant_for(&visitor.caller, &slug, Scope::Manage).await?;
    let view = console.app.installation(&visitor.caller, &slug, &name).await?;
    check_shown(&view, &form)?;
    let grants = ticked(&view.plugin.manifest, &view.installation.grants, &form)?;
    let Installation { plugin, version, mode, config, .. } = view.installation;
    let input = InstallationInput {
        plugin: Some(plugin),
        version,
        mode,
        config,
        grants: Some(GrantsInput::Lists(grants)),
        secrets: BTreeMap::new(),
    };
    console.app.put_installation(&visitor.caller, &slug, &name, input).await?;
    Ok(Redirect::to(&format!("/console/t/{}/plugins#{name}", tenant.slug)))
}

/// Changes whenever what these pages show does.
pub fn revision(view: &InstallationView) -> String {
    let Installation { version, updated_at, .. } = &view.installation;
    let waits = view.upgrade.as_ref().map_or(0, |upgrade| upgrade.asked_at);
    format!("{version} {updated_at} {waits}")
}

/// Nobody is to decide about anything but what their page showed.
pub fn check_shown(view: &InstallationView, form: &HashMap<String, String>) -> Result<(), AppError> {
    if form.get("revision") == Some(&revision(view)) {
        return Ok(());
    }
    Err(AppError::Conflict("this plugin was changed since that page was shown; look at it again".to_owned()))
}
