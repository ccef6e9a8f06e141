//! What was released of the contract stays as it is: components that were built from it are out there. `wit/frozen.toml` has
//! the hash of every file.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use guanxi_domain::contract::RELEASED;
use toml::{Table, Value};

use crate::tidy::Finding;
use crate::tidy::sources::{Source, Sources};

/// The list.
const LIST: &str = "wit/frozen.toml";

const NEXT_TRACK: &str = "put it back as it was released (`git log` has it); what is to change goes into the next track, below \
                          wit/draft (docs/adr/0012-tracks-of-the-contract.md)";
const REFER: &str = "use the files in the folder that wit/frozen.toml names, instead of a copy that may become another";
const RELEASE: &str =
    "a release freezes a version: list it in wit/frozen.toml and in RELEASED of host/domain/src/contract.rs";
const NEVER: &str = "put the list back as it was: what is frozen is never listed anew";

/// One released version.
pub struct Package {
    /// Such as `0.1.0`.
    pub version: String,
    /// Where its files are, relative to the checkout.
    pub folder: String,
    /// SHA-256 of all of it: of the lines that `sha256sum *.wit` prints in the folder.
    pub sha256: String,
    /// SHA-256 of each file by its name.
    pub files: BTreeMap<String, String>,
}

/// Checks the contract's files against the list.
pub(super) fn check(sources: &Sources) -> Result<Vec<Finding>> {
    let list =
        sources.files.iter().find(|source| source.path == LIST).with_context(|| format!("there is no {LIST}"))?;
    let packages = read(&list.text)?;
    let mut findings = check_versions(&packages, &RELEASED);
    for package in &packages {
        findings.extend(check_package(package, &sources.files));
    }
    Ok(findings)
}

/// Reads the list.
pub fn read(list: &str) -> Result<Vec<Package>> {
    let table: Table = list.parse().with_context(|| format!("cannot read {LIST}"))?;
    let packages =
        table.get("package").and_then(Value::as_array).with_context(|| format!("{LIST} has no [[package]]"))?;
    packages.iter().map(package).collect()
}

fn package(value: &Value) -> Result<Package> {
    let text = |key: &str| {
        let text = value.get(key).and_then(Value::as_str).map(str::to_owned);
        text.with_context(|| format!("a package of {LIST} has no `{key}`"))
    };
    let (version, folder, sha256) = (text("version")?, text("folder")?, text("sha256")?);
    let files = value.get("files").and_then(Value::as_table);
    let files = files.with_context(|| format!("{version} in {LIST} has no [package.files]"))?;
    let hash = |(name, hash): (&String, &Value)| {
        let hash = hash.as_str().with_context(|| format!("{version} in {LIST}: the hash of {name} is no text"))?;
        Ok((name.clone(), hash.to_owned()))
    };
    let files: BTreeMap<String, String> = files.iter().map(hash).collect::<Result<_>>()?;
    ensure!(!files.is_empty(), "{version} in {LIST} has no files");
    Ok(Package { version, folder, sha256, files })
}

/// What hosts speak is frozen, and what is frozen hosts go on speaking.
fn check_versions(packages: &[Package], released: &[&str]) -> Vec<Finding> {
    let frozen = |version: &str| packages.iter().any(|package| package.version == version);
    let loose = released.iter().filter(|version| !frozen(version)).map(|version| format!("{version} is not frozen"));
    let unspoken = packages.iter().filter(|package| !released.contains(&package.version.as_str()));
    let unspoken = unspoken.map(|package| format!("no host speaks {}", package.version));
    loose.chain(unspoken).map(|problem| Finding::in_file(LIST, problem, RELEASE)).collect()
}

fn check_package(package: &Package, files: &[Source]) -> Vec<Finding> {
    let Package { version, folder, sha256, files: listed } = package;
    let mut findings = Vec::new();
    if whole(listed) != *sha256 {
        findings.push(Finding::in_file(LIST, format!("the list of {version} was changed"), NEVER));
    }
    let mut missing: BTreeMap<&String, &String> = listed.iter().collect();
    for source in files.iter().filter(|source| source.extension() == "wit") {
        let (place, name) = source.path.rsplit_once('/').unwrap_or(("", &source.path));
        if place != folder {
            if declares(&source.text, version) {
                findings.push(Finding::in_file(&source.path, format!("a copy of the frozen {version}"), REFER));
            }
            continue;
        }
        let problem = match missing.remove(&name.to_owned()) {
            None => "is not part of",
            Some(hash) if *hash != digest(&source.text) => "is not as it was released in",
            Some(_) => continue,
        };
        findings.push(Finding::in_file(&source.path, format!("{problem} the frozen {version}"), NEXT_TRACK));
    }
    let gone = missing.into_keys().map(|name| format!("{folder}/{name}"));
    findings
        .extend(gone.map(|path| Finding::in_file(&path, format!("is missing from the frozen {version}"), NEXT_TRACK)));
    findings
}

/// Whether a file says that it is part of this version.
fn declares(text: &str, version: &str) -> bool {
    let package = format!("package guanxi:plugin@{version};");
    text.lines().any(|line| line.trim() == package)
}

/// SHA-256 of a text, however its lines end.
fn digest(text: &str) -> String {
    guanxi_package::digest(text.replace("\r\n", "\n").as_bytes())
}

/// SHA-256 of all files, by their hashes.
fn whole(files: &BTreeMap<String, String>) -> String {
    let lines: String = files.iter().map(|(name, hash)| format!("{hash}  {name}\n")).collect();
    guanxi_package::digest(lines.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "package guanxi:plugin@0.1.0;\n";

    fn frozen() -> Package {
        let files = [("a.wit", HEAD), ("b.wit", "interface b {}\n")];
        let files = files.into_iter().map(|(name, text)| (name.to_owned(), digest(text))).collect();
        Package { version: "0.1.0".to_owned(), folder: "wit".to_owned(), sha256: whole(&files), files }
    }

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    #[track_caller]
    fn check_files(files: &[(&str, &str)], expected: &[&str]) {
        let files: Vec<Source> = files.iter().map(|(path, text)| source(path, text)).collect();
        let found = check_package(&frozen(), &files);
        let found: Vec<String> =
            found.into_iter().map(|finding| format!("{}: {}", finding.path, finding.problem)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_frozen_file_stays_as_it_is_whatever_its_line_ends_and_its_place_in_the_list() {
        check_files(&[("wit/b.wit", "interface b {}\r\n"), ("wit/a.wit", HEAD)], &[]);
        let (a, b) = (("wit/a.wit", HEAD), ("wit/b.wit", "interface b {}\n"));
        check_files(&[a, b, ("wit/draft/a.wit", "package guanxi:plugin@0.2.0-draft;\n"), ("wit/README.md", "x")], &[]);
        let changed = ("wit/b.wit", "interface b { use a.{c}; }\n");
        check_files(&[a, changed], &["wit/b.wit: is not as it was released in the frozen 0.1.0"]);
        check_files(&[a], &["wit/b.wit: is missing from the frozen 0.1.0"]);
        check_files(&[a, b, ("wit/c.wit", HEAD)], &["wit/c.wit: is not part of the frozen 0.1.0"]);
        let renamed = [a, ("wit/c.wit", "interface b {}\n")];
        check_files(
            &renamed,
            &["wit/c.wit: is not part of the frozen 0.1.0", "wit/b.wit: is missing from the frozen 0.1.0"],
        );
        check_files(&[a, b, ("sdk/c/a.wit", HEAD)], &["sdk/c/a.wit: a copy of the frozen 0.1.0"]);
    }

    #[test]
    fn the_list_itself_is_frozen() {
        let mut package = frozen();
        package.files.insert("b.wit".to_owned(), digest("another"));
        let files = [source("wit/a.wit", HEAD), source("wit/b.wit", "another")];
        let found = check_package(&package, &files);
        assert_eq!(
            found.iter().map(|finding| finding.problem.as_str()).collect::<Vec<_>>(),
            ["the list of 0.1.0 was changed"]
        );
    }

    #[test]
    fn what_hosts_speak_is_what_is_frozen() {
        let problems = |released: &[&str]| -> Vec<String> {
            check_versions(&[frozen()], released).into_iter().map(|finding| finding.problem).collect()
        };
        assert_eq!(problems(&["0.1.0"]), Vec::<String>::new());
        assert_eq!(problems(&["0.1.0", "0.2.0"]), ["0.2.0 is not frozen"]);
        assert_eq!(problems(&[]), ["no host speaks 0.1.0"]);
    }

    #[test]
    fn a_list_that_cannot_be_read_is_told() {
        assert!(read("").is_err() && read("[[package]]\nversion = '1'").is_err() && read("[").is_err());
        let whole = "[[package]]\nversion = '1'\nfolder = 'wit'\nsha256 = 'x'\n[package.files]\n'a.wit' = 'y'\n";
        assert_eq!(read(whole).unwrap()[0].files["a.wit"], "y");
    }
}
