//! `guanxi token`

use clap::{Subcommand, ValueEnum};
use guanxi_domain::caller::Scope;
use guanxi_domain::ids::TokenId;

use crate::commands::print;
use crate::config::Config;
use crate::wiring::{build, local_operator};

#[derive(Subcommand)]
pub enum Action {
    /// Create a token and show it once.
    Create {
        /// What it is for.
        name: String,
        /// The tenant it belongs to; an operator token without.
        #[arg(long)]
        tenant: Option<String>,
        /// What it allows in its tenant.
        #[arg(long, value_delimiter = ',', required_unless_present = "operator", requires = "tenant")]
        scopes: Vec<ScopeName>,
        /// Make an operator token, which may do everything.
        #[arg(long, conflicts_with = "tenant")]
        operator: bool,
    },
    /// List the tokens of a tenant, or of the operators.
    List {
        /// The tenant; `-` for the operators.
        tenant: String,
    },
    /// Revoke a token.
    Revoke {
        /// The tenant; `-` for the operators.
        tenant: String,
        /// Its id, `tok_…`.
        token: TokenId,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum ScopeName {
    /// Send events (a write key).
    Ingest,
    /// Besides, vouch that what its events name together is one person's: for servers, never for web pages.
    Vouch,
    /// See everything of the tenant.
    Read,
    /// Bring other versions and configurations of plugins, as far as they ask for nothing new.
    Install,
    /// Change everything of the tenant.
    Manage,
}

impl From<ScopeName> for Scope {
    fn from(name: ScopeName) -> Self {
        match name {
            ScopeName::Ingest => Self::Ingest,
            ScopeName::Vouch => Self::Vouch,
            ScopeName::Read => Self::Read,
            ScopeName::Install => Self::Install,
            ScopeName::Manage => Self::Manage,
        }
    }
}

pub async fn run(config: &Config, action: Action) -> anyhow::Result<()> {
    let app = build(config).await?.app;
    match action {
        Action::Create { name, tenant: Some(tenant), scopes, .. } => {
            let scopes: Vec<Scope> = scopes.into_iter().map(Scope::from).collect();
            print(app.create_token(&local_operator(), &tenant, &name, &scopes).await?.secret);
        }
        Action::Create { name, .. } => print(app.create_operator_token(&name).await?.secret),
        Action::List { tenant } => {
            for token in app.tokens(&local_operator(), &tenant).await? {
                let state = if token.revoked_at.is_some() { "revoked" } else { "valid" };
                print(format!("{}\t{}\t{:?}\t{state}", token.id, token.name, token.scopes));
            }
        }
        Action::Revoke { tenant, token } => {
            app.revoke_token(&local_operator(), &tenant, token).await?;
            print("Revoked.");
        }
    }
    Ok(())
}
