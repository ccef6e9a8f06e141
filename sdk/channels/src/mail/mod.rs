//! Messages of mail, as bytes: everything in ASCII, the same bytes for the same message, so that a repetition is one.

pub mod dkim;
pub mod report;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guanxi_plugin::words::Instant;

use crate::civil;

/// Bytes of UTF-8 in one encoded word, so that its line has at most 76 characters behind `Subject: ` (RFC 2047, 2).
const WORD_BYTES_MAX: usize = 39;
/// Characters of a line of base 64 (RFC 2045, 6.8).
const LINE_MAX: usize = 76;
/// Bytes of an address (RFC 5321, 4.5.3.1.3).
const ADDRESS_BYTES_MAX: usize = 254;

/// A message for one person: one text, in plain form and as HTML.
#[derive(Debug, Clone)]
pub struct Letter<'t> {
    /// Stable over every attempt; letters, digits, `_` and `-`. It makes the `Message-ID` and the boundary.
    pub id: &'t str,
    /// Its address stands behind the `Message-ID`, too.
    pub from: Mailbox<'t>,
    /// Who gets it.
    pub to: &'t str,
    /// When it was decided.
    pub date: Instant,
    /// What it is about.
    pub subject: &'t str,
    /// For who reads no HTML.
    pub text: &'t str,
    /// One document.
    pub html: &'t str,
    /// Further headers, in ASCII and in order.
    pub headers: Vec<(&'t str, String)>,
}

/// An address with the name that is shown.
#[derive(Debug, Clone, Copy)]
pub struct Mailbox<'t> {
    /// May be empty.
    pub name: &'t str,
    /// As [`is_address`] wants it.
    pub address: &'t str,
}

/// A message in its two parts, which a signature takes apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// In order; folded between encoded words only.
    pub headers: Vec<(String, String)>,
    /// Lines end with CR LF.
    pub body: String,
}

impl Letter<'_> {
    /// What stands in `Message-ID`, without brackets.
    pub fn message_id(&self) -> String {
        format!("{}@{}", self.id, domain(self.from.address))
    }

    /// The message without a signature.
    pub fn compose(&self) -> Composed {
        let boundary = format!("=_{}", self.id);
        let mut headers = vec![
            ("Date".to_owned(), civil::mail(self.date)),
            ("From".to_owned(), self.from.written()),
            ("To".to_owned(), self.to.to_owned()),
            ("Subject".to_owned(), words(self.subject)),
            ("Message-ID".to_owned(), format!("<{}>", self.message_id())),
            ("MIME-Version".to_owned(), "1.0".to_owned()),
            ("Content-Type".to_owned(), format!("multipart/alternative; boundary=\"{boundary}\"")),
        ];
        headers.extend(self.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let parts = [part(&boundary, "plain", self.text), part(&boundary, "html", self.html)].concat();
        Composed { headers, body: format!("{parts}--{boundary}--\r\n") }
    }
}

impl Composed {
    /// All of it, as it goes over the wire.
    pub fn bytes(&self) -> Vec<u8> {
        let mut message = String::with_capacity(self.body.len() + 2_048);
        for (name, value) in &self.headers {
            message.extend([name.as_str(), ": ", value, "\r\n"]);
        }
        message.push_str("\r\n");
        message.push_str(&self.body);
        message.into_bytes()
    }
}

impl Mailbox<'_> {
    fn written(&self) -> String {
        match self.name {
            "" => self.address.to_owned(),
            name if is_phrase(name) => format!("{name} <{}>", self.address),
            name => format!("{}\r\n <{}>", encoded(name), self.address),
        }
    }
}

/// Whether this is an address that every server takes: ASCII, nothing quoted, a domain with names.
pub fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= ADDRESS_BYTES_MAX
        && (1..=64).contains(&local.len())
        && local.split('.').all(|part| !part.is_empty() && part.bytes().all(atom))
        && domain.contains('.')
        && domain.split('.').all(label)
}

/// What stands behind the `@`.
pub fn domain(address: &str) -> &str {
    address.rsplit_once('@').map_or("", |(_, domain)| domain)
}

/// A text as HTML shows it: nothing of it is markup, and its lines stay lines.
pub fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            '\n' => html.push_str("<br>\n"),
            '\r' => {}
            other => html.push(other),
        }
    }
    html
}

fn part(boundary: &str, kind: &str, text: &str) -> String {
    // Lines of a text in mail end with CR LF, also under base 64 (RFC 2049, 4).
    let lines = text.replace("\r\n", "\n").replace('\n', "\r\n");
    let encoded = STANDARD.encode(lines);
    let mut part = format!(
        "--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    );
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(LINE_MAX));
        part.extend([line, "\r\n"]);
        rest = more;
    }
    part
}

/// Whether a name may stand before an address as it is.
fn is_phrase(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ') && name.len() < LINE_MAX / 2 && fits(name)
}

/// Text of a header.
fn words(text: &str) -> String {
    let is_plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && !text.contains("=?") && fits(text);
    if is_plain { text.to_owned() } else { encoded(text) }
}

fn fits(text: &str) -> bool {
    text.len() <= LINE_MAX - "Subject: ".len() && text.trim() == text
}

/// Encoded words (RFC 2047), none of which breaks a character; a reader joins them without the space between.
fn encoded(text: &str) -> String {
    let mut words = Vec::new();
    let mut word = String::new();
    for character in text.chars() {
        if word.len() + character.len_utf8() > WORD_BYTES_MAX {
            words.push(std::mem::take(&mut word));
        }
        word.push(character);
    }
    words.push(word);
    let written: Vec<String> = words.iter().map(|word| format!("=?utf-8?B?{}?=", STANDARD.encode(word))).collect();
    written.join("\r\n ")
}

#[cfg(test)]
mod tests {
    use mail_parser::MessageParser;

    use super::*;

    #[test]
    fn ch_2_a_message_is_read_as_it_was_meant() {
        let subject = "你好，阿达：您的茶到了 🍵，请在三天之内到店里来取，带上这封信 — \"Tea & Co\"";
        let text = "你好\n第二行 <b>\nEnd. ";
        let letter = Letter {
            id: "msg_01h455vb4pex5vsknk084sn02q",
            from: Mailbox { name: "茶，\"Tea\" <Co>", address: "news@brand.example" },
            to: "ada@example.com",
            date: 1_767_225_600_000,
            subject,
            text,
            html: "<p>你好</p>",
            headers: vec![("Auto-Submitted", "auto-generated".to_owned())],
        };
        let bytes = letter.compose().bytes();
        assert!(bytes.is_ascii());
        let lines = String::from_utf8(bytes.clone()).unwrap();
        let fits =
            |line: &str| line.len() <= if line.contains("=?") { 76 } else { 998 } && !line.contains(['\r', '\n']);
        assert!(lines.split("\r\n").all(fits), "{lines}");
        let read = MessageParser::default().parse(&bytes).unwrap();
        assert_eq!(read.subject(), Some(subject));
        assert_eq!(read.from().unwrap().first().unwrap().name(), Some(letter.from.name));
        assert_eq!(read.from().unwrap().first().unwrap().address(), Some("news@brand.example"));
        assert_eq!(read.message_id(), Some(letter.message_id().as_str()));
        assert_eq!(read.body_text(0).unwrap(), text.replace('\n', "\r\n"));
        assert_eq!(read.body_html(0).unwrap(), "<p>你好</p>");
        assert_eq!(read.date().unwrap().to_timestamp(), 1_767_225_600);
        assert_eq!(letter.compose(), letter.compose());
    }

    #[test]
    fn ch_2_addresses_are_told_from_other_texts() {
        for good in ["a@b.cn", "first.last+tag@sub.example.com", "o'hara@xn--bcher-kva.example"] {
            assert!(is_address(good), "{good}");
        }
        let long = format!("{}@b.cn", "a".repeat(65));
        for bad in ["", "@b.cn", "a@", "a@b", "a b@c.cn", "a@b.cn\r\nx: 1", "\"a\"@b.cn", "a@[1.2.3.4]", "a..b@c.cn"] {
            assert!(!is_address(bad), "{bad}");
        }
        for bad in ["a@-b.cn", "你@b.cn", "a@茶.cn", "<a@b.cn>", "a@b..cn", long.as_str()] {
            assert!(!is_address(bad), "{bad}");
        }
    }

    #[test]
    fn ch_2_text_is_no_markup() {
        assert_eq!(escaped("a<b>&\"'\r\nc"), "a&lt;b&gt;&amp;&quot;&#39;<br>\nc");
    }
}
