//! Embeds the first-party plugins that `cargo xtask build` left in the folder `GUANXI_BUNDLE`; none without it.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-env-changed=GUANXI_BUNDLE");
    let mut plugins: Vec<PathBuf> = Vec::new();
    if let Some(folder) = env::var_os("GUANXI_BUNDLE") {
        println!("cargo:rerun-if-changed={}", Path::new(&folder).display());
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "wasm") {
                println!("cargo:rerun-if-changed={}", path.display());
                plugins.push(path);
            }
        }
    }
    plugins.sort();
    let files: Vec<String> = plugins.iter().map(|path| format!("include_bytes!({path:?})")).collect();
    let text = format!(
        "/// Components of the first-party plugins.\npub static PLUGINS: &[&[u8]] = &[{}];\n",
        files.join(", ")
    );
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(Path::new(&out).join("bundle.rs"), text)
}
