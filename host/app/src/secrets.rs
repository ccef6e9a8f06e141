//! Secrets of installations: sealed at rest, opened only for the calls that need them.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use guanxi_domain::ids::InstallationId;
use guanxi_domain::manifest::SecretFormat;
use guanxi_domain::tenant::TenantId;

const NONCE_LEN: usize = 24;

/// Seals and opens secrets with one key (XChaCha20-Poly1305), bound to tenant and installation.
#[derive(Clone)]
pub struct Vault {
    cipher: XChaCha20Poly1305,
}

/// A sealed value that cannot be opened: another key, or damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("secrets cannot be opened with this key; set GUANXI_SECRET_KEY to the key they were sealed with")]
pub struct VaultError;

/// The text of a secret is not in the format that the manifest declares.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadSecret(&'static str);

/// Secrets in the clear, by name. `Debug` shows the names only.
#[derive(Clone, Default)]
pub struct OpenSecrets(pub BTreeMap<String, String>);

impl fmt::Debug for OpenSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

impl Vault {
    /// A vault with a 256-bit key.
    pub fn new(key: [u8; 32]) -> Self {
        Self { cipher: XChaCha20Poly1305::new(&key.into()) }
    }

    /// Seals all secrets of one installation. `nonce` must be fresh.
    pub fn seal(
        &self,
        tenant: TenantId,
        installation: InstallationId,
        secrets: &OpenSecrets,
        nonce: [u8; NONCE_LEN],
    ) -> Result<Vec<u8>, VaultError> {
        let plain = serde_json::to_vec(&secrets.0).map_err(|_| VaultError)?;
        let payload = Payload { msg: &plain, aad: &bound_to(tenant, installation) };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| VaultError)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what `seal` made for the same tenant and installation.
    pub fn open(
        &self,
        tenant: TenantId,
        installation: InstallationId,
        sealed: &[u8],
    ) -> Result<OpenSecrets, VaultError> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(VaultError)?;
        let payload = Payload { msg: sealed, aad: &bound_to(tenant, installation) };
        let plain = self.cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| VaultError)?;
        serde_json::from_slice(&plain).map(OpenSecrets).map_err(|_| VaultError)
    }
}

/// The bytes of a secret, as its format says.
pub fn decode(format: SecretFormat, text: &str) -> Result<Vec<u8>, BadSecret> {
    match format {
        SecretFormat::Text => Ok(text.as_bytes().to_vec()),
        SecretFormat::Base64 => base64_lenient(text).ok_or(BadSecret("give base 64")),
        SecretFormat::StandardWebhooks => text
            .strip_prefix("whsec_")
            .and_then(base64_lenient)
            .filter(|key| (16..=64).contains(&key.len()))
            .ok_or(BadSecret("give `whsec_` followed by 16 to 64 bytes in base 64")),
    }
}

fn base64_lenient(text: &str) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&STANDARD, config).decode(text.trim()).ok()
}

fn bound_to(tenant: TenantId, installation: InstallationId) -> Vec<u8> {
    [tenant.0.to_be_bytes().as_slice(), installation.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_secrets_open_only_for_their_installation_and_key() {
        let installation = InstallationId::from_uuid(uuid::Uuid::from_u128(7));
        let other = InstallationId::from_uuid(uuid::Uuid::from_u128(8));
        let secrets = OpenSecrets(BTreeMap::from([("signing-key".to_owned(), "whsec_abc".to_owned())]));
        let vault = Vault::new([1; 32]);
        let sealed = vault.seal(TenantId(1), installation, &secrets, [9; 24]).unwrap();
        assert!(!String::from_utf8_lossy(&sealed).contains("abc"));
        assert_eq!(vault.open(TenantId(1), installation, &sealed).unwrap().0, secrets.0);
        assert!(vault.open(TenantId(2), installation, &sealed).is_err());
        assert!(vault.open(TenantId(1), other, &sealed).is_err());
        assert!(Vault::new([2; 32]).open(TenantId(1), installation, &sealed).is_err());
        assert_eq!(format!("{secrets:?}"), r#"["signing-key"]"#);
    }
}
