//! External contacts of a corporation on WeCom: welcomes, messages that members pass on, customer service; and what they write and
//! do. Apart from an app for members, because WeCom gives each of these a secret of its own.

mod customer_service;
mod send;
#[cfg(test)]
mod tests;

use guanxi_channel_kit::{several, wecom};
use guanxi_plugin::Failure;
use guanxi_plugin::connector::{
    Authorization, Connector, Incoming, Outbound, Poll, PollStep, Receive, Reception, Refusal, Response, Session, Step,
};
use guanxi_plugin::words::Instant;

const CHANNEL: &str = "wecom-contact";

/// Seconds in which a new contact can be welcomed with its `welcome-code`, once; messages that members can be asked to pass on to
/// one contact in a month. From wechatpy `work/client/api/external_contact.py`.
pub const WELCOME_SECONDS: u32 = 20;
pub const PASSED_ON_A_MONTH: u32 = 4;
/// Messages of customer service after one of the customer's, within how many seconds. From wechatpy `kf_message.py`.
pub const REPLY_WINDOW: (u32, u32) = (5, 48 * 3_600);

struct Contacts;

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Settings {
    corp_id: String,
    /// The customer-service account whose messages are asked for.
    open_kfid: Option<String>,
}

impl Connector for Contacts {
    type Config = Settings;

    fn send(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
        send::begin(settings, message)
    }

    fn resume(_: &Settings, left: &[u8], response: &Response, now: Instant) -> Result<Step, Failure> {
        several::go_on(&[], left, wecom::outcome(response, now)?)
    }
}

impl Session for Contacts {
    fn authorize(settings: &Settings) -> Result<Authorization, Failure> {
        wecom::authorize(&settings.corp_id)
    }
}

impl Receive for Contacts {
    fn receive(settings: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
        wecom::receive(&settings.corp_id, CHANNEL, request, now)
    }
}

impl Poll for Contacts {
    fn poll(settings: &Settings, cursor: Option<&str>, _: Instant) -> Result<PollStep, Failure> {
        customer_service::poll(settings, cursor)
    }

    fn resume_poll(_: &Settings, _: &[u8], response: &Response, now: Instant) -> Result<PollStep, Failure> {
        customer_service::page(response, now)
    }
}

guanxi_plugin::connector!(Contacts + Session + Receive + Poll);
