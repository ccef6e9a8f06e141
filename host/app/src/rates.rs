//! How messages fare: how many were sent, looked at, followed and answered, by channel, connector, campaign and content.

use std::collections::{BTreeMap, HashMap};

use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::ids::InstallationId;
use guanxi_domain::insight::Clock;
use guanxi_domain::rates::Rates;
use guanxi_store::Scope as Rows;

use crate::{App, AppError};

/// The most days that are looked back on.
const DAYS_MAX: u32 = 400;
const DAYS: u32 = 30;

/// What messages are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RateGroup {
    /// Everything that tells messages apart.
    #[default]
    Source,
    /// The channel.
    Channel,
    /// The connector's installation.
    Connector,
    /// The campaign's installation.
    Campaign,
    /// The kept content.
    Content,
}

/// How messages of one group fared; members that the group does not tell apart are missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateView {
    /// The channel.
    pub channel: Option<String>,
    /// The name of the connector's installation.
    pub connector: Option<String>,
    /// The name of the campaign's installation; empty if it is not known any more.
    pub campaign: Option<String>,
    /// The name of the kept content; empty if the message was not kept.
    pub content: Option<String>,
    /// How many.
    pub rates: Rates,
}

impl App {
    /// How the messages that were decided within the last so many days fared, the most first.
    pub async fn message_rates(
        &self,
        caller: &Caller,
        slug: &str,
        days: Option<u32>,
        by: RateGroup,
    ) -> Result<Vec<RateView>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let today = Clock::of(&tenant.settings).day(self.ambient().now());
        let days = days.unwrap_or(DAYS).clamp(1, DAYS_MAX);
        let mut read = self.store().read(Rows::Tenant(tenant.id)).await?;
        // Whoever changed the time zone may have messages of tomorrow.
        let counted = read.message_rates(tenant.id, today - i64::from(days) + 1, today + 1).await?;
        let installations = read.installations(tenant.id).await?;
        drop(read);
        let names: HashMap<InstallationId, String> = installations.into_iter().map(|one| (one.id, one.name)).collect();
        let name = |id: InstallationId| names.get(&id).cloned().unwrap_or_default();
        let all = by == RateGroup::Source;
        let mut groups: BTreeMap<[Option<String>; 4], Rates> = BTreeMap::new();
        for (source, rates) in counted {
            let key = [
                (all || by == RateGroup::Channel).then(|| source.channel.clone()),
                (all || by == RateGroup::Connector).then(|| name(source.connector)),
                (all || by == RateGroup::Campaign).then(|| source.campaign.map(name).unwrap_or_default()),
                (all || by == RateGroup::Content).then(|| source.content.clone()),
            ];
            let sum = groups.entry(key).or_default();
            *sum = sum.plus(rates);
        }
        let view = |([channel, connector, campaign, content], rates): ([Option<String>; 4], Rates)| RateView {
            channel,
            connector,
            campaign,
            content,
            rates,
        };
        let mut views: Vec<RateView> = groups.into_iter().map(view).collect();
        views.sort_by_key(|view| std::cmp::Reverse(view.rates.sent));
        Ok(views)
    }
}
