//! What requests carry: a text in any of the ways in which channels want it written, and the places of a request by name.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guanxi_domain::connector::Request;
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// How often one way of writing may stand inside another, such as JSON in a value of a form.
const DEPTH: u32 = 3;

/// Whether a request carries `text` so that its receiver reads it as it is.
pub fn carries(request: &Request, text: &str) -> bool {
    let (_, query) = request.url.split_once('?').unwrap_or_default();
    let path = percent_decode_str(&request.url).decode_utf8_lossy();
    pairs(query).any(|(_, value)| holds(&value, text, DEPTH))
        || path.contains(text)
        || request.headers.iter().any(|(_, value)| holds(value, text, DEPTH))
        || body_carries(request, text)
}

fn body_carries(request: &Request, text: &str) -> bool {
    let Ok(body) = std::str::from_utf8(&request.body) else { return false };
    if is_mail(&request.url) {
        return mail_texts(body).iter().any(|part| part.contains(&text.replace("\r\n", "\n")));
    }
    if is_short_message(&request.url) {
        return short_message(body).is_some_and(|found| found.contains(text));
    }
    if is_form(request) {
        return pairs(body).any(|(_, value)| holds(&value, text, DEPTH));
    }
    holds(body, text, DEPTH)
}

/// Whether what `written` stands for contains `text`. What is JSON is read as that alone.
fn holds(written: &str, text: &str, depth: u32) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return written.contains(text) };
    if let Ok(json @ (Value::Object(_) | Value::Array(_) | Value::String(_))) = serde_json::from_str(written) {
        let mut leaves = BTreeMap::new();
        flatten("", &json, &mut leaves);
        return leaves.values().any(|leaf| holds(leaf, text, depth));
    }
    let decoded =
        STANDARD.decode(written.replace(['\r', '\n'], "")).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    written.contains(text)
        || from_xml(written).contains(text)
        || percent_decode_str(written).decode_utf8_lossy().contains(text)
        || decoded.is_some_and(|decoded| holds(&decoded, text, depth))
}

fn from_xml(written: &str) -> String {
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"), ("&amp;", "&")];
    entities.iter().fold(written.to_owned(), |text, (entity, character)| text.replace(entity, character))
}

/// Whether a request with this URL is a message of mail.
pub fn is_mail(url: &str) -> bool {
    url.starts_with("smtp://") || url.starts_with("smtps://")
}

fn is_short_message(url: &str) -> bool {
    url.starts_with("smpp://") || url.starts_with("smpps://")
}

/// The text of short messages, joined as a phone does. Of the codings UCS-2 is read, and what all others have of ASCII.
fn short_message(body: &str) -> Option<String> {
    let body: Value = serde_json::from_str(body).ok()?;
    let read = |part: &Value| {
        let bytes = STANDARD.decode(part.get("short_message")?.as_str()?).ok()?;
        let has_header = part.get("esm_class")?.as_u64()? & 0x40 != 0;
        let header = bytes.first().filter(|_| has_header).map_or(0, |length| usize::from(*length) + 1);
        let text = bytes.get(header..)?;
        if part.get("data_coding")?.as_u64()? != 8 {
            return Some(String::from_utf8_lossy(text).into_owned());
        }
        let units: Vec<u16> =
            text.chunks_exact(2).map(|pair| pair.iter().fold(0, |unit, byte| unit << 8 | u16::from(*byte))).collect();
        String::from_utf16(&units).ok()
    };
    body.get("parts")?.as_array()?.iter().map(read).collect()
}

/// The texts of a message and its parts. Their lines end as everywhere but in mail.
fn mail_texts(message: &str) -> Vec<String> {
    let parts = message.split("\r\n--").filter_map(|part| part.split_once("\r\n\r\n"));
    let read = |(head, content): (&str, &str)| {
        let head = head.to_ascii_lowercase();
        let bytes = if head.contains("content-transfer-encoding: base64") {
            STANDARD.decode(content.replace("\r\n", "")).unwrap_or_default()
        } else if head.contains("content-transfer-encoding: quoted-printable") {
            // The same as in a URL, with another sign.
            let escaped = content.replace("=\r\n", "").replace('%', "%25").replace('=', "%");
            percent_decode_str(&escaped).collect()
        } else {
            content.as_bytes().to_vec()
        };
        String::from_utf8_lossy(&bytes).replace("\r\n", "\n")
    };
    parts.map(read).collect()
}

fn is_form(request: &Request) -> bool {
    request.headers.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("content-type") && value.starts_with("application/x-www-form-urlencoded")
    })
}

/// Names and values of a query or a form.
fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    let read = |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
    text.split('&').map(move |pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (read(name), read(value))
    })
}

/// What stands at each place of a request: in its URL, each header, each value of a JSON body or a form.
pub fn places(request: &Request) -> BTreeMap<String, String> {
    let mut places = BTreeMap::from([("URL".to_owned(), request.url.clone())]);
    let (_, query) = request.url.split_once('?').unwrap_or_default();
    places.extend(pairs(query).map(|(name, value)| (format!("query {name}"), value)));
    places.extend(request.headers.iter().map(|(name, value)| (format!("header {name}"), value.clone())));
    match serde_json::from_slice(&request.body) {
        Ok(json) => flatten("body ", &json, &mut places),
        Err(_) if is_form(request) => {
            let body = String::from_utf8_lossy(&request.body);
            places.extend(pairs(&body).map(|(name, value)| (format!("form {name}"), value)));
        }
        Err(_) => drop(places.insert("body".to_owned(), String::from_utf8_lossy(&request.body).into_owned())),
    }
    places
}

fn flatten(at: &str, json: &Value, leaves: &mut BTreeMap<String, String>) {
    match json {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| flatten(&format!("{at}/{name}"), value, leaves))
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| flatten(&format!("{at}/{index}"), value, leaves));
        }
        Value::String(text) => drop(leaves.insert(at.to_owned(), text.clone())),
        other => drop(leaves.insert(at.to_owned(), other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(url: &str, content_type: &str, body: &str) -> Request {
        Request {
            method: "POST".to_owned(),
            url: url.to_owned(),
            headers: vec![("Content-Type".to_owned(), content_type.to_owned())],
            body: body.as_bytes().to_vec(),
        }
    }

    #[track_caller]
    fn check(url: &str, content_type: &str, body: &str, expected: bool) {
        assert_eq!(carries(&request(url, content_type, body), "Hi \"你\" & <b>"), expected, "{url} {body}");
    }

    #[test]
    fn a_text_is_found_however_it_is_written() {
        let (url, form) = ("https://a.example", "application/x-www-form-urlencoded; charset=utf-8");
        check(url, "application/json", r#"{"a": [{"text": "Hi \"你\" & <b>!"}]}"#, true);
        check(url, "application/json", r#"{"content": "{\"text\": \"Hi \\\"你\\\" & <b>\"}"}"#, true);
        check(url, "application/json", r#"{"text": "Hi \"你\""}"#, false);
        check(url, form, "to=1&text=Hi+%22%E4%BD%A0%22+%26+%3Cb%3E", true);
        check(url, form, "to=1&text=Hi \"你\" & <b>", false);
        check("https://a.example/?t=Hi%20%22%E4%BD%A0%22%20%26%20%3Cb%3E", "", "", true);
        check(url, "text/xml", "<t>Hi &quot;你&quot; &amp; &lt;b&gt;</t>", true);
        check(url, "text/plain", "Hi \"你\" & <b>", true);
        check(url, "application/json", &format!(r#"{{"raw": "{}"}}"#, STANDARD.encode("Hi \"你\" & <b>")), true);
    }

    #[test]
    fn a_text_is_found_in_each_encoding_of_mail() {
        let text = "Hi \"你\"\n100 % = <b>";
        let encoded = STANDARD.encode(text.replace('\n', "\r\n"));
        let quoted = "Hi \"=E4=BD=A0\"\r\n100=\r\n % =3D <b>";
        for (encoding, body) in [("base64", encoded.as_str()), ("quoted-printable", quoted)] {
            let head = format!("Content-Type: text/plain\r\nContent-Transfer-Encoding: {encoding}");
            for mail in [
                format!("Subject: x\r\n{head}\r\n\r\n{body}\r\n"),
                format!("Subject: x\r\n\r\n--b\r\n{head}\r\n\r\n{body}\r\n--b--\r\n"),
            ] {
                assert!(carries(&request("smtps://a.example", "", &mail), text), "{mail}");
                assert!(!carries(&request("smtps://a.example", "", &mail), "Ho"), "{mail}");
            }
        }
    }

    #[test]
    fn a_text_is_found_in_short_messages() {
        let part = |bytes: &[u8], coding: u8| serde_json::json!({"esm_class": 64, "data_coding": coding, "short_message": STANDARD.encode(bytes)});
        let parts = [part(&[2, 0, 0, 0x4f, 0x60], 8), part(&[2, 0, 0, 0x59, 0x7d], 8), part(&[0, b'!'], 0)];
        let body = serde_json::json!({ "parts": parts }).to_string();
        assert!(carries(&request("smpps://a.example", "application/json", &body), "你好!"), "{body}");
        assert!(!carries(&request("smpps://a.example", "application/json", &body), "你们"), "{body}");
    }

    #[test]
    fn places_have_names() {
        let places = places(&request("https://a.example/x?key=1", "application/json", r#"{"a": {"b": [2]}}"#));
        let names: Vec<&str> = places.keys().map(String::as_str).collect();
        assert_eq!(names, ["URL", "body /a/b/0", "header Content-Type", "query key"]);
    }
}
