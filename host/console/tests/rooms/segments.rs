//! TG-4: the editor of segments, as people of a brand see it.

use guanxi_domain::caller::Scope;

use crate::house::{Answer, Browser, House};

const SEGMENTS: &str = "/console/t/tea/segments";

async fn press(browser: &Browser, fields: &[(&str, &str)]) -> Answer {
    let csrf = browser.proof("tea").await;
    browser.post(SEGMENTS, &[&[("csrf", csrf.as_str())], fields].concat()).await
}

#[tokio::test]
async fn tg_4_conditions_are_added_counted_and_told_in_both_languages() {
    let house = House::build().await;
    let mut browser = house.browser("tea", &[Scope::Manage]).await;
    browser.get(SEGMENTS).await.says(&["Segments", "There is no segment yet."]);
    browser.get(&format!("{SEGMENTS}/new")).await.says(&["Add a condition", "Not seen for days"]);
    let empty = ("filter", r#"{"all": []}"#);
    let added = press(&browser, &[empty, ("preset", "unseen"), ("days", "30"), ("act", "add")]).await;
    assert_eq!(added.status, 200);
    added.says(&["last seen more than 30 days ago", "&#34;before&#34;: &#34;30d&#34;"]);
    let filter = r#"{"all": [{"fact": "last-seen", "before": "30d"}, {"attribute": "name", "eq": "<b>x"}]}"#;
    let counted = press(&browser, &[("filter", filter), ("act", "count")]).await;
    counted.says(&["0 people are meant", "“&#60;b&#62;x”"]);
    assert!(!counted.body.contains("<b>x"));
    let removed = press(&browser, &[("filter", filter), ("remove", "0")]).await;
    assert!(!removed.body.contains("last-seen"));
    browser.language = "zh";
    press(&browser, &[("filter", filter), ("act", "count")]).await.says(&["位客户符合条件", "最近活跃 在30天以前"]);

    for (fields, status) in [
        (&[("filter", "{"), ("act", "count")][..], 422),
        (&[("filter", r#"{"wealth": 1}"#), ("act", "count")], 422),
        (&[empty, ("preset", "unseen"), ("days", "soon"), ("act", "add")], 422),
        (&[empty, ("name", "No Name"), ("title", "x"), ("act", "save")], 422),
        (&[("name", "nothing"), ("act", "delete")], 404),
    ] {
        assert_eq!(press(&browser, fields).await.status, status, "{fields:?}");
    }
    let reader = house.browser("tea", &[Scope::Read]).await;
    let saved = press(&reader, &[empty, ("name", "all"), ("title", "All"), ("act", "save")]).await;
    assert_eq!(saved.status, 403);
    assert_eq!(browser.get(&format!("{SEGMENTS}/nothing")).await.status, 404);
}
