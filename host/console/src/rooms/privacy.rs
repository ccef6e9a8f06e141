//! What a person allows, an archive of everything about them, and forgetting them.

use askama::Template;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use guanxi_app::{AppError, ConsentInput, ConsentView};
use guanxi_domain::consent::{self, EVIDENCE_MAX, Ground, Refusal};
use guanxi_domain::erasure::REASON_MAX;
use guanxi_domain::ids::PersonId;
use guanxi_domain::settings::Basis;
use guanxi_domain::{DAY, Millis};
use http::{HeaderValue, header};
use serde::Deserialize;

use crate::Console;
use crate::format::{Time, short};
use crate::page::{Page, Room, html};
use crate::rooms::Badge;
use crate::session::{Signed, Visitor};
use crate::trouble::Trouble;
use crate::words::Words;

struct Row {
    purpose: String,
    title: String,
    basis: Option<&'static str>,
    state: Badge<'static>,
    reason: &'static str,
    word: Option<Word>,
    /// Whether staff can note a word: not on contracts, nor on purposes that the settings do not name.
    open: bool,
}

struct Word {
    granted: bool,
    evidence: String,
    source: String,
    at: Time,
    ends_at: Option<Time>,
}

#[derive(Template)]
#[template(path = "privacy.html")]
struct PrivacyPage {
    page: Page,
    w: &'static Words,
    place: String,
    id: String,
    name: String,
    csrf: String,
    manages: bool,
    rows: Vec<Row>,
    evidence_max: usize,
    reason_max: usize,
}

/// A word that staff note.
#[derive(Deserialize)]
pub struct Said {
    purpose: String,
    granted: String,
    #[serde(default)]
    evidence: String,
    /// Whole days from now; never if empty.
    #[serde(default)]
    days: String,
}

/// That a person is to be forgotten.
#[derive(Deserialize)]
pub struct Farewell {
    reason: String,
    confirm: String,
}

/// `GET /console/t/{slug}/people/{id}/privacy`.
pub async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let id = person_id(&id)?;
    let view = console.app.person(&visitor.caller, &slug, id).await?;
    let consents = console.app.consents(&visitor.caller, &slug, id).await?;
    let w = visitor.language.words();
    let name = view.person.display_name().unwrap_or_else(|| w.nameless.to_owned());
    html(&PrivacyPage {
        page: visitor.page(short(&name, 60), &tenant, Room::People),
        w,
        place: format!("/console/t/{}", tenant.slug),
        id: view.person.id.to_string(),
        name,
        csrf: visitor.proof(),
        manages: visitor.manages(&tenant),
        rows: consents.into_iter().map(|view| row(view, w)).collect(),
        evidence_max: EVIDENCE_MAX,
        reason_max: REASON_MAX,
    })
}

/// `POST /console/t/{slug}/people/{id}/consents`: notes a word.
pub async fn note(
    State(console): State<Console>,
    Path((slug, id)): Path<(String, String)>,
    Signed(visitor, said): Signed<Said>,
) -> Result<Redirect, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let person = person_id(&id)?;
    let expires_at = match said.days.trim() {
        "" => None,
        days => {
            let days = days.parse::<u32>().ok().filter(|days| (1..=36_500).contains(days));
            let days = days.ok_or_else(|| AppError::invalid("days", "is from 1 to 36500"))?;
            Some(console.app.ambient().now() + Millis::from(days) * DAY)
        }
    };
    let granted = said.granted == "yes";
    let input = ConsentInput { purpose: said.purpose, granted, evidence: said.evidence, expires_at };
    console.app.note_consent(&visitor.caller, &slug, person, input).await?;
    Ok(Redirect::to(&format!("/console/t/{}/people/{person}/privacy", tenant.slug)))
}

/// `GET /console/t/{slug}/people/{id}/export`: the archive.
pub async fn export(
    State(console): State<Console>,
    visitor: Visitor,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let archive = console.app.export_person(&visitor.caller, &slug, person_id(&id)?).await?;
    let named = HeaderValue::try_from(format!("attachment; filename=\"{}\"", archive.name));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/zip")),
        (header::CONTENT_DISPOSITION, named.map_err(AppError::internal)?),
        (header::CONTENT_LENGTH, archive.bytes.into()),
    ];
    Ok((headers, Body::from_stream(archive.pieces())).into_response())
}

/// `POST /console/t/{slug}/people/{id}/erase`: forgets the person.
pub async fn erase(
    State(console): State<Console>,
    Path((slug, id)): Path<(String, String)>,
    Signed(visitor, farewell): Signed<Farewell>,
) -> Result<Redirect, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let person = person_id(&id)?;
    console.app.erase_person(&visitor.caller, &slug, person, &farewell.reason, &farewell.confirm).await?;
    Ok(Redirect::to(&format!("/console/t/{}/people", tenant.slug)))
}

fn person_id(text: &str) -> Result<PersonId, AppError> {
    text.parse().map_err(|_| AppError::NotFound("person"))
}

fn row(view: ConsentView, w: &'static Words) -> Row {
    let rule = view.rule.as_ref();
    let word = view.word.as_ref().map(|word| Word {
        granted: word.granted,
        evidence: word.evidence.clone(),
        source: word.source.clone(),
        at: Time(word.at),
        ends_at: rule.map_or(word.expires_at, |rule| consent::ends_at(rule, word)).filter(|_| word.granted).map(Time),
    });
    Row {
        title: rule.map_or_else(|| view.purpose.clone(), |rule| rule.title.clone()),
        basis: rule.map(|rule| w.basis(rule.basis)),
        open: rule.is_some_and(|rule| rule.basis != Basis::Contract),
        state: match view.allowed {
            Ok(_) => Badge { code: "done", title: w.allowed },
            Err(_) => Badge { code: "refused", title: w.not_allowed },
        },
        reason: reason(&view.allowed, w),
        word,
        purpose: view.purpose,
    }
}

fn reason(allowed: &Result<Ground, Refusal>, w: &'static Words) -> &'static str {
    match allowed {
        Ok(Ground::Unregulated) => w.consent_unregulated,
        Ok(Ground::Consent(_)) => w.consent_given,
        Ok(Ground::LegitimateInterest) => w.consent_interest,
        Ok(Ground::Contract) => w.consent_contract,
        Err(Refusal::None(_)) => w.consent_none,
        Err(Refusal::Withdrawn(_)) => w.consent_withdrawn,
        Err(Refusal::Expired(_)) => w.consent_expired,
        Err(Refusal::Objected(_)) => w.consent_objected,
    }
}
