//! What everybody, a segment or one person is like.

pub(crate) mod everybody;
pub(crate) mod of_person;
pub(crate) mod of_segment;
mod schema;

use guanxi_app::PortraitView;
use guanxi_domain::Millis;
use guanxi_domain::insight::{OwnPortrait, Portrait};
use serde::Serialize;
use utoipa::ToSchema;

/// The portrait of a set of people, as it was counted last.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Insight)]
pub struct InsightBody {
    /// The segment's name; `null` for everybody.
    pub segment: Option<String>,
    /// `ready`, or `computing` while a newer one is counted: ask again in a moment.
    pub status: &'static str,
    /// As of when the portrait is, milliseconds since the epoch; `null` before the first one.
    pub computed_at: Option<Millis>,
    /// The portrait; `null` before the first one. docs/insight.md says what each number means.
    #[schema(value_type = Option<schema::PortraitSchema>)]
    pub portrait: Option<Portrait>,
}

/// What one person is like, now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PersonInsight)]
pub struct PersonInsightBody {
    /// `ready`.
    pub status: &'static str,
    /// As of when it is, milliseconds since the epoch.
    pub computed_at: Millis,
    /// The portrait. docs/insight.md says what each number means.
    #[schema(value_type = schema::OwnPortraitSchema)]
    pub portrait: OwnPortrait,
}

impl From<PortraitView> for InsightBody {
    fn from(view: PortraitView) -> Self {
        let PortraitView { segment, portrait, computed_at, computing } = view;
        let status = if computing { "computing" } else { "ready" };
        Self { segment: segment.map(|segment| segment.name), status, computed_at, portrait }
    }
}
