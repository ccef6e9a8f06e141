//! Audiences: segments on advertising channels, told by hashed identifiers.

pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod put;
pub(crate) mod sync;

use guanxi_app::AudienceView;
use guanxi_domain::Millis;
use guanxi_domain::ids::AudienceId;
use serde::Serialize;
use utoipa::ToSchema;

/// An audience and where it stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Audience)]
pub struct AudienceBody {
    /// `aud_…`.
    #[schema(value_type = String)]
    pub id: AudienceId,
    /// Names it within the tenant.
    pub name: String,
    /// What people read.
    pub title: String,
    /// The name of the segment whose members are meant.
    pub segment: String,
    /// The name of the connector's installation.
    pub installation: String,
    /// The audience's id on the channel's side.
    pub channel_audience: String,
    /// Kinds of identities that the channel is told, hashed.
    pub kinds: Vec<String>,
    /// What people must have allowed.
    pub purpose: String,
    /// Whether it is being deleted: it goes once the channel has taken the last removal.
    pub ending: bool,
    /// Whether everybody was looked at since its definition or its segment's last changed.
    pub settled: bool,
    /// Identifiers that the channel has.
    pub there: i64,
    /// Identifiers that it is still to be told.
    pub to_add: i64,
    /// Identifiers that it is still to remove.
    pub to_remove: i64,
    /// What the last upload came to: `done`, or a class such as `retry-after`, `quota-exhausted`, `rejected`, `unreachable`,
    /// `paused`.
    pub outcome: Option<String>,
    /// Why, if it did not end well.
    pub problem: Option<String>,
    /// How often in a row an upload failed.
    pub failures: u32,
    /// When it is tried again, if it is held back; milliseconds since the epoch.
    pub held_until: Option<Millis>,
    /// When the channel last took something, milliseconds since the epoch.
    pub uploaded_at: Option<Millis>,
    /// Who made it.
    pub created_by: String,
    /// Milliseconds since the epoch.
    pub created_at: Millis,
    /// When its definition last changed, milliseconds since the epoch.
    pub updated_at: Millis,
}

impl From<AudienceView> for AudienceBody {
    fn from(view: AudienceView) -> Self {
        let AudienceView { row, segment, installation, counts, settled } = view;
        let (audience, progress) = (row.audience, row.progress);
        Self {
            id: audience.id,
            name: audience.name,
            title: audience.title,
            segment,
            installation,
            channel_audience: audience.channel_audience,
            kinds: audience.kinds,
            purpose: audience.purpose,
            ending: audience.ending,
            settled,
            there: counts.there,
            to_add: counts.to_add,
            to_remove: counts.to_remove,
            outcome: progress.outcome,
            problem: progress.problem,
            failures: progress.failures,
            held_until: Some(progress.held_until).filter(|held| *held > 0),
            uploaded_at: progress.uploaded_at,
            created_by: audience.created_by,
            created_at: audience.created_at,
            updated_at: audience.updated_at,
        }
    }
}
