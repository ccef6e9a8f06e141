//! `guanxi tenant`

use clap::Subcommand;

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
}

pub async fn run(config: &Config, action: Action) -> anyhow::Result<()> {
    let app = build(config).await?.app;
    match action {
        Action::Create { slug, name } => {
            let tenant = app.create_tenant(&local_operator(), &slug, &name).await?;
            print(format!("Created the tenant {}.", tenant.slug));
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
