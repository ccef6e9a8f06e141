//! Where the tests find what they drive.

use std::fs::DirBuilder;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// 64 hex digits with which compiled components of the tests are marked.
pub const COMPILED_KEY: &str = "7465737473746573747374657374737465737473746573747374657374737465";

/// The variable `name`; without it the test ends with the remedy.
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set; run `cargo xtask test`, or one command under `cargo xtask with`, which provide it")
    })
}

/// The binary `guanxi`.
pub fn binary() -> PathBuf {
    variable("GUANXI_TEST_BINARY").into()
}

/// Where cargo puts what it builds.
pub fn target() -> PathBuf {
    binary().parent().and_then(Path::parent).expect("a target folder").to_owned()
}

/// Where all commands and hosts of all tests keep what they have compiled, so that each component is compiled once. The
/// folder outlives the tests; authors' commands remove the oldest of it. Its key is known and guards nothing.
pub fn compiled() -> PathBuf {
    let folder = target().join("compiled-by-tests");
    let dir = folder.join("compiled");
    DirBuilder::new().recursive(true).mode(0o700).create(&dir).expect("a folder");
    // In one step, for other tests look at it at the same time.
    let mut key = tempfile::NamedTempFile::new_in(&dir).expect("a file");
    key.write_all(COMPILED_KEY.as_bytes()).expect("a key");
    key.persist(dir.join("key")).expect("the key in its place");
    folder
}

/// The bytes of a first-party plugin, such as `webhook`.
pub fn plugin(name: &str) -> Vec<u8> {
    component("GUANXI_TEST_PLUGINS", name)
}

/// The bytes of a component under tests/guests, such as `endless-loop`.
pub fn guest(name: &str) -> Vec<u8> {
    component("GUANXI_TEST_GUESTS", name)
}

/// The bytes of a component under examples/rust, such as `smallest-campaign`.
pub fn example(name: &str) -> Vec<u8> {
    component("GUANXI_TEST_EXAMPLES", name)
}

/// The bytes of a component under tests/frozen, such as `0.1.0` in `rust`.
pub fn frozen(version: &str, language: &str) -> Vec<u8> {
    component("GUANXI_TEST_FROZEN", &format!("{version}/{language}"))
}

fn component(folder: &str, name: &str) -> Vec<u8> {
    let path = PathBuf::from(variable(folder)).join(format!("{name}.wasm"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; run `cargo xtask test`", path.display()))
}
