//! Backtests as people see them.

use guanxi_domain::backtest::shift::{Both, Looked, ShiftTally};
use guanxi_domain::backtest::{Backtest, BacktestSpec, BacktestStatus, Difference, Said, ScoresSpec, Tally};
use guanxi_domain::caller::Scope;
use guanxi_domain::ids::{BacktestId, DecisionId, PersonId};
use guanxi_domain::manifest::ScorerSpec;
use guanxi_domain::scoring::{Marks, ResultColumn, Scored};
use guanxi_store::Scope as Rows;
use serde_json::json;

use crate::house::{House, NOW, OPERATOR};

/// A backtest of the house's plugin that has found something, and whose texts would like to be markup.
async fn found(house: &House, status: BacktestStatus) -> String {
    let installation = house
        .app
        .installation(&house.app.authenticate(OPERATOR).await.unwrap(), "tea", "value")
        .await
        .unwrap()
        .installation;
    let send = json!({
        "do": "send", "content": {"inline": {"text": "<b>bye"}}, "variables": {}, "class": "marketing", "purpose": "news",
        "channel": "email", "not-before": null, "expires": null,
    });
    let said = |operations: serde_json::Value, reason: &str| -> Said {
        serde_json::from_value(json!({"operations": operations, "reasons": [reason], "failed": false})).unwrap()
    };
    let mut tally = Tally::new(vec!["fields: email".to_owned()]);
    let at = (DecisionId::from_uuid(house.app.ambient().uuid()), PersonId::from_uuid(house.app.ambient().uuid()), NOW);
    tally.count(at, (said(json!([]), "too <i>early"), 10), (said(json!([send]), "<script>now"), 1_234_567));
    let backtest = Backtest {
        tenant: house.tea,
        id: BacktestId::from_uuid(house.app.ambient().uuid()),
        installation: installation.id,
        spec: BacktestSpec {
            installation: "value".to_owned(),
            plugin: "social-value".to_owned(),
            version: "9.9.9".to_owned(),
            digest: "d".to_owned(),
            config: json!({"a": "<b>"}),
            unseen: vec!["fields: email".to_owned()],
            from: NOW - 86_400_000,
            to: NOW,
            scores: None,
        },
        status,
        requested_by: "tok".to_owned(),
        requested_at: NOW,
        ended_at: (!status.is_open()).then_some(NOW),
        progress: 0.25,
        difference: tally.difference(),
        error: None,
    };
    let mut work = house.app.store().begin(Rows::Tenant(house.tea)).await.unwrap();
    work.insert_backtest(&backtest).await.unwrap();
    work.commit().await.unwrap();
    format!("/console/t/tea/backtests/{}", backtest.id)
}

#[tokio::test]
async fn ca_5_a_backtest_is_shown_in_sums_and_side_by_side() {
    let house = House::build().await;
    let path = found(&house, BacktestStatus::Done).await;
    let browser = house.browser("tea", &[Scope::Read]).await;
    let page = browser.get(&path).await;
    page.says(&["9.9.9", "Done", "fields: email", "1,234,567", "Messages: email", "too &#60;i&#62;early", "nothing"]);
    page.says(&["&#60;script&#62;now", "Send a message", "People who would get a message and got none"]);
    for bad in ["<script>now", "<b>bye", "<i>early", "hx-get", "Stop"] {
        assert!(!page.body.contains(bad), "{bad}");
    }
    let list = browser.get("/console/t/tea/plugins/value/backtests").await;
    list.says(&["9.9.9", "1 / 1", "You may look"]);
    assert!(!list.body.contains("Compare"));
    let stranger = house.browser("silk", &[Scope::Read]).await;
    assert_eq!(stranger.get(&path).await.status, 404);
    assert_eq!(browser.get("/console/t/tea/backtests/nonsense").await.status, 404);
}

#[tokio::test]
async fn ca_5_a_backtest_that_runs_is_followed_and_can_be_stopped() {
    let house = House::build().await;
    let path = found(&house, BacktestStatus::Running).await;
    let browser = house.browser("tea", &[Scope::Read, Scope::Manage]).await;
    browser.get(&path).await.says(&["hx-trigger=\"every 2s\"", "Running", "25%", "Stop"]);
    browser.get("/console/t/tea/plugins/value/backtests").await.says(&["Compare", "value=\"30\""]);
    let csrf = browser.proof("tea").await;
    assert_eq!(browser.post(&path, &[]).await.status, 403);
    assert_eq!(browser.post(&path, &[("csrf", &csrf)]).await.status, 303);
    let page = browser.get(&path).await;
    page.says(&["Stopped"]);
    assert!(!page.body.contains("hx-trigger"));
    assert_eq!(browser.post(&path, &[("csrf", &csrf)]).await.status, 409);
    // The house's plugin scores and decides nothing.
    let wish = [("csrf", csrf.as_str()), ("version", "1.2.3"), ("config", "{}"), ("days", "30")];
    for (name, value) in [("days", "0"), ("config", "{"), ("days", "")] {
        let wish = wish.map(|(key, old)| (key, if key == name { value } else { old }));
        assert_eq!(browser.post("/console/t/tea/plugins/value/backtests", &wish).await.status, 422, "{name}");
    }
}

/// A backtest of the house's scorer, by which one person moves from 1,000 to 2,500 and another does not move.
async fn moved(house: &House) -> String {
    let operator = house.app.authenticate(OPERATOR).await.unwrap();
    let installation = house.app.installation(&operator, "tea", "value").await.unwrap();
    let spec: ScorerSpec = installation.plugin.manifest.scorer.unwrap();
    let marks = |bought: f64, fuel: u64| {
        let column =
            |term: &str, values: Vec<f64>| ResultColumn { score: "value".to_owned(), term: term.to_owned(), values };
        let scores = vec![column("", vec![bought - 500.0, 7.0])];
        let terms = vec![column("bought", vec![bought, 7.0]), column("cost", vec![-500.0, 0.0])];
        Marks { answer: Ok(Scored { scores, terms }), crashed: false, fuel, micros: 0 }
    };
    let mut tally = ShiftTally::new(Both { before: spec.clone(), after: spec });
    let people = [
        Looked { person: house.person, kept: &[("value", 900.0)] },
        Looked { person: PersonId::from_uuid(house.app.ambient().uuid()), kept: &[] },
    ];
    tally.count(&people, &Both { before: marks(1_500.0, 1_234), after: marks(3_000.0, 5_678) });
    let backtest = Backtest {
        tenant: house.tea,
        id: BacktestId::from_uuid(house.app.ambient().uuid()),
        installation: installation.installation.id,
        spec: BacktestSpec {
            installation: "value".to_owned(),
            plugin: "value".to_owned(),
            version: "1.3.0".to_owned(),
            digest: "d".to_owned(),
            config: json!({"a": "<b>"}),
            unseen: vec!["fields: email".to_owned()],
            from: NOW,
            to: NOW,
            scores: Some(ScoresSpec {
                version: "1.2.0".to_owned(),
                digest: "e".to_owned(),
                config: json!({}),
                people: 100_000,
            }),
        },
        status: BacktestStatus::Done,
        requested_by: "tok".to_owned(),
        requested_at: NOW,
        ended_at: Some(NOW),
        progress: 1.0,
        difference: Difference { shift: Some(tally.shift()), ..Difference::default() },
        error: None,
    };
    let mut work = house.app.store().begin(Rows::Tenant(house.tea)).await.unwrap();
    work.insert_backtest(&backtest).await.unwrap();
    work.commit().await.unwrap();
    format!("/console/t/tea/backtests/{}", backtest.id)
}

#[tokio::test]
async fn ca_5_a_backtest_of_a_scorer_is_shown_as_pictures_and_people() {
    let house = House::build().await;
    let path = moved(&house).await;
    let mut browser = house.browser("tea", &[Scope::Read]).await;
    let page = browser.get(&path).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.says(&[
        "value 1.2.0",
        "1,234 → 5,678",
        "Social value",
        "1 / 2",
        "Who moves furthest",
        "Purchases 1,500",
        "2,500",
    ]);
    page.says(&[&format!("/console/t/tea/people/{}", house.person), "kept 900", "<svg viewBox=\"0 0 200 100\""]);
    // Two pictures of 20 parts, each of which tells how many people it stands for.
    assert_eq!(page.body.matches("<rect class=\"calm\"").count(), 20, "{}", page.body);
    assert_eq!(page.body.matches("<rect class=\"plus\"").count(), 20, "{}", page.body);
    for bad in ["<b>", " style=", "Events from"] {
        assert!(!page.body.contains(bad), "{bad}");
    }
    browser.language = "zh";
    browser.get(&path).await.says(&["变动最大的客户", "对比基准", "社交价值", "消费 1,500"]);
    let list = browser.get("/console/t/tea/plugins/value/backtests").await;
    list.says(&["1.3.0", "1 / 2"]);
    let stranger = house.browser("silk", &[Scope::Read]).await;
    assert_eq!(stranger.get(&path).await.status, 404);
}

#[tokio::test]
async fn ca_5_the_form_of_a_plugin_that_does_both_asks_what_to_compare() {
    let house = House::build().await;
    let browser = house.browser("tea", &[Scope::Read, Scope::Manage]).await;
    let list = "/console/t/tea/plugins/value/backtests";
    browser.get(list).await.says(&["<option value=\"scorer\">", "max=\"100000\"", "value=\"30\""]);
    let csrf = browser.proof("tea").await;
    let wish = |people: &'static str| {
        [
            ("csrf", csrf.as_str()),
            ("version", "1.3.0"),
            ("config", "{}"),
            ("kind", "scorer"),
            ("days", ""),
            ("people", people),
        ]
    };
    for bad in ["", "none", "0", "100001"] {
        assert_eq!(browser.post(list, &wish(bad)).await.status, 422, "{bad}");
    }
    let asked = browser.post(list, &wish("500")).await;
    assert_eq!(asked.status, 303, "{}", asked.body);
    let page = browser.get(asked.header("location")).await;
    page.says(&["Waiting", "500", "value 1.2.0"]);
}

#[tokio::test]
async fn ca_7_what_a_scorer_sees_of_somebody_stands_beside_the_kept_score() {
    let house = House::build().await;
    let mut browser = house.browser("tea", &[Scope::Read]).await;
    let person = format!("/console/t/tea/people/{}", house.person);
    browser.get(&person).await.says(&[&format!("<a href=\"{person}/scores\">")]);
    let page = browser.get(&format!("{person}/scores")).await;
    assert_eq!(page.status, 200, "{}", page.body);
    // This house loads no plugins, and says so.
    page.says(&[
        "Social value",
        "Purchases",
        "1,500",
        "<code>revenue</code>",
        "what was spent",
        "this library takes no plugins",
    ]);
    browser.language = "zh";
    browser.get(&format!("{person}/scores")).await.says(&["所见数据", "已保存", "消费"]);
}
