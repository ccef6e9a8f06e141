//! What connectors of several platforms need alike: the neutral content, codes of answers, messages in several parts, what is
//! remembered between calls, dates without a clock, templates that are found by what they say, text messages of these, short
//! messages. With the feature `callback` also how requests of channels are checked and told as events, with `login` what a brand's
//! backend tells of logins, with `meta` what Meta's platforms share, with `xml` the little XML that WeChat and its kin speak, with
//! `wechat` all that accounts of WeChat share, and with `mail` messages of mail, their signatures and what is reported of them.

pub mod answers;
#[cfg(feature = "callback")]
pub mod callback;
pub mod civil;
pub mod content;
pub mod length;
#[cfg(feature = "login")]
pub mod login;
#[cfg(feature = "mail")]
pub mod mail;
pub mod memory;
#[cfg(feature = "meta")]
pub mod meta;
pub mod several;
pub mod short_message;
pub mod template;
pub mod text_message;
#[cfg(feature = "wechat")]
pub mod wechat;
#[cfg(feature = "wechat")]
pub mod wecom;
#[cfg(feature = "xml")]
pub mod xml;
