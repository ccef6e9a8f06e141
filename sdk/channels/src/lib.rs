//! What connectors of several platforms need alike: the neutral content, dates without a clock, templates that are found by
//! what they say, text messages of these, and, with the feature `xml`, the little XML that WeChat and its kin speak.

pub mod civil;
pub mod content;
pub mod template;
pub mod text_message;
#[cfg(feature = "xml")]
pub mod xml;
