//! Messages to people, and what Meta's answers mean here.

use guanxi_channel_kit::answers::Class;
use guanxi_channel_kit::meta::{
    self,
    send_api::{self, Platform},
};
use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Outbound, Outcome, Response, Step};
use guanxi_plugin::words::Instant;

use crate::Settings;

/// Characters of a text, from the Send API's reference, looked up 2026-11-28.
const TEXT_MAX: usize = 1_000;

/// What codes mean on Instagram besides those of all platforms, with their subcodes; what is not listed rejects the message. From
/// the Messenger Platform's error codes, looked up 2026-11-28.
const CODES: &[(i64, i64, Class)] = &[
    (10, 2_018_278, Class::Window),
    (10, 2_534_022, Class::Window),
    (100, 2_018_001, Class::Gone),
    (100, 2_534_014, Class::Gone),
    (200, 2_534_037, Class::Gone),
    (551, 0, Class::Gone),
    (80_002, 0, Class::Later(60)),
    (80_006, 0, Class::Later(60)),
];

pub fn begin(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
    let host = if settings.facebook_login { "graph.facebook.com" } else { "graph.instagram.com" };
    let platform = Platform { name: "Instagram", host, text_max: TEXT_MAX };
    send_api::begin(platform, &settings.api_version, settings.tag.as_deref(), message)
}

/// What an answer means.
pub fn outcome(response: &Response, now: Instant) -> Result<Outcome, Failure> {
    meta::outcome(response, "/message_id", CODES, now)
}
