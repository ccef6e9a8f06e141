//! The version that an installation waits for: what it asks for, and the form that approves of it or refuses it.

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Redirect, Response};
use guanxi_app::{AppError, Approval, GrantsInput, InstallationView};
use guanxi_domain::caller::Scope;
use guanxi_domain::installation::{Mode, Upgrade};
use guanxi_domain::manifest::{Manifest, SecretFormat, SecretWish};

use super::wishes::{Asks, Given, ticked, without_box};
use super::words::{self, Words};
use super::{check_shown, revision};
use crate::Console;
use crate::format::{Time, pretty_value};
use crate::page::{Page, Room, html};
use crate::rooms::Badge;
use crate::rooms::plugins::state;
use crate::session::{Signed, Visitor};
use crate::trouble::Trouble;

/// A secret that is wanted and not set.
struct Secret {
    name: String,
    title: String,
    /// Whether it is written in several lines, which a password's field would join.
    lines: bool,
}

#[derive(Template)]
#[template(path = "upgrade.html")]
struct UpgradePage {
    page: Page,
    w: &'static Words,
    place: String,
    csrf: String,
    manages: bool,
    revision: String,
    name: String,
    /// What runs, and whether it does.
    version: String,
    mode: Badge<'static>,
    config: String,
    /// The same of what waits.
    next: String,
    next_mode: Badge<'static>,
    next_config: String,
    by: String,
    at: Time,
    hosts: Vec<String>,
    asks: Vec<Asks>,
    secrets: Vec<Secret>,
}

/// `GET /console/t/{slug}/plugins/{name}/upgrade`.
pub async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path((slug, name)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let view = console.app.installation(&visitor.caller, &slug, &name).await?;
    let (upgrade, manifest) = waiting(&console, &visitor, &view).await?;
    let (language, installation) = (visitor.language, &view.installation);
    let w = language.words();
    let unset = secrets(&manifest).filter(|wish| !installation.secrets.contains(&wish.name));
    html(&UpgradePage {
        page: visitor.page(words::of(language).upgrade, &tenant, Room::Plugins),
        w: words::of(language),
        place: format!("/console/t/{}/plugins/{}/upgrade", tenant.slug, installation.name),
        csrf: visitor.proof(),
        manages: visitor.manages(&tenant),
        revision: revision(&view),
        name: installation.name.clone(),
        version: installation.version.clone(),
        mode: state(installation, console.app.ambient().now(), w),
        config: pretty_value(&installation.config),
        next: upgrade.version.clone(),
        next_mode: Badge { code: upgrade.mode.as_str(), title: if upgrade.mode == Mode::Live { w.on } else { w.off } },
        next_config: pretty_value(&upgrade.config),
        by: upgrade.asked_by.clone(),
        at: Time(upgrade.asked_at),
        hosts: without_box(&manifest, &installation.grants, &upgrade.asks),
        asks: Asks::of(&manifest, &Given { anew: &upgrade.asks, ..Given::of(&view) }, language),
        secrets: unset
            .map(|wish| Secret {
                name: wish.name.clone(),
                title: language.pick(&wish.title).to_owned(),
                lines: wish.format == SecretFormat::Pem,
            })
            .collect(),
    })
}

/// `POST /console/t/{slug}/plugins/{name}/upgrade`: approves of the version that the page showed, or refuses it.
pub async fn act(
    State(console): State<Console>,
    Path((slug, name)): Path<(String, String)>,
    Signed(visitor, form): Signed<HashMap<String, String>>,
) -> Result<Redirect, Trouble> {
    let (app, caller) = (&console.app, &visitor.caller);
    let tenant = app.tenant_for(caller, &slug, Scope::Manage).await?;
    let view = app.installation(caller, &slug, &name).await?;
    check_shown(&view, &form)?;
    let (upgrade, manifest) = waiting(&console, &visitor, &view).await?;
    let text = |key: &str| form.get(key).cloned().unwrap_or_default();
    match text("act").as_str() {
        "approve" => {
            let approval = Approval {
                version: text("version"),
                asked_at: upgrade.asked_at,
                grants: GrantsInput::Lists(ticked(&manifest, &view.installation.grants, &form)?),
                secrets: filled_in(&manifest, &form),
            };
            app.approve_upgrade(caller, &slug, &name, approval).await?;
        }
        "refuse" => drop(app.refuse_upgrade(caller, &slug, &name, &text("version"), upgrade.asked_at).await?),
        _ => return Err(AppError::invalid("act", "is none of those on the page").into()),
    }
    Ok(Redirect::to(&format!("/console/t/{}/plugins#{name}", tenant.slug)))
}

/// What an installation waits for, and what that says of itself.
async fn waiting<'v>(
    console: &Console,
    visitor: &Visitor,
    view: &'v InstallationView,
) -> Result<(&'v Upgrade, Manifest), AppError> {
    let upgrade = view.upgrade.as_ref().ok_or(AppError::NotFound("upgrade that waits"))?;
    let plugin = console.app.plugin(&visitor.caller, &view.installation.plugin, Some(&upgrade.version)).await?;
    Ok((upgrade, plugin.manifest))
}

fn secrets(manifest: &Manifest) -> impl Iterator<Item = &SecretWish> {
    manifest.connector.iter().flat_map(|connector| &connector.secrets)
}

/// Those secrets that somebody filled in.
fn filled_in(manifest: &Manifest, form: &HashMap<String, String>) -> BTreeMap<String, Option<String>> {
    let value = |wish: &SecretWish| form.get(&format!("secret:{}", wish.name)).filter(|value| !value.is_empty());
    secrets(manifest).filter_map(|wish| Some((wish.name.clone(), Some(value(wish)?.clone())))).collect()
}
