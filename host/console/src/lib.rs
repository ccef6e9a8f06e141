//! The web console: rooms rendered on the server, for operators and for the people of a brand.
//!
//! A room is one file under `rooms/` with its templates. Pages work without scripts; htmx and one small script make
//! them quicker. Every visible word stands in `words.rs`, in English and Chinese.

mod assets;
mod format;
mod headers;
mod language;
mod page;
mod rooms;
mod session;
mod trouble;
mod words;

use std::fmt;
use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use axum::{Router, response::Redirect};
use guanxi_app::App;
use guanxi_domain::limits::COMPONENT_BYTES_MAX;
use guanxi_domain::media::MEDIA_BYTES_MAX;
use tokio_util::sync::CancellationToken;

use crate::session::Tries;

/// The most bytes of a segment's form: a filter may be long, and longer as a form writes it.
const SEGMENT_BYTES_MAX: usize = 256 * 1024;
/// A configuration, percent-encoded, with the names of its fields.
const CONFIG_BYTES_MAX: usize = 256 * 1024;
/// A content, percent-encoded, with what is needed to look at it.
const CONTENT_BYTES_MAX: usize = 256 * 1024;
/// A picture, recording or film in a form, with what stands around it.
const MEDIA_FORM_BYTES_MAX: usize = MEDIA_BYTES_MAX + 16 * 1024;
/// A package in a form, with what stands around it.
const PACKAGE_BYTES_MAX: usize = COMPONENT_BYTES_MAX + 64 * 1024;
/// A box for everything that a plugin may ask for, with its secrets.
const GRANTS_BYTES_MAX: usize = 256 * 1024;
/// The most bytes of a form.
const FORM_BYTES_MAX: usize = 16 * 1024;
/// The same of a mapping with very many columns.
const MAPPING_BYTES_MAX: usize = 128 * 1024;

/// How the console is run.
#[derive(Clone, Default)]
pub struct ConsoleOptions {
    /// Browsers reach it by https only: cookies are never sent otherwise. Without it a request that a proxy marks with
    /// `X-Forwarded-Proto: https` still gets a secure cookie.
    pub secure_cookies: bool,
    /// A token that one click on the sign-in page uses, without showing it. For demos on the own machine only.
    pub demo_token: Option<String>,
    /// Where channels reach this host; without it the console can name paths only.
    pub public_url: Option<String>,
    /// Live streams end when this is cancelled; otherwise they would keep the process from stopping.
    pub stop: CancellationToken,
}

impl fmt::Debug for ConsoleOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsoleOptions")
            .field("secure_cookies", &self.secure_cookies)
            .field("demo", &self.demo_token.is_some())
            .finish_non_exhaustive()
    }
}

/// What every room works with.
#[derive(Clone)]
struct Console {
    app: App,
    options: Arc<ConsoleOptions>,
    tries: Tries,
}

/// All rooms, under `/console`. If the router is served with the clients' addresses
/// (`into_make_service_with_connect_info`), failed sign-ins are counted for each address, else for all together.
pub fn router(app: App, options: ConsoleOptions) -> Router {
    let console = Console { app, options: Arc::new(options), tries: Tries::new() };
    let tenant = "/console/t/{slug}";
    Router::new()
        .route("/console", get(rooms::tenants::enter))
        .route("/console/", get(|| async { Redirect::permanent("/console") }))
        .route("/console/language", post(language::choose))
        .route("/console/sign-in", get(rooms::sign_in::show).post(rooms::sign_in::sign_in))
        .route("/console/sign-in/demo", post(rooms::sign_in::sign_in_to_demo))
        .route("/console/sign-out", post(rooms::sign_in::sign_out))
        .route("/console/tenants", get(rooms::tenants::list))
        .route("/console/library", get(rooms::library::show))
        .route("/console/library/upload", post(rooms::library::upload).layer(DefaultBodyLimit::max(PACKAGE_BYTES_MAX)))
        .route("/console/library/{act}", post(rooms::library::act))
        .route(tenant, get(rooms::tenants::home))
        .route(&format!("{tenant}/people"), get(rooms::people::list))
        .route(&format!("{tenant}/people/{{id}}"), get(rooms::person::show))
        .route(&format!("{tenant}/people/{{id}}/timeline"), get(rooms::person::timeline::more))
        .route(
            &format!("{tenant}/decisions/{{id}}"),
            get(rooms::person::decision::show).post(rooms::person::decision::replay),
        )
        .route(&format!("{tenant}/messages"), get(rooms::messages::list))
        .route(&format!("{tenant}/messages/{{id}}"), get(rooms::person::message::show).post(rooms::messages::act::one))
        .route(&format!("{tenant}/channels"), get(rooms::channels::list))
        .route(
            &format!("{tenant}/channels/{{name}}"),
            get(rooms::channels::connect::show)
                .post(rooms::channels::connect::act)
                .layer(DefaultBodyLimit::max(CONFIG_BYTES_MAX)),
        )
        .route(
            &format!("{tenant}/undelivered"),
            get(rooms::channels::undelivered::show).post(rooms::messages::act::many),
        )
        .route(&format!("{tenant}/plugins"), get(rooms::plugins::list))
        .route(&format!("{tenant}/plugins/{{name}}"), get(rooms::plugin::show))
        .route(&format!("{tenant}/plugins/{{name}}/logs"), get(rooms::plugin::logs::show))
        .route(&format!("{tenant}/plugins/{{name}}/poll"), get(rooms::polls::show).post(rooms::polls::act))
        .route(&format!("{tenant}/plugins/{{name}}/mode"), post(rooms::plugins::switch))
        .route(
            &format!("{tenant}/plugins/{{name}}/settings"),
            get(rooms::config::show).post(rooms::config::act).layer(DefaultBodyLimit::max(CONFIG_BYTES_MAX)),
        )
        .route(
            &format!("{tenant}/plugins/{{name}}/settings/check"),
            post(rooms::config::check).layer(DefaultBodyLimit::max(CONFIG_BYTES_MAX)),
        )
        .route(
            &format!("{tenant}/plugins/{{name}}/backtests"),
            get(rooms::backtests::list).post(rooms::backtests::start).layer(DefaultBodyLimit::max(CONFIG_BYTES_MAX)),
        )
        .route(
            &format!("{tenant}/plugins/{{name}}/candidate"),
            get(rooms::candidates::show).post(rooms::candidates::act).layer(DefaultBodyLimit::max(CONFIG_BYTES_MAX)),
        )
        .route(
            &format!("{tenant}/plugins/{{name}}/grants"),
            get(rooms::grants::show).post(rooms::grants::save).layer(DefaultBodyLimit::max(GRANTS_BYTES_MAX)),
        )
        .route(
            &format!("{tenant}/plugins/{{name}}/upgrade"),
            get(rooms::grants::upgrade::show)
                .post(rooms::grants::upgrade::act)
                .layer(DefaultBodyLimit::max(GRANTS_BYTES_MAX)),
        )
        .route(&format!("{tenant}/backtests/{{id}}"), get(rooms::backtests::show).post(rooms::backtests::stop))
        .route(&format!("{tenant}/people/{{id}}/relations"), get(rooms::relations::show))
        .route(&format!("{tenant}/people/{{id}}/identities"), get(rooms::identities::show).post(rooms::identities::act))
        .route(&format!("{tenant}/reviews"), get(rooms::reviews::list))
        .route(&format!("{tenant}/people/{{id}}/privacy"), get(rooms::privacy::show))
        .route(&format!("{tenant}/people/{{id}}/consents"), post(rooms::privacy::note))
        .route(&format!("{tenant}/people/{{id}}/export"), get(rooms::privacy::export))
        .route(&format!("{tenant}/people/{{id}}/erase"), post(rooms::privacy::erase))
        .route(
            &format!("{tenant}/imports"),
            get(rooms::imports::list).post(rooms::imports::upload).layer(DefaultBodyLimit::disable()),
        )
        .route(&format!("{tenant}/imports/{{id}}"), get(rooms::imports::show))
        .route(&format!("{tenant}/imports/{{id}}/report"), get(rooms::imports::report))
        .route(
            &format!("{tenant}/imports/{{id}}/mapping"),
            post(rooms::imports::map).layer(DefaultBodyLimit::max(MAPPING_BYTES_MAX)),
        )
        .route(&format!("{tenant}/imports/{{id}}/{{act}}"), post(rooms::imports::act))
        .route(
            &format!("{tenant}/segments"),
            get(rooms::segments::list).post(rooms::segments::act).layer(DefaultBodyLimit::max(SEGMENT_BYTES_MAX)),
        )
        .route(&format!("{tenant}/segments/new"), get(rooms::segments::new))
        .route(&format!("{tenant}/segments/{{name}}"), get(rooms::segments::show))
        .route(&format!("{tenant}/audiences"), get(rooms::audiences::list).post(rooms::audiences::act))
        .route(&format!("{tenant}/people/{{id}}/segments"), get(rooms::segments::why::show))
        .route(&format!("{tenant}/people/{{id}}/campaigns"), get(rooms::person::campaigns::show))
        .route(&format!("{tenant}/people/{{id}}/scores"), get(rooms::person::scores::show))
        .route(&format!("{tenant}/insight"), get(rooms::insight::show))
        .route(&format!("{tenant}/contents"), get(rooms::contents::list).post(rooms::contents::add))
        .route(
            &format!("{tenant}/contents/{{name}}"),
            get(rooms::contents::show).post(rooms::contents::act).layer(DefaultBodyLimit::max(CONTENT_BYTES_MAX)),
        )
        .route(
            &format!("{tenant}/contents/{{name}}/check"),
            post(rooms::contents::check).layer(DefaultBodyLimit::max(CONTENT_BYTES_MAX)),
        )
        .route(
            &format!("{tenant}/media"),
            post(rooms::contents::media::upload).layer(DefaultBodyLimit::max(MEDIA_FORM_BYTES_MAX)),
        )
        .route(&format!("{tenant}/media/remove"), post(rooms::contents::media::remove))
        .route(&format!("{tenant}/rates"), get(rooms::contents::rates::show))
        .route(&format!("{tenant}/settings"), get(rooms::settings::show))
        .route(&format!("{tenant}/settings/{{part}}"), post(rooms::settings::change))
        .route(&format!("{tenant}/webhooks"), get(rooms::webhooks::list).post(rooms::webhooks::add))
        .route(&format!("{tenant}/webhooks/{{id}}"), get(rooms::webhooks::show).post(rooms::webhooks::act))
        .route(&format!("{tenant}/live"), get(rooms::live::show))
        .route(&format!("{tenant}/live/stream"), get(rooms::live::stream::open))
        .route("/console/{*rest}", get(trouble::nowhere))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(from_fn(headers::refuse_other_origins))
        .layer(from_fn(trouble::tell))
        .route("/console/assets/{name}", get(assets::serve))
        .layer(from_fn_with_state(console.clone(), headers::protect))
        .with_state(console)
}
