//! Stands in for the host's interface `secrets`: the same computations, on secrets that a test sets, and no fuel.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::crypto;
use crate::secrets::{Cipher, Digest, Part, Problem, Scheme};

const PARTS_MAX: usize = 64;
const SORTED_PARTS_MAX: usize = 16;

thread_local! {
    static SECRETS: RefCell<BTreeMap<String, Vec<u8>>> = const { RefCell::new(BTreeMap::new()) };
}

pub(super) fn set(name: &str, bytes: &[u8]) {
    SECRETS.with_borrow_mut(|secrets| secrets.insert(name.to_owned(), bytes.to_vec()));
}

pub(crate) fn hmac(key: &[Part], digest: Digest, data: &[u8]) -> Result<Vec<u8>, Problem> {
    crypto::hmac(digest, &all(key)?.concat(), data)
}

pub(crate) fn hash(digest: Digest, parts: &[Part]) -> Result<Vec<u8>, Problem> {
    let joined = all(parts)?;
    let is_secret_or_nothing = |part: &Part| match part {
        Part::Bytes(bytes) => bytes.is_empty(),
        Part::Secret(_) => true,
    };
    if parts.iter().all(is_secret_or_nothing) {
        return Err(Problem::BadData("a secret is hashed together with other bytes only".to_owned()));
    }
    Ok(crypto::hash(digest, &[&joined.concat()]))
}

pub(crate) fn verify_sorted(name: &str, digest: Digest, parts: &[Vec<u8>], signature: &[u8]) -> Result<bool, Problem> {
    let secret = secret(name)?;
    check_count(parts.len(), SORTED_PARTS_MAX)?;
    Ok(crypto::is_sorted_hash(digest, &secret, parts, signature))
}

pub(crate) fn sign(name: &str, scheme: Scheme, data: &[u8]) -> Result<Vec<u8>, Problem> {
    crypto::sign(scheme, &secret(name)?, data)
}

pub(crate) fn encrypt(name: &str, cipher: &Cipher, text: &[u8]) -> Result<Vec<u8>, Problem> {
    crypto::encrypt(cipher, &secret(name)?, text)
}

pub(crate) fn decrypt(name: &str, cipher: &Cipher, data: &[u8]) -> Result<Vec<u8>, Problem> {
    crypto::decrypt(cipher, &secret(name)?, data)
}

pub(crate) fn decrypt_gcm(name: &str, nonce: &[u8], associated_data: &[u8], data: &[u8]) -> Result<Vec<u8>, Problem> {
    crypto::decrypt_gcm(&secret(name)?, nonce, associated_data, data)
}

fn secret(name: &str) -> Result<Vec<u8>, Problem> {
    SECRETS.with_borrow(|secrets| secrets.get(name).cloned()).ok_or(Problem::NotGranted)
}

fn all(parts: &[Part]) -> Result<Vec<Vec<u8>>, Problem> {
    check_count(parts.len(), PARTS_MAX)?;
    let part = |part: &Part| match part {
        Part::Bytes(bytes) => Ok(bytes.clone()),
        Part::Secret(name) => secret(name),
    };
    parts.iter().map(part).collect()
}

fn check_count(count: usize, most: usize) -> Result<(), Problem> {
    if count <= most { Ok(()) } else { Err(Problem::BadData(format!("{count} parts are more than {most}"))) }
}
