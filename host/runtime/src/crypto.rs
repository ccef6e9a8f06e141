//! What the host computes with secrets: bytes in, bytes out. A plugin chooses every input but the secret and may
//! combine all that it gets, so no two functions together may tell what each of them hides.

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

use crate::bindings::guanxi::plugin::secrets::{Cipher, Digest, Problem, Scheme};

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

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::alphabet::STANDARD;
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

    use super::*;

    const RSA: &[u8] = include_bytes!("../tests/keys/rsa-2048.pem");
    const RSA_PKCS_1: &[u8] = include_bytes!("../tests/keys/rsa-2048-pkcs1.pem");
    const P256: &[u8] = include_bytes!("../tests/keys/p256.pem");
    const P256_SEC_1: &[u8] = include_bytes!("../tests/keys/p256-sec1.pem");
    const ED25519: &[u8] = include_bytes!("../tests/keys/ed25519.pem");

    /// Base 64 as WeChat writes it: its keys have neither padding nor zeros in the bits that are left over.
    fn base64(text: &str) -> Vec<u8> {
        let config = GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true);
        GeneralPurpose::new(&STANDARD, config).decode(text).unwrap()
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn wechat_key() -> Vec<u8> {
        base64("kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR")
    }

    /// As the tests of wechatpy have it.
    fn wechat_text(message: &str, receiver: &str) -> Vec<u8> {
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        [length.as_slice(), message.as_bytes(), receiver.as_bytes()].concat()
    }

    #[track_caller]
    fn check_bad(result: Result<Vec<u8>, Problem>, why: &str) {
        match result {
            Err(Problem::BadData(what)) => assert!(what.contains(why), "{what}"),
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn check_wrong_kind(result: Result<Vec<u8>, Problem>) {
        assert!(matches!(result, Err(Problem::WrongKind)), "{result:?}");
    }

    /// The SDK computes with the same code in authors' own tests; it carries it, for it is built where this crate is not.
    #[test]
    fn the_sdk_carries_the_same() {
        let body = |text: &'static str| {
            let (_, rest) = text.split_once("\n/// The most bytes of a private key").unwrap();
            rest.split("\n#[cfg(test)]").next().unwrap().trim_end()
        };
        let carried = include_str!("../../../sdk/rust/src/testing/crypto.rs");
        assert_eq!(body(include_str!("crypto.rs")), body(carried));
    }

    #[test]
    fn hmac_matches_rfc_2202_and_4231_case_2() {
        let data = b"what do ya want for nothing?";
        for (digest, expected) in [
            (Digest::Md5, "750c783e6ab0b503eaa86e310a5db738"),
            (Digest::Sha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (Digest::Sha256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        ] {
            assert_eq!(hex(&hmac(digest, b"Jefe", data).unwrap()), expected);
        }
    }

    #[test]
    fn a_hash_is_over_all_parts() {
        let path = b"/ark/open_api/v1/items?app-key=xhs&page_no=1&page_size=50&status=0&timestamp=1469902537";
        let signature = hash(Digest::Md5, &[path, b"9a539709cafc1efc9ef05838be468a28"]);
        assert_eq!(hex(&signature), "72be6fad4dd0e5104dbdebbcdadb2a06");
        assert_eq!(hex(&hash(Digest::Sha1, &[b"a", b"b", b"c"])), "a9993e364706816aba3e25717850c26c9cd0d89d");
    }

    #[track_caller]
    fn check_sorted(secret: &str, parts: &[&str], signature: &str) {
        let parts: Vec<Vec<u8>> = parts.iter().map(|part| part.as_bytes().to_vec()).collect();
        let signature: Vec<u8> =
            (0..signature.len()).step_by(2).map(|at| u8::from_str_radix(&signature[at..at + 2], 16).unwrap()).collect();
        assert!(is_sorted_hash(Digest::Sha1, secret.as_bytes(), &parts, &signature));
        assert!(!is_sorted_hash(Digest::Sha1, b"other", &parts, &signature));
        assert!(!is_sorted_hash(Digest::Sha1, secret.as_bytes(), &parts, &signature[1..]));
        assert!(!is_sorted_hash(Digest::Sha1, secret.as_bytes(), &[], &signature));
    }

    #[test]
    fn what_wechat_and_weibo_sign_is_verified() {
        check_sorted("test", &["1410685589", "test"], "f21891de399b4e33a1a93c9a7b8a8fffb5a443ff");
        check_sorted("xyz123xyz", &["1397022061823", "57155157"], "90e4c22c90a58f26526c2dd5b6c56c8822edeaa1");
        let echo = "4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOchLF6p+Q==";
        check_sorted("123456", &["1411443780", "437374425", echo], "dd6b9c95b495b3f7e2901bfbc76c664930ffdb96");
    }

    #[test]
    fn a_sorted_hash_does_not_tell_how_the_secret_compares() {
        let secret: &[u8] = b"middle";
        for chosen in [&b"a"[..], b"z"] {
            for parts in [[chosen, secret], [secret, chosen]] {
                assert!(is_sorted_hash(Digest::Sha1, secret, &[chosen.to_vec()], &hash(Digest::Sha1, &parts)));
            }
        }
    }

    #[test]
    fn rsa_signs_as_openssl_does() {
        for key in [RSA, RSA_PKCS_1] {
            let of_sha1 = sign(Scheme::RsaSha1, key, b"sample").unwrap();
            assert_eq!(
                hex(&hash(Digest::Sha256, &[&of_sha1])),
                "e54c407fc6bf383616e9330ef1285710d529367f4493140792ad8cb31118432d"
            );
            let of_sha256 = sign(Scheme::RsaSha256, key, b"sample").unwrap();
            assert_eq!(
                hex(&hash(Digest::Sha256, &[&of_sha256])),
                "2a070c4cdb04133b693c2afae7e7c85343d5ccf0a77dd2cf7c73138dd7db6051"
            );
        }
    }

    #[test]
    fn p256_matches_rfc_6979() {
        let expected = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716\
                        f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";
        for key in [P256, P256_SEC_1] {
            assert_eq!(hex(&sign(Scheme::EcdsaP256Sha256, key, b"sample").unwrap()), expected);
        }
    }

    #[test]
    fn ed25519_matches_rfc_8032() {
        let expected = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                        085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
        assert_eq!(hex(&sign(Scheme::Ed25519, ED25519, &[0x72]).unwrap()), expected);
    }

    #[test]
    fn a_key_of_another_kind_does_not_sign() {
        check_wrong_kind(sign(Scheme::RsaSha256, P256, b""));
        check_wrong_kind(sign(Scheme::EcdsaP256Sha256, ED25519, b""));
        check_wrong_kind(sign(Scheme::Ed25519, RSA, b""));
        check_wrong_kind(sign(Scheme::Ed25519, &[7; 32], b""));
        check_wrong_kind(sign(Scheme::RsaSha256, &[0xff], b""));
        check_wrong_kind(sign(Scheme::RsaSha256, &[RSA, &[b'\n'; PEM_BYTES_MAX]].concat(), b""));
    }

    #[test]
    fn cbc_matches_nist_sp_800_38a() {
        let iv: Vec<u8> = (0..16).collect();
        let text = base64("a8G+4i5An5bpPX4Rc5MXKg==");
        for (key, expected) in [
            ("K34VFiiu0qar9xWICc9PPA==", "7649abac8119b246cee98e9b12e9197d"),
            ("jnOw99oOZFLIEPMrgJB55WL46tJSLGt7", "4f021db243bc633d7178183a9fa071e8"),
            ("YD3rEBXKcb4rc67whX13gR81LAc7YQjXLZgQowkU3/Q=", "f58c4c04d6e5f1ba779eabfb5f7bfbd6"),
        ] {
            let (key, cipher) = (base64(key), Cipher::Cbc(iv.clone()));
            let data = encrypt(&cipher, &key, &text).unwrap();
            assert_eq!((hex(&data[..16]), data.len()), (expected.to_owned(), 32));
            assert_eq!(decrypt(&cipher, &key, &data).unwrap(), text);
        }
    }

    #[test]
    fn what_wechat_encrypted_is_decrypted() {
        let echo = "4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOchLF6p+Q==";
        let text = wechat_text("5927782489442352469", "wx49f0ab532d5d035a");
        assert_eq!(decrypt(&Cipher::Wechat, &wechat_key(), &base64(echo)).unwrap(), text);
    }

    #[test]
    fn what_wechat_shall_read_is_encrypted() {
        let message = "<xml>\n<MsgType><![CDATA[text]]></MsgType>\n<Content><![CDATA[test]]></Content>\n\
                       <FromUserName><![CDATA[wx49f0ab532d5d035a]]></FromUserName>\n\
                       <ToUserName><![CDATA[messense]]></ToUserName>\n<AgentID>1</AgentID>\n\
                       <CreateTime>1411525903</CreateTime>\n</xml>";
        let expected = "9s4gMv99m88kKTh/H8IdkOiMg6bisoy3ypwy9H4hvSPe9nsGaqyw5hhSjdYbcrKk+j3nba4HMOTzHrluLBYqxgNcBqGsL8Gq\
                        xlhZgURnAtObvesEl5nZ+uBE8bviY0LWke8Zy9V/QYKxNV2FqllNXcfmstttyIkMKCCmVbCFM2JTF5wY0nFhHZSjPUL2Q1qv\
                        SUCUld+/WIXrx0oyKQmpB6o8NRrrNrsDf03oxI1p9FxUgMnwKKZeOA/uu+2IEvEBtb7muXsVbwbgX05UPPJvFurDXafG0RQy\
                        PR+mf1nDnAtQmmNOuiR5MIkdQ39xn1vWwi1O5oazPoQJz0nTYjxxEE8kv3kFxtAGVRe3ypD3WeK2XeFYFMNMpatF9XiKzHo3";
        let (key, text) = (wechat_key(), wechat_text(message, "wx49f0ab532d5d035a"));
        let padded = pad(&[b"1234567890123456", text.as_slice()].concat(), WECHAT_BLOCK);
        assert_eq!(encrypt_cbc(&key, &key[..16], &padded).unwrap(), base64(expected));
        assert_eq!(decrypt(&Cipher::Wechat, &key, &encrypt(&Cipher::Wechat, &key, &text).unwrap()).unwrap(), text);
    }

    #[test]
    fn encrypted_data_does_not_lead_to_the_key() {
        let key = wechat_key();
        let echo = "4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOchLF6p+Q==";
        // The same block twice: the second one decrypts to what the first one is before it is mixed with the vector.
        let twice = [&base64(echo)[..16], &base64(echo)].concat();
        let text = decrypt(&Cipher::Wechat, &key, &twice).unwrap();
        assert!(!text.windows(16).any(|part| part == &key[..16]));
        // One block: whether its padding is right would be told of the key, too.
        check_bad(decrypt(&Cipher::Wechat, &key, &twice[..16]), "the padding is wrong");
        // Without the vector, the random bytes come out mixed with it, and no function tells them.
        let data = encrypt(&Cipher::Wechat, &key, b"known").unwrap();
        let bare = decrypt_cbc(&key, &[0; 16], &data[..16]).unwrap();
        for digest in [Digest::Md5, Digest::Sha1, Digest::Sha256, Digest::Sha512] {
            let known = hmac(digest, &key, b"known").unwrap();
            assert!(bare.iter().zip(&known).map(|(a, b)| a ^ b).ne(key[..16].iter().copied()));
        }
    }

    #[test]
    fn encrypted_data_that_cannot_be_right_is_refused() {
        let cbc = |iv: usize| Cipher::Cbc(vec![0; iv]);
        let key = [1; 16];
        check_bad(encrypt(&cbc(15), &key, b"text"), "16 bytes");
        check_bad(decrypt(&cbc(17), &key, &[0; 16]), "16 bytes");
        check_bad(decrypt(&cbc(16), &key, &[]), "the length");
        check_bad(decrypt(&cbc(16), &key, &[0; 17]), "the length");
        check_wrong_kind(decrypt(&cbc(16), &[1; 17], &[0; 16]));
        check_wrong_kind(encrypt(&Cipher::Wechat, &key, b"text"));
    }

    #[test]
    fn padding_is_whole_or_wrong() {
        assert_eq!(unpad(b"x\x01", 16).unwrap(), b"x");
        assert_eq!(unpad(b"\x02\x02", 16).unwrap(), b"");
        for wrong in [&b""[..], b"x\x00", b"x\x02", b"\x03\x03", &[17; 32]] {
            check_bad(unpad(wrong, 16), "the padding is wrong");
        }
        assert_eq!(unpad(&[17; 32], 32).unwrap(), [17; 15]);
    }

    #[test]
    fn gcm_decrypts_what_nothing_was_changed_of() {
        let (key, nonce) = (b"0123456789abcdef0123456789abcdef", b"fdasflkja484");
        let data = base64("DUcSjqrrCZUcIgcGSYN4WP5y0ZlUgmJS26+H6g==");
        assert_eq!(decrypt_gcm(key, nonce, b"certificate", &data).unwrap(), br#"{"amount":1}"#);
        check_bad(decrypt_gcm(key, nonce, b"", &data), "the tag does not fit");
        check_bad(decrypt_gcm(key, nonce, b"certificate", &data[1..]), "the tag does not fit");
        check_bad(decrypt_gcm(key, nonce, b"certificate", &[]), "the tag does not fit");
        check_bad(decrypt_gcm(key, &nonce[1..], b"certificate", &data), "12 bytes");
        check_wrong_kind(decrypt_gcm(&key[1..], nonce, b"certificate", &data));
    }
}
