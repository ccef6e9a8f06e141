//! What a brand sets for itself: region, when and how often people are written to, purposes, types of attributes, dimensions
//! of tags. Each form changes one entry.

mod contact;
mod words;

use std::fmt::Display;
use std::str::FromStr;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Redirect, Response};
use guanxi_app::AppError;
use guanxi_domain::quiet_hours::marketing;
use guanxi_domain::settings::{AttributeKind, AttributeType, Basis, Dimension, Purpose, TenantSettings, Tracking};
use serde::Deserialize;

use crate::Console;
use crate::page::{Page, Room, html};
use crate::session::{Signed, Visitor};
use crate::trouble::Trouble;
use crate::words::Words;

const BASES: [Basis; 3] = [Basis::Consent, Basis::LegitimateInterest, Basis::Contract];
const KINDS: [AttributeKind; 6] = [
    AttributeKind::Text,
    AttributeKind::Number,
    AttributeKind::Integer,
    AttributeKind::Flag,
    AttributeKind::Date,
    AttributeKind::Texts,
];

/// An entry of a part, as cells of a row behind its name and title.
struct Row {
    name: String,
    title: String,
    cells: Vec<String>,
}

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    page: Page,
    w: &'static Words,
    place: String,
    webhooks: String,
    csrf: String,
    manages: bool,
    revision: String,
    region: String,
    time_zone: String,
    receipt_days: String,
    own: &'static words::Words,
    quiet: contact::Quiet,
    caps: Vec<Row>,
    cap_classes: Vec<contact::Tick>,
    exchange_days: String,
    language: String,
    tracks_links: bool,
    tracks_opens: bool,
    bases: Vec<(&'static str, &'static str)>,
    kinds: Vec<(&'static str, &'static str)>,
    purposes: Vec<Row>,
    attributes: Vec<Row>,
    dimensions: Vec<Row>,
}

/// What is to become of one entry; fields of other parts are empty.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Change {
    revision: String,
    region: String,
    time_zone: String,
    name: String,
    title: String,
    basis: String,
    kind: String,
    days: String,
    fields: String,
    half_life: String,
    from: String,
    to: String,
    limit: String,
    hours: String,
    purpose: String,
    channel: String,
    marketing: String,
    transactional: String,
    reply: String,
    language: String,
    links: String,
    opens: String,
    /// Not empty if the entry is to go.
    remove: String,
}

/// `GET /console/t/{slug}/settings`.
pub async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path(slug): Path<String>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let view = console.app.tenant_settings(&visitor.caller, &slug).await?;
    let (w, own) = (visitor.language.words(), words::of(visitor.language));
    let settings = view.settings.as_ref();
    html(&SettingsPage {
        page: visitor.page(w.settings, &tenant, Room::Settings),
        w,
        place: format!("/console/t/{}/settings", tenant.slug),
        webhooks: format!("/console/t/{}/webhooks", tenant.slug),
        csrf: visitor.proof(),
        manages: visitor.manages(&tenant),
        revision: view.revision,
        region: settings.region.clone().unwrap_or_default(),
        time_zone: settings.time_zone.clone().unwrap_or_default(),
        receipt_days: settings.receipt_days.map(|days| days.to_string()).unwrap_or_default(),
        own,
        quiet: contact::quiet(settings, w),
        caps: contact::caps(settings, w, own),
        cap_classes: contact::ticks(&marketing(), w),
        exchange_days: settings.exchange_days.map(|days| days.to_string()).unwrap_or_default(),
        language: settings.language.clone().unwrap_or_default(),
        tracks_links: settings.tracking.links,
        tracks_opens: settings.tracking.opens,
        bases: BASES.into_iter().map(|basis| (basis_code(basis), w.basis(basis))).collect(),
        kinds: KINDS.into_iter().map(|kind| (kind_code(kind), w.attribute_kind(kind))).collect(),
        purposes: purposes(settings, w),
        attributes: attributes(settings, w),
        dimensions: dimensions(settings),
    })
}

/// `POST /console/t/{slug}/settings/{part}`: changes one entry, if nobody changed the settings meanwhile.
pub async fn change(
    State(console): State<Console>,
    Path((slug, part)): Path<(String, String)>,
    Signed(visitor, change): Signed<Change>,
) -> Result<Redirect, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let view = console.app.tenant_settings(&visitor.caller, &slug).await?;
    let mut settings = TenantSettings::clone(&view.settings);
    apply(&mut settings, &part, &change)?;
    console.app.put_settings(&visitor.caller, &slug, settings, Some(&change.revision)).await?;
    Ok(Redirect::to(&format!("/console/t/{}/settings#{part}", tenant.slug)))
}

fn apply(settings: &mut TenantSettings, part: &str, change: &Change) -> Result<(), AppError> {
    let name = change.name.trim().to_owned();
    let title = change.title.trim().to_owned();
    let removes = !change.remove.is_empty();
    match part {
        "region" => {
            let region = change.region.trim().to_ascii_uppercase();
            settings.region = (!region.is_empty()).then_some(region);
        }
        "time-zone" => {
            let time_zone = change.time_zone.trim().to_owned();
            settings.time_zone = (!time_zone.is_empty()).then_some(time_zone);
        }
        "language" => {
            let language = change.language.trim().to_owned();
            settings.language = (!language.is_empty()).then_some(language);
        }
        "tracking" => {
            settings.tracking = Tracking { links: !change.links.is_empty(), opens: !change.opens.is_empty() };
        }
        "receipts" => settings.receipt_days = number("days", &change.days)?,
        "quiet-hours" => settings.quiet_hours = contact::read_quiet(change)?,
        "caps" if removes => drop(settings.caps.remove(&name)),
        "caps" => drop(settings.caps.insert(name, contact::read_cap(change, title)?)),
        "exchanges" => settings.exchange_days = number("days", &change.days)?,
        "purposes" if removes => drop(settings.purposes.remove(&name)),
        "attributes" if removes => drop(settings.attributes.remove(&name)),
        "dimensions" if removes => drop(settings.dimensions.remove(&name)),
        "purposes" => {
            let basis = BASES.into_iter().find(|basis| basis_code(*basis) == change.basis);
            let basis = basis.ok_or_else(|| AppError::invalid("basis", "is none of those there are"))?;
            let fields = change.fields.split([',', '，', '\n']).map(str::trim).filter(|field| !field.is_empty());
            let fields = fields.map(str::to_owned).collect();
            settings.purposes.insert(name, Purpose { title, basis, days: number("days", &change.days)?, fields });
        }
        "attributes" => {
            let kind = KINDS.into_iter().find(|kind| kind_code(*kind) == change.kind);
            let kind = kind.ok_or_else(|| AppError::invalid("kind", "is none of those there are"))?;
            settings.attributes.insert(name, AttributeType { title, kind, days: number("days", &change.days)? });
        }
        "dimensions" => {
            let half_life_days = number("half-life", &change.half_life)?;
            settings.dimensions.insert(name, Dimension { title, half_life_days });
        }
        _ => return Err(AppError::NotFound("part of the settings")),
    }
    Ok(())
}

/// A number that may be left out.
fn number<T: FromStr<Err: Display>>(at: &str, text: &str) -> Result<Option<T>, AppError> {
    match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|error: T::Err| AppError::invalid(at, error.to_string())),
    }
}

fn purposes(settings: &TenantSettings, w: &'static Words) -> Vec<Row> {
    let row = |(name, purpose): (&String, &Purpose)| Row {
        name: name.clone(),
        title: purpose.title.clone(),
        cells: vec![w.basis(purpose.basis).to_owned(), or_dash(purpose.days), or_dash_text(purpose.fields.join(", "))],
    };
    settings.purposes.iter().map(row).collect()
}

fn attributes(settings: &TenantSettings, w: &'static Words) -> Vec<Row> {
    let row = |(name, attribute): (&String, &AttributeType)| Row {
        name: name.clone(),
        title: attribute.title.clone(),
        cells: vec![w.attribute_kind(attribute.kind).to_owned(), or_dash(attribute.days)],
    };
    settings.attributes.iter().map(row).collect()
}

fn dimensions(settings: &TenantSettings) -> Vec<Row> {
    let row = |(name, dimension): (&String, &Dimension)| Row {
        name: name.clone(),
        title: dimension.title.clone(),
        cells: vec![or_dash(dimension.half_life_days)],
    };
    settings.dimensions.iter().map(row).collect()
}

fn or_dash(value: Option<impl Display>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| value.to_string())
}

fn or_dash_text(text: String) -> String {
    or_dash((!text.is_empty()).then_some(text))
}

fn basis_code(basis: Basis) -> &'static str {
    match basis {
        Basis::Consent => "consent",
        Basis::LegitimateInterest => "legitimate-interest",
        Basis::Contract => "contract",
    }
}

fn kind_code(kind: AttributeKind) -> &'static str {
    match kind {
        AttributeKind::Text => "text",
        AttributeKind::Number => "number",
        AttributeKind::Integer => "integer",
        AttributeKind::Flag => "flag",
        AttributeKind::Date => "date",
        AttributeKind::Texts => "texts",
    }
}
