//! AD-1, CO-6: audiences and channels that are asked, as people see them.

use guanxi_domain::caller::Scope;

use crate::house::House;

const LIST: &str = "/console/t/tea/audiences";

#[tokio::test]
async fn ad_1_audiences_are_listed_and_what_is_wrong_with_one_is_told() {
    let house = House::build().await;
    let browser = house.browser("tea", &[Scope::Manage]).await;
    browser.get("/console/t/tea/segments").await.says(&["href=\"audiences\"", "Advertising audiences"]);
    browser.get(LIST).await.says(&["There is no audience yet.", "Add an audience", "name=\"channel_audience\""]);
    let csrf = browser.proof("tea").await;
    let form = [
        ("csrf", csrf.as_str()),
        ("act", "save"),
        ("name", "fans"),
        ("title", "Fans <b>"),
        ("segment", "nobody"),
        ("installation", "nothing"),
        ("channel_audience", "238"),
        ("kinds", "email, phone"),
        ("purpose", "advertising"),
    ];
    let page = browser.post(LIST, &form).await;
    assert_eq!(page.status, 422, "{}", page.body);
    page.says(&["no segment of this tenant", "no installation of this tenant", "no purpose", "Fans &#60;b&#62;"]);
    for act in ["sync", "remove"] {
        let form = [("csrf", csrf.as_str()), ("act", act), ("name", "fans")];
        assert_eq!(browser.post(LIST, &form).await.status, 404, "{act}");
    }

    let reader = house.browser("tea", &[Scope::Read]).await;
    let page = reader.get(LIST).await;
    assert!(!page.body.contains("Add an audience"), "{}", page.body);
}

#[tokio::test]
async fn co_6_a_plugin_that_asks_nobody_has_no_such_page() {
    let house = House::build().await;
    let browser = house.browser("tea", &[Scope::Manage]).await;
    assert_eq!(browser.get("/console/t/tea/plugins/value/poll").await.status, 404);
    let page = browser.get("/console/t/tea/plugins/value").await;
    assert!(!page.body.contains("/poll\""), "{}", page.body);
}
