//! Signatures after Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, in base64 behind `v1,`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The value of `webhook-signature`: one for each key, so that a receiver knows the notice by the old secret or the new one.
/// `at` is in seconds since the epoch.
pub(super) fn signatures(keys: &[Vec<u8>], id: &str, at: &str, body: &str) -> String {
    let signed = keys.iter().filter_map(|key| signature(key, id, at, body));
    signed.collect::<Vec<_>>().join(" ")
}

/// HMAC takes keys of every length, so that there is always one.
fn signature(key: &[u8], id: &str, at: &str, body: &str) -> Option<String> {
    let mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    let mac = mac.chain_update(id).chain_update(".").chain_update(at).chain_update(".").chain_update(body);
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"test": 2432232314}"#;
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    /// Of `standard-webhooks/standard-webhooks`: libraries/python/tests/test_webhooks.py.
    const EXPECTED: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn key() -> Vec<u8> {
        STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap()
    }

    #[test]
    fn te_6_signatures_are_those_of_the_reference_library() {
        assert_eq!(signatures(&[key()], ID, "1614265330", BODY), EXPECTED);
        for other in [(ID, "1614265331", BODY), ("msg_x", "1614265330", BODY), (ID, "1614265330", "{}")] {
            assert_ne!(signatures(&[key()], other.0, other.1, other.2), EXPECTED);
        }
    }

    #[test]
    fn te_6_while_a_secret_is_rotated_both_sign() {
        let both = signatures(&[vec![1; 32], key()], ID, "1614265330", BODY);
        let (new, old) = both.split_once(' ').unwrap();
        assert_eq!(old, EXPECTED);
        assert!(new.starts_with("v1,") && new != old && !new.contains(' '), "{new}");
        assert_eq!(signatures(&[], ID, "1614265330", BODY), "");
    }
}
