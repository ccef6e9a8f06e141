//! `POST /v1/{identify,track,page,screen,group,alias,batch}`: what Segment's libraries send.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use guanxi_app::App;
use guanxi_domain::event::segment::{self, Call};
use guanxi_domain::limits::{BATCH_BYTES_MAX, EVENT_BYTES_MAX};
use serde::Deserialize;

use super::{Receipt, body, keep, sender, unreadable};
use crate::auth::write_key;
use crate::extract::Path;
use crate::problem::{ApiResult, Problem, not_found};

/// Take Segment-style events
///
/// Takes one call of Segment's HTTP tracking API, or a batch of them. The write key is the user name of basic
/// authentication, a bearer token, or `writeKey` in the body. The body is JSON, whatever its content type says, as it is
/// or gzipped; a call has at most 32 KiB, a batch 500 KiB, unpacked. The answer comes once the events are on disk; a
/// message that is sent again with the same `messageId` is not kept twice. Good messages of a batch are kept even if
/// others are refused; the answer names those. Libraries of Segment get `200` instead of `202`.
#[utoipa::path(
    post,
    path = "/v1/{call}",
    tag = "ingest",
    params(("call" = String, Path, description = "`identify`, `track`, `page`, `screen`, `group`, `alias` or `batch`")),
    request_body(content = Object, description = "A call as Segment documents it", content_type = "application/json"),
    responses(
        (status = 202, description = "The events are in the log", body = Receipt),
        (status = 200, description = "The same, for libraries of Segment", body = Receipt),
    ),
    security(("write_key" = ["ingest"]), ("token" = ["ingest"])),
)]
pub(crate) async fn receive(
    State(app): State<App>,
    Path(call): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    let Some(call) = Call::from_path(&call) else { return Err(not_found().await) };
    let receipt = take(&app, call, &headers, body).await.map_err(Problem::for_segment)?;
    Ok(receipt.into_response(success(&headers)))
}

async fn take(app: &App, call: Call, headers: &HeaderMap, body: Body) -> ApiResult<Receipt> {
    let shown = write_key(headers);
    // Whoever shows a key in the headers is known before a byte of the body is read.
    let known = match &shown {
        Some(key) => Some(sender(app, Some(key)).await?),
        None => None,
    };
    let bytes_max = if call == Call::Batch { BATCH_BYTES_MAX } else { EVENT_BYTES_MAX };
    let bytes = body::read(headers, body, bytes_max).await?;
    let from = match known {
        Some(from) => from,
        None => sender(app, key_inside(&bytes).as_deref()).await?,
    };
    let (region, now) = (from.tenant.settings.region.as_deref(), app.ambient().now());
    let readings = segment::read(call, &bytes, region, now, &mut || app.event_id()).map_err(unreadable)?;
    keep(app, &from, readings).await
}

fn key_inside(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Keyed {
        write_key: Option<String>,
    }
    serde_json::from_slice::<Keyed>(body).ok()?.write_key
}

/// Segment answers 200, and several of its libraries (Python before 2.4, PHP, Ruby) take nothing else for success: the
/// older Python one sends a batch that was answered 202 ten times over. They name themselves `analytics-python/2.3.2`.
fn success(headers: &HeaderMap) -> StatusCode {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if agent.starts_with("analytics-") { StatusCode::OK } else { StatusCode::ACCEPTED }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_get_the_status_they_know() {
        for (agent, expected) in [("analytics-python/2.3.2", 200), ("analytics-node-next/3.1.0", 200), ("curl/8", 202)]
        {
            let headers = HeaderMap::from_iter([(header::USER_AGENT, agent.parse().unwrap())]);
            assert_eq!(success(&headers), expected);
        }
        assert_eq!(success(&HeaderMap::new()), 202);
    }

    #[test]
    fn a_write_key_may_be_in_the_body() {
        for (body, expected) in [
            (r#"{"batch":[{"writeKey":"no"}],"writeKey":"yes"}"#, Some("yes")),
            (r#"{"batch":[]}"#, None),
            (r#"{"writeKey":1}"#, None),
            ("[", None),
        ] {
            assert_eq!(key_inside(body.as_bytes()).as_deref(), expected, "{body}");
        }
    }
}
