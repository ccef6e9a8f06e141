//! Backtests as people see them.

use guanxi_domain::backtest::{Backtest, BacktestSpec, BacktestStatus, Said, Tally};
use guanxi_domain::caller::Scope;
use guanxi_domain::ids::{BacktestId, DecisionId, PersonId};
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
