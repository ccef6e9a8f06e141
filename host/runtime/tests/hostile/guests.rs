//! The guests under `tests/guests`, built once for all tests, and the input they get.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, OnceLock};

use guanxi_domain::campaign::{Decision, Failure, Moment, Profile, SeenEvent, Value};
use guanxi_domain::limits::CallLimits;
use guanxi_domain::person::{Role, Stage, Tag};
use guanxi_runtime::{Call, Plugin, Runtime, RuntimeOptions};

/// The package of one guest.
pub fn package(name: &str) -> &'static [u8] {
    packages().get(name).unwrap_or_else(|| panic!("no guest called {name}"))
}

/// One runtime for all tests that need no special one.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new(RuntimeOptions::default()).expect("a runtime"))
}

/// An admitted guest; admitted once.
pub fn plugin(name: &str) -> Plugin {
    static ADMITTED: Mutex<BTreeMap<String, Plugin>> = Mutex::new(BTreeMap::new());
    let admit = || runtime().admit(package(name)).unwrap_or_else(|refusal| panic!("{name}: {refusal}")).plugin;
    ADMITTED.lock().expect("no panic").entry(name.to_owned()).or_insert_with(admit).clone()
}

/// Calls `decide` of a guest for moments of these kinds, with default limits.
pub fn decide(name: &str, config: &str, kinds: &[&str]) -> Call<Vec<Result<Decision, Failure>>> {
    plugin(name).decide(config, &moments(kinds), &CallLimits::default())
}

/// Moments of these kinds, each of another person.
pub fn moments(kinds: &[&str]) -> Vec<Moment> {
    kinds.iter().enumerate().map(|(index, kind)| moment(index, kind)).collect()
}

fn moment(index: usize, kind: &str) -> Moment {
    let event = |id: String| SeenEvent {
        id,
        kind: kind.to_owned(),
        at: 1_700_000_000_000,
        channel: Some("web".into()),
        touchpoint: None,
        properties: r#"{"total": 129.5}"#.into(),
    };
    Moment {
        event: event(format!("evt_{index}")),
        person: Profile {
            id: format!("per_{index}"),
            stage: Stage::Fan,
            roles: vec![Role::Consumer, Role::Promoter],
            locale: Some("zh-CN".into()),
            tags: vec![Tag { dimension: "interest".into(), name: "茶".into(), weight: 0.7 }],
            scores: vec![("social-value".into(), 12.5)],
            fields: vec![
                ("city".into(), Value::Text("上海".into())),
                ("langs".into(), Value::Texts(vec!["zh".into()])),
            ],
            reachable: vec!["email".into()],
        },
        history: vec![event("evt_before".into())],
        state: Some("41".into()),
        now: 1_700_000_000_500,
        seed: 7,
    }
}

fn packages() -> &'static BTreeMap<String, Vec<u8>> {
    static PACKAGES: OnceLock<BTreeMap<String, Vec<u8>>> = OnceLock::new();
    PACKAGES.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let names: Vec<String> = std::fs::read_dir(root.join("tests/guests"))
            .expect("the guests' directory")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        let crates: Vec<String> = names.iter().map(|name| format!("guest-{name}")).collect();
        let crates: Vec<&str> = crates.iter().map(String::as_str).collect();
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
        let built = guanxi_package::build_crates(&root, &crates, &target.join("wasm")).expect("the guests build");
        let name = |dir: &Path| dir.file_name().expect("a directory").to_string_lossy().into_owned();
        built.into_iter().map(|built| (name(&built.dir), built.package)).collect()
    })
}
