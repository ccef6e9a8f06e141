//! Connecting a channel: what to copy where, what is missing, and trying it out before anybody gets a message.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use guanxi_app::{AppError, ChannelTestRow, SeenCallback, SessionCheck, TestInput, TestReport};
use guanxi_domain::tenant::Tenant;

use super::exchanges::Exchanged;
use super::words::{self, Words};
use super::{Card, Places, callback_code};
use crate::Console;
use crate::format::{Time, count};
use crate::page::{Page, Room, html};
use crate::rooms::Badge;
use crate::rooms::plugins::Refusal;
use crate::session::{Signed, Visitor};
use crate::trouble::Trouble;

/// Something that is missing.
struct Missing {
    what: &'static str,
    name: Option<String>,
}

/// What a test message came to.
struct Tested {
    outcome: Badge<'static>,
    word: String,
    detail: Option<String>,
    took: String,
    exchanges: Vec<Exchanged>,
}

/// A test message of earlier.
struct Earlier {
    at: Time,
    by: String,
    outcome: String,
    detail: String,
}

/// A request of the channel.
struct Called {
    at: Time,
    method: String,
    result: Badge<'static>,
    why: String,
}

/// What came of a check of the session.
struct Checked {
    ok: bool,
    text: String,
    until: Option<Time>,
}

#[derive(Template)]
#[template(path = "channel.html")]
struct ConnectPage {
    page: Page,
    w: &'static Words,
    places: Places,
    card: Card,
    /// Of the plugin's own pages.
    plugin: String,
    csrf: String,
    manages: bool,
    missing: Vec<Missing>,
    has_session: bool,
    session: Option<(Option<Time>, Option<String>)>,
    /// The address for callbacks, and whether it is a whole one.
    callback: Option<(String, bool)>,
    refusal: Option<Refusal>,
    checked: Option<Checked>,
    tested: Option<Tested>,
    typed: Typed,
    earlier: Vec<Earlier>,
    called: Vec<Called>,
}

/// What was typed into the form of a test message.
#[derive(Default)]
struct Typed {
    address: String,
    text: String,
    content: String,
    /// What addresses of this channel look like.
    hint: String,
}

/// What somebody has tried out.
#[derive(Default)]
struct Tried {
    refusal: Option<Refusal>,
    checked: Option<Checked>,
    tested: Option<Tested>,
    typed: Typed,
}

/// `GET /console/t/{slug}/channels/{name}`.
pub async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path((slug, name)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    html(&page(&console, &visitor, &tenant, &name, Tried::default()).await?)
}

/// `POST /console/t/{slug}/channels/{name}`: checks the session or sends a test message.
pub async fn act(
    State(console): State<Console>,
    Path((slug, name)): Path<(String, String)>,
    Signed(visitor, form): Signed<HashMap<String, String>>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let (app, caller, w) = (&console.app, &visitor.caller, words::of(visitor.language));
    let field = |name: &str| form.get(name).map(|text| text.trim().to_owned()).unwrap_or_default();
    let typed = Typed { address: field("address"), text: field("text"), content: field("content"), ..Typed::default() };
    let mut tried = Tried { typed, ..Tried::default() };
    let done = match field("act").as_str() {
        "check" => {
            app.check_session(caller, &slug, &name).await.map(|check| tried.checked = Some(Checked::of(check, w)))
        }
        "test" => match wish(&tried.typed) {
            Ok(input) => {
                let sent = app.send_test(caller, &slug, &name, input).await;
                sent.map(|report| tried.tested = Some(Tested::of(report, visitor.language.words())))
            }
            Err(error) => Err(error),
        },
        _ => Err(AppError::NotFound("page")),
    };
    let Err(error) = done else { return html(&page(&console, &visitor, &tenant, &name, tried).await?) };
    let trouble = Trouble::from(error);
    let Some((status, refusal)) = Refusal::of(&trouble, visitor.language) else { return Err(trouble) };
    tried.refusal = Some(refusal);
    let page = page(&console, &visitor, &tenant, &name, tried).await?;
    Ok((status, html(&page)?).into_response())
}

async fn page(
    console: &Console,
    visitor: &Visitor,
    tenant: &Tenant,
    name: &str,
    tried: Tried,
) -> Result<ConnectPage, Trouble> {
    let (app, caller, slug) = (&console.app, &visitor.caller, tenant.slug.as_str());
    let (w, places, manages) = (words::of(visitor.language), Places::of(slug), visitor.manages(tenant));
    let view = app.channel(caller, slug, name).await?;
    let called = app.seen_callbacks(caller, slug, name).await?;
    let earlier = if manages { app.channel_tests(caller, slug, name).await? } else { Vec::new() };
    let path = format!("/hooks/{slug}/{name}");
    let public_url = console.options.public_url.as_deref();
    let callback = view.receives.then(|| match public_url {
        Some(url) => (format!("{url}{path}"), true),
        None => (path, false),
    });
    let lacks = view.lacks().into_iter().map(|lack| {
        let (what, name) = w.of_lack(lack);
        Missing { what, name }
    });
    let missing = lacks.collect();
    let kinds = view.spec().map(|spec| spec.addresses.clone()).unwrap_or_default();
    let kind = kinds.into_iter().find(|kind| kind != "*").unwrap_or_else(|| "email".to_owned());
    let mut typed = tried.typed;
    typed.hint = format!("{kind}:…");
    Ok(ConnectPage {
        page: visitor.page(w.connect, tenant, Room::Channels),
        w,
        plugin: format!("/console/t/{slug}/plugins/{name}"),
        csrf: visitor.proof(),
        manages,
        missing,
        has_session: view.has_session,
        session: view.session.as_ref().map(|session| (session.expires_at.map(Time), session.problem.clone())),
        callback,
        refusal: tried.refusal,
        checked: tried.checked,
        tested: tried.tested,
        typed,
        earlier: earlier.into_iter().map(Earlier::of).collect(),
        called: called.into_iter().map(|seen| Called::of(seen, w)).collect(),
        card: Card::of(view, &places, visitor.language),
        places,
    })
}

/// What is to be sent: content as it is typed, or a text.
fn wish(typed: &Typed) -> Result<TestInput, AppError> {
    let content = match typed.content.as_str() {
        "" => [("text".to_owned(), typed.text.clone().into())].into_iter().collect(),
        content => serde_json::from_str(content).map_err(|error| AppError::invalid("content", error.to_string()))?,
    };
    Ok(TestInput { address: typed.address.clone(), content })
}

impl Checked {
    fn of(check: SessionCheck, w: &'static Words) -> Self {
        let text = match (&check.problem, check.wanted) {
            (Some(problem), _) => format!("{}: {problem}", w.check_bad),
            (None, true) => w.check_ok.to_owned(),
            (None, false) => w.check_none.to_owned(),
        };
        Self { ok: check.problem.is_none(), text, until: check.expires_at.map(Time) }
    }
}

impl Tested {
    fn of(report: TestReport, w: &'static crate::words::Words) -> Self {
        let sent = report.sent;
        let outcome = match sent.outcome.as_str() {
            "sent" => Badge { code: "sent", title: w.sent },
            _ => Badge { code: "failed", title: w.failed },
        };
        Self {
            outcome,
            word: sent.outcome,
            detail: sent.detail,
            took: format!("{} ms", count(sent.took_ms)),
            exchanges: Exchanged::all(sent.exchanges),
        }
    }
}

impl Earlier {
    fn of(row: ChannelTestRow) -> Self {
        let ChannelTestRow { at, token, outcome, detail, .. } = row;
        Self { at: Time(at), by: token.to_string(), outcome, detail: detail.unwrap_or_default() }
    }
}

impl Called {
    fn of(seen: SeenCallback, w: &'static Words) -> Self {
        let SeenCallback { at, method, outcome, status, reason } = seen;
        let result = Badge { code: callback_code(outcome.as_str()), title: w.of_outcome(outcome) };
        let why = reason.or_else(|| status.map(|status| status.to_string())).unwrap_or_default();
        Self { at: Time(at), method, result, why }
    }
}
