//! What answers of WeChat's API mean, which are alike for service accounts and mini programs.

use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Outcome, Response};
use guanxi_plugin::words::Instant;
use serde::Deserialize;

use crate::answers::{self, Class, MENDED};

const BUSY: u32 = 5;
const MINUTE: u32 = 60;

/// What WeChat's codes mean; all others reject the message. From wechatpy `constants.py`, WxJava `WxMpErrorMsgEnum` and
/// `WxConsts.ACCESS_TOKEN_ERROR_CODES`, looked up 2026-11-21.
pub const CODES: &[(i64, Class)] = &[
    (-1, Class::Later(BUSY)),
    (-1_000, Class::Later(BUSY)),
    (40_001, Class::Refresh),
    (40_003, Class::Gone),
    (40_014, Class::Refresh),
    (40_013, Class::Later(MENDED)),
    (40_164, Class::Later(MENDED)),
    (42_001, Class::Refresh),
    (43_004, Class::Gone),
    (43_101, Class::Gone),
    // Quotas begin anew at midnight in Beijing.
    (45_009, Class::Day),
    (45_011, Class::Later(MINUTE)),
    (45_015, Class::Window),
    (45_047, Class::Window),
    (48_001, Class::Later(MENDED)),
    (48_002, Class::Gone),
    (50_002, Class::Later(MENDED)),
];

#[derive(Deserialize)]
struct Answer {
    errcode: i64,
    #[serde(default)]
    errmsg: String,
    msgid: Option<u64>,
}

/// What an answer means. What cannot be read may hide that the message arrived.
pub fn outcome(response: &Response, now: Instant) -> Result<Outcome, Failure> {
    if let Some(outcome) = answers::by_status(response, "WeChat") {
        return Ok(outcome);
    }
    let Answer { errcode, errmsg, msgid } = response.json()?;
    Ok(match errcode {
        0 => Outcome::Sent(msgid.map(|id| id.to_string())),
        code => answers::outcome(CODES, code, format!("WeChat answered {code}: {errmsg}"), now),
    })
}
