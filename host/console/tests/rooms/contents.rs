//! Contents and how messages fare, as people of a brand see them.

use guanxi_domain::caller::Scope;

use crate::house::House;

const LIST: &str = "/console/t/tea/contents";
const HELLO: &str = "/console/t/tea/contents/hello";

#[tokio::test]
async fn ch_4_managers_write_contents_and_others_read_them() {
    let house = House::build().await;
    let mut browser = house.browser("tea", &[Scope::Read, Scope::Manage]).await;
    let proof = browser.proof("tea").await;
    let csrf = proof.as_str();
    browser.get(LIST).await.says(&["Nothing is kept yet.", "Write a content"]);
    let answer = browser.post(LIST, &[("csrf", csrf), ("name", "hello")]).await;
    assert_eq!((answer.status, answer.header("location")), (303, HELLO));
    assert_eq!(browser.post(LIST, &[("csrf", csrf), ("name", "Hello!")]).await.status, 422);
    browser.get(HELLO).await.says(&["name=\"version\" value=\"0\"", "&#34;text&#34;: &#34;&#34;"]);

    let checked =
        async |document: &str| browser.post(&format!("{HELLO}/check"), &[("csrf", csrf), ("document", document)]).await;
    checked("{\"text\": \"Hi\"}").await.says(&["It can be kept."]);
    checked("{\"text\": \"Hi\", \"txet\": \"<b>\"}").await.says(&["<code>txet</code>", "is no member of a content"]);
    checked("{\"text\"").await.says(&["<code>document</code>", "is no JSON object"]);

    let keep = async |version: &str, document: &str| {
        let form = [("csrf", csrf), ("version", version), ("document", document), ("act", "save")];
        browser.post(HELLO, &form).await
    };
    assert_eq!(keep("0", "{\"title\": \"Hi\"}").await.status, 422);
    assert_eq!(keep("0", "{\"text\": \"<b>Hi</b>\"}").await.status, 303);
    let stale = keep("0", "{\"text\": \"Too late\"}").await;
    assert_eq!(stale.status, 409);
    stale.says(&["Too late", "name=\"version\" value=\"0\""]);
    assert_eq!(keep("1", "{\"text\": \"<b>Hi</b>\", \"languages\": {\"zh\": {\"text\": \"您好\"}}}").await.status, 303);
    let list = browser.get(LIST).await;
    list.says(&["&#60;b&#62;Hi&#60;/b&#62;", ">zh</td>", ">2</td>"]);
    assert!(!list.body.contains("<b>Hi"));

    let reader = house.browser("tea", &[Scope::Read]).await;
    let page = reader.get(HELLO).await;
    page.says(&["&#60;b&#62;Hi", "Only a token with the scope"]);
    assert!(!page.body.contains("<textarea"));
    assert_eq!(reader.get("/console/t/tea/contents/nothing").await.status, 404);
    let silk = house.browser("silk", &[Scope::Read, Scope::Manage]).await;
    assert_eq!(silk.get(HELLO).await.status, 404);
    assert!(!silk.get("/console/t/silk/contents").await.body.contains("hello"));

    browser.language = "zh";
    browser.get(LIST).await.says(&["您好"]);
    let remove = [("csrf", csrf), ("act", "remove")];
    let answer = browser.post(HELLO, &remove).await;
    assert_eq!((answer.status, answer.header("location")), (303, LIST));
    browser.get(LIST).await.says(&["还没有内容。"]);
}

#[tokio::test]
async fn ch_9_rates_are_shown_by_what_is_asked_for() {
    let house = House::build().await;
    let browser = house.browser("tea", &[Scope::Read]).await;
    let page = browser.get("/console/t/tea/rates?by=campaign&days=90").await;
    page.says(&["How messages fare", "<option value=\"campaign\" selected>", "<option selected>90</option>"]);
    assert_eq!(browser.get("/console/t/tea/rates?by=nothing&days=x").await.status, 200);
    assert_eq!(browser.get("/console/t/silk/rates").await.status, 404);
}

#[tokio::test]
async fn ch_4_media_are_kept_and_taken_away() {
    let house = House::build().await;
    let browser = house.browser("tea", &[Scope::Read, Scope::Manage]).await;
    let proof = browser.proof("tea").await;
    let place = "/console/t/tea/media";
    let kept = browser.upload(place, &[("csrf", proof.as_str()), ("name", "logo")], "GIF89a").await;
    assert_eq!((kept.status, kept.header("location")), (303, "/console/t/tea/contents#media"));
    browser.get(LIST).await.says(&["<code>media:logo</code>", ">gif</td>", "does not know its own address"]);
    assert_eq!(browser.upload(place, &[("csrf", proof.as_str()), ("name", "page")], "<html>").await.status, 422);
    assert_eq!(browser.upload(place, &[("csrf", "forged"), ("name", "logo")], "GIF89a").await.status, 403);
    let reader = house.browser("tea", &[Scope::Read]).await;
    let theirs = reader.proof("tea").await;
    assert_eq!(reader.upload(place, &[("csrf", theirs.as_str()), ("name", "logo")], "GIF89a").await.status, 403);
    let removed = browser.post(&format!("{place}/remove"), &[("csrf", proof.as_str()), ("name", "logo")]).await;
    assert_eq!(removed.status, 303);
    assert!(!browser.get(LIST).await.body.contains("media:logo"));
}
