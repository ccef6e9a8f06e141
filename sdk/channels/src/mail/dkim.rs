//! Signatures of mail (RFC 6376), `rsa-sha256` over relaxed forms. The host computes them: the key never enters the plugin.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guanxi_plugin::secrets::{self, Digest, Part, Problem, Scheme};
use guanxi_plugin::words::{Instant, SECOND};

use super::Composed;

/// What is signed where it is there: all that a reader sees or a mail program acts upon.
const SIGNED: [&str; 12] = [
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "reply-to",
    "mime-version",
    "content-type",
    "auto-submitted",
    "list-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
];

/// Who signs.
#[derive(Debug, Clone, Copy)]
pub struct Signer<'t> {
    /// The domain that answers for the message: `d=`.
    pub domain: &'t str,
    /// Which of its keys: `s=`.
    pub selector: &'t str,
    /// Name of the secret with the private key in PEM.
    pub key: &'t str,
}

impl Signer<'_> {
    /// Puts the signature before the other headers; `at` is when the message was decided, so that it stays the same.
    pub fn sign(&self, message: &mut Composed, at: Instant) -> Result<(), Problem> {
        let body = relaxed_body(&message.body);
        let of_body = STANDARD.encode(secrets::hash(Digest::Sha256, &[Part::bytes(body)])?);
        let header = |name: &&str| message.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        let signed: Vec<&(String, String)> = SIGNED.iter().filter_map(header).collect();
        let mut names: Vec<String> = signed.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        // Named once more than it is there, so that nobody adds a second one.
        names.push("from".to_owned());
        let (domain, selector, at) = (self.domain, self.selector, at.div_euclid(SECOND));
        let unsigned = format!(
            "v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s={selector}; t={at};\r\n h={};\r\n bh={of_body};\r\n b=",
            names.join(":")
        );
        let mut data: String = signed.iter().map(|(name, value)| relaxed_header(name, value) + "\r\n").collect();
        data.push_str(&relaxed_header("DKIM-Signature", &unsigned));
        let signature = STANDARD.encode(secrets::sign(self.key, Scheme::RsaSha256, data.as_bytes())?);
        message.headers.insert(0, ("DKIM-Signature".to_owned(), unsigned + &signature));
        Ok(())
    }
}

/// RFC 6376, 3.4.2.
fn relaxed_header(name: &str, value: &str) -> String {
    let unfolded = value.replace("\r\n", "");
    let words: Vec<&str> = unfolded.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
    format!("{}:{}", name.to_ascii_lowercase(), words.join(" "))
}

/// RFC 6376, 3.4.4.
fn relaxed_body(body: &str) -> String {
    let mut relaxed = String::with_capacity(body.len());
    for line in body.split("\r\n") {
        let mut gap = false;
        for character in line.trim_end_matches([' ', '\t']).chars() {
            if matches!(character, ' ' | '\t') {
                gap = true;
                continue;
            }
            if std::mem::take(&mut gap) {
                relaxed.push(' ');
            }
            relaxed.push(character);
        }
        relaxed.push_str("\r\n");
    }
    let end = relaxed.trim_end_matches("\r\n").len();
    relaxed.truncate(end);
    if !relaxed.is_empty() {
        relaxed.push_str("\r\n");
    }
    relaxed
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 6376, 3.4.5.
    #[test]
    fn ch_2_forms_are_relaxed_as_the_standard_shows() {
        assert_eq!(relaxed_header("A", " X"), "a:X");
        assert_eq!(relaxed_header("B ".trim(), " Y\t\r\n\tZ  "), "b:Y Z");
        assert_eq!(relaxed_body(" C \r\nD \t E\r\n\r\n\r\n"), " C\r\nD E\r\n");
        assert_eq!(relaxed_body("\r\n\r\n"), "");
        assert_eq!(relaxed_body("x"), "x\r\n");
    }
}
