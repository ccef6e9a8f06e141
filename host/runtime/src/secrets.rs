//! Secrets that a connector may name but never see: the host computes with them on its behalf.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};

use crate::bindings::guanxi::plugin::secrets::{Digest, Host, Problem};
use crate::state::State;

/// The secrets that one call may use, by name: only those that the manifest asks for and the tenant has set.
#[derive(Clone, Default)]
pub struct Secrets(Arc<BTreeMap<String, Vec<u8>>>);

impl Secrets {
    /// Secrets as bytes, by name.
    pub fn new(secrets: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        Self(Arc::new(secrets.into_iter().collect()))
    }

    fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(Vec::as_slice)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Host for State {
    fn hmac(&mut self, name: String, digest: Digest, data: Vec<u8>) -> wasmtime::Result<Result<Vec<u8>, Problem>> {
        self.count_host_call()?;
        let Some(key) = self.secrets().get(&name) else { return Ok(Err(Problem::NotGranted)) };
        let mac = match digest {
            Digest::Sha1 => mac::<Hmac<sha1::Sha1>>(key, &data),
            Digest::Sha256 => mac::<Hmac<sha2::Sha256>>(key, &data),
            Digest::Sha512 => mac::<Hmac<sha2::Sha512>>(key, &data),
        };
        Ok(Ok(mac?))
    }
}

fn mac<M: Mac + KeyInit>(key: &[u8], data: &[u8]) -> wasmtime::Result<Vec<u8>> {
    let mut mac = <M as KeyInit>::new_from_slice(key)?;
    mac.update(data);
    Ok(mac.finalize().into_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_names_only() {
        let secrets = Secrets::new([("signing-key".to_owned(), b"hush".to_vec())]);
        assert_eq!(format!("{secrets:?}"), r#"{"signing-key"}"#);
    }

    #[test]
    fn hmac_matches_rfc_4231_case_2() {
        let hex: String = mac::<Hmac<sha2::Sha256>>(b"Jefe", b"what do ya want for nothing?")
            .expect("a mac")
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
