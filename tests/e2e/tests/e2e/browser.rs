//! UX-1, UX-2, UX-4, PL-6: the console in a real browser, in two languages, on a desk and on a phone.

use guanxi_e2e::{Host, OPERATOR_TOKEN, Tenant, on_sqlite, script};
use serde_json::{Value, json};

/// Names that are long, Chinese, missing, or try to be markup.
const NAMES: [&str; 5] =
    ["Ada", "王小明", "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh", "<b>Bo</b> & Co", ""];

async fn people(tenant: &Tenant) {
    for plugin in ["sandbox", "social-value", "ror", "welcome", "win-back"] {
        tenant.install(plugin, json!({})).await;
    }
    let config = json!({"budget": "spring", "min": 88, "max": 888});
    tenant.install("red-packet", config).await;
    let beside = json!({"config": {"class": "reply"}, "percent": 20, "guard": {"divergence": 1}});
    tenant.api.put("/installations/welcome/candidate", &beside).await.expect(200);
    for (index, name) in NAMES.iter().enumerate() {
        let user = if index == 0 { "ada".to_owned() } else { format!("person-with-quite-a-long-user-id-{index}") };
        let email = format!("{}@example.com", if index == 0 { "ada" } else { &user });
        let traits = json!({"name": name, "email": email, "followers": 120 * index, "relevance": 0.6, "trust": 0.7});
        let order = json!({"order_id": format!("o{index}"), "total": 88.5, "currency": "CNY"});
        tenant
            .batch(&[
                json!({"type": "identify", "userId": user, "traits": traits}),
                json!({"type": "page", "userId": user, "context": {"page": {"url": "https://shop.example/tea"}}}),
                json!({"type": "track", "userId": user, "event": "Order Completed", "properties": order}),
            ])
            .await;
        tenant.person(&format!("user:{user}"), |person| person["facts"]["event_count"] == 3).await;
    }
    tenant.wait_for("/messages", NAMES.len(), |message| message["status"] == "sent").await;
}

#[test]
fn ux_1_the_console_works_on_desk_and_phone_in_both_languages() {
    on_sqlite(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        people(&tenant).await;
        // Kept for whoever wants to look, where that is asked for.
        let shots = std::env::var("GUANXI_TEST_SHOTS").unwrap_or_else(|_| place.data_dir().display().to_string());
        let given = json!({
            "host": host.url(), "tenant": "acme", "token": tenant.api.token(), "write_key": tenant.write_key(),
            "shots": shots, "operator": OPERATOR_TOKEN,
        });
        let seen = script::node("console.mjs", &given).await;
        check_steps(&seen["steps"]);
        assert_eq!(seen["complaints"], json!([]), "the browser complains");
        assert_eq!(seen["wide"], json!([]), "pages are wider than the screen");
        assert_eq!(seen["findings"], json!([]), "not everybody can use it");
        check_setting(&tenant).await;
        host.stop().await;
    });
}

/// What was saved in the form is what decides about the next event.
async fn check_setting(tenant: &Tenant) {
    let saved = tenant.api.get("/installations/red-packet").await.expect(200);
    assert_eq!((&saved["config"]["budget"], &saved["config"]["min"]), (&json!("autumn"), &json!(66)), "{saved}");
    assert_eq!((&saved["config"]["max"], &saved["mode"]), (&json!(888), &json!("live")), "{saved}");
    let order = json!({"order_id": "o-autumn", "total": 88.5, "currency": "CNY"});
    let order = json!({"userId": "ada", "event": "Order Completed", "properties": order});
    tenant.call("track", &order).await.expect(202);
    let by_it =
        |decision: &Value| decision["operations"].to_string().contains("there is no budget `autumn` to draw from");
    tenant.wait_for("/decisions", 1, by_it).await;
}

fn check_steps(steps: &Value) {
    let text = |name: &str| steps[name].as_str().unwrap_or_else(|| panic!("no {name} in {steps}"));
    assert!(text("refused").contains("unknown, expired or revoked"), "{steps}");
    assert_eq!((&steps["people"], text("found"), text("none")), (&json!(1 + NAMES.len()), "Ada", "Nobody was found."));
    let person = &steps["person"];
    assert_eq!(person["heading"], "Ada");
    assert_eq!(person["scores"].as_array().unwrap().len(), 3, "{person}");
    assert_eq!(person["terms"].as_array().unwrap().len(), 8, "{person}");
    // Whatever the plugins made of it comes after the three things that Ada did.
    let said = person["text"].as_str().unwrap();
    for words in
        ["Welcome, Ada! Good to have you with us.", "there is no budget `spring` to draw from", "shop.example/tea"]
    {
        assert!(said.contains(words), "no “{words}” in {said}");
    }
    for words in ["within 48 hours", "When they buy", "sandbox", "Bought again", "welcomed"] {
        assert!(text("insight").contains(words), "no “{words}” in {}", text("insight"));
    }
    assert!(text("receipt").contains("Reasons"), "{steps}");
    assert!(text("replayed").contains("It decides the same, to the byte and with the same fuel."), "{steps}");
    for words in ["Decisions compared", "Come out differently", "Have some tea.", "Good to have you with us."] {
        assert!(text("backtest").contains(words), "no “{words}” in {}", text("backtest"));
    }
    assert_eq!((text("switched_false"), text("switched_true")), ("off", "live"));
    assert_eq!(text("wrong"), "Put these right first: 2");
    assert_eq!((&steps["left"], &steps["library_of_a_brand"]), (&json!(0), &json!(404)));
    assert!(text("trusted").contains("ed25519:11qYAYKxCrfVS") && text("trusted").contains("Lantern Works"), "{steps}");
    assert!(text("yanked").contains("Taken back: counts twice"), "{steps}");
    assert!(text("offered").contains("Take back") && !text("offered").contains("counts twice"), "{steps}");
    assert_eq!((&steps["live"], text("chinese"), text("phone_language")), (&json!(true), "实时动态", "zh-CN"));
    assert_eq!(text("after"), "/console/sign-in");
}
