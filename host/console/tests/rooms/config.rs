//! PL-6, UX-4: the form of a plugin's settings, as browsers fill it in and send it.

use guanxi_app::{GrantsInput, InstallationInput, InstallationView};
use guanxi_domain::caller::Scope;
use guanxi_domain::installation::Mode;
use serde_json::{Value, json};

use crate::house::{Answer, Browser, House, OPERATOR};

const PATH: &str = "/console/t/tea/plugins/value/settings";
const CHECK: &str = "/console/t/tea/plugins/value/settings/check";
const SCHEMA: &str = r#"[config]
type = "object"
additionalProperties = false
required = ["greeting"]
[config.properties.greeting]
type = "string"
minLength = 2
title = "Greeting <i>"
description = "What is said. </textarea>"
[config.properties.limit]
type = "integer"
minimum = 1
[config.properties.url]
type = "string"
format = "uri"
[config.properties.texts]
type = "object"
additionalProperties = { type = "string", minLength = 1 }
[config.properties.bands]
type = "array"
items = { type = "object", required = ["days"], properties = { days = { type = "integer" } } }
[config.properties.odd]
oneOf = [{ type = "integer" }, { type = "array" }]
[connector]
egress = ["config:/url"]"#;

async fn installed(house: &House) -> InstallationView {
    let operator = house.app.authenticate(OPERATOR).await.unwrap();
    house.app.installation(&operator, "tea", "value").await.unwrap()
}

async fn saved(house: &House) -> Value {
    installed(house).await.installation.config
}

/// A house whose plugin says which settings there are.
async fn build(config: Value) -> House {
    let house = House::build().await;
    house.shelve("1.4.0", &[("[connector]", SCHEMA)]).await;
    let operator = house.app.authenticate(OPERATOR).await.unwrap();
    let input = InstallationInput {
        plugin: None,
        version: "1.4.0".to_owned(),
        mode: Mode::Live,
        config,
        grants: Some(GrantsInput::Requested),
        secrets: [].into(),
    };
    house.app.put_installation(&operator, "tea", "value", input).await.unwrap();
    house
}

fn revision(page: &Answer) -> String {
    let (_, rest) = page.body.split_once("name=\"revision\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// Sends a form as the page of now would.
async fn send(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Answer {
    let (csrf, revision) = (browser.proof("tea").await, revision(&browser.get(PATH).await));
    let mut form = vec![("csrf", csrf.as_str()), ("revision", revision.as_str()), ("object:", "")];
    form.extend(fields);
    browser.post(path, &form).await
}

#[tokio::test]
async fn pl_6_a_form_is_made_from_the_schema() {
    let house = build(json!({"greeting": "<i>hello</i>", "texts": {"zh\"": "你好"}, "bands": [{"days": 7}]})).await;
    let mut browser = house.browser("tea", &[Scope::Manage]).await;
    let page = browser.get(PATH).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.says(&[
        "<h1>Settings</h1>",
        "value 1.4.0",
        "Greeting &#60;i&#62; <span class=\"badge\">required</span>",
        "What is said. &#60;/textarea&#62;",
        "name=\"text:/greeting\" type=\"text\" value=\"&#60;i&#62;hello&#60;/i&#62;\" minlength=\"2\" required",
        "name=\"whole:/limit\" type=\"number\" value=\"\" min=\"1\" step=\"1\"",
        "name=\"text:/url\" type=\"url\"",
        "name=\"object:/texts\"",
        "name=\"text:/texts/zh&#34;\"",
        "name=\"key:/texts\"",
        "value=\"put:/texts\"",
        "name=\"whole:/bands/0/days\"",
        "value=\"remove:/bands/0\"",
        "value=\"add:/bands\"",
        "name=\"json:/odd\"",
        "hx-trigger=\"input from:closest form delay:400ms\"",
        "name=\"json:\"",
    ]);
    for bad in ["<i>", " style=", "What is said. </textarea>"] {
        assert!(!page.body.contains(bad), "{bad}");
    }
    browser.language = "zh";
    browser.get(PATH).await.says(&["必填", "添加", "保存"]);
}

#[tokio::test]
async fn pl_6_what_is_wrong_is_told_while_typing_and_nothing_is_saved() {
    let config = json!({"greeting": "hello"});
    let house = build(config.clone()).await;
    let browser = house.browser("tea", &[Scope::Manage]).await;
    let typed = [("text:/greeting", ""), ("whole:/limit", "0"), ("json:/odd", "[1,"), ("text:/url", "")];
    let told = send(&browser, CHECK, &typed).await;
    assert_eq!(told.status, 200, "{}", told.body);
    told.says(&[
        "Put these right first: 3",
        "<li>&#34;greeting&#34; is a required property</li>",
        "<li>0 is less than the minimum of 1</li>",
        "<li>is no JSON: ",
    ]);
    assert_eq!(told.body.matches("hx-swap-oob=\"innerHTML\"").count(), typed.len(), "{}", told.body);
    assert!(!told.body.contains("<html"));
    let whole = send(&browser, CHECK, &[("text:/greeting", "hi"), ("rest:", "{\"surprise\": 1}")]).await;
    whole.says(&["Additional properties are not allowed (&#39;surprise&#39; was unexpected)"]);
    send(&browser, CHECK, &[("text:/greeting", "hi")]).await.says(&["Everything fits."]);
    assert_eq!(saved(&house).await, config);
}

#[tokio::test]
async fn pl_6_what_is_refused_comes_back_as_it_was_typed() {
    let config = json!({"greeting": "hello"});
    let house = build(config.clone()).await;
    let browser = house.browser("tea", &[Scope::Manage]).await;
    let typed = [
        ("text:/greeting", "h"),
        ("whole:/limit", "much"),
        ("json:/odd", "{\"<b>"),
        ("object:/texts", ""),
        ("text:/texts/en", "Hello\r\nyou"),
        ("act", "save"),
    ];
    let page = send(&browser, PATH, &typed).await;
    assert_eq!(page.status, 422);
    page.says(&["<html", "name=\"whole:/limit\" type=\"text\" value=\"much\"", "{&#34;&#60;b&#62;</textarea>"]);
    page.says(&[
        "value=\"h\"",
        ">\nHello\nyou</textarea>",
        "is no JSON",
        "role=\"alert\"",
        "aria-live=\"polite\"><li>",
    ]);
    // Once that is right, the rest is told.
    let typed = [("text:/greeting", "h"), ("whole:/limit", "much")];
    let page = send(&browser, PATH, &typed).await;
    assert_eq!(page.status, 422);
    page.says(&[
        "is shorter than 2 characters",
        "&#34;much&#34; is not of type &#34;integer&#34;",
        "aria-invalid=\"true\"",
    ]);
    let page = send(&browser, PATH, &[("json:", "{\"greeting\": \"h\"}")]).await;
    assert_eq!(page.status, 422);
    page.says(&["greeting: &#34;h&#34; is shorter than 2 characters", "value=\"h\""]);
    assert_eq!(saved(&house).await, config);
}

#[tokio::test]
async fn pl_6_what_is_saved_is_the_same_when_it_is_shown_again() {
    let house = build(json!({"greeting": "hello", "limit": 3})).await;
    let browser = house.browser("tea", &[Scope::Manage]).await;
    let granted = installed(&house).await.installation.grants;
    let fields = [
        ("text:/greeting", "hi & bye"),
        ("whole:/limit", ""),
        ("text:/url", "https://a.example/x"),
        ("object:/texts", ""),
        ("text:/texts/en", "one\r\ntwo"),
        ("list:/bands", ""),
        ("object:/bands/0", ""),
        ("whole:/bands/0/days", "30"),
        ("json:/odd", "[1, 1.0]"),
        ("act", "save"),
    ];
    let answer = send(&browser, PATH, &fields).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/console/t/tea/plugins#value"), "{}", answer.body);
    let expected = json!({
        "greeting": "hi & bye", "url": "https://a.example/x", "texts": {"en": "one\ntwo"}, "bands": [{"days": 30}],
        "odd": [1, 1.0],
    });
    assert_eq!(saved(&house).await, expected);
    let view = installed(&house).await;
    assert_eq!((view.installation.version.as_str(), view.installation.grants), ("1.4.0", granted));
    assert_eq!((view.installation.mode, view.installation.secrets), (Mode::Live, vec!["signing-key".to_owned()]));
    browser.get(PATH).await.says(&["value=\"hi &#38; bye\"", ">\none\ntwo</textarea>", "value=\"30\""]);
    let whole = send(&browser, PATH, &[("json:", "{\"greeting\": \"as JSON\"}")]).await;
    assert_eq!((whole.status, saved(&house).await), (303, json!({"greeting": "as JSON"})));
}

#[tokio::test]
async fn pl_6_entries_are_made_and_taken_away_before_anything_is_saved() {
    let config = json!({"greeting": "hello", "bands": [{"days": 7}, {"days": 8}]});
    let house = build(config.clone()).await;
    let browser = house.browser("tea", &[Scope::Manage]).await;
    let mut fields = vec![
        ("text:/greeting", "typed"),
        ("list:/bands", ""),
        ("object:/bands/0", ""),
        ("whole:/bands/0/days", "7"),
        ("object:/bands/1", ""),
        ("whole:/bands/1/days", "8"),
    ];
    for (act, says, silent) in [
        ("add:/bands", "name=\"whole:/bands/2/days\"", "name=\"whole:/bands/3/days\""),
        ("remove:/bands/0", "name=\"whole:/bands/0/days\" type=\"number\" value=\"8\"", "name=\"whole:/bands/1/days\""),
    ] {
        fields.push(("act", act));
        let page = send(&browser, PATH, &fields).await;
        fields.pop();
        assert_eq!(page.status, 200);
        page.says(&[says, "value=\"typed\""]);
        assert!(!page.body.contains(silent), "{act}");
    }
    let page = send(&browser, PATH, &[("text:/greeting", "typed"), ("key:/texts", "en"), ("act", "put:/texts")]).await;
    page.says(&["name=\"text!:/texts/en\""]);
    // Whoever forgets the button is not to save an empty entry.
    let page = send(&browser, PATH, &[("text:/greeting", "typed"), ("key:/texts", "en"), ("act", "save")]).await;
    assert_eq!(page.status, 422);
    page.says(&["What was added is empty yet", "name=\"text!:/texts/en\""]);
    assert_eq!(saved(&house).await, config);
}

#[tokio::test]
async fn pl_6_nobody_saves_over_what_they_did_not_see() {
    let house = build(json!({"greeting": "changed meanwhile"})).await;
    let browser = house.browser("tea", &[Scope::Manage]).await;
    let csrf = browser.proof("tea").await;
    let form = [("csrf", csrf.as_str()), ("revision", "1.4.0 1 0"), ("object:", ""), ("text:/greeting", "typed")];
    let page = browser.post(PATH, &form).await;
    assert_eq!(page.status, 409);
    page.says(&["Somebody changed this plugin", "value=\"typed\"", "&#34;changed meanwhile&#34;"]);
    assert_eq!(saved(&house).await, json!({"greeting": "changed meanwhile"}));
    // Having seen that, the same press saves.
    let revision = revision(&page);
    let again =
        [("csrf", csrf.as_str()), ("revision", revision.as_str()), ("object:", ""), ("text:/greeting", "typed")];
    assert_eq!((browser.post(PATH, &again).await.status, saved(&house).await), (303, json!({"greeting": "typed"})));
}

#[tokio::test]
async fn pl_3_another_host_waits_for_somebody_who_may_grant_it() {
    let config = json!({"greeting": "hello", "url": "https://a.example/"});
    let house = build(config.clone()).await;
    let agency = house.browser("tea", &[Scope::Read, Scope::Install]).await;
    agency.get(PATH).await.says(&["it waits for an approval"]);
    let moved = [("text:/greeting", "hello"), ("text:/url", "https://b.example/")];
    assert_eq!(send(&agency, PATH, &moved).await.status, 303);
    let view = installed(&house).await;
    assert_eq!(view.installation.config, config);
    assert_eq!(view.upgrade.unwrap().asks, ["egress: https://b.example/"]);
    let words = [("text:/greeting", "good day"), ("text:/url", "https://a.example/")];
    assert_eq!(send(&agency, PATH, &words).await.status, 303);
    assert_eq!(saved(&house).await["greeting"], "good day");
    let manager = house.browser("tea", &[Scope::Manage]).await;
    assert_eq!(send(&manager, PATH, &moved).await.status, 303);
    assert_eq!(saved(&house).await["url"], "https://b.example/");
}

fn form(csrf: &str) -> [(&str, &str); 3] {
    [("csrf", csrf), ("revision", ""), ("text:/greeting", "theirs")]
}

#[tokio::test]
async fn te_1_settings_are_changed_by_whoever_may_and_seen_by_nobody_else() {
    let config = json!({"greeting": "hello"});
    let house = build(config.clone()).await;
    let (viewer, stranger) =
        (house.browser("tea", &[Scope::Read]).await, house.browser("silk", &[Scope::Manage]).await);
    let page = viewer.get(PATH).await;
    page.says(&["You may look, but not change anything", "&#34;greeting&#34;: &#34;hello&#34;"]);
    assert!(!page.body.contains("name=\"text:/greeting\""));
    let (csrf, foreign) = (viewer.proof("tea").await, stranger.proof("silk").await);
    for path in [PATH, CHECK] {
        assert_eq!(viewer.post(path, &form(&csrf)).await.status, 403, "{path}");
        assert_eq!(stranger.post(path, &form(&foreign)).await.status, 404, "{path}");
        assert_eq!(stranger.post(path, &form(&csrf)).await.status, 403, "{path}");
    }
    assert_eq!(stranger.get(PATH).await.status, 404);
    assert_eq!(viewer.get("/console/t/tea/plugins/nothing/settings").await.status, 404);
    let manager = house.browser("tea", &[Scope::Manage]).await;
    let huge = "x".repeat(300_000);
    let proof = manager.proof("tea").await;
    let large = manager.post(PATH, &[("csrf", &proof), ("text:/greeting", &huge)]).await;
    assert!(matches!(large.status, 403 | 413), "{}", large.status);
    let long = "x".repeat(70_000);
    let page = send(&manager, PATH, &[("text:/greeting", &long)]).await;
    assert_eq!(page.status, 422);
    page.says(&["has more than 65536 bytes"]);
    assert_eq!(saved(&house).await, config);
}
