//! Tenants, write keys and installations, made through the use cases before the server under measurement starts.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use guanxi_app::{
    Admission, AdmittedPlugin, Ambient, App, Door, GrantsInput, IngestLimits, InstallationInput, Problem, Vault,
};
use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::ids::{InstallationId, TokenId};
use guanxi_domain::installation::Mode;
use guanxi_domain::tenant::TenantId;
use guanxi_runtime::{Runtime, RuntimeOptions};
use guanxi_store::{Store, StoreOptions};
use serde_json::Value;

use crate::measure;
use crate::surroundings::Surroundings;

/// Seals the installations' secrets; the server gets the same.
pub const SECRET_KEY: [u8; 32] = [7; 32];

/// A tenant made for a measurement.
pub struct Tenant {
    /// Its number.
    pub id: TenantId,
    /// Its name in addresses.
    pub slug: String,
    /// For ingest.
    pub write_key: String,
}

/// An open, migrated database with the use cases over it.
pub struct Setup {
    /// The store below.
    pub store: Store,
    app: App,
    operator: Caller,
}

impl Setup {
    /// Opens and migrates.
    pub async fn open(url: &str) -> Result<Self> {
        let store = Store::open(url, &StoreOptions::default()).await?;
        store.migrate().await?;
        let admission = admission(Runtime::new(RuntimeOptions::default())?);
        let door = Door { admission, unsigned: true, ..Door::closed() };
        let limits = IngestLimits::default();
        let (app, _) = App::new(store.clone(), ambient(), Vault::new(SECRET_KEY), door, limits);
        let operator =
            Caller { token: TokenId::from_uuid(uuid::Uuid::nil()), tenant: TenantId::OPERATOR, scopes: Vec::new() };
        Ok(Self { store, app, operator })
    }

    /// Puts first-party plugins into the library; returns their versions by name.
    pub async fn upload(&self, surroundings: &Surroundings, names: &[&str]) -> Result<BTreeMap<String, String>> {
        let mut versions = BTreeMap::new();
        for name in names {
            versions.insert((*name).to_owned(), self.upload_package(surroundings.plugin(name)?).await?);
        }
        Ok(versions)
    }

    /// Puts a package into the library; returns its version.
    pub async fn upload_package(&self, package: Vec<u8>) -> Result<String> {
        Ok(self.app.upload_plugin(&self.operator, package, false).await?.manifest.version)
    }

    /// A tenant with a write key.
    pub async fn tenant(&self, slug: &str) -> Result<Tenant> {
        let tenant = self.app.create_tenant(&self.operator, slug, slug).await?;
        let write_key = self.app.create_token(&self.operator, slug, "bench", &[Scope::Ingest]).await?.secret;
        Ok(Tenant { id: tenant.id, slug: slug.to_owned(), write_key })
    }

    /// Uploads a file and lets its import wait for a server.
    pub async fn start_import(&self, tenant: &Tenant, name: &str, file: &[u8]) -> Result<()> {
        let wish = guanxi_app::ImportWish::default();
        let mut upload = self.app.begin_import(&self.operator, &tenant.slug, name, wish).await?;
        upload.push(file).await?;
        let import = upload.finish().await?.row.id;
        self.app.start_import(&self.operator, &tenant.slug, import).await?;
        Ok(())
    }

    /// Switches a plugin on with everything that it requests.
    pub async fn install(
        &self,
        tenant: &Tenant,
        plugin: &str,
        version: &str,
        config: Value,
        secrets: &[(&str, &str)],
    ) -> Result<InstallationId> {
        let secret = |(name, text): &(&str, &str)| ((*name).to_owned(), Some((*text).to_owned()));
        let input = InstallationInput {
            plugin: Some(plugin.to_owned()),
            version: version.to_owned(),
            mode: Mode::Live,
            config,
            grants: Some(GrantsInput::Requested),
            secrets: secrets.iter().map(secret).collect(),
        };
        let placed = self.app.put_installation(&self.operator, &tenant.slug, plugin, input).await;
        Ok(placed.with_context(|| format!("cannot install {plugin}"))?.view.installation.id)
    }

    /// Uploads and switches on plugins that need no configuration.
    pub async fn install_all(&self, surroundings: &Surroundings, tenant: &Tenant, names: &[&str]) -> Result<()> {
        for (name, version) in self.upload(surroundings, names).await? {
            self.install(tenant, &name, &version, serde_json::json!({}), &[]).await?;
        }
        Ok(())
    }

    /// Lets go of the database.
    pub async fn close(self) {
        self.store.close().await;
    }
}

/// A fresh identifier.
pub fn uuid() -> uuid::Uuid {
    ambient().uuid()
}

fn ambient() -> Ambient {
    Ambient::new(measure::epoch_ms, |buffer| {
        #[expect(clippy::expect_used, clippy::disallowed_methods, reason = "a bench without randomness is no bench")]
        getrandom::fill(buffer).expect("the machine gives random numbers");
    })
}

fn admission(runtime: Runtime) -> Admission {
    Arc::new(move |component: Vec<u8>| {
        let runtime = runtime.clone();
        Box::pin(async move {
            let admitted =
                runtime.admit(&component).map_err(|refusal| vec![Problem::new("component", refusal.to_string())])?;
            Ok(AdmittedPlugin {
                component,
                digest: admitted.digest,
                manifest: admitted.manifest,
                manifest_toml: admitted.manifest_toml,
                report: serde_json::to_value(&admitted.report).unwrap_or_default(),
            })
        })
    })
}
