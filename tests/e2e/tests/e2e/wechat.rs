//! CH-2, CH-3: wechatpy signs and encrypts what WeChat and WeCom send; the bundled connectors read it on a running host.

use guanxi_e2e::{Host, on_both, script};
use serde_json::{Value, json};

/// Of wechatpy's own tests.
const TOKEN: &str = "123456";
const AES_KEY: &str = "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR";

struct Account {
    connector: &'static str,
    is_wecom: bool,
    config: Value,
    receiver: &'static str,
    message: &'static str,
    kind: &'static str,
    person: &'static str,
    properties: Value,
}

fn accounts() -> [Account; 4] {
    [
        Account {
            connector: "wechat",
            is_wecom: false,
            config: json!({"app-id": "wx49f0ab532d5d035a"}),
            receiver: "wx49f0ab532d5d035a",
            message: "<xml><ToUserName>gh_1</ToUserName><FromUserName>oABC</FromUserName><CreateTime>NOW</CreateTime><MsgType>event</MsgType><Event>VIEW</Event><EventKey>https://shop.example/?a=1</EventKey><MenuId>7</MenuId></xml>",
            kind: "Menu Clicked",
            person: "wechat_openid:oABC",
            properties: json!({"url": "https://shop.example/?a=1", "menu": "7"}),
        },
        Account {
            connector: "wechat-mini-program",
            is_wecom: false,
            config: json!({"app-id": "wxmini"}),
            receiver: "wxmini",
            message: "{\"ToUserName\":\"gh_2\",\"FromUserName\":\"oMini\",\"CreateTime\":NOW,\"MsgType\":\"text\",\"Content\":\"你好\",\"MsgId\":24763148}",
            kind: "Message Received",
            person: "wechat_openid:wxmini/oMini",
            properties: json!({"text": "你好", "message-id": "24763148", "kind": "text", "fields": {}}),
        },
        Account {
            connector: "wecom",
            is_wecom: true,
            config: json!({"corp-id": "ww1", "agent-id": 1_000_002}),
            receiver: "ww1",
            message: "<xml><ToUserName>ww1</ToUserName><FromUserName>zhangsan</FromUserName><CreateTime>NOW</CreateTime><MsgType>event</MsgType><Event>click</Event><EventKey>K1</EventKey><AgentID>1000002</AgentID></xml>",
            kind: "Menu Clicked",
            person: "wecom_userid:zhangsan",
            properties: json!({"key": "K1"}),
        },
        Account {
            connector: "wecom-contact",
            is_wecom: true,
            config: json!({"corp-id": "ww1"}),
            receiver: "ww1",
            message: "<xml><ToUserName>ww1</ToUserName><FromUserName>sys</FromUserName><CreateTime>NOW</CreateTime><MsgType>event</MsgType><Event>change_external_contact</Event><ChangeType>add_external_contact</ChangeType><UserID>zhangsan</UserID><ExternalUserID>woAJ2GCAAAXtWyujaWJHDDGi0mAAAA</ExternalUserID><State>shop-7</State><WelcomeCode>W</WelcomeCode></xml>",
            kind: "Channel Followed",
            person: "wecom_external_id:woAJ2GCAAAXtWyujaWJHDDGi0mAAAA",
            properties: json!({"member": "zhangsan", "state": "shop-7", "change": "add_external_contact", "welcome-code": "W"}),
        },
    ]
}

#[test]
fn ch_3_what_wechatpy_encrypts_is_read() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        let mut calls = Vec::new();
        for account in accounts() {
            let Account { connector, is_wecom, config, receiver, message, .. } = account;
            let component = guanxi_e2e::environment::plugin(connector);
            let mut secrets = json!({"token": TOKEN, "encoding-aes-key": AES_KEY});
            secrets[if is_wecom { "corp-secret" } else { "app-secret" }] = json!("a secret");
            if connector == "wechat-mini-program" {
                secrets["backend-key"] = json!("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
            }
            tenant.install_component(connector, component, config, secrets).await;
            let path = format!("/hooks/acme/{connector}");
            calls.push(json!({"work": is_wecom, "receiver": receiver, "path": path, "echo": "1616140317555161061"}));
            // A repetition happens once.
            for _ in 0..2 {
                calls.push(json!({"work": is_wecom, "receiver": receiver, "path": path, "message": message}));
            }
            calls.push(json!({"work": is_wecom, "receiver": "another", "path": path, "message": message}));
        }
        let given = json!({"host": host.url(), "token": TOKEN, "aes_key": AES_KEY, "calls": calls});
        let answers = script::python("wechat_callbacks.py", &given).await;
        for answers in answers.as_array().expect("answers").chunks(4) {
            let [echo, first, again, foreign] = answers else { panic!("{answers:?}") };
            assert_eq!(echo, &json!({"status": 200, "body": "1616140317555161061"}));
            assert_eq!((first, again), (&json!({"status": 200, "body": "success"}), first));
            assert_eq!(foreign["status"], 403, "what is meant for another account is refused: {foreign}");
        }
        for Account { connector, kind, person, properties, .. } in accounts() {
            let of_channel = |event: &Value| event["channel"] == connector && event["kind"] == kind;
            let told = tenant.wait_for("/events", 1, of_channel).await;
            assert_eq!((told.len(), &told[0]["properties"]), (1, &properties), "{connector}");
            assert!(tenant.person(person, |_| true).await["id"].is_string(), "{person}");
        }
        host.stop().await;
    });
}
