//! What accounts of WeChat and its kin share: callbacks that are signed and perhaps encrypted, messages and events as fields, and
//! what codes of answers mean. A service account, a mini program and a corporation differ in little else.

mod answer;
pub mod customer_service;
mod fields;
pub mod template;

pub use answer::{CODES, outcome};
pub use fields::{at, own, said};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guanxi_plugin::connector::Refusal;
use guanxi_plugin::secrets::{self, Cipher, Digest, Problem};
use guanxi_plugin::words::Instant;

use crate::callback::{bad_config, fresh, parameter, unhex};
use crate::xml::Fields;

/// Refuses a query that the secret `name` did not sign together with `more`, or did long ago.
pub fn check(query: &str, name: &str, signature: &str, more: Option<&str>, now: Instant) -> Result<(), Refusal> {
    let (timestamp, nonce) = (parameter(query, "timestamp")?, parameter(query, "nonce")?);
    let signature = unhex(&parameter(query, signature)?).ok_or(Refusal::BadSignature)?;
    let mut parts = vec![timestamp.clone().into_bytes(), nonce.into_bytes()];
    parts.extend(more.map(|more| more.as_bytes().to_vec()));
    if !secrets::verify_sorted(name, Digest::Sha1, &parts, &signature).map_err(bad_config)? {
        return Err(Refusal::BadSignature);
    }
    let number: Instant = timestamp.parse().map_err(|_| Refusal::Malformed("`timestamp` is no number".to_owned()))?;
    fresh(number, now)
}

/// What is encrypted, if it was signed with the secret `token`, lately, and is meant for `receiver`.
pub fn open(receiver: &str, query: &str, encrypted: &str, now: Instant) -> Result<Vec<u8>, Refusal> {
    check(query, "token", "msg_signature", Some(encrypted), now)?;
    let unreadable = || Refusal::Malformed("what is encrypted cannot be read".to_owned());
    let data = STANDARD.decode(encrypted).map_err(|_| unreadable())?;
    let text = secrets::decrypt("encoding-aes-key", &Cipher::Wechat, &data).map_err(|problem| match problem {
        Problem::BadData(_) => unreadable(),
        problem => bad_config(problem),
    })?;
    let (length, rest) = text.split_first_chunk::<4>().ok_or_else(unreadable)?;
    let length = u32::from_be_bytes(*length) as usize;
    let (inner, for_whom) = rest.split_at_checked(length).ok_or_else(unreadable)?;
    if for_whom == receiver.as_bytes() { Ok(inner.to_vec()) } else { Err(Refusal::BadSignature) }
}

/// The message in a body that is encrypted as a whole. Nothing is believed that stands beside the encrypted part: whoever saw
/// one signature could have written it.
pub fn message(receiver: &str, query: &str, body: &[u8], now: Instant) -> Result<Fields, Refusal> {
    let outer = fields::read(body)?;
    let encrypted =
        outer.get("Encrypt").ok_or_else(|| Refusal::Malformed("safe mode, and nothing encrypted".to_owned()))?;
    fields::read(&open(receiver, query, encrypted, now)?)
}

/// The message in a body that only stands beside a signature.
pub fn plain_message(query: &str, body: &[u8], now: Instant) -> Result<Fields, Refusal> {
    check(query, "token", "signature", None, now)?;
    fields::read(body)
}

/// The part of an address after the account, which may be left out.
pub fn of_account<'a>(account: &str, address: &'a str) -> Option<&'a str> {
    match address.split_once('/') {
        Some((other, own)) if other == account => Some(own),
        Some(_) => None,
        None => Some(address),
    }
}

/// The openid of an address, which may carry the application in front.
pub fn openid<'a>(app_id: &str, address: &'a str) -> Result<&'a str, String> {
    let openid = of_account(app_id, address).ok_or("this openid belongs to another application")?;
    let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    match (1..=128).contains(&openid.len()) && openid.bytes().all(good) {
        true => Ok(openid),
        false => Err("the address is no openid".to_owned()),
    }
}
