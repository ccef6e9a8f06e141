//! Encryption for one browser: RFC 8291 over the content coding `aes128gcm` of RFC 8188, in one record.

use aes_gcm::aead::Aead;
use aes_gcm::{Aes128Gcm, KeyInit, Nonce};
use guanxi_plugin::Failure;
use guanxi_plugin::secrets::{self, Digest};
use hkdf::Hkdf;
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::{PublicKey, SecretKey, ecdh};
use sha2::Sha256;

/// Bytes that every push service takes (RFC 8030, 7.2), which is also the size of the one record.
const BODY_BYTES_MAX: u32 = 4_096;
/// Salt, size of records, length of the key's name, and that name, which is the key.
const HEADER_BYTES: usize = 16 + 4 + 1 + 65;
/// What ends the text, and the tag.
const TRAILER_BYTES: usize = 1 + 16;
/// Bytes of a text that fits.
pub const TEXT_BYTES_MAX: usize = BODY_BYTES_MAX as usize - HEADER_BYTES - TRAILER_BYTES;

/// The key and the salt of one message.
pub struct Once {
    /// The sender's private key.
    pub key: SecretKey,
    /// Salt.
    pub salt: [u8; 16],
}

impl Once {
    /// Derives them of the seed: as good as random to whoever lacks it, never the same for two attempts or two browsers, and the
    /// same again if this very call is repeated.
    pub fn derive(of: &str) -> Result<Self, Failure> {
        let derive =
            |what: &str| secrets::hmac("seed", Digest::Sha256, format!("guanxi web push {what} {of}").as_bytes());
        let salt = derive("salt")?;
        let salt = salt.first_chunk().copied().ok_or_else(|| Failure::Other("no salt".to_owned()))?;
        // One in four billion is no key: the next one is.
        for try_again in 0..8 {
            if let Ok(key) = SecretKey::from_slice(&derive(&format!("key {try_again}"))?) {
                return Ok(Self { key, salt });
            }
        }
        Err(Failure::Other("no key".to_owned()))
    }
}

/// The body of a request that says `text` to the browser with this key and secret.
pub fn seal(once: &Once, point: &PublicKey, auth: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    let ours = once.key.public_key().to_sec1_point(false);
    let theirs = point.to_sec1_point(false);
    let shared = ecdh::diffie_hellman(once.key.to_nonzero_scalar(), point.as_affine());
    let info = [b"WebPush: info\0", theirs.as_bytes(), ours.as_bytes()].concat();
    let input: [u8; 32] = expand(auth, shared.raw_secret_bytes(), &info)?;
    let key: [u8; 16] = expand(&once.salt, &input, b"Content-Encoding: aes128gcm\0")?;
    let nonce: [u8; 12] = expand(&once.salt, &input, b"Content-Encoding: nonce\0")?;
    // 2 ends the last record.
    let record = [text, &[2]].concat();
    let sealed = Aes128Gcm::new_from_slice(&key).ok()?.encrypt(&Nonce::from(nonce), record.as_slice()).ok()?;
    let name_bytes = u8::try_from(ours.as_bytes().len()).ok()?;
    Some([&once.salt[..], &BODY_BYTES_MAX.to_be_bytes(), &[name_bytes], ours.as_bytes(), &sealed].concat())
}

/// HKDF (RFC 5869), both steps.
fn expand<const N: usize>(salt: &[u8], input: &[u8], info: &[u8]) -> Option<[u8; N]> {
    let mut output = [0; N];
    Hkdf::<Sha256>::new(Some(salt), input).expand(info, &mut output).ok()?;
    Some(output)
}
