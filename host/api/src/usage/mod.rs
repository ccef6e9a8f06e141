//! What plugins cost, and how much of it tenants may have.

pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod quota;

use guanxi_domain::usage::{Quota, Usage};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What calls of plugins came to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Usage)]
pub struct UsageBody {
    /// How many.
    pub calls: u64,
    /// People, moments or messages that they were about.
    pub items: u64,
    /// Calls that came to nothing because the plugin crashed.
    pub crashes: u64,
    /// Those among the crashes that computed too much or took too long.
    pub timeouts: u64,
    /// Operations that were asked for and that the host refused.
    pub refusals: u64,
    /// Fuel that they burnt.
    pub fuel: u64,
    /// How long they ran.
    pub microseconds: u64,
}

/// How much a tenant may have.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Quota)]
pub struct QuotaBody {
    /// Fuel that its plugins may burn in a day (UTC) together; `null` if that is not limited. Backtests and replays stop when
    /// everything together has burnt it; decisions and deliveries when these two have.
    #[serde(default)]
    #[schema(example = 1_000_000_000_000_u64)]
    pub fuel_per_day: Option<u64>,
    /// How large its share of the processors is beside other tenants who have something to do at the same time, 1 to 100.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 100, example = 1)]
    pub weight: u32,
}

/// Of how many days.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UsageQuery {
    /// The last days, today among them; 1 to 90, 30 if not given.
    #[serde(default)]
    pub days: Option<u32>,
}

fn one() -> u32 {
    1
}

impl From<Usage> for UsageBody {
    fn from(Usage { calls, items, crashes, timeouts, refusals, fuel, micros }: Usage) -> Self {
        Self { calls, items, crashes, timeouts, refusals, fuel, microseconds: micros }
    }
}

impl From<Quota> for QuotaBody {
    fn from(Quota { fuel_per_day, weight }: Quota) -> Self {
        Self { fuel_per_day, weight }
    }
}

impl From<QuotaBody> for Quota {
    fn from(QuotaBody { fuel_per_day, weight }: QuotaBody) -> Self {
        Self { fuel_per_day, weight }
    }
}
