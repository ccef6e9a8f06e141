//! `POST /v1/events`: CloudEvents 1.0 in structured, batched and binary mode, told apart by content type.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use guanxi_app::App;
use guanxi_domain::event::cloudevents;
use guanxi_domain::limits::{BATCH_BYTES_MAX, EVENT_BYTES_MAX};

use super::{Receipt, body, keep, sender, unreadable};
use crate::auth::write_key;
use crate::extract::essence;
use crate::problem::{ApiResult, Kind, Problem};

/// Take CloudEvents
///
/// Takes CloudEvents 1.0: one as `application/cloudevents+json`, a list as `application/cloudevents-batch+json`, or one
/// in binary mode with its attributes in `ce-` headers. The write key is a bearer token or the user name of basic
/// authentication. The person is named by `subject` or the extension `identities`. An event has at most 32 KiB, a list
/// 500 KiB, unpacked; `Content-Encoding: gzip` is understood. The answer comes once the events are on disk; an event with
/// the same `source` and `id` is not kept twice.
#[utoipa::path(
    post,
    path = "/v1/events",
    tag = "ingest",
    request_body(
        description = "One event or a list of them",
        content(
            (Object = "application/cloudevents+json"),
            (Vec<Object> = "application/cloudevents-batch+json"),
        ),
    ),
    responses((status = 202, description = "The events are in the log", body = Receipt)),
    security(("write_key" = ["ingest"]), ("token" = ["ingest"])),
)]
pub(crate) async fn receive(State(app): State<App>, headers: HeaderMap, body: Body) -> ApiResult<Response> {
    let from = sender(&app, write_key(&headers).as_deref()).await?;
    let mode = Mode::of(&headers)?;
    let bytes_max = if mode == Mode::Batch { BATCH_BYTES_MAX } else { EVENT_BYTES_MAX };
    let bytes = body::read(&headers, body, bytes_max).await?;
    let (region, now, mut make_id) = (from.tenant.settings.region.as_deref(), app.ambient().now(), || app.event_id());
    let readings = match mode {
        Mode::Structured => cloudevents::read_structured(&bytes, region, now, &mut make_id),
        Mode::Batch => cloudevents::read_batch(&bytes, region, now, &mut make_id),
        Mode::Binary => {
            let (attributes, content_type) = (attributes(&headers), content_type(&headers));
            cloudevents::read_binary(&attributes, content_type, &bytes, region, now, &mut make_id)
        }
    };
    let receipt = keep(&app, &from, readings.map_err(unreadable)?).await?;
    Ok(receipt.into_response(StatusCode::ACCEPTED))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Structured,
    Batch,
    Binary,
}

impl Mode {
    fn of(headers: &HeaderMap) -> ApiResult<Self> {
        match essence(headers).as_deref() {
            Some("application/cloudevents+json") => Ok(Self::Structured),
            Some("application/cloudevents-batch+json") => Ok(Self::Batch),
            Some(other) if other.starts_with("application/cloudevents") => Err(unknown()),
            _ if headers.contains_key("ce-specversion") => Ok(Self::Binary),
            _ => Err(unknown()),
        }
    }
}

fn unknown() -> Problem {
    let detail =
        "send application/cloudevents+json, application/cloudevents-batch+json, or binary mode with ce- headers";
    Problem::new(Kind::UnsupportedMediaType, detail)
}

fn attributes(headers: &HeaderMap) -> Vec<(String, String)> {
    let mine = headers.iter().filter(|(name, _)| name.as_str().starts_with("ce-"));
    mine.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())).collect()
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_TYPE)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mode_follows_from_the_headers() {
        for (content_type, binary, expected) in [
            ("application/cloudevents+json; charset=utf-8", false, Some(Mode::Structured)),
            ("application/cloudevents+json", true, Some(Mode::Structured)),
            ("Application/CloudEvents-Batch+JSON", false, Some(Mode::Batch)),
            ("application/cloudevents+avro", true, None),
            ("application/json", true, Some(Mode::Binary)),
            ("application/json", false, None),
        ] {
            let mut headers = HeaderMap::from_iter([(header::CONTENT_TYPE, content_type.parse().unwrap())]);
            if binary {
                headers.insert("ce-specversion", "1.0".parse().unwrap());
            }
            assert_eq!(Mode::of(&headers).ok(), expected, "{content_type}");
        }
    }
}
