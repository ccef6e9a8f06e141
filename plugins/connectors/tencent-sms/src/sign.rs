//! TC3-HMAC-SHA256, the signature of Tencent Cloud's API.

use guanxi_channel_kit::civil;
use guanxi_plugin::secrets::{self, Digest, Part, Problem};
use guanxi_plugin::words::{Instant, SECOND};

pub const CONTENT_TYPE: &str = "application/json; charset=utf-8";

/// The header `authorization` of a POST of `body` to `/` at `now`. The service is the first label of the host.
pub fn authorization(secret_id: &str, host: &str, body: &str, now: Instant) -> Result<String, Problem> {
    let service = host.split('.').next().unwrap_or_default();
    let day = civil::utc(now).chars().take(10).collect::<String>();
    let request = format!("POST\n/\n\ncontent-type:{CONTENT_TYPE}\nhost:{host}\n\ncontent-type;host\n{}", hash(body)?);
    let scope = format!("{day}/{service}/tc3_request");
    let signed = format!("TC3-HMAC-SHA256\n{}\n{scope}\n{}", now.div_euclid(SECOND), hash(&request)?);
    let mut key = vec![Part::bytes("TC3"), Part::secret("secret-key")];
    for step in [day.as_str(), service, "tc3_request"] {
        key = vec![Part::bytes(secrets::hmac_under(&key, Digest::Sha256, step.as_bytes())?)];
    }
    let signature = hex(&secrets::hmac_under(&key, Digest::Sha256, signed.as_bytes())?);
    let credential = format!("Credential={secret_id}/{scope}");
    Ok(format!("TC3-HMAC-SHA256 {credential}, SignedHeaders=content-type;host, Signature={signature}"))
}

fn hash(text: &str) -> Result<String, Problem> {
    Ok(hex(&secrets::hash(Digest::Sha256, &[Part::bytes(text)])?))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
