//! `guanxi plugin new|build|test|run|install`, as plugin authors use them.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

pub use guanxi_e2e::environment::target;
use guanxi_e2e::environment::variable;
use guanxi_e2e::host::{command, run_well};
use guanxi_e2e::{Host, Place, on_both, on_sqlite};
use serde_json::{Value, json};

use super::run_badly;

/// The same plugins in each language, with fixtures that all of them share.
const EXAMPLES: [&str; 5] =
    ["smallest-analyzer", "smallest-campaign", "smallest-connector", "smallest-scorer", "two-kinds"];

/// A path under `examples`.
pub fn example(path: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").canonicalize().expect("the examples");
    folder.join(path).display().to_string()
}

fn first_fixture(name: &str) -> String {
    example(&format!("fixtures/{name}/first.json"))
}

/// What a command that builds prints, and whether it did.
pub async fn build(place: &Place, arguments: &[&str]) -> (bool, String) {
    let ended = command(place, arguments).env("CARGO_TARGET_DIR", target()).output().await.expect("the binary starts");
    let told = [ended.stdout, ended.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (ended.status.success(), told)
}

pub fn built(name: &str) -> String {
    PathBuf::from(variable("GUANXI_TEST_EXAMPLES")).join(format!("{name}.wasm")).display().to_string()
}

/// What `plugin run` prints for an example and the input beside it: one document a kind.
async fn answers(place: &Place, name: &str) -> Vec<Value> {
    let printed = run_well(place, ["plugin", "run", &built(name), &first_fixture(name)]).await;
    serde_json::Deserializer::from_str(&printed).into_iter().map(|document| document.expect("JSON")).collect()
}

#[test]
fn plugin_build_makes_a_component_of_a_crate() {
    on_sqlite(|place| async move {
        let folder = example("rust/smallest-campaign");
        let out = place.data_dir().join("hello.wasm").display().to_string();
        let (good, told) = build(&place, &["plugin", "build", &folder, "--out", &out]).await;
        assert!(good && told.starts_with(&format!("Built smallest-campaign 0.1.0: {out} (")), "{told}");
        assert!(
            run_well(&place, ["plugin", "run", &out, &first_fixture("smallest-campaign")])
                .await
                .contains("somebody new")
        );

        let told = run_badly(&place, ["plugin", "build", &place.data_dir().display().to_string()]).await;
        assert!(told.contains("holds no plugin") && told.contains("guanxi plugin new"), "{told}");
    });
}

#[test]
fn plugin_build_tells_what_python_lacks() {
    on_sqlite(|place| async move {
        let (folder, bin) = (example("python/smallest-analyzer"), place.data_dir().join("bin"));
        std::fs::create_dir(&bin).expect("a folder");
        let build = async || {
            let mut build = command(&place, ["plugin", "build", &folder]);
            build.env("PATH", &bin).env("CARGO_TARGET_DIR", place.data_dir().join("target"));
            let ended = build.output().await.expect("the binary starts");
            assert_eq!(ended.status.code(), Some(1));
            String::from_utf8_lossy(&ended.stderr).into_owned()
        };
        let told = build().await;
        assert!(told.contains("cannot start python3") && told.contains("install Python 3.10 or newer"), "{told}");

        let python = bin.join("python3");
        let script = "#!/bin/sh\n[ \"$1\" = -VV ] && exit 0\necho 'No module named ensurepip' >&2\nexit 1\n";
        std::fs::write(&python, script).expect("written");
        std::fs::set_permissions(&python, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("its mode");
        let told = build().await;
        assert!(told.contains("python3 -m venv failed:\nNo module named ensurepip"), "{told}");
    });
}

/// The plugins of `examples/<language>` say what the fixtures say, and the connector keeps the rules of connectors.
async fn check_conformance(place: &Place, language: &str, names: &[&str]) {
    for name in names {
        let (folder, fixtures) = (example(&format!("{language}/{name}")), example(&format!("fixtures/{name}")));
        let (good, told) = build(place, &["plugin", "test", &folder, "--fixtures", &fixtures]).await;
        assert!(good && told.contains(" ok ") && told.contains("fuel to start"), "{language}/{name}: {told}");
    }
    let name = "smallest-connector";
    let (folder, exchanges) = (example(&format!("{language}/{name}")), example(&format!("exchanges/{name}")));
    let (good, told) = build(place, &["plugin", "conform", &folder, "--exchanges", &exchanges]).await;
    assert!(good && told.contains("  passed          contents "), "{language}/{name}: {told}");
}

#[test]
fn pl_8_examples_in_rust_say_what_their_fixtures_say() {
    on_sqlite(|place| async move {
        for name in EXAMPLES {
            let fixtures = example(&format!("fixtures/{name}"));
            let told = run_well(&place, ["plugin", "test", "--component", &built(name), "--fixtures", &fixtures]).await;
            assert!(told.contains(" ok ") && !told.contains("grows faster"), "{name}: {told}");
            assert_eq!(name == "smallest-campaign" || name == "two-kinds", told.contains("fuel of batches, campaign"));
        }
    });
}

#[test]
fn pl_8_the_same_plugins_say_the_same_in_typescript() {
    on_sqlite(|place| async move { check_conformance(&place, "typescript", &EXAMPLES).await });
}

#[test]
fn pl_8_the_same_plugins_say_the_same_in_python() {
    // Each carries an interpreter, which takes its time to compile; these are of every kind.
    let names = ["smallest-analyzer", "smallest-connector", "two-kinds"];
    on_sqlite(|place| async move { check_conformance(&place, "python", &names).await });
}

/// A new project works at once; a change shows as a difference until it is taken as right; what does not compile is told with
/// its place.
async fn check_new(place: &Place, language: &str, source: &str, broken: (&str, &str), told_at: &str) {
    let folder = place.data_dir().join("greeter").display().to_string();
    let made = run_well(place, ["plugin", "new", &folder, "--kind", "campaign", "--lang", language]).await;
    assert!(made.starts_with("greeter: a campaign in "), "{made}");
    let again = run_badly(place, ["plugin", "new", &folder, "--kind", "campaign", "--lang", language]).await;
    assert!(again.contains("is not empty"), "{again}");

    let test = ["plugin", "test", &folder];
    let (good, told) = build(place, &test).await;
    assert!(good && told.starts_with("greeter 0.1.0: ") && told.contains(" ok "), "{told}");

    let source = Path::new(&folder).join(source);
    let text = std::fs::read_to_string(&source).expect("the source");
    let changed = text.replace("somebody new", "a new face");
    std::fs::write(&source, &changed).expect("written");
    let (good, told) = build(place, &test).await;
    let difference = "[0].answer[0].ok.reasons[0]: was \"somebody new\", is \"a new face\"";
    assert!(!good && told.contains(" differs ") && told.contains(difference) && told.contains("--accept"), "{told}");
    let (good, told) = build(place, &["plugin", "test", &folder, "--accept"]).await;
    assert!(good && told.contains(" accepted "), "{told}");
    let snapshot = std::fs::read_to_string(Path::new(&folder).join("fixtures/first.answer.json")).expect("a snapshot");
    assert!(snapshot.contains("a new face"), "{snapshot}");

    let (right, wrong) = broken;
    assert!(changed.contains(right), "{changed}");
    std::fs::write(&source, changed.replace(right, wrong)).expect("written");
    let (good, told) = build(place, &["plugin", "build", &folder]).await;
    assert!(!good && told.contains(told_at), "{told}");
}

#[test]
fn pl_8_a_new_project_in_rust_works_at_once() {
    on_sqlite(|place| async move {
        check_new(&place, "rust", "src/lib.rs", ("Ok(Decision", "Ok(Decisoin"), "src/lib.rs:13").await;
    });
}

#[test]
fn pl_8_a_new_project_in_typescript_works_at_once() {
    on_sqlite(|place| async move {
        check_new(&place, "typescript", "src/plugin.ts", ("text(\"name\")", "text(7)"), "src/plugin.ts(6,").await;
    });
}

#[test]
fn pl_8_a_new_project_in_python_works_at_once() {
    on_sqlite(|place| async move {
        check_new(&place, "python", "plugin.py", ("return Decision", "return return Decision"), "plugin.py\", line ")
            .await;
    });
}

#[test]
fn plugin_new_refuses_what_cannot_be_a_name() {
    on_sqlite(|place| async move {
        for name in ["Greeter", "x", "9lives", "a b", "../up.s"] {
            let folder = place.data_dir().join(name).display().to_string();
            let told = run_badly(&place, ["plugin", "new", &folder, "--kind", "scorer"]).await;
            assert!(told.contains("use 2 to 64 characters of a-z, 0-9 and -"), "{told}");
        }
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

        let [connector, done] = answers(&place, "smallest-connector").await.try_into().expect("two steps");
        let request = &connector["answer"]["ok"]["perform"];
        assert_eq!((&request["method"], &request["url"]), (&json!("POST"), &json!("https://post.example/messages")));
        assert!(!connector.to_string().contains("not-a-real-one"), "the host, not the plugin, puts secrets in");
        assert_eq!(done["answer"]["ok"], json!({"done": {"sent": null}}), "{done}");

        let kinds: Vec<Value> = answers(&place, "two-kinds").await.iter().map(|one| one["kind"].clone()).collect();
        assert_eq!(kinds, ["campaign", "scorer"]);
    });
}

#[test]
fn plugin_run_says_what_is_wrong_with_its_files() {
    on_sqlite(|place| async move {
        let scorer_input = first_fixture("smallest-scorer");
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
        let told = run_badly(&place, ["plugin", "run", &hostile, &first_fixture("smallest-campaign")]).await;
        assert!(told.contains("the plugin ran out of fuel"), "{told}");
    });
}

#[test]
fn pl_8_what_was_compiled_is_kept_for_this_user_alone() {
    on_sqlite(|place| async move {
        let run = async |variable: &str, folder: &Path| {
            let (component, input) = (built("smallest-campaign"), first_fixture("smallest-campaign"));
            let mut run = command(&place, ["plugin", "run", &component, &input]);
            run.env_remove("GUANXI_CACHE_DIR").env_remove("XDG_CACHE_HOME").env(variable, folder);
            let ended = run.output().await.expect("the binary starts");
            let told = String::from_utf8_lossy(&ended.stderr).into_owned();
            assert!(ended.status.success(), "{told}");
            told
        };
        let compiled = |dir: &Path| -> Vec<PathBuf> {
            let entries = std::fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry").path());
            entries.filter(|path| path.extension().is_some_and(|end| end == "cwasm")).collect()
        };
        for (variable, below) in [("GUANXI_CACHE_DIR", ""), ("XDG_CACHE_HOME", "guanxi"), ("HOME", ".cache/guanxi")] {
            let folder = place.data_dir().join(variable);
            assert_eq!(run(variable, &folder).await, "");
            let dir = folder.join(below).join("compiled");
            let [kept]: [PathBuf; 1] = compiled(&dir).try_into().expect("one file");
            let mode = |path: &Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
            assert_eq!((mode(&dir), mode(&dir.join("key"))), (0o700, 0o600));
            let (bytes, made) = (std::fs::read(&kept).expect("a file"), modified(&kept));
            assert_eq!(run(variable, &folder).await, "");
            assert_eq!(modified(&kept), made, "it is not compiled again");

            // A key that others could read could be theirs, and so could the code.
            std::fs::set_permissions(dir.join("key"), Permissions::from_mode(0o644)).expect("it is ours");
            let told = run(variable, &folder).await;
            assert!(told.contains("the key is not this user's alone"), "{told}");
            assert_ne!(std::fs::read(&kept).expect("a file")[..32], bytes[..32], "another mark");
            assert_eq!(run(variable, &folder).await, "");
        }
        let file = place.data_dir().join("file");
        std::fs::write(&file, "no folder").expect("a file");
        let told = run("GUANXI_CACHE_DIR", &file).await;
        assert!(told.contains("compiled plugins are not kept"), "{told}");
    });
}

fn modified(file: &Path) -> SystemTime {
    std::fs::metadata(file).and_then(|about| about.modified()).expect("a time")
}

#[test]
fn pl_8_a_profile_tells_which_functions_burn_the_fuel() {
    on_sqlite(|place| async move {
        let (folder, input) = (example("rust/smallest-campaign"), first_fixture("smallest-campaign"));
        let named = place.data_dir().join("named.wasm").display().to_string();
        let (good, told) = build(&place, &["plugin", "build", &folder, "--names", "--out", &named]).await;
        assert!(good, "{told}");
        let profile = async |component: &str| run_well(&place, ["plugin", "run", component, &input, "--profile"]).await;
        let told = profile(&named).await;
        let (answer, table) = told.split_once("fuel by function, campaign, call 1: ").expect("a table");
        let answer: Value = serde_json::from_str(answer).expect("JSON");
        assert_eq!(answer["kind"], "campaign", "{answer}");
        assert!(table.contains(" fuel, looked at 1,000 times\n") && table.contains("with callees"), "{table}");
        let shares = table.lines().filter_map(|line| line.split_once('%')?.0.trim().parse::<f64>().ok());
        let shares: Vec<f64> = shares.collect();
        assert!(!shares.is_empty() && shares.is_sorted_by(|a, b| a >= b), "{table}");
        assert!(shares.iter().sum::<f64>() < 100.5, "{table}");
        assert!(!table.contains("carries no names"), "{table}");
        assert_eq!(profile(&named).await, told, "the same each time");
        let stripped = profile(&built("smallest-campaign")).await;
        assert!(stripped.contains("the component carries no names"), "{stripped}");
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
        let asks = "events: identify\n  fields: name\n  classes: roles\n  classes: scores\n  classes: stage\n  classes: tags\n  operations: send";
        assert_eq!(
            printed,
            format!(
                "smallest-campaign 0.1.0 is in the library.\nsmallest-campaign 0.1.0 asks for:\n  {asks}\nhello is installed for acme.\n"
            )
        );
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
