//! CH-1, CH-2: messages as servers get them, unsubscribing with one click, and bounces.

use guanxi_plugin::connector::{Connector, Incoming, Outcome, Receive, Reception, Refusal, Request, Step};
use guanxi_plugin::testing::{self, NOW};
use guanxi_plugin::words::HOUR;
use serde_json::{Value, json};

use super::{Email, Settings};

fn settings() -> Settings {
    Settings {
        url: "smtp://mail.brand.example".to_owned(),
        from_address: "news@brand.example".to_owned(),
        unsubscribe_purpose: "marketing".to_owned(),
        ..Settings::default()
    }
}

fn with_callbacks() -> Settings {
    testing::set_secret("unsubscribe-key", b"0123456789abcdef0123456789abcdef");
    testing::set_secret("callback-token", b"for-bounces-only");
    let callback_url = "https://crm.example/hooks/acme/mail".to_owned();
    Settings { callback_url, return_path: "bounces@brand.example".to_owned(), ..settings() }
}

fn request(settings: &Settings, content: Value) -> Request {
    match Email::send(settings, &testing::outbound("email:ada@example.com", content)) {
        Ok(Step::Perform(exchange)) => {
            assert_eq!(exchange.continuation, b"msg_test@brand.example");
            exchange.request
        }
        other => panic!("{other:?}"),
    }
}

fn headers(request: &Request) -> Vec<(&str, &str)> {
    request.headers.iter().map(|header| (header.name.as_str(), header.value.as_str())).collect()
}

fn text(request: &Request) -> String {
    String::from_utf8(request.body.clone()).unwrap()
}

#[test]
fn ch_2_a_message_carries_who_sends_and_how_to_get_no_more() {
    let plain = request(&settings(), json!({"text": "Hello"}));
    assert_eq!((plain.method.as_str(), plain.url.as_str()), ("SEND", "smtp://mail.brand.example"));
    assert_eq!(headers(&plain), [("mail-from", "news@brand.example"), ("rcpt-to", "ada@example.com")]);
    assert!(!text(&plain).contains("List-Unsubscribe"));

    let full = Settings {
        username: "news".to_owned(),
        plain: true,
        reply_to: "shop@brand.example".to_owned(),
        ..with_callbacks()
    };
    let full = request(&full, json!({"text": "你好", "title": "茶"}));
    let expected = [
        ("mail-from", "bounces+msg_test@brand.example"),
        ("rcpt-to", "ada@example.com"),
        ("username", "news"),
        ("password", "{{secret:password}}"),
        ("tls", "optional"),
    ];
    assert_eq!(headers(&full), expected);
    let (head, _) = text(&full).split_once("\r\n\r\n").map(|(head, body)| (head.to_owned(), body.len())).unwrap();
    for line in [
        "From: news@brand.example",
        "Subject: =?utf-8?B?6Iy2?=",
        "Message-ID: <msg_test@brand.example>",
        "Auto-Submitted: auto-generated",
        "Reply-To: shop@brand.example",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    ] {
        assert!(head.lines().any(|other| other == line), "{line}\n{head}");
    }
    assert!(head.contains("List-Unsubscribe: <https://crm.example/hooks/acme/mail?m=msg_test&a="), "{head}");
    assert!(!head.contains("DKIM-Signature"));
}

#[test]
fn ch_2_what_mail_cannot_carry_is_rejected_with_the_reason() {
    let check = |address: &str, content: Value, words: &str| match Email::send(
        &settings(),
        &testing::outbound(address, content),
    )
    .unwrap()
    {
        Step::Done(Outcome::Rejected(why)) => assert!(why.contains(words), "{why}"),
        other => panic!("{other:?}"),
    };
    let to = "email:ada@example.com";
    check(to, json!({"text": "x", "voice": "a"}), "unknown field `voice`");
    check(to, json!({"text": "x", "url": "javascript:alert(1)"}), "no URL of the web");
    check(to, json!({"text": "x", "buttons": [{"text": "Yes", "value": "yes"}]}), "`Yes` must have a `url`");
    check("email:ada@example.com\r\nbcc: x@y.cn", json!({"text": "x"}), "no address");
    check("email:阿达@example.com", json!({"text": "x"}), "no address");
}

#[test]
fn ch_2_a_bad_setting_is_named() {
    for (bad, words) in [
        (Settings { from_address: "news".to_owned(), ..settings() }, "from-address"),
        (Settings { reply_to: "x".to_owned(), ..settings() }, "reply-to"),
        (Settings { url: String::new(), ..settings() }, "url"),
    ] {
        let failure = Email::send(&bad, &testing::outbound("email:ada@example.com", json!({"text": "x"}))).unwrap_err();
        assert!(failure.message().contains(words), "{failure:?}");
    }
}

#[track_caller]
fn check_outcome(status: u16, headers: &[(&str, &str)], words: &str, expected: Outcome) {
    let response = testing::response(status, headers, words.as_bytes());
    assert_eq!(Email::resume(&settings(), b"id@x", &response, NOW), Ok(Step::Done(expected)), "{status} {words}");
}

#[test]
fn ch_2_replies_become_outcomes() {
    let gone = |why: &str| Outcome::RecipientGone(why.to_owned());
    let rejected = |why: &str| Outcome::Rejected(format!("the server answered {why}"));
    let (rcpt, message, auth) = (("phase", "rcpt-to"), ("phase", "message"), ("phase", "auth"));
    check_outcome(250, &[message], "2.0.0 queued as 7", Outcome::Sent(Some("id@x".to_owned())));
    check_outcome(451, &[rcpt, ("enhanced-status", "4.7.1")], "4.7.1 greylisted", Outcome::RetryAfter(120));
    check_outcome(550, &[rcpt, ("enhanced-status", "5.1.1")], "5.1.1 nobody", gone("550 5.1.1 nobody"));
    check_outcome(550, &[rcpt], "No such user here", gone("550 No such user here"));
    check_outcome(550, &[message, ("enhanced-status", "5.7.1")], "5.7.1 spam", rejected("550: 5.7.1 spam"));
    check_outcome(552, &[message], "too large", rejected("552: too large"));
    check_outcome(535, &[auth, ("enhanced-status", "5.7.8")], "5.7.8 bad", Outcome::RetryAfter(300));
    check_outcome(554, &[("phase", "greeting")], "go away", Outcome::RetryAfter(300));
    check_outcome(530, &[("phase", "mail-from")], "log in first", Outcome::RetryAfter(300));
}

fn incoming(method: &str, query: &str, body: &str) -> Incoming {
    Incoming { method: method.to_owned(), query: query.to_owned(), headers: Vec::new(), body: body.as_bytes().to_vec() }
}

/// The query of the link in a message.
fn link() -> String {
    let message = text(&request(&with_callbacks(), json!({"text": "Hello"})));
    let (_, rest) = message.split_once("List-Unsubscribe: <https://crm.example/hooks/acme/mail?").unwrap();
    rest.split_once('>').unwrap().0.to_owned()
}

fn properties(reception: &Reception) -> Value {
    serde_json::from_str(&reception.events[0].event.properties).unwrap()
}

#[test]
fn ch_2_one_click_withdraws_consent_and_a_look_does_not() {
    let (settings, link) = (with_callbacks(), link());
    let looked = Email::receive(&settings, &incoming("GET", &link, ""), NOW).unwrap();
    let page = String::from_utf8(looked.reply.body).unwrap();
    assert!(looked.events.is_empty() && page.contains("<form method=\"post\">") && !page.contains("ada"), "{page}");

    let click = incoming("POST", &link, "List-Unsubscribe=One-Click");
    let clicked = Email::receive(&settings, &click, NOW).unwrap();
    let event = &clicked.events[0];
    assert_eq!((clicked.reply.status, event.event.kind.as_str()), (200, "Consent Withdrawn"));
    assert_eq!(event.identities, ["email:ada@example.com"]);
    let expected = json!({"purpose": "marketing", "evidence": "unsubscribed with one click from msg_test"});
    assert_eq!(properties(&clicked), expected);
    let again = |now| Email::receive(&settings, &click, now).unwrap().events[0].key.clone();
    assert_eq!(again(NOW + 1), event.key);
    assert_ne!(again(NOW + HOUR), event.key, "who came back may leave again");

    assert!(matches!(Email::receive(&settings, &incoming("POST", &link, "x"), NOW), Err(Refusal::Malformed(_))));
    let other = link.replace("m=msg_test", "m=msg_other");
    for forged in
        [other.as_str(), "", "m=msg_test&a=YQ&s=x", &format!("{link}&token=for-bounces-only"), &format!("{link}&s=x")]
    {
        let refused = Email::receive(&settings, &incoming("POST", forged, "List-Unsubscribe=One-Click"), NOW);
        assert_eq!(refused.unwrap_err(), Refusal::BadSignature, "{forged}");
    }
}

fn report(to: &str, action: &str, message_id: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example\r\nTo: {to}\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n\
         Final-Recipient: rfc822; ada@example.com\r\nAction: {action}\r\nStatus: 5.1.1\r\n\
         Diagnostic-Code: smtp; 550 no such user\r\n\r\n\
         --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{message_id}>\r\nTo: Ada@example.com\r\n\r\n--b--\r\n"
    )
}

#[test]
fn ch_2_a_bounce_tells_what_became_of_its_message() {
    let settings = with_callbacks();
    let told = |body: &str| Email::receive(&settings, &incoming("POST", "token=for-bounces-only", body), NOW);
    let by_path = report("bounces+msg_test@brand.example", "failed", "rewritten@elsewhere.example");
    let by_header = report("postmaster@brand.example", "failed", "msg_test@brand.example");
    for body in [by_path.as_str(), &by_header] {
        let reception = told(body).unwrap();
        let event = &reception.events[0];
        assert_eq!((event.event.kind.as_str(), event.key.as_str()), ("guanxi.delivery", "bounced-msg_test"));
        assert_eq!(event.identities, ["email:ada@example.com"]);
        let expected = json!({
            "channel-id": "msg_test@brand.example", "state": "bounced", "message": "msg_test",
            "reason": "5.1.1 550 no such user", "status": "5.1.1",
        });
        assert_eq!(properties(&reception), expected);
    }
    for silent in
        [report("a@b.cn", "delayed", "msg_test@brand.example"), report("a@b.cn", "failed", "other@brand.example")]
    {
        assert!(told(&silent).unwrap().events.is_empty(), "{silent}");
    }
    assert!(matches!(told("Subject: holiday\r\n\r\nI am away"), Err(Refusal::Malformed(_))));
    for query in ["", "token=wrong", "token=for-bounces-only&token=x"] {
        let refused = Email::receive(&settings, &incoming("POST", query, &by_path), NOW);
        assert_eq!(refused.unwrap_err(), Refusal::BadSignature, "{query}");
    }
}
