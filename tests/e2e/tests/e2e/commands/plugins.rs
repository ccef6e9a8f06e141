//! `guanxi plugin build|run|install`, as plugin authors use them.

use std::path::{Path, PathBuf};

use guanxi_e2e::environment::{binary, variable};
use guanxi_e2e::host::{command, run_well};
use guanxi_e2e::{Host, Place, on_both, on_sqlite};
use serde_json::{Value, json};

use super::run_badly;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/rust").canonicalize().expect("the examples")
}

fn built(name: &str) -> String {
    PathBuf::from(variable("GUANXI_TEST_EXAMPLES")).join(format!("{name}.wasm")).display().to_string()
}

/// What `plugin run` prints for an example and the input beside it: one document a kind.
async fn answers(place: &Place, name: &str) -> Vec<Value> {
    let input = examples().join(name).join("input.json").display().to_string();
    let printed = run_well(place, ["plugin", "run", &built(name), &input]).await;
    serde_json::Deserializer::from_str(&printed).into_iter().map(|document| document.expect("JSON")).collect()
}

#[test]
fn plugin_build_makes_a_component_of_a_crate() {
    on_sqlite(|place| async move {
        let folder = examples().join("smallest-campaign").display().to_string();
        let out = place.data_dir().join("hello.wasm").display().to_string();
        let mut build = command(&place, ["plugin", "build", &folder, "--out", &out]);
        // Where the tests' own components are built, so that nothing is compiled again.
        let target = binary().parent().and_then(Path::parent).expect("a target folder").to_owned();
        let ended = build.env("CARGO_TARGET_DIR", target).output().await.expect("the binary starts");
        let (told, complained) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
        assert!(ended.status.success(), "{complained}");
        assert!(told.starts_with(&format!("Built smallest-campaign 0.1.0: {out} (")), "{told}");
        let input = examples().join("smallest-campaign/input.json").display().to_string();
        assert!(run_well(&place, ["plugin", "run", &out, &input]).await.contains("somebody new"));

        let told = run_badly(&place, ["plugin", "build", &place.data_dir().display().to_string()]).await;
        assert!(told.contains("Cargo.toml") || told.contains("plugin.toml"), "{told}");
    });
}

#[test]
fn plugin_run_prints_answers_and_fuel_of_every_kind() {
    on_sqlite(|place| async move {
        let [campaign] = answers(&place, "smallest-campaign").await.try_into().expect("one kind");
        assert_eq!((&campaign["kind"], &campaign["items"]), (&json!("campaign"), &json!(2)));
        let spent = campaign["fuel"].as_u64().expect("fuel");
        assert!(spent > 0 && spent < campaign["fuel_allowed"].as_u64().expect("fuel"), "{campaign}");
        let names: Vec<&Value> =
            [0, 1].map(|item| &campaign["answer"][item]["ok"]["operations"][0]["variables"]["name"]).to_vec();
        assert_eq!(names, ["Ada", "friend"], "{campaign}");

        let [scorer] = answers(&place, "smallest-scorer").await.try_into().expect("one kind");
        let score = &scorer["answer"]["ok"]["scores"][0];
        assert_eq!((&score["score"], &score["values"]), (&json!("basket-size"), &json!([4000.0, 0.0, 1999.0])));

        let [analyzer] = answers(&place, "smallest-analyzer").await.try_into().expect("one kind");
        let moods: Vec<&Value> = [0, 1, 2].map(|item| &analyzer["answer"][item]["ok"]["mood"]).to_vec();
        assert_eq!(moods, [&json!(-0.5), &json!(-0.5), &Value::Null], "{analyzer}");

        let [connector] = answers(&place, "smallest-connector").await.try_into().expect("one kind");
        let request = &connector["answer"]["ok"]["perform"];
        assert_eq!((&request["method"], &request["url"]), (&json!("POST"), &json!("https://post.example/messages")));
        assert!(!connector.to_string().contains("not-a-real-one"), "the host, not the plugin, puts secrets in");

        let kinds: Vec<Value> = answers(&place, "two-kinds").await.iter().map(|one| one["kind"].clone()).collect();
        assert_eq!(kinds, ["campaign", "scorer"]);
    });
}

#[test]
fn plugin_run_says_what_is_wrong_with_its_files() {
    on_sqlite(|place| async move {
        let scorer_input = examples().join("smallest-scorer/input.json").display().to_string();
        let bad = place.data_dir().join("bad.json").display().to_string();
        std::fs::write(&bad, "{\"moment\": []}").expect("a file");
        for (component, input, words) in [
            (built("smallest-campaign"), scorer_input.clone(), "give `moments` to a campaign"),
            (built("smallest-campaign"), bad, "unknown field `moment`"),
            (built("smallest-campaign"), "nowhere.json".to_owned(), "nowhere.json cannot be read"),
            (scorer_input.clone(), scorer_input, "not a WebAssembly component"),
        ] {
            let told = run_badly(&place, ["plugin", "run", &component, &input]).await;
            assert!(told.starts_with("error: ") && told.contains(words), "{told}");
        }
        let hostile = PathBuf::from(variable("GUANXI_TEST_GUESTS")).join("endless-loop.wasm").display().to_string();
        let input = examples().join("smallest-campaign/input.json").display().to_string();
        let told = run_badly(&place, ["plugin", "run", &hostile, &input]).await;
        assert!(told.contains("the plugin ran out of fuel"), "{told}");
    });
}

#[test]
fn plugin_install_reaches_a_running_host() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let acme = host.tenant("acme").await;
        acme.install("sandbox", json!({})).await;
        let call = |number: usize| json!({"userId": format!("user-{number}"), "traits": {"name": "Ada"}});
        acme.call("identify", &call(0)).await.expect(202);
        acme.person("user:user-0", |_| true).await;

        let install = ["plugin", "install", &built("smallest-campaign"), "--tenant", "acme"];
        let told = run_badly(&place, install).await;
        assert!(told.contains("grant"), "what it asks for must be granted: {told}");
        let printed = run_well(&place, install.iter().chain(&["--grant-requested", "--name", "hello"])).await;
        assert_eq!(printed, "smallest-campaign 0.1.0 is in the library.\nhello is installed for acme.\n");
        // It is asked about what comes from now on, without a restart.
        let mut number = 0;
        let decided = guanxi_e2e::eventually("a decision of the new plugin", async || {
            number += 1;
            acme.call("identify", &call(number)).await.expect(202);
            acme.list("/decisions").await.into_iter().find(|decision| decision["installation"] == "hello")
        });
        let decided = decided.await;
        assert_eq!(
            (&decided["outcome"], &decided["reasons"]),
            (&json!("acted"), &json!(["somebody new"])),
            "{decided}"
        );
        host.stop().await;
    });
}
