//! `guanxi plugin new`: a project of an author's own, with a fixture that passes. It starts as the smallest example of its
//! kind, and carries the SDK that fits this host in `.guanxi`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::ValueEnum;
use guanxi_domain::manifest::{Kind, NAME_RULE, is_name};

use super::kit;
use crate::commands::print;

/// Where a project keeps what it did not write itself.
const CARRIED: &str = ".guanxi";
const IGNORED: &str = "/target\n/build\n/node_modules\n__pycache__\n/*.wasm\n";

#[derive(Clone, Copy, ValueEnum)]
pub enum KindName {
    /// People to scores.
    Scorer,
    /// Texts to tags, mood, topics and language.
    Analyzer,
    /// Moments to decisions.
    Campaign,
    /// Messages to a channel.
    Connector,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Language {
    /// A crate.
    Rust,
    /// A module for Node's tools.
    Typescript,
    /// A module.
    Python,
}

pub fn new(folder: &Path, kind: KindName, language: Language) -> anyhow::Result<()> {
    let kind = match kind {
        KindName::Scorer => Kind::Scorer,
        KindName::Analyzer => Kind::Analyzer,
        KindName::Campaign => Kind::Campaign,
        KindName::Connector => Kind::Connector,
    };
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    ensure!(is_name(name), "the folder gives the plugin its name, and `{name}` is none: {NAME_RULE}");
    let is_free = match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => bail!("{} cannot be read: {error}", folder.display()),
    };
    ensure!(is_free, "{} is not empty: name a folder that is not there yet", folder.display());
    for (path, text) in project(name, kind, language)? {
        let path = folder.join(path);
        let parent = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).with_context(|| format!("{} cannot be made", parent.display()))?;
        std::fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    let place = folder.display();
    let conform = match kind {
        Kind::Connector => format!("\n  guanxi plugin conform {place}"),
        _ => String::new(),
    };
    print(format!(
        "{name}: a {} in {place}. Next:\n  guanxi plugin test {place}{conform}\n  guanxi plugin build {place}",
        kind.as_str()
    ));
    Ok(())
}

/// Every file of a new project.
fn project(name: &str, kind: Kind, language: Language) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let example = format!("smallest-{}", kind.as_str());
    let (folder, mut files, carried): (_, _, &[&str]) = match language {
        Language::Rust => {
            let sdk = Path::new(CARRIED).join("sdk/rust/Cargo.toml");
            let own = vec![(PathBuf::from("Cargo.toml"), cargo_toml(name)?), (sdk, kit::rust_sdk_manifest()?)];
            ("examples/rust", own, &["wit", "sdk/rust/src"])
        }
        Language::Typescript => {
            let named = |file: &str| -> anyhow::Result<(PathBuf, String)> {
                let text = kit::file(&format!("examples/typescript/{file}"))?;
                let text = text.replace("guanxi-examples", name).replace("../../sdk", &format!("{CARRIED}/sdk"));
                Ok((PathBuf::from(file), text.replace("*/src", "src")))
            };
            let (path, lock) = named("package-lock.json")?;
            let own = vec![named("package.json")?, (path, kit::without_own_tools(&lock)?), named("tsconfig.json")?];
            ("examples/typescript", own, &["sdk/typescript"])
        }
        Language::Python => ("examples/python", Vec::new(), &["sdk/python"]),
    };
    files.push((PathBuf::from(".gitignore"), IGNORED.to_owned()));
    files.push((PathBuf::from("README.md"), readme(name, kind)));
    for (path, text) in kit::files(&format!("{folder}/{example}")).filter(|(path, _)| *path != "Cargo.toml") {
        files.push((PathBuf::from(path), text.replace(&example, name)));
    }
    for (path, text) in kit::files(&format!("examples/fixtures/{example}")) {
        files.push((Path::new("fixtures").join(path), text.to_owned()));
    }
    for (path, text) in kit::files(&format!("examples/exchanges/{example}")) {
        files.push((Path::new("exchanges").join(path), text.to_owned()));
    }
    for part in carried {
        for (path, text) in kit::files(part) {
            let is_package = *part == "sdk/typescript" && path == "package.json";
            let text = if is_package { kit::without_own_tools(text)? } else { text.to_owned() };
            files.push((Path::new(CARRIED).join(part).join(path), text));
        }
    }
    Ok(files)
}

fn cargo_toml(name: &str) -> anyhow::Result<String> {
    Ok(format!(
        r#"[package]
name = "{name}"
version = "0.1.0"
edition = "{}"
publish = false

[lib]
crate-type = ["cdylib", "rlib"]

[dependencies]
guanxi-plugin = {{ path = "{CARRIED}/sdk/rust" }}

# A component is small, and a panic is a trap.
[profile.release]
{}
[workspace]
"#,
        kit::edition()?,
        kit::profile()?
    ))
}

fn readme(name: &str, kind: Kind) -> String {
    let (conform, exchanges) = match kind {
        Kind::Connector => (
            "guanxi plugin conform   # plays every recorded exchange, and what no channel should say\n",
            " A file\n`exchanges/NAME.json` holds what the channel is asked and answers, and says where that is from.",
        ),
        _ => ("", ""),
    };
    format!(
        "# {name}\n\nA {} for Guanxi.\n\n```sh\nguanxi plugin test      # builds it and runs every fixture\n{conform}guanxi plugin build     \
         # makes {name}.wasm\n```\n\n`plugin.toml` says what it is and what it asks for. A file `fixtures/NAME.json` holds inputs, \
         `NAME.answer.json`\nbeside it what the plugin is to say; `guanxi plugin test --accept` writes the latter.{exchanges} `{CARRIED}` holds \
         the contract and\nthe SDK of the host that made this project: leave it as it is, and keep it under version control.\n",
        kind.as_str()
    )
}
