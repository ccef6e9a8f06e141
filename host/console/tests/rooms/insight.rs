//! TG-3, TG-6, TG-7, TG-8: portraits as people of a brand see them, of everybody and of one.

use guanxi_app::Counted;
use guanxi_domain::caller::Scope;

use crate::house::{House, OPERATOR};

const INSIGHT: &str = "/console/t/tea/insight";

/// Does what the engine does.
async fn count_what_is_wanted(house: &House) {
    let claim = house.app.claim_portrait().await.unwrap().unwrap();
    assert!(matches!(house.app.count_portrait(claim).await.unwrap(), Counted::Stored(61, _)));
}

#[tokio::test]
async fn tg_3_a_portrait_appears_by_itself_and_is_told_in_both_languages() {
    let house = House::build().await;
    let mut browser = house.browser("tea", &[Scope::Read]).await;
    let first = browser.get(INSIGHT).await;
    first.says(&["Being counted", "hx-trigger=\"every 2s\"", "hx-get=\"/console/t/tea/insight\""]);
    count_what_is_wanted(&house).await;
    let page = browser.get(INSIGHT).await;
    page.says(&["<h1>Insight</h1>", "Everybody", "Live and dead data", "Participation", "within 48 hours"]);
    page.says(&["When they buy", "Orders by hour of the week (UTC)", "class=\"shade5\"", "<caption class=\"hidden\">"]);
    page.says(&["杭州", "oolong", "webhook", "What they care about", "61"]);
    assert!(!page.body.contains("hx-trigger"), "nothing is being counted any more");
    assert!(!page.body.contains(" style=") && !page.body.contains("ada@example.com"));
    browser.language = "zh";
    browser.get(INSIGHT).await.says(&["洞察", "活数据与死数据", "参与率", "购买时间", "可触达", "周一"]);
}

#[tokio::test]
async fn tg_3_a_segment_is_chosen_and_others_do_not_exist() {
    let house = House::build().await;
    let browser = house.browser("tea", &[Scope::Read]).await;
    assert_eq!(browser.get(&format!("{INSIGHT}?segment=nowhere")).await.status, 404);
    assert_eq!(browser.get("/console/t/silk/insight").await.status, 404);
    browser.get(&format!("{INSIGHT}?segment=")).await.says(&["Everybody"]);
    let operator = house.sign_in(OPERATOR).await;
    operator.get("/console/t/silk/insight").await.says(&["Insight"]);
}

#[tokio::test]
async fn tg_7_a_person_has_a_portrait_with_reach_and_touches() {
    let house = House::build().await;
    let mut browser = house.browser("tea", &[Scope::Read]).await;
    let path = format!("/console/t/tea/people/{}", house.person);
    let page = browser.get(&path).await;
    page.says(&["Portrait", "consumer", "within 48 hours", "Reachability", "Reachable", "What they care about"]);
    page.says(&["Most on Mon, ", "class=\"heat\"", "oolong"]);
    browser.language = "zh";
    browser.get(&path).await.says(&["客户画像", "消费者", "可触达", "关注点"]);
}
