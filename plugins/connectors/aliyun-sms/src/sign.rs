//! ACS3-HMAC-SHA256, the signature of Alibaba Cloud's API.

use guanxi_plugin::secrets::{self, Digest, Part, Problem};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// SHA-256 of no body.
pub const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/// RFC 3986: all but the unreserved characters.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The query of these parameters, in the order and the writing that are signed.
pub fn query(parameters: &[(&str, &str)]) -> String {
    let encode = |text| utf8_percent_encode(text, ENCODED).to_string();
    let mut pairs: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.sort();
    pairs.join("&")
}

/// The header `authorization` of a request to `/`; headers in lower case and sorted.
pub fn authorization(
    key_id: &str,
    method: &str,
    query: &str,
    headers: &[(&str, &str)],
    payload_hash: &str,
) -> Result<String, Problem> {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let request = format!("{method}\n/\n{query}\n{lines}\n{names}\n{payload_hash}");
    let hash = secrets::hash(Digest::Sha256, &[Part::bytes(request)])?;
    let signed = format!("ACS3-HMAC-SHA256\n{}", hex(&hash));
    let signature = secrets::hmac("access-key-secret", Digest::Sha256, signed.as_bytes())?;
    Ok(format!("ACS3-HMAC-SHA256 Credential={key_id},SignedHeaders={names},Signature={}", hex(&signature)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
