//! What connectors of several platforms need alike: the neutral content, codes of answers, dates without a clock, templates that
//! are found by what they say, text messages of these, short messages in parts. With the feature `callback` also how requests of
//! channels are checked and told as events, with `meta` what Meta's platforms share, with `xml` the little XML that WeChat and its
//! kin speak, and with `mail` messages of mail, their signatures and what is reported of them.

pub mod answers;
#[cfg(feature = "callback")]
pub mod callback;
pub mod civil;
pub mod content;
#[cfg(feature = "mail")]
pub mod mail;
pub mod short_message;
pub mod length;
#[cfg(feature = "meta")]
pub mod meta;
pub mod template;
pub mod text_message;
#[cfg(feature = "xml")]
pub mod xml;
