//! The admission check of an upload: everything that can be known about a component before a tenant runs it.
//! It refuses rather than warns, and it names all problems at once.

use std::fmt;

use guanxi_domain::contract;
use guanxi_domain::limits::{COMPONENT_BYTES_MAX, CallLimits};
use guanxi_domain::manifest::{Kind, Manifest};
use guanxi_package::Inspection;

use crate::engine::Stopwatch;
use crate::plugin::millis;
use crate::{Plugin, Runtime};

/// A component that may be installed.
#[derive(Debug)]
pub struct Admitted {
    /// What it declares.
    pub manifest: Manifest,
    /// The same as text, as its author wrote it.
    pub manifest_toml: String,
    /// The SHA-256 of the package, lower-case hex.
    pub digest: String,
    /// What the check found.
    pub report: AdmissionReport,
    /// Ready to be called.
    pub plugin: Plugin,
}

/// What the admission check found in a component that it admits.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct AdmissionReport {
    /// Bytes of the package.
    pub size: usize,
    /// What it is.
    pub kinds: Vec<Kind>,
    /// Optional parts of the contract that it serves, such as `connector-receive`.
    pub facets: Vec<String>,
    /// Names it imports.
    pub imports: Vec<String>,
    /// Names it exports.
    pub exports: Vec<String>,
    /// Time to compile it, or to load it compiled.
    pub compile_ms: u64,
    /// Bytes of machine code and tables.
    pub compiled_bytes: usize,
    /// Bytes of memory that each instance starts with.
    pub memory_min: u64,
    /// Fuel that an instance burns before its first call.
    pub instantiation_fuel: u64,
    /// Remarkable but harmless.
    pub notes: Vec<String>,
}

/// One reason not to admit a component.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// What is wrong.
    pub what: String,
    /// Where it is wrong: `component`, `plugin.toml`, an import or an export.
    pub at: String,
    /// What its author can do.
    pub remedy: String,
}

/// A component that is not admitted, with every reason found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Refusal {
    /// At least one.
    pub problems: Vec<Problem>,
}

impl std::error::Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the component is refused")?;
        for Problem { what, at, remedy } in &self.problems {
            write!(f, "; {at}: {what}: {remedy}")?;
        }
        Ok(())
    }
}

impl Runtime {
    /// Checks, compiles and instantiates a component once; takes as long as compiling, so not for an async thread.
    pub fn admit(&self, component: &[u8]) -> Result<Admitted, Refusal> {
        if component.len() > COMPONENT_BYTES_MAX {
            let what = format!("has {} bytes, more than {COMPONENT_BYTES_MAX}", component.len());
            return Err(refusal("component", what, "leave out what it does not need, and strip debug sections"));
        }
        let outline = guanxi_package::inspect(component)
            .map_err(|e| refusal("component", e, "upload what `guanxi plugin build` wrote"))?;
        let (manifest, manifest_toml, notes) = check(component, &outline, self.0.drafts)?;
        let digest = guanxi_package::digest(component);
        let started = Stopwatch::start();
        let compiled = self
            .compile(component, &digest)
            .map_err(|e| refusal("component", e, "build it with the tools that the contract's guide names"))?;
        let compile_ms = millis(started.elapsed());
        let code = compiled.image_range();
        let plugin = self
            .prepare(&compiled, manifest.clone(), digest.clone())
            .map_err(|e| refusal("component", e, "build it with the unchanged WIT of this contract"))?;
        let trial = plugin.0.try_out(&CallLimits::default());
        trial.result.map_err(|e| refusal("component", e, "keep start-up code within the limits of a call"))?;
        let report = AdmissionReport {
            size: outline.size,
            kinds: manifest.kinds(),
            facets: outline.exports.iter().filter_map(|name| facet(name)).map(str::to_owned).collect(),
            imports: outline.imports,
            exports: outline.exports,
            compile_ms,
            compiled_bytes: (code.end as usize).saturating_sub(code.start as usize),
            memory_min: outline.memory_min,
            instantiation_fuel: trial.fuel,
            notes,
        };
        Ok(Admitted { manifest, manifest_toml, digest, report, plugin })
    }
}

fn problem(at: &str, what: impl fmt::Display, remedy: &str) -> Problem {
    Problem { what: what.to_string(), at: at.to_owned(), remedy: remedy.to_owned() }
}

fn refusal(at: &str, what: impl fmt::Display, remedy: &str) -> Refusal {
    Refusal { problems: vec![problem(at, what, remedy)] }
}

/// Everything that can be checked without compiling; gives the manifest and notes.
fn check(component: &[u8], outline: &Inspection, drafts: bool) -> Result<(Manifest, String, Vec<String>), Refusal> {
    let mut problems = Vec::new();
    let mut notes = Vec::new();
    let text = guanxi_package::manifest_text(component);
    let manifest = match &text {
        Ok(text) => Manifest::parse(text).map_err(guanxi_package::PackageError::from),
        Err(_) => guanxi_package::manifest(component),
    };
    if let Err(error) = &manifest {
        problems.push(problem("plugin.toml", error, "correct it and build again"));
    }
    check_imports(outline, manifest.as_ref().ok(), &mut problems);
    check_memory(outline, &mut problems);
    if let Ok(manifest) = &manifest {
        check_contract(manifest, drafts, &mut problems);
        check_exports(outline, manifest, &mut problems, &mut notes);
        check_config(manifest, &mut problems);
    }
    match (manifest, text) {
        (Ok(manifest), Ok(text)) if problems.is_empty() => Ok((manifest, text, notes)),
        _ => Err(Refusal { problems }),
    }
}

fn check_contract(manifest: &Manifest, drafts: bool, problems: &mut Vec<Problem>) {
    if let Err(error) = contract::check(&manifest.contract, drafts) {
        problems.push(problem("plugin.toml", error, "then upload it again"));
    }
    let has = contract::kinds(&manifest.contract);
    for kind in manifest.kinds().into_iter().filter(|kind| !has.contains(kind)) {
        let what = format!("contract {} has no [{}]", manifest.contract, kind.as_str());
        problems.push(problem("plugin.toml", what, "drop the table, or build it for a contract that has it"));
    }
}

fn check_imports(outline: &Inspection, manifest: Option<&Manifest>, problems: &mut Vec<Problem>) {
    let connector = manifest.is_none_or(|manifest| manifest.declares(Kind::Connector));
    for name in &outline.imports {
        if check_track(name, manifest, problems) {
            continue;
        }
        match interface(name) {
            Some("secrets") if !connector => {
                problems.push(problem(name, "only connectors may use secrets", "drop the import"));
            }
            Some("types" | "host" | "http" | "secrets") => {}
            Some("operations") if manifest.is_none_or(|manifest| contract::is_draft(&manifest.contract)) => {}
            // Types of the plugin's own interfaces are imported as instances without functions; linking sees to that.
            Some(other) if kind_of(other).is_some() => {}
            Some(_) => {
                problems.push(problem(name, "the contract has no such interface", "use the WIT of this contract"))
            }
            None if name.starts_with("wasi:") => {
                let remedy = "let `guanxi plugin build` stub it; a plugin has no clock, network, files or randomness";
                problems.push(problem(name, "the host offers no WASI", remedy));
            }
            None => problems.push(problem(name, "the host does not offer this", "import guanxi:plugin only")),
        }
    }
}

/// Whether a name is of another track than the manifest says; one component speaks one.
fn check_track(name: &str, manifest: Option<&Manifest>, problems: &mut Vec<Problem>) -> bool {
    let (Some((_, version)), Some(manifest)) = (versioned(name), manifest) else { return false };
    let mixed = contract::is_known(version) && version != manifest.contract;
    if mixed {
        let what = format!("is of contract {version}, but plugin.toml says {}", manifest.contract);
        problems.push(problem(name, what, "build it with the WIT of one contract, and name that one in plugin.toml"));
    }
    mixed
}

fn check_memory(outline: &Inspection, problems: &mut Vec<Problem>) {
    let limit = CallLimits::default().memory_bytes;
    if outline.memory_min > u64::try_from(limit).unwrap_or(u64::MAX) {
        let what = format!("starts with {} bytes of memory, more than {limit}", outline.memory_min);
        problems.push(problem("component", what, "make static data and the stack smaller"));
    }
    if outline.odd_memory {
        problems.push(problem("component", "has shared or 64-bit memory", "build it for wasm32 without threads"));
    }
}

fn check_exports(outline: &Inspection, manifest: &Manifest, problems: &mut Vec<Problem>, notes: &mut Vec<String>) {
    for kind in manifest.kinds() {
        let at = format!("guanxi:plugin/{}@{}", kind.as_str(), manifest.contract);
        if !outline.exports.contains(&at) {
            let what = format!("plugin.toml has a table [{}], but the component does not export this", kind.as_str());
            problems.push(problem(&at, what, "implement and export it, or drop the table"));
        }
    }
    for name in &outline.exports {
        if check_track(name, Some(manifest), problems) {
            continue;
        }
        match interface(name) {
            Some(known) => match kind_of(known) {
                Some(kind) if manifest.declares(kind) => {}
                Some(kind) => {
                    let what = format!("exported, but plugin.toml has no table [{}]", kind.as_str());
                    problems.push(problem(name, what, "declare the kind, or drop the export"));
                }
                None => notes.push(format!("exports `{name}`, which nobody calls")),
            },
            None if name.starts_with("guanxi:plugin/") => {
                let what = format!("of another version than {}", manifest.contract);
                problems.push(problem(name, what, "build it with the WIT of this contract"));
            }
            None => notes.push(format!("exports `{name}`, which nobody calls")),
        }
    }
}

fn check_config(manifest: &Manifest, problems: &mut Vec<Problem>) {
    let Some(schema) = &manifest.config else { return };
    if let Err(error) = jsonschema::validator_for(schema) {
        let what = format!("[config] is not a JSON Schema: {error}");
        problems.push(problem("plugin.toml", what, "write it as JSON Schema 2020-12"));
    }
}

/// `campaign` and `0.1.0` for `guanxi:plugin/campaign@0.1.0`.
fn versioned(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix("guanxi:plugin/")?.split_once('@')
}

/// `campaign` for `guanxi:plugin/campaign@0.1.0` of a version that this host knows.
fn interface(name: &str) -> Option<&str> {
    versioned(name).filter(|(_, version)| contract::is_known(version)).map(|(interface, _)| interface)
}

/// The kind to which an interface belongs.
fn kind_of(interface: &str) -> Option<Kind> {
    match interface {
        "connector-session" | "connector-receive" | "connector-poll" | "connector-audience" => Some(Kind::Connector),
        _ => Kind::ALL.into_iter().find(|kind| kind.as_str() == interface),
    }
}

fn facet(name: &str) -> Option<&str> {
    interface(name).filter(|interface| interface.starts_with("connector-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_import(name: &str, expected: Option<&str>) {
        let outline = Inspection { imports: vec![name.to_owned()], ..Inspection::default() };
        let mut problems = Vec::new();
        check_imports(&outline, None, &mut problems);
        assert_eq!(problems.first().map(|problem| problem.what.as_str()), expected, "{name}");
    }

    #[test]
    fn only_the_contract_may_be_imported() {
        check_import("guanxi:plugin/types@0.1.0", None);
        check_import("guanxi:plugin/host@0.1.0", None);
        check_import("guanxi:plugin/secrets@0.1.0", None);
        check_import("guanxi:plugin/connector@0.1.0", None);
        check_import("guanxi:plugin/clock@0.1.0", Some("the contract has no such interface"));
        check_import("guanxi:plugin/host@9.0.0", Some("the host does not offer this"));
        check_import("wasi:cli/environment@0.2.0", Some("the host offers no WASI"));
        check_import("env", Some("the host does not offer this"));
    }

    #[test]
    fn a_configuration_schema_must_be_one() {
        let problems_of = |schema: &str| {
            let head = "contract = '0.1.0'\nname = 'plugin'\nversion = '0.1.0'\nlicence = 'Apache-2.0'\n\
                        title = { en = 'A', zh = '一' }\nsummary = { en = 'A', zh = '一' }\n\
                        [analyzer]\nevents = ['*']\ntexts = ['body']\n";
            let manifest = Manifest::parse(&format!("{head}{schema}")).unwrap();
            let mut problems = Vec::new();
            check_config(&manifest, &mut problems);
            problems
        };
        assert_eq!(problems_of("[config]\ntype = \"object\""), []);
        let problems = problems_of("[config]\ntype = \"objekt\"");
        assert!(problems.iter().any(|p| p.what.contains("not a JSON Schema")), "{problems:?}");
    }

    fn problems_with(contract: &str, imports: &[&str], exports: &[&str], drafts: bool) -> Vec<String> {
        let manifest = Manifest::parse(&format!(
            "contract = '{contract}'\nname = 'plugin'\nversion = '0.1.0'\ntitle = {{ en = 'A', zh = '一' }}\n\
             summary = {{ en = 'A', zh = '一' }}\n[campaign]\nevents = ['*']\noperations = []\n"
        ))
        .unwrap();
        let owned = |names: &[&str]| names.iter().map(|name| format!("guanxi:plugin/{name}")).collect();
        let outline = Inspection { imports: owned(imports), exports: owned(exports), ..Inspection::default() };
        let mut problems = Vec::new();
        check_contract(&manifest, drafts, &mut problems);
        check_imports(&outline, Some(&manifest), &mut problems);
        check_exports(&outline, &manifest, &mut problems, &mut Vec::new());
        problems.into_iter().map(|problem| format!("{}: {}", problem.at, problem.what)).collect()
    }

    #[test]
    fn a_component_speaks_the_track_that_its_manifest_names() {
        let (released, draft) = (["host@0.1.0", "types@0.1.0"], ["host@0.2.0-draft", "operations@0.2.0-draft"]);
        let no_problem: [&str; 0] = [];
        assert_eq!(problems_with("0.1.0", &released, &["campaign@0.1.0"], false), no_problem);
        assert_eq!(problems_with("0.2.0-draft", &draft, &["campaign@0.2.0-draft"], true), no_problem);

        let closed = problems_with("0.2.0-draft", &draft, &["campaign@0.2.0-draft"], false);
        assert!(closed.len() == 1 && closed[0].starts_with("plugin.toml: `0.2.0-draft` is a draft"), "{closed:?}");
        let other = problems_with("0.1.0", &released, &["campaign@0.2.0-draft"], true);
        assert_eq!(
            other,
            [
                "guanxi:plugin/campaign@0.1.0: plugin.toml has a table [campaign], but the component does not export this",
                "guanxi:plugin/campaign@0.2.0-draft: is of contract 0.2.0-draft, but plugin.toml says 0.1.0",
            ]
        );
        let mixed = problems_with("0.2.0-draft", &["host@0.1.0"], &["campaign@0.2.0-draft", "campaign@0.1.0"], true);
        assert_eq!(
            mixed,
            [
                "guanxi:plugin/host@0.1.0: is of contract 0.1.0, but plugin.toml says 0.2.0-draft",
                "guanxi:plugin/campaign@0.1.0: is of contract 0.1.0, but plugin.toml says 0.2.0-draft",
            ]
        );
        let unknown = problems_with("0.1.0", &["operations@0.1.0"], &["campaign@0.1.0", "campaign@0.3.0"], true);
        assert_eq!(
            unknown,
            [
                "guanxi:plugin/operations@0.1.0: the contract has no such interface",
                "guanxi:plugin/campaign@0.3.0: of another version than 0.1.0",
            ]
        );
    }

    #[test]
    fn large_and_odd_memories_are_refused() {
        let outline = Inspection { memory_min: 1 << 40, odd_memory: true, ..Inspection::default() };
        let mut problems = Vec::new();
        check_memory(&outline, &mut problems);
        assert_eq!(problems.len(), 2);
    }
}
