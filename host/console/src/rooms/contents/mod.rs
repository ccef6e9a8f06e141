//! What a brand says more than once: the list, an editor that checks while somebody types and shows what each channel would
//! be asked for, and how messages fare.

pub mod media;
pub mod rates;
mod words;

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use guanxi_app::{AppError, ContentPreview, PreviewInput, Problem};
use guanxi_domain::JsonMap;
use guanxi_domain::content;
use guanxi_domain::tenant::Tenant;
use serde_json::{Value, json};

use crate::Console;
use crate::format::{Time, pretty, pretty_value, short, whole};
use crate::page::{Page, Room, html};
use crate::rooms::plugins::Refusal;
use crate::session::{Signed, Visitor};
use crate::trouble::Trouble;
use words::Words;

/// The most characters of a text in the list.
const SHOWN_MAX: usize = 120;

struct Row {
    place: String,
    name: String,
    said: String,
    languages: String,
    version: u32,
    changed: Time,
}

#[derive(Template)]
#[template(path = "contents.html")]
struct ContentsPage {
    page: Page,
    w: &'static Words,
    place: String,
    rates: String,
    uploads: String,
    csrf: String,
    manages: bool,
    refusal: Option<Refusal>,
    /// What was typed when something was refused.
    typed: String,
    rows: Vec<Row>,
    media: Vec<Medium>,
}

/// A picture, recording or film.
struct Medium {
    name: String,
    kind: &'static str,
    size: String,
    url: Option<String>,
}

#[derive(Template)]
#[template(path = "content.html")]
struct ContentPage {
    page: Page,
    w: &'static Words,
    list: String,
    place: String,
    csrf: String,
    manages: bool,
    refusal: Option<Refusal>,
    name: String,
    /// 0 if it is not kept yet.
    version: u32,
    changed: Option<Time>,
    document: String,
    /// The connectors, each with its channel and whether it is chosen.
    channels: Vec<(String, String, bool)>,
    language: String,
    variables: String,
    address: String,
    preview: Option<Shown>,
}

/// A preview as the page shows it.
struct Shown {
    channel: String,
    address: String,
    text: String,
    /// Method and URL, headers, body.
    request: Option<(String, String, String)>,
    outcome: Option<String>,
}

#[derive(Template)]
#[template(path = "parts/content_problems.html")]
struct Problems {
    w: &'static Words,
    problems: Vec<Problem>,
}

/// `GET /console/t/{slug}/contents`.
pub async fn list(
    State(console): State<Console>,
    visitor: Visitor,
    Path(slug): Path<String>,
) -> Result<Response, Trouble> {
    html(&list_page(&console, &visitor, &slug, None).await?)
}

/// `POST /console/t/{slug}/contents`: opens the editor of a new one.
pub async fn add(
    State(console): State<Console>,
    Path(slug): Path<String>,
    Signed(visitor, form): Signed<HashMap<String, String>>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let name = form.get("name").map(|name| name.trim()).unwrap_or_default();
    if content::is_name(name) {
        return Ok(Redirect::to(&format!("/console/t/{}/contents/{name}", tenant.slug)).into_response());
    }
    let bad = AppError::invalid("name", words::of(visitor.language).name_text);
    let trouble = Trouble::from(bad);
    let Some((status, refusal)) = Refusal::of(&trouble, visitor.language) else { return Err(trouble) };
    Ok((status, html(&list_page(&console, &visitor, &slug, Some((refusal, name))).await?)?).into_response())
}

/// `GET /console/t/{slug}/contents/{name}`: the editor, of one that is not kept yet as well.
pub async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path((slug, name)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let desk = Desk { console: &console, visitor: &visitor, tenant: &tenant };
    html(&desk.page(&name, None, None, None).await?)
}

/// `POST /console/t/{slug}/contents/{name}`: keeps it, shows what a channel would be asked for, or takes it away.
pub async fn act(
    State(console): State<Console>,
    Path((slug, name)): Path<(String, String)>,
    Signed(visitor, form): Signed<HashMap<String, String>>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let desk = Desk { console: &console, visitor: &visitor, tenant: &tenant };
    let (app, caller) = (&console.app, &visitor.caller);
    let list = format!("/console/t/{}/contents", tenant.slug);
    let done = match form.get("act").map(String::as_str).unwrap_or_default() {
        "save" => match document(&form) {
            Ok(document) => {
                let expected = form.get("version").and_then(|version| version.parse().ok());
                let kept = app.put_content(caller, &slug, &name, document, expected).await;
                kept.map(|_| Redirect::to(&format!("{list}/{name}")).into_response())
            }
            Err(error) => Err(error),
        },
        "remove" => {
            let gone = app.delete_content(caller, &slug, &name).await;
            gone.map(|()| Redirect::to(&list).into_response())
        }
        "preview" => match wish(&form) {
            Ok(wish) => match app.preview_content(caller, &slug, wish).await {
                Ok(preview) => return html(&desk.page(&name, Some(&form), Some(preview), None).await?),
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        },
        _ => Err(AppError::NotFound("page")),
    };
    let error = match done {
        Ok(answer) => return Ok(answer),
        Err(error) => error,
    };
    let trouble = Trouble::from(error);
    let Some((status, refusal)) = Refusal::of(&trouble, visitor.language) else { return Err(trouble) };
    Ok((status, html(&desk.page(&name, Some(&form), None, Some(refusal)).await?)?).into_response())
}

/// `POST /console/t/{slug}/contents/{name}/check`: what is wrong with what is typed, while it is typed.
pub async fn check(
    Path((slug, _)): Path<(String, String)>,
    Signed(visitor, form): Signed<HashMap<String, String>>,
) -> Result<Response, Trouble> {
    visitor.tenant(&slug).await?;
    let problems = match document(&form) {
        Ok(document) => content::check(&document).into_iter().map(|bad| Problem::new(bad.at, bad.problem)).collect(),
        Err(AppError::Invalid(problems)) => problems,
        Err(other) => return Err(other.into()),
    };
    html(&Problems { w: words::of(visitor.language), problems })
}

/// The editor in one visitor's hands.
struct Desk<'d> {
    console: &'d Console,
    visitor: &'d Visitor,
    tenant: &'d Tenant,
}

impl Desk<'_> {
    async fn page(
        &self,
        name: &str,
        typed: Option<&HashMap<String, String>>,
        preview: Option<ContentPreview>,
        refusal: Option<Refusal>,
    ) -> Result<ContentPage, Trouble> {
        let Self { console, visitor, tenant } = self;
        let (slug, w) = (tenant.slug.as_str(), words::of(visitor.language));
        let manages = visitor.manages(tenant);
        let kept = match console.app.content(&visitor.caller, slug, name).await {
            Ok(kept) => Some(kept),
            // Somebody is about to write it.
            Err(AppError::NotFound("content")) if manages && content::is_name(name) => None,
            Err(error) => return Err(error.into()),
        };
        let field = |field: &str| typed.and_then(|form| form.get(field)).cloned();
        let chosen = field("installation").unwrap_or_default();
        let channels = console.app.content_channels(&visitor.caller, slug).await?;
        let list = format!("/console/t/{slug}/contents");
        let shown = kept.as_ref().map(|kept| Value::Object(kept.document.clone()));
        let document =
            shown.unwrap_or_else(|| json!({"text": "", "languages": {"zh": {"text": ""}, "en": {"text": ""}}}));
        // What was typed over an older version is still refused.
        let version = field("version").and_then(|version| version.parse().ok());
        Ok(ContentPage {
            page: visitor.page(name, tenant, Room::Contents),
            w,
            place: format!("{list}/{name}"),
            list,
            csrf: visitor.proof(),
            manages,
            refusal,
            name: name.to_owned(),
            version: version.unwrap_or_else(|| kept.as_ref().map_or(0, |kept| kept.version)),
            changed: kept.as_ref().map(|kept| Time(kept.updated_at)),
            document: field("document").unwrap_or_else(|| pretty_value(&document)),
            channels: channels
                .into_iter()
                .map(|(name, channel)| {
                    let is_chosen = name == chosen;
                    (name, channel, is_chosen)
                })
                .collect(),
            language: field("language").unwrap_or_default(),
            variables: field("variables").unwrap_or_default(),
            address: field("address").unwrap_or_default(),
            preview: preview.map(seen),
        })
    }
}

fn seen(preview: ContentPreview) -> Shown {
    let line = |(name, value): &(String, String)| format!("{name}: {value}");
    let request = preview.request.map(|request| {
        let headers: Vec<String> = request.headers.iter().map(line).collect();
        let body = String::from_utf8_lossy(&request.body).into_owned();
        (format!("{} {}", request.method, request.url), headers.join("\n"), pretty(&body))
    });
    Shown { channel: preview.channel, address: preview.address, text: preview.text, request, outcome: preview.outcome }
}

async fn list_page(
    console: &Console,
    visitor: &Visitor,
    slug: &str,
    refused: Option<(Refusal, &str)>,
) -> Result<ContentsPage, Trouble> {
    let tenant = visitor.tenant(slug).await?;
    let w = words::of(visitor.language);
    let contents = console.app.contents(&visitor.caller, slug).await?;
    let place = format!("/console/t/{}/contents", tenant.slug);
    let (refusal, typed) = match refused {
        Some((refusal, typed)) => (Some(refusal), typed.to_owned()),
        None => (None, String::new()),
    };
    let row = |kept: guanxi_app::ContentView| {
        let languages = kept.document.get("languages").and_then(Value::as_object);
        let languages: Vec<&str> = languages.into_iter().flat_map(|all| all.keys()).map(String::as_str).collect();
        let fitted = content::fit(&kept.document, "", &[visitor.language.tag()]);
        let text = fitted.get("text").and_then(Value::as_str).unwrap_or_default();
        Row {
            place: format!("{place}/{}", kept.name),
            said: short(text, SHOWN_MAX),
            languages: languages.join(", "),
            version: kept.version,
            changed: Time(kept.updated_at),
            name: kept.name.clone(),
        }
    };
    let rows = contents.into_iter().map(row).collect();
    let medium = |kept: guanxi_app::MediaView| Medium {
        kind: kept.media.kind.as_str(),
        size: whole(kept.media.bytes.div_ceil(1024)),
        name: kept.media.name,
        url: kept.url,
    };
    let media = console.app.media(&visitor.caller, slug).await?.into_iter().map(medium).collect();
    Ok(ContentsPage {
        page: visitor.page(w.title, &tenant, Room::Contents),
        w,
        rates: format!("/console/t/{}/rates", tenant.slug),
        csrf: visitor.proof(),
        manages: visitor.manages(&tenant),
        refusal,
        typed,
        rows,
        media,
        uploads: format!("/console/t/{}/media", tenant.slug),
        place,
    })
}

fn document(form: &HashMap<String, String>) -> Result<JsonMap, AppError> {
    object(form, "document")
}

/// A field with a JSON object; an empty one is an empty object.
fn object(form: &HashMap<String, String>, field: &str) -> Result<JsonMap, AppError> {
    let text = form.get(field).map(|text| text.trim()).unwrap_or_default();
    if text.is_empty() {
        return Ok(JsonMap::new());
    }
    serde_json::from_str(text).map_err(|error| AppError::invalid(field, format!("is no JSON object: {error}")))
}

fn wish(form: &HashMap<String, String>) -> Result<PreviewInput, AppError> {
    let text = |field: &str| form.get(field).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    Ok(PreviewInput {
        installation: text("installation").unwrap_or_default(),
        content: Some(document(form)?),
        name: None,
        language: text("language"),
        variables: object(form, "variables")?,
        address: text("address"),
    })
}
