//! TE-6: addresses that are told of notices, as people see them.

use guanxi_domain::caller::Scope;

use crate::house::{Browser, House};

const LIST: &str = "/console/t/tea/webhooks";
const ADDRESS: &str = "https://hooks.example.com/tea?<b>=1";

/// Subscribes an address; where it is then, and what the page with its secret said.
async fn add(browser: &Browser, address: &str) -> (String, String) {
    let csrf = browser.proof("tea").await;
    let form = [("csrf", csrf.as_str()), ("address", address), ("guanxi.candidate", "yes"), ("guanxi.upgrade", "yes")];
    let page = browser.post(LIST, &form).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let (_, rest) = page.body.split_once("<code class=\"key\">whsec_").unwrap();
    let secret = format!("whsec_{}", rest.split('<').next().unwrap());
    let (_, rest) = page.body.split_once("action=\"/console/t/tea/webhooks/whk_").unwrap();
    (format!("{LIST}/whk_{}", rest.split('"').next().unwrap()), secret)
}

#[tokio::test]
async fn te_6_an_address_is_added_and_its_secret_shown_once() {
    let house = House::build().await;
    let mut browser = house.browser("tea", &[Scope::Manage]).await;
    browser.get("/console/t/tea/settings").await.says(&[&format!("href=\"{LIST}\"")]);
    browser.get(LIST).await.says(&["No address is told anything yet.", "guanxi.candidate", "Add an address"]);
    let (place, secret) = add(&browser, ADDRESS).await;
    let page = browser.get(&place).await;
    page.says(&["https://hooks.example.com/tea?&#60;b&#62;=1", "<span class=\"badge live\">On</span>"]);
    assert!(!page.body.contains(&secret) && !page.body.contains("whsec_") && !page.body.contains("?<b>"));
    let list = browser.get(LIST).await;
    list.says(&[&format!("href=\"{place}\""), "A plugin&#39;s version waits for approval"]);
    assert!(!list.body.contains("whsec_"));
    browser.language = "zh-CN";
    browser.get(LIST).await.says(&["<h1>Webhook 通知</h1>", "有插件版本等待批准"]);
    browser.get(&place).await.says(&["轮换密钥", "发送测试"]);
}

#[tokio::test]
async fn te_6_what_cannot_be_an_address_is_told_on_the_page() {
    let house = House::build().await;
    let browser = house.browser("tea", &[Scope::Manage]).await;
    let csrf = browser.proof("tea").await;
    let refused = browser.post(LIST, &[("csrf", &csrf), ("address", "ftp://<i>x")]).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    refused.says(&["write https://hooks.example.com/guanxi", "name at least one kind", "ftp://&#60;i&#62;x"]);
    let forged = browser.post(LIST, &[("csrf", "x"), ("address", ADDRESS), ("guanxi.candidate", "yes")]).await;
    assert_eq!(forged.status, 403);
    browser.get(LIST).await.says(&["No address is told anything yet."]);
}

#[tokio::test]
async fn te_6_an_address_is_tried_changed_switched_off_rotated_and_deleted() {
    let house = House::build().await;
    let browser = house.browser("tea", &[Scope::Manage]).await;
    let (place, first) = add(&browser, ADDRESS).await;
    let csrf = browser.proof("tea").await;
    let act = async |fields: &[(&str, &str)]| {
        browser.post(&place, &[[("csrf", csrf.as_str())].as_slice(), fields].concat()).await
    };
    assert_eq!(act(&[("act", "test")]).await.status, 303);
    let page = browser.get(&place).await;
    page.says(&["<span class=\"badge queued\">waiting</span>", "Test", "Send once more"]);
    let (_, rest) = page.body.split_once("name=\"delivery\" value=\"").unwrap();
    let delivery = rest.split('"').next().unwrap().to_owned();
    assert_eq!(act(&[("act", "retry"), ("delivery", &delivery)]).await.status, 303);
    assert_eq!(act(&[("act", "retry"), ("delivery", "dlv_x")]).await.status, 404);

    let rotated = act(&[("act", "rotate")]).await;
    assert_eq!(rotated.status, 200);
    rotated.says(&["<code class=\"key\">whsec_", "shown this once"]);
    assert!(!rotated.body.contains(&first), "another secret");

    let save = [("act", "save"), ("address", "https://other.example/"), ("guanxi.import", "yes")];
    assert_eq!(act(&save).await.status, 303);
    let page = browser.get(&place).await;
    page.says(&["https://other.example/", "<span class=\"badge off\">Switched off</span>", "failed"]);
    assert!(!page.body.contains("Send a test"));
    let off = act(&[("act", "test")]).await;
    assert_eq!(off.status, 409);
    off.says(&["switch it on first"]);
    assert_eq!(act(&[("act", "remove")]).await.header("location"), LIST);
    assert_eq!(browser.get(&place).await.status, 404);
}

#[tokio::test]
async fn te_6_addresses_are_for_those_who_manage_and_for_no_other_tenant() {
    let house = House::build().await;
    let browser = house.browser("tea", &[Scope::Manage]).await;
    let (place, _) = add(&browser, ADDRESS).await;
    let reader = house.browser("tea", &[Scope::Read]).await;
    let page = reader.get(LIST).await;
    page.says(&["Only a token with the scope “manage” sees addresses"]);
    assert!(!page.body.contains("hooks.example.com/tea"));
    assert_eq!(reader.get(&place).await.status, 403);
    let stranger = house.browser("silk", &[Scope::Manage]).await;
    assert_eq!(stranger.get(&place).await.status, 404);
    assert_eq!(stranger.get(&place.replace("/tea/", "/silk/")).await.status, 404);
    let csrf = stranger.proof("silk").await;
    let theirs = stranger.post(&place.replace("/tea/", "/silk/"), &[("csrf", &csrf), ("act", "remove")]).await;
    assert_eq!(theirs.status, 404);
    assert_eq!(browser.get(&place).await.status, 200);
}
