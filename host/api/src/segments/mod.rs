//! Segments of one tenant.

pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod of_person;
pub(crate) mod people;
pub(crate) mod preview;
pub(crate) mod put;
pub(crate) mod schema;

use guanxi_app::SegmentRow;
use guanxi_domain::Millis;
use guanxi_domain::ids::SegmentId;
use guanxi_domain::segment::Tongue;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Who is meant, and how many they are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Segment)]
pub struct SegmentBody {
    /// `seg_…`.
    #[schema(value_type = String)]
    pub id: SegmentId,
    /// Names it within the tenant.
    pub name: String,
    /// What people read.
    pub title: String,
    /// Who is meant; its language has a schema of its own.
    #[schema(value_type = Object)]
    pub filter: Value,
    /// The filter in one line, in English and Chinese.
    pub said: Said,
    /// `ready`, or `building` while its members are being found.
    pub status: &'static str,
    /// How many are in it.
    pub members: i64,
    /// Up to when it is done what time alone changes, milliseconds since the epoch.
    pub swept_to: Millis,
    /// Milliseconds since the epoch.
    pub created_at: Millis,
    /// Milliseconds since the epoch.
    pub updated_at: Millis,
}

/// The same in two languages.
#[derive(Debug, Serialize, ToSchema)]
pub struct Said {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

impl From<SegmentRow> for SegmentBody {
    fn from(row: SegmentRow) -> Self {
        Self {
            id: row.id,
            said: Said { en: row.filter.say(Tongue::English), zh: row.filter.say(Tongue::Chinese) },
            filter: row.filter.to_json(),
            status: if row.is_built() { "ready" } else { "building" },
            name: row.name,
            title: row.title,
            members: row.members,
            swept_to: row.swept_to,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
