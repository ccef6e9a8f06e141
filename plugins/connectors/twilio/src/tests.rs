//! CH-2, CH-3: Twilio's own signatures, receipts and replies as it sends them, and what cannot be sent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guanxi_plugin::connector::{Connector, Header, Incoming, Outcome, Receive, Reception, Refusal, Request, Step};
use guanxi_plugin::testing::{self, NOW};
use serde_json::{Value, json};

use super::{DeliverBy, Settings, Twilio, sign};

const SID: &str = "AC0123456789abcdef0123456789abcdef";
const URL: &str = "https://guanxi.example/hooks/acme/twilio";

fn settings() -> Settings {
    Settings {
        account_sid: SID.to_owned(),
        from: "+15005550006".to_owned(),
        language: "en-US".to_owned(),
        callback_url: URL.to_owned(),
        ..Settings::default()
    }
}

fn call(settings: &Settings, query: &str, signature: &str, body: &str) -> Result<Reception, Refusal> {
    testing::set_secret("auth-token", b"12345");
    let header = Header { name: "X-Twilio-Signature".to_owned(), value: signature.to_owned() };
    let request = Incoming {
        method: "POST".to_owned(),
        query: query.to_owned(),
        headers: vec![header],
        body: body.as_bytes().to_vec(),
    };
    Twilio::receive(settings, &request, NOW)
}

fn signed(body: &str) -> Reception {
    testing::set_secret("auth-token", b"12345");
    let signature = sign::signature(URL, &sign::joined(body.as_bytes())).unwrap();
    call(&settings(), "", &STANDARD.encode(signature), body).unwrap()
}

/// From twilio-python tests/unit/test_request_validator.py.
#[test]
fn the_published_signatures_are_taken_and_no_other() {
    let body = "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212";
    let check = |url: &str, query: &str, signature: &str, body: &str, good: bool| {
        let settings = Settings { callback_url: url.to_owned(), ..settings() };
        let answer = call(&settings, query, signature, body);
        assert_eq!(answer.err(), (!good).then_some(Refusal::BadSignature), "{url} {signature}");
    };
    let (url, query) = ("https://mycompany.com/myapp.php?foo=1&bar=2", "foo=1&bar=2");
    check(url, query, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", body, true);
    check("https://mycompany.com/myapp.php", query, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", body, true);
    check("https://mycompany.com:1234/myapp.php?foo=1&bar=2", query, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", body, true);
    check(url, query, "kvajT1Ptam85bY51eRf/AJRuM3w=", body, true);
    check("http://mycompany.com:1234/myapp.php?foo=1&bar=2", query, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=", body, true);
    check("http://mycompany.com/myapp.php?foo=1&bar=2", query, "0ZXoZLH/DfblKGATFgpif+LLRf4=", body, true);
    let digest = "foo=1&bar=2&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
    let json = r#"{"property": "value", "boolean": true}"#;
    let plain = "https://mycompany.com/myapp.php";
    check(plain, digest, "a9nBmqA0ju/hNViExpshrM61xv4=", json, true);
    check(plain, digest, "a9nBmqA0ju/hNViExpshrM61xv4=", &json.replace("true", "null"), false);
    let twice = "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234";
    check(plain, query, "IK+Dwps556ElfBT0I3Rgjkr1wJU=", twice, true);
    for signature in ["", "RSOYDt4T1cUTdK1PDd93/VVr8B9=", "RSOY", "no base 64"] {
        check(url, query, signature, body, false);
    }
    check(url, query, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", &body.replace("1234&From", "1235&From"), false);
    let silent = Settings { callback_url: String::new(), ..settings() };
    assert!(matches!(call(&silent, "", "RSOYDt4T1cUTdK1PDd93/VVr8B8=", body), Err(Refusal::BadConfig(_))));
}

#[test]
fn receipts_replies_and_opt_outs_become_events() {
    let check = |body: &str, expected: &[(&str, &str, &str, Value)]| {
        let reception = signed(body);
        assert_eq!(reception.reply.body, b"<Response/>");
        let told: Vec<(String, String, String, Value)> = reception
            .events
            .into_iter()
            .map(|it| {
                (it.key, it.identities.concat(), it.event.kind, serde_json::from_str(&it.event.properties).unwrap())
            })
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(key, who, kind, is)| ((*key).to_owned(), (*who).to_owned(), (*kind).to_owned(), is.clone()))
            .collect();
        assert_eq!(told, expected);
    };
    let (who, kind) = ("phone:+8613800138000", "guanxi.delivery");
    let to = "To=%2B8613800138000&From=%2B15005550006&AccountSid=AC1";
    check(
        &format!("MessageSid=SM1&MessageStatus=delivered&{to}"),
        &[("status-SM1-delivered", who, kind, json!({"channel-id": "SM1", "state": "delivered"}))],
    );
    check(
        &format!("MessageSid=SM1&MessageStatus=undelivered&ErrorCode=30003&{to}"),
        &[("status-SM1-failed", who, kind, json!({"channel-id": "SM1", "state": "failed", "reason": "30003"}))],
    );
    check(&format!("MessageSid=SM1&MessageStatus=sent&{to}"), &[]);
    check(
        &format!("CallSid=CA1&CallStatus=no-answer&{to}"),
        &[("status-CA1-failed", who, kind, json!({"channel-id": "CA1", "state": "failed", "reason": "no-answer"}))],
    );
    let said =
        |text: &str| json!({"text": text, "message-id": "SM2", "kind": "text", "to": "+15005550006", "file": ""});
    let from = "From=%2B8613800138000&To=%2B15005550006&MessageSid=SM2&SmsStatus=received&NumMedia=0";
    check(
        &format!("{from}&Body=%E4%BD%A0%E5%A5%BD+%2B1"),
        &[("message-SM2", who, "Message Received", said("你好 +1"))],
    );
    let stop = json!({"purpose": "marketing", "evidence": "answered Stop"});
    check(
        &format!("{from}&Body=Stop&OptOutType=STOP"),
        &[("message-SM2", who, "Message Received", said("Stop")), ("stop-SM2", who, "Consent Withdrawn", stop)],
    );
    let other = json!({"kind": "twilio", "fields": {"From": "+8613800138000", "CallSid": "CA2", "Digits": "1"}});
    check("From=%2B8613800138000&CallSid=CA2&Digits=1", &[("other-CA2", who, "Channel Event", other)]);
}

fn request(settings: &Settings, content: Value) -> Request {
    match Twilio::send(settings, &testing::outbound("phone:+8613800138000", content)).unwrap() {
        Step::Perform(exchange) => exchange.request,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_call_says_the_text_and_nothing_else() {
    let calls = Settings { deliver_by: DeliverBy::Call, language: "cmn-CN".to_owned(), ..settings() };
    let asked = request(&calls, json!({"text": "您好 <b>\"&\"</b>"}));
    assert!(asked.url.ends_with(&format!("/{SID}/Calls.json")), "{}", asked.url);
    let twiml = form_urlencoded::parse(&asked.body).find(|(name, _)| name == "Twiml").unwrap().1.into_owned();
    assert_eq!(twiml, r#"<Response><Say language="cmn-CN">您好 &lt;b&gt;&quot;&amp;&quot;&lt;/b&gt;</Say></Response>"#);
    let service = Settings { messaging_service_sid: "MG1".to_owned(), ..settings() };
    let asked = String::from_utf8(request(&service, json!({"text": "Hi"})).body).unwrap();
    assert!(asked.contains("MessagingServiceSid=MG1&Body=Hi") && !asked.contains("From="), "{asked}");
}

#[test]
fn what_cannot_be_sent_is_rejected_with_the_reason() {
    let check = |settings: &Settings, address: &str, content: Value, words: &str| match Twilio::send(
        settings,
        &testing::outbound(address, content),
    ) {
        Ok(Step::Done(Outcome::Rejected(why))) => assert!(why.contains(words), "{why}"),
        other => panic!("{other:?}"),
    };
    let (to, sms) = ("phone:+8613800138000", settings());
    let calls = Settings { deliver_by: DeliverBy::Call, ..settings() };
    check(&sms, to, json!({"text": "x".repeat(1_601)}), "1601 characters");
    check(&sms, to, json!({"text": "x", "voice": "a"}), "unknown field `voice`");
    check(&sms, to, json!({"text": "x", "buttons": [{"text": "b", "value": "v"}]}), "no buttons");
    check(&calls, to, json!({"text": "x", "url": "https://x.example"}), "no `url`");
    check(&calls, to, json!({"text": "<".repeat(1_000)}), "4049 characters");
    check(&sms, "phone:13800138000", json!({"text": "x"}), "no phone number");
    let nameless = Settings { from: String::new(), ..settings() };
    assert!(Twilio::send(&nameless, &testing::outbound(to, json!({"text": "x"}))).is_err());
}
