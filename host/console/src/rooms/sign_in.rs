//! The door: a token becomes a session, and a session ends.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use guanxi_app::AppError;
use http::{Extensions, HeaderMap, StatusCode, header};
use serde::Deserialize;

use crate::Console;
use crate::language::Language;
use crate::page::{Page, html};
use crate::session::{self, COOKIE, Signed, Visitor, is_secure, local_path, set_cookie};
use crate::trouble::Trouble;

/// Where to go once signed in.
#[derive(Deserialize)]
pub struct Arrival {
    #[serde(default)]
    to: String,
}

/// What the door asks for.
#[derive(Deserialize)]
pub struct Keys {
    token: String,
    #[serde(default)]
    to: String,
}

/// A form without fields of its own.
#[derive(Deserialize)]
pub struct Nothing {}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Door {
    page: Page,
    to: String,
    problem: Option<&'static str>,
    demo: bool,
}

/// `GET /console/sign-in`.
pub async fn show(
    State(console): State<Console>,
    visitor: Result<Visitor, Trouble>,
    headers: HeaderMap,
    Query(arrival): Query<Arrival>,
) -> Result<Response, Trouble> {
    if visitor.is_ok() {
        return Ok(Redirect::to(local_path(&arrival.to)).into_response());
    }
    door(&console, &headers, arrival.to, None)
}

/// `POST /console/sign-in`.
pub async fn sign_in(
    State(console): State<Console>,
    extensions: Extensions,
    headers: HeaderMap,
    Form(keys): Form<Keys>,
) -> Result<Response, Trouble> {
    let w = Language::of(&headers).words();
    let from = session::address(&extensions);
    if console.tries.are_too_many(from) {
        let page = door(&console, &headers, keys.to, Some(w.too_many_tries))?;
        return Ok((StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "60")], page).into_response());
    }
    let problem = match enter(&console, &headers, &keys.token, &keys.to).await {
        Ok(response) => return Ok(response),
        Err(AppError::Unauthorized) => w.bad_token,
        Err(AppError::Forbidden(_)) => w.needs_read,
        Err(other) => return Err(other.into()),
    };
    console.tries.fail(from);
    Ok((StatusCode::UNAUTHORIZED, door(&console, &headers, keys.to, Some(problem))?).into_response())
}

/// `POST /console/sign-in/demo`: one click, where the operator wants that.
pub async fn sign_in_to_demo(State(console): State<Console>, headers: HeaderMap) -> Result<Response, Trouble> {
    let token = console.options.demo_token.as_deref().ok_or(AppError::NotFound("page"))?;
    Ok(enter(&console, &headers, token, "/console").await?)
}

/// `POST /console/sign-out`.
pub async fn sign_out(
    State(console): State<Console>,
    headers: HeaderMap,
    Signed(visitor, Nothing {}): Signed<Nothing>,
) -> Result<Response, Trouble> {
    console.app.sign_out(&visitor.secret).await?;
    let gone = set_cookie(COOKIE, "", 0, is_secure(&console.options, &headers));
    Ok(([(header::SET_COOKIE, gone)], Redirect::to("/console/sign-in")).into_response())
}

async fn enter(console: &Console, headers: &HeaderMap, token: &str, to: &str) -> Result<Response, AppError> {
    let signed = console.app.sign_in(token).await?;
    let lasts_s = (signed.expires_at - console.app.ambient().now()) / 1_000;
    let cookie = set_cookie(COOKIE, &signed.secret, lasts_s, is_secure(&console.options, headers));
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(local_path(to))).into_response())
}

fn door(
    console: &Console,
    headers: &HeaderMap,
    to: String,
    problem: Option<&'static str>,
) -> Result<Response, Trouble> {
    let language = Language::of(headers);
    let page = Page::new(language.words().sign_in, language, "/console/sign-in");
    html(&Door { page, to, problem, demo: console.options.demo_token.is_some() })
}
