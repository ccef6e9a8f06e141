//! Who is told what becomes of a brand: its addresses, and what each was told lately.

mod words;

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use guanxi_app::{AppError, WebhookInput};
use guanxi_domain::ids::{DeliveryId, WebhookId};
use guanxi_domain::tenant::Tenant;
use guanxi_domain::webhook::{Delivery, DeliveryStatus, NoticeKind, Off, Webhook};

use crate::Console;
use crate::format::{Time, count};
use crate::page::{Page, Room, html};
use crate::rooms::Badge;
use crate::rooms::plugins::Refusal;
use crate::session::{Signed, Visitor};
use crate::trouble::Trouble;
use words::Words;

/// Deliveries that the page shows.
const LATEST: u32 = 50;

/// A kind of notice as a box: its word, what it means, whether it is ticked.
type Tick = (&'static str, &'static str, bool);

struct Row {
    place: String,
    address: String,
    state: Badge<'static>,
    kinds: Vec<&'static str>,
}

struct Sent {
    id: String,
    kind: &'static str,
    state: Badge<'static>,
    attempts: u32,
    answered: Option<u16>,
    error: Option<String>,
    at: Time,
    next: Option<Time>,
    retriable: bool,
}

#[derive(Template)]
#[template(path = "webhooks.html")]
struct WebhooksPage {
    page: Page,
    w: &'static Words,
    place: String,
    settings: String,
    csrf: String,
    manages: bool,
    refusal: Option<Refusal>,
    /// What was typed when something was refused.
    typed: String,
    ticks: Vec<Tick>,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "webhook.html")]
struct WebhookPage {
    page: Page,
    w: &'static Words,
    /// Of all addresses.
    list: String,
    place: String,
    csrf: String,
    refusal: Option<Refusal>,
    /// Shown this once.
    secret: Option<String>,
    address: String,
    enabled: bool,
    state: Badge<'static>,
    failing: Option<Time>,
    dropped: Option<String>,
    rotated: Option<Time>,
    ticks: Vec<Tick>,
    sent: Vec<Sent>,
}

/// `GET /console/t/{slug}/webhooks`.
pub async fn list(
    State(console): State<Console>,
    visitor: Visitor,
    Path(slug): Path<String>,
) -> Result<Response, Trouble> {
    html(&list_page(&console, &visitor, &slug, None).await?)
}

/// `POST /console/t/{slug}/webhooks`: subscribes an address and shows its secret, which no other page does.
pub async fn add(
    State(console): State<Console>,
    Path(slug): Path<String>,
    Signed(visitor, form): Signed<HashMap<String, String>>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let input = WebhookInput { enabled: true, ..wish(&form) };
    match console.app.create_webhook(&visitor.caller, &slug, input).await {
        Ok(new) => html(&page(&console, &visitor, &tenant, new.webhook, Some(new.secret), None).await?),
        Err(error) => {
            let trouble = Trouble::from(error);
            let Some((status, refusal)) = Refusal::of(&trouble, visitor.language) else { return Err(trouble) };
            let page = list_page(&console, &visitor, &slug, Some((refusal, &form))).await?;
            Ok((status, html(&page)?).into_response())
        }
    }
}

/// `GET /console/t/{slug}/webhooks/{id}`.
pub async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path((slug, id)): Path<(String, WebhookId)>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let webhook = console.app.webhook(&visitor.caller, &slug, id).await?;
    html(&page(&console, &visitor, &tenant, webhook, None, None).await?)
}

/// `POST /console/t/{slug}/webhooks/{id}`: changes, tries, rotates or deletes it, or sends something once more.
pub async fn act(
    State(console): State<Console>,
    Path((slug, id)): Path<(String, WebhookId)>,
    Signed(visitor, form): Signed<HashMap<String, String>>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let (app, caller) = (&console.app, &visitor.caller);
    let here = format!("/console/t/{}/webhooks/{id}", tenant.slug);
    let done = match form.get("act").map(String::as_str).unwrap_or_default() {
        "save" => app.put_webhook(caller, &slug, id, wish(&form)).await.map(drop),
        "test" => app.test_webhook(caller, &slug, id).await.map(drop),
        "retry" => match delivery(&form) {
            Ok(delivery) => app.retry_delivery(caller, &slug, id, delivery).await.map(drop),
            Err(error) => Err(error),
        },
        "rotate" => match app.rotate_webhook(caller, &slug, id).await {
            Ok(new) => return html(&page(&console, &visitor, &tenant, new.webhook, Some(new.secret), None).await?),
            Err(error) => Err(error),
        },
        "remove" => {
            app.delete_webhook(caller, &slug, id).await?;
            return Ok(Redirect::to(&format!("/console/t/{}/webhooks", tenant.slug)).into_response());
        }
        _ => Err(AppError::NotFound("page")),
    };
    let Err(error) = done else { return Ok(Redirect::to(&here).into_response()) };
    let trouble = Trouble::from(error);
    let Some((status, refusal)) = Refusal::of(&trouble, visitor.language) else { return Err(trouble) };
    let webhook = console.app.webhook(&visitor.caller, &slug, id).await?;
    Ok((status, html(&page(&console, &visitor, &tenant, webhook, None, Some(refusal)).await?)?).into_response())
}

async fn list_page(
    console: &Console,
    visitor: &Visitor,
    slug: &str,
    refused: Option<(Refusal, &HashMap<String, String>)>,
) -> Result<WebhooksPage, Trouble> {
    let tenant = visitor.tenant(slug).await?;
    let (w, manages) = (words::of(visitor.language), visitor.manages(&tenant));
    let webhooks = if manages { console.app.webhooks(&visitor.caller, slug).await? } else { Vec::new() };
    let place = format!("/console/t/{}/webhooks", tenant.slug);
    let (refusal, typed, ticks) = match refused {
        Some((refusal, form)) => {
            let WebhookInput { address, kinds, .. } = wish(form);
            (Some(refusal), address, ticks(&kinds, w))
        }
        None => (None, String::new(), ticks(&NoticeKind::ALL, w)),
    };
    Ok(WebhooksPage {
        page: visitor.page(w.title, &tenant, Room::Settings),
        w,
        settings: format!("/console/t/{}/settings", tenant.slug),
        csrf: visitor.proof(),
        manages,
        refusal,
        typed,
        ticks,
        rows: webhooks.into_iter().map(|webhook| row(webhook, &place, w)).collect(),
        place,
    })
}

async fn page(
    console: &Console,
    visitor: &Visitor,
    tenant: &Tenant,
    webhook: Webhook,
    secret: Option<String>,
    refusal: Option<Refusal>,
) -> Result<WebhookPage, Trouble> {
    let w = words::of(visitor.language);
    let slug = tenant.slug.as_str();
    let latest = console.app.webhook_deliveries(&visitor.caller, slug, webhook.id, None, Some(LATEST)).await?;
    let list = format!("/console/t/{slug}/webhooks");
    Ok(WebhookPage {
        page: visitor.page(w.title, tenant, Room::Settings),
        w,
        place: format!("{list}/{}", webhook.id),
        list,
        csrf: visitor.proof(),
        refusal,
        secret,
        enabled: webhook.off.is_none(),
        state: state(webhook.off, w),
        failing: webhook.failing_since.map(Time),
        dropped: (webhook.dropped > 0).then(|| count(webhook.dropped)),
        rotated: webhook.rotated_at.map(Time),
        ticks: ticks(&webhook.kinds, w),
        sent: latest.into_iter().map(|delivery| sent(delivery, webhook.off.is_none(), w)).collect(),
        address: webhook.address,
    })
}

/// What the form with an address says.
fn wish(form: &HashMap<String, String>) -> WebhookInput {
    let kinds = NoticeKind::ALL.into_iter().filter(|kind| form.contains_key(kind.as_str()));
    WebhookInput {
        address: form.get("address").cloned().unwrap_or_default(),
        kinds: kinds.collect(),
        enabled: form.contains_key("enabled"),
    }
}

fn delivery(form: &HashMap<String, String>) -> Result<DeliveryId, AppError> {
    let text = form.get("delivery").map(String::as_str).unwrap_or_default();
    text.parse().map_err(|_| AppError::NotFound("delivery"))
}

fn ticks(ticked: &[NoticeKind], w: &'static Words) -> Vec<Tick> {
    NoticeKind::ALL.into_iter().map(|kind| (kind.as_str(), w.of_kind(kind), ticked.contains(&kind))).collect()
}

fn state(off: Option<Off>, w: &'static Words) -> Badge<'static> {
    Badge { code: if off.is_some() { "off" } else { "live" }, title: w.of_off(off) }
}

fn row(webhook: Webhook, list: &str, w: &'static Words) -> Row {
    Row {
        place: format!("{list}/{}", webhook.id),
        state: state(webhook.off, w),
        kinds: webhook.kinds.into_iter().map(|kind| w.of_kind(kind)).collect(),
        address: webhook.address,
    }
}

fn sent(delivery: Delivery, is_on: bool, w: &'static Words) -> Sent {
    let code = match delivery.status {
        DeliveryStatus::Waiting => "queued",
        DeliveryStatus::Delivered => "sent",
        other => other.as_str(),
    };
    Sent {
        id: delivery.id.to_string(),
        kind: w.of_kind(delivery.kind),
        state: Badge { code, title: w.of_status(delivery.status) },
        attempts: delivery.attempts,
        answered: delivery.http_status,
        error: delivery.error,
        at: Time(delivery.created_at),
        next: (delivery.status == DeliveryStatus::Waiting).then_some(Time(delivery.due_at)),
        retriable: is_on && delivery.status != DeliveryStatus::Sending,
    }
}
