//! What staff do with messages: try again what ended badly, call off what waits.

use std::collections::HashMap;

use axum::extract::{Path, State};
use axum::response::Redirect;
use guanxi_app::{AppError, ChangedMessages, MessageWish};
use guanxi_domain::ids::MessageId;
use guanxi_domain::message::MessageStatus;

use crate::Console;
use crate::rooms::channels::Places;
use crate::session::Signed;
use crate::trouble::Trouble;

/// `POST /console/t/{slug}/messages/{id}`.
pub async fn one(
    State(console): State<Console>,
    Path((slug, id)): Path<(String, String)>,
    Signed(visitor, form): Signed<HashMap<String, String>>,
) -> Result<Redirect, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let id: MessageId = id.parse().map_err(|_| AppError::NotFound("message"))?;
    let (app, caller) = (&console.app, &visitor.caller);
    match form.get("act").map(String::as_str).unwrap_or_default() {
        "retry" => drop(app.retry_message(caller, &slug, id, form.contains_key("may_repeat")).await?),
        "cancel" => drop(app.cancel_message(caller, &slug, id).await?),
        _ => return Err(AppError::NotFound("page").into()),
    }
    Ok(Redirect::to(&format!("{}/{id}", Places::of(tenant.slug.as_str()).log)))
}

/// `POST /console/t/{slug}/undelivered`: those of one channel in one status, as many as one request changes.
pub async fn many(
    State(console): State<Console>,
    Path(slug): Path<String>,
    Signed(visitor, form): Signed<HashMap<String, String>>,
) -> Result<Redirect, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let (app, caller) = (&console.app, &visitor.caller);
    let installation = form.get("channel").cloned().ok_or(AppError::NotFound("page"))?;
    let status = form.get("status").and_then(|word| MessageStatus::parse(word));
    let wish = MessageWish {
        installation: Some(installation),
        statuses: status.into_iter().collect(),
        ..MessageWish::default()
    };
    let ChangedMessages { count, more } = match form.get("act").map(String::as_str).unwrap_or_default() {
        "retry" => app.retry_messages(caller, &slug, wish, form.contains_key("may_repeat")).await?,
        "cancel" => app.cancel_messages(caller, &slug, wish).await?,
        _ => return Err(AppError::NotFound("page").into()),
    };
    let more = if more { "&more=yes" } else { "" };
    Ok(Redirect::to(&format!("{}?changed={count}{more}", Places::of(tenant.slug.as_str()).undelivered)))
}
