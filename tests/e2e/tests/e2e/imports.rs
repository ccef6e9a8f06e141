//! ID-11: files of an old CRM come in, are recognised row by row and reported, and a host that is killed in the middle
//! goes on where it was.

use std::fmt::Write;

use guanxi_e2e::host::run_well;
use guanxi_e2e::sql::Database;
use guanxi_e2e::{Host, Place, Tenant, eventually, on_both};
use reqwest::Method;
use serde_json::{Value, json};

/// Uploads a file.
pub async fn upload(tenant: &Tenant, query: &str, file: impl Into<Vec<u8>>) -> Value {
    tenant.api.post_bytes(&format!("/imports{query}"), "application/octet-stream", file.into()).await.expect(201)
}

fn at(import: &Value, rest: &str) -> String {
    format!("/imports/{}{rest}", import["id"].as_str().expect("an id"))
}

/// Starts its import.
pub async fn start(tenant: &Tenant, import: &Value) {
    tenant.api.send(Method::POST, &at(import, "/start")).await.expect(200);
}

/// Waits until it is done.
pub async fn done(tenant: &Tenant, import: &Value) -> Value {
    let path = at(import, "");
    eventually("the import is done", async || {
        let now = tenant.api.get(&path).await.expect(200);
        assert_ne!(now["status"], "failed", "{now}");
        (now["status"] == "done").then_some(now)
    })
    .await
}

/// New, recognised, unchanged, conflicting, refused.
pub fn counts(import: &Value) -> [i64; 5] {
    ["new", "recognised", "unchanged", "conflicting", "refused"].map(|name| import["rows"][name].as_i64().unwrap())
}

async fn brand(host: &Host) -> Tenant {
    let tenant = host.tenant("acme").await;
    let settings = json!({"region": "CN", "purposes": {"marketing": {"title": "营销", "basis": "consent"}}});
    tenant.api.put("/settings", &settings).await.expect(200);
    tenant
}

const MEMBERS: &str = "手机号,会员卡号,姓名,生日,客户标签,接受营销\n\
    13800138000,M-1,王小明,1990/2/28,高消费、母婴,是\n\
    +86 139 0013 9000,M-2,李雷,,,否\n\
    12345,M-3,坏号码,,,\n\
    ,,没有人,,,\n\
    13700137000,M-4,\"没有结束,,,\n\
    13600136000,M-5,韩梅梅,1992年12月1日,,\n";

#[test]
fn id_11_rows_are_recognised_and_reported_in_any_encoding() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let acme = brand(&host).await;
        let known = json!({"userId": "7", "traits": {"phone": "13900139000", "name": "李雷"}});
        acme.call("identify", &known).await.expect(202);
        acme.person("phone:+8613900139000", |_| true).await;

        let (gb, _, _) = encoding_rs::GB18030.encode(MEMBERS);
        let import = upload(&acme, "?name=members.csv", gb.to_vec()).await;
        assert_eq!((&import["status"], &import["subject"]), (&json!("stopped"), &json!("people")));
        assert_eq!(import["mapping"]["options"]["encoding"], "gb18030");
        let preview = acme.api.get(&at(&import, "/preview")).await.expect(200);
        assert_eq!(preview["rows"][0]["read"]["attributes"]["birthday"], "1990-02-28");
        assert!(preview["rows"][2]["refused"].as_str().unwrap().starts_with("手机号"), "{preview}");
        start(&acme, &import).await;
        let import = done(&acme, &import).await;
        assert_eq!(counts(&import), [2, 1, 0, 0, 3], "{import}");
        assert_eq!(import["rows"]["total"], 6);

        let person = acme.person("member_card:M-1", |_| true).await;
        assert_eq!((&person["name"], &person["attributes"]["birthday"]), (&json!("王小明"), &json!("1990-02-28")));
        let tags: Vec<&Value> = person["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
        assert_eq!(tags, ["母婴", "高消费"]);
        assert_eq!(acme.find("member_card:M-2").await.unwrap()["id"], acme.find("user:7").await.unwrap()["id"]);
        let timeline = acme.api.get(&format!("/people/{}/timeline", person["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(timeline["items"], json!([]), "a record that was taken over is nothing that somebody did");

        let report = acme.api.get(&at(&import, "/report?result=refused")).await;
        let lines: Vec<String> = report.text().lines().map(str::to_owned).collect();
        assert_eq!(report.header("content-type"), Some("text/csv; charset=utf-8"));
        assert_eq!(lines.len(), 4, "{lines:?}");
        assert!(lines[1].starts_with("3,refused,,") && lines[1].contains("12345"), "{lines:?}");
        assert!(lines[3].starts_with("5,refused,,") && lines[3].contains("quotation"), "{lines:?}");

        // The same rows from another encoding: nothing changes.
        let before = acme.list("/people").await;
        let utf16: Vec<u8> = MEMBERS.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let again = upload(&acme, "", utf16).await;
        start(&acme, &again).await;
        assert_eq!(counts(&done(&acme, &again).await), [0, 0, 3, 0, 3]);
        assert_eq!(acme.list("/people").await, before);

        // Somebody's card with somebody else's number is looked at by people.
        let claimed = upload(&acme, "", "user_id,email\n7,a@example.com\n8,a@example.com\n").await;
        start(&acme, &claimed).await;
        assert_eq!(counts(&done(&acme, &claimed).await), [0, 1, 0, 1, 0]);

        // What not every database can store stands in none.
        let odd = upload(&acme, "", "user_id,city\n9,Shang\0hai\n9,Shanghai\n").await;
        start(&acme, &odd).await;
        assert_eq!(counts(&done(&acme, &odd).await), [1, 0, 0, 0, 1]);
        let report = acme.api.get(&at(&odd, "/report?result=refused")).await.text();
        assert!(report.contains("city") && report.contains("U+0000"), "{report}");
        assert_eq!(acme.person("user:9", |_| true).await["attributes"]["city"], "Shanghai");

        let sheet = acme.api.get("/people.csv").await.text();
        assert_eq!(sheet.lines().count(), 6, "{sheet}");
        assert!(sheet.contains("member_card:M-5"), "{sheet}");
        host.stop().await;
    });
}

#[test]
fn id_11_what_is_no_file_of_rows_is_refused_at_once() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let acme = brand(&host).await;
        for (file, why) in [
            (b"".to_vec(), "empty"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(), ".xls"),
            (b"\x1f\x8b\x08\x00".to_vec(), "compressed"),
            (b"PK\x03\x04nonsense".to_vec(), "workbook"),
            (b"[{\"email\": \"a@b.co\"}]".to_vec(), "JSON lines"),
        ] {
            let answer = acme.api.post_bytes("/imports", "text/csv", file).await;
            let problem = answer.problem(400, "invalid");
            assert!(problem["detail"].as_str().unwrap().contains(why), "{problem}");
        }
        let import = upload(&acme, "", "a,b\n1,2\n").await;
        acme.api.send(Method::POST, &at(&import, "/start")).await.problem(400, "invalid");
        let mapping = json!({"columns": [{"header": "a", "target": {"to": "identity", "kind": "user"}},
                                         {"header": "b", "target": {"to": "consent", "purpose": "nonsense"}}]});
        let problem = acme.api.put(&at(&import, "/mapping"), &mapping).await.problem(400, "invalid");
        assert_eq!(problem["errors"][0]["at"], "columns[1].target.purpose");
        acme.api.delete(&at(&import, "")).await.expect(204);
        acme.api.get(&at(&import, "")).await.problem(404, "not-found");
        assert_eq!(acme.list("/imports").await, Vec::<Value>::new());
        host.stop().await;
    });
}

#[test]
fn id_12_orders_and_relations_come_in_as_events() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let acme = brand(&host).await;
        let orders = "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID\n\
            536365,85123A,6,2010-12-01 08:26:00,2.55,17850.0\n\
            536365,71053,6,2010-12-01 08:26:00,3.39,17850.0\n\
            536366,22633,1,2010-12-01 08:28:00,1.85,\n\
            C536365,71053,-1,2010-12-01 09:00:00,3.39,17850.0\n";
        let import = upload(&acme, "?name=retail.csv", orders).await;
        assert_eq!(import["subject"], "orders");
        start(&acme, &import).await;
        assert_eq!(counts(&done(&acme, &import).await), [3, 0, 0, 0, 1]);
        let buyer = acme.person("user:17850", |person| person["facts"]["order_count"] == 1).await;
        assert_eq!((&buyer["stage"], &buyer["facts"]["revenue"]), (&json!("customer"), &json!(3564)));

        let graph = upload(&acme, "", "node_1,node_2\n17850,2\n2,3\n").await;
        assert_eq!(graph["subject"], "relations");
        start(&acme, &graph).await;
        assert_eq!(counts(&done(&acme, &graph).await), [2, 0, 0, 0, 0]);
        acme.person("user:3", |_| true).await;
        host.stop().await;
    });
}

#[test]
fn id_12_campaigns_decide_about_imported_orders_only_if_asked_to() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let acme = brand(&host).await;
        acme.install("win-back", json!({})).await;
        acme.install("social-value", json!({})).await;
        let orders =
            |who: &str| format!("order number,user id,amount,order date\n{who}-1,{who},20.00,2020-05-01 10:00\n");
        let old = upload(&acme, "", orders("old")).await;
        assert_eq!((&old["subject"], &old["mapping"]["options"]["campaigns"]), (&json!("orders"), &json!(false)));
        start(&acme, &old).await;
        done(&acme, &old).await;
        // What was told is known, counted and scored.
        let known = acme.person("user:old", |person| person["facts"]["order_count"] == 1).await;
        assert!(!known["scores"].as_array().unwrap().is_empty(), "{known}");

        let new = upload(&acme, "", orders("new")).await;
        let mut mapping = new["mapping"].clone();
        mapping["options"]["campaigns"] = json!(true);
        acme.api.put(&at(&new, "/mapping"), &mapping).await.expect(200);
        start(&acme, &new).await;
        done(&acme, &new).await;
        acme.person("user:new", |person| person["facts"]["order_count"] == 1).await;
        let of = async |who: &str| {
            let id = acme.find(&format!("user:{who}")).await.unwrap()["id"].as_str().unwrap().to_owned();
            acme.api.get(&format!("/people/{id}/timeline")).await.expect(200)["decisions"].clone()
        };
        assert_eq!(of("old").await, json!([]));
        assert_eq!(of("new").await.as_array().unwrap().len(), 1);
        host.stop().await;
    });
}

const ROWS: usize = 30_000;
const KILLS: usize = 4;

#[test]
fn te_6_an_import_that_is_killed_goes_on_and_counts_exactly() {
    on_both(story_of_kills);
}

async fn story_of_kills(place: Place) {
    let mut host = Host::start(&place).await;
    let mut acme = brand(&host).await;
    let mut file = "phone,email,name,city\n".to_owned();
    for row in 0..ROWS {
        writeln!(file, "139{:08},m{row}@example.com,会员 {row},上海", row / 2 * 2).unwrap();
    }
    let import = upload(&acme, "?name=members.csv", file).await;
    start(&acme, &import).await;
    for kill in 1..=KILLS {
        let path = at(&import, "");
        let far = ROWS / (KILLS + 2) * kill;
        eventually("the import is under way", async || {
            let sent = acme.api.get(&path).await.expect(200)["rows"]["sent"].as_u64().unwrap();
            (sent as usize >= far).then_some(())
        })
        .await;
        host.kill().await;
        host = Host::start(&place).await;
        acme = acme.on(&host);
        // A worker that was killed left a lease behind; whoever does not want to wait for its end stops and starts.
        acme.api.send(Method::POST, &at(&import, "/stop")).await.expect(200);
        start(&acme, &import).await;
    }
    let import = done(&acme, &import).await;
    // Two rows in a row share a number: the second is recognised by it.
    let half = i64::try_from(ROWS / 2).unwrap();
    assert_eq!(counts(&import), [half, half, 0, 0, 0], "{import}");
    let database = Database::of(&place).await;
    assert_eq!(database.number("select count(*) from people").await, half);
    assert_eq!(database.number("select max(number) from people").await, half);
    assert_eq!(database.number("select count(*) from identities").await, half * 3);
    assert_eq!(database.number("select count(*) from import_pieces").await, 0);
    database.close().await;
    host.stop().await;
}

#[test]
fn id_11_the_command_line_imports_beside_a_server() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let acme = brand(&host).await;
        let file = place.data_dir().join("members.jsonl");
        std::fs::write(&file, "{\"phone\": \"13800138000\", \"name\": \"王小明\"}\n").unwrap();
        let path = file.to_str().unwrap();
        let shown = run_well(&place, ["import", path, "--tenant", "acme", "--dry-run"]).await;
        let mapping: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(mapping["columns"][1]["target"], json!({"to": "identity", "kind": "phone"}));
        let said = run_well(&place, ["import", path, "--tenant", "acme"]).await;
        assert!(said.contains("1 of 1 rows: 1 new"), "{said}");
        acme.person("phone:+8613800138000", |person| person["name"] == "王小明").await;
        host.stop().await;
    });
}
