//! CH-2, CH-4: what connectors ask of their channels, beside what the channels' own SDKs ask of a server on this machine.

use std::collections::BTreeSet;
use std::path::PathBuf;

use guanxi_e2e::environment::variable;
use guanxi_e2e::host::run_well;
use guanxi_e2e::{Place, on_sqlite, script};
use serde_json::{Value, json};

const TEXT: &str = "Hello Ada! 你好 🍵";
const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
const SERVICE: &str = "MG0123456789abcdef0123456789abcdef";
const SENDER: &str = "+15005550006";
const CALLBACK: &str = "https://guanxi.example/hooks/acme/twilio";
const NUMBER: &str = "1122334455667";

/// What a connector asks for to send one content.
async fn asks(place: &Place, name: &str, config: &Value, address: &str, content: &Value) -> Value {
    let component = PathBuf::from(variable("GUANXI_TEST_PLUGINS")).join(format!("{name}.wasm"));
    let message = json!({"id": "msg_1", "address": address, "content": content, "now": 1_767_225_600_000_i64});
    let input = place.data_dir().join("input.json");
    std::fs::create_dir_all(place.data_dir()).expect("a folder");
    std::fs::write(&input, json!({"config": config, "message": message}).to_string()).expect("an input");
    let printed =
        run_well(place, ["plugin", "run", &component.display().to_string(), &input.display().to_string()]).await;
    let mut answers = serde_json::Deserializer::from_str(&printed).into_iter::<Value>();
    let answer = answers.next().expect("an answer").expect("JSON");
    answer["answer"]["ok"]["perform"].clone()
}

/// What the SDKs asked for, in the order of the script.
async fn sdks() -> Vec<Value> {
    let given = json!({
        "phone_id": NUMBER, "to": "972987654321", "text": TEXT, "id": "msg_1", "key": "SK1", "secret": "s", "account": ACCOUNT,
        "number": "+8613800138000", "sender": SENDER, "callback": CALLBACK, "service": SERVICE,
    });
    script::python("ask_channels.py", &given).await.as_array().expect("a list").clone()
}

fn path(request: &Value, host: &str) -> Value {
    request["url"].as_str().and_then(|url| url.strip_prefix(host)).map(Value::from).unwrap_or_default()
}

/// The same whichever way the SDK writes what does not matter: kinds of components in upper case, and the title that a list of one
/// section does not show.
fn whatsapp_body(text: &Value) -> Value {
    let text = text.as_str().expect("a text").replace("\"BODY\"", "\"body\"");
    let mut body: Value = serde_json::from_str(&text).expect("JSON");
    if let Some(section) = body.pointer_mut("/interactive/action/sections/0").and_then(Value::as_object_mut) {
        section.remove("title");
    }
    body
}

fn pairs(form: &Value) -> BTreeSet<&str> {
    form.as_str().expect("a form").split('&').collect()
}

#[test]
fn ch_4_requests_are_those_of_the_channels_own_sdks() {
    on_sqlite(|place| async move {
        let asked = sdks().await;
        let (whatsapp, twilio) = asked.split_at(6);

        let template = json!({"order_shipped/zh_CN": "您好{{1}}，订单{{2}}已发出。"});
        let config = json!({"phone-number-id": NUMBER, "templates": template});
        let choices: Vec<Value> = (1..5).map(|n| json!({"text": format!("Tea {n}"), "value": n.to_string()})).collect();
        let yes = json!([{"text": "Yes", "value": "yes"}, {"text": "No", "value": "no"}]);
        let contents = [
            json!({"text": TEXT}),
            json!({"text": TEXT, "image": "https://shop.example/tea.jpg"}),
            json!({"text": TEXT, "title": "Order", "buttons": yes}),
            json!({"text": TEXT, "buttons": choices}),
            json!({"text": TEXT, "buttons": [{"text": "Shop", "url": "https://shop.example"}]}),
            json!({"text": "您好阿达，订单A-7已发出。"}),
        ];
        for (content, theirs) in contents.iter().zip(whatsapp) {
            let ours = asks(&place, "whatsapp", &config, "whatsapp:972987654321", content).await;
            assert_eq!(whatsapp_body(&ours["body"]), whatsapp_body(&theirs["body"]), "{content}");
            assert_eq!(path(&ours, "https://graph.facebook.com"), theirs["path"]);
            assert_eq!(theirs["headers"]["authorization"], "Bearer token");
        }

        let by_number = json!({"account-sid": ACCOUNT, "from": SENDER, "callback-url": CALLBACK});
        let with = |name: &str, value: &str| {
            let mut config = by_number.clone();
            config[name] = json!(value);
            config
        };
        let mut call = with("deliver-by", "call");
        call["language"] = json!("cmn-CN");
        let picture = json!({"text": TEXT, "image": "https://shop.example/tea.jpg"});
        for ((config, content), theirs) in [
            (by_number.clone(), json!({"text": TEXT})),
            (by_number.clone(), picture),
            (with("messaging-service-sid", SERVICE), json!({"text": TEXT})),
            (call, json!({"text": TEXT})),
        ]
        .iter()
        .zip(twilio)
        {
            let ours = asks(&place, "twilio", config, "phone:+8613800138000", content).await;
            assert_eq!(pairs(&ours["body"]), pairs(&theirs["body"]), "{content}");
            assert_eq!(path(&ours, "https://api.twilio.com"), theirs["path"]);
            assert_eq!(theirs["headers"]["content-type"], "application/x-www-form-urlencoded");
            assert_eq!(theirs["headers"]["authorization"], "Basic U0sxOnM=", "SK1:s, as the secret `basic` is written");
        }
    });
}
