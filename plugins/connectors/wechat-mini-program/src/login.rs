//! What the brand's backend tells after a login, as an event of that user.

use guanxi_channel_kit::callback::{key, received, reply_json};
use guanxi_channel_kit::login;
use guanxi_plugin::connector::{Incoming, Reception, Refusal};
use guanxi_plugin::words::Instant;
use serde_json::json;

use crate::receive::identity;
use crate::{CHANNEL, Settings};

pub fn receive(settings: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
    let user = login::read(&settings.app_id, request, now)?;
    let unionids = user.unionids.iter().map(|unionid| format!("wechat_unionid:{unionid}"));
    let phones = user.phones.iter().map(|phone| format!("phone:{phone}"));
    let identities = [identity(settings, &user.openid)].into_iter().chain(unionids).chain(phones).collect();
    let event = received(key(&["login", &user.id])?, identities, CHANNEL, "identify", now, &json!(user.traits));
    Ok(Reception { reply: reply_json(&json!({ "accepted": true })), events: vec![event] })
}
