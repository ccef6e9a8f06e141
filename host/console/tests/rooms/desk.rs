//! CH-9: channels, the log of messages and what did not arrive, as staff see them.

use guanxi_app::{GrantsInput, InstallationInput};
use guanxi_console::ConsoleOptions;
use guanxi_domain::caller::Scope;
use guanxi_domain::channel_health::{Counted, slot};
use guanxi_domain::exchange::{Excerpt, Exchange, SeenRequest, SeenResponse, TriedExchanges};
use guanxi_domain::ids::MessageId;
use guanxi_domain::installation::Mode;
use guanxi_domain::message::{Attempt, Message, MessageStatus};
use guanxi_store::{PluginRow, Scope as Rows};
use serde_json::json;

use crate::house::{House, NOW, OPERATOR};

const CHANNELS: &str = "/console/t/tea/channels";
const LOG: &str = "/console/t/tea/messages";

const MANIFEST: &str = r#"
contract = "0.1.0"
name = "two-way"
version = "0.1.0"
title = { en = "Two-way <b>", zh = "双向通道" }
summary = { en = "Calls back.", zh = "会回调。" }
[connector]
channel = "two-way"
addresses = ["user"]
secrets = [{ name = "app-secret", format = "text", title = { en = "App secret", zh = "应用密钥" } }]
"#;

/// Installs a connector that wants sessions and calls back, switched off and without its secret.
async fn install(house: &House) {
    let row = PluginRow {
        name: "two-way".to_owned(),
        version: "0.1.0".to_owned(),
        digest: "9".repeat(64),
        manifest: MANIFEST.to_owned(),
        report: json!({"facets": ["connector-session", "connector-receive"]}).to_string(),
        size: 0,
        created_at: NOW,
        publisher: None,
        signer: None,
        source: "upload".to_owned(),
        yanked: None,
    };
    let mut work = house.app.store().begin(Rows::Host).await.unwrap();
    work.insert_plugin(&row, b"component, two-way").await.unwrap();
    work.commit().await.unwrap();
    let operator = house.app.authenticate(OPERATOR).await.unwrap();
    let input = InstallationInput {
        plugin: None,
        version: "0.1.0".to_owned(),
        mode: Mode::Off,
        config: json!({}),
        grants: Some(GrantsInput::Requested),
        secrets: [].into(),
    };
    house.app.put_installation(&operator, "tea", "two-way", input).await.unwrap();
}

/// One more message like the one of the house, which ended like this after one try.
async fn ended(house: &House, status: MessageStatus, outcome: &str, reason: &str) -> MessageId {
    let mut work = house.app.store().begin(Rows::Tenant(house.tea)).await.unwrap();
    let like = work.message(house.tea, house.message).await.unwrap().unwrap();
    let id = MessageId::from_uuid(house.app.ambient().uuid());
    let message = Message { id, status, attempts: 1, reason: Some(reason.to_owned()), ..like };
    let attempt = Attempt {
        message: id,
        number: 1,
        at: NOW,
        took_ms: 42,
        http_status: Some(403),
        outcome: outcome.to_owned(),
        detail: Some(reason.to_owned()),
    };
    let body = |text: &str| Excerpt { content: text.to_owned(), base64: false, bytes: 9_999, cut: true };
    let exchange = Exchange {
        at: NOW,
        took_ms: 41,
        request: SeenRequest {
            method: "POST".to_owned(),
            url: "https://channel.example/send?key={{secret:signing-key}}".to_owned(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body("<i>asked"),
        },
        response: Some(SeenResponse { status: 403, headers: Vec::new(), body: body("<i>no [secret]") }),
        error: None,
    };
    work.insert_messages(house.tea, &[message]).await.unwrap();
    work.insert_attempts(house.tea, &[attempt]).await.unwrap();
    let tried = TriedExchanges { message: id, attempt: 1, at: NOW, exchanges: vec![exchange] };
    work.insert_exchanges(house.tea, &[tried]).await.unwrap();
    work.commit().await.unwrap();
    id
}

#[tokio::test]
async fn ch_9_channels_show_how_they_do() {
    let house = House::build().await;
    let mut browser = house.browser("tea", &[Scope::Read]).await;
    let operator = house.app.authenticate(OPERATOR).await.unwrap();
    let id = house.app.installation(&operator, "tea", "value").await.unwrap().installation.id;
    let mut work = house.app.store().begin(Rows::Tenant(house.tea)).await.unwrap();
    let counted = |status, count| Counted { status, took_ms: 70, count };
    let lately = [counted(MessageStatus::Sent, 1_234), counted(MessageStatus::Uncertain, 5)];
    work.count_tries(house.tea, id, slot(NOW), &lately).await.unwrap();
    work.count_tries(house.tea, id, slot(NOW - 3 * 3_600_000), &lately).await.unwrap();
    work.commit().await.unwrap();
    ended(&house, MessageStatus::Failed, "rejected", "no <such> user").await;
    let page = browser.get(CHANNELS).await;
    page.says(&["<h1>Channels</h1>", "Value &#60;b&#62;", "<span class=\"badge live\">Live</span>"]);
    page.says(&["1,234", "2,468", "≤ 70 ms", "no &#60;such&#62; user", "transactional 1"]);
    page.says(&[&format!("href=\"{CHANNELS}/value\""), &format!("href=\"{LOG}?channel=value\"")]);
    // The other connector of the house has no key.
    page.says(&["<span class=\"badge off\">Switched off</span>", "Lacks something"]);
    assert!(!page.body.contains("<such>") && !page.body.contains(" style="));
    browser.language = "zh-CN";
    browser.get(CHANNELS).await.says(&["<h1>渠道</h1>", "最近一小时", "耗时中位数"]);
    browser.get("/console/t/tea/people").await.says(&["href=\"/console/t/tea/channels\""]);
}

#[tokio::test]
async fn ch_9_connecting_a_channel_says_what_is_missing_and_where_to_call_back() {
    let options = ConsoleOptions { public_url: Some("https://crm.example".to_owned()), ..ConsoleOptions::default() };
    let house = House::build_with(options).await;
    install(&house).await;
    let browser = house.browser("tea", &[Scope::Manage]).await;
    let place = format!("{CHANNELS}/two-way");
    let page = browser.get(&place).await;
    page.says(&["Two-way &#60;b&#62;", "Set the secret <code>app-secret</code>", "It is switched off."]);
    page.says(&[
        "<code class=\"key\">https://crm.example/hooks/tea/two-way</code>",
        "data-copy=\"https://crm.example/",
    ]);
    page.says(&["Not asked for yet", "Check the session", "None has come yet.", "placeholder=\"user:…\""]);
    assert!(!page.body.contains("public_url"));

    let csrf = browser.proof("tea").await;
    let wrong = [("csrf", csrf.as_str()), ("act", "test"), ("address", "email:a@example.com"), ("text", "<i>hi")];
    let refused = browser.post(&place, &wrong).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    refused.says(&["this channel delivers to user, not to `email`", "value=\"&#60;i&#62;hi\""]);
    let no_json = [("csrf", csrf.as_str()), ("act", "test"), ("address", "user:a"), ("content", "{")];
    assert_eq!(browser.post(&place, &no_json).await.status, 422);
    let forged = browser.post(&place, &[("csrf", "x"), ("act", "check")]).await;
    assert_eq!(forged.status, 403);
    assert_eq!(browser.get(&format!("{CHANNELS}/nothing")).await.status, 404);

    let reader = house.browser("tea", &[Scope::Read]).await;
    let page = reader.get(&place).await;
    page.says(&["Only a token with the scope “manage” tries channels out."]);
    assert!(!page.body.contains("name=\"act\""));
    let csrf = reader.proof("tea").await;
    assert_eq!(reader.post(&place, &[("csrf", &csrf), ("act", "check")]).await.status, 403);
    let stranger = house.browser("silk", &[Scope::Manage]).await;
    for path in [place.clone(), place.replace("/tea/", "/silk/"), CHANNELS.to_owned(), LOG.to_owned()] {
        assert_eq!(stranger.get(&path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn ch_9_without_an_address_of_the_host_the_path_is_shown() {
    let house = House::build().await;
    install(&house).await;
    let browser = house.browser("tea", &[Scope::Read]).await;
    let page = browser.get(&format!("{CHANNELS}/two-way")).await;
    page.says(&["<code class=\"key\">/hooks/tea/two-way</code>", "(`public_url`)"]);
    browser.get(&format!("{CHANNELS}/value")).await.says(&["This channel does not call back.", "needs no session"]);
}

#[tokio::test]
async fn ch_9_the_log_is_filtered_and_a_message_shows_its_exchanges() {
    let house = House::build().await;
    let browser = house.browser("tea", &[Scope::Read]).await;
    let failed = ended(&house, MessageStatus::Failed, "rejected", "no <such> user").await;
    let sent = ended(&house, MessageStatus::Sent, "sent", "").await;
    let page = browser.get(LOG).await;
    page.says(&["<h1>Message log</h1>", "failed 1", "queued 1", "sent 1", "email:ada@example.com"]);
    page.says(&["no &#60;such&#62; user", &format!("href=\"{LOG}/{failed}\"")]);
    for (query, found, missing) in [
        ("status=failed", failed, sent),
        ("status=failed&channel=value&class=transactional&purpose=service&outcome=rejected", failed, sent),
        ("person=email%3Aada%40example.com&status=sent", sent, failed),
        ("from=2026-09-20&to=2026-09-23&status=failed", failed, sent),
    ] {
        let page = browser.get(&format!("{LOG}?{query}")).await;
        page.says(&[&format!("{LOG}/{found}")]);
        assert!(!page.body.contains(&missing.to_string()), "{query}");
    }
    for query in [
        "channel=nothing",
        "person=email%3Anobody%40example.com",
        "from=2026-09-23",
        "purpose=other",
        "outcome=%27%20or%201%3D1",
        "channel=no-key",
    ] {
        browser.get(&format!("{LOG}?{query}")).await.says(&["No message fits."]);
    }
    browser.get(&format!("{LOG}?from=yesterday")).await.says(&["Days are written 2026-11-28."]);
    browser.get(&format!("{LOG}?purpose=%3Cscript%3E")).await.says(&["value=\"&#60;script&#62;\""]);

    let page = browser.get(&format!("{LOG}/{failed}")).await;
    page.says(&["Exchanges", "https://channel.example/send?key={{secret:signing-key}}", "&#60;i&#62;asked"]);
    page.says(&["&#60;i&#62;no [secret]", "9,999", "content-type: application/json"]);
    assert!(!page.body.contains("<i>"), "{}", page.body);
    let waits = browser.get(&format!("{LOG}/{}", house.message)).await;
    waits.says(&["Not tried yet."]);
}

#[tokio::test]
async fn ch_9_a_long_log_has_pages() {
    let house = House::build().await;
    let browser = house.browser("tea", &[Scope::Read]).await;
    for _ in 0..60 {
        ended(&house, MessageStatus::Sent, "sent", "").await;
    }
    let first = browser.get(&format!("{LOG}?status=sent")).await;
    let (_, rest) = first.body.split_once("rel=\"next\"").map(|_| first.body.split_once("before=").unwrap()).unwrap();
    let before = rest.split('"').next().unwrap();
    let second = browser.get(&format!("{LOG}?status=sent&before={before}")).await;
    assert_eq!(second.body.matches("role=\"rowheader\"").count(), 10);
    assert!(!second.body.contains("rel=\"next\""));
    second.says(&["Newest"]);
}

#[tokio::test]
async fn ch_9_what_did_not_arrive_is_grouped() {
    let house = House::build().await;
    let mut browser = house.browser("tea", &[Scope::Read]).await;
    let place = "/console/t/tea/undelivered";
    browser.get(place).await.says(&["Everything has arrived."]);
    for _ in 0..3 {
        ended(&house, MessageStatus::Failed, "recipient-gone", "no <such> user").await;
    }
    ended(&house, MessageStatus::Uncertain, "timeout", "no answer").await;
    let page = browser.get(place).await;
    page.says(&["<h1>Not delivered</h1>", "<h2>value <span class=\"soft\">4</span></h2>", "recipient-gone", "timeout"]);
    page.says(&["no &#60;such&#62; user"]);
    let link = format!("{LOG}?channel=value&#38;status=failed&#38;outcome=recipient-gone");
    page.says(&[&format!("href=\"{link}\"")]);
    let listed = browser.get(&link.replace("&#38;", "&")).await;
    assert_eq!(listed.body.matches("role=\"rowheader\"").count(), 3);
    browser.language = "zh-CN";
    browser.get(place).await.says(&["未送达", "原因"]);
}

#[tokio::test]
async fn ch_9_what_ended_badly_is_tried_again_and_what_waits_is_called_off() {
    let house = House::build().await;
    let browser = house.browser("tea", &[Scope::Manage]).await;
    let failed = ended(&house, MessageStatus::Failed, "rejected", "no").await;
    let uncertain = ended(&house, MessageStatus::Uncertain, "timeout", "no answer").await;
    let csrf = browser.proof("tea").await;
    let act = async |path: &str, fields: &[(&str, &str)]| {
        browser.post(path, &[[("csrf", csrf.as_str())].as_slice(), fields].concat()).await
    };
    let place = format!("{LOG}/{failed}");
    browser.get(&place).await.says(&["value=\"retry\"", "Try again"]);
    assert_eq!(act(&place, &[("act", "retry")]).await.status, 303);
    let page = browser.get(&place).await;
    page.says(&["<span class=\"badge queued\">queued</span>", "tried again", "value=\"cancel\""]);
    assert_eq!(act(&place, &[("act", "cancel")]).await.status, 303);
    browser.get(&place).await.says(&["<span class=\"badge cancelled\">called off</span>"]);
    assert_eq!(act(&place, &[("act", "retry")]).await.status, 409);

    // It may have arrived.
    let place = format!("{LOG}/{uncertain}");
    browser.get(&place).await.says(&["name=\"may_repeat\"", "They may get it a second time"]);
    assert_eq!(act(&place, &[("act", "retry")]).await.status, 422);
    let all = "/console/t/tea/undelivered";
    browser.get(all).await.says(&["Try all again: uncertain 1", "name=\"may_repeat\""]);
    let done =
        act(all, &[("act", "retry"), ("channel", "value"), ("status", "uncertain"), ("may_repeat", "yes")]).await;
    assert_eq!((done.status, done.header("location")), (303, "/console/t/tea/undelivered?changed=1"));
    browser.get("/console/t/tea/undelivered?changed=1").await.says(&["Messages changed: 1", "Everything has arrived."]);
    let done = act(all, &[("act", "cancel"), ("channel", "value")]).await;
    assert_eq!(done.header("location"), "/console/t/tea/undelivered?changed=2", "the house's own, too");

    let reader = house.browser("tea", &[Scope::Read]).await;
    assert!(!reader.get(&place).await.body.contains("name=\"act\""));
    let csrf = reader.proof("tea").await;
    assert_eq!(reader.post(&place, &[("csrf", &csrf), ("act", "retry")]).await.status, 403);
}
