//! Secrets, and how they get into a request whose author never sees them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::EgressError;
use super::policy::EgressPolicy;

/// A text that does not show itself in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Arc<str>);

/// The secrets of one installation, by name.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    by_name: HashMap<String, SecretText>,
}

impl SecretText {
    /// Hides `text` from now on.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text itself: for the wire only.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(hidden)")
    }
}

impl Secrets {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.by_name.get(name).map(SecretText::reveal)
    }
}

impl<N: Into<String>> FromIterator<(N, SecretText)> for Secrets {
    fn from_iter<I: IntoIterator<Item = (N, SecretText)>>(pairs: I) -> Self {
        Self { by_name: pairs.into_iter().map(|(name, secret)| (name.into(), secret)).collect() }
    }
}

/// Where a secret is put, which decides how it is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// Percent-encoded, so that it stays one part of a path or one value of a query.
    Url,
    /// As it is.
    Header,
}

/// Unreserved characters, and the colon that bot tokens contain and some channels want to see bare.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

/// Replaces the placeholders of `text`; what comes back is owned exactly if it carries a secret.
pub(super) fn expand<'t>(text: &'t str, policy: &EgressPolicy, place: Place) -> Result<Cow<'t, str>, EgressError> {
    let mut expanded = String::new();
    let mut found = false;
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        expanded.push_str(before);
        let Some((secret, behind)) = placeholder(after, policy)? else {
            expanded.push_str("{{");
            rest = after;
            continue;
        };
        match place {
            Place::Url => expanded.extend(utf8_percent_encode(secret, ENCODED)),
            Place::Header => expanded.push_str(secret),
        }
        found = true;
        rest = behind;
    }
    expanded.push_str(rest);
    Ok(if found { Cow::Owned(expanded) } else { Cow::Borrowed(text) })
}

/// Reads what follows `{{`: the secret and the text behind its placeholder, or nothing if it is something else.
fn placeholder<'a>(after: &'a str, policy: &'a EgressPolicy) -> Result<Option<(&'a str, &'a str)>, EgressError> {
    if let Some(behind) = after.strip_prefix("session}}") {
        return Ok(Some((policy.session()?, behind)));
    }
    let Some(named) = after.strip_prefix("secret:") else {
        return Ok(None);
    };
    let (name, behind) = named
        .split_once("}}")
        .ok_or_else(|| EgressError::BadRequest("a `{{secret:` placeholder is not closed".to_owned()))?;
    Ok(Some((policy.secret(name)?, behind)))
}
