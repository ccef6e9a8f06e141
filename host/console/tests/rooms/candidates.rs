//! Candidates as people see them, and what was decided beside what took effect.

use guanxi_app::{GrantsInput, InstallationInput};
use guanxi_domain::caller::Scope;
use guanxi_domain::candidate::{Candidate, CandidateSpec, CandidateStatus, Evidence, Guard, Seen, Side};
use guanxi_domain::grants::Grants;
use guanxi_domain::ids::{CandidateId, DecisionId, new_uuid};
use guanxi_domain::installation::{Installation, Mode};
use guanxi_store::{DecisionRow, Scope as Rows};
use serde_json::{Value, json};

use crate::house::{Answer, Browser, House, NOW, OPERATOR};

const PATH: &str = "/console/t/tea/plugins/value/candidate";

async fn installation(house: &House) -> Installation {
    let operator = house.app.authenticate(OPERATOR).await.unwrap();
    house.app.installation(&operator, "tea", "value").await.unwrap().installation
}

async fn latest(house: &House) -> Candidate {
    let operator = house.app.authenticate(OPERATOR).await.unwrap();
    house.app.candidate(&operator, "tea", "value").await.unwrap().unwrap()
}

fn side(operations: Value, fuel: u64) -> Side {
    let said = json!({"operations": operations, "reasons": [], "failed": false});
    Side { said: serde_json::from_value(said).unwrap(), fuel, crashed: false, asked: true }
}

/// A candidate of the house's plugin that was seen once, and whose texts would like to be markup.
async fn put(house: &House, status: CandidateStatus) -> Candidate {
    let mut candidate = Candidate {
        id: CandidateId::from_uuid(house.app.ambient().uuid()),
        installation: installation(house).await.id,
        spec: CandidateSpec {
            version: "9.9.9<b>".to_owned(),
            digest: "d".to_owned(),
            config: json!({"a": "</textarea><script>"}),
            grants: Grants::default(),
        },
        percent: 5,
        guard: Guard { crashes: 0.125, ..Guard::default() },
        status,
        started_by: "tok".to_owned(),
        started_at: NOW,
        ended_at: (status != CandidateStatus::Running).then_some(NOW),
        reason: (status == CandidateStatus::FellBack).then(|| "crashed on <i>3".to_owned()),
        evidence: Evidence::default(),
    };
    let send = json!({
        "do": "send", "content": {"inline": {"text": "bye"}}, "variables": {}, "class": "marketing", "purpose": "news",
        "channel": "<em>ail", "not-before": null, "expires": null,
    });
    let (before, after) = (side(json!([]), 10), side(json!([send]), 1_234_567));
    let seen = Seen { decision: house.decision, before: Some(&before), after: &after, effective: true };
    candidate.count(&seen, NOW);
    let mut work = house.app.store().begin(Rows::Tenant(house.tea)).await.unwrap();
    work.put_candidate(house.tea, &candidate).await.unwrap();
    work.commit().await.unwrap();
    candidate
}

/// Sends the form that begins a candidate, with one field changed.
async fn try_it(browser: &Browser, (name, value): (&str, &str)) -> Answer {
    let csrf = browser.proof("tea").await;
    let form = [
        ("csrf", csrf.as_str()),
        ("act", "try"),
        ("version", "1.3.0"),
        ("config", r#"{"greeting": "<b>moin"}"#),
        ("percent", "0"),
        ("crashes", "0.01"),
        ("fuel", "4"),
        ("divergence", "0.5"),
    ];
    browser.post(PATH, &form.map(|(key, old)| (key, if key == name { value } else { old }))).await
}

/// Sends one of the other forms.
async fn act(browser: &Browser, act: &str, candidate: &str, percent: &str) -> Answer {
    let csrf = browser.proof("tea").await;
    browser.post(PATH, &[("csrf", &csrf), ("act", act), ("candidate", candidate), ("percent", percent)]).await
}

#[tokio::test]
async fn a_plugin_without_a_candidate_offers_to_try_one() {
    let house = House::build().await;
    let mut browser = house.browser("tea", &[Scope::Manage]).await;
    browser.get("/console/t/tea/plugins").await.says(&[&format!("href=\"{PATH}\"")]);
    let page = browser.get(PATH).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.says(&["1.2.0", "badge live", "Nothing was tried yet", "Try it", "0 is a shadow"]);
    page.says(&["<option value=\"1.3.0\">", "<option value=\"1.2.0\" selected>", "&#60;i&#62;hello"]);
    page.says(&["name=\"crashes\" type=\"number\" min=\"0\" max=\"1\" step=\"any\" value=\"0.01\"", "value=\"4\""]);
    for bad in ["hx-get", "Promote", "Stop", "<i>hello"] {
        assert!(!page.body.contains(bad), "{bad}");
    }
    browser.language = "zh";
    browser.get(PATH).await.says(&["候选版本", "还没有试运行过", "0 表示影子"]);
    assert_eq!(browser.get("/console/t/tea/plugins/nothing/candidate").await.status, 404);
    assert_eq!(house.browser("silk", &[Scope::Manage]).await.get(PATH).await.status, 404);
}

#[tokio::test]
async fn what_cannot_be_tried_is_explained() {
    let house = House::build().await;
    let browser = house.browser("tea", &[Scope::Manage]).await;
    for (field, told) in [
        (("config", "{"), "is no JSON"),
        (("config", "[]"), "give a JSON object"),
        (("percent", "101"), "100"),
        (("percent", "300"), "from 0 to 100"),
        (("percent", "many"), "from 0 to 100"),
        (("crashes", ""), "guard/crashes"),
        (("fuel", "0.5"), "guard/fuel"),
        (("divergence", "NaN"), "guard/divergence"),
    ] {
        let answer = try_it(&browser, field).await;
        assert_eq!(answer.status, 422, "{field:?}");
        answer.says(&["That cannot be done yet", told]);
    }
    assert_eq!(try_it(&browser, ("version", "7.7.7")).await.status, 404);
    assert_eq!(try_it(&browser, ("csrf", "")).await.status, 403);
    browser.get(PATH).await.says(&["Nothing was tried yet"]);
}

#[tokio::test]
async fn pl_4_a_candidate_gets_what_it_newly_asks_for_if_that_is_ticked() {
    let house = House::build().await;
    let city = r#"inputs = [{ name = "city", type = "text", purpose = "where" }, "#;
    house.shelve("1.4.0", &[("inputs = [", city)]).await;
    let operator = house.app.authenticate(OPERATOR).await.unwrap();
    let Installation { version, mode, config, mut grants, .. } = installation(&house).await;
    grants.fields.clear();
    let withheld = InstallationInput {
        plugin: None,
        version,
        mode,
        config,
        grants: Some(GrantsInput::Lists(grants.clone())),
        secrets: [].into(),
    };
    house.app.put_installation(&operator, "tea", "value", withheld).await.unwrap();

    let browser = house.browser("tea", &[Scope::Manage]).await;
    browser
        .get(PATH)
        .await
        .says(&["<input type=\"checkbox\" name=\"grant\" value=\"yes\"", "Grant it what it asks for"]);
    let refused = try_it(&browser, ("version", "1.4.0")).await;
    assert_eq!(refused.status, 422);
    refused.says(&["<code>grants</code>", "fields: city"]);
    let csrf = browser.proof("tea").await;
    let form = [
        ("csrf", csrf.as_str()),
        ("act", "try"),
        ("version", "1.4.0"),
        ("config", "{}"),
        ("percent", "0"),
        ("crashes", "0.01"),
        ("fuel", "4"),
        ("divergence", "0.5"),
        ("grant", "yes"),
    ];
    let answer = browser.post(PATH, &form).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    grants.fields.push("city".to_owned());
    assert_eq!(latest(&house).await.spec.grants, grants);
}

#[tokio::test]
async fn a_candidate_begins_as_a_shadow_is_widened_and_stopped() {
    let house = House::build().await;
    let browser = house.browser("tea", &[Scope::Manage]).await;
    let answer = try_it(&browser, ("", "")).await;
    assert_eq!((answer.status, answer.header("location")), (303, PATH), "{}", answer.body);
    let page = browser.get(PATH).await;
    page.says(&["Running as a shadow", "1.3.0", "hx-trigger=\"every 5s\"", "Promote", "Stop", "Try something else"]);
    page.says(&["<option value=\"1.3.0\" selected>", "&#60;b&#62;moin"]);
    assert!(!page.body.contains("<b>moin"));

    let begun = latest(&house).await;
    let id = begun.id.to_string();
    page.says(&[&format!("name=\"candidate\" value=\"{id}\"")]);
    assert_eq!(act(&browser, "tune", &id, "101").await.status, 422);
    assert_eq!(act(&browser, "dance", &id, "1").await.status, 422);
    let answer = act(&browser, "tune", &id, "10").await;
    assert_eq!((answer.status, answer.header("location")), (303, PATH), "{}", answer.body);
    browser.get(PATH).await.says(&["Running for 10% of the people", "badge canary"]);
    assert_eq!(latest(&house).await, Candidate { percent: 10, ..begun });

    assert_eq!(act(&browser, "stop", &id, "").await.header("location"), PATH);
    let page = browser.get(PATH).await;
    page.says(&["Stopped", "Try something", "<option value=\"1.3.0\" selected>"]);
    assert!(!page.body.contains("hx-get") && !page.body.contains("Promote"));
    for ended in ["tune", "stop", "promote"] {
        assert_eq!(act(&browser, ended, &id, "50").await.status, 409, "{ended}");
    }
    assert_eq!(installation(&house).await.version, "1.2.0");
}

#[tokio::test]
async fn a_candidate_is_promoted_if_it_is_the_one_on_the_page() {
    let house = House::build().await;
    let browser = house.browser("tea", &[Scope::Manage]).await;
    assert_eq!(try_it(&browser, ("", "")).await.status, 303);
    let old = latest(&house).await.id.to_string();
    assert_eq!(try_it(&browser, ("config", "{}")).await.status, 303);
    let answer = act(&browser, "promote", &old, "").await;
    assert_eq!(answer.status, 409);
    answer.says(&["does not run any more"]);
    assert_eq!(installation(&house).await.version, "1.2.0");

    let id = latest(&house).await.id.to_string();
    assert_ne!(id, old);
    let answer = act(&browser, "promote", &id, "").await;
    assert_eq!((answer.status, answer.header("location")), (303, "/console/t/tea/plugins#value"), "{}", answer.body);
    let Installation { version, mode, config, .. } = installation(&house).await;
    assert_eq!((version.as_str(), mode, config), ("1.3.0", Mode::Live, json!({})));
    browser.get(PATH).await.says(&["Promoted", "1.3.0", "Try something"]);
}

#[tokio::test]
async fn what_was_seen_stands_side_by_side() {
    let house = House::build().await;
    put(&house, CandidateStatus::FellBack).await;
    let mut browser = house.browser("tea", &[Scope::Manage]).await;
    let page = browser.get(PATH).await;
    page.says(&[
        "badge fell-back",
        "crashed on &#60;i&#62;3",
        "9.9.9&#60;b&#62;",
        "&#60;/textarea&#62;&#60;script&#62;",
    ]);
    page.says(&["1 (100%)", "0 (0%)", "1,234,567", "99th percentile", "Messages: &#60;em&#62;ail", "Send a message"]);
    page.says(&[&format!("/console/t/tea/decisions/{}", house.decision), "value=\"0.125\""]);
    for bad in ["<i>3", "9.9.9<b>", "<script>", "<em>", "People who get a message", " style=", "hx-get"] {
        assert!(!page.body.contains(bad), "{bad}");
    }
    browser.language = "zh";
    browser.get(PATH).await.says(&["已自动回退", "发送消息", "燃料"]);
}

#[tokio::test]
async fn viewers_see_it_and_change_nothing() {
    let house = House::build().await;
    let candidate = put(&house, CandidateStatus::Running).await;
    let browser = house.browser("tea", &[Scope::Read]).await;
    let page = browser.get(PATH).await;
    page.says(&["Running for 5% of the people", "1 (100%)", "You may look", "0.125"]);
    for bad in ["name=\"act\"", "<textarea", "Promote", "<script>"] {
        assert!(!page.body.contains(bad), "{bad}");
    }
    let answer = try_it(&browser, ("", "")).await;
    assert_eq!(answer.status, 403);
    answer.says(&["This needs a token with the scope “manage”."]);
    for deed in ["tune", "stop", "promote"] {
        assert_eq!(act(&browser, deed, &candidate.id.to_string(), "50").await.status, 403, "{deed}");
    }
    assert_eq!(latest(&house).await, candidate);
}

#[tokio::test]
async fn what_a_shadow_decided_is_told_apart() {
    let house = House::build().await;
    let operator = house.app.authenticate(OPERATOR).await.unwrap();
    let row = house.app.decision(&operator, "tea", house.decision).await.unwrap().row;
    let shadow = DecisionRow {
        id: DecisionId::from_uuid(new_uuid(NOW - 71, house.app.ambient().bytes())),
        operations: json!([{"do": "add-tag", "dimension": "a", "name": "b", "weight": 1.0, "outcome": "shadowed"}])
            .to_string(),
        shadow: true,
        ..row
    };
    let mut work = house.app.store().begin(Rows::Tenant(house.tea)).await.unwrap();
    work.insert_decisions(house.tea, std::slice::from_ref(&shadow)).await.unwrap();
    work.commit().await.unwrap();
    let mut browser = house.browser("tea", &[Scope::Read]).await;
    let receipt = format!("/console/t/tea/decisions/{}", shadow.id);
    let told = ["badge shadow\">shadow<", "not done: shadow"];
    browser.get(&receipt).await.says(&[told[0], told[1], "nothing of it was done"]);
    let person = browser.get(&format!("/console/t/tea/people/{}", house.person)).await;
    person.says(&[told[0], told[1], &receipt]);
    assert_eq!(person.body.matches(told[0]).count(), 1);
    let other = browser.get(&format!("/console/t/tea/decisions/{}", house.decision)).await;
    assert!(!other.body.contains("badge shadow"));
    assert!(!browser.get("/console/t/tea/live").await.body.contains(&receipt));
    browser.language = "zh";
    browser.get(&receipt).await.says(&["影子", "未执行（影子）"]);
}
