//! Secrets that a connector may name but never see: the host computes with them on its behalf, and takes what that costs
//! off the fuel of the call.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::bindings::guanxi::plugin::secrets::{Cipher, Digest, Host, Part, Problem, Scheme};
use crate::crypto;
use crate::state::State;

/// The most parts that are joined to a text or a key.
const PARTS_MAX: usize = 64;
/// The most parts that are sorted: each place that the secret may have among them costs another hash.
const SORTED_PARTS_MAX: usize = 16;

/// Fuel of any computation, and of each byte that goes through a hash or a cipher. A unit is about a nanosecond.
const FUEL_PER_CALL: u64 = 1_000;
const FUEL_PER_BYTE: u64 = 8;
const FUEL_OF_P256: u64 = 500_000;
const FUEL_OF_ED25519: u64 = 100_000;

/// Fuel of a signature with RSA, which takes the cube of the key's length: 3 million for 2,048 bits, 22 million for 4,096.
fn fuel_of_rsa(pem: &[u8]) -> u64 {
    bytes(pem.len()).saturating_pow(3) / 1_600
}

/// The secrets that one call may use, by name: only those that the manifest asks for and the tenant has set.
#[derive(Clone, Default)]
pub struct Secrets(Arc<BTreeMap<String, Vec<u8>>>);

impl Secrets {
    /// Secrets as bytes, by name.
    pub fn new(secrets: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        Self(Arc::new(secrets.into_iter().collect()))
    }

    fn get(&self, name: &str) -> Result<&[u8], Problem> {
        self.0.get(name).map(Vec::as_slice).ok_or(Problem::NotGranted)
    }

    /// What these parts stand for, one after the other.
    fn all<'a>(&'a self, parts: &'a [Part]) -> Result<Vec<&'a [u8]>, Problem> {
        check_count(parts.len(), PARTS_MAX)?;
        let part = |part: &'a Part| match part {
            Part::Bytes(bytes) => Ok(bytes.as_slice()),
            Part::Secret(name) => self.get(name),
        };
        parts.iter().map(part).collect()
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// What came of one computation: ends the call, says what is wrong with it, or answers.
type Computed<T> = wasmtime::Result<Result<T, Problem>>;

/// Goes on with what is there, or answers with the problem.
macro_rules! given {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(problem) => return Ok(Err(problem)),
        }
    };
}

impl State {
    /// Counts a call of the host, and lends the secrets to it. Remembers which of the named ones are not there.
    fn begin<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) -> wasmtime::Result<Secrets> {
        self.count_host_call()?;
        self.burn(FUEL_PER_CALL)?;
        let secrets = self.secrets().clone();
        for name in names.into_iter().take(PARTS_MAX).filter(|name| !secrets.0.contains_key(*name)) {
            self.miss(name);
        }
        Ok(secrets)
    }

    fn burn_bytes(&mut self, count: usize) -> wasmtime::Result<()> {
        self.burn(bytes(count).saturating_mul(FUEL_PER_BYTE))
    }
}

impl Host for State {
    fn hmac(&mut self, key: Vec<Part>, digest: Digest, data: Vec<u8>) -> Computed<Vec<u8>> {
        let secrets = self.begin(names(&key))?;
        let key = given!(secrets.all(&key));
        self.burn_bytes(length(&key).saturating_add(data.len()))?;
        Ok(crypto::hmac(digest, &key.concat(), &data))
    }

    fn hash(&mut self, digest: Digest, parts: Vec<Part>) -> Computed<Vec<u8>> {
        let secrets = self.begin(names(&parts))?;
        let joined = given!(secrets.all(&parts));
        // To HMAC a key that is longer than a block is the same as its digest.
        let is_secret_or_nothing = |part: &Part| match part {
            Part::Bytes(bytes) => bytes.is_empty(),
            Part::Secret(_) => true,
        };
        if parts.iter().all(is_secret_or_nothing) {
            return Ok(Err(Problem::BadData("a secret is hashed together with other bytes only".to_owned())));
        }
        self.burn_bytes(length(&joined))?;
        Ok(Ok(crypto::hash(digest, &joined)))
    }

    fn verify_sorted(
        &mut self,
        name: String,
        digest: Digest,
        parts: Vec<Vec<u8>>,
        signature: Vec<u8>,
    ) -> Computed<bool> {
        let secrets = self.begin([name.as_str()])?;
        let secret = given!(secrets.get(&name));
        given!(check_count(parts.len(), SORTED_PARTS_MAX));
        let joined = parts.iter().fold(secret.len(), |sum, part| sum.saturating_add(part.len()));
        self.burn_bytes(joined.saturating_mul(parts.len().saturating_add(1)))?;
        Ok(Ok(crypto::is_sorted_hash(digest, secret, &parts, &signature)))
    }

    fn sign(&mut self, name: String, scheme: Scheme, data: Vec<u8>) -> Computed<Vec<u8>> {
        let secrets = self.begin([name.as_str()])?;
        let key = given!(secrets.get(&name));
        self.burn_bytes(data.len())?;
        self.burn(match scheme {
            Scheme::RsaSha1 | Scheme::RsaSha256 => fuel_of_rsa(key),
            Scheme::EcdsaP256Sha256 => FUEL_OF_P256,
            Scheme::Ed25519 => FUEL_OF_ED25519,
        })?;
        Ok(crypto::sign(scheme, key, &data))
    }

    fn encrypt(&mut self, name: String, cipher: Cipher, text: Vec<u8>) -> Computed<Vec<u8>> {
        let secrets = self.begin([name.as_str()])?;
        let key = given!(secrets.get(&name));
        self.burn_bytes(text.len())?;
        Ok(crypto::encrypt(&cipher, key, &text))
    }

    fn decrypt(&mut self, name: String, cipher: Cipher, data: Vec<u8>) -> Computed<Vec<u8>> {
        let secrets = self.begin([name.as_str()])?;
        let key = given!(secrets.get(&name));
        self.burn_bytes(data.len())?;
        Ok(crypto::decrypt(&cipher, key, &data))
    }

    fn decrypt_gcm(
        &mut self,
        name: String,
        nonce: Vec<u8>,
        associated_data: Vec<u8>,
        data: Vec<u8>,
    ) -> Computed<Vec<u8>> {
        let secrets = self.begin([name.as_str()])?;
        let key = given!(secrets.get(&name));
        self.burn_bytes(associated_data.len().saturating_add(data.len()))?;
        Ok(crypto::decrypt_gcm(key, &nonce, &associated_data, &data))
    }
}

/// The secrets among the parts, by name.
fn names(parts: &[Part]) -> impl Iterator<Item = &str> {
    parts.iter().filter_map(|part| match part {
        Part::Secret(name) => Some(name.as_str()),
        Part::Bytes(_) => None,
    })
}

fn check_count(count: usize, most: usize) -> Result<(), Problem> {
    if count <= most { Ok(()) } else { Err(Problem::BadData(format!("{count} parts are more than {most}"))) }
}

fn length(parts: &[&[u8]]) -> usize {
    parts.iter().fold(0, |sum, part| sum.saturating_add(part.len()))
}

fn bytes(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use guanxi_domain::limits::CallLimits;
    use wasmtime::Trap;

    use super::*;

    const RSA: &[u8] = include_bytes!("../tests/keys/rsa-2048.pem");

    fn state(fuel: u64) -> State {
        let secret = |name: &str, bytes: &[u8]| (name.to_owned(), bytes.to_vec());
        let secrets = Secrets::new([secret("key", b"0123456789abcdef"), secret("rsa", RSA)]);
        State::new(&CallLimits::default(), secrets, fuel)
    }

    #[track_caller]
    fn check_burns<T>(work: impl Fn(&mut State) -> Computed<T>, fuel: u64) {
        let mut state = state(fuel);
        work(&mut state).expect("within the limit").expect("an answer");
        assert_eq!(state.burnt(), fuel);
        let Err(error) = work(&mut self::state(fuel - 1)) else { panic!("more fuel than there is") };
        assert_eq!(error.downcast_ref(), Some(&Trap::OutOfFuel));
    }

    #[track_caller]
    fn check_problem<T: fmt::Debug>(work: impl Fn(&mut State) -> Computed<T>, expected: &str) {
        let problem = work(&mut state(100_000_000)).expect("within the limit").expect_err("a problem");
        assert_eq!(format!("{problem:?}"), expected);
    }

    fn key() -> String {
        "key".to_owned()
    }

    #[test]
    fn debug_shows_names_only() {
        let secrets = Secrets::new([("signing-key".to_owned(), b"hush".to_vec())]);
        assert_eq!(format!("{secrets:?}"), r#"{"signing-key"}"#);
    }

    #[test]
    fn what_the_host_computes_burns_fuel() {
        let part = || Part::Bytes(b"TC3".to_vec());
        check_burns(|state| state.hmac(vec![part(), Part::Secret(key())], Digest::Sha1, vec![0; 100]), 1_952);
        check_burns(|state| state.hash(Digest::Md5, vec![part(), Part::Secret(key())]), 1_152);
        check_burns(|state| state.verify_sorted(key(), Digest::Sha1, vec![vec![0; 4]; 2], Vec::new()), 1_576);
        check_burns(|state| state.encrypt(key(), Cipher::Cbc(vec![0; 16]), vec![0; 100]), 1_800);
        let rsa = 1_080 + u64::try_from(RSA.len()).unwrap().pow(3) / 1_600;
        assert!((3_000_000..3_500_000).contains(&rsa), "{rsa}");
        check_burns(|state| state.sign("rsa".to_owned(), Scheme::RsaSha256, vec![0; 10]), rsa);
    }

    #[test]
    fn what_is_named_and_not_there_is_remembered_within_bounds() {
        let mut state = state(100_000_000);
        let long = "x".repeat(1_000);
        for name in ["key", "other", "other", long.as_str(), "key"] {
            let signed = state.hmac(vec![Part::Secret(name.to_owned())], Digest::Sha1, Vec::new());
            assert_eq!(signed.expect("within the limit").is_ok(), name == "key");
        }
        let guesses = (0..100).map(|n| Part::Secret(format!("guess-{n}"))).collect();
        assert!(state.hmac(guesses, Digest::Sha1, Vec::new()).expect("within the limit").is_err());
        let (_, missed) = state.into_told();
        assert_eq!(missed.len(), 8);
        assert_eq!(missed[..3], ["other", &long[..64], "guess-0"]);
    }

    #[test]
    fn a_problem_names_no_secret() {
        let other = || "other".to_owned();
        check_problem(|state| state.hmac(vec![Part::Secret(other())], Digest::Sha1, Vec::new()), "Problem::NotGranted");
        check_problem(|state| state.sign(other(), Scheme::Ed25519, Vec::new()), "Problem::NotGranted");
        check_problem(|state| state.sign(key(), Scheme::Ed25519, Vec::new()), "Problem::WrongKind");
        check_problem(|state| state.encrypt(key(), Cipher::Wechat, Vec::new()), "Problem::WrongKind");
    }

    #[test]
    fn a_secret_is_never_hashed_alone() {
        let alone = r#"Problem::BadData("a secret is hashed together with other bytes only")"#;
        check_problem(|state| state.hash(Digest::Sha256, Vec::new()), alone);
        check_problem(|state| state.hash(Digest::Sha256, vec![Part::Secret(key())]), alone);
        let nothing = || Part::Bytes(Vec::new());
        check_problem(|state| state.hash(Digest::Sha256, vec![nothing(), Part::Secret(key()), nothing()]), alone);
    }

    #[test]
    fn parts_are_counted() {
        let many = || vec![Part::Secret(key()); 65];
        check_problem(|state| state.hash(Digest::Md5, many()), r#"Problem::BadData("65 parts are more than 64")"#);
        let many = || vec![Vec::new(); 17];
        let sorted = |state: &mut State| state.verify_sorted(key(), Digest::Md5, many(), Vec::new());
        check_problem(sorted, r#"Problem::BadData("17 parts are more than 16")"#);
    }
}
