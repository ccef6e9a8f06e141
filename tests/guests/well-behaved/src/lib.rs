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

impl connector::Guest for Plugin {
    fn send(_: String, message: connector::Outbound) -> Result<http::Step, Failure> {
        let Ok(signature) = secrets::hmac("signing-key", secrets::Digest::Sha256, message.content.as_bytes()) else {
            return Ok(http::Step::Done(http::Outcome::Rejected("no signing key".into())));
        };
        let hex: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(http::Step::Perform(http::Exchange {
            request: http::Request {
                method: "POST".into(),
                url: format!("https://example.com/{}", message.address),
                headers: vec![http::Header { name: "signature".into(), value: hex }],
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
