//! Nothing of the machine that wrote a file stays in it: no absolute paths, no addresses of package registries.

use crate::tidy::Finding;
use crate::tidy::sources::{Source, Sources};

/// Beginnings of somebody's own paths; taken apart, because this file is checked, too.
const PATHS: [&str; 4] = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Use", "rs/")];
const HOSTS: [&str; 7] = [
    concat!("crates", ".io"),
    concat!("npmjs", ".org"),
    concat!("npmjs", ".com"),
    concat!("npm", "mirror.com"),
    concat!("pypi", ".org"),
    concat!("python", "hosted.org"),
    concat!("deb.debian", ".org"),
];
/// The source that cargo itself writes, wherever it downloads from.
const INDEX: &str = concat!("registry+https://github.com/rust-lang/crates", ".io-index");

const RELATIVE: &str = "write it relative to the checkout, or take it from configuration";
const NO_HOST: &str = "name the package only; where it comes from is the reader's configuration";
const CARGO_SOURCE: &str = "depend on a released version";
const NPM_RESOLVED: &str = "run `npm install --package-lock-only --omit-lockfile-registry-resolved`";

/// Checks every text.
pub fn check(sources: &Sources) -> Vec<Finding> {
    sources.files.iter().flat_map(check_source).collect()
}

fn check_source(source: &Source) -> Vec<Finding> {
    let name = source.path.rsplit('/').next().unwrap_or_default();
    let judge = match name {
        "Cargo.lock" => cargo_lock,
        "package-lock.json" => npm_lock,
        _ => text,
    };
    source
        .lines()
        .filter_map(|(number, line)| {
            let (problem, remedy) = judge(line)?;
            Some(Finding::at_line(&source.path, number, problem, remedy))
        })
        .collect()
}

fn text(line: &str) -> Option<(String, &'static str)> {
    let path = PATHS.into_iter().find(|path| line.match_indices(path).any(|(start, _)| starts_path(line, start)));
    let host = || HOSTS.into_iter().find(|host| line.contains(host));
    let path = path.map(|path| (format!("a path below {path}"), RELATIVE));
    path.or_else(|| host().map(|host| (format!("the registry {host}"), NO_HOST)))
}

/// Whether the slash is the first of a path, not in the middle of one or of an address.
fn starts_path(line: &str, start: usize) -> bool {
    let before = line.split_at(start).0.chars().next_back();
    !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '~' | '}' | ')' | '*' | '>'))
}

fn cargo_lock(line: &str) -> Option<(String, &'static str)> {
    let foreign = line.starts_with("source = ") && line != format!("source = \"{INDEX}\"");
    foreign.then(|| (line.to_owned(), CARGO_SOURCE))
}

/// A package of this checkout is resolved to its folder; that is no address.
fn npm_lock(line: &str) -> Option<(String, &'static str)> {
    let resolved = line.trim_start().strip_prefix("\"resolved\":")?;
    resolved.contains("://").then(|| ("an address of a registry".to_owned(), NPM_RESOLVED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_lines(path: &str, text: &str, count: usize) {
        let source = Source { path: path.to_owned(), text: text.to_owned() };
        assert_eq!(check_source(&source).len(), count);
    }

    #[test]
    fn own_paths_are_found_where_they_begin() {
        let [path, ..] = PATHS;
        check_lines("a.md", &format!("cd {path}main"), 1);
        check_lines("a.md", &format!("https://example.com{path}x and target{path}y"), 0);
    }

    #[test]
    fn registries_are_named_by_cargo_only() {
        let [host, ..] = HOSTS;
        check_lines("a.md", &format!("see {host}"), 1);
        check_lines("Cargo.lock", &format!("source = \"{INDEX}\""), 0);
        check_lines("Cargo.lock", "source = \"git+https://example.com/a\"", 1);
        check_lines("tests/node/package-lock.json", "  \"resolved\": \"https://example.com/a.tgz\",", 1);
        check_lines("examples/package-lock.json", "  \"resolved\": \"../sdk\",", 0);
    }
}
