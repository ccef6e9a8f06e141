//! Keeps every rule, in all four kinds: the neighbour that hostile guests must not disturb.

wit_bindgen::generate!({
    inline: "
        package guest:well-behaved;

        world everything {
            import guanxi:plugin/host@0.1.0;
            import guanxi:plugin/secrets@0.1.0;
            export guanxi:plugin/scorer@0.1.0;
            export guanxi:plugin/analyzer@0.1.0;
            export guanxi:plugin/campaign@0.1.0;
            export guanxi:plugin/connector@0.1.0;
        }
    ",
    path: "../../../wit",
    world: "guest:well-behaved/everything",
    generate_all,
});

use exports::guanxi::plugin::{analyzer, campaign, connector, scorer};
use guanxi::plugin::types::{Failure, Tag, Value};
use guanxi::plugin::{host, http, secrets};

struct Plugin;

impl campaign::Guest for Plugin {
    fn decide(config: String, moments: Vec<campaign::Moment>) -> Vec<Result<campaign::Decision, Failure>> {
        host::log(host::Level::Info, &format!("{} moments, configured {config}", moments.len()));
        moments.iter().map(decide).collect()
    }
}

fn decide(moment: &campaign::Moment) -> Result<campaign::Decision, Failure> {
    if moment.event.kind == "refused" {
        return Err(Failure::BadInput(moment.event.id.clone()));
    }
    let visits = moment.state.as_deref().and_then(|state| state.parse().ok()).unwrap_or(0_u64) + 1;
    let city = moment.person.fields.iter().find(|field| field.name == "city").map(|field| match &field.value {
        Value::Text(city) => city.as_str(),
        _ => "?",
    });
    let operations = vec![
        campaign::Operation::EarnPoints(campaign::Points {
            unit: "points".into(),
            amount: 10 + moment.seed % 10,
            reason: format!("visit {visits}"),
            pending_until: Some(moment.now + 1_000),
        }),
        campaign::Operation::Send(campaign::Message {
            content: campaign::Content::Inline("{\"text\": \"Hello {{name}}\"}".into()),
            variables: "{\"name\": \"friend\"}".into(),
            class: campaign::MessageClass::Reply,
            purpose: "service".into(),
            channel: moment.person.reachable.first().cloned(),
            not_before: None,
            expires: None,
        }),
        campaign::Operation::AddTag(Tag { dimension: "visit".into(), name: visits.to_string(), weight: 0.5 }),
        campaign::Operation::StartTimer(campaign::Timer {
            key: "again".into(),
            at: moment.now + 60_000,
            payload: moment.event.properties.clone(),
        }),
    ];
    let reasons =
        vec![format!("{} roles, {} earlier events, {city:?}", moment.person.roles.len(), moment.history.len())];
    Ok(campaign::Decision { operations, state: Some(visits.to_string()), reasons })
}

impl scorer::Guest for Plugin {
    fn score_all(
        _: String,
        inputs: Vec<scorer::Column>,
        rows: u32,
        _: i64,
        explain: bool,
    ) -> Result<scorer::Scored, Failure> {
        let [scorer::Column::Integers(revenue), scorer::Column::Numbers(followers), scorer::Column::Texts(cities)] =
            inputs.as_slice()
        else {
            return Err(Failure::BadInput(format!("{} columns for {rows} rows", inputs.len())));
        };
        let sums = revenue.iter().zip(followers).map(|(revenue, followers)| *revenue as f64 + followers);
        let values = sums.zip(cities).map(|(sum, city)| if city == "上海" { 2.0 * sum } else { sum }).collect();
        let term = || scorer::TermColumn { score: "worth".into(), name: "reach".into(), values: followers.clone() };
        Ok(scorer::Scored {
            scores: vec![scorer::ScoreColumn { name: "worth".into(), values }],
            terms: if explain { vec![term()] } else { Vec::new() },
        })
    }
}

impl analyzer::Guest for Plugin {
    fn read_all(_: String, texts: Vec<analyzer::Text>) -> Vec<Result<analyzer::Reading, Failure>> {
        let read = |text: analyzer::Text| analyzer::Reading {
            tags: Vec::new(),
            mood: Some(if text.body.contains("开心") { 1.0 } else { 0.0 }),
            topics: text.body.split_whitespace().map(str::to_owned).collect(),
            language: text.language,
            flagged: Vec::new(),
        };
        texts.into_iter().map(|text| Ok(read(text))).collect()
    }
}

/// One header for each function of `secrets`, all on the text that is to be sent.
fn with_every_secret(text: &str) -> Result<http::Step, secrets::Problem> {
    use secrets::{Cipher, Digest, Part, Scheme};
    let text = text.as_bytes();
    let hash = secrets::hash(Digest::Sha1, &[Part::Bytes(text.to_vec()), Part::Secret("token".into())])?;
    let verified = secrets::verify_sorted("token", Digest::Sha1, &[text.to_vec()], &hash)?;
    let forged = secrets::verify_sorted("token", Digest::Sha1, &[b"forged".to_vec()], &hash)?;
    let data = secrets::encrypt("aes-key", &Cipher::Wechat, text)?;
    // `{"amount":1}` with AES-256-GCM.
    let sealed = [
        0x0d, 0x47, 0x12, 0x8e, 0xaa, 0xeb, 0x09, 0x95, 0x1c, 0x22, 0x07, 0x06, 0x49, 0x83, 0x78, 0x58, 0xfe, 0x72,
        0xd1, 0x99, 0x54, 0x82, 0x62, 0x52, 0xdb, 0xaf, 0x87, 0xea,
    ];
    let headers = vec![
        header("hash", &hash),
        header("verified", &[verified.into(), forged.into()]),
        header("encrypted", &data),
        header("decrypted", &secrets::decrypt("aes-key", &Cipher::Wechat, &data)?),
        header("opened", &secrets::decrypt_gcm("api-key", b"fdasflkja484", b"certificate", &sealed)?),
        header("signed", &secrets::sign("private-key", Scheme::RsaSha256, text)?),
    ];
    let request = http::Request { method: "POST".into(), url: "https://example.com".into(), headers, body: Vec::new() };
    Ok(http::Step::Perform(http::Exchange { request, continuation: Vec::new() }))
}

fn rejected(why: String) -> http::Step {
    http::Step::Done(http::Outcome::Rejected(why))
}

fn header(name: &str, bytes: &[u8]) -> http::Header {
    http::Header { name: name.into(), value: bytes.iter().map(|byte| format!("{byte:02x}")).collect() }
}

impl connector::Guest for Plugin {
    fn send(_: String, message: connector::Outbound) -> Result<http::Step, Failure> {
        if message.address == "secrets:all" {
            return Ok(with_every_secret(&message.content).unwrap_or_else(|problem| rejected(format!("{problem:?}"))));
        }
        let key = [secrets::Part::Secret("signing-key".into())];
        let Ok(signature) = secrets::hmac(&key, secrets::Digest::Sha256, message.content.as_bytes()) else {
            return Ok(rejected("no signing key".into()));
        };
        Ok(http::Step::Perform(http::Exchange {
            request: http::Request {
                method: "POST".into(),
                url: format!("https://example.com/{}", message.address),
                headers: vec![header("signature", &signature)],
                body: message.content.into_bytes(),
            },
            continuation: message.id.into_bytes(),
        }))
    }

    fn resume(_: String, continuation: Vec<u8>, response: http::Response, _: i64) -> Result<http::Step, Failure> {
        if response.status == 500 {
            return Err(Failure::BadConfig("no such room".into()));
        }
        Ok(http::Step::Done(match response.status {
            200 => http::Outcome::Sent(String::from_utf8(continuation).ok()),
            401 => http::Outcome::RefreshSession,
            429 => http::Outcome::RetryAfter(response.headers.len() as u32),
            _ => http::Outcome::Rejected(String::from_utf8_lossy(&response.body).into_owned()),
        }))
    }
}

export!(Plugin);
