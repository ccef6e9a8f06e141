//! From an author's project to a package, in each language that has an SDK. Tools of other languages run as programs of their
//! own, in a folder of the project; what they complain about is told as they say it.

mod python;
mod rust;
mod typescript;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use guanxi_domain::contract;
use guanxi_domain::manifest::Manifest;

use crate::{PackageError, with_manifest};

pub use rust::{Built, Names, build_crate, build_crates};

/// The language of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// A crate.
    Rust,
    /// `src/plugin.ts`, or `src/plugin.js` without types.
    TypeScript,
    /// `plugin.py`, or a package `plugin`.
    Python,
}

impl Language {
    /// Told by the files of a project.
    pub fn of(folder: &Path) -> Result<Self, PackageError> {
        let has = |name: &str| folder.join(name).is_file();
        if has("Cargo.toml") {
            Ok(Self::Rust)
        } else if has("src/plugin.ts") || has("src/plugin.js") {
            Ok(Self::TypeScript)
        } else if has("plugin.py") || has("plugin/__init__.py") {
            Ok(Self::Python)
        } else {
            Err(PackageError::NoProject(folder.display().to_string()))
        }
    }
}

/// Builds the project in `folder`, whose `plugin.toml` is its manifest. `target` is where tools may work and keep what they
/// can use again; `kit` holds the contract as `wit` and Python's SDK as `sdk/python`, and may be written to. Only crates heed
/// `names`.
pub fn build_project(folder: &Path, target: &Path, kit: &Path, names: Names) -> Result<Vec<u8>, PackageError> {
    let manifest = || {
        let text = String::from_utf8(read(&folder.join("plugin.toml"))?).map_err(|_| PackageError::ManifestNotText)?;
        let manifest = Manifest::parse(&text)?;
        match contract::is_draft(&manifest.contract) {
            true => Err(PackageError::Draft(manifest.contract)),
            false => Ok((manifest, text)),
        }
    };
    match Language::of(folder)? {
        Language::Rust => build_crate(folder, target, names),
        Language::TypeScript => {
            let (manifest, text) = manifest()?;
            Ok(with_manifest(&typescript::build(folder, kit, &manifest)?, &text))
        }
        Language::Python => {
            let (manifest, text) = manifest()?;
            Ok(with_manifest(&python::build(folder, target, kit, &manifest)?, &text))
        }
    }
}

/// Runs a tool of an author's to its end; gives back what it printed.
fn run(tool: &str, command: &mut Command, remedy: &str) -> Result<String, PackageError> {
    let output = command.stdin(Stdio::null()).output().map_err(|source| PackageError::NoTool {
        tool: tool.to_owned(),
        remedy: remedy.to_owned(),
        source,
    })?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    let said = [text(&output.stdout), text(&output.stderr)].concat();
    Err(PackageError::Tool { tool: tool.to_owned(), said: said.trim().to_owned() })
}

/// A program, run in a folder.
fn program(program: impl AsRef<OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder);
    command
}

/// What something was made of, written beside it when it is done: made again when that changes.
struct Stamp {
    file: PathBuf,
    made_of: String,
}

impl Stamp {
    fn holds(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|text| text == self.made_of)
    }

    fn set(&self) -> Result<(), PackageError> {
        write(&self.file, self.made_of.as_bytes())
    }
}

fn read(path: &Path) -> Result<Vec<u8>, PackageError> {
    fs::read(path).map_err(|source| PackageError::Read { path: path.display().to_string(), source })
}

/// The text of a file that may be missing.
fn text_or_nothing(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), PackageError> {
    let place = || path.display().to_string();
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|source| PackageError::Write { path: place(), source })?;
    }
    fs::write(path, bytes).map_err(|source| PackageError::Write { path: place(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_tell_the_language_and_their_absence_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let told = Language::of(folder.path()).expect_err("nothing is there").to_string();
        assert!(told.contains("src/plugin.ts") && told.contains("plugin.py"), "{told}");
        for (file, language) in
            [("plugin.py", Language::Python), ("src/plugin.js", Language::TypeScript), ("Cargo.toml", Language::Rust)]
        {
            write(&folder.path().join(file), b"").expect("a file");
            assert_eq!(Language::of(folder.path()).expect("a language"), language);
        }
    }

    #[test]
    fn a_stamp_holds_until_something_changes() {
        let folder = tempfile::tempdir().expect("a folder");
        let stamp = |made_of: &str| Stamp { file: folder.path().join("made-of"), made_of: made_of.to_owned() };
        assert!(!stamp("a").holds());
        stamp("a").set().expect("written");
        assert!(stamp("a").holds() && !stamp("b").holds());
    }
}
