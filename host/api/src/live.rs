//! `GET /api/v1/tenants/{tenant}/live`: what happens right now, as Server-Sent Events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures::{Stream, StreamExt, stream};
use guanxi_app::{App, Live};
use guanxi_domain::tenant::TenantId;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;
use crate::state::Stopping;

/// How long a stream lasts, so that a revoked token does not look on for ever. Browsers connect again by themselves.
const STREAM_MAX: Duration = Duration::from_secs(600);
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Look on
///
/// A stream of Server-Sent Events called `event`, `decision`, `message` and `plugin`, each with a JSON object: `kind`,
/// `at`, `id`, `person`, `name`, `what`, `detail`. Whoever is too slow gets a last event `missed` with the number of
/// items missed; every stream ends after ten minutes. Connect again to go on.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/live",
    tag = "events",
    operation_id = "watch_tenant",
    params(("tenant" = String, Path, description = "The tenant's slug")),
    responses((status = 200, description = "The stream", body = String, content_type = "text/event-stream")),
    security(("token" = ["read"])),
)]
pub(crate) async fn live(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    State(stopping): State<Stopping>,
    Path(tenant): Path<String>,
) -> ApiResult<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let (tenant, items) = app.watch(&caller, &tenant).await?;
    let end = async move {
        tokio::select! {
            () = tokio::time::sleep(STREAM_MAX) => {}
            () = stopping.wait() => {}
        }
    };
    let events = watch(tenant, items).take_until(end).map(Ok);
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// The items of one tenant, up to the first that was missed.
fn watch(tenant: TenantId, items: Receiver<Arc<Live>>) -> impl Stream<Item = Event> {
    stream::unfold(Some(items), move |items| async move {
        let mut items = items?;
        loop {
            match items.recv().await {
                Ok(item) if item.tenant == tenant => match Event::default().event(name(&item)).json_data(&*item) {
                    Ok(event) => return Some((event, Some(items))),
                    Err(error) => tracing::error!(%error, "a live item is no JSON"),
                },
                Ok(_) => {}
                Err(RecvError::Lagged(count)) => {
                    return Some((Event::default().event("missed").data(count.to_string()), None));
                }
                Err(RecvError::Closed) => return None,
            }
        }
    })
}

fn name(item: &Live) -> &'static str {
    match item.kind {
        guanxi_app::LiveKind::Event => "event",
        guanxi_app::LiveKind::Decision => "decision",
        guanxi_app::LiveKind::Message => "message",
        guanxi_app::LiveKind::Plugin => "plugin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;
    use guanxi_app::LiveKind;
    use tokio::sync::broadcast;

    fn item(tenant: i64, id: &str) -> Arc<Live> {
        Arc::new(Live {
            tenant: TenantId(tenant),
            kind: LiveKind::Event,
            at: 7,
            id: id.to_owned(),
            person: None,
            name: None,
            what: "page".to_owned(),
            detail: String::new(),
        })
    }

    async fn seen(sender: broadcast::Sender<Arc<Live>>, receiver: Receiver<Arc<Live>>) -> String {
        drop(sender);
        let response = Sse::new(watch(TenantId(1), receiver).map(Ok::<_, Infallible>)).into_response();
        let bytes = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn an_onlooker_sees_one_tenant_only() {
        let (sender, receiver) = broadcast::channel(8);
        for item in [item(1, "evt_a"), item(2, "evt_b")] {
            sender.send(item).unwrap();
        }
        let expected = "event: event\ndata: {\"kind\":\"event\",\"at\":7,\"id\":\"evt_a\",\"person\":null,\"name\":null,\
                        \"what\":\"page\",\"detail\":\"\"}\n\n";
        assert_eq!(seen(sender, receiver).await, expected);
    }

    #[tokio::test]
    async fn a_slow_onlooker_is_told_and_sent_away() {
        let (sender, receiver) = broadcast::channel(2);
        for _ in 0..5 {
            sender.send(item(1, "evt_a")).unwrap();
        }
        assert_eq!(seen(sender, receiver).await, "event: missed\ndata: 3\n\n");
    }
}
