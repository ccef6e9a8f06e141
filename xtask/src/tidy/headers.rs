//! A file says why it exists and is short enough to read.

use crate::tidy::Finding;
use crate::tidy::sources::{Source, Sources};

const LINES_MAX: usize = 500;
/// What the header of a longer file must contain, so that the reason stands where one looks for it.
const REASON: &str = "500 lines";

const SAY_WHY: &str = "begin with `//!` and say in a sentence or two why the file exists";
const SPLIT: &str = "split it by operation, or say in its `//!` why it has more than 500 lines";

/// Checks the Rust files.
pub fn check(sources: &Sources) -> Vec<Finding> {
    sources.rust().filter_map(check_source).collect()
}

fn check_source(source: &Source) -> Option<Finding> {
    let header: Vec<_> = source.text.lines().take_while(|line| line.starts_with("//!")).collect();
    if header.is_empty() {
        return Some(Finding::at_line(&source.path, 1, "no purpose", SAY_WHY));
    }
    let lines = source.text.lines().count();
    let excused = header.join(" ").replace("//! ", "").contains(REASON);
    (lines > LINES_MAX && !excused).then(|| Finding::in_file(&source.path, format!("{lines} lines"), SPLIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_problem(text: &str, problem: Option<&str>) {
        let source = Source { path: "a.rs".to_owned(), text: text.to_owned() };
        assert_eq!(check_source(&source).map(|finding| finding.problem).as_deref(), problem);
    }

    #[test]
    fn files_have_a_purpose_and_an_end() {
        check_problem("//! Why.\nfn a() {}", None);
        check_problem("fn a() {}", Some("no purpose"));
        check_problem(&format!("//! Why.\n{}", "\n".repeat(500)), Some("501 lines"));
        check_problem(&format!("//! More than\n//! 500 lines: a table.\n{}", "\n".repeat(500)), None);
    }
}
