//! The plugins room and its switch.

use guanxi_domain::caller::Scope;
use guanxi_domain::installation::Mode;

use crate::house::{House, OPERATOR};

const SWITCH: &str = "/console/t/tea/plugins/value/mode";

#[tokio::test]
async fn plugins_tell_what_they_are_and_ask_for() {
    let house = House::build().await;
    let mut browser = house.browser("tea", &[Scope::Read]).await;
    let page = browser.get("/console/t/tea/plugins").await;
    page.says(&[
        "Value &#60;b&#62;",
        "Values people.",
        "what was spent",
        "Send a message",
        "Signing key",
        "every event",
    ]);
    page.says(&["777777777777", "value 1.2.0", "&#60;i&#62;hello", "not set", "Library", "value 1.3.0", "By lantern"]);
    assert!(!page.body.contains("Taken back"));
    let operator = house.app.authenticate(OPERATOR).await.unwrap();
    for version in ["1.2.0", "1.3.0"] {
        house.app.yank_plugin(&operator, "value", version, Some(&format!("{version} <lies>"))).await.unwrap();
    }
    let page = browser.get("/console/t/tea/plugins").await;
    page.says(&["Taken back: 1.2.0 &#60;lies&#62;", "Taken back: 1.3.0 &#60;lies&#62;"]);
    page.says(&["You may look, but not switch"]);
    assert!(!page.body.contains("very-secret"));
    browser.language = "zh";
    browser.get("/console/t/tea/plugins").await.says(&["价值", "评估客户价值。", "签名密钥", "插件库", "所有事件"]);
}

#[tokio::test]
async fn managers_switch_off_and_on() {
    let house = House::build().await;
    let mut browser = house.browser("tea", &[Scope::Manage]).await;
    let csrf = browser.proof("tea").await;
    let answer = browser.post(SWITCH, &[("csrf", &csrf), ("mode", "off")]).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/console/t/tea/plugins#value"));
    assert_eq!(mode(&house).await, Mode::Off);
    browser.headers.push(("hx-request", "true"));
    let part = browser.post(SWITCH, &[("csrf", &csrf), ("mode", "live")]).await;
    assert_eq!(part.status, 200);
    part.says(&["<article", "aria-checked=\"true\"", "name=\"mode\" value=\"off\""]);
    assert!(!part.body.contains("<html"));
    assert_eq!(mode(&house).await, Mode::Live);
    assert_eq!(browser.post(SWITCH, &[("csrf", &csrf), ("mode", "sideways")]).await.status, 400);
}

#[tokio::test]
async fn viewers_are_told_what_they_lack() {
    let house = House::build().await;
    let mut browser = house.browser("tea", &[Scope::Read]).await;
    let csrf = browser.proof("tea").await;
    let page = browser.post(SWITCH, &[("csrf", &csrf), ("mode", "off")]).await;
    assert_eq!(page.status, 403);
    page.says(&["<html", "role=\"alert\"", "This needs a token with the scope “manage”."]);
    browser.headers.push(("hx-request", "true"));
    let part = browser.post(SWITCH, &[("csrf", &csrf), ("mode", "off")]).await;
    assert_eq!(part.status, 403);
    part.says(&["<article", "role=\"alert\""]);
    assert_eq!(mode(&house).await, Mode::Live);
}

#[tokio::test]
async fn what_keeps_a_plugin_off_stands_beside_its_switch() {
    let house = House::build().await;
    let browser = house.browser("tea", &[Scope::Manage]).await;
    let csrf = browser.proof("tea").await;
    let page = browser.post("/console/t/tea/plugins/no-key/mode", &[("csrf", &csrf), ("mode", "live")]).await;
    assert_eq!(page.status, 422);
    page.says(&["That cannot be done yet", "secrets/signing-key", "must be set before the plugin is switched on"]);
}

async fn mode(house: &House) -> Mode {
    let operator = house.app.authenticate(OPERATOR).await.unwrap();
    house.app.installation(&operator, "tea", "value").await.unwrap().installation.mode
}
