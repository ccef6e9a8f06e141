//! The platform's API for shops, called ark: how requests are signed, and what its answers mean.

use guanxi_channel_kit::answers::{self, MENDED};
use guanxi_channel_kit::callback::hex;
use guanxi_plugin::connector::{Outcome, Request, Response};
use guanxi_plugin::secrets::{self, Digest, Part, Problem};
use guanxi_plugin::words::{Instant, SECOND};
use guanxi_plugin::{Failure, log};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Settings;

const URL: &str = "https://ark.xiaohongshu.com/ark/open_api/v3/common_controller";
const VERSION: &str = "2.0";

#[derive(Deserialize)]
struct Answer {
    success: bool,
    #[serde(default)]
    error_code: i64,
    #[serde(default, alias = "errmsg", alias = "msg")]
    error_msg: String,
    #[serde(default)]
    data: Value,
}

/// A call of one method; what it is about is not signed.
pub fn request(settings: &Settings, method: &str, about: Value, now: Instant) -> Result<Request, Failure> {
    let timestamp = now.div_euclid(SECOND).to_string();
    let mut body = match about {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    let signature = sign(method, &settings.app_id, &timestamp)?;
    for (name, value) in [
        ("method", method),
        ("appId", &settings.app_id),
        ("timestamp", &timestamp),
        ("version", VERSION),
        ("sign", &signature),
        ("accessToken", &settings.access_token),
    ] {
        body.insert(name.to_owned(), Value::from(value));
    }
    Request::post(URL).json(&body)
}

/// The signature of a call, as the document of ark v3 describes it.
pub fn sign(method: &str, app_id: &str, timestamp: &str) -> Result<String, Problem> {
    hashed(&format!("{method}?appId={app_id}&timestamp={timestamp}&version={VERSION}"))
}

/// MD5 of a text and the secret, which the older parts of ark sign with as well.
pub fn hashed(text: &str) -> Result<String, Problem> {
    Ok(hex(&secrets::hash(Digest::Md5, &[Part::bytes(text), Part::secret("app-secret")])?))
}

/// What a good answer carries, or what another one means.
pub fn read(response: &Response) -> Result<Result<Value, Outcome>, Failure> {
    if let Some(outcome) = answers::by_status(response, "Xiaohongshu") {
        return Ok(Err(outcome));
    }
    let Answer { success, error_code, error_msg, data } = response.json()?;
    if success {
        return Ok(Ok(data));
    }
    let told = format!("Xiaohongshu answered {error_code}: {error_msg}");
    // No list of codes is public; what it says about the token is.
    if error_msg.to_lowercase().contains("token") {
        log!(warn, "{told}");
        return Ok(Err(Outcome::RetryAfter(MENDED)));
    }
    Ok(Err(Outcome::Rejected(told)))
}
