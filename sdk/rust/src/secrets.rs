//! Cryptography on secrets that never enter the plugin: it names a secret of its manifest, the host computes.

pub use crate::bindings::words::secrets::{Digest, Problem};
use crate::words::Failure;

/// HMAC of `data` under the secret called `name`, for connectors only.
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
    #[cfg(target_family = "wasm")]
    return crate::bindings::words::secrets::hmac(name, digest, data);
    #[cfg(not(target_family = "wasm"))]
    crate::testing::hmac(name, digest, data)
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::BadConfig(match problem {
            Problem::NotGranted => "a secret is not set, or the manifest does not ask for it".to_owned(),
            Problem::WrongKind => "a secret is of another kind than this plugin needs".to_owned(),
        })
    }
}
