//! `GET /api/v1/tenants/{tenant}/people/{id}/scores`.

use axum::Json;
use axum::extract::State;
use guanxi_app::{App, InputSeen, ScoreAgain, ScoresAgain};
use guanxi_domain::Millis;
use guanxi_domain::campaign::Value;
use guanxi_domain::ids::PersonId;
use serde::Serialize;
use utoipa::ToSchema;

use super::{ScoreBody, TermBody};
use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::Path;
use crate::problem::ApiResult;

/// What one scorer says of a person, as it is kept and executed again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScoresAgain)]
pub struct ScoresAgainBody {
    /// The installation's name.
    pub installation: String,
    /// The plugin that scores now.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its component, lower-case hex.
    pub digest: String,
    /// What it sees, in the order of the manifest.
    pub inputs: Vec<InputBody>,
    /// Score by score.
    pub scores: Vec<ScoreAgainBody>,
    /// Fuel that the call burns.
    pub fuel: u64,
    /// Why there are no scores now.
    pub failure: Option<String>,
}

/// One input of a scorer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScorerInput)]
pub struct InputBody {
    /// Its name.
    pub name: String,
    /// Why it is wanted.
    pub purpose: String,
    /// What is seen: a text, a number, `true` or `false`, texts; times are milliseconds since the epoch.
    pub value: serde_json::Value,
    /// Why nothing is seen, so that the manifest's default counts: `not-granted`, `not-allowed` (the person does not), `unknown`.
    #[schema(example = "not-granted")]
    pub unseen: Option<&'static str>,
}

/// One score, then and now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScoreAgain)]
pub struct ScoreAgainBody {
    /// As the manifest declares it.
    pub name: String,
    /// As it is kept; `null` if this installation never gave it.
    pub kept: Option<ScoreBody>,
    /// As it comes out now; `null` if it does not.
    pub now: Option<NowBody>,
}

/// A score as it comes out now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScoreNow)]
pub struct NowBody {
    /// Its value.
    pub value: f64,
    /// Term by term.
    pub terms: Vec<TermBody>,
    /// Milliseconds since the epoch.
    pub at: Millis,
}

/// Explain scores
///
/// For each installed scorer what it sees of the person, the scores that are kept, and what it gives now. No score is kept of
/// that. Scores are no receipts: a score that is kept may be older than what is seen now.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/people/{id}/scores",
    tag = "people",
    operation_id = "explain_scores",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`per_…`"),
    ),
    responses((status = 200, description = "All of them, on one page", body = Page<ScoresAgainBody>)),
    security(("token" = ["read"])),
)]
pub(crate) async fn scores(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, PersonId)>,
) -> ApiResult<Json<Page<ScoresAgainBody>>> {
    let now = app.ambient().now();
    let again = app.score_again(&caller, &tenant, id).await?;
    Ok(Json(cursor::whole(again, |again| ScoresAgainBody::new(again, now))))
}

impl ScoresAgainBody {
    fn new(again: ScoresAgain, now: Millis) -> Self {
        let ScoresAgain { installation, inputs, scores, fuel, failure } = again;
        Self {
            installation: installation.name,
            plugin: installation.plugin,
            version: installation.version,
            digest: installation.digest,
            inputs: inputs.into_iter().map(InputBody::from).collect(),
            scores: scores.into_iter().map(|score| ScoreAgainBody::new(score, now)).collect(),
            fuel,
            failure,
        }
    }
}

impl ScoreAgainBody {
    fn new(ScoreAgain { name, kept, now }: ScoreAgain, at: Millis) -> Self {
        let now = now.map(|(value, terms)| NowBody {
            value,
            terms: terms.into_iter().map(|(name, value)| TermBody { name, value }).collect(),
            at,
        });
        Self { name, kept: kept.map(ScoreBody::from), now }
    }
}

impl From<InputSeen> for InputBody {
    fn from(InputSeen { name, purpose, value }: InputSeen) -> Self {
        let (value, unseen) = match value {
            Ok(value) => (plain(value), None),
            Err(unseen) => (serde_json::Value::Null, Some(unseen.as_str())),
        };
        Self { name, purpose, value, unseen }
    }
}

fn plain(value: Value) -> serde_json::Value {
    match value {
        Value::Text(text) => text.into(),
        Value::Number(number) => number.into(),
        Value::Integer(number) | Value::Time(number) => number.into(),
        Value::Flag(flag) => flag.into(),
        Value::Texts(texts) => texts.into(),
    }
}
