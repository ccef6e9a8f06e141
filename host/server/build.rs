//! Embeds the first-party plugins that `cargo xtask build` left in the folder `GUANXI_BUNDLE`, none without it, and what
//! authors start from: the contract, the SDKs and the examples.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// What `guanxi plugin new` puts together, by its path in the repository.
const KIT: [&str; 13] = [
    "wit",
    "sdk/rust/Cargo.toml",
    "sdk/rust/src",
    "sdk/typescript/package.json",
    "sdk/typescript/tsconfig.plugin.json",
    "sdk/typescript/src",
    "sdk/python/requirements.txt",
    "sdk/python/guanxi_plugin",
    "examples/fixtures",
    "examples/exchanges",
    "examples/rust",
    "examples/typescript",
    "examples/python",
];
/// Folders that tools leave behind.
const LEFT_BEHIND: [&str; 4] = ["target", "node_modules", "build", "__pycache__"];

fn main() -> io::Result<()> {
    let out = PathBuf::from(variable("OUT_DIR")?);
    fs::write(out.join("bundle.rs"), bundle()?)?;
    fs::write(out.join("kit.rs"), kit()?)
}

fn bundle() -> io::Result<String> {
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
    Ok(format!("/// Components of the first-party plugins.\npub static PLUGINS: &[&[u8]] = &[{}];\n", files.join(", ")))
}

fn kit() -> io::Result<String> {
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("../..").canonicalize()?;
    let mut files = Vec::new();
    for part in KIT {
        println!("cargo:rerun-if-changed={}", root.join(part).display());
        collect(&root.join(part), &mut files)?;
    }
    files.sort();
    let entry = |path: &PathBuf| {
        let name = path.strip_prefix(&root).map_err(io::Error::other)?.to_string_lossy().replace('\\', "/");
        Ok(format!("    ({name:?}, include_str!({path:?})),\n"))
    };
    let entries: String = files.iter().map(entry).collect::<io::Result<_>>()?;
    Ok(format!("/// Path in the repository and text.\npub static KIT: &[(&str, &str)] = &[\n{entries}];\n"))
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?.path();
        if !LEFT_BEHIND.iter().any(|name| entry.file_name() == Some(OsStr::new(name))) {
            collect(&entry, files)?;
        }
    }
    Ok(())
}

fn variable(name: &str) -> io::Result<std::ffi::OsString> {
    env::var_os(name).ok_or_else(|| io::Error::other(format!("cargo sets {name}")))
}
