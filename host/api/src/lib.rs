//! The HTTP interface: ingest at `/v1`, management at `/api/v1`, described by `/openapi.json`.
//!
//! A file is an operation: request, response, handler. Handlers extract, call [`guanxi_app::App`] and answer; whatever
//! goes wrong leaves as a problem document.

mod audiences;
mod auth;
mod backtests;
mod candidates;
mod channels;
mod consents;
mod contents;
mod cursor;
mod dead_letters;
mod decisions;
mod erasures;
mod events;
mod extract;
mod health;
mod hooks;
mod idempotency;
mod imports;
mod ingest;
mod insight;
mod installations;
mod links;
mod live;
mod media;
mod messages;
mod openapi;
mod people;
mod plugins;
mod polls;
mod problem;
mod publishers;
mod queries;
mod relations;
mod reviews;
mod segments;
mod settings;
mod state;
mod tenants;
mod tokens;
mod usage;
mod webhooks;

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef, Request};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use guanxi_app::App;
use guanxi_domain::limits::{CALLBACK_BYTES_MAX, COMPONENT_BYTES_MAX};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowHeaders, Any, CorsLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use openapi::{Access, Route, document, routes};
pub use problem::{Problem, not_found};
pub use state::{ApiState, NotReady, Readiness};

/// The most bytes of a body, components and events excepted.
const BODY_BYTES_MAX: usize = 256 * 1024;
/// How long a channel waits for an answer.
const HOOK_MAX: Duration = Duration::from_secs(10);
/// How long a request may take until its answer begins.
const REQUEST_MAX: Duration = Duration::from_secs(30);
/// The same for an upload, which is compiled before it is answered.
const UPLOAD_MAX: Duration = Duration::from_secs(300);
/// The same for a file of people, which may be large and its line slow.
const IMPORT_MAX: Duration = Duration::from_secs(3_600);

/// Every route: `/v1`, `/api/v1`, `/hooks`, `/openapi.json`, `/healthz` and `/readyz`.
///
/// Paths elsewhere are left to the router that this one is merged into; [`not_found`] answers them in the same way.
pub fn router(state: ApiState) -> Router {
    let app = App::from_ref(&state);
    let once = from_fn_with_state(app, idempotency::once);
    let upload = uploads()
        .layer(once.clone())
        .layer(DefaultBodyLimit::max(COMPONENT_BYTES_MAX))
        .layer(from_fn(|request, next| within(UPLOAD_MAX, request, next)));
    let management = management()
        .layer(once)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn(|request, next| within(REQUEST_MAX, request, next)));
    // A write key can only send, so pages of every origin may use it; no cookie is ever looked at here.
    let pages =
        CorsLayer::new().allow_origin(Any).allow_methods([Method::POST]).allow_headers(AllowHeaders::mirror_request());
    let rest = ingest().layer(pages).merge(probes()).layer(from_fn(|request, next| within(REQUEST_MAX, request, next)));
    // A file is kept piece by piece as it comes, and counted on the way: no limit but its own applies to it.
    let files =
        files().layer(DefaultBodyLimit::disable()).layer(from_fn(|request, next| within(IMPORT_MAX, request, next)));
    let hooks = get(hooks::receive).post(hooks::receive);
    let hooks = hooks
        .layer(DefaultBodyLimit::max(CALLBACK_BYTES_MAX))
        .layer(from_fn(|request, next| within(HOOK_MAX, request, next)));
    // Without a body, and quickly: whoever follows a link waits for it.
    let visits = Router::new()
        .route(links::LINK, get(links::follow))
        .route(links::PIXEL, get(links::open))
        .route(media::serve::PATH, get(media::serve::serve))
        .layer(from_fn(|request, next| within(HOOK_MAX, request, next)));
    let (router, _) = management.merge(upload).merge(files).merge(rest).split_for_parts();
    router
        .route("/openapi.json", get(openapi::serve))
        .route(hooks::PATH, hooks)
        .merge(visits)
        .route("/api/{*rest}", any(not_found))
        .route("/v1/{call}/{*rest}", any(not_found))
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(header_unless_set(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header_unless_set(header::REFERRER_POLICY, "no-referrer"))
        .layer(header_unless_set(header::CACHE_CONTROL, "no-store"))
        .layer(header_unless_set(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"))
        .with_state(state)
}

/// Everything that the OpenAPI document describes.
fn described() -> OpenApiRouter<ApiState> {
    management().merge(uploads()).merge(files()).merge(ingest()).merge(probes())
}

fn management() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(tenants::create::create, tenants::list::list))
        .routes(routes!(tenants::get::get))
        .routes(routes!(settings::get::get, settings::put::put))
        .routes(routes!(usage::quota::get, usage::quota::put))
        .routes(routes!(usage::get::get))
        .routes(routes!(usage::list::list))
        .routes(routes!(tokens::create::create, tokens::list::list))
        .routes(routes!(tokens::revoke::revoke))
        .routes(routes!(plugins::get::get))
        .routes(routes!(plugins::yank::yank, plugins::yank::unyank))
        .routes(routes!(plugins::allowance::get, plugins::allowance::put, plugins::allowance::delete))
        .routes(routes!(publishers::list::list))
        .routes(routes!(publishers::trust::trust))
        .routes(routes!(publishers::revoke::revoke))
        .routes(routes!(installations::list::list))
        .routes(routes!(installations::put::put, installations::get::get))
        .routes(routes!(installations::logs::list))
        .routes(routes!(installations::upgrade::approve))
        .routes(routes!(installations::upgrade::refuse))
        .routes(routes!(polls::get::get, polls::now::now))
        .routes(routes!(polls::reset::reset))
        .routes(routes!(candidates::put::put, candidates::get::get))
        .routes(routes!(candidates::stop::stop))
        .routes(routes!(candidates::promote::promote))
        .routes(routes!(people::list::list))
        .routes(routes!(people::get::get, people::edit::edit))
        .routes(routes!(people::act::act, people::history::history))
        .routes(routes!(people::merge::merge))
        .routes(routes!(people::merge::split))
        .routes(routes!(people::tag::tag))
        .routes(routes!(reviews::list::list))
        .routes(routes!(people::timeline::timeline))
        .routes(routes!(people::campaigns::campaigns))
        .routes(routes!(consents::list::list, consents::note::note))
        .routes(routes!(erasures::erase::erase))
        .routes(routes!(erasures::list::list))
        .routes(routes!(erasures::get::get))
        .routes(routes!(relations::list::list))
        .routes(routes!(relations::path::path))
        .routes(routes!(relations::common::common))
        .routes(routes!(relations::reach::reach))
        .routes(routes!(relations::put::put))
        .routes(routes!(people::sheet::download))
        .routes(routes!(imports::get::get, imports::get::delete))
        .routes(routes!(imports::map::map))
        .routes(routes!(imports::preview::preview))
        .routes(routes!(imports::run::start))
        .routes(routes!(imports::run::stop))
        .routes(routes!(imports::report::report))
        .routes(routes!(imports::presets::list))
        .routes(routes!(imports::mappings::list))
        .routes(routes!(imports::mappings::put, imports::mappings::delete))
        .routes(routes!(segments::list::list))
        .routes(routes!(segments::schema::schema))
        .routes(routes!(segments::preview::preview))
        .routes(routes!(segments::put::put, segments::get::get, segments::delete::delete))
        .routes(routes!(segments::people::people))
        .routes(routes!(segments::of_person::of_person))
        .routes(routes!(audiences::list::list))
        .routes(routes!(audiences::put::put, audiences::get::get, audiences::delete::delete))
        .routes(routes!(audiences::sync::sync))
        .routes(routes!(insight::everybody::everybody))
        .routes(routes!(insight::of_segment::of_segment))
        .routes(routes!(insight::of_person::of_person))
        .routes(routes!(people::scores::scores))
        .routes(routes!(events::list::list))
        .routes(routes!(live::live))
        .routes(routes!(decisions::list::list))
        .routes(routes!(decisions::get::get))
        .routes(routes!(decisions::replay::replay))
        .routes(routes!(backtests::list::list, backtests::start::start))
        .routes(routes!(backtests::get::get))
        .routes(routes!(backtests::stop::stop))
        .routes(routes!(messages::list::list))
        .routes(routes!(messages::rates::list))
        .routes(routes!(messages::get::get))
        .routes(routes!(messages::undelivered::list))
        .routes(routes!(channels::list::list))
        .routes(routes!(channels::callbacks::list))
        .routes(routes!(channels::check::check))
        .routes(routes!(channels::test::send))
        .routes(routes!(channels::sent::list))
        .routes(routes!(messages::retry::one))
        .routes(routes!(messages::retry::many))
        .routes(routes!(messages::cancel::one))
        .routes(routes!(messages::cancel::many))
        .routes(routes!(media::list::list))
        .routes(routes!(contents::list::list))
        .routes(routes!(contents::preview::preview))
        .routes(routes!(contents::get::get, contents::put::put, contents::delete::delete))
        .routes(routes!(dead_letters::list::list))
        .routes(routes!(dead_letters::retry::retry))
        .routes(routes!(webhooks::list::list, webhooks::create::create))
        .routes(routes!(webhooks::get::get, webhooks::put::put, webhooks::delete::delete))
        .routes(routes!(webhooks::deliveries::list))
        .routes(routes!(webhooks::retry::retry))
        .routes(routes!(webhooks::rotate::rotate))
        .routes(routes!(webhooks::test::test))
}

fn uploads() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(plugins::upload::upload, plugins::list::list))
        .routes(routes!(plugins::pull::pull))
        .routes(routes!(media::put::put, media::delete::delete))
        // An archive takes its time, too.
        .routes(routes!(people::export::export))
}

fn files() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(imports::upload::upload, imports::list::list))
}

fn ingest() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(ingest::segment::receive)).routes(routes!(ingest::cloudevents::receive))
}

fn probes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(health::live)).routes(routes!(health::ready))
}

/// Gives up on a request that takes too long; a body that is already being sent, such as a live stream, goes on.
async fn within(limit: Duration, request: Request, next: Next) -> Response {
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => problem::timed_out(limit).into_response(),
    }
}

fn header_unless_set(name: header::HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

#[cfg(test)]
mod tests;
