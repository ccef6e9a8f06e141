//! Takes secrets out of what a channel answers: some quote what they were sent, as it was or in the form in which it came.

use std::collections::BTreeSet;
use std::fmt;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::policy::EgressPolicy;
use super::secret::{SecretText, json_text};

/// What stands in a secret's place.
const HIDDEN: &str = "[secret]";
/// Parts of a secret's base64 or hex form that are shorter say nothing and are found everywhere.
const FORM_MIN: usize = 8;

/// What different encoders leave bare: RFC 3986, `encodeURIComponent` and forms of browsers.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const WITH_COLON: &AsciiSet = &UNRESERVED.remove(b':');
const COMPONENT: &AsciiSet = &UNRESERVED.remove(b'!').remove(b'*').remove(b'\'').remove(b'(').remove(b')');
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*');

/// Knows the secrets of one installation and its session in every form in which they travel.
#[derive(Clone)]
pub struct Scrubber {
    forms: Option<AhoCorasick>,
    count: usize,
}

impl fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scrubber(hidden)")
    }
}

impl Scrubber {
    /// For everything that a request under this policy may carry.
    pub fn of(policy: &EgressPolicy) -> Self {
        let secrets = policy.secrets.all().chain(policy.session.as_ref()).map(SecretText::reveal);
        let forms: BTreeSet<String> = secrets.filter(|secret| !secret.is_empty()).flat_map(forms).collect();
        // Built of texts of bounded length; without it nothing is shown at all.
        let built = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&forms);
        Self { count: forms.len(), forms: built.ok() }
    }

    /// A text without any of the secrets.
    pub fn text(&self, text: &str) -> String {
        match &self.forms {
            _ if self.count == 0 => text.to_owned(),
            Some(forms) => forms.replace_all(text, &vec![HIDDEN; self.count]),
            None => HIDDEN.to_owned(),
        }
    }

    /// Bytes without any of the secrets.
    pub fn bytes(&self, bytes: &[u8]) -> Vec<u8> {
        match &self.forms {
            _ if self.count == 0 => bytes.to_vec(),
            Some(forms) => forms.replace_all_bytes(bytes, &vec![HIDDEN; self.count]),
            None => HIDDEN.as_bytes().to_vec(),
        }
    }
}

/// A secret as it is and as it is found inside URLs, forms, JSON, markup, base64 and hex.
fn forms(secret: &str) -> Vec<String> {
    let json = json_text(secret);
    let percent = [NON_ALPHANUMERIC, UNRESERVED, WITH_COLON, COMPONENT, FORM]
        .into_iter()
        .map(|bare| utf8_percent_encode(secret, bare).to_string());
    let mut found = vec![
        secret.to_owned(),
        json.replace('/', "\\/"),
        ascii(&json),
        ascii(&json).replace('/', "\\/"),
        // Documents stand in texts of documents.
        json_text(&json),
        json_text(&ascii(&json)),
        json,
        markup(secret, "&#34;", "&#39;"),
        markup(secret, "&quot;", "&#39;"),
        markup(secret, "&quot;", "&#x27;"),
    ];
    for encoded in percent {
        let spaced = encoded.replace("%20", "+");
        found.extend([lower_escapes(&spaced), spaced, lower_escapes(&encoded), encoded]);
    }
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let coded = inside_base64(secret).into_iter().chain([hex.to_uppercase(), hex]);
    found.extend(coded.filter(|form| form.len() >= FORM_MIN));
    found
}

/// With what is beyond ASCII escaped, as many writers of JSON do.
fn ascii(json: &str) -> String {
    let mut units = [0; 2];
    let mut written = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\0'..='\x7f' => written.push(c),
            other => other.encode_utf16(&mut units).iter().for_each(|unit| written.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    written
}

fn markup(secret: &str, quote: &str, apostrophe: &str) -> String {
    let escaped = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    escaped.replace('"', quote).replace('\'', apostrophe)
}

/// `%2F` as `%2f`.
fn lower_escapes(encoded: &str) -> String {
    let mut parts = encoded.split('%');
    let mut written = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        written.push('%');
        written.push_str(&digits.to_ascii_lowercase());
        written.push_str(rest);
    }
    written
}

/// What base64 makes of the secret wherever it stands in what is encoded: with 0, 1 or 2 bytes before it, without the
/// characters that depend on its neighbours.
fn inside_base64(secret: &str) -> Vec<String> {
    let mut found = Vec::with_capacity(6);
    for before in 0..3_usize {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(secret.as_bytes());
        let first = (before * 8).div_ceil(6);
        let whole = bytes.len() * 8 / 6;
        for encoded in [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            found.extend(encoded.get(first..whole).map(str::to_owned));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Secrets;

    const SECRET: &str = "s3cr\"et/of a~cmé";

    fn scrubber() -> Scrubber {
        let secrets = [("key", SecretText::new(SECRET))].into_iter().collect::<Secrets>();
        let policy = EgressPolicy::new(["channel.example"], Arc::new(secrets)).unwrap();
        Scrubber::of(&policy.with_session(Some(SecretText::new("session-token-1"))))
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(scrubber().text(text), expected);
        assert_eq!(String::from_utf8_lossy(&scrubber().bytes(text.as_bytes())), expected);
    }

    #[test]
    fn ch_9_a_secret_is_found_in_every_form_in_which_it_travels() {
        check("nothing here", "nothing here");
        check(&format!("bad key {SECRET}!"), "bad key [secret]!");
        check("token session-token-1", "token [secret]");
        check(&serde_json::json!({"key": SECRET}).to_string(), r#"{"key":"[secret]"}"#);
        check(r#"{"key":"s3cr\"et\/of a~cm\u00e9"}"#, r#"{"key":"[secret]"}"#);
        check(r#"{"said":"{\"key\":\"s3cr\\\"et/of a~cmé\"}"}"#, r#"{"said":"{\"key\":\"[secret]\"}"}"#);
        check("k=s3cr%22et%2Fof%20a~cm%C3%A9&x", "k=[secret]&x");
        check("k=s3cr%22et%2fof+a%7ecm%c3%a9&x", "k=[secret]&x");
        check("<b>s3cr&quot;et/of a~cmé</b>", "<b>[secret]</b>");
        for before in ["", "a", "ab", "user:"] {
            let encoded = STANDARD_NO_PAD.encode(format!("{before}{SECRET}:tail"));
            let scrubbed = scrubber().text(&encoded);
            assert!(scrubbed.contains("[secret]") && scrubbed.len() < HIDDEN.len() + 24, "{before}: {scrubbed}");
        }
        let hex: String = SECRET.bytes().map(|byte| format!("{byte:02X}")).collect();
        check(&hex, "[secret]");
    }

    #[test]
    fn who_has_no_secret_hides_nothing() {
        assert_eq!(Scrubber::of(&EgressPolicy::default()).text("as it is"), "as it is");
    }
}
