//! `guanxi migrate`, `tenant`, `token` and `log`.

use guanxi_e2e::host::{command, run_well};
use guanxi_e2e::sql::Database;
use guanxi_e2e::{Host, OPERATOR_TOKEN, Place, eventually, on_both};
use serde_json::json;

use super::run_badly;

#[test]
fn migrate_runs_twice_and_refuses_a_newer_schema() {
    on_both(|place| async move {
        assert_eq!(run_well(&place, ["migrate"]).await, "The schema was brought up to date.\n");
        assert_eq!(run_well(&place, ["migrate"]).await, "The schema is up to date.\n");
        let database = Database::of(&place).await;
        let from_the_future = "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
                               select 9999, 'from the future', success, checksum, 0 from _sqlx_migrations where version = 1";
        database.execute(from_the_future).await;
        database.close().await;
        let refusal =
            "the database has schema 9999, which this version of Guanxi does not know; start the newer version";
        for arguments in [["migrate"], ["serve"]] {
            let told = run_badly(&place, arguments).await;
            assert!(told.starts_with("error: ") && told.contains(refusal), "{told}");
        }
    });
}

#[test]
fn tenants_are_created_and_listed() {
    on_both(|place| async move {
        assert_eq!(run_well(&place, ["tenant", "list"]).await, "");
        assert_eq!(run_well(&place, ["tenant", "create", "acme", "Acme 茶"]).await, "Created the tenant acme.\n");
        run_well(&place, ["tenant", "create", "zen", "Zen"]).await;
        assert_eq!(run_well(&place, ["tenant", "list"]).await, "acme\tAcme 茶\nzen\tZen\n");
        let told = run_badly(&place, ["tenant", "create", "acme", "Another"]).await;
        assert!(told.contains("exists already"), "{told}");
        let told = run_badly(&place, ["tenant", "create", "Ä", "Another"]).await;
        assert!(told.starts_with("error: slug: "), "{told}");
        let told = run_badly(&place, ["token", "list", "nobody"]).await;
        assert!(told.contains("tenant"), "{told}");
    });
}

#[test]
fn tokens_are_created_listed_and_stop_working_when_revoked() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        run_well(&place, ["tenant", "create", "acme", "Acme"]).await;
        let create = ["token", "create", "reports", "--tenant", "acme", "--scopes", "read,manage"];
        let token = run_well(&place, create).await.trim().to_owned();
        let write_key = run_well(&place, ["token", "create", "shop", "--tenant", "acme", "--scopes", "ingest"]).await;
        let (reader, sender) = (host.stranger().with_token(&token), host.stranger().with_token(write_key.trim()));
        reader.get("/api/v1/tenants/acme/people").await.expect(200);
        sender.post("/v1/track", &json!({"userId": "ada", "event": "Hello"})).await.expect(202);
        sender.get("/api/v1/tenants/acme/people").await.problem(403, "forbidden");
        reader.post("/v1/track", &json!({"userId": "ada", "event": "Hello"})).await.problem(403, "forbidden");

        let listed = run_well(&place, ["token", "list", "acme"]).await;
        assert!(!listed.contains(&token), "a secret is shown once: {listed}");
        let id = |name: &str| {
            let line = listed.lines().find(|line| line.split('\t').nth(1) == Some(name)).expect(name);
            assert!(line.ends_with("\tvalid"), "{line}");
            line.split('\t').next().expect("an id").to_owned()
        };
        assert_eq!(run_well(&place, ["token", "revoke", "acme", &id("reports")]).await, "Revoked.\n");
        // The running host learns of it by itself.
        let gone = async || (reader.get("/api/v1/tenants/acme/people").await.status == 401).then_some(());
        eventually("the revoked token is refused", gone).await;
        reader.get("/api/v1/tenants/acme/people").await.problem(401, "unauthorized");
        sender.post("/v1/track", &json!({"userId": "ada", "event": "Hello"})).await.expect(202);
        let listed = run_well(&place, ["token", "list", "acme"]).await;
        assert!(listed.lines().any(|line| line.contains("\treports\t") && line.ends_with("\trevoked")), "{listed}");

        let operator = run_well(&place, ["token", "create", "ops", "--operator"]).await;
        host.stranger().with_token(operator.trim()).get("/api/v1/tenants").await.expect(200);
        let told = run_badly_usage(&place, &["token", "create", "nothing"]).await;
        assert!(told.contains("--scopes"), "{told}");
        host.stop().await;
    });
}

async fn run_badly_usage(place: &Place, arguments: &[&str]) -> String {
    let output = guanxi_e2e::host::run(place, arguments).await;
    assert_eq!(output.status.code(), Some(2));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_operator_token_is_preset_or_printed_once() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        host.stranger().with_token(OPERATOR_TOKEN).get("/api/v1/tenants").await.expect(200);
        host.stop().await;

        let fresh = Place::sqlite();
        let listen = async |fresh: &Place| {
            let mut serve = command(fresh, ["serve"]);
            serve.env_remove("GUANXI_OPERATOR_TOKEN").stdout(std::process::Stdio::piped());
            serve
        };
        let first = Printed::until_it_listens(listen(&fresh).await).await;
        let shown = "The first operator token, shown only now: ";
        let token = first.lines.iter().find_map(|line| line.strip_prefix(shown)).expect("a token").to_owned();
        guanxi_e2e::Client::new(&first.url).with_token(&token).get("/api/v1/tenants").await.expect(200);
        first.end().await;
        let second = Printed::until_it_listens(listen(&fresh).await).await;
        assert!(!second.lines.iter().any(|line| line.contains("token")), "{:?}", second.lines);
        guanxi_e2e::Client::new(&second.url).with_token(&token).get("/api/v1/tenants").await.expect(200);
        second.end().await;

        let mut short = command(&fresh, ["serve"]);
        let ended = short.env("GUANXI_OPERATOR_TOKEN", "short").output().await.expect("the binary starts");
        assert_eq!(ended.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&ended.stderr).contains("16"), "says how long it must be");
    });
}

/// A host of which every printed line is read.
struct Printed {
    child: tokio::process::Child,
    lines: Vec<String>,
    url: String,
}

impl Printed {
    async fn until_it_listens(mut command: tokio::process::Command) -> Self {
        use tokio::io::AsyncBufReadExt;
        let mut child = command.spawn().expect("the binary starts");
        let mut output = tokio::io::BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut lines = Vec::new();
        while let Some(line) = output.next_line().await.expect("its output") {
            if let Some(url) = line.strip_prefix("Guanxi listens on ") {
                return Self { child, url: url.to_owned(), lines };
            }
            lines.push(line);
        }
        panic!("it ended before it listened: {lines:?}")
    }

    async fn end(mut self) {
        self.child.kill().await.expect("it is ours to end");
    }
}

#[test]
fn what_cannot_be_processed_is_shown_and_tried_again() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let acme = host.tenant("acme").await;
        let order = |id: &str, properties: serde_json::Value| json!({"type": "track", "event": "Order Completed", "userId": "ada", "messageId": id, "properties": properties});
        acme.batch(&[order("good", json!({"order_id": "1", "total": 5})), order("bad", json!({"total": 5}))]).await;
        let dead = acme.wait_for("/dead-letters", 1, |_| true).await;
        assert_eq!(dead[0]["event"]["message_id"], "bad");
        assert_eq!(acme.person("user:ada", |_| true).await["facts"]["order_count"], 1);

        let shown = run_well(&place, ["log", "show", "acme"]).await;
        let position = dead[0]["event"]["position"].to_string();
        let fields: Vec<&str> = shown.trim_end().split('\t').collect();
        assert_eq!(fields[..3], [&position, dead[0]["event"]["id"].as_str().expect("an id"), "Order Completed"]);
        assert!(fields[3].contains("properties.order_id: give the number of the order"), "{shown}");

        // The running host takes it up; nothing has changed, so it fails again, at its new place.
        let told = run_well(&place, ["log", "retry", "acme", &position]).await;
        assert!(told.starts_with(&format!("Position {position} is in the log again at ")), "{told}");
        let again = acme
            .wait_for("/dead-letters", 1, |letter| letter["event"]["position"] != dead[0]["event"]["position"])
            .await;
        for part in ["kind", "properties", "identities", "occurred_at"] {
            assert_eq!(again[0]["event"][part], dead[0]["event"][part], "{again:?}");
        }
        assert_eq!(run_well(&place, ["log", "retry", "acme"]).await, "1 events are in the log again.\n");
        let last = again[0]["event"]["position"].as_i64();
        acme.wait_for("/dead-letters", 1, |letter| letter["event"]["position"].as_i64() > last).await;
        assert_eq!(acme.list("/dead-letters").await.len(), 1);
        let told = run_badly(&place, ["log", "retry", "acme", "999999"]).await;
        assert!(told.contains("dead letter"), "{told}");
        host.stop().await;
    });
}
