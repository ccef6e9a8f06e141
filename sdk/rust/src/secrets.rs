//! Cryptography on secrets that never enter the plugin: it names a secret of its manifest, the host computes. For
//! connectors only. What is computed costs fuel: a signature with RSA some millions, all else next to nothing.

pub use crate::bindings::words::secrets::{Cipher, Digest, Part, Problem, Scheme};
use crate::words::Failure;

#[cfg(target_family = "wasm")]
use crate::bindings::words::secrets as host;
#[cfg(not(target_family = "wasm"))]
use crate::testing::secrets as host;

impl Part {
    /// These bytes.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Bytes(bytes.into())
    }

    /// All of the secret called `name`.
    pub fn secret(name: impl Into<String>) -> Self {
        Self::Secret(name.into())
    }
}

/// HMAC of `data` under the secret called `name`.
///
/// ```
/// # use guanxi_plugin::{secrets::{self, Digest}, testing};
/// # fn main() -> Result<(), guanxi_plugin::Failure> {
/// # testing::set_secret("signing-key", b"key");
/// let mac = secrets::hmac("signing-key", Digest::Sha256, b"The quick brown fox jumps over the lazy dog")?;
/// assert_eq!(mac[..4], [0xf7, 0xbc, 0x83, 0xf4]);
/// # Ok(())
/// # }
/// ```
pub fn hmac(name: &str, digest: Digest, data: &[u8]) -> Result<Vec<u8>, Problem> {
    hmac_under(&[Part::secret(name)], digest, data)
}

/// HMAC of `data` under a key that is these parts joined, at most 64: for channels that put something before or after
/// the secret.
///
/// ```
/// # use guanxi_plugin::{secrets::{self, Digest, Part}, testing};
/// # fn main() -> Result<(), guanxi_plugin::Failure> {
/// # testing::set_secret("secret-key", b"Gu5t9xGARNpq86cd98joQYCN3EXAMPLE");
/// let key = [Part::bytes("TC3"), Part::secret("secret-key")];
/// let of_the_day = secrets::hmac_under(&key, Digest::Sha256, b"2019-02-25")?;
/// assert_eq!(of_the_day[..4], [0xd1, 0x30, 0x8c, 0x81]);
/// # Ok(())
/// # }
/// ```
pub fn hmac_under(key: &[Part], digest: Digest, data: &[u8]) -> Result<Vec<u8>, Problem> {
    host::hmac(key, digest, data)
}

/// Digest of at most 64 joined parts, for channels that append the secret to what they sign. A secret alone is
/// [`Problem::BadData`].
///
/// ```
/// # use guanxi_plugin::{secrets::{self, Digest, Part}, testing};
/// # fn main() -> Result<(), guanxi_plugin::Failure> {
/// # testing::set_secret("app-secret", b"c");
/// let signature = secrets::hash(Digest::Sha1, &[Part::bytes("ab"), Part::secret("app-secret")])?;
/// assert_eq!(signature[..4], [0xa9, 0x99, 0x3e, 0x36]);
/// # Ok(())
/// # }
/// ```
pub fn hash(digest: Digest, parts: &[Part]) -> Result<Vec<u8>, Problem> {
    host::hash(digest, parts)
}

/// Whether `signature` is the digest of the secret called `name` and at most 16 parts, sorted by their bytes and
/// joined, as WeChat and its kin sign what they send. Nothing makes such a signature: the place of the secret among
/// parts of the plugin's choice would give it away.
///
/// ```
/// # use guanxi_plugin::{secrets::{self, Digest}, testing};
/// # fn main() -> Result<(), guanxi_plugin::Failure> {
/// # testing::set_secret("token", b"c");
/// // Of `abc`, as it comes with the request.
/// let signature = [
///     0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e, 0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0,
///     0xd8, 0x9d,
/// ];
/// assert!(secrets::verify_sorted("token", Digest::Sha1, &["b".into(), "a".into()], &signature)?);
/// # Ok(())
/// # }
/// ```
pub fn verify_sorted(name: &str, digest: Digest, parts: &[Vec<u8>], signature: &[u8]) -> Result<bool, Problem> {
    host::verify_sorted(name, digest, parts, signature)
}

/// Signature of `data` with the private key called `name`, a secret in PEM. The same data gives the same signature.
pub fn sign(name: &str, scheme: Scheme, data: &[u8]) -> Result<Vec<u8>, Problem> {
    host::sign(name, scheme, data)
}

/// Encrypts `text` with AES under the key called `name`.
///
/// ```
/// # use guanxi_plugin::{secrets::{self, Cipher}, testing};
/// # fn main() -> Result<(), guanxi_plugin::Failure> {
/// # testing::set_secret("aes-key", &[7; 32]);
/// let data = secrets::encrypt("aes-key", &Cipher::Wechat, b"text")?;
/// assert_eq!(secrets::decrypt("aes-key", &Cipher::Wechat, &data)?, b"text");
/// # Ok(())
/// # }
/// ```
pub fn encrypt(name: &str, cipher: &Cipher, text: &[u8]) -> Result<Vec<u8>, Problem> {
    host::encrypt(name, cipher, text)
}

/// Decrypts `data` with AES under the key called `name`. Whether it was changed on its way only a signature tells.
pub fn decrypt(name: &str, cipher: &Cipher, data: &[u8]) -> Result<Vec<u8>, Problem> {
    host::decrypt(name, cipher, data)
}

/// Decrypts `data`, which ends with its tag of 16 bytes, with AES-GCM under the key called `name`; it is
/// [`Problem::BadData`] if anything was changed. The nonce has 12 bytes.
pub fn decrypt_gcm(name: &str, nonce: &[u8], associated_data: &[u8], data: &[u8]) -> Result<Vec<u8>, Problem> {
    host::decrypt_gcm(name, nonce, associated_data, data)
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::NotGranted => {
                Self::BadConfig("a secret is not set, or the manifest does not ask for it".to_owned())
            }
            Problem::WrongKind => Self::BadConfig("a secret is of another kind than this plugin needs".to_owned()),
            Problem::BadData(what) => Self::BadInput(what),
        }
    }
}
