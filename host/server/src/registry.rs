//! Packages in OCI registries, in the layout that the WebAssembly community uses: one layer `application/wasm`, and a
//! configuration `application/vnd.wasm.config.v0+json` that tells what the component imports and exports.
//! Source: CNCF TAG Runtime, "Wasm OCI Artifact layout".

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use docker_credential::{CredentialRetrievalError, DockerCredential};
use futures::TryStreamExt;
use guanxi_app::Fetched;
use guanxi_domain::limits::COMPONENT_BYTES_MAX;
use oci_client::client::{ClientConfig, ClientProtocol, Config as OciConfig, ImageLayer};
use oci_client::manifest::OciImageManifest;
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};
use serde_json::json;

const LAYER: &str = "application/wasm";
const CONFIG: &str = "application/vnd.wasm.config.v0+json";
/// How long a registry may take for all of it.
const TIMEOUT: Duration = Duration::from_secs(120);
/// How long it may keep silent.
const SILENCE: Duration = Duration::from_secs(20);

/// Talks to registries; to these over plain http.
#[derive(Clone)]
pub struct Registry {
    allow_http: Vec<String>,
}

impl Registry {
    pub fn new(allow_http: Vec<String>) -> Self {
        Self { allow_http }
    }

    /// Fetches the package that `reference` names.
    pub async fn pull(&self, reference: &str) -> anyhow::Result<Fetched> {
        let place = parse(reference)?;
        tokio::time::timeout(TIMEOUT, self.pull_from(&place))
            .await
            .with_context(|| format!("{} took longer than {} s", place.registry(), TIMEOUT.as_secs()))?
            .with_context(|| format!("{reference} cannot be pulled"))
    }

    /// Puts a package where `reference` says; returns where it is, with its digest there.
    pub async fn push(&self, reference: &str, package: Vec<u8>, created: &str) -> anyhow::Result<String> {
        let version = guanxi_package::manifest(&package)?.version;
        let place = parse(&tagged(reference, &version))?;
        ensure!(place.digest().is_none(), "push to a tag: what has a digest is there already");
        tokio::time::timeout(TIMEOUT, self.push_to(&place, package, created))
            .await
            .with_context(|| format!("{} took longer than {} s", place.registry(), TIMEOUT.as_secs()))?
            .with_context(|| format!("{reference} cannot be pushed"))
    }

    async fn pull_from(&self, place: &Reference) -> anyhow::Result<Fetched> {
        let client = self.client()?;
        let (manifest, digest) = client.pull_image_manifest(place, &credentials(place)?).await?;
        let [layer] = manifest.layers.as_slice() else {
            bail!("has {} layers; a plugin is one layer `{LAYER}`", manifest.layers.len());
        };
        ensure!(layer.media_type == LAYER, "holds `{}`; a plugin is one layer `{LAYER}`", layer.media_type);
        let too_large = || format!("has more than {COMPONENT_BYTES_MAX} bytes");
        ensure!(usize::try_from(layer.size).is_ok_and(|size| size <= COMPONENT_BYTES_MAX), too_large());
        // Only from the registry: other places that a manifest may name would be fetched from inside this network.
        let mut pieces = client.pull_blob_stream(place, layer.digest.as_str()).await?;
        let mut package = Vec::new();
        while let Some(piece) = pieces.stream.try_next().await? {
            ensure!(package.len() + piece.len() <= COMPONENT_BYTES_MAX, too_large());
            package.extend_from_slice(&piece);
        }
        Ok(Fetched { package, reference: exact(place, &digest) })
    }

    async fn push_to(&self, place: &Reference, package: Vec<u8>, created: &str) -> anyhow::Result<String> {
        let plugin = guanxi_package::manifest(&package)?;
        let outline = guanxi_package::inspect(&package)?;
        let layer = ImageLayer::new(package, LAYER.to_owned(), None);
        let config = json!({
            "created": created,
            "architecture": "wasm",
            "os": "wasip2",
            "layerDigests": [layer.sha256_digest()],
            "component": {"exports": outline.exports, "imports": outline.imports, "target": null},
        });
        let config = OciConfig::new(config.to_string(), CONFIG.to_owned(), None);
        let mut annotations = BTreeMap::from([
            ("org.opencontainers.image.title".to_owned(), plugin.name),
            ("org.opencontainers.image.version".to_owned(), plugin.version),
            ("org.opencontainers.image.description".to_owned(), plugin.summary.en),
            ("org.opencontainers.image.created".to_owned(), created.to_owned()),
        ]);
        annotations.extend(plugin.licence.map(|licence| ("org.opencontainers.image.licenses".to_owned(), licence)));
        let layers = [layer];
        let manifest = OciImageManifest::build(&layers, &config, Some(annotations));
        let client = self.client()?;
        let credentials = credentials(place)?;
        client.push(place, &layers, config, &credentials, Some(manifest)).await?;
        Ok(exact(place, &client.fetch_manifest_digest(place, &credentials).await?))
    }

    fn client(&self) -> anyhow::Result<Client> {
        // Fails only if there is one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Client::try_from(ClientConfig {
            protocol: ClientProtocol::HttpsExcept(self.allow_http.clone()),
            platform_resolver: None,
            read_timeout: Some(SILENCE),
            connect_timeout: Some(SILENCE),
            user_agent: concat!("guanxi/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        })?)
    }
}

fn parse(reference: &str) -> anyhow::Result<Reference> {
    let reference = reference.strip_prefix("oci://").unwrap_or(reference);
    // Without a registry it would mean a public one.
    let names_registry = |place: &Reference| reference.starts_with(&format!("{}/", place.registry()));
    reference.parse().ok().filter(names_registry).with_context(|| {
        format!(
            "`{reference}` names nothing in a registry; write registry/repository:tag or registry/repository@sha256:…"
        )
    })
}

/// The reference with the version as its tag, unless it says which one. Tags have no `+`.
fn tagged(reference: &str, version: &str) -> String {
    let name = reference.rsplit_once('/').map_or(reference, |(_, name)| name);
    match name.contains([':', '@']) {
        true => reference.to_owned(),
        false => format!("{reference}:{}", version.replace('+', "_")),
    }
}

/// A reference that means these bytes for ever.
fn exact(place: &Reference, digest: &str) -> String {
    format!("oci://{}/{}@{digest}", place.registry(), place.repository())
}

/// As `docker login` left them.
fn credentials(place: &Reference) -> anyhow::Result<RegistryAuth> {
    match docker_credential::get_credential(place.resolve_registry()) {
        Ok(DockerCredential::UsernamePassword(user, password)) => Ok(RegistryAuth::Basic(user, password)),
        Ok(DockerCredential::IdentityToken(token)) => Ok(RegistryAuth::Bearer(token)),
        Err(
            CredentialRetrievalError::ConfigNotFound
            | CredentialRetrievalError::ConfigReadError
            | CredentialRetrievalError::NoCredentialConfigured,
        ) => Ok(RegistryAuth::Anonymous),
        Err(error) => Err(error).with_context(|| format!("the credentials for {} cannot be read", place.registry())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_the_tag_unless_one_is_given() {
        assert_eq!(tagged("oci://localhost:5000/tea/welcome", "1.2.0+x"), "oci://localhost:5000/tea/welcome:1.2.0_x");
        assert_eq!(tagged("localhost:5000/tea/welcome:beta", "1.2.0"), "localhost:5000/tea/welcome:beta");
        let exact = "tea.example/welcome@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(tagged(exact, "1.2.0"), exact);
        for bad in ["oci://", "oci:///x", "tea.example/a b:1", "tea.example/x:", "welcome:1", "lantern/welcome:1"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
