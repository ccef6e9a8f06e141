//! PL-10: one plugin's page: what it does, asks for and costs, and its versions.

use guanxi_domain::caller::Scope;
use guanxi_domain::usage::{Usage, day};
use guanxi_store::{Scope as Rows, UsageRow};

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
            let usage = Usage { calls: 2, items: 10, crashes: 1, fuel: if own { fuel } else { 777_000 }, micros: 500 };
            let row = UsageRow { day: day(NOW) - days_ago, installation: view.installation.id, usage };
            work.add_usage(house.tea, &row).await.unwrap();
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

#[tokio::test]
async fn te_1_a_plugins_page_is_its_tenants() {
    let house = House::build().await;
    let silk = house.browser("silk", &[Scope::Manage]).await;
    for path in [PATH, "/console/t/silk/plugins/value"] {
        assert_eq!(silk.get(path).await.status, 404, "{path}");
    }
}
