//! The signature of a package: its last custom section, made with an ed25519 key over everything before it.
//!
//! The section holds the version of this format (1), the public key (32 bytes) and the signature (64 bytes, RFC 8032) of
//! a fixed text followed by the SHA-256 of all bytes before the section. Keys are kept in PEM (PKCS#8 and SPKI), as OpenSSL
//! writes and reads them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};
use ed25519_dalek::{PUBLIC_KEY_LENGTH, SIGNATURE_LENGTH, Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use wasm_encoder::{CustomSection, Encode, Section};
use wasmparser::{Parser, Payload};

use crate::PackageError;

/// The custom section that holds the signature.
pub const SIGNATURE_SECTION: &str = "guanxi:signature";
/// What a signature is over begins with this, so that a key that signs other things, too, cannot be made to sign a package.
const CONTEXT: &[u8] = b"guanxi package signature 1\0";

const FORMAT: u8 = 1;
const DATA: usize = 1 + PUBLIC_KEY_LENGTH + SIGNATURE_LENGTH;
const PREFIX: &str = "ed25519:";

/// What a publisher is known by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// What a publisher signs with.
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// The key that these bytes, which must be random, make.
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(SigningKey::from_bytes(&bytes))
    }

    /// Reads PKCS#8 in PEM, such as `openssl genpkey -algorithm ed25519` writes.
    pub fn from_pem(text: &str) -> Result<Self, PackageError> {
        SigningKey::from_pkcs8_pem(text.trim()).map(Self).map_err(|_| PackageError::NoSecretKey)
    }

    /// Writes PKCS#8 in PEM.
    pub fn to_pem(&self) -> Result<String, PackageError> {
        let text = self.0.to_pkcs8_pem(LineEnding::LF).map_err(|_| PackageError::NoSecretKey)?;
        Ok(text.as_str().to_owned())
    }

    /// The other half of it.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }
}

impl PublicKey {
    /// Writes SPKI in PEM.
    pub fn to_pem(self) -> Result<String, PackageError> {
        self.0.to_public_key_pem(LineEnding::LF).map_err(|_| PackageError::NoPublicKey)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", STANDARD.encode(self.0.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PublicKey {
    type Err = PackageError;

    /// Reads `ed25519:` with the key in base64, or SPKI in PEM.
    fn from_str(text: &str) -> Result<Self, PackageError> {
        let text = text.trim();
        let key = match text.strip_prefix(PREFIX) {
            Some(base64) => {
                let bytes = STANDARD.decode(base64).ok().and_then(|bytes| bytes.try_into().ok());
                bytes.and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok())
            }
            None => VerifyingKey::from_public_key_pem(text).ok(),
        };
        key.filter(|key| !key.is_weak()).map(Self).ok_or(PackageError::NoPublicKey)
    }
}

/// The package with a signature of this key; one that is there already is replaced.
pub fn sign(package: &[u8], key: &SecretKey) -> Result<Vec<u8>, PackageError> {
    let content = match find(package)? {
        Some((start, _)) => package.get(..start).unwrap_or_default(),
        None => package,
    };
    let mut data = vec![FORMAT];
    data.extend_from_slice(key.public().0.as_bytes());
    data.extend_from_slice(&key.0.sign(&message(content)).to_bytes());
    let section = CustomSection { name: Cow::Borrowed(SIGNATURE_SECTION), data: Cow::Owned(data) };
    let mut signed = content.to_vec();
    signed.push(section.id());
    section.encode(&mut signed);
    Ok(signed)
}

/// Who signed the package; nothing if nobody did. A signature that does not fit is an error. Whether the signer is to be
/// trusted is not known here.
pub fn signer(package: &[u8]) -> Result<Option<PublicKey>, PackageError> {
    let Some((start, data)) = find(package)? else { return Ok(None) };
    let ([FORMAT], Some((key, signature))) = (data.get(..1).unwrap_or_default(), parts(data)) else {
        return Err(PackageError::UnknownSignature);
    };
    let key = VerifyingKey::from_bytes(key).map_err(|_| PackageError::UnknownSignature)?;
    let content = package.get(..start).unwrap_or_default();
    match key.verify_strict(&message(content), &Signature::from_bytes(signature)) {
        Ok(()) => Ok(Some(PublicKey(key))),
        Err(_) => Err(PackageError::Tampered),
    }
}

fn parts(data: &[u8]) -> Option<(&[u8; PUBLIC_KEY_LENGTH], &[u8; SIGNATURE_LENGTH])> {
    let (key, signature) = data.get(1..)?.split_first_chunk()?;
    Some((key, signature.try_into().ok()?))
}

fn message(content: &[u8]) -> Vec<u8> {
    [CONTEXT, Sha256::digest(content).as_slice()].concat()
}

/// Where the section with the signature starts, and what is in it. It must be the last one: what comes behind it would not
/// be signed.
fn find(package: &[u8]) -> Result<Option<(usize, &[u8])>, PackageError> {
    let mut depth = 0_u32;
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(package) {
        match payload.map_err(|e| PackageError::Malformed(e.to_string()))? {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(section) if depth == 1 && section.name() == SIGNATURE_SECTION => {
                found.push((section.data(), section.range().end));
            }
            _ => {}
        }
    }
    match found.as_slice() {
        [] => Ok(None),
        [(data, end)] if *end == package.len() => {
            // Id, length and length of the name are a byte each: the section is shorter than 128, and encoded so.
            let start = package.len().checked_sub(3 + SIGNATURE_SECTION.len() + DATA);
            let start = start.filter(|start| data.len() == DATA && package.get(*start) == Some(&0));
            Ok(Some((start.ok_or(PackageError::UnknownSignature)?, data)))
        }
        _ => Err(PackageError::MisplacedSignature),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{digest, with_manifest};

    fn package() -> Vec<u8> {
        with_manifest(&wasm_encoder::Component::new().finish(), "name = \"probe\"")
    }

    fn key(byte: u8) -> SecretKey {
        SecretKey::from_random([byte; 32])
    }

    #[test]
    fn a_signed_package_names_its_signer() {
        let signed = sign(&package(), &key(7)).expect("signed");
        assert_eq!(signer(&signed).expect("fits"), Some(key(7).public()));
        assert_eq!(signer(&package()).expect("unsigned"), None);
        assert_eq!(crate::manifest_text(&signed).expect("a manifest"), "name = \"probe\"");
        assert_ne!(digest(&signed), digest(&package()));
        assert_eq!(sign(&signed, &key(7)).expect("signed"), signed, "the same key signs the same bytes the same way");
        let other = sign(&signed, &key(8)).expect("signed");
        assert_eq!((signer(&other).expect("fits"), other.len()), (Some(key(8).public()), signed.len()));
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let signed = sign(&package(), &key(7)).expect("signed");
        for place in 0..signed.len() {
            for bit in [0x01, 0x80] {
                let mut changed = signed.clone();
                changed[place] ^= bit;
                // A changed name makes it another section, and the package an unsigned one.
                let told = signer(&changed);
                assert!(!matches!(told, Ok(Some(_))), "byte {place} was changed: {told:?}");
            }
        }
    }

    #[test]
    fn what_comes_behind_a_signature_is_refused() {
        let signed = sign(&package(), &key(7)).expect("signed");
        let longer = with_manifest(&signed, "name = \"other\"");
        assert!(matches!(signer(&longer), Err(PackageError::MisplacedSignature)));
        assert!(matches!(sign(&longer, &key(7)), Err(PackageError::MisplacedSignature)));
        let section = signed[package().len()..].to_vec();
        let twice = [signed, section.clone()].concat();
        assert!(matches!(signer(&twice), Err(PackageError::MisplacedSignature)));
        let moved = [with_manifest(&package(), "more"), section].concat();
        assert!(matches!(signer(&moved), Err(PackageError::Tampered)));
    }

    #[test]
    fn a_signature_of_another_format_is_told() {
        let unknown = |data: Vec<u8>| {
            let section = CustomSection { name: Cow::Borrowed(SIGNATURE_SECTION), data: Cow::Owned(data) };
            let mut package = package();
            package.push(section.id());
            section.encode(&mut package);
            package
        };
        for data in [Vec::new(), vec![1; DATA - 1], vec![2; DATA], vec![1; 300], vec![0xff; DATA]] {
            assert!(matches!(signer(&unknown(data)), Err(PackageError::UnknownSignature)));
        }
    }

    #[test]
    fn keys_survive_both_ways_of_writing_them() {
        let public = key(7).public();
        assert_eq!(public.to_string().parse::<PublicKey>().expect("a key"), public);
        assert_eq!(public.to_pem().expect("PEM").parse::<PublicKey>().expect("a key"), public);
        assert_eq!(SecretKey::from_pem(&key(7).to_pem().expect("PEM")).expect("a key").public(), public);
        // The neutral element verifies nearly anything; half a key and a secret one are none.
        let weak = format!("{PREFIX}{}", STANDARD.encode([&[1_u8][..], &[0; 31]].concat()));
        for text in [weak.as_str(), "ed25519:AAAA", "", &key(7).to_pem().expect("PEM")] {
            assert!(matches!(text.parse::<PublicKey>(), Err(PackageError::NoPublicKey)), "{text}");
        }
        assert!(matches!(SecretKey::from_pem(&public.to_pem().expect("PEM")), Err(PackageError::NoSecretKey)));
    }
}
