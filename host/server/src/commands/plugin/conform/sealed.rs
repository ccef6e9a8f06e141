//! Bodies that are encrypted for who receives them (RFC 8291): a recording has the receiver's keys, so that they can be read as the
//! receiver would.

use aes_gcm::aead::Aead;
use aes_gcm::{Aes128Gcm, KeyInit, Nonce};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::{PublicKey, SecretKey, ecdh};
use serde::Deserialize;
use serde_json::Value;
use sha2::Sha256;

/// A receiver, and what they should read.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// The receiver's private key, 32 bytes in base64url.
    key: String,
    /// What both know besides, 16 bytes in base64url.
    auth: String,
    /// What any text means that they should read.
    pub json: Value,
}

impl Sealed {
    /// What the receiver reads: one record of `aes128gcm` (RFC 8188). Nothing if it is not for them, or was changed.
    pub fn open(&self, body: &[u8]) -> Option<Vec<u8>> {
        let key = SecretKey::from_slice(&URL_SAFE_NO_PAD.decode(&self.key).ok()?).ok()?;
        let auth = URL_SAFE_NO_PAD.decode(&self.auth).ok()?;
        let (salt, rest) = body.split_at_checked(16)?;
        let (size, rest) = rest.split_first_chunk::<4>()?;
        let (length, rest) = rest.split_first()?;
        let (point, record) = rest.split_at_checked(usize::from(*length))?;
        if record.len() > usize::try_from(u32::from_be_bytes(*size)).ok()? {
            return None;
        }
        let theirs = PublicKey::from_sec1_bytes(point).ok()?;
        let shared = ecdh::diffie_hellman(key.to_nonzero_scalar(), theirs.as_affine());
        let ours = key.public_key().to_sec1_point(false);
        let info = [b"WebPush: info\0", ours.as_bytes(), point].concat();
        let input: [u8; 32] = expand(&auth, shared.raw_secret_bytes(), &info)?;
        let key: [u8; 16] = expand(salt, &input, b"Content-Encoding: aes128gcm\0")?;
        let nonce: [u8; 12] = expand(salt, &input, b"Content-Encoding: nonce\0")?;
        let padded = Aes128Gcm::new_from_slice(&key).ok()?.decrypt(&Nonce::from(nonce), record).ok()?;
        // 2 ends the last record; zeros behind it hide how long it is.
        let end = padded.iter().rposition(|byte| *byte != 0)?;
        let (text, padding) = padded.split_at_checked(end)?;
        (padding.first() == Some(&2)).then(|| text.to_vec())
    }
}

/// HKDF (RFC 5869), both steps.
fn expand<const N: usize>(salt: &[u8], input: &[u8], info: &[u8]) -> Option<[u8; N]> {
    let mut output = [0; N];
    Hkdf::<Sha256>::new(Some(salt), input).expand(info, &mut output).ok()?;
    Some(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 8291.
    #[test]
    fn pl_9_what_is_encrypted_for_the_receiver_is_read_and_nothing_else() {
        let sealed = Sealed {
            key: "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94".to_owned(),
            auth: "BTBZMqHH6r4Tts7J_aSIgg".to_owned(),
            json: Value::Null,
        };
        let body = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
        let body = URL_SAFE_NO_PAD.decode(body).expect("base64url");
        let text = b"When I grow up, I want to be a watermelon".to_vec();
        assert_eq!(sealed.open(&body), Some(text));
        let mut changed = body.clone();
        *changed.last_mut().expect("a byte") ^= 1;
        let other = Sealed { auth: "BTBZMqHH6r4Tts7J_aSIgQ".to_owned(), ..sealed.clone() };
        for (sealed, body) in
            [(&sealed, &changed[..]), (&other, &body), (&sealed, &body[..90]), (&sealed, b"{}"), (&sealed, b"")]
        {
            assert_eq!(sealed.open(body), None);
        }
    }
}
