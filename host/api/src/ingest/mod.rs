//! Events come in: who sends, how much, in which encoding, and what became of each event.

mod body;
pub(crate) mod cloudevents;
pub(crate) mod segment;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use guanxi_app::{App, AppError, Sender};
use guanxi_domain::event::{BadEvent, Readings};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{ApiResult, InputError, Problem};

/// What became of the events of one request. Those that were accepted are on disk.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Receipt {
    /// Always `true`: sending the same again helps nobody, not even if some events were refused.
    pub success: bool,
    /// Events that are in the log now.
    pub accepted: usize,
    /// Events that were in the log before, recognised by their message ids.
    pub duplicates: usize,
    /// Events that were refused, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<InputError>,
}

impl Receipt {
    fn into_response(self, status: StatusCode) -> Response {
        (status, Json(self)).into_response()
    }
}

/// Whose write key `key` is.
async fn sender(app: &App, key: Option<&str>) -> ApiResult<Sender> {
    let caller = app.authenticate(key.ok_or(AppError::Unauthorized)?).await?;
    Ok(app.sender(&caller).await?)
}

/// Keeps what could be read. A request with nothing good in it is refused as a whole.
async fn keep(app: &App, from: &Sender, readings: Readings) -> ApiResult<Receipt> {
    let (mut events, mut rejected) = (Vec::with_capacity(readings.len()), Vec::new());
    for reading in readings {
        match reading {
            Ok(mut event) => {
                from.prepare(&mut event);
                events.push(event);
            }
            Err(bad) => rejected.push(input_error(bad)),
        }
    }
    if events.is_empty() && !rejected.is_empty() {
        return Err(Problem::invalid_input(rejected));
    }
    let kept = app.ingest(from.tenant.id, events).await?;
    Ok(Receipt { success: true, accepted: kept.accepted, duplicates: kept.duplicates, rejected })
}

fn input_error(bad: BadEvent) -> InputError {
    InputError { at: bad.at, problem: bad.problem }
}

fn unreadable(bad: BadEvent) -> Problem {
    Problem::invalid_input(vec![input_error(bad)])
}
