//! What the host computes with secrets: bytes in, bytes out. But for these lines and the path of the contract it is
//! `host/runtime/src/crypto.rs`, which has the tests: a project of an author has this crate alone.

use aes::{Aes128, Aes192, Aes256};
use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{Aead, Nonce, Payload};
use aes_gcm::{Aes128Gcm, Aes256Gcm, AesGcm};
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use ed25519_dalek::Signer;
use hmac::{Hmac, KeyInit, Mac};
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::pkcs8::DecodePrivateKey;
use sha1::Sha1;
use sha2::{Sha256, Sha512, Sha512_256};

use crate::secrets::{Cipher, Digest, Problem, Scheme};

/// The most bytes of a private key in PEM: RSA with 4,096 bits fits, more does not.
const PEM_BYTES_MAX: usize = 3_500;
const BLOCK: usize = 16;
/// What WeChat pads to, which is not the block of its cipher.
const WECHAT_BLOCK: usize = 32;
const GCM_NONCE: usize = 12;

/// HMAC of `data` under `key`.
pub(crate) fn hmac(digest: Digest, key: &[u8], data: &[u8]) -> Result<Vec<u8>, Problem> {
    match digest {
        Digest::Md5 => mac::<Hmac<md5::Md5>>(key, data),
        Digest::Sha1 => mac::<Hmac<Sha1>>(key, data),
        Digest::Sha256 => mac::<Hmac<Sha256>>(key, data),
        Digest::Sha512 => mac::<Hmac<Sha512>>(key, data),
    }
}

fn mac<M: Mac + KeyInit>(key: &[u8], data: &[u8]) -> Result<Vec<u8>, Problem> {
    let mut mac = <M as KeyInit>::new_from_slice(key).map_err(|_| Problem::WrongKind)?;
    mac.update(data);
    Ok(mac.finalize().into_bytes().to_vec())
}

/// Digest of the joined parts.
pub(crate) fn hash(digest: Digest, parts: &[&[u8]]) -> Vec<u8> {
    match digest {
        Digest::Md5 => hashed::<md5::Md5>(parts),
        Digest::Sha1 => hashed::<Sha1>(parts),
        Digest::Sha256 => hashed::<Sha256>(parts),
        Digest::Sha512 => hashed::<Sha512>(parts),
    }
}

fn hashed<D: sha2::Digest>(parts: &[&[u8]]) -> Vec<u8> {
    let mut hasher = D::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().to_vec()
}

/// Whether `signature` is the digest of `parts` in the order of their bytes, with `secret` at any place among them. To
/// insist on its own place would be to answer how the secret compares to a text that the plugin chose.
pub(crate) fn is_sorted_hash(digest: Digest, secret: &[u8], parts: &[Vec<u8>], signature: &[u8]) -> bool {
    let mut sorted: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    sorted.sort_unstable();
    (0..=sorted.len()).any(|place| {
        let (before, after) = sorted.split_at(place);
        let joined = [before, std::slice::from_ref(&secret), after].concat();
        is_same(&hash(digest, &joined), signature)
    })
}

/// Compares in a time that depends on the lengths alone.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

/// Signature of `data` with a private key in PEM. RSA blinds itself with random numbers that its result does not show.
pub(crate) fn sign(scheme: Scheme, key: &[u8], data: &[u8]) -> Result<Vec<u8>, Problem> {
    let pem = std::str::from_utf8(key).ok().filter(|pem| pem.len() <= PEM_BYTES_MAX).ok_or(Problem::WrongKind)?;
    let signature = match scheme {
        Scheme::RsaSha1 => sign_rsa(pem, rsa::Pkcs1v15Sign::new::<Sha1>(), &hash(Digest::Sha1, &[data])),
        Scheme::RsaSha256 => sign_rsa(pem, rsa::Pkcs1v15Sign::new::<Sha256>(), &hash(Digest::Sha256, &[data])),
        Scheme::EcdsaP256Sha256 => sign_p256(pem, data),
        Scheme::Ed25519 => sign_ed25519(pem, data),
    };
    signature.ok_or(Problem::WrongKind)
}

fn sign_rsa(pem: &str, padding: rsa::Pkcs1v15Sign, hash: &[u8]) -> Option<Vec<u8>> {
    let key = rsa::PrivateKey::from_pkcs8_pem(pem).ok().or_else(|| rsa::PrivateKey::from_pkcs1_pem(pem).ok())?;
    key.sign(padding, hash).ok()
}

fn sign_p256(pem: &str, data: &[u8]) -> Option<Vec<u8>> {
    let key = p256::ecdsa::SigningKey::from(p256::SecretKey::from_pem(pem).ok()?);
    let signature: p256::ecdsa::Signature = key.sign(data);
    Some(signature.to_bytes().to_vec())
}

fn sign_ed25519(pem: &str, data: &[u8]) -> Option<Vec<u8>> {
    let signature: ed25519_dalek::Signature = ed25519_dalek::SigningKey::from_pkcs8_pem(pem).ok()?.sign(data);
    Some(signature.to_bytes().to_vec())
}

/// Encrypts `text`.
pub(crate) fn encrypt(cipher: &Cipher, key: &[u8], text: &[u8]) -> Result<Vec<u8>, Problem> {
    match cipher {
        Cipher::Cbc(iv) => encrypt_cbc(key, iv, &pad(text, BLOCK)),
        Cipher::Wechat => {
            let iv = wechat_iv(key)?;
            // As good as random to whoever lacks the key, and the plugin has no function that computes it: otherwise it
            // would decrypt the first block with `cbc`, and these bytes would lead it to the vector, half the key.
            let random = mac::<Hmac<Sha512_256>>(key, text)?;
            let random = random.get(..BLOCK).ok_or(Problem::WrongKind)?;
            encrypt_cbc(key, iv, &pad(&[random, text].concat(), WECHAT_BLOCK))
        }
    }
}

/// Decrypts `data`.
pub(crate) fn decrypt(cipher: &Cipher, key: &[u8], data: &[u8]) -> Result<Vec<u8>, Problem> {
    match cipher {
        Cipher::Cbc(iv) => unpad(&decrypt_cbc(key, iv, data)?, BLOCK),
        Cipher::Wechat => {
            let text = decrypt_cbc(key, wechat_iv(key)?, data)?;
            // Not even the padding is looked for in the first block: it comes out mixed with half the key.
            let (_, text) = text.split_at_checked(BLOCK).ok_or_else(bad_length)?;
            unpad(text, WECHAT_BLOCK)
        }
    }
}

/// Decrypts `data`, which ends with its tag, with AES-GCM.
pub(crate) fn decrypt_gcm(key: &[u8], nonce: &[u8], associated: &[u8], data: &[u8]) -> Result<Vec<u8>, Problem> {
    if nonce.len() != GCM_NONCE {
        return Err(bad("the nonce must have 12 bytes"));
    }
    let payload = Payload { msg: data, aad: associated };
    let text = match key.len() {
        16 => open::<Aes128Gcm>(key, nonce, payload),
        24 => open::<AesGcm<Aes192, U12>>(key, nonce, payload),
        32 => open::<Aes256Gcm>(key, nonce, payload),
        _ => return Err(Problem::WrongKind),
    };
    text.ok_or_else(|| bad("the tag does not fit: another key, nonce or associated data, or changed on its way"))
}

fn open<C: Aead + KeyInit>(key: &[u8], nonce: &[u8], payload: Payload<'_, '_>) -> Option<Vec<u8>> {
    let nonce = Nonce::<C>::try_from(nonce).ok()?;
    C::new_from_slice(key).ok()?.decrypt(&nonce, payload).ok()
}

fn wechat_iv(key: &[u8]) -> Result<&[u8], Problem> {
    key.get(..BLOCK).filter(|_| key.len() == 32).ok_or(Problem::WrongKind)
}

fn encrypt_cbc(key: &[u8], iv: &[u8], padded: &[u8]) -> Result<Vec<u8>, Problem> {
    let data = match key.len() {
        16 => encrypt_blocks::<cbc::Encryptor<Aes128>>(key, iv, padded),
        24 => encrypt_blocks::<cbc::Encryptor<Aes192>>(key, iv, padded),
        32 => encrypt_blocks::<cbc::Encryptor<Aes256>>(key, iv, padded),
        _ => return Err(Problem::WrongKind),
    };
    data.ok_or_else(bad_iv)
}

fn encrypt_blocks<M: KeyIvInit + BlockModeEncrypt>(key: &[u8], iv: &[u8], padded: &[u8]) -> Option<Vec<u8>> {
    Some(M::new_from_slices(key, iv).ok()?.encrypt_padded_vec::<NoPadding>(padded))
}

fn decrypt_cbc(key: &[u8], iv: &[u8], data: &[u8]) -> Result<Vec<u8>, Problem> {
    if data.is_empty() || !data.len().is_multiple_of(BLOCK) {
        return Err(bad_length());
    }
    let text = match key.len() {
        16 => decrypt_blocks::<cbc::Decryptor<Aes128>>(key, iv, data),
        24 => decrypt_blocks::<cbc::Decryptor<Aes192>>(key, iv, data),
        32 => decrypt_blocks::<cbc::Decryptor<Aes256>>(key, iv, data),
        _ => return Err(Problem::WrongKind),
    };
    text.ok_or_else(bad_iv)
}

fn decrypt_blocks<M: KeyIvInit + BlockModeDecrypt>(key: &[u8], iv: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    M::new_from_slices(key, iv).ok()?.decrypt_padded_vec::<NoPadding>(data).ok()
}

/// PKCS #7 for blocks of any size below 256.
fn pad(text: &[u8], block: usize) -> Vec<u8> {
    let missing = block - text.len() % block;
    let filler = u8::try_from(missing).unwrap_or_default();
    [text, &vec![filler; missing]].concat()
}

fn unpad(text: &[u8], block: usize) -> Result<Vec<u8>, Problem> {
    let filler = text.last().copied().unwrap_or_default();
    let length = usize::from(filler);
    let parts = text.len().checked_sub(length).and_then(|end| text.split_at_checked(end));
    match parts {
        Some((text, padding)) if (1..=block).contains(&length) && padding.iter().all(|byte| *byte == filler) => {
            Ok(text.to_vec())
        }
        _ => Err(bad("the padding is wrong: another key, or changed on its way")),
    }
}

fn bad_iv() -> Problem {
    bad("the initialisation vector must have 16 bytes")
}

fn bad_length() -> Problem {
    bad("the length is none of encrypted data")
}

fn bad(what: &str) -> Problem {
    Problem::BadData(what.to_owned())
}
