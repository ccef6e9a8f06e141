//! The one place where an error becomes a page: it says what the visitor can do, and a defect is logged once.

use std::error::Error;
use std::sync::Arc;

use askama::Template;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use guanxi_app::{AppError, Problem};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::language::Language;
use crate::page::Page;

/// Why there is no page.
#[derive(Debug, Clone)]
pub enum Trouble {
    /// A use case was not carried out.
    App(Arc<AppError>),
    /// A change that does not come from one of the console's own pages, or from one of another session.
    Forged,
    /// Anything that only has a status.
    Status(StatusCode),
}

impl From<AppError> for Trouble {
    fn from(error: AppError) -> Self {
        Self::App(Arc::new(error))
    }
}

impl Trouble {
    fn status(&self) -> StatusCode {
        match self {
            Self::Forged => StatusCode::FORBIDDEN,
            Self::Status(status) => *status,
            Self::App(error) => match **error {
                AppError::Unauthorized => StatusCode::UNAUTHORIZED,
                AppError::Forbidden(_) => StatusCode::FORBIDDEN,
                AppError::NotFound(_) => StatusCode::NOT_FOUND,
                AppError::Conflict(_) => StatusCode::CONFLICT,
                AppError::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
                AppError::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
                AppError::Overloaded(_) => StatusCode::TOO_MANY_REQUESTS,
                AppError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
                AppError::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            },
        }
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        if let Self::App(error) = &self
            && let AppError::Internal(cause) = &**error
        {
            tracing::error!(error = %chain(cause.as_ref()), "a page could not be made");
        }
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Turns trouble, and refusals of the framework, into a page in the visitor's language.
pub async fn tell(request: Request, next: Next) -> Response {
    let language = Language::of(request.headers());
    let here = request.uri().path_and_query().map_or("/console", |path| path.as_str()).to_owned();
    let (read, part) = (request.method() == Method::GET, request.headers().contains_key("hx-request"));
    let mut response = next.run(request).await;
    let known = response.extensions_mut().remove::<Trouble>();
    let trouble = match known {
        Some(trouble) => trouble,
        None if is_bare_refusal(&response) => Trouble::Status(response.status()),
        None => return response,
    };
    if here.ends_with("/live/stream") {
        return trouble.status().into_response();
    }
    if trouble.status() == StatusCode::UNAUTHORIZED {
        return to_sign_in(if read && !part { &here } else { "/console" }, part);
    }
    page(&trouble, language, &here)
}

/// Everything else under `/console`.
pub async fn nowhere() -> Trouble {
    Trouble::Status(StatusCode::NOT_FOUND)
}

/// What an error says to a visitor: a heading, what to do, and details in the words of whoever refused.
pub fn explain(trouble: &Trouble, language: Language) -> (&'static str, &'static str, Vec<Problem>) {
    let w = language.words();
    let detail = |text: &str| vec![Problem::new("", text)];
    match trouble {
        Trouble::Forged => (w.forged_title, w.forged_text, Vec::new()),
        Trouble::Status(status) if *status == StatusCode::NOT_FOUND => {
            (w.not_found_title, w.not_found_text, Vec::new())
        }
        Trouble::Status(_) => (w.bad_request_title, w.bad_request_text, Vec::new()),
        Trouble::App(error) => match &**error {
            AppError::Unauthorized => (w.sign_in, w.bad_token, Vec::new()),
            AppError::Forbidden("manage" | "install") => (w.forbidden_title, w.needs_manage, Vec::new()),
            AppError::Forbidden(_) => (w.forbidden_title, w.needs_read, Vec::new()),
            AppError::NotFound(_) => (w.not_found_title, w.not_found_text, Vec::new()),
            AppError::Conflict(text) => (w.conflict_title, w.conflict_text, detail(text)),
            AppError::Invalid(problems) => (w.invalid_title, w.invalid_text, problems.clone()),
            AppError::TooLarge(text) => (w.bad_request_title, w.bad_request_text, detail(text)),
            AppError::Overloaded(_) | AppError::Unavailable => (w.unavailable_title, w.unavailable_text, Vec::new()),
            AppError::Internal(_) => (w.internal_title, w.internal_text, Vec::new()),
        },
    }
}

#[derive(Template)]
#[template(path = "trouble.html")]
struct TroublePage {
    page: Page,
    status: u16,
    heading: &'static str,
    text: &'static str,
    problems: Vec<Problem>,
}

fn page(trouble: &Trouble, language: Language, here: &str) -> Response {
    let status = trouble.status();
    let (heading, text, problems) = explain(trouble, language);
    // Where only a change was refused there is nothing to come back to.
    let here = if matches!(trouble, Trouble::Forged) { "/console" } else { here };
    let view =
        TroublePage { page: Page::new(heading, language, here), status: status.as_u16(), heading, text, problems };
    match view.render() {
        Ok(body) => (status, Html(body)).into_response(),
        Err(error) => {
            tracing::error!(%error, "the page for an error could not be made");
            status.into_response()
        }
    }
}

fn to_sign_in(back: &str, part: bool) -> Response {
    let place = match back {
        "/console" => "/console/sign-in".to_owned(),
        back => format!("/console/sign-in?to={}", utf8_percent_encode(back, NON_ALPHANUMERIC)),
    };
    match HeaderValue::try_from(&place) {
        Ok(value) if part => [(HeaderName::from_static("hx-redirect"), value)].into_response(),
        _ => Redirect::to(&place).into_response(),
    }
}

fn is_bare_refusal(response: &Response) -> bool {
    let is_page =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    response.status().is_client_error() && !is_page
}

fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
