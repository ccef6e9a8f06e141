//! What connectors of several platforms need alike: the neutral content, dates without a clock, templates that are found by
//! what they say, text messages of these, short messages in parts, and, with the feature `xml`, the little XML that WeChat and
//! its kin speak; with the feature `mail`, messages of mail, their signatures and what is reported of them.

pub mod civil;
pub mod content;
#[cfg(feature = "mail")]
pub mod mail;
pub mod short_message;
pub mod template;
pub mod text_message;
#[cfg(feature = "xml")]
pub mod xml;
