//! `guanxi tenant`

use clap::Subcommand;
use guanxi_domain::usage::{Quota, Usage, WorkKind};

use crate::commands::print;
use crate::config::Config;
use crate::wiring::{build, local_operator};

#[derive(Subcommand)]
pub enum Action {
    /// Create a tenant.
    Create {
        /// Its name in addresses: 2 to 40 of a-z, 0-9 and -.
        slug: String,
        /// What people call it.
        name: String,
    },
    /// List all tenants.
    List,
    /// Say how much a tenant may have; without options show it.
    Quota {
        /// The tenant.
        slug: String,
        /// Fuel that its plugins may burn in a day (UTC) together.
        #[arg(long)]
        fuel_per_day: Option<u64>,
        /// As much fuel as there is.
        #[arg(long, conflicts_with = "fuel_per_day")]
        unlimited: bool,
        /// Its share of the processors beside other tenants, 1 to 100.
        #[arg(long)]
        weight: Option<u32>,
    },
    /// Show what plugins cost a tenant, by installation.
    Usage {
        /// The tenant.
        slug: String,
        /// The last days, today among them.
        #[arg(long)]
        days: Option<u32>,
    },
}

pub async fn run(config: &Config, action: Action) -> anyhow::Result<()> {
    let app = build(config).await?.app;
    match action {
        Action::Create { slug, name } => {
            let tenant = app.create_tenant(&local_operator(), &slug, &name).await?;
            print(format!("Created the tenant {}.", tenant.slug));
        }
        Action::Quota { slug, fuel_per_day, unlimited, weight } => {
            let mut quota = app.quota(&local_operator(), &slug).await?;
            if fuel_per_day.is_some() || unlimited || weight.is_some() {
                quota = Quota {
                    fuel_per_day: if unlimited { None } else { fuel_per_day.or(quota.fuel_per_day) },
                    weight: weight.unwrap_or(quota.weight),
                };
                quota = app.put_quota(&local_operator(), &slug, quota).await?;
            }
            let fuel = quota.fuel_per_day.map_or_else(|| "not limited".to_owned(), |fuel| fuel.to_string());
            print(format!("{slug}: fuel a day: {fuel}; weight: {}", quota.weight));
        }
        Action::Usage { slug, days } => {
            print("installation\tcalls\titems\tcrashes\tfuel\tseconds".to_owned());
            let view = app.usage(&local_operator(), &slug, days).await?;
            for (name, usage) in view.installations {
                let Usage { calls, items, crashes, fuel, micros, .. } = usage;
                print(format!("{name}\t{calls}\t{items}\t{crashes}\t{fuel}\t{:.3}", micros as f64 / 1e6));
            }
            let of_which = |(work, usage): &(WorkKind, Usage)| format!("{} {}", work.as_str(), usage.fuel);
            let works: Vec<String> = view.works.iter().map(of_which).collect();
            if !works.is_empty() {
                print(format!("Of the fuel: {}.", works.join(", ")));
            }
        }
        Action::List => {
            let mut after = None;
            loop {
                let page = app.tenants(&local_operator(), after.as_deref(), None).await?;
                let Some(last) = page.last() else { return Ok(()) };
                after = Some(last.slug.to_string());
                for tenant in &page {
                    print(format!("{}\t{}", tenant.slug, tenant.name));
                }
            }
        }
    }
    Ok(())
}
