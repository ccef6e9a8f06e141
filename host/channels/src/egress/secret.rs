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

    pub(super) fn all(&self) -> impl Iterator<Item = &SecretText> {
        self.by_name.values()
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
    /// Inside a text of a JSON document, escaped.
    Json,
    /// Percent-encoded, with nothing left bare that a form gives a meaning.
    Form,
}

/// Unreserved characters, and the colon that bot tokens contain and some channels want to see bare.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

/// The bytes of a body of this content type with its placeholders replaced. Bodies of other types are left as they are.
pub(super) fn expand_body(body: &[u8], content_type: &str, policy: &EgressPolicy) -> Result<Vec<u8>, EgressError> {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let place = match essence.as_str() {
        "application/x-www-form-urlencoded" => Place::Form,
        json if json == "application/json" || json.ends_with("+json") => Place::Json,
        _ => return Ok(body.to_vec()),
    };
    let text = std::str::from_utf8(body).map_err(|_| EgressError::BadRequest("its body is not UTF-8".to_owned()))?;
    Ok(expand(text, policy, place)?.into_owned().into_bytes())
}

/// What stands between the quotation marks of a JSON text.
pub(super) fn json_text(secret: &str) -> String {
    let quoted = serde_json::Value::from(secret).to_string();
    quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default().to_owned()
}

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
            Place::Json => expanded.push_str(&json_text(secret)),
            Place::Form => expanded.extend(utf8_percent_encode(secret, NON_ALPHANUMERIC)),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> EgressPolicy {
        let secrets = [("app-secret", SecretText::new("a\"b&c=d"))].into_iter().collect::<Secrets>();
        EgressPolicy::new(["channel.example"], Arc::new(secrets)).unwrap()
    }

    fn check(content_type: &str, body: &str, expected: &str) {
        let expanded = expand_body(body.as_bytes(), content_type, &policy()).unwrap();
        assert_eq!(String::from_utf8_lossy(&expanded), expected);
    }

    #[test]
    fn a_secret_in_a_body_stays_one_value() {
        check("application/json", r#"{"s":"{{secret:app-secret}}","x":"{{y}}"}"#, r#"{"s":"a\"b&c=d","x":"{{y}}"}"#);
        check("Application/X-Www-Form-Urlencoded; charset=utf-8", "s={{secret:app-secret}}&x=1", "s=a%22b%26c%3Dd&x=1");
        check("text/plain", "{{secret:app-secret}}", "{{secret:app-secret}}");
        let unknown = expand_body(br#"{"s":"{{secret:other}}"}"#, "application/json", &policy());
        assert!(matches!(unknown, Err(EgressError::UnknownSecret { .. })));
        assert!(expand_body(b"\xff{{secret:app-secret}}", "application/json", &policy()).is_err());
    }
}
