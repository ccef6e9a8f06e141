//! Messages to people, and what a server's replies mean.

use guanxi_channel_kit::content::{Button, Content};
use guanxi_channel_kit::mail::{self, Letter, Mailbox, dkim::Signer, escaped};
use guanxi_plugin::connector::{Outbound, Outcome, Request, Response, Step};
use guanxi_plugin::{Failure, log};

use crate::Settings;
use crate::receive::unsubscribe_url;

/// Characters of a subject that is the beginning of the text.
const SUBJECT_MAX: usize = 60;
/// Bytes of a reply that are looked at.
const WORDS_MAX: usize = 2_048;
/// Seconds to wait where the server asks for patience: greylists want some minutes.
const PATIENCE: u32 = 120;
/// Where somebody has to mend something.
const MENDED: u32 = 300;
/// Enhanced status codes (RFC 3463, IANA's list) of addresses that reach nobody: none such, moved, disabled.
const NOBODY: [&str; 7] = ["5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"];
/// What servers without such codes say of them.
const NOBODY_WORDS: [&str; 7] = [
    "no such user",
    "user unknown",
    "unknown user",
    "does not exist",
    "mailbox unavailable",
    "mailbox not found",
    "invalid recipient",
];

pub fn begin(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
    settings.check()?;
    let address = message.address_value();
    if !mail::is_address(address) {
        return Ok(Step::Done(Outcome::Rejected("the address is no address of mail in ASCII".to_owned())));
    }
    let unsubscribe = match settings.callback_url.as_str() {
        "" => None,
        _ => Some(unsubscribe_url(settings, &message.id, address)?),
    };
    let Written { subject, text, html } = match written(message, unsubscribe.as_deref()) {
        Ok(written) => written,
        Err(why) => return Ok(Step::Done(Outcome::Rejected(why))),
    };
    let mut headers = vec![("Auto-Submitted", "auto-generated".to_owned())];
    if !settings.reply_to.is_empty() {
        headers.push(("Reply-To", settings.reply_to.clone()));
    }
    if let Some(url) = &unsubscribe {
        headers.push(("List-Unsubscribe", format!("<{url}>")));
        headers.push(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
    }
    let from = Mailbox { name: &settings.from_name, address: &settings.from_address };
    let (id, date) = (message.id.as_str(), message.created);
    let letter = Letter { id, from, to: address, date, subject: &subject, text: &text, html: &html, headers };
    let mut composed = letter.compose();
    if !settings.dkim_selector.is_empty() {
        let domain = match settings.dkim_domain.as_str() {
            "" => mail::domain(&settings.from_address),
            domain => domain,
        };
        Signer { domain, selector: &settings.dkim_selector, key: "dkim-key" }.sign(&mut composed, date)?;
    }
    let mut request = Request::new("SEND", &settings.url)
        .header("mail-from", &return_path(settings, &message.id))
        .header("rcpt-to", address)
        .body(composed.bytes());
    if !settings.username.is_empty() {
        request = request.header("username", &settings.username).header("password", "{{secret:password}}");
    }
    if settings.plain && settings.url.starts_with("smtp:") {
        request = request.header("tls", "optional");
    }
    Ok(Step::perform_then(request, letter.message_id()))
}

/// An address of its own for each message, so that a bounce names it.
fn return_path(settings: &Settings, id: &str) -> String {
    match settings.return_path.rsplit_once('@') {
        Some((local, domain)) => format!("{local}+{id}@{domain}"),
        None => settings.from_address.clone(),
    }
}

struct Written {
    subject: String,
    text: String,
    html: String,
}

/// The content as a message of mail, or why it cannot be one.
fn written(message: &Outbound, unsubscribe: Option<&str>) -> Result<Written, String> {
    let Content { text, title, url, image, buttons } = serde_json::from_str(&message.content)
        .map_err(|problem| format!("mail cannot carry this content: {problem}"))?;
    let subject = title.unwrap_or_else(|| beginning(&text));
    let mut plain = vec![text.clone()];
    let mut html = vec![format!("<p>{}</p>", escaped(&text))];
    if let Some(image) = &image {
        plain.push(image.clone());
        html.push(format!("<p><img src=\"{}\" alt=\"\" style=\"max-width:100%\"></p>", link(image)?));
    }
    let more = url.map(|url| Button { text: url.clone(), url: Some(url), value: None });
    for Button { text, url, value } in more.into_iter().chain(buttons) {
        let (Some(url), None) = (url, value) else {
            return Err(format!("the button `{text}` must have a `url`: nobody answers mail with a tap"));
        };
        plain.push(if text == url { url.clone() } else { format!("{text}: {url}") });
        html.push(format!("<p><a href=\"{}\">{}</a></p>", link(&url)?, escaped(&text)));
    }
    if let Some(url) = unsubscribe {
        plain.push(format!("退订 Unsubscribe: {url}"));
        html.push(format!("<p><small><a href=\"{}\">退订 Unsubscribe</a></small></p>", escaped(url)));
    }
    let title = escaped(&subject);
    let html = format!(
        "<!doctype html>\n<html><head><meta charset=\"utf-8\"><title>{title}</title></head><body>\n{}\n</body></html>\n",
        html.join("\n")
    );
    Ok(Written { subject, text: plain.join("\n\n"), html })
}

/// The beginning of a text that has no title.
fn beginning(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    match line.char_indices().nth(SUBJECT_MAX) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}

fn link(url: &str) -> Result<String, String> {
    let is_web = ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme));
    is_web.then(|| escaped(url)).ok_or_else(|| format!("`{url}` is no URL of the web"))
}

/// What a reply means. Of a message that the server took the status alone counts.
pub fn outcome(response: &Response, message_id: &[u8]) -> Result<Outcome, Failure> {
    let beginning = response.body.get(..WORDS_MAX).unwrap_or(&response.body);
    let said: String = String::from_utf8_lossy(beginning).chars().filter(|c| !c.is_control()).take(300).collect();
    let (status, phase) = (response.status, response.header("phase").unwrap_or_default());
    Ok(match status {
        200..=299 => Outcome::Sent(Some(String::from_utf8_lossy(message_id).into_owned())),
        400..=499 => Outcome::RetryAfter(PATIENCE),
        500..=599
            if matches!(phase, "greeting" | "ehlo" | "starttls" | "auth")
                || matches!(status, 530 | 534 | 535 | 538) =>
        {
            log!(warn, "the server refuses this host: {status} {said} (in answer to {phase})");
            Outcome::RetryAfter(MENDED)
        }
        550 | 551 | 553 if is_nobody(response, &said) => Outcome::RecipientGone(format!("{status} {said}")),
        500..=599 => Outcome::Rejected(format!("the server answered {status}: {said}")),
        _ => return Err(Failure::BadInput(format!("the server answered {status}, which ends nothing"))),
    })
}

fn is_nobody(response: &Response, said: &str) -> bool {
    match response.header("enhanced-status") {
        Some(code) => NOBODY.contains(&code),
        None => {
            let said = said.to_ascii_lowercase();
            NOBODY_WORDS.iter().any(|words| said.contains(words))
        }
    }
}
