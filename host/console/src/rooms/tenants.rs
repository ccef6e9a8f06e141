//! The way in: operators choose a tenant, everybody else goes to their own.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use guanxi_app::AppError;
use serde::Deserialize;

use crate::Console;
use crate::format::Time;
use crate::page::{Page, html};
use crate::session::Visitor;
use crate::trouble::Trouble;

const ROWS: u32 = 50;

/// Which part of the list.
#[derive(Deserialize)]
pub struct Wish {
    after: Option<String>,
}

struct Row {
    slug: String,
    name: String,
    created_at: Time,
}

#[derive(Template)]
#[template(path = "tenants.html")]
struct Tenants {
    page: Page,
    rows: Vec<Row>,
    next: Option<String>,
}

/// `GET /console`.
pub async fn enter(State(console): State<Console>, visitor: Visitor) -> Result<Redirect, Trouble> {
    if visitor.caller.is_operator() {
        return Ok(Redirect::to("/console/tenants"));
    }
    let home = console.app.home(&visitor.caller).await?.ok_or(AppError::NotFound("tenant"))?;
    Ok(Redirect::to(&format!("/console/t/{}/people", home.slug)))
}

/// `GET /console/tenants`.
pub async fn list(
    State(console): State<Console>,
    visitor: Visitor,
    Query(wish): Query<Wish>,
) -> Result<Response, Trouble> {
    if !visitor.caller.is_operator() {
        return Ok(Redirect::to("/console").into_response());
    }
    let tenants = console.app.tenants(&visitor.caller, wish.after.as_deref(), Some(ROWS)).await?;
    let full = tenants.len() == ROWS as usize;
    let next = tenants.last().filter(|_| full).map(|last| format!("/console/tenants?after={}", last.slug));
    let rows = tenants.into_iter().map(|tenant| Row {
        slug: tenant.slug.to_string(),
        name: tenant.name,
        created_at: Time(tenant.created_at),
    });
    html(&Tenants { page: visitor.lobby(visitor.language.words().tenants), rows: rows.collect(), next })
}

/// `GET /console/t/{slug}`.
pub async fn home(visitor: Visitor, Path(slug): Path<String>) -> Result<Redirect, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    Ok(Redirect::to(&format!("/console/t/{}/people", tenant.slug)))
}
