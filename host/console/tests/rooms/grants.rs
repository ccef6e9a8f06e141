//! What a plugin may do, and the version that waits for an approval, as people see them.

use guanxi_app::{GrantsInput, InstallationInput, InstallationView};
use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::grants::{Grants, Limits};
use guanxi_domain::installation::{Mode, Upgrade};
use guanxi_store::Scope as Rows;
use serde_json::{Value, json};

use crate::house::{Answer, Browser, House, NOW, OPERATOR};

const PLUGINS: &str = "/console/t/tea/plugins";
const GRANTS: &str = "/console/t/tea/plugins/value/grants";
const UPGRADE: &str = "/console/t/tea/plugins/value/upgrade";

/// What a version asks for besides that would like to be markup.
const MORE: [(&str, &str); 2] = [
    ("inputs = [", r#"inputs = [{ name = "city<i>", type = "text", purpose = "where </span><script>" }, "#),
    (
        "secrets = [",
        r#"secrets = [{ name = "api-key", format = "text", title = { en = "API <u>key", zh = "接口密钥" } }, "#,
    ),
];
/// What the house's plugin asks for, as boxes.
const BOXES: [&str; 9] = [
    "grant:classes:roles",
    "grant:classes:scores",
    "grant:classes:stage",
    "grant:classes:tags",
    "grant:events:*",
    "grant:events:Order Completed",
    "grant:fields:revenue",
    "grant:operations:send",
    "grant:secrets:signing-key",
];

async fn operator(house: &House) -> Caller {
    house.app.authenticate(OPERATOR).await.unwrap()
}

async fn installed(house: &House) -> InstallationView {
    house.app.installation(&operator(house).await, "tea", "value").await.unwrap()
}

fn input(version: &str, config: Value, grants: Option<GrantsInput>) -> InstallationInput {
    let version = version.to_owned();
    InstallationInput { plugin: None, version, mode: Mode::Live, config, grants, secrets: [].into() }
}

/// Grants what the house's plugin asks for, without what `changed` takes away.
async fn grant(house: &House, changed: impl FnOnce(&mut Grants)) {
    let mut grants = installed(house).await.installation.grants;
    changed(&mut grants);
    let input = input("1.2.0", json!({"greeting": "<i>hello</i>"}), Some(GrantsInput::Lists(grants)));
    house.app.put_installation(&operator(house).await, "tea", "value", input).await.unwrap();
}

/// Brings a version that asks for more, so that it waits.
async fn bring(house: &House, version: &str) {
    house.shelve(version, &MORE).await;
    let input = input(version, json!({"greeting": "</pre><script>"}), None);
    let placed = house.app.put_installation(&operator(house).await, "tea", "value", input).await.unwrap();
    let view = placed.view;
    assert!(placed.waits);
    assert_eq!((view.installation.version.as_str(), view.upgrade.unwrap().version.as_str()), ("1.2.0", version));
}

/// What a page says of when it was made.
fn revision(page: &Answer) -> String {
    let (_, rest) = page.body.split_once("name=\"revision\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// Sends a form with boxes that are ticked and other fields, from a page that was made when `revision` says.
async fn send(browser: &Browser, path: &str, revision: &str, boxes: &[&str], fields: &[(&str, &str)]) -> Answer {
    let csrf = browser.proof("tea").await;
    let mut form = vec![("csrf", csrf.as_str()), ("revision", revision)];
    form.extend(boxes.iter().map(|name| (*name, "yes")));
    form.extend(fields);
    browser.post(path, &form).await
}

#[tokio::test]
async fn pl_3_the_card_tells_what_is_not_granted_and_what_the_operator_forbids() {
    let house = House::build().await;
    grant(&house, |grants| grants.operations.clear()).await;
    let mut allowance = Grants::requested(&installed(&house).await.plugin.manifest);
    allowance.fields.clear();
    house.app.allow_plugin(&operator(&house).await, "value", Some(allowance)).await.unwrap();
    let mut browser = house.browser("tea", &[Scope::Read]).await;
    let page = browser.get(PLUGINS).await;
    page.says(&[
        "Send a message <span class=\"badge withheld\">not granted</span>",
        "what was spent</span> <span class=\"badge forbidden\">not allowed by the operator</span>",
        &format!("href=\"{GRANTS}\""),
    ]);
    assert_eq!(page.body.matches("badge withheld").count(), 1);
    assert!(!page.body.contains("waits for an approval"));
    browser.language = "zh";
    browser.get(PLUGINS).await.says(&["未授权", "运营方不允许", "插件权限"]);
}

#[tokio::test]
async fn pl_3_every_wish_has_a_reason_and_a_box() {
    let house = House::build().await;
    let mut allowance = Grants::requested(&installed(&house).await.plugin.manifest);
    allowance.secrets.clear();
    house.app.allow_plugin(&operator(&house).await, "value", Some(allowance)).await.unwrap();
    let mut browser = house.browser("tea", &[Scope::Manage]).await;
    let page = browser.get(GRANTS).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.says(&[
        "<h1>What it may do</h1>",
        "<legend>Sees of a person</legend>",
        "revenue <span class=\"soft\">– what was",
    ]);
    page.says(&["every event <span class=\"soft\">– whatever else", "Signing key <span class=\"soft\">– set</span>"]);
    page.says(&["badge forbidden", "name=\"csrf\"", "href=\"../../plugins#value\""]);
    for name in BOXES {
        page.says(&[&format!("name=\"{name}\" value=\"yes\" checked>")]);
    }
    assert!(!page.body.contains("badge withheld"));

    let boxes = BOXES.map(|name| if name == "grant:fields:revenue" { "grant:fields:phone" } else { name });
    let boxes: Vec<&str> = boxes.into_iter().filter(|name| *name != "grant:events:Order Completed").collect();
    let before = installed(&house).await.installation;
    let answer = send(&browser, GRANTS, &revision(&page), &boxes, &[]).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/console/t/tea/plugins#value"), "{}", answer.body);
    let after = installed(&house).await.installation;
    assert_eq!(after.grants, Grants { fields: Vec::new(), ..before.grants });
    assert_eq!((after.mode, after.config, after.secrets), (before.mode, before.config, before.secrets));
    let page = browser.get(GRANTS).await;
    page.says(&[
        "name=\"grant:fields:revenue\" value=\"yes\">",
        "badge withheld",
        "name=\"grant:events:*\" value=\"yes\" checked>",
    ]);
    browser.language = "zh";
    browser.get(GRANTS).await.says(&["<h1>插件权限</h1>", "可见的客户字段", "签名密钥", "未授权", "保存"]);
}

#[tokio::test]
async fn pl_3_of_every_kind_of_event_some_may_be_granted() {
    let house = House::build().await;
    grant(&house, |grants| grants.events = vec!["page".to_owned()]).await;
    let browser = house.browser("tea", &[Scope::Manage]).await;
    let page = browser.get(GRANTS).await;
    page.says(&["name=\"grant:events:*\" value=\"yes\">", "name=\"grant:events:page\" value=\"yes\" checked>"]);
    let boxes = ["grant:events:page", "grant:fields:revenue", "grant:secrets:signing-key"];
    assert_eq!(send(&browser, GRANTS, &revision(&page), &boxes, &[]).await.status, 303);
    assert_eq!(installed(&house).await.installation.grants.events, ["page"]);
}

#[tokio::test]
async fn grants_are_changed_from_their_page_as_it_is_now_by_whoever_manages() {
    let house = House::build().await;
    let before = installed(&house).await.installation;
    let managers = house.browser("tea", &[Scope::Manage]).await;
    let now = revision(&managers.get(GRANTS).await);
    for stale in ["", "1.1.0 0 0", "<script>"] {
        let answer = send(&managers, GRANTS, stale, &[], &[]).await;
        assert_eq!(answer.status, 409, "{stale}");
        answer.says(&["look at it again"]);
    }
    assert_eq!(managers.post(GRANTS, &[("revision", &now)]).await.status, 403);
    assert_eq!(managers.post(GRANTS, &[("csrf", "00"), ("revision", &now)]).await.status, 403);
    assert_eq!(managers.get("/console/t/tea/plugins/nothing/grants").await.status, 404);

    let readers = house.browser("tea", &[Scope::Read]).await;
    let page = readers.get(GRANTS).await;
    page.says(&["what was spent", "Send a message", "You may look"]);
    for bad in ["checkbox", "name=\"revision\"", "Save"] {
        assert!(!page.body.contains(bad), "{bad}");
    }
    let answer = send(&readers, GRANTS, &now, &[], &[]).await;
    assert_eq!(answer.status, 403);
    answer.says(&["This needs a token with the scope “manage”."]);

    let strangers = house.browser("silk", &[Scope::Manage]).await;
    let csrf = strangers.proof("silk").await;
    for path in [GRANTS, "/console/t/silk/plugins/value/grants"] {
        assert_eq!(strangers.get(path).await.status, 404, "{path}");
        assert_eq!(strangers.post(path, &[("csrf", &csrf), ("revision", &now)]).await.status, 404, "{path}");
    }
    assert_eq!(installed(&house).await.installation, before);
}

#[tokio::test]
async fn pl_4_a_version_that_waits_stands_on_the_card() {
    let house = House::build().await;
    bring(&house, "1.4.0").await;
    let mut browser = house.browser("tea", &[Scope::Manage]).await;
    let page = browser.get(PLUGINS).await;
    let by = format!("Brought by <code>{}</code>", operator(&house).await.token);
    page.says(&["Version 1.4.0 waits for an approval", &by, "<code>secrets: api-key</code>"]);
    page.says(&[
        "<code>fields: city&#60;i&#62;</code>",
        "&#60;/pre&#62;&#60;script&#62;",
        &format!("href=\"{UPGRADE}\""),
    ]);
    for bad in ["city<i>", "<script>", "badge withheld"] {
        assert!(!page.body.contains(bad), "{bad}");
    }
    browser.language = "zh";
    browser.get(PLUGINS).await.says(&["版本 1.4.0 等待批准", "它请求此前没有的权限", "查看并决定"]);
    let page = house.browser("tea", &[Scope::Read]).await.get(PLUGINS).await;
    page.says(&["Version 1.4.0 waits for an approval"]);
    assert!(!page.body.contains(UPGRADE));
}

#[tokio::test]
async fn pl_4_a_version_that_waits_is_approved_with_what_is_ticked() {
    let house = House::build().await;
    grant(&house, |grants| grants.fields.clear()).await;
    bring(&house, "1.4.0").await;
    let mut browser = house.browser("tea", &[Scope::Manage]).await;
    let page = browser.get(UPGRADE).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.says(&[
        "1.2.0",
        "1.4.0",
        "&#60;i&#62;hello",
        "&#60;/pre&#62;&#60;script&#62;",
        "name=\"version\" value=\"1.4.0\"",
    ]);
    page.says(&[
        "name=\"grant:fields:city&#60;i&#62;\" value=\"yes\" checked>",
        "name=\"grant:secrets:api-key\" value=\"yes\" checked>",
        "name=\"grant:fields:revenue\" value=\"yes\">",
        "name=\"grant:operations:send\" value=\"yes\" checked>",
        "where &#60;/span&#62;&#60;script&#62;</span> <span class=\"badge anew\">new</span>",
        "API &#60;u&#62;key</label>",
        "name=\"secret:api-key\" type=\"password\"",
    ]);
    assert_eq!(page.body.matches("badge anew").count(), 2);
    for bad in ["city<i>", "<script>", "<u>", "secret:signing-key", " style=", "Its configuration sends"] {
        assert!(!page.body.contains(bad), "{bad}");
    }
    let now = revision(&page);
    browser.language = "zh";
    browser.get(UPGRADE).await.says(&["待批准的版本", "接口密钥", "新增", "批准", "拒绝"]);
    browser.language = "en";

    let boxes = ["grant:events:*", "grant:fields:city<i>", "grant:secrets:signing-key", "grant:secrets:api-key"];
    let fields = [("act", "approve"), ("version", "1.4.0"), ("secret:api-key", "")];
    let answer = send(&browser, UPGRADE, &now, &boxes, &fields).await;
    assert_eq!(answer.status, 422);
    answer.says(&["secrets/api-key", "must be set before the plugin is switched on"]);
    let fields = [("act", "approve"), ("version", "1.4.0"), ("secret:api-key", "sesame"), ("secret:other", "x")];
    let answer = send(&browser, UPGRADE, &now, &boxes, &fields).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/console/t/tea/plugins#value"), "{}", answer.body);
    let InstallationView { installation, upgrade, .. } = installed(&house).await;
    assert_eq!((installation.version.as_str(), installation.mode, upgrade), ("1.4.0", Mode::Live, None));
    assert_eq!(installation.config, json!({"greeting": "</pre><script>"}));
    assert_eq!((installation.grants.fields, installation.grants.operations), (vec!["city<i>".to_owned()], Vec::new()));
    assert_eq!(installation.secrets, ["api-key", "signing-key"]);
    assert_eq!(browser.get(UPGRADE).await.status, 404);
    assert!(!browser.get(PLUGINS).await.body.contains("sesame"));
}

#[tokio::test]
async fn pl_4_a_version_that_waits_is_refused() {
    let house = House::build().await;
    bring(&house, "1.4.0").await;
    let browser = house.browser("tea", &[Scope::Manage]).await;
    let now = revision(&browser.get(UPGRADE).await);
    let dance = send(&browser, UPGRADE, &now, &[], &[("act", "dance"), ("version", "1.4.0")]).await;
    assert_eq!(dance.status, 422);
    let refuse = [("act", "refuse"), ("version", "1.4.0")];
    let answer = send(&browser, UPGRADE, &now, &[], &refuse).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/console/t/tea/plugins#value"), "{}", answer.body);
    let InstallationView { installation, upgrade, .. } = installed(&house).await;
    assert_eq!((installation.version.as_str(), upgrade), ("1.2.0", None));
    assert_eq!(send(&browser, UPGRADE, &now, &[], &refuse).await.status, 409);
    assert!(!browser.get(PLUGINS).await.body.contains("waits for an approval"));
}

#[tokio::test]
async fn pl_4_nobody_decides_about_what_their_page_did_not_show() {
    let house = House::build().await;
    bring(&house, "1.4.0").await;
    let browser = house.browser("tea", &[Scope::Manage]).await;
    let old = revision(&browser.get(UPGRADE).await);
    bring(&house, "1.5.0").await;
    let secret = ("secret:api-key", "sesame");
    for act in ["approve", "refuse"] {
        let answer = send(&browser, UPGRADE, &old, &[], &[("act", act), ("version", "1.4.0"), secret]).await;
        assert_eq!(answer.status, 409, "{act}");
        answer.says(&["was changed since that page was shown"]);
    }
    // The same version with another configuration.
    let InstallationView { installation, upgrade, .. } = installed(&house).await;
    let upgrade = Upgrade { config: json!({}), asked_at: NOW + 2, ..upgrade.unwrap() };
    let mut work = house.app.store().begin(Rows::Tenant(house.tea)).await.unwrap();
    work.put_upgrade(house.tea, installation.id, &upgrade).await.unwrap();
    work.commit().await.unwrap();
    for act in ["approve", "refuse"] {
        let answer = send(&browser, UPGRADE, &old, &[], &[("act", act), ("version", "1.5.0"), secret]).await;
        assert_eq!(answer.status, 409, "{act}");
        answer.says(&["was changed since that page was shown"]);
    }
    let view = installed(&house).await;
    assert_eq!((view.installation, view.upgrade), (installation, Some(upgrade)));
}

#[tokio::test]
async fn pl_4_viewers_see_what_waits_and_strangers_do_not() {
    let house = House::build().await;
    bring(&house, "1.4.0").await;
    let managers = house.browser("tea", &[Scope::Manage]).await;
    let now = revision(&managers.get(UPGRADE).await);
    let readers = house.browser("tea", &[Scope::Read]).await;
    let page = readers.get(UPGRADE).await;
    page.says(&["1.4.0", "badge anew", "You may look"]);
    for bad in ["checkbox", "password", "name=\"act\"", "<script>"] {
        assert!(!page.body.contains(bad), "{bad}");
    }
    let strangers = house.browser("silk", &[Scope::Manage]).await;
    assert_eq!(strangers.get(UPGRADE).await.status, 404);
    assert_eq!(strangers.get("/console/t/silk/plugins/value/upgrade").await.status, 404);
    assert_eq!(managers.get("/console/t/tea/plugins/no-key/upgrade").await.status, 404);
    let csrf = strangers.proof("silk").await;
    for act in ["approve", "refuse"] {
        let fields = [("act", act), ("version", "1.4.0")];
        let answer = send(&readers, UPGRADE, &now, &[], &fields).await;
        assert_eq!(answer.status, 403, "{act}");
        answer.says(&["This needs a token with the scope “manage”."]);
        let form = [("csrf", csrf.as_str()), ("revision", now.as_str()), fields[0], fields[1]];
        assert_eq!(strangers.post(UPGRADE, &form).await.status, 404, "{act}");
        assert_eq!(managers.post(UPGRADE, &form).await.status, 403, "{act} with another session's proof");
        assert_eq!(managers.post(UPGRADE, &form[1..]).await.status, 403, "{act} without any");
    }
    let InstallationView { installation, upgrade, .. } = installed(&house).await;
    assert_eq!((installation.version.as_str(), upgrade.unwrap().version.as_str()), ("1.2.0", "1.4.0"));
}

#[tokio::test]
async fn pl_4_hosts_that_a_configuration_newly_names_are_told() {
    let house = House::build().await;
    house.shelve("1.6.0", &[("addresses = [\"*\"]", "addresses = [\"*\"]\negress = [\"config:/url\"]")]).await;
    let (operator, config) = (operator(&house).await, json!({"url": "https://a.example"}));
    let input = |config, grants| input("1.6.0", config, grants);
    let known = input(config.clone(), Some(GrantsInput::Requested));
    house.app.put_installation(&operator, "tea", "value", known).await.unwrap();
    let token = house.app.create_token(&operator, "tea", "pipeline", &[Scope::Install]).await.unwrap().secret;
    let pipeline = house.app.authenticate(&token).await.unwrap();
    let elsewhere = json!({"url": "https://b.example/<b>"});
    house.app.put_installation(&pipeline, "tea", "value", input(elsewhere.clone(), None)).await.unwrap();
    assert_eq!(installed(&house).await.installation.config, config);

    let browser = house.browser("tea", &[Scope::Manage]).await;
    let page = browser.get(UPGRADE).await;
    page.says(&["Its configuration sends requests to", "<code>egress: https://b.example/&#60;b&#62;</code>"]);
    page.says(&["name=\"grant:egress:config:/url\" value=\"yes\" checked>"]);
    assert!(!page.body.contains("badge anew") && !page.body.contains("example/<b>"));
    let boxes = [BOXES.as_slice(), &["grant:egress:config:/url"]].concat();
    let approve = [("act", "approve"), ("version", "1.6.0")];
    let answer = send(&browser, UPGRADE, &revision(&page), &boxes, &approve).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let InstallationView { installation, upgrade, .. } = installed(&house).await;
    assert_eq!((installation.config, upgrade), (elsewhere, None));
    assert_eq!(installation.grants.egress, ["config:/url"]);
}

#[tokio::test]
async fn pl_3_limits_and_classes_are_granted_from_the_page() {
    let house = House::build().await;
    let lines = "operations = [\"send\"]\nlimits = { send = { per-day = 1000 } }\n\
                 classes = [{ name = \"tags:<i>\", purpose = \"to recommend\" }]";
    house.shelve("1.7.0", &[("operations = [\"send\"]", lines)]).await;
    let operator = operator(&house).await;
    let all = input("1.7.0", json!({}), Some(GrantsInput::Requested));
    house.app.put_installation(&operator, "tea", "value", all).await.unwrap();
    let mut browser = house.browser("tea", &[Scope::Manage]).await;
    let page = browser.get(GRANTS).await;
    page.says(&[
        "name=\"limit:per-day:send\" value=\"1000\" min=\"1\" max=\"1000\"",
        "name=\"limit:per-person-per-day:send\" value=\"\"",
        "asks for at most 1,000 a day",
        "name=\"grant:classes:tags:&#60;i&#62;\" value=\"yes\" checked>",
        "Tags of the dimension “&#60;i&#62;” <span class=\"soft\">– to recommend",
    ]);
    let now = revision(&page);
    let boxes = ["grant:events:*", "grant:operations:send", "grant:secrets:signing-key"];
    for bad in ["x", "0", "1.5", "-1", "1000000001"] {
        let answer = send(&browser, GRANTS, &now, &boxes, &[("limit:per-day:send", bad)]).await;
        assert_eq!(answer.status, 422, "{bad}");
        answer.says(&["limits/send/per-day"]);
    }
    assert_eq!(send(&browser, GRANTS, &now, &boxes, &[("limit:per-day:send", "1001")]).await.status, 422);
    let filled = [("limit:per-day:send", "500"), ("limit:per-person-per-day:send", " 2 "), ("limit:per-day:emit", "x")];
    let answer = send(&browser, GRANTS, &now, &boxes, &filled).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let granted = installed(&house).await.installation.grants;
    let limits = Limits { per_day: Some(500), per_person_per_day: Some(2) };
    assert_eq!((granted.limits_of("send"), granted.classes), (limits, Vec::new()));

    let page = browser.get("/console/t/tea/plugins/value").await;
    page.says(&["Limits of today", "<td class=\"number\">0</td><td class=\"number\">500</td><td>this brand</td>"]);
    page.says(&["<td class=\"number\">–</td><td class=\"number\">2 for each person</td>"]);
    browser.language = "zh";
    browser.get("/console/t/tea/plugins/value").await.says(&["今日限额", "本品牌"]);
    browser.get(GRANTS).await.says(&["可见的其他客户信息", "每天最多次数"]);
}

#[tokio::test]
async fn pl_4_a_limit_that_is_raised_stands_as_new() {
    let house = House::build().await;
    let limited = |most: u32| format!("operations = [\"send\"]\nlimits = {{ send = {{ per-day = {most} }} }}");
    for (version, most) in [("1.7.0", 1_000), ("1.8.0", 2_000)] {
        house.shelve(version, &[("operations = [\"send\"]", &limited(most))]).await;
    }
    let operator = operator(&house).await;
    for (version, grants) in [("1.7.0", Some(GrantsInput::Requested)), ("1.8.0", None)] {
        house.app.put_installation(&operator, "tea", "value", input(version, json!({}), grants)).await.unwrap();
    }
    assert_eq!(installed(&house).await.upgrade.unwrap().asks, ["limits: send 2000 per-day"]);
    let browser = house.browser("tea", &[Scope::Manage]).await;
    let page = browser.get(UPGRADE).await;
    page.says(&["name=\"limit:per-day:send\" value=\"2000\"", "asks for at most 2,000 a day"]);
    assert_eq!(page.body.matches("badge anew").count(), 1);
    assert!(!page.body.contains("Its configuration sends"), "a limit is no host");
}
