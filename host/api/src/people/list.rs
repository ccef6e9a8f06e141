//! `GET /api/v1/tenants/{tenant}/people`.

use axum::Json;
use axum::extract::State;
use guanxi_app::{App, PeopleCursor, PersonSummary};
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::PersonId;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::PersonBody;
use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::{Path, Query};
use crate::problem::{ApiResult, Problem};

const LIST: &str = "people";

/// Which people, and in which order.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PeopleQuery {
    /// The one person who has this identity, `kind:value`; stands alone.
    #[param(example = "email:ada@example.com")]
    pub identity: Option<String>,
    /// What a name starts with, or one whole identity, with or without its kind.
    pub search: Option<String>,
    /// Highest score of this name first; people without one are left out. Latest stored first if not given.
    #[param(example = "social-value")]
    pub score: Option<String>,
    /// `next` of the page before, with the same `search` and `score`.
    pub cursor: Option<String>,
    /// Items of a page: 1 to 200, 50 if not given; other numbers count as the nearest of these.
    pub limit: Option<u32>,
}

/// The last person of a page and, in a list by score, the score: its bits, so that JSON cannot round it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Last {
    person: PersonId,
    score: Option<(String, u64)>,
}

/// List people
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/people",
    tag = "people",
    operation_id = "list_people",
    params(("tenant" = String, Path, description = "The tenant's slug"), PeopleQuery),
    responses((status = 200, description = "A page of people", body = Page<PersonBody>)),
    security(("token" = ["read"])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
    Query(query): Query<PeopleQuery>,
) -> ApiResult<Json<Page<PersonBody>>> {
    if let Some(identity) = alone(&query)? {
        let found = app.person_by_identity(&caller, &tenant, &identity).await?;
        return Ok(Json(cursor::whole(found.into_iter().collect(), PersonBody::from)));
    }
    let score = query.score.as_deref();
    let after = cursor::read(LIST, query.cursor.as_deref())?.map(|last| after(last, score)).transpose()?;
    let size = cursor::page_size(query.limit);
    let people = app.people(&caller, &tenant, query.search, query.score.clone(), after, Some(size)).await?;
    cursor::page(LIST, size, people, |person| last(person, score), |person| Ok(person.into())).map(Json)
}

fn alone(query: &PeopleQuery) -> ApiResult<Option<Identity>> {
    let Some(text) = &query.identity else { return Ok(None) };
    if query.search.is_some() || query.score.is_some() || query.cursor.is_some() {
        return Err(Problem::invalid("identity", "stands alone; leave out search, score and cursor"));
    }
    text.parse()
        .map(Some)
        .map_err(|error: guanxi_domain::identity::BadIdentity| Problem::invalid("identity", error.to_string()))
}

fn last(summary: &PersonSummary, by_score: Option<&str>) -> Last {
    let score = by_score.and_then(|name| summary.scores.iter().find(|score| score.name == name));
    Last { person: summary.person.id, score: score.map(|score| (score.name.clone(), score.value.to_bits())) }
}

fn after(last: Last, by_score: Option<&str>) -> ApiResult<PeopleCursor> {
    match (last.score, by_score) {
        (None, None) => Ok(PeopleCursor::Newest(last.person)),
        (Some((name, bits)), Some(wanted)) if name == wanted && f64::from_bits(bits).is_finite() => {
            Ok(PeopleCursor::Score(f64::from_bits(bits), last.person))
        }
        _ => Err(Problem::invalid("cursor", "belongs to the list in another order; start without a cursor")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_keeps_to_its_order() {
        let person: PersonId = "per_01h2xcejqtf2nbrexx3vqjhp41".parse().unwrap();
        let by = |score: Option<(&str, f64)>| Last { person, score: score.map(|(n, v)| (n.to_owned(), v.to_bits())) };
        assert_eq!(after(by(None), None), Ok(PeopleCursor::Newest(person)));
        assert_eq!(after(by(Some(("ror", 0.1))), Some("ror")), Ok(PeopleCursor::Score(0.1, person)));
        assert!(after(by(Some(("ror", 0.1))), Some("rfm")).is_err());
        assert!(after(by(Some(("ror", f64::NAN))), Some("ror")).is_err());
        assert!(after(by(Some(("ror", 0.1))), None).is_err());
        assert!(after(by(None), Some("ror")).is_err());
    }
}
