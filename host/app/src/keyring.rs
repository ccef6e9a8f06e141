//! The keys that secrets are sealed with: one seals, and old ones still open what they sealed before it.
//!
//! Sealed bytes begin with the id of their key, so that nobody has to try all; those from before keys had ids begin with
//! the nonce, and whichever key fits opens them. An id is a hash of its key and gives nothing of it away.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::secrets::VaultError;

/// The most old keys of a keyring.
pub const OLD_KEYS_MAX: usize = 8;
/// Bytes of a nonce.
pub(crate) const NONCE_LEN: usize = 24;
const ID_LEN: usize = 8;

/// The key that seals, and old ones that only open (XChaCha20-Poly1305).
#[derive(Clone)]
pub struct Keyring {
    current: Key,
    old: Vec<Key>,
}

/// More old keys than a keyring takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there are {0} old keys and may be {max}; seal everything anew and leave out what is no longer needed", max = OLD_KEYS_MAX)]
pub struct TooManyKeys(usize);

#[derive(Clone)]
struct Key {
    id: [u8; ID_LEN],
    cipher: XChaCha20Poly1305,
    /// Follows from it: what signs links.
    link_key: [u8; 32],
}

/// What was sealed.
pub(crate) struct Opened {
    pub(crate) plain: Vec<u8>,
    /// Whether the key that seals now opened it.
    pub(crate) current: bool,
}

impl Keyring {
    /// One 256-bit key.
    pub fn only(key: [u8; 32]) -> Self {
        Self { current: Key::new(key), old: Vec::new() }
    }

    /// `key` seals; `old` ones open as well. One that stands several times, or is `key`, counts once.
    pub fn new(key: [u8; 32], old: impl IntoIterator<Item = [u8; 32]>) -> Result<Self, TooManyKeys> {
        let mut ring = Self::only(key);
        for key in old.into_iter().map(Key::new) {
            if ring.keys().all(|known| known.id != key.id) {
                ring.old.push(key);
            }
        }
        if ring.old.len() > OLD_KEYS_MAX { Err(TooManyKeys(ring.old.len())) } else { Ok(ring) }
    }

    /// Seals with the current key what opens only with the same `bound_to`. `nonce` must be fresh.
    pub(crate) fn seal(&self, plain: &[u8], bound_to: &[u8], nonce: [u8; NONCE_LEN]) -> Result<Vec<u8>, VaultError> {
        let payload = Payload { msg: plain, aad: bound_to };
        let sealed = self.current.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| VaultError)?;
        Ok([self.current.id.as_slice(), &nonce, &sealed].concat())
    }

    /// Opens what one of the keys sealed with the same `bound_to`.
    pub(crate) fn open(&self, sealed: &[u8], bound_to: &[u8]) -> Result<Opened, VaultError> {
        let named = sealed.split_first_chunk::<ID_LEN>().and_then(|(id, rest)| {
            let key = self.keys().find(|key| key.id == *id)?;
            Some((key, key.open(rest, bound_to)?))
        });
        let whichever = || self.keys().find_map(|key| Some((key, key.open(sealed, bound_to)?)));
        let (key, plain) = named.or_else(whichever).ok_or(VaultError)?;
        Ok(Opened { plain, current: key.id == self.current.id })
    }

    /// The signature of `text` under the current key.
    pub(crate) fn sign(&self, text: &[u8]) -> Option<[u8; 32]> {
        Some(self.current.mac(text)?.finalize().into_bytes().into())
    }

    /// Whether one of the keys signed `text`, of whose signature these are the first bytes.
    pub(crate) fn signed(&self, text: &[u8], signature: &[u8]) -> bool {
        let made = |key: &Key| key.mac(text).is_some_and(|mac| mac.verify_truncated_left(signature).is_ok());
        self.keys().any(made)
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.current).chain(&self.old)
    }
}

impl Key {
    fn new(key: [u8; 32]) -> Self {
        let hash = Sha256::new().chain_update(b"guanxi key id 1\0").chain_update(key).finalize();
        let mut id = [0; ID_LEN];
        for (byte, hashed) in id.iter_mut().zip(hash) {
            *byte = hashed;
        }
        let link_key = Sha256::new().chain_update(b"guanxi link key 1\0").chain_update(key).finalize().into();
        Self { id, cipher: XChaCha20Poly1305::new(&key.into()), link_key }
    }

    /// HMAC takes keys of every length, so that there is always one.
    fn mac(&self, text: &[u8]) -> Option<Hmac<Sha256>> {
        Some(Hmac::<Sha256>::new_from_slice(&self.link_key).ok()?.chain_update(text))
    }

    /// Opens a nonce with what was sealed with it.
    fn open(&self, sealed: &[u8], bound_to: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        self.cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: bound_to }).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_counts_once_and_old_ones_have_a_bound() {
        assert_eq!(Keyring::new([0; 32], [[0; 32], [1; 32], [1; 32]]).unwrap().old.len(), 1);
        let old = |count: u8| (1..=count).map(|n| [n; 32]);
        assert_eq!(Keyring::new([0; 32], old(8).chain(old(8))).unwrap().old.len(), OLD_KEYS_MAX);
        assert_eq!(Keyring::new([0; 32], old(9)).err(), Some(TooManyKeys(9)));
    }

    #[test]
    fn what_is_sealed_names_its_key_and_nothing_else_of_it() {
        let (one, other) = (Keyring::only([1; 32]), Keyring::only([2; 32]));
        let sealed = |ring: &Keyring| ring.seal(b"text", b"place", [9; NONCE_LEN]).unwrap();
        assert_eq!(sealed(&one)[..ID_LEN], one.current.id);
        assert_ne!(sealed(&one)[..ID_LEN], sealed(&other)[..ID_LEN]);
        assert_ne!(one.current.id, [1; ID_LEN]);
    }
}
