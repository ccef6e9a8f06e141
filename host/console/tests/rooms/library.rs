//! PL-5, UX-4: operators say in the console whose plugins come in, and take versions back; nobody else sees that.

use guanxi_domain::caller::Scope;

use crate::house::{Browser, House, OPERATOR};

const PATH: &str = "/console/library";
/// A public key of RFC 8032.
const KEY: &str = "ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

async fn operator(house: &House) -> (Browser, String) {
    let browser = house.sign_in(OPERATOR).await;
    let csrf = browser.proof("tea").await;
    (browser, csrf)
}

#[tokio::test]
async fn pl_5_operators_trust_publishers_and_revoke_keys() {
    let house = House::build().await;
    let (mut browser, csrf) = operator(&house).await;
    browser.get("/console/tenants").await.says(&["href=\"/console/library\""]);
    browser.get("/console/t/tea/plugins").await.says(&["href=\"/console/library\""]);
    browser.get(PATH).await.says(&["<h1>Library</h1>", "Nobody is trusted yet.", "value 1.2.0", "value 1.3.0"]);

    let bad = [("csrf", &*csrf), ("name", "lantern"), ("title", "Lantern <b>"), ("key", "ed25519:x")];
    let page = browser.post("/console/library/trust", &bad).await;
    assert_eq!(page.status, 422);
    page.says(&[
        "role=\"alert\"",
        "<code>key</code>",
        "value=\"lantern\"",
        "value=\"Lantern &#60;b&#62;\"",
        "ed25519:x",
    ]);

    let good = [("csrf", &*csrf), ("name", "lantern"), ("title", "Lantern <b>"), ("key", KEY)];
    let answer = browser.post("/console/library/trust", &good).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/console/library#publisher-lantern"));
    let page = browser.get(PATH).await;
    page.says(&["Lantern &#60;b&#62; <code>lantern</code>", "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "Revoke"]);
    let revoke = [("csrf", &*csrf), ("name", "lantern"), ("key", KEY)];
    assert_eq!(browser.post("/console/library/revoke", &revoke).await.status, 303);
    let page = browser.get(PATH).await;
    page.says(&["<span class=\"badge refused\">revoked</span>"]);
    assert!(!page.body.contains("aria-label=\"Revoke"));
    assert_eq!(browser.post("/console/library/trust", &good).await.status, 409, "revoked is revoked");
    browser.language = "zh";
    browser.get(PATH).await.says(&["插件库", "发布者", "已吊销"]);
}

#[tokio::test]
async fn pl_5_operators_take_versions_back_and_offer_them_again() {
    let house = House::build().await;
    let (browser, csrf) = operator(&house).await;
    let one = [("csrf", &*csrf), ("name", "value"), ("version", "1.3.0")];
    let silent = browser.post("/console/library/yank", &one).await;
    assert_eq!(silent.status, 422);
    silent.says(&["<code>reason</code>"]);
    let answer = browser.post("/console/library/yank", &[&one[..], &[("reason", "sends <twice>")]].concat()).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/console/library#value-1.3.0"));
    browser.get(PATH).await.says(&["Taken back: sends &#60;twice&#62;", "Offer again"]);
    assert_eq!(browser.post("/console/library/offer", &one).await.status, 303);
    assert!(!browser.get(PATH).await.body.contains("Taken back"));
    let nothing = [("csrf", &*csrf), ("name", "value"), ("version", "9.9.9")];
    assert_eq!(browser.post("/console/library/offer", &nothing).await.status, 404);
    assert_eq!(browser.post("/console/library/burn", &one).await.status, 404);
}

#[tokio::test]
async fn pl_5_what_comes_in_is_checked_as_everywhere() {
    let house = House::build().await;
    let (browser, csrf) = operator(&house).await;
    let upload = "/console/library/upload";
    let refused = browser.upload(upload, &[("csrf", &csrf)], "no component").await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    refused.says(&["role=\"alert\"", "<code>signature</code>", "<h1>Library</h1>"]);
    assert_eq!(browser.upload(upload, &[("csrf", &csrf)], "").await.status, 422);
    for fields in [&[][..], &[("csrf", "00")], &[("older", "yes")]] {
        assert_eq!(browser.upload(upload, fields, "no component").await.status, 403, "{fields:?}");
    }
    let pull = [("csrf", &*csrf), ("reference", "oci://nowhere.example/a:1"), ("older", "yes")];
    let refused = browser.post("/console/library/pull", &pull).await;
    assert_eq!(refused.status, 422);
    refused.says(&["value=\"oci://nowhere.example/a:1\"", "name=\"older\" value=\"yes\" checked"]);
}

#[tokio::test]
async fn pl_1_what_this_host_does_not_run_is_told_and_hinders_nobody() {
    let house = House::build().await;
    // A draft that is not let in, and one that another version of Guanxi knew.
    house.shelve("1.4.0", &[("contract = \"0.1.0\"", "contract = \"0.2.0-draft\"")]).await;
    house.shelve("1.5.0", &[("contract = \"0.1.0\"", "contract = \"0.0.9-draft\"")]).await;
    let (browser, _) = operator(&house).await;
    let told =
        ["Does not run on this host: `0.2.0-draft` is a draft of the contract", "but not `0.0.9-draft`", "value 1.5.0"];
    browser.get(PATH).await.says(&told);
    browser.get("/console/t/tea/plugins").await.says(&told);
    assert_eq!(browser.get("/console/t/tea/plugins/value").await.status, 200);
}

#[tokio::test]
async fn te_2_a_brand_knows_nothing_of_the_library() {
    let house = House::build().await;
    let browser = house.browser("tea", &[Scope::Manage]).await;
    let csrf = browser.proof("tea").await;
    assert_eq!(browser.get(PATH).await.status, 404);
    assert!(!browser.get("/console/t/tea/plugins").await.body.contains("/console/library"));
    for act in ["trust", "revoke", "pull", "yank", "offer"] {
        let form = [("csrf", &*csrf), ("name", "value"), ("version", "1.3.0"), ("reason", "theirs"), ("key", KEY)];
        assert_eq!(browser.post(&format!("/console/library/{act}"), &form).await.status, 404, "{act}");
    }
    assert_eq!(browser.upload("/console/library/upload", &[("csrf", &csrf)], "x").await.status, 404);
    let operator = house.app.authenticate(OPERATOR).await.unwrap();
    let history = house.app.plugin_history(&operator, "value").await.unwrap();
    assert!(history.len() == 2 && history.iter().all(|version| version.yanked.is_none()));
    assert!(house.app.publishers(&operator).await.unwrap().is_empty());
}
