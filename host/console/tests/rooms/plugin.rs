//! PL-10: one plugin's page: what it does, asks for, costs and logs, and its versions.

use guanxi_domain::caller::Scope;
use guanxi_domain::ids::{CallId, InstallationId, MessageId, new_uuid};
use guanxi_domain::plugin_log::{Asked, Level};
use guanxi_domain::usage::{Usage, WorkKind, day};
use guanxi_store::{LoggedCall, Scope as Rows, UsageRow};

use crate::house::{House, NOW, OPERATOR};

const PATH: &str = "/console/t/tea/plugins/value";

#[tokio::test]
async fn pl_10_a_plugins_page_tells_what_it_asks_for_and_costs() {
    let house = House::build().await;
    let operator = house.app.authenticate(OPERATOR).await.unwrap();
    let views = house.app.installations(&operator, "tea").await.unwrap();
    let mut work = house.app.store().begin(Rows::Tenant(house.tea)).await.unwrap();
    for view in &views {
        let own = view.installation.name == "value";
        for (days_ago, fuel) in [(0, 1_000), (13, 2_000), (14, 40_000)] {
            let fuel = if own { fuel } else { 777_000 };
            let usage = Usage { calls: 1, items: 5, refusals: 2, fuel: fuel / 2, micros: 250, ..Usage::default() };
            for (work_kind, crashes) in [(WorkKind::Pipeline, 1), (WorkKind::Backtest, 0)] {
                let usage = Usage { crashes, timeouts: crashes, ..usage };
                let (day, installation) = (day(NOW) - days_ago, view.installation.id);
                work.add_usage(house.tea, &UsageRow { day, installation, work: work_kind, usage }).await.unwrap();
            }
        }
    }
    work.commit().await.unwrap();
    house.app.yank_plugin(&operator, "value", "1.3.0", Some("sends <twice>")).await.unwrap();

    let mut browser = house.browser("tea", &[Scope::Read]).await;
    let page = browser.get(PATH).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.says(&[
        "<h1>value</h1>",
        "Values people.",
        "what was spent",
        "href=\"/console/t/tea/plugins/value/settings\"",
    ]);
    page.says(&["<dt>Calls</dt><dd>4</dd>", "<dt>Fuel</dt><dd>3,000</dd>", "<dt>Fuel a call</dt><dd>750</dd>"]);
    page.says(&["<dt>Crashes for fuel or time</dt><dd>2</dd>", "<dt>Refused operations</dt><dd>8</dd>"]);
    page.says(&["<dt>Crashes</dt><dd>2</dd>", "<title>2026-09-21: 1,000</title>", "<title>2026-09-08: 2,000</title>"]);
    assert_eq!(page.body.matches("<rect class=\"plus\"").count(), 14);
    assert!(!page.body.contains("40,000") && !page.body.contains("777,000"), "{}", page.body);
    page.says(&["1.2.0 <span class=\"badge live\">installed here</span>", "Taken back: sends &#60;twice&#62;"]);
    page.says(&["By lantern", "<code>ed25519:key</code>", "What the check at the door found"]);
    assert!(!page.body.contains(" style="));
    browser.language = "zh";
    browser.get(PATH).await.says(&["费用", "每次调用燃料", "本品牌使用"]);
    browser.get("/console/t/tea/plugins").await.says(&["费用与版本", "修改设置"]);
}

/// A call of an installation that said something, so many milliseconds ago.
fn call(installation: InstallationId, ago: i64, asked: Asked, lines: Vec<(Level, String)>) -> LoggedCall {
    LoggedCall {
        installation,
        at: NOW - ago,
        id: CallId::from_uuid(new_uuid(NOW - ago, [7; 10])),
        digest: "d".repeat(64),
        asked,
        message: (asked == Asked::Deliver).then(|| MessageId::from_uuid(new_uuid(NOW, [1; 10]))),
        people: Vec::new(),
        lines,
    }
}

#[tokio::test]
async fn pl_6_a_plugins_page_shows_what_it_logs_newest_first_and_by_level() {
    let house = House::build().await;
    let operator = house.app.authenticate(OPERATOR).await.unwrap();
    let own = house.app.installation(&operator, "tea", "value").await.unwrap().installation.id;
    let many = (0..60).map(|n| (Level::Debug, format!("step {n}."))).collect();
    let calls = [
        call(own, 3_000, Asked::Decide, many),
        call(own, 2_000, Asked::Deliver, vec![(Level::Warn, "slow <channel>".to_owned())]),
        call(own, 1_000, Asked::Score, vec![(Level::Crash, "the plugin ran out of fuel".to_owned())]),
    ];
    let mut work = house.app.store().begin(Rows::Tenant(house.tea)).await.unwrap();
    work.insert_logs(house.tea, &calls).await.unwrap();
    work.commit().await.unwrap();

    let mut browser = house.browser("tea", &[Scope::Read]).await;
    let page = browser.get(PATH).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.says(&[
        "<h2 id=\"logs\">Log</h2>",
        "slow &#60;channel&#62;",
        "<code>step 59.</code>",
        "hx-trigger=\"every 2s\"",
    ]);
    page.says(&[
        "/console/t/tea/messages/msg_",
        "/console/t/tea/decisions/dec_",
        "<span class=\"badge crash\">crash</span>",
    ]);
    let at = |text: &str| page.body.find(text).unwrap_or_else(|| panic!("no {text}"));
    assert!(at("ran out of fuel") < at("slow ") && at("slow ") < at("step 59."), "{}", page.body);
    assert!(!page.body.contains("step 11."), "only so many at once");

    let before = page.body.split("&amp;before=").nth(1).and_then(|rest| rest.split('#').next()).unwrap();
    let older = browser.get(&format!("{PATH}?level=debug&before={before}")).await;
    older.says(&["<code>step 11.</code>", "Back to the newest lines"]);
    assert!(!older.body.contains("step 12.") && !older.body.contains("every 2s"), "{}", older.body);

    let part = browser.get(&format!("{PATH}/logs?level=warn")).await;
    part.says(&["slow ", "ran out of fuel", "logs?level=warn"]);
    assert!(!part.body.contains("step ") && !part.body.contains("<html"), "{}", part.body);
    browser.get(&format!("{PATH}/logs?level=crash")).await.says(&["ran out of fuel"]);
    browser.language = "zh";
    browser.get(PATH).await.says(&["警告及以上", "更早的日志", "投递"]);
    let silk = house.browser("silk", &[Scope::Manage]).await;
    assert_eq!(silk.get(&format!("{PATH}/logs")).await.status, 404);
}

#[tokio::test]
async fn te_1_a_plugins_page_is_its_tenants() {
    let house = House::build().await;
    let silk = house.browser("silk", &[Scope::Manage]).await;
    for path in [PATH, "/console/t/silk/plugins/value"] {
        assert_eq!(silk.get(path).await.status, 404, "{path}");
    }
}
