//! Posts changes of audiences to a brand's own platform, signed with HMAC-SHA256.

use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Audience, AudienceChange, Connector, Outbound, Outcome, Request, Response, Step};
use guanxi_plugin::secrets::{self, Digest};
use guanxi_plugin::words::Instant;
use serde_json::json;

struct AudienceWebhook;

/// Where to.
#[derive(Debug, serde::Deserialize)]
struct Settings {
    url: String,
}

impl Connector for AudienceWebhook {
    type Config = Settings;

    fn send(_: &Settings, _: &Outbound) -> Result<Step, Failure> {
        Ok(Step::Done(Outcome::Rejected("this channel takes audiences and no messages; use `webhook`".to_owned())))
    }

    fn resume(_: &Settings, _: &[u8], response: &Response, _: Instant) -> Result<Step, Failure> {
        Ok(Step::Done(response.outcome()))
    }
}

impl Audience for AudienceWebhook {
    fn upload(settings: &Settings, change: &AudienceChange) -> Result<Step, Failure> {
        let body = json!({"audience": change.audience, "add": change.add, "remove": change.remove}).to_string();
        let signature = secrets::hmac("signing-key", Digest::Sha256, body.as_bytes())?;
        let signature: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
        let request = Request::post(&settings.url)
            .header("content-type", "application/json")
            .header("x-hub-signature-256", &format!("sha256={signature}"))
            .body(body);
        Ok(Step::perform(request))
    }

    fn resume_upload(_: &Settings, _: &[u8], response: &Response, _: Instant) -> Result<Step, Failure> {
        Ok(Step::Done(response.outcome()))
    }
}

guanxi_plugin::connector!(AudienceWebhook + Audience);

#[cfg(test)]
mod tests {
    use guanxi_plugin::connector::{resume_upload, upload};
    use guanxi_plugin::testing;

    use super::*;

    const CONFIG: &str = r#"{"url": "https://dmp.example/audiences"}"#;

    fn change() -> AudienceChange {
        AudienceChange { audience: "vip".to_owned(), add: vec!["email:00".to_owned()], remove: Vec::new() }
    }

    #[test]
    fn ad_2_a_change_is_posted_with_its_signature() {
        testing::set_secret("signing-key", b"key-of-the-dmp");
        let Ok(Step::Perform(exchange)) = upload::<AudienceWebhook>(CONFIG, &change()) else { panic!("no request") };
        let request = exchange.request;
        assert_eq!((request.method.as_str(), request.url.as_str()), ("POST", "https://dmp.example/audiences"));
        assert_eq!(request.body, br#"{"add":["email:00"],"audience":"vip","remove":[]}"#);
        let signature = request.headers.iter().find(|header| header.name == "x-hub-signature-256").unwrap();
        // Computed with Python's hmac.
        assert_eq!(signature.value, "sha256=9abda13657b0a408057c918f328eeb566cca42a37fadd2eaff1ac39a58fe7e9b");
    }

    #[test]
    fn ad_2_answers_become_outcomes() {
        for (status, expected) in [
            (204, Outcome::Sent(None)),
            (429, Outcome::RetryAfter(9)),
            (503, Outcome::RetryAfter(9)),
            (400, Outcome::Rejected("the channel answered 400".to_owned())),
        ] {
            let response = testing::response(status, &[("retry-after", "9")], b"");
            let answered = resume_upload::<AudienceWebhook>(CONFIG, &[], &response, testing::NOW);
            assert_eq!(answered, Ok(Step::Done(expected)), "{status}");
        }
    }

    #[test]
    fn ad_2_without_its_key_nothing_leaves() {
        assert!(upload::<AudienceWebhook>(CONFIG, &change()).is_err());
    }
}
