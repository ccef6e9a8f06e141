//! `GET /api/v1/tenants/{tenant}/people/{id}/segments`.

use axum::Json;
use axum::extract::State;
use guanxi_app::{App, Reason, SegmentAnswer};
use guanxi_domain::ids::PersonId;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Said;
use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::Path;
use crate::problem::ApiResult;

/// Whether a person is in a segment, and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SegmentAnswer)]
pub struct AnswerBody {
    /// The segment's name.
    pub segment: String,
    /// Its title.
    pub title: String,
    /// Whether the person is in it.
    pub member: bool,
    /// Part by part.
    pub reason: ReasonBody,
}

/// The answer of one part of a filter.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SegmentReason)]
pub struct ReasonBody {
    /// The condition, or `all`, `any` or `not`.
    pub part: Value,
    /// In English and Chinese.
    pub said: Said,
    /// Whether it holds.
    pub holds: bool,
    /// What was found of the person.
    pub found: Option<String>,
    /// The answers of its parts.
    #[schema(no_recursion)]
    pub parts: Vec<ReasonBody>,
}

impl From<SegmentAnswer> for AnswerBody {
    fn from(answer: SegmentAnswer) -> Self {
        let SegmentAnswer { segment, member, reason } = answer;
        Self { segment: segment.name, title: segment.title, member, reason: reason.into() }
    }
}

impl From<Reason> for ReasonBody {
    fn from(reason: Reason) -> Self {
        let [en, zh] = reason.said;
        Self {
            part: reason.part,
            said: Said { en, zh },
            holds: reason.holds,
            found: reason.found,
            parts: reason.parts.into_iter().map(Self::from).collect(),
        }
    }
}

/// Explain a person's segments
///
/// Every segment of the tenant, with the reason for which the person is in it or not.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/people/{id}/segments",
    tag = "segments",
    operation_id = "list_person_segments",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`per_…`"),
    ),
    responses((status = 200, description = "The answers", body = Page<AnswerBody>)),
    security(("token" = ["read"])),
)]
pub(crate) async fn of_person(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, PersonId)>,
) -> ApiResult<Json<Page<AnswerBody>>> {
    Ok(Json(cursor::whole(app.segments_of(&caller, &tenant, id).await?, AnswerBody::from)))
}
