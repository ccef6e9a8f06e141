//! Pictures, recordings and films that the brand keeps with the host, on the page of its contents.

use std::collections::HashMap;

use axum::extract::{Multipart, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use guanxi_app::AppError;
use guanxi_domain::media::MEDIA_BYTES_MAX;

use super::list_page;
use crate::Console;
use crate::page::html;
use crate::rooms::library::bytes;
use crate::rooms::plugins::Refusal;
use crate::session::{Signed, Visitor};
use crate::trouble::Trouble;

/// The most bytes of a field before the file.
const FIELD_BYTES_MAX: usize = 256;

/// `POST /console/t/{slug}/media`: the form with the file last, so that nothing is taken in without its proof.
pub async fn upload(
    State(console): State<Console>,
    visitor: Visitor,
    Path(slug): Path<String>,
    mut form: Multipart,
) -> Result<Response, Trouble> {
    visitor.tenant(&slug).await?;
    let (mut proven, mut name) = (false, String::new());
    while let Some(field) = form.next_field().await.map_err(|_| Trouble::Forged)? {
        match field.name().unwrap_or_default() {
            "csrf" => {
                let shown = bytes(field, FIELD_BYTES_MAX).await.unwrap_or_default();
                proven = std::str::from_utf8(&shown).is_ok_and(|shown| visitor.is_proven(shown));
            }
            "name" => {
                let typed = bytes(field, FIELD_BYTES_MAX).await.unwrap_or_default();
                name = String::from_utf8_lossy(&typed).trim().to_owned();
            }
            "file" if !proven => return Err(Trouble::Forged),
            "file" => {
                let kept = match bytes(field, MEDIA_BYTES_MAX).await {
                    Ok(file) => console.app.put_media(&visitor.caller, &slug, &name, &file).await.map(drop),
                    Err(error) => Err(error),
                };
                return done(&console, &visitor, &slug, kept).await;
            }
            _ => {}
        }
    }
    Err(AppError::invalid("file", "choose a file").into())
}

/// `POST /console/t/{slug}/media/remove`.
pub async fn remove(
    State(console): State<Console>,
    Path(slug): Path<String>,
    Signed(visitor, form): Signed<HashMap<String, String>>,
) -> Result<Response, Trouble> {
    visitor.tenant(&slug).await?;
    let name = form.get("name").map(String::as_str).unwrap_or_default();
    let removed = console.app.delete_media(&visitor.caller, &slug, name).await;
    done(&console, &visitor, &slug, removed).await
}

async fn done(
    console: &Console,
    visitor: &Visitor,
    slug: &str,
    result: Result<(), AppError>,
) -> Result<Response, Trouble> {
    let Err(error) = result else {
        return Ok(Redirect::to(&format!("/console/t/{slug}/contents#media")).into_response());
    };
    let trouble = Trouble::from(error);
    let Some((status, refusal)) = Refusal::of(&trouble, visitor.language) else { return Err(trouble) };
    Ok((status, html(&list_page(console, visitor, slug, Some((refusal, ""))).await?)?).into_response())
}
