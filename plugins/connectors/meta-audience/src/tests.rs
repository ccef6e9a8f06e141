//! AD-2: requests and answers as Meta documents them.

use guanxi_plugin::connector::{resume_upload, upload};
use guanxi_plugin::testing;

use super::*;

const CONFIG: &str = r#"{"api_version": "v25.0"}"#;
/// SHA-256 of ada@example.com and of 8613800138000, by Python's hashlib.
const EMAIL: &str = "b5fc85e55755f9e0d030a10ab4429b6b2944855f9a0d60077fe832becbc41d72";
const PHONE: &str = "bf08aacce7f9b2452863cf99373043c3333f0e3127f1f787c4abb46ab6cf2b83";

fn change(add: &[&str], remove: &[&str]) -> AudienceChange {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    AudienceChange { audience: "23851234567890123".to_owned(), add: texts(add), remove: texts(remove) }
}

#[track_caller]
fn check_request(change: &AudienceChange, method: &str, payload: Value) {
    let Ok(Step::Perform(exchange)) = upload::<MetaAudience>(CONFIG, change) else { panic!("no request") };
    let request = exchange.request;
    assert_eq!(request.method, method);
    assert_eq!(request.url, "https://graph.facebook.com/v25.0/23851234567890123/users");
    let token = request.headers.iter().find(|header| header.name == "authorization").expect("a token");
    assert_eq!(token.value, "Bearer {{secret:access-token}}");
    assert_eq!(serde_json::from_slice::<Value>(&request.body).unwrap(), json!({"payload": payload}));
}

#[track_caller]
fn check_answer(status: u16, headers: &[(&str, &str)], body: &str, expected: Outcome) {
    let response = testing::response(status, headers, body.as_bytes());
    assert_eq!(resume_upload::<MetaAudience>(CONFIG, &[], &response, testing::NOW), Ok(Step::Done(expected)), "{body}");
}

#[test]
fn ad_2_people_are_added_and_removed_by_one_kind_of_identifier() {
    let (email, phone) = (format!("email:{EMAIL}"), format!("phone:{PHONE}"));
    let user = format!("user:{PHONE}");
    check_request(&change(&[&email], &[]), "POST", json!({"schema": "EMAIL_SHA256", "data": [EMAIL]}));
    check_request(&change(&[], &[&phone]), "DELETE", json!({"schema": "PHONE_SHA256", "data": [PHONE]}));
    check_request(&change(&[&user], &[]), "POST", json!({"schema": ["EXTERN_ID"], "data": [[PHONE]]}));
}

#[test]
fn ad_2_what_meta_cannot_take_is_told() {
    let (email, phone) = (format!("email:{EMAIL}"), format!("phone:{PHONE}"));
    for bad in [
        change(&[&email, &phone], &[]),
        change(&[&email], &[&email]),
        change(&["weibo_uid:00"], &[]),
        AudienceChange { audience: "1/../2".to_owned(), ..change(&[&email], &[]) },
    ] {
        assert!(matches!(upload::<MetaAudience>(CONFIG, &bad), Err(Failure::BadInput(_))), "{bad:?}");
    }
}

#[test]
fn ad_2_answers_become_outcomes() {
    let taken =
        r#"{"audience_id":"23851234567890123","session_id":"9778993","num_received":2,"num_invalid_entries":0}"#;
    check_answer(200, &[], taken, Outcome::Sent(None));
    let error = |code: i64, subcode: i64| {
        json!({"error": {"message": "no", "type": "OAuthException", "code": code, "error_subcode": subcode}})
            .to_string()
    };
    check_answer(400, &[], &error(190, 463), Outcome::Rejected("Meta says 190/463: no".to_owned()));
    check_answer(400, &[], &error(100, 1_713_230), Outcome::Rejected("Meta says 100/1713230: no".to_owned()));
    check_answer(403, &[], &error(200, 0), Outcome::Rejected("Meta says 200/0: no".to_owned()));
    check_answer(400, &[], &error(80_003, 0), Outcome::RetryAfter(TOO_OFTEN));
    let usage = r#"{"1":[{"type":"custom_audience","call_count":100,"estimated_time_to_regain_access":19}]}"#;
    check_answer(400, &[("X-Business-Use-Case-Usage", usage)], &error(17, 0), Outcome::RetryAfter(1_140));
    check_answer(500, &[], &error(2, 0), Outcome::RetryAfter(BUSY));
    check_answer(503, &[("Retry-After", "7")], "<html>", Outcome::RetryAfter(7));
    let unread = testing::response(200, &[], b"{}");
    assert!(resume_upload::<MetaAudience>(CONFIG, &[], &unread, testing::NOW).is_err());
}
