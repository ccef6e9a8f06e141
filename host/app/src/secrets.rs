//! Secrets of installations and webhooks: sealed at rest, opened only for the calls that need them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use guanxi_domain::ids::{InstallationId, WebhookId};
use guanxi_domain::manifest::SecretFormat;
use guanxi_domain::tenant::TenantId;
use pem_rfc7468::LineEnding;

use crate::keyring::{Keyring, NONCE_LEN, Opened};

/// The most bytes of a private key in PEM, the same as where it signs.
const PEM_BYTES_MAX: usize = 3_500;
const ED25519_SEED_LEN: usize = 32;
/// What stands before the seed in an Ed25519 key of PKCS #8 (RFC 8410).
const ED25519_PKCS_8: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// Seals and opens secrets, bound to tenant and holder, with the keys of a [`Keyring`].
#[derive(Clone)]
pub struct Vault {
    keys: Arc<RwLock<Keyring>>,
    source: Option<Arc<KeySource>>,
}

type KeySource = dyn Fn() -> Option<Keyring> + Send + Sync;

/// A sealed value that cannot be opened: another key, or damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("secrets cannot be opened with any of the keys; give the one they were sealed with in GUANXI_OLD_SECRET_KEYS")]
pub struct VaultError;

/// The text of a secret is not in the format that the manifest declares.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadSecret(&'static str);

/// Whose secrets are sealed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// A plugin's.
    Installation(InstallationId),
    /// Those that sign notices for an address.
    Webhook(WebhookId),
}

impl From<InstallationId> for Holder {
    fn from(id: InstallationId) -> Self {
        Self::Installation(id)
    }
}

impl From<WebhookId> for Holder {
    fn from(id: WebhookId) -> Self {
        Self::Webhook(id)
    }
}

/// Secrets in the clear, by name. `Debug` shows the names only.
#[derive(Clone, Default)]
pub struct OpenSecrets(pub BTreeMap<String, String>);

impl fmt::Debug for OpenSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

impl Vault {
    /// A vault with one 256-bit key.
    pub fn new(key: [u8; 32]) -> Self {
        Self::with(Keyring::only(key))
    }

    /// A vault with these keys.
    pub fn with(keys: Keyring) -> Self {
        Self { keys: Arc::new(RwLock::new(keys)), source: None }
    }

    /// The same, whose keys may be changed beside it: `source` is asked for them before something is sealed and when
    /// something does not open. While it has none to give, those known are used.
    #[must_use]
    pub fn with_source(self, source: impl Fn() -> Option<Keyring> + Send + Sync + 'static) -> Self {
        Self { source: Some(Arc::new(source)), ..self }
    }

    /// Seals all secrets of one holder. `nonce` must be fresh.
    pub fn seal(
        &self,
        tenant: TenantId,
        holder: impl Into<Holder>,
        secrets: &OpenSecrets,
        nonce: [u8; NONCE_LEN],
    ) -> Result<Vec<u8>, VaultError> {
        let plain = serde_json::to_vec(&secrets.0).map_err(|_| VaultError)?;
        self.look_again();
        self.keys().seal(&plain, &bound_to(tenant, holder.into()), nonce)
    }

    /// Opens what `seal` made for the same tenant and holder.
    pub fn open(&self, tenant: TenantId, holder: impl Into<Holder>, sealed: &[u8]) -> Result<OpenSecrets, VaultError> {
        let opened = self.opened(&bound_to(tenant, holder.into()), sealed)?;
        serde_json::from_slice(&opened.plain).map(OpenSecrets).map_err(|_| VaultError)
    }

    /// Seals the token of a session of one installation. `nonce` must be fresh.
    pub fn seal_token(
        &self,
        tenant: TenantId,
        installation: InstallationId,
        token: &str,
        nonce: [u8; NONCE_LEN],
    ) -> Result<Vec<u8>, VaultError> {
        self.look_again();
        self.keys().seal(token.as_bytes(), &session_of(tenant, installation), nonce)
    }

    /// Opens what `seal_token` made for the same tenant and installation.
    pub fn open_token(
        &self,
        tenant: TenantId,
        installation: InstallationId,
        sealed: &[u8],
    ) -> Result<String, VaultError> {
        let opened = self.opened(&session_of(tenant, installation), sealed)?;
        String::from_utf8(opened.plain).map_err(|_| VaultError)
    }

    /// Seals anew what an old key sealed; `None` if it was the key that seals now. `nonce` must be fresh.
    pub fn reseal(
        &self,
        tenant: TenantId,
        holder: impl Into<Holder>,
        sealed: &[u8],
        nonce: [u8; NONCE_LEN],
    ) -> Result<Option<Vec<u8>>, VaultError> {
        let bound_to = bound_to(tenant, holder.into());
        let opened = self.opened(&bound_to, sealed)?;
        if opened.current {
            return Ok(None);
        }
        self.keys().seal(&opened.plain, &bound_to, nonce).map(Some)
    }

    /// A signature of `text` that nobody without the keys can make.
    pub(crate) fn sign(&self, text: &[u8]) -> Option<[u8; 32]> {
        self.keys().sign(text)
    }

    /// Whether one of the keys signed `text`, of whose signature these are the first bytes.
    pub(crate) fn signed(&self, text: &[u8], signature: &[u8]) -> bool {
        let signed = self.keys().signed(text, signature);
        signed || (self.source.is_some() && self.look_again() && self.keys().signed(text, signature))
    }

    fn opened(&self, bound_to: &[u8], sealed: &[u8]) -> Result<Opened, VaultError> {
        let opened = self.keys().open(sealed, bound_to);
        if opened.is_err() && self.look_again() { self.keys().open(sealed, bound_to) } else { opened }
    }

    fn keys(&self) -> RwLockReadGuard<'_, Keyring> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the keys as they are now; whether there is a source that has some.
    fn look_again(&self) -> bool {
        let Some(keys) = self.source.as_ref().and_then(|source| source()) else { return false };
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        true
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
        SecretFormat::EncodingAesKey => {
            encoding_aes_key(text).ok_or(BadSecret("give the EncodingAESKey: 43 letters and digits"))
        }
        SecretFormat::Pem => private_key(text).ok_or(BadSecret(
            "give a private key in PEM (`-----BEGIN PRIVATE KEY-----`), not encrypted; RSA has at most 4,096 bits",
        )),
        SecretFormat::Ed25519FromText => ed25519_from_text(text).ok_or(BadSecret("give a text")),
    }
}

fn base64_lenient(text: &str) -> Option<Vec<u8>> {
    let alphabet = if text.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(alphabet, config).decode(text.trim()).ok()
}

/// 43 characters have two bits more than 32 bytes, and WeChat draws them, too.
fn encoding_aes_key(text: &str) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&STANDARD, config).decode(text.trim()).ok().filter(|key| key.len() == 32)
}

/// The text of a key that a plugin may sign with; whether it is of the algorithm that is asked for shows when it signs.
fn private_key(text: &str) -> Option<Vec<u8>> {
    let text = text.trim().as_bytes();
    let (label, _) = pem_rfc7468::decode_vec(text).ok().filter(|_| text.len() <= PEM_BYTES_MAX)?;
    matches!(label, "PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY").then(|| text.to_vec())
}

/// PEM like every other private key, so that nothing but signing can be done with the seed.
fn ed25519_from_text(text: &str) -> Option<Vec<u8>> {
    let seed = text.bytes().cycle().take(ED25519_SEED_LEN);
    let key: Vec<u8> = ED25519_PKCS_8.into_iter().chain(seed).collect();
    let pem = pem_rfc7468::encode_string("PRIVATE KEY", LineEnding::LF, &key).ok()?;
    (!text.is_empty()).then(|| pem.into_bytes())
}

/// No two holders come to the same bytes: those of an installation are as long as they always were, others are longer.
fn bound_to(tenant: TenantId, holder: Holder) -> Vec<u8> {
    let tenant = tenant.0.to_be_bytes();
    match holder {
        Holder::Installation(id) => [tenant.as_slice(), id.as_bytes()].concat(),
        Holder::Webhook(id) => [tenant.as_slice(), id.as_bytes(), b"webhook"].concat(),
    }
}

/// Other than secrets, so that neither opens as the other.
fn session_of(tenant: TenantId, installation: InstallationId) -> Vec<u8> {
    [bound_to(tenant, Holder::Installation(installation)).as_slice(), b"session"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_opens_for_its_installation_and_is_no_secret() {
        let vault = Vault::new([1; 32]);
        let sealed = vault.seal_token(TENANT, installation(), "t-1", [9; 24]).unwrap();
        assert_eq!(vault.open_token(TENANT, installation(), &sealed).as_deref(), Ok("t-1"));
        assert!(vault.open_token(TenantId(2), installation(), &sealed).is_err());
        assert!(vault.open(TENANT, Holder::Installation(installation()), &sealed).is_err());
    }

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
        let webhook = WebhookId::from_uuid(uuid::Uuid::from_u128(7));
        assert!(vault.open(TenantId(1), webhook, &sealed).is_err());
        let signing = vault.seal(TenantId(1), webhook, &secrets, [8; 24]).unwrap();
        assert_eq!(vault.open(TenantId(1), webhook, &signing).unwrap().0, secrets.0);
        assert!(vault.open(TenantId(1), installation, &signing).is_err());
        assert!(Vault::new([2; 32]).open(TenantId(1), installation, &sealed).is_err());
        assert_eq!(format!("{secrets:?}"), r#"["signing-key"]"#);
    }

    const TENANT: TenantId = TenantId(1);

    fn installation() -> InstallationId {
        InstallationId::from_uuid(uuid::Uuid::from_u128(7))
    }

    fn secrets() -> OpenSecrets {
        OpenSecrets(BTreeMap::from([("signing-key".to_owned(), "whsec_abc".to_owned())]))
    }

    fn sealed(vault: &Vault) -> Vec<u8> {
        vault.seal(TENANT, installation(), &secrets(), [9; 24]).unwrap()
    }

    #[track_caller]
    fn check_opens(vault: &Vault, sealed: &[u8], opens: bool) {
        let expected = if opens { Ok(secrets().0) } else { Err(VaultError) };
        assert_eq!(vault.open(TENANT, installation(), sealed).map(|open| open.0), expected);
    }

    fn vault(key: u8, old: &[u8]) -> Vault {
        Vault::with(Keyring::new([key; 32], old.iter().map(|key| [*key; 32])).unwrap())
    }

    #[test]
    fn old_keys_open_and_the_current_one_seals() {
        let (first, second, third) = (vault(1, &[]), vault(2, &[1]), vault(3, &[2, 1]));
        for (vault, by_first, by_second, by_third) in
            [(&first, true, false, false), (&second, true, true, false), (&third, true, true, true)]
        {
            check_opens(vault, &sealed(&first), by_first);
            check_opens(vault, &sealed(&second), by_second);
            check_opens(vault, &sealed(&third), by_third);
        }
        check_opens(&vault(3, &[]), &sealed(&third), true);
        check_opens(&vault(3, &[]), &sealed(&first), false);
    }

    #[test]
    fn what_an_old_key_sealed_is_sealed_anew_once() {
        let (before, between, after) = (vault(1, &[]), vault(2, &[1]), vault(2, &[]));
        let anew = between.reseal(TENANT, installation(), &sealed(&before), [8; 24]).unwrap().expect("another key");
        check_opens(&before, &anew, false);
        check_opens(&after, &anew, true);
        assert_eq!(between.reseal(TENANT, installation(), &anew, [7; 24]), Ok(None));
        assert_eq!(after.reseal(TENANT, installation(), &sealed(&before), [7; 24]), Err(VaultError));
        assert_eq!(between.reseal(TenantId(2), installation(), &sealed(&before), [7; 24]), Err(VaultError));
    }

    /// Key 1, nonce 9: as everything was sealed when keys had no ids.
    #[test]
    fn what_was_sealed_before_keys_had_ids_still_opens() {
        let nameless = &sealed(&vault(1, &[]))[8..];
        assert_eq!(nameless[..24], [9; 24]);
        check_opens(&vault(1, &[]), nameless, true);
        check_opens(&vault(2, &[3, 1]), nameless, true);
        check_opens(&vault(2, &[3]), nameless, false);
        assert_eq!(vault(1, &[]).reseal(TENANT, installation(), nameless, [8; 24]), Ok(None));
        let anew = vault(2, &[1]).reseal(TENANT, installation(), nameless, [8; 24]).unwrap().expect("another key");
        check_opens(&vault(2, &[]), &anew, true);
    }

    #[test]
    fn damage_opens_with_no_key() {
        let vault = vault(1, &[2]);
        let sealed = sealed(&vault);
        for index in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[index] ^= 1;
            check_opens(&vault, &damaged, false);
        }
        for short in [0, 7, 8, 31, 32] {
            check_opens(&vault, &sealed[..short], false);
        }
    }

    #[test]
    fn keys_that_change_are_looked_up_again() {
        let source = Arc::new(RwLock::new(Some(Keyring::only([1; 32]))));
        let asked = Arc::clone(&source);
        let running = vault(1, &[]).with_source(move || asked.read().unwrap().clone());
        let change = |keys: Option<Keyring>| *source.write().unwrap() = keys;
        let before = sealed(&running);
        // Somebody else has the new keys first.
        let next = Keyring::new([2; 32], [[1; 32]]).unwrap();
        let theirs = sealed(&Vault::with(next.clone()));
        check_opens(&running, &theirs, false);
        change(Some(next));
        check_opens(&running, &theirs, true);
        check_opens(&running, &before, true);
        change(Some(Keyring::only([3; 32])));
        check_opens(&vault(3, &[]), &sealed(&running), true);
        // What cannot be read for a moment changes nothing.
        change(None);
        check_opens(&running, &sealed(&vault(3, &[])), true);
        check_opens(&running, &sealed(&vault(4, &[])), false);
    }

    const P256: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgya+p2EW6dRZrXCFX
Z7HWk05Qw9s26JsSe4piKxIPZyGhRANCAARg/tS6JVqdMclh63TGNW1owEm4kjth
+mzmaWIuYPKftnkD/hAIuLyZpBrp6VYovGTy8bIMLX6fUXejwpTURiKZ
-----END PRIVATE KEY-----";

    #[track_caller]
    fn check_decoded(format: SecretFormat, text: &str, expected: &[u8]) {
        assert_eq!(decode(format, text).as_deref(), Ok(expected));
    }

    #[track_caller]
    fn check_undecodable(format: SecretFormat, text: &str, why: &str) {
        let problem = decode(format, text).expect_err("cannot be decoded").to_string();
        assert!(problem.contains(why), "{problem}");
    }

    #[test]
    fn a_format_turns_text_into_bytes() {
        check_decoded(SecretFormat::Text, " hush ", b" hush ");
        check_decoded(SecretFormat::Base64, "+/8=", &[0xfb, 0xff]);
        check_decoded(SecretFormat::Base64, " -_8 ", &[0xfb, 0xff]);
        check_decoded(SecretFormat::StandardWebhooks, "whsec_MDEyMzQ1Njc4OWFiY2RlZg", b"0123456789abcdef");
        check_decoded(SecretFormat::Pem, &format!("\n{P256}\r\n"), P256.as_bytes());
    }

    #[test]
    fn wechats_key_may_have_bits_left_over() {
        let key = decode(SecretFormat::EncodingAesKey, "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR").unwrap();
        assert_eq!((key.len(), &key[..2], &key[30..]), (32, &[0x91, 0x6c][..], &[0xd5, 0xa4][..]));
        let why = "EncodingAESKey";
        check_undecodable(SecretFormat::EncodingAesKey, "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1", why);
        check_undecodable(SecretFormat::EncodingAesKey, "", why);
    }

    /// Bots of QQ have this key if their secret is `DG5g3B4j9X2KOErG`.
    #[test]
    fn an_ed25519_key_is_made_of_a_text() {
        let key = b"-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIERHNWczQjRqOVgyS09FckdERzVnM0I0ajlYMktPRXJH
-----END PRIVATE KEY-----
";
        check_decoded(SecretFormat::Ed25519FromText, "DG5g3B4j9X2KOErG", key);
        check_undecodable(SecretFormat::Ed25519FromText, "", "give a text");
    }

    #[test]
    fn only_private_keys_are_keys() {
        let why = "a private key in PEM";
        check_undecodable(SecretFormat::Pem, "MIGHAgEAMBMGByqGSM49", why);
        for label in ["PUBLIC KEY", "ENCRYPTED PRIVATE KEY", "CERTIFICATE"] {
            check_undecodable(SecretFormat::Pem, &P256.replace("PRIVATE KEY", label), why);
        }
        let large = pem_rfc7468::encode_string("PRIVATE KEY", LineEnding::LF, &[0; 4_000]).unwrap();
        check_undecodable(SecretFormat::Pem, &large, why);
    }
}
