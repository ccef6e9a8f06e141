//! The cache of compiled plugins: used if authentic, replaced if not.

use std::path::{Path, PathBuf};

use guanxi_domain::limits::CallLimits;
use guanxi_runtime::{CacheOptions, Runtime, RuntimeOptions};

use crate::guests::{moments, package};

fn runtime(dir: &Path, key: u8) -> Runtime {
    let cache = Some(CacheOptions { dir: dir.to_owned(), key: [key; 32] });
    Runtime::new(RuntimeOptions { instances: 2, cache, ..RuntimeOptions::default() }).expect("a runtime")
}

fn only_file(dir: &Path) -> PathBuf {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(dir).expect("a directory").map(|e| e.expect("an entry").path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

fn works(dir: &Path, key: u8) {
    let plugin = runtime(dir, key).load(package("well-behaved")).expect("a plugin");
    let call = plugin.decide("{}", &moments(&["visit"]), &CallLimits::default());
    assert!(call.result.is_ok_and(|answers| answers[0].is_ok()));
}

#[test]
fn what_another_key_marked_or_somebody_changed_is_compiled_again() {
    let dir = tempfile::tempdir().expect("a directory");
    works(dir.path(), 1);
    let file = only_file(dir.path());
    let first = std::fs::read(&file).expect("the compiled plugin");
    works(dir.path(), 1);
    assert_eq!(std::fs::read(&file).expect("the compiled plugin"), first);

    let mut damaged = first.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    std::fs::write(&file, &damaged).expect("written");
    works(dir.path(), 1);
    assert_eq!(std::fs::read(&file).expect("the compiled plugin")[..32], first[..32]);

    std::fs::write(&file, b"short").expect("written");
    works(dir.path(), 1);
    assert_eq!(std::fs::read(&file).expect("the compiled plugin").len(), first.len());

    works(dir.path(), 2);
    assert_ne!(std::fs::read(only_file(dir.path())).expect("the compiled plugin")[..32], first[..32]);
}

#[test]
fn the_same_package_is_compiled_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let runtime = runtime(dir.path(), 1);
    let one = runtime.load(package("well-behaved")).expect("a plugin");
    std::fs::remove_file(only_file(dir.path())).expect("removed");
    let other = runtime.load(package("well-behaved")).expect("a plugin");
    assert_eq!(one.digest(), other.digest());
    assert_eq!(std::fs::read_dir(dir.path()).expect("a directory").count(), 0, "compiled again");
}
