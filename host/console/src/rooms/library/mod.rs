//! The host's library, for operators: whose packages come in, which are there, and which were taken back. Nobody else sees it.

mod words;

use askama::Template;
use axum::extract::multipart::Field;
use axum::extract::{Multipart, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use guanxi_app::{AppError, PluginView, PublisherRow};
use guanxi_domain::limits::COMPONENT_BYTES_MAX;
use serde::Deserialize;

use crate::Console;
use crate::format::{Time, pretty_value};
use crate::language::Language;
use crate::page::{Page, html};
use crate::rooms::plugins::{Refusal, size};
use crate::session::{Signed, Visitor};
use crate::trouble::Trouble;
use words::Words;

/// The most bytes of a field that is no package.
const FIELD_BYTES_MAX: usize = 256;

/// A key of a publisher.
struct Key {
    key: String,
    added: Time,
    revoked: Option<Time>,
}

struct Publisher {
    name: String,
    title: String,
    keys: Vec<Key>,
}

/// One version of a plugin.
struct Version {
    title: String,
    name: String,
    version: String,
    digest: String,
    publisher: Option<String>,
    signer: Option<String>,
    source: String,
    size: String,
    at: Time,
    yanked: Option<String>,
    unsupported: Option<String>,
    report: String,
}

/// What is to be done; fields of other forms are empty.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub struct Wish {
    name: String,
    title: String,
    key: String,
    version: String,
    reason: String,
    reference: String,
    /// Not empty if an older version is meant.
    older: String,
}

#[derive(Template)]
#[template(path = "library.html")]
struct LibraryPage {
    page: Page,
    w: &'static crate::words::Words,
    own: &'static Words,
    csrf: String,
    refusal: Option<Refusal>,
    /// What was typed when something was refused: into the form for keys, and into the one for places.
    trusted: Wish,
    pulled: Wish,
    publishers: Vec<Publisher>,
    versions: Vec<Version>,
}

/// `GET /console/library`.
pub async fn show(State(console): State<Console>, visitor: Visitor) -> Result<Response, Trouble> {
    operates(&visitor)?;
    html(&page(&console, &visitor, None, ("", Wish::default())).await?)
}

/// `POST /console/library/{act}`: trusts or revokes a key, pulls a package, takes a version back or offers it again.
pub async fn act(
    State(console): State<Console>,
    Path(act): Path<String>,
    Signed(visitor, wish): Signed<Wish>,
) -> Result<Response, Trouble> {
    operates(&visitor)?;
    match done(&console, &visitor, &act, &wish).await {
        Ok(place) => Ok(Redirect::to(&format!("/console/library#{place}")).into_response()),
        Err(error) => refused(&console, &visitor, error.into(), (&act, wish)).await,
    }
}

/// `POST /console/library/upload`: the form with the file last, so that nothing is taken in without its proof.
pub async fn upload(
    State(console): State<Console>,
    visitor: Visitor,
    mut form: Multipart,
) -> Result<Response, Trouble> {
    operates(&visitor)?;
    let (mut proven, mut older) = (false, false);
    while let Some(field) = form.next_field().await.map_err(|_| Trouble::Forged)? {
        match field.name().unwrap_or_default() {
            "csrf" => {
                let shown = bytes(field, FIELD_BYTES_MAX).await.unwrap_or_default();
                proven = std::str::from_utf8(&shown).is_ok_and(|shown| visitor.is_proven(shown));
            }
            "older" => older = !bytes(field, FIELD_BYTES_MAX).await.unwrap_or_default().is_empty(),
            "file" if !proven => return Err(Trouble::Forged),
            "file" => {
                let taken = match bytes(field, COMPONENT_BYTES_MAX).await {
                    Ok(package) if package.is_empty() => Err(AppError::invalid("file", "choose a component")),
                    Ok(package) => console.app.upload_plugin(&visitor.caller, package, older).await,
                    Err(error) => Err(error),
                };
                return match taken {
                    Ok(plugin) => Ok(Redirect::to(&format!("/console/library#{}", place(&plugin))).into_response()),
                    Err(error) => refused(&console, &visitor, error.into(), ("upload", Wish::default())).await,
                };
            }
            _ => {}
        }
    }
    Err(AppError::invalid("file", "choose a component").into())
}

/// Nobody but operators is told that there is such a room.
fn operates(visitor: &Visitor) -> Result<(), AppError> {
    if visitor.caller.is_operator() { Ok(()) } else { Err(AppError::NotFound("page")) }
}

/// Does it, and says where on the page the result is.
async fn done(console: &Console, visitor: &Visitor, act: &str, wish: &Wish) -> Result<String, AppError> {
    let (app, caller) = (&console.app, &visitor.caller);
    let (name, version) = (wish.name.trim(), wish.version.as_str());
    // Forms send lines as mail does.
    let key = wish.key.replace("\r\n", "\n");
    match act {
        "trust" => Ok(publisher_place(&app.trust_publisher(caller, name, &wish.title, &key).await?.name)),
        "revoke" => Ok(publisher_place(&app.revoke_key(caller, name, &key).await?.name)),
        "pull" => Ok(place(&app.pull_plugin(caller, wish.reference.trim(), !wish.older.is_empty()).await?)),
        "yank" => Ok(place(&app.yank_plugin(caller, name, version, Some(&wish.reason)).await?)),
        "offer" => Ok(place(&app.yank_plugin(caller, name, version, None).await?)),
        _ => Err(AppError::NotFound("page")),
    }
}

async fn refused(
    console: &Console,
    visitor: &Visitor,
    trouble: Trouble,
    typed: (&str, Wish),
) -> Result<Response, Trouble> {
    match Refusal::of(&trouble, visitor.language) {
        Some((status, refusal)) => {
            Ok((status, html(&page(console, visitor, Some(refusal), typed).await?)?).into_response())
        }
        None => Err(trouble),
    }
}

async fn page(
    console: &Console,
    visitor: &Visitor,
    refusal: Option<Refusal>,
    (act, typed): (&str, Wish),
) -> Result<LibraryPage, AppError> {
    let (own, w) = (words::of(visitor.language), visitor.language.words());
    let versions = console.app.plugins(&visitor.caller).await?;
    let publishers = console.app.publishers(&visitor.caller).await?;
    let typed_into = |form: &str| if act == form { typed.clone() } else { Wish::default() };
    Ok(LibraryPage {
        page: visitor.lobby(own.title),
        w,
        own,
        csrf: visitor.proof(),
        refusal,
        trusted: typed_into("trust"),
        pulled: typed_into("pull"),
        publishers: publishers.into_iter().map(publisher).collect(),
        versions: versions.into_iter().map(|plugin| version(plugin, visitor.language)).collect(),
    })
}

fn publisher(row: PublisherRow) -> Publisher {
    let keys = row.keys.into_iter().map(|key| Key {
        key: key.key,
        added: Time(key.added_at),
        revoked: key.revoked_at.map(Time),
    });
    Publisher { keys: keys.collect(), name: row.name, title: row.title }
}

fn version(plugin: PluginView, language: Language) -> Version {
    Version {
        title: language.pick(&plugin.manifest.title).to_owned(),
        name: plugin.manifest.name,
        version: plugin.manifest.version,
        digest: plugin.digest,
        publisher: plugin.publisher,
        signer: plugin.signer,
        source: plugin.source,
        size: size(plugin.size),
        at: Time(plugin.created_at),
        yanked: plugin.yanked.map(|yanked| yanked.reason),
        unsupported: plugin.unsupported,
        report: pretty_value(&plugin.report),
    }
}

/// Where a version stands on the page: names and versions are made of harmless characters.
fn place(plugin: &PluginView) -> String {
    format!("{}-{}", plugin.manifest.name, plugin.manifest.version)
}

fn publisher_place(name: &str) -> String {
    format!("publisher-{name}")
}

/// The bytes of a field, of which there may be so many.
pub(crate) async fn bytes(mut field: Field<'_>, most: usize) -> Result<Vec<u8>, AppError> {
    let mut all = Vec::new();
    loop {
        match field.chunk().await {
            Ok(Some(bytes)) if all.len() + bytes.len() > most => {
                return Err(AppError::TooLarge(format!("the file has more than {most} bytes")));
            }
            Ok(Some(bytes)) => all.extend_from_slice(&bytes),
            Ok(None) => return Ok(all),
            Err(_) => return Err(AppError::invalid("file", "ended before it was complete, or is too large")),
        }
    }
}
