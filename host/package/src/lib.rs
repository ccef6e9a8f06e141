//! The package of a plugin: one WebAssembly component that carries its manifest in a custom section.
//! Authors' tools write packages and the host reads them with the same code, without compiling anything.

mod build;
mod error;
mod inspect;
mod section;
mod signature;

pub use build::{Built, Language, Names, build_crate, build_crates, build_project};
pub use error::PackageError;
pub use inspect::{Inspection, inspect};
pub use section::{embed, manifest, manifest_text, with_manifest, with_version};
pub use signature::{PublicKey, SIGNATURE_SECTION, SecretKey, sign, signer};

use sha2::Digest;

/// The custom section that holds `plugin.toml`, as it is.
pub const MANIFEST_SECTION: &str = "guanxi:manifest";

/// The SHA-256 of a package in lower-case hex: its identity everywhere.
pub fn digest(package: &[u8]) -> String {
    sha2::Sha256::digest(package).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_is_sha256_in_hex() {
        assert_eq!(digest(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
