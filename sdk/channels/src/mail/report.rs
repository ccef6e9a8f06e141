//! What a server reports of a message (RFC 3464): did it arrive, and if not, why.

use mail_parser::{MessageParser, MimeHeaders, PartType};

/// Characters of what a server says that are kept.
const REASON_MAX: usize = 300;

/// One report about one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The address that it is about, in lower case; as the message itself wrote it, if the report has its headers.
    pub recipient: String,
    /// `failed`, `delayed`, `delivered`, `relayed` or `expanded`.
    pub action: String,
    /// Enhanced status code (RFC 3463), `5.1.1`.
    pub status: String,
    /// The server's words.
    pub reason: String,
    /// `Message-ID` of the message that it is about, without brackets, if the report has its headers.
    pub message_id: Option<String>,
    /// Who the report was sent to: the return path of the message.
    pub return_path: Option<String>,
}

/// Reads a report as it came by mail; `None` of a message that is none.
pub fn read(message: &[u8]) -> Option<Report> {
    let message = MessageParser::default().parse(message)?;
    let part = message.parts.iter().find(|part| part.is_content_type("message", "delivery-status"))?;
    let fields = text(&part.body)?;
    let field = |name: &str| field(&fields, name);
    // After the type of the address: `rfc822; ada@example.com`.
    let typed = |value: String| value.split_once(';').map_or(value.clone(), |(_, rest)| rest.trim().to_owned());
    let returned = message.parts.iter().find_map(|part| match &part.body {
        PartType::Message(inner) => Some(String::from_utf8_lossy(inner.raw_message()).into_owned()),
        body if part.is_content_type("text", "rfc822-headers") => text(body),
        _ => None,
    });
    let returned = MessageParser::default().parse(returned.as_deref().unwrap_or_default());
    let returned = returned.as_ref();
    let written = returned.and_then(|message| message.to()?.first()?.address()).map(str::to_owned);
    let reported = || field("Original-Recipient").or_else(|| field("Final-Recipient")).map(typed);
    let recipient = written.or_else(reported)?.trim_matches(['<', '>']).to_ascii_lowercase();
    let addressee = message.to().and_then(|to| to.first()).and_then(|to| to.address());
    Some(Report {
        recipient,
        action: field("Action")?.to_ascii_lowercase(),
        status: field("Status").unwrap_or_default(),
        reason: field("Diagnostic-Code").map(typed).unwrap_or_default().chars().take(REASON_MAX).collect(),
        message_id: returned.and_then(|message| message.message_id()).map(str::to_owned),
        return_path: addressee.map(str::to_ascii_lowercase),
    })
}

fn text(body: &PartType<'_>) -> Option<String> {
    match body {
        PartType::Text(text) | PartType::Html(text) => Some(text.to_string()),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        PartType::Message(message) => Some(String::from_utf8_lossy(message.raw_message()).into_owned()),
        PartType::Multipart(_) => None,
    }
}

/// The first field of this name, with its further lines.
fn field(fields: &str, name: &str) -> Option<String> {
    let mut lines = fields.lines();
    let first = lines.find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.trim().eq_ignore_ascii_case(name).then_some(value)
    })?;
    let more = lines.take_while(|line| line.starts_with([' ', '\t']));
    let value: Vec<&str> = std::iter::once(first).chain(more).map(str::trim).collect();
    Some(value.join(" ").trim().to_owned()).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After the example of RFC 3464, appendix E.1, with the headers that a server returns.
    const BOUNCE: &str = "Date: Thu, 7 Jul 1994 17:16:05 -0400\r\n\
        From: Mail Delivery Subsystem <MAILER-DAEMON@cs.utk.example>\r\n\
        Message-Id: <199407072116.RAA14128@cs.utk.example>\r\n\
        Subject: Returned mail: Cannot send message for 5 days\r\n\
        To: <bounces+msg_7@brand.example>\r\n\
        MIME-Version: 1.0\r\n\
        Content-Type: multipart/report; report-type=delivery-status;\r\n boundary=\"RAA14128.773615765/cs.utk.example\"\r\n\r\n\
        --RAA14128.773615765/cs.utk.example\r\n\r\n\
        The original message was received\r\n\r\n\
        --RAA14128.773615765/cs.utk.example\r\n\
        content-type: message/delivery-status\r\n\r\n\
        Reporting-MTA: dns; cs.utk.example\r\n\r\n\
        Original-Recipient: rfc822;Louisl@example.com\r\n\
        Final-Recipient: rfc822;louisl@larry.slip.umd.example\r\n\
        Action: Failed\r\n\
        Status: 5.1.1\r\n\
        Diagnostic-Code: smtp; 550 5.1.1 no such\r\n mailbox\r\n\
        Last-Attempt-Date: Thu, 7 Jul 1994 17:15:49 -0400\r\n\r\n\
        --RAA14128.773615765/cs.utk.example\r\n\
        content-type: RETURNED\r\n\r\n\
        x\r\n--RAA14128.773615765/cs.utk.example--\r\n";

    fn with_part(kind: &str, part: &str) -> String {
        let returned = format!("content-type: {kind}\r\n\r\n{part}");
        BOUNCE.replace("content-type: RETURNED\r\n\r\nx", &returned)
    }

    #[test]
    fn ch_2_a_bounce_says_who_and_why() {
        let headers = "Message-ID: <msg_7@brand.example>\r\nTo: Ada@Example.com\r\nSubject: Tea\r\n";
        let whole = format!("{headers}\r\nHello\r\n");
        for (kind, part) in [("message/rfc822", whole.as_str()), ("text/rfc822-headers", headers)] {
            let report = read(with_part(kind, part).as_bytes()).unwrap();
            let expected = Report {
                recipient: "ada@example.com".to_owned(),
                action: "failed".to_owned(),
                status: "5.1.1".to_owned(),
                reason: "550 5.1.1 no such mailbox".to_owned(),
                message_id: Some("msg_7@brand.example".to_owned()),
                return_path: Some("bounces+msg_7@brand.example".to_owned()),
            };
            assert_eq!(report, expected, "{kind}");
        }
        let report = read(BOUNCE.as_bytes()).unwrap();
        assert_eq!((report.recipient.as_str(), report.message_id), ("louisl@example.com", None));
    }

    #[test]
    fn ch_2_other_mail_is_no_report() {
        for text in ["", "Subject: x\r\n\r\nHello", "\0\u{1}", "Content-Type: multipart/report\r\n\r\n--"] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
        assert_eq!(read(&[0xff; 64]), None);
    }
}
