//! The arrows between crates: who may depend on whom, and which third parties stop where. `docs/ARCHITECTURE.md` draws
//! the same picture.

use std::path::Path;

use cargo_metadata::{Dependency, DependencyKind, Package};

use crate::tidy::Finding;
use crate::workspace::Workspace;

/// A folder of crates, and the folders of crates that these may depend on. Their tests may reach what those stand on.
struct Layer {
    folder: &'static str,
    may_use: &'static [&'static str],
}

const LAYERS: &[Layer] = &[
    Layer { folder: "host/domain", may_use: &[] },
    Layer { folder: "host/graph", may_use: &[] },
    Layer { folder: "host/package", may_use: &["host/domain"] },
    Layer { folder: "host/import", may_use: &["host/domain"] },
    Layer { folder: "host/store", may_use: &["host/domain"] },
    Layer { folder: "host/app", may_use: &["host/domain", "host/graph", "host/import", "host/package", "host/store"] },
    Layer { folder: "host/runtime", may_use: &["host/domain", "host/package"] },
    Layer { folder: "host/channels", may_use: &["host/domain"] },
    Layer {
        folder: "host/engine",
        may_use: &["host/app", "host/channels", "host/domain", "host/import", "host/runtime", "host/store"],
    },
    Layer { folder: "host/api", may_use: &["host/app", "host/domain"] },
    Layer { folder: "host/console", may_use: &["host/app", "host/domain"] },
    Layer { folder: "host/server", may_use: &["host"] },
    Layer { folder: "sdk", may_use: &["sdk"] },
    Layer { folder: "plugins", may_use: &["sdk"] },
    Layer { folder: "examples", may_use: &["sdk"] },
    Layer { folder: "tests/guests", may_use: &["sdk"] },
    Layer { folder: "tests/frozen", may_use: &[] },
    Layer { folder: "tests/store-contract", may_use: &["host/domain", "host/store"] },
    Layer { folder: "tests/crowd", may_use: &["host/domain", "host/import"] },
    Layer { folder: "tests/people", may_use: &["host", "tests/store-contract"] },
    Layer { folder: "tests/e2e", may_use: &["host", "sdk", "tests/crowd"] },
    Layer { folder: "tests/bench", may_use: &["host", "sdk", "plugins", "tests/crowd"] },
    Layer { folder: "xtask", may_use: &["host/domain", "host/package", "tests/crowd"] },
];

/// Crates whose types must not travel, by the beginning of their name, and where they may be used. Unit tests may
/// use them anywhere.
struct Boundary {
    third_party: &'static str,
    folders: &'static [&'static str],
}

const BOUNDARIES: &[Boundary] = &[
    Boundary { third_party: "wasmtime", folders: &["host/runtime", "tests/bench"] },
    Boundary { third_party: "extism", folders: &["tests/bench"] },
    Boundary { third_party: "sqlx", folders: &["host/store", "tests"] },
    Boundary { third_party: "axum", folders: &["host/api", "host/console", "host/server", "tests"] },
    Boundary { third_party: "utoipa", folders: &["host/api"] },
    Boundary { third_party: "askama", folders: &["host/console"] },
    Boundary { third_party: "reqwest", folders: &["host/channels", "host/server", "tests"] },
    Boundary { third_party: "lettre", folders: &["host/channels"] },
    Boundary { third_party: "anyhow", folders: &["host/server", "xtask", "tests"] },
];

const ARROW: &str = "move the code to the side that may know both, or pass plain data; the arrows are LAYERS in \
                     xtask/src/tidy/layers.rs and docs/ARCHITECTURE.md";
const NO_LAYER: &str = "give its folder a row in LAYERS in xtask/src/tidy/layers.rs";
const STOPS: &str = "wrap it in the crate that owns it and pass our own types; the list is BOUNDARIES in \
                     xtask/src/tidy/layers.rs";

/// Checks every member's dependencies.
pub fn check(workspace: &Workspace) -> Vec<Finding> {
    workspace.packages.iter().flat_map(|package| check_package(workspace, package)).collect()
}

fn check_package(workspace: &Workspace, package: &Package) -> Vec<Finding> {
    let folder = workspace.folder(package);
    let path = folder.join("Cargo.toml").display().to_string();
    let Some(layer) = LAYERS.iter().find(|layer| folder.starts_with(layer.folder)) else {
        return vec![Finding::in_file(&path, "a crate without a place in the house", NO_LAYER)];
    };
    let judge = |dependency: &Dependency| match member(workspace, dependency) {
        Some(used) if !may_use(layer, workspace.folder(used), dependency.kind) => {
            Some(Finding::in_file(&path, format!("{} may not depend on {}", package.name, used.name), ARROW))
        }
        Some(_) => None,
        None => outside(dependency, folder)
            .then(|| Finding::in_file(&path, format!("{} may not use {}", package.name, dependency.name), STOPS)),
    };
    package.dependencies.iter().filter_map(judge).collect()
}

fn may_use(layer: &Layer, used: &Path, kind: DependencyKind) -> bool {
    let below = |folder: &&str| LAYERS.iter().any(|layer| layer.folder == *folder && allowed(used, layer.may_use));
    allowed(used, layer.may_use) || (kind == DependencyKind::Development && layer.may_use.iter().any(below))
}

fn member<'a>(workspace: &'a Workspace, dependency: &Dependency) -> Option<&'a Package> {
    let directory = dependency.path.as_ref()?;
    workspace.packages.iter().find(|package| package.manifest_path.parent() == Some(directory))
}

fn outside(dependency: &Dependency, folder: &Path) -> bool {
    dependency.kind != DependencyKind::Development && stops_before(&dependency.name, folder)
}

fn stops_before(third_party: &str, folder: &Path) -> bool {
    let boundary = BOUNDARIES.iter().find(|boundary| third_party.starts_with(boundary.third_party));
    boundary.is_some_and(|boundary| !allowed(folder, boundary.folders))
}

fn allowed(folder: &Path, folders: &[&str]) -> bool {
    folders.iter().any(|allowed| folder.starts_with(allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_arrow_points_to_a_layer_that_does_not_point_back() {
        for layer in LAYERS.iter().filter(|layer| layer.folder.starts_with("host/")) {
            for used in LAYERS.iter().filter(|used| used.folder != layer.folder) {
                let there = allowed(Path::new(used.folder), layer.may_use);
                let back = allowed(Path::new(layer.folder), used.may_use);
                assert!(!(there && back), "{} and {} depend on each other", layer.folder, used.folder);
            }
        }
    }

    #[track_caller]
    fn check_boundary(third_party: &str, folder: &str, stopped: bool) {
        assert_eq!(stops_before(third_party, Path::new(folder)), stopped);
    }

    #[test]
    fn third_parties_stop_at_their_owner() {
        check_boundary("wasmtime", "host/runtime", false);
        check_boundary("wasmtime-environ", "host/engine", true);
        check_boundary("sqlx", "host/app", true);
        check_boundary("sqlx", "tests/store-contract", false);
        check_boundary("serde", "host/domain", false);
    }
}
