//! A browser's subscription as an address: `ENDPOINT#P256DH.AUTH`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::PublicKey;

/// Where messages go, and for which keys they are encrypted.
#[derive(Debug)]
pub struct Subscription<'a> {
    /// The address at the push service.
    pub endpoint: &'a str,
    /// Scheme and host of it, for whom the token of the request is meant.
    pub origin: &'a str,
    /// The browser's key.
    pub point: PublicKey,
    /// What both know besides.
    pub auth: Vec<u8>,
}

/// Reads an address. Only push services that speak https are taken, and the one that the settings name.
pub fn read<'a>(address: &'a str, push_service: &str) -> Result<Subscription<'a>, String> {
    let parts = || {
        let (endpoint, keys) = address.split_once('#')?;
        let (point, auth) = keys.split_once('.')?;
        let point = PublicKey::from_sec1_bytes(&URL_SAFE_NO_PAD.decode(point).ok()?).ok()?;
        let auth = URL_SAFE_NO_PAD.decode(auth).ok().filter(|auth| auth.len() == 16)?;
        let scheme = endpoint.find("://")? + 3;
        let rest = endpoint.get(scheme..)?;
        let end = rest.find(['/', '?']).map_or(endpoint.len(), |at| scheme + at);
        let plain = |b: u8| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b);
        let origin = endpoint.get(..end).filter(|origin| !origin.contains('@') && origin.len() > scheme)?;
        endpoint.bytes().all(plain).then_some(Subscription { endpoint, origin, point, auth })
    };
    let read = parts().ok_or("the address is no subscription of a browser: ENDPOINT#P256DH.AUTH")?;
    match read.origin.starts_with("https://") || read.origin == push_service {
        true => Ok(read),
        false => Err("the push service of the address does not speak https".to_owned()),
    }
}
