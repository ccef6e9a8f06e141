//! CH-2: the example of RFC 8291 byte for byte, the token of RFC 8292, and what a second attempt repeats.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Connector, Outbound, Outcome, Request, Step};
use guanxi_plugin::testing;
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::{PublicKey, SecretKey};
use serde_json::{Value, json};

use super::seal::{self, Once};
use super::{Settings, Urgency, WebPush, send};

/// RFC 8291, appendix A.
const POINT: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";
const ENDPOINT: &str = "https://fcm.googleapis.com/fcm/send/dpH5lCsTSSM:APA91b";
/// Made for these tests.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgrSC6fL2I6e5uiOgI\n\
    fspcuNur6cireF98QQn8ySlenZyhRANCAAR43aDlfIeCDFsIJp+gxdVSStbymR9U\n\
    9kn4rTk0uT0Hd1YCU5cPb/nt2+2uB2GhXLygrN/GO71uUnOU7nzQjXDi\n\
    -----END PRIVATE KEY-----\n";
const PUBLIC_KEY: &str = "BHjdoOV8h4IMWwgmn6DF1VJK1vKZH1T2SfitOTS5PQd3VgJTlw9v-e3b7a4HYaFcvKCs38Y7vW5Sc5TufNCNcOI";

fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

#[test]
fn the_example_of_the_rfc_comes_out_byte_for_byte() {
    let key = SecretKey::from_slice(&bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")).unwrap();
    let once = Once { key, salt: bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap() };
    let point = PublicKey::from_sec1_bytes(&bytes(POINT)).unwrap();
    let sealed = seal::seal(&once, &point, &bytes(AUTH), b"When I grow up, I want to be a watermelon").unwrap();
    let expected = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
    assert_eq!(URL_SAFE_NO_PAD.encode(sealed), expected);
}

fn settings() -> Settings {
    Settings {
        public_key: PUBLIC_KEY.to_owned(),
        contact: "mailto:push@shop.example".to_owned(),
        title: "Tea shop".to_owned(),
        site: "https://shop.example/".to_owned(),
        ttl_seconds: 86_400,
        urgency: Urgency::High,
        push_service: String::new(),
    }
}

fn message(content: Value) -> Outbound {
    testing::set_secret("vapid-key", KEY.as_bytes());
    testing::set_secret("seed", b"not a real seed");
    testing::outbound(&format!("web_push:{ENDPOINT}#{POINT}.{AUTH}"), content)
}

fn request(message: &Outbound) -> Request {
    match WebPush::send(&settings(), message).unwrap() {
        Step::Perform(exchange) => exchange.request,
        other => panic!("{other:?}"),
    }
}

fn header<'r>(request: &'r Request, name: &str) -> &'r str {
    request.headers.iter().find(|header| header.name == name).map(|header| header.value.as_str()).unwrap()
}

#[test]
fn the_token_is_signed_for_the_push_service() {
    let asked = request(&message(json!({"text": "Hi"})));
    assert_eq!(asked.url, ENDPOINT);
    let names = ["content-encoding", "ttl", "urgency", "topic"].map(|name| header(&asked, name));
    assert_eq!(names[..3], ["aes128gcm", "86400", "high"]);
    assert_eq!(names[3].len(), 32);
    let token = header(&asked, "authorization").strip_prefix("vapid t=").unwrap();
    let (token, key) = token.split_once(", k=").unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let claims: Value = serde_json::from_slice(&bytes(signed.split_once('.').unwrap().1)).unwrap();
    let expected =
        json!({"aud": "https://fcm.googleapis.com", "exp": 1_767_268_800, "sub": "mailto:push@shop.example"});
    assert_eq!(claims, expected);
    let verifying = VerifyingKey::from_sec1_bytes(&bytes(key)).unwrap();
    verifying.verify(signed.as_bytes(), &Signature::from_slice(&bytes(signature)).unwrap()).unwrap();
}

#[test]
fn a_second_attempt_has_the_topic_of_the_first_and_no_key_of_it() {
    let first = message(json!({"text": "Hi"}));
    let later = Outbound { now: first.now + 90_000, attempt: 2, ..first.clone() };
    let (first, later) = (request(&first), request(&later));
    assert_eq!(header(&first, "topic"), header(&later, "topic"));
    assert_ne!(first.body[..16], later.body[..16], "another salt");
    assert_ne!(first.body[21..86], later.body[21..86], "another key");
    assert_eq!((header(&first, "ttl"), header(&later, "ttl")), ("86400", "86310"));
    let other = Outbound { id: "msg_other".to_owned(), ..message(json!({"text": "Hi"})) };
    assert_ne!(header(&first, "topic"), header(&request(&other), "topic"));
    let old = Outbound { created: 0, ..message(json!({"text": "Hi"})) };
    assert_eq!(header(&request(&old), "ttl"), "0");
}

#[test]
fn what_cannot_be_pushed_is_rejected_with_the_reason() {
    let check = |message: &Outbound, words: &str| match WebPush::send(&settings(), message) {
        Ok(Step::Done(Outcome::Rejected(why))) => assert!(why.contains(words), "{why}"),
        other => panic!("{other:?}"),
    };
    check(&message(json!({"text": "x".repeat(4_000)})), "push services take 3993");
    check(&message(json!({"text": "x", "voice": "a"})), "unknown field `voice`");
    check(&message(json!({"text": "x", "buttons": [{"text": "b", "value": "v"}]})), "must have a `url`");
    let three = vec![json!({"text": "b", "url": "https://a.example"}); 3];
    check(&message(json!({"text": "x", "buttons": three})), "3 buttons");
    let at = |address: &str| Outbound { address: format!("web_push:{address}"), ..message(json!({"text": "x"})) };
    check(&at(&format!("http://push.example/x#{POINT}.{AUTH}")), "does not speak https");
    for address in [
        "abc".to_owned(),
        format!("{ENDPOINT}#{POINT}"),
        format!("{ENDPOINT}#{}.{AUTH}", POINT.replacen("BC", "BD", 1)),
        format!("https://a:b@push.example/#{POINT}.{AUTH}"),
        format!("https://push.example/\r\nx: 1#{POINT}.{AUTH}"),
        format!("https://push.example/{{{{secret:seed}}}}#{POINT}.{AUTH}"),
    ] {
        check(&at(&address), "no subscription");
    }
    let own = Settings { push_service: "http://push.example".to_owned(), ..settings() };
    let there = WebPush::send(&own, &at(&format!("http://push.example/x#{POINT}.{AUTH}")));
    assert!(matches!(there, Ok(Step::Perform(_))));
    let keyless = Settings { public_key: "B".to_owned(), ..settings() };
    assert!(matches!(WebPush::send(&keyless, &message(json!({"text": "x"}))), Err(Failure::BadConfig(_))));
}

#[test]
fn statuses_are_outcomes() {
    let check = |status, expected| assert_eq!(send::outcome(&testing::response(status, &[], b"")), expected);
    check(201, Outcome::Sent(None));
    check(404, Outcome::RecipientGone("the push service answered 404: unsubscribed".to_owned()));
    check(410, Outcome::RecipientGone("the push service answered 410: unsubscribed".to_owned()));
    check(413, Outcome::Rejected("the push service answered 413".to_owned()));
    check(403, Outcome::RetryAfter(300));
    check(503, Outcome::RetryAfter(30));
    let busy = testing::response(429, &[("retry-after", "17")], b"");
    assert_eq!(send::outcome(&busy), Outcome::RetryAfter(17));
}
