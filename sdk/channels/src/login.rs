//! What the brand's backend tells after a login: data of the user that WeChat signed with the session key or encrypted under it.
//! The call itself is signed as Standard Webhooks are. The session key is used and forgotten.

use aes::Aes128;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use guanxi_plugin::connector::{Incoming, Refusal};
use guanxi_plugin::secrets::{self, Digest, Part};
use guanxi_plugin::words::Instant;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::callback::{bad_config, check_hash, fresh, header, is_same};

/// By this header the backend's calls are told from WeChat's.
pub const SIGNATURE: &str = "webhook-signature";
/// The most bytes of one text that is taken over.
const TEXT_BYTES_MAX: usize = 1_024;
/// What of a user's data becomes a trait, and under which name.
const TRAITS: [(&str, &str); 4] =
    [("nickName", "name"), ("avatarUrl", "avatar"), ("city", "city"), ("language", "language")];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    openid: String,
    unionid: Option<String>,
    session_key: Option<String>,
    /// What `wx.getUserInfo` gives, with its signature.
    raw_data: Option<String>,
    signature: Option<String>,
    /// What `wx.getUserInfo` and `getPhoneNumber` give, encrypted.
    #[serde(default)]
    encrypted: Vec<Encrypted>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Encrypted {
    data: String,
    iv: String,
}

/// Who logged in.
#[derive(Debug)]
pub struct User {
    /// By which a repetition of the call is known.
    pub id: String,
    /// Whom the application calls so.
    pub openid: String,
    /// Whom all applications of the developer call so.
    pub unionids: Vec<String>,
    /// In international form.
    pub phones: Vec<String>,
    /// What else is known: `name`, `avatar`, `city`, `language`.
    pub traits: Map<String, Value>,
}

/// Reads a call of the backend about a user of the application `app_id`. It is signed with the secret `backend-key`.
pub fn read(app_id: &str, request: &Incoming, now: Instant) -> Result<User, Refusal> {
    let id = verify(request, now)?.to_owned();
    let malformed = |problem: serde_json::Error| Refusal::Malformed(format!("the body: {problem}"));
    let login: Login = serde_json::from_slice(&request.body).map_err(malformed)?;
    if !(1..=TEXT_BYTES_MAX).contains(&login.openid.len()) {
        return Err(Refusal::Malformed(format!("`openid` has 1 to {TEXT_BYTES_MAX} bytes")));
    }
    let mut unionids: Vec<String> = login.unionid.iter().cloned().collect();
    let (mut phones, mut traits) = (Vec::new(), Map::new());
    for told in data(app_id, &login)? {
        if some(&told, "openId").is_some_and(|openid| openid != login.openid) {
            return Err(Refusal::Malformed("what is encrypted is about another user".to_owned()));
        }
        unionids.extend(some(&told, "unionId"));
        let (country, number) = (some(&told, "countryCode"), some(&told, "purePhoneNumber"));
        phones.extend(country.zip(number).map(|(country, number)| format!("+{country}{number}")));
        let known = TRAITS.iter().filter_map(|(theirs, ours)| Some((ours, some(&told, theirs)?)));
        traits.extend(known.map(|(ours, value)| ((*ours).to_owned(), Value::from(value))));
    }
    unionids.dedup();
    Ok(User { id, openid: login.openid, unionids, phones, traits })
}

/// A text that is there, says something and is no book.
fn some(told: &Value, name: &str) -> Option<String> {
    let fits = |text: &&str| (1..=TEXT_BYTES_MAX).contains(&text.len());
    told.get(name).and_then(Value::as_str).filter(fits).map(str::to_owned)
}

/// The id of a call that the backend signed, lately.
fn verify(request: &Incoming, now: Instant) -> Result<&str, Refusal> {
    let (id, timestamp) = (header(request, "webhook-id")?, header(request, "webhook-timestamp")?);
    let signed = [format!("{id}.{timestamp}.").as_bytes(), &request.body].concat();
    let mac = secrets::hmac("backend-key", Digest::Sha256, &signed).map_err(bad_config)?;
    let is_mine = |signature: &str| {
        let given = signature.strip_prefix("v1,").and_then(|given| STANDARD.decode(given).ok());
        given.is_some_and(|given| is_same(&given, &mac))
    };
    if !header(request, SIGNATURE)?.split(' ').any(is_mine) {
        return Err(Refusal::BadSignature);
    }
    let seconds: Instant = timestamp.parse().map_err(|_| Refusal::BadSignature)?;
    fresh(seconds, now)?;
    Ok(id)
}

/// All that WeChat vouches for.
fn data(app_id: &str, login: &Login) -> Result<Vec<Value>, Refusal> {
    let missing = |what: &str| Refusal::Malformed(format!("`{what}` is missing"));
    let session_key = || login.session_key.as_deref().ok_or_else(|| missing("session_key"));
    let mut data = Vec::new();
    if let Some(raw) = &login.raw_data {
        let signature = login.signature.as_deref().ok_or_else(|| missing("signature"))?;
        let parts = [Part::bytes(raw.as_bytes()), Part::bytes(session_key()?)];
        check_hash(Digest::Sha1, &parts, signature)?;
        data.push(serde_json::from_str(raw).map_err(|_| Refusal::Malformed("`raw_data` is no JSON".to_owned()))?);
    }
    for encrypted in &login.encrypted {
        let told = decrypt(session_key()?, encrypted)
            .ok_or_else(|| Refusal::Malformed("what is encrypted cannot be read with this `session_key`".to_owned()))?;
        if told.pointer("/watermark/appid").and_then(Value::as_str) != Some(app_id) {
            return Err(Refusal::Malformed("what is encrypted is meant for another application".to_owned()));
        }
        data.push(told);
    }
    Ok(data)
}

fn decrypt(session_key: &str, Encrypted { data, iv }: &Encrypted) -> Option<Value> {
    let [key, iv, mut data] = [session_key, iv, data].map(|text| STANDARD.decode(text).ok());
    let cipher = cbc::Decryptor::<Aes128>::new_from_slices(&key?, &iv?).ok()?;
    let text = cipher.decrypt_padded::<Pkcs7>(data.as_mut()?).ok()?;
    serde_json::from_slice(text).ok()
}
