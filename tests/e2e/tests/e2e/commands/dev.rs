//! PL-8: `guanxi plugin dev`, an author's loop against a running host.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use guanxi_e2e::environment::example;
use guanxi_e2e::host::{command, run_well};
use guanxi_e2e::{Host, OPERATOR_TOKEN, Place, Tenant, on_both};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use super::plugins::{build, target};
use crate::grants::version;

/// Long enough for a build on a busy machine; a line that comes is seen at once.
const LINE_MAX: Duration = Duration::from_secs(300);
const LIVE: &str = " is live in nursery as sprout, ";

/// A running `guanxi plugin dev`.
struct Loop {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Loop {
    fn start(place: &Place, host: &Host, folder: &Path, flags: &[&str]) -> Self {
        let mut command = dev(place, host, folder, flags);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the binary starts");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        Self { child, lines }
    }

    /// What it prints up to a line with these words.
    async fn until(&mut self, words: &str) -> String {
        let mut told = String::new();
        let read = async {
            while let Some(line) = self.lines.next_line().await.expect("its output") {
                told.push_str(&line);
                told.push('\n');
                if line.contains(words) {
                    return true;
                }
            }
            false
        };
        let found = timeout(LINE_MAX, read).await;
        assert_eq!(found, Ok(true), "no line with `{words}` in\n{told}");
        told
    }

    /// Presses Ctrl-C; it must end well.
    async fn interrupt(mut self) {
        let id = self.child.id().expect("a living process").to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().await.expect("kill").success());
        self.until("Stopped. What was put in place last stays.").await;
        let ended = timeout(LINE_MAX, self.child.wait()).await.expect("it ends").expect("its end");
        assert!(ended.success(), "{ended}");
    }
}

fn dev(place: &Place, host: &Host, folder: &Path, flags: &[&str]) -> Command {
    let mut command = command(place, ["plugin", "dev"]);
    command.arg(folder).args(["--host", host.url(), "--tenant", "nursery"]).args(flags);
    command.env("GUANXI_TOKEN", OPERATOR_TOKEN).env("CARGO_TARGET_DIR", target());
    command
}

/// A new project.
async fn project(place: &Place, name: &str) -> PathBuf {
    let folder = place.data_dir().join(name);
    run_well(place, ["plugin", "new", &folder.display().to_string(), "--kind", "campaign"]).await;
    folder
}

/// Why somebody who has just come is greeted.
async fn reasons(tenant: &Tenant, user: &str) -> Value {
    tenant.call("identify", &json!({"userId": user, "traits": {"name": "Ada"}})).await.expect(202);
    let person = tenant.person(&format!("user:{user}"), |_| true).await["id"].clone();
    tenant.wait_for("/decisions", 1, |decision| decision["person"] == person).await.remove(0)["reasons"].clone()
}

async fn installed(tenant: &Tenant, name: &str) -> String {
    let found = tenant.api.get(&format!("/installations/{name}")).await.expect(200);
    found["version"].as_str().expect("a version").to_owned()
}

#[test]
fn pl_8_a_save_is_live_at_the_next_event_and_a_mistake_leaves_what_runs() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let nursery = host.tenant("nursery").await;
        nursery.install("sandbox", json!({})).await;
        let folder = project(&place, "sprout").await;
        let source = folder.join("src/lib.rs");
        let text = std::fs::read_to_string(&source).expect("the source");
        let save = |from: &str, to: &str| {
            assert!(text.contains(from), "{text}");
            std::fs::write(&source, text.replace(from, to)).expect("saved");
        };

        let mut dev = Loop::start(&place, &host, &folder, &["--grant-requested"]);
        let told = dev.until(LIVE).await;
        assert!(
            told.contains("sprout 0.1.1-dev.") && told.contains(" s after the start: 1 of 1 fixtures ok, "),
            "{told}"
        );
        assert!(told.contains(" fuel (") && !told.contains(OPERATOR_TOKEN), "{told}");
        assert_eq!(reasons(&nursery, "first").await, json!(["somebody new"]));
        let first = installed(&nursery, "sprout").await;
        assert!(first.starts_with("0.1.1-dev."), "{first}");

        // A fixture that says something else is told of; a sandbox gets what its author wrote.
        save("somebody new", "a new face");
        let told = dev.until(LIVE).await;
        let difference = "[0].answer[0].ok.reasons[0]: was \"somebody new\", is \"a new face\"";
        assert!(told.contains(difference) && told.contains(" s after the save: 0 of 1 fixtures ok, "), "{told}");
        assert_eq!(reasons(&nursery, "second").await, json!(["a new face"]));
        let second = installed(&nursery, "sprout").await;
        assert!(second > first && second.len() == first.len(), "{second} {first}");

        save("Ok(Decision", "Ok(Decisoin");
        dev.until("src/lib.rs:13").await;
        assert_eq!(reasons(&nursery, "third").await, json!(["a new face"]));
        assert_eq!(installed(&nursery, "sprout").await, second);
        save("somebody new", "a familiar face");
        dev.until(LIVE).await;
        assert_eq!(reasons(&nursery, "fourth").await, json!(["a familiar face"]));

        // What it logs in the tenant is told to whoever writes it.
        let said = "guanxi_plugin::log!(info, \"greets {name}\");\n        Ok(Decision::because(\"somebody new\")";
        save("Ok(Decision::because(\"somebody new\")", said);
        dev.until(LIVE).await;
        assert_eq!(reasons(&nursery, "fifth").await, json!(["somebody new"]));
        dev.until("info: greets Ada").await;
        let last = installed(&nursery, "sprout").await;

        // What is no part of the component brings no version.
        std::fs::write(folder.join("README.md"), "Sprouts.").expect("saved");
        dev.until("nothing changed in the component").await;
        assert_eq!(installed(&nursery, "sprout").await, last);
        let manifest = std::fs::read_to_string(folder.join("plugin.toml")).expect("the manifest");
        assert!(manifest.contains("version = \"0.1.0\""), "{manifest}");

        // Nobody answers: it is told, and the loop goes on.
        host.stop().await;
        save("somebody new", "an old friend");
        dev.until(" does not answer: ").await;
        dev.interrupt().await;
    });
}

#[test]
fn pl_8_a_release_is_not_replaced_by_mistake() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let nursery = host.tenant("nursery").await;
        let folder = project(&place, "seedling").await;
        let shown = folder.display().to_string();
        let live = " is live in nursery as seedling, ";

        // What it asks for is granted by whoever says so.
        let mut dev = Loop::start(&place, &host, &folder, &[]);
        let told = dev.until("say what of it is granted").await;
        assert!(told.contains("--grant-requested grants all of it"), "{told}");
        dev.interrupt().await;
        nursery.api.get("/installations/seedling").await.problem(404, "not-found");
        let mut dev = Loop::start(&place, &host, &folder, &["--grant-requested"]);
        dev.until(live).await;
        dev.interrupt().await;

        // The release is older than what was tried, and comes in all the same.
        let out = place.data_dir().join("seedling.wasm").display().to_string();
        let (good, told) = build(&place, &["plugin", "build", &shown, "--out", &out]).await;
        assert!(good, "{told}");
        let mut install = command(&place, ["plugin", "install", &out, "--host", host.url(), "--tenant", "nursery"]);
        let ended = install.env("GUANXI_TOKEN", OPERATOR_TOKEN).output().await.expect("the binary starts");
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        assert_eq!(installed(&nursery, "seedling").await, "0.1.0");

        let ended =
            self::dev(&place, &host, &folder, &["--grant-requested"]).output().await.expect("the binary starts");
        let told = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(1), "{told}");
        assert!(told.contains("seedling of nursery is seedling 0.1.0") && told.contains("--replace"), "{told}");
        assert_eq!(installed(&nursery, "seedling").await, "0.1.0");
        let mut dev = Loop::start(&place, &host, &folder, &["--grant-requested", "--replace"]);
        dev.until(live).await;
        assert!(installed(&nursery, "seedling").await.starts_with("0.1.1-dev."));
        dev.interrupt().await;
        host.stop().await;
    });
}

#[test]
fn pl_8_development_versions_are_few_and_stand_in_no_releases_way() {
    on_both(|place| async move {
        const NAME: &str = "smallest-campaign";
        let host = Host::start(&place).await;
        let (operator, nursery) = (host.operator(), host.tenant("nursery").await);
        let packed = async |number: &str| {
            let fields = r#"fields = [{ name = "name", purpose = "to greet" }]"#;
            version(&place, number, r#"events = ["identify"]"#, fields).await
        };
        let upload = async |number: &str, query: &str| {
            let path = format!("/api/v1/plugins{query}");
            operator.post_bytes(&path, "application/wasm", packed(number).await).await
        };
        nursery.install_component(NAME, packed("0.1.1-dev.1").await, json!({}), json!({})).await;
        for number in 2..=12 {
            upload(&format!("0.1.1-dev.{number}"), "").await.expect(201);
        }
        let listed = operator.get("/api/v1/plugins").await.expect(200);
        let items = listed["items"].as_array().expect("items").iter();
        let kept: Vec<&str> =
            items.filter(|item| item["name"] == NAME).map(|item| item["version"].as_str().unwrap()).collect();
        let mut expected: Vec<String> = (5..=12).rev().map(|number| format!("0.1.1-dev.{number}")).collect();
        expected.push("0.1.1-dev.1".to_owned());
        assert_eq!(kept, expected, "the latest, and the one that is installed");
        nursery.install("sandbox", json!({})).await;
        assert_eq!(reasons(&nursery, "ada").await, json!(["somebody new"]));

        // The example as it is released, then the next one; what is tried later is no older than that by mistake.
        assert_eq!(nursery.upload(example(NAME)).await["version"], "0.1.0");
        upload("0.1.1", "").await.expect(201);
        let older = upload("0.1.1-dev.13", "").await.problem(409, "conflict").to_string();
        assert!(older.contains("is older than 0.1.1"), "{older}");
        upload("0.1.1-dev.13", "?older=true").await.expect(201);
        host.stop().await;
    });
}
