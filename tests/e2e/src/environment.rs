//! Where the tests find what they drive.

use std::path::PathBuf;

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

fn component(folder: &str, name: &str) -> Vec<u8> {
    let path = PathBuf::from(variable(folder)).join(format!("{name}.wasm"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; run `cargo xtask test`", path.display()))
}
