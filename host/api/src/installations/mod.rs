//! Plugins of one tenant.

pub(crate) mod get;
pub(crate) mod grants;
pub(crate) mod list;
pub(crate) mod logs;
pub(crate) mod put;
pub(crate) mod upgrade;

use guanxi_app::{InstallationView, LimitView};
use guanxi_domain::Millis;
use guanxi_domain::channel_state::ChannelState;
use guanxi_domain::ids::InstallationId;
use guanxi_domain::installation::{Mode, Upgrade};
use guanxi_domain::manifest::{Kind, Manifest};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use grants::GrantLists;

/// A plugin as one tenant has it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Installation)]
pub struct InstallationBody {
    /// `ins_…`.
    #[schema(value_type = String)]
    pub id: InstallationId,
    /// Names it within the tenant.
    pub name: String,
    /// The plugin's name.
    pub plugin: String,
    /// The plugin's version.
    pub version: String,
    /// SHA-256 of the component, lower-case hex.
    pub digest: String,
    /// What the plugin is: `scorer`, `analyzer`, `campaign`, `connector`.
    pub kinds: Vec<&'static str>,
    /// On or off.
    #[schema(value_type = ModeName)]
    pub mode: Mode,
    /// The configuration with the schema's defaults filled in.
    #[schema(value_type = Object)]
    pub config: Value,
    /// What the tenant grants.
    pub grants: GrantLists,
    /// What the plugin asks for and the tenant does not grant, such as `fields: email`.
    pub withheld: Vec<String>,
    /// What the plugin asks for and the operator does not let it do, whatever the tenant grants.
    pub forbidden: Vec<String>,
    /// How often its operations are carried out at most, and how much of that is used.
    pub limits: Vec<LimitBody>,
    /// Names of the secrets that are set.
    pub secrets: Vec<String>,
    /// How it has behaved lately.
    pub health: HealthBody,
    /// How its channel behaves; `null` of what is no connector.
    pub channel: Option<ChannelBody>,
    /// Why this host does not run its plugin, whatever its mode; `null` if it does.
    pub unsupported: Option<String>,
    /// The version that waits for an approval; `null` if none does.
    pub upgrade: Option<UpgradeBody>,
    /// Milliseconds since the epoch.
    pub created_at: Millis,
    /// Milliseconds since the epoch.
    pub updated_at: Millis,
}

/// A limit of an operation that is in force: the least of what the plugin asks for, its operator lets it and its tenant grants.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Limit)]
pub struct LimitBody {
    /// The operation.
    #[schema(example = "send")]
    pub operation: String,
    /// What it counts: `per-day` everything of a calendar day of the brand, `per-person-per-day` what of that is about one person.
    #[schema(example = "per-day")]
    pub per: &'static str,
    /// How often at most.
    pub most: u64,
    /// Who says so: `plugin`, `operator` or `tenant`.
    #[schema(example = "tenant")]
    pub whose: &'static str,
    /// How much of it is used today; `null` of a limit for each person.
    pub used: Option<u64>,
}

/// A version that waits until somebody with `manage` approves it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Upgrade)]
pub struct UpgradeBody {
    /// The version.
    pub version: String,
    /// SHA-256 of its component, lower-case hex.
    pub digest: String,
    /// Its configuration with the schema's defaults filled in.
    #[schema(value_type = Object)]
    pub config: Value,
    /// Whether it is to work.
    #[schema(value_type = ModeName)]
    pub mode: Mode,
    /// What it asks for and the version before did not, such as `fields: email`.
    pub asks: Vec<String>,
    /// The token that brought it.
    pub asked_by: String,
    /// Milliseconds since the epoch.
    pub asked_at: Millis,
}

/// How an installation has behaved lately.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Health)]
pub struct HealthBody {
    /// Crashes since the last good stretch.
    pub crashes: u32,
    /// Quarantines since the last good stretch.
    pub quarantines: u32,
    /// Not called before this time, milliseconds since the epoch.
    pub quarantined_until: Option<Millis>,
    /// The last thing that went wrong.
    pub last_error: Option<String>,
}

/// How a connector's channel behaves.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChannelState)]
pub struct ChannelBody {
    /// `open`: messages leave. `paused`: the channel asked for patience, or a quota is used up. `resting`: it failed too often in
    /// a row. `probing`: the rest is over, and one message tries.
    #[schema(example = "open")]
    pub state: &'static str,
    /// Nothing leaves before this time, milliseconds since the epoch.
    pub until: Option<Millis>,
    /// Failures since the last success.
    pub failures: u32,
    /// Why it waits; what happened last if it does not wait any more.
    pub reason: Option<String>,
}

/// Whether a plugin is called.
#[derive(ToSchema)]
#[schema(as = Mode, rename_all = "kebab-case")]
#[expect(dead_code, reason = "describes the domain's mode, which knows nothing of OpenAPI")]
pub enum ModeName {
    Off,
    Live,
}

impl From<InstallationView> for InstallationBody {
    fn from(view: InstallationView) -> Self {
        let (withheld, forbidden) = (view.withheld(), view.forbidden());
        let InstallationView { installation, plugin, upgrade, limits, channel, .. } = view;
        let health = installation.health;
        Self {
            id: installation.id,
            name: installation.name,
            plugin: installation.plugin,
            version: installation.version,
            digest: installation.digest,
            kinds: kinds(&plugin.manifest),
            mode: installation.mode,
            config: installation.config,
            grants: installation.grants.into(),
            withheld,
            forbidden,
            limits: limits.into_iter().map(LimitBody::from).collect(),
            secrets: installation.secrets,
            health: HealthBody {
                crashes: health.crashes,
                quarantines: health.quarantines,
                quarantined_until: health.quarantined_until,
                last_error: health.last_error,
            },
            channel: channel.map(|(channel, now)| ChannelBody::of(channel, now)),
            unsupported: plugin.unsupported,
            upgrade: upgrade.map(UpgradeBody::from),
            created_at: installation.created_at,
            updated_at: installation.updated_at,
        }
    }
}

impl ChannelBody {
    fn of(channel: ChannelState, now: Millis) -> Self {
        let (mood, until) = channel.mood(now);
        Self { state: mood.as_str(), until, failures: channel.breaker.failures, reason: channel.reason }
    }
}

impl From<LimitView> for LimitBody {
    fn from(LimitView { operation, bound, used }: LimitView) -> Self {
        Self { operation, per: bound.per.as_str(), most: bound.most, whose: bound.whose.as_str(), used }
    }
}

impl From<Upgrade> for UpgradeBody {
    fn from(upgrade: Upgrade) -> Self {
        let Upgrade { version, digest, config, mode, asks, asked_by, asked_at } = upgrade;
        Self { version, digest, config, mode, asks, asked_by, asked_at }
    }
}

fn kinds(manifest: &Manifest) -> Vec<&'static str> {
    manifest.kinds().into_iter().map(Kind::as_str).collect()
}
