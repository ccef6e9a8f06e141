//! What stands on the pages, in both languages, and for whom.

use guanxi_domain::caller::Scope;

use crate::house::{EVIL, House, OPERATOR};

#[tokio::test]
async fn people_are_listed_in_both_languages() {
    let house = House::build().await;
    let mut browser = house.browser("tea", &[Scope::Read]).await;
    let page = browser.get("/console/t/tea/people").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    page.says(&[
        "<html lang=\"en\">",
        "<h1>People</h1>",
        "61 people known",
        "Tea &#38; Co",
        "1,234.56",
        "Social value",
    ]);
    page.says(&["email:ada@example.com", "oolong", "1,234.5", "Customer", "<time datetime=\"2026-09-21T"]);
    browser.language = "zh-CN,zh;q=0.9,en;q=0.8";
    let page = browser.get("/console/t/tea/people").await;
    page.says(&["<html lang=\"zh-CN\">", "<h1>客户</h1>", "61 位客户", "社交价值", "最近活跃"]);
    let answer = browser.post("/console/language", &[("language", "en"), ("back", "/console/t/tea/people?q=a")]).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/console/t/tea/people?q=a"));
    browser.cookies = format!("{}; {}", browser.cookies, answer.header("set-cookie").split(';').next().unwrap());
    browser.get("/console/t/tea/people").await.says(&["<html lang=\"en\">"]);
}

#[tokio::test]
async fn nothing_of_a_person_or_plugin_becomes_markup() {
    let house = House::build().await;
    let browser = house.browser("tea", &[Scope::Manage]).await;
    let person = format!("/console/t/tea/people/{}", house.person);
    for path in [
        "/console/t/tea/people".to_owned(),
        "/console/t/tea/people?q=<script>alert(1)</script>&order=<script>".replace('<', "%3C").replace('>', "%3E"),
        person.clone(),
        format!("{person}/timeline?before=9999999999999~99"),
        format!("{person}/campaigns"),
        format!("{person}/scores"),
        "/console/t/tea/plugins/value/backtests".to_owned(),
        format!("/console/t/tea/decisions/{}", house.decision),
        format!("/console/t/tea/messages/{}", house.message),
        "/console/t/tea/plugins".to_owned(),
        "/console/t/tea/plugins/value".to_owned(),
        "/console/t/tea/plugins/value/settings".to_owned(),
        "/console/t/tea/plugins/value/candidate".to_owned(),
        "/console/t/tea/plugins/value/grants".to_owned(),
        "/console/t/tea/live".to_owned(),
    ] {
        let page = browser.get(&path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        for bad in ["<script>", "<b>bye", "Value <b>", "<i>hello", "<of>"] {
            assert!(!page.body.contains(bad), "{path} has {bad}");
        }
        assert!(!page.body.contains(" style="), "{path} has style that the policy refuses");
    }
    browser.get(&person).await.says(&["&#60;script&#62;alert(1)&#60;/script&#62;阿达"]);
    assert!(EVIL.starts_with("<script>"));
}

#[tokio::test]
async fn a_person_is_shown_with_scores_terms_and_timeline() {
    let house = House::build().await;
    let browser = house.browser("tea", &[Scope::Read]).await;
    let page = browser.get(&format!("/console/t/tea/people/{}", house.person)).await;
    page.says(&[
        "Purchases",
        "1,500",
        "−500",
        "x=\"25.00%\" width=\"75.00%\"",
        "x=\"0.00%\" width=\"25.00%\"",
        "a + b",
    ]);
    page.says(&[
        "杭州",
        "A-1",
        "1,234.56 CNY",
        "Completed an order",
        "because &#60;of&#62; that",
        "acted",
        "not granted",
    ]);
    page.says(&[
        "Send a message",
        "queued",
        &format!("/console/t/tea/decisions/{}", house.decision),
        "/page/29",
        "/page/5",
    ]);
    assert!(!page.body.contains("/page/4\n") && page.body.contains("timeline?before="));
    let more = page.body.split("hx-get=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let whole = browser.get(&more).await;
    whole.says(&["<html", "/page/4", "/page/0"]);
    let mut part = house.browser("tea", &[Scope::Read]).await;
    part.headers.push(("hx-request", "true"));
    let part = part.get(&more).await;
    part.says(&["/page/4", "/page/0"]);
    assert!(!part.body.contains("<html") && !part.body.contains("/page/5<"));
}

#[tokio::test]
async fn receipts_and_messages_tell_everything() {
    let house = House::build().await;
    let browser = house.browser("tea", &[Scope::Read]).await;
    let receipt = browser.get(&format!("/console/t/tea/decisions/{}", house.decision)).await;
    receipt.says(&[
        "thinking",
        "1,234,567",
        ">42<",
        "c0ffee",
        "7777777777",
        "value 1.2.0",
        "not granted",
        "&#34;now&#34;",
    ]);
    // Whoever may look may let it be decided again; of this one no call was kept.
    let (receipt, csrf) = (format!("/console/t/tea/decisions/{}", house.decision), browser.proof("tea").await);
    assert_eq!(browser.post(&receipt, &[]).await.status, 403);
    let refused = browser.post(&receipt, &[("csrf", &csrf)]).await;
    assert_eq!(refused.status, 409);
    refused.says(&["no call of the plugin is kept with it"]);
    let message = browser.get(&format!("/console/t/tea/messages/{}", house.message)).await;
    message.says(&["Thank you &#38; &#60;b&#62;bye", "transactional", "Not tried yet", "email:ada@example.com"]);
}

#[tokio::test]
async fn people_are_searched_ordered_and_paged() {
    let house = House::build().await;
    let browser = house.browser("tea", &[Scope::Read]).await;
    let found = browser.get("/console/t/tea/people?q=ada%40example.com").await;
    assert_eq!(found.body.matches("role=\"rowheader\"").count(), 1);
    browser.get("/console/t/tea/people?q=nobody-at-all").await.says(&["Nobody was found"]);
    for order in ["", "value"] {
        let mut path = format!("/console/t/tea/people?order={order}");
        let mut seen = std::collections::BTreeSet::new();
        for rows in [50, 11] {
            let page = browser.get(&path).await;
            let links = page.body.split("<a href=\"/console/t/tea/people/").skip(1).map(|rest| rest[..30].to_owned());
            let before = seen.len();
            seen.extend(links);
            assert_eq!(seen.len() - before, rows, "{order}");
            path = page.body.split("rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap().to_owned();
            path = path.split('"').next().unwrap().replace("&#38;", "&");
        }
    }
    assert_eq!(browser.get("/console/t/tea/people?after=nonsense").await.status, 404);
}

#[tokio::test]
async fn another_tenants_rooms_and_objects_do_not_exist() {
    let house = House::build().await;
    let silk = house.browser("silk", &[Scope::Manage]).await;
    let csrf = silk.proof("silk").await;
    let (person, decision, message) = (house.person, house.decision, house.message);
    for path in [
        "/console/t/tea".to_owned(),
        "/console/t/tea/people".to_owned(),
        format!("/console/t/tea/people/{person}"),
        format!("/console/t/tea/people/{person}/timeline?before=1~1"),
        format!("/console/t/tea/people/{person}/campaigns"),
        format!("/console/t/tea/people/{person}/scores"),
        format!("/console/t/tea/decisions/{decision}"),
        format!("/console/t/tea/messages/{message}"),
        "/console/t/tea/plugins".to_owned(),
        "/console/t/tea/plugins/value".to_owned(),
        "/console/t/tea/plugins/value/settings".to_owned(),
        "/console/t/tea/plugins/value/candidate".to_owned(),
        "/console/t/tea/plugins/value/grants".to_owned(),
        "/console/t/tea/live".to_owned(),
        format!("/console/t/silk/people/{person}"),
        format!("/console/t/silk/people/{person}/timeline?before=1~1"),
        format!("/console/t/silk/people/{person}/campaigns"),
        format!("/console/t/silk/people/{person}/scores"),
        format!("/console/t/silk/decisions/{decision}"),
        format!("/console/t/silk/messages/{message}"),
        "/console/t/nobody/people".to_owned(),
        "/console/t/silk/people/not-an-id".to_owned(),
        "/console/nowhere".to_owned(),
    ] {
        let page = silk.get(&path).await;
        assert_eq!(page.status, 404, "{path}");
        page.says(&["There is nothing here"]);
        assert!(!page.body.contains("Tea"), "{path}");
    }
    assert_eq!(silk.get("/console/t/tea/live/stream").await.status, 404);
    let turn = [("csrf", csrf.as_str()), ("mode", "off")];
    assert_eq!(silk.post("/console/t/tea/plugins/value/mode", &turn).await.status, 404);
    assert_eq!(silk.post("/console/t/silk/plugins/value/mode", &turn).await.status, 404);
    assert_eq!(silk.get(&format!("/console/t/silk/people/{}", house.other)).await.status, 200);
}

#[tokio::test]
async fn operators_choose_a_tenant_and_others_go_home() {
    let house = House::build().await;
    let operator = house.sign_in(OPERATOR).await;
    assert_eq!(operator.get("/console").await.header("location"), "/console/tenants");
    operator.get("/console/tenants").await.says(&["Tea &#38; Co", "Silk", "/console/t/silk/people"]);
    let home = house.browser("tea", &[Scope::Read]).await;
    assert_eq!(home.get("/console").await.header("location"), "/console/t/tea/people");
    assert_eq!(home.get("/console/tenants").await.header("location"), "/console");
}
