//! The host's library of plugins: uploaded or pulled by operators, checked at the door, seen by everybody.
//!
//! Whether a package is let in is decided before anything of it is compiled: by who signed it, and by whose name it bears.

use std::sync::Arc;

use futures::future::BoxFuture;
use guanxi_domain::caller::Caller;
use guanxi_domain::contract;
use guanxi_domain::grants::{ENTRIES_MAX, ENTRY_BYTES_MAX, Grants};
use guanxi_domain::limits::{COMPONENT_BYTES_MAX, DEVELOPMENT_VERSIONS_MAX, PAGE_MAX};
use guanxi_domain::manifest::Manifest;
use guanxi_domain::version::is_development_version;
use guanxi_package::PublicKey;
use guanxi_store::{PluginRow, Scope as Rows, Work, YankRow};
use semver::Version;

use crate::loaded::Load;
use crate::publishers::FIRST_PARTY;
use crate::{App, AppError, Problem};

/// The most characters of the reason for which a version is yanked.
const REASON_MAX: usize = 500;

/// How packages come in and are called outside the engine; handed in by the binary, which knows the runtime and the
/// registries.
#[derive(Clone)]
pub struct Door {
    /// Checks a component.
    pub admission: Admission,
    /// Fetches from a registry.
    pub fetch: Fetch,
    /// Loads a plugin.
    pub load: Load,
    /// Forgets a component that the library no longer has.
    pub forget: Forget,
    /// Whether packages that nobody signed are let in.
    pub unsigned: bool,
    /// Whether plugins for drafts of the contract are let in and run.
    pub drafts: bool,
}

/// Checks a component.
pub type Admission = Arc<dyn Fn(Vec<u8>) -> BoxFuture<'static, Result<AdmittedPlugin, Vec<Problem>>> + Send + Sync>;

/// Fetches what a reference names from its registry, or says why not.
pub type Fetch = Arc<dyn Fn(String) -> BoxFuture<'static, Result<Fetched, Problem>> + Send + Sync>;

/// Forgets what was kept of the component with this digest besides the library.
pub type Forget = Arc<dyn Fn(&str) + Send + Sync>;

/// What came from a registry.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The package.
    pub package: Vec<u8>,
    /// Where it was, with the digest of what was there.
    pub reference: String,
}

/// A component that passed the check.
#[derive(Debug, Clone)]
pub struct AdmittedPlugin {
    /// The component itself.
    pub component: Vec<u8>,
    /// SHA-256, lower-case hex.
    pub digest: String,
    /// What it says of itself.
    pub manifest: Manifest,
    /// The same as it was written.
    pub manifest_toml: String,
    /// The admission report, a JSON object.
    pub report: serde_json::Value,
}

/// One version of one plugin.
#[derive(Debug, Clone)]
pub struct PluginView {
    /// What it says of itself.
    pub manifest: Manifest,
    /// SHA-256, lower-case hex.
    pub digest: String,
    /// The admission report, a JSON object.
    pub report: serde_json::Value,
    /// Bytes.
    pub size: i64,
    /// When it was uploaded.
    pub created_at: guanxi_domain::Millis,
    /// Whose it is; nobody's if it came unsigned.
    pub publisher: Option<String>,
    /// The key that signed it, `ed25519:` and base64.
    pub signer: Option<String>,
    /// Where it came from: `bundled`, `upload`, or a reference into a registry with a digest.
    pub source: String,
    /// When and why it was taken back, if it was.
    pub yanked: Option<YankRow>,
    /// Why this host does not run it, if it does not: its contract.
    pub unsupported: Option<String>,
}

/// Whose package something is.
struct Provenance {
    publisher: Option<String>,
    signer: Option<String>,
    source: String,
}

impl Door {
    /// Lets nothing in.
    pub fn closed() -> Self {
        let nothing = || Problem::new("component", "this library takes no plugins");
        Self {
            admission: Arc::new(move |_| Box::pin(async move { Err(vec![nothing()]) })),
            fetch: Arc::new(move |_| Box::pin(async move { Err(nothing()) })),
            load: Arc::new(move |_| Box::pin(async move { Err(nothing().problem) })),
            forget: Arc::new(|_| {}),
            unsigned: false,
            drafts: false,
        }
    }
}

impl App {
    /// Takes a package into the library. Operators only. It must be signed by a publisher who is trusted, unless this host
    /// lets unsigned ones in; a name belongs to the publisher who brought it first. The same bytes twice change nothing;
    /// other bytes under a version that is taken are refused, and so is an older version than the newest release unless
    /// `older` says that it is meant. Of a plugin's [development versions](guanxi_domain::version) the latest few are kept,
    /// and those that are in use.
    pub async fn upload_plugin(&self, caller: &Caller, package: Vec<u8>, older: bool) -> Result<PluginView, AppError> {
        self.operator(caller)?;
        let provenance = self.provenance(&package, "upload".to_owned()).await?;
        self.shelve(package, provenance, older).await
    }

    /// As [`Self::upload_plugin`], from a registry: `registry/repository:tag` or `registry/repository@sha256:…`.
    pub async fn pull_plugin(&self, caller: &Caller, reference: &str, older: bool) -> Result<PluginView, AppError> {
        self.operator(caller)?;
        let fetch = &self.inner.door.fetch;
        let fetched = fetch(reference.to_owned()).await.map_err(|problem| AppError::Invalid(vec![problem]))?;
        let provenance = self.provenance(&fetched.package, fetched.reference).await?;
        self.shelve(fetched.package, provenance, older).await
    }

    /// Takes in a package that the binary carries, which needs no signature: whoever runs it trusts it. The name is Guanxi's
    /// from then on, even if the same bytes came before names had publishers.
    pub async fn bundle_plugin(&self, caller: &Caller, package: Vec<u8>) -> Result<PluginView, AppError> {
        self.operator(caller)?;
        let (publisher, source) = (Some(FIRST_PARTY.to_owned()), "bundled".to_owned());
        self.shelve(package, Provenance { publisher, signer: None, source }, true).await
    }

    /// Every version of every plugin, newest first, at most a page.
    pub async fn plugins(&self, _caller: &Caller) -> Result<Vec<PluginView>, AppError> {
        let rows = self.store().read(Rows::Host).await?.plugins(PAGE_MAX).await?;
        rows.into_iter().map(|row| self.plugin_view(row)).collect()
    }

    /// One version of a plugin; the newest release that was not yanked if `version` is not given.
    pub async fn plugin(&self, _caller: &Caller, name: &str, version: Option<&str>) -> Result<PluginView, AppError> {
        let mut work = self.store().read(Rows::Host).await?;
        let row = match version {
            Some(version) => work.plugin(name, version).await?,
            None => {
                let offered = |row: &PluginRow| row.yanked.is_none() && !is_development_version(&row.version);
                work.versions(name, PAGE_MAX).await?.into_iter().find(offered)
            }
        };
        self.plugin_view(row.ok_or(AppError::NotFound("plugin version"))?)
    }

    /// The versions of a plugin that may be installed, newest first, releases before what authors try.
    pub async fn plugin_versions(&self, caller: &Caller, name: &str) -> Result<Vec<PluginView>, AppError> {
        let mut versions = self.plugin_history(caller, name).await?;
        versions.retain(|version| version.yanked.is_none());
        versions.sort_by_key(|version| is_development_version(&version.manifest.version));
        Ok(versions)
    }

    /// Every version of a plugin that the library has, those that were taken back too, newest first, at most a page.
    pub async fn plugin_history(&self, _caller: &Caller, name: &str) -> Result<Vec<PluginView>, AppError> {
        let rows = self.store().read(Rows::Host).await?.versions(name, PAGE_MAX).await?;
        rows.into_iter().map(|row| self.plugin_view(row)).collect()
    }

    /// Takes a version back: it is installed nowhere anew, and whoever runs it sees the reason. Without a reason, offers it
    /// again. Operators only.
    pub async fn yank_plugin(
        &self,
        caller: &Caller,
        name: &str,
        version: &str,
        reason: Option<&str>,
    ) -> Result<PluginView, AppError> {
        self.operator(caller)?;
        let yanked = reason.map(|reason| self.yank(reason)).transpose()?;
        let mut work = self.store().begin(Rows::Host).await?;
        if !work.yank_plugin(name, version, yanked.as_ref()).await? {
            return Err(AppError::NotFound("plugin version"));
        }
        work.commit().await?;
        self.plugin(caller, name, Some(version)).await
    }

    /// What a plugin may do at most, whatever tenants grant; nothing if that is not limited.
    pub async fn plugin_allowance(&self, _caller: &Caller, name: &str) -> Result<Option<Grants>, AppError> {
        let mut read = self.store().read(Rows::Host).await?;
        check_is_known(&mut read, name).await?;
        Ok(read.allowance(name).await?)
    }

    /// Limits what a plugin may do in all tenants, whatever they grant, from its next call on; with `None` it may do whatever
    /// they grant. Operators only.
    pub async fn allow_plugin(&self, caller: &Caller, name: &str, grants: Option<Grants>) -> Result<(), AppError> {
        self.operator(caller)?;
        if grants.as_ref().is_some_and(|grants| !grants.is_bounded()) {
            let problem = format!("a list has at most {ENTRIES_MAX} entries of at most {ENTRY_BYTES_MAX} bytes");
            return Err(AppError::invalid("grants", problem));
        }
        if let Some(problem) = grants.as_ref().and_then(Grants::limits_problem) {
            return Err(AppError::invalid("grants", problem));
        }
        let mut work = self.store().begin(Rows::Host).await?;
        check_is_known(&mut work, name).await?;
        work.put_allowance(name, grants.as_ref(), self.ambient().now()).await?;
        work.commit().await?;
        self.signals().installed.notify_one();
        Ok(())
    }

    fn yank(&self, reason: &str) -> Result<YankRow, AppError> {
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > REASON_MAX || reason.chars().any(char::is_control) {
            let problem = format!("say why, in 1 to {REASON_MAX} characters without control characters");
            return Err(AppError::invalid("reason", problem));
        }
        Ok(YankRow { at: self.ambient().now(), reason: reason.to_owned() })
    }

    /// Whose package it is, if it is let in at all.
    async fn provenance(&self, package: &[u8], source: String) -> Result<Provenance, AppError> {
        if package.len() > COMPONENT_BYTES_MAX {
            return Err(AppError::TooLarge(format!("a component has at most {COMPONENT_BYTES_MAX} bytes")));
        }
        let signer =
            guanxi_package::signer(package).map_err(|error| AppError::invalid("signature", error.to_string()))?;
        let Some(signer) = signer.as_ref().map(PublicKey::to_string) else {
            if self.inner.door.unsigned {
                return Ok(Provenance { publisher: None, signer: None, source });
            }
            let problem = "nobody signed this package; sign it with `guanxi plugin sign`, or let unsigned ones in with \
                           GUANXI_UNSIGNED_PLUGINS=true where nothing is at stake";
            return Err(AppError::invalid("signature", problem));
        };
        match self.store().read(Rows::Host).await?.key_owner(&signer).await? {
            Some((publisher, None)) => Ok(Provenance { publisher: Some(publisher), signer: Some(signer), source }),
            Some((publisher, Some(_))) => {
                let problem =
                    format!("the key {signer} of {publisher} was revoked; ask for a package with their new key");
                Err(AppError::invalid("signature", problem))
            }
            None => {
                let problem = format!(
                    "signed with {signer}, which no publisher has that this host trusts; if you know whose it is, \
                     `guanxi publisher trust` it"
                );
                Err(AppError::invalid("signature", problem))
            }
        }
    }

    async fn shelve(&self, package: Vec<u8>, from: Provenance, older: bool) -> Result<PluginView, AppError> {
        let manifest =
            guanxi_package::manifest(&package).map_err(|error| AppError::invalid("plugin.toml", error.to_string()))?;
        let digest = guanxi_package::digest(&package);
        let mut work = self.store().read(Rows::Host).await?;
        check_name(&mut work, &manifest, &digest, &from, older).await?;
        drop(work);
        let admitted = (self.inner.door.admission)(package).await.map_err(AppError::Invalid)?;
        let row = PluginRow {
            name: admitted.manifest.name.clone(),
            version: admitted.manifest.version.clone(),
            digest: admitted.digest.clone(),
            manifest: admitted.manifest_toml,
            report: admitted.report.to_string(),
            size: i64::try_from(admitted.component.len()).unwrap_or(i64::MAX),
            created_at: self.ambient().now(),
            publisher: from.publisher.clone(),
            signer: from.signer.clone(),
            source: from.source.clone(),
            yanked: None,
        };
        let mut work = self.store().begin(Rows::Host).await?;
        // Somebody else may have brought the name while this one was compiled.
        work.hold_plugins().await?;
        check_name(&mut work, &manifest, &digest, &from, older).await?;
        work.insert_plugin(&row, &admitted.component).await?;
        if let Some(publisher) = &row.publisher {
            work.name_publisher(&row.digest, publisher, &row.source).await?;
        }
        work.commit().await?;
        if is_development_version(&row.version)
            && let Err(error) = self.drop_development_versions(&row.name).await
        {
            // Somebody may have just installed one of them; the next upload tries again.
            tracing::warn!(plugin = %row.name, %error, "old development versions stay in the library");
        }
        // The same bytes may have been there before.
        let kept = self.store().read(Rows::Host).await?.plugin(&row.name, &row.version).await?;
        self.plugin_view(kept.unwrap_or(row))
    }

    fn plugin_view(&self, row: PluginRow) -> Result<PluginView, AppError> {
        let manifest = Manifest::stored(&row.manifest).map_err(AppError::internal)?;
        let runs = contract::check(&manifest.contract, self.inner.door.drafts);
        Ok(PluginView {
            manifest,
            digest: row.digest,
            report: serde_json::from_str(&row.report).map_err(AppError::internal)?,
            size: row.size,
            created_at: row.created_at,
            publisher: row.publisher,
            signer: row.signer,
            source: row.source,
            yanked: row.yanked,
            unsupported: runs.err().map(|why| why.to_string()),
        })
    }

    /// Removes development versions that others have followed and that nobody uses, so that an author who saves all day
    /// leaves a few.
    async fn drop_development_versions(&self, name: &str) -> Result<(), AppError> {
        let mut work = self.store().begin(Rows::Host).await?;
        let mut known = work.versions(name, PAGE_MAX).await?;
        known.retain(|row| is_development_version(&row.version));
        let mut dropped = Vec::new();
        for old in known.into_iter().skip(DEVELOPMENT_VERSIONS_MAX) {
            if work.drop_plugin(name, &old.version).await? {
                dropped.push(old.digest);
            }
        }
        work.commit().await?;
        dropped.iter().for_each(|digest| (self.inner.door.forget)(digest));
        Ok(())
    }
}

/// Whether the library has any version of a plugin, taken back or not.
async fn check_is_known(work: &mut Work, name: &str) -> Result<(), AppError> {
    if work.versions(name, 1).await?.is_empty() { Err(AppError::NotFound("plugin")) } else { Ok(()) }
}

/// Whether whoever brings this version may.
async fn check_name(
    work: &mut Work,
    manifest: &Manifest,
    digest: &str,
    from: &Provenance,
    older: bool,
) -> Result<(), AppError> {
    let name = &manifest.name;
    let versions = work.versions(name, PAGE_MAX).await?;
    if versions.iter().any(|known| known.digest == digest) {
        return Ok(());
    }
    // Whoever begins to sign may go on under the name that was nobody's.
    let owner = versions.iter().find_map(|known| known.publisher.as_ref());
    if let Some(owner) = owner.filter(|owner| from.publisher.as_ref() != Some(owner)) {
        let who = from.publisher.as_deref().unwrap_or("nobody who signed it");
        return Err(AppError::Conflict(format!(
            "the name {name} belongs to the publisher {owner}, and this package is by {who}; choose another name"
        )));
    }
    // What an author tries stands in no release's way.
    let tried = is_development_version(&manifest.version);
    let before = versions.iter().filter(|known| tried || !is_development_version(&known.version));
    let newest = before.filter_map(|known| Version::parse(&known.version).ok()).max();
    let version = Version::parse(&manifest.version).ok();
    if let Some(newest) = newest.filter(|newest| !older && version.as_ref() < Some(newest)) {
        return Err(AppError::Conflict(format!(
            "{name} {} is older than {newest}, which the library has; say that an older one is meant",
            manifest.version
        )));
    }
    Ok(())
}
