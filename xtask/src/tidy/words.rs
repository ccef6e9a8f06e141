//! Words that must not be committed: work left for later, tests switched off, sleeping tests.

use crate::tidy::Finding;
use crate::tidy::sources::{Source, Sources};

/// Text that people write; data and lock files contain what they contain.
const EXTENSIONS: [&str; 15] =
    ["rs", "md", "toml", "wit", "sql", "html", "css", "js", "mjs", "ts", "py", "sh", "c", "h", "yml"];

/// Taken apart, because this file is checked, too.
const LATER: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
const UNWRITTEN: [&str; 2] = [concat!("to", "do!("), concat!("unimplemented", "!(")];
const SWITCHED_OFF: [&str; 1] = [concat!("#[ig", "nore")];
const SLEEPS: [&str; 2] = [concat!("thread::", "sleep"), concat!("time::", "sleep")];

const DO_IT: &str = "do it now, or open an issue and remove the mark";
const WRITE_IT: &str = "write it, or remove what nobody can call";
const SWITCH_ON: &str =
    "repair the test or delete it; a test that cannot run everywhere asks its environment and fails clearly";
const WAIT: &str =
    "wait for the signal itself: a channel, a line of output, an answer polled with an interval under a timeout";

/// Checks every text.
pub fn check(sources: &Sources) -> Vec<Finding> {
    sources.files.iter().filter(|source| EXTENSIONS.contains(&source.extension())).flat_map(check_source).collect()
}

fn check_source(source: &Source) -> Vec<Finding> {
    let tests_from = source.tests_from().unwrap_or(usize::MAX);
    source
        .lines()
        .filter_map(|(number, line)| {
            let (word, remedy) = forbidden(line, number >= tests_from)?;
            Some(Finding::at_line(&source.path, number, format!("`{word}`"), remedy))
        })
        .collect()
}

fn forbidden(line: &str, in_test: bool) -> Option<(&'static str, &'static str)> {
    let later = LATER.into_iter().find(|word| contains_word(line, word)).map(|word| (word, DO_IT));
    let containing = |words: &[&'static str]| words.iter().copied().find(|word| line.contains(word));
    later
        .or_else(|| containing(&UNWRITTEN).map(|word| (word, WRITE_IT)))
        .or_else(|| containing(&SWITCHED_OFF).map(|word| (word, SWITCH_ON)))
        .or_else(|| containing(&SLEEPS).filter(|_| in_test).map(|word| (word, WAIT)))
}

/// Whether the word stands alone.
fn contains_word(line: &str, word: &str) -> bool {
    let boundary = |c: Option<char>| !c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(start, word)| {
        let (before, rest) = line.split_at(start);
        boundary(before.chars().next_back()) && boundary(rest.chars().nth(word.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_line(line: &str, in_test: bool, word: Option<&str>) {
        assert_eq!(forbidden(line, in_test).map(|(word, _)| word), word);
    }

    #[test]
    fn marks_are_found_as_words_only() {
        let [later, ..] = LATER;
        check_line(&format!("// {later}: more"), false, Some(later));
        check_line(&format!("MY_{later}_LIST"), false, None);
        let [off] = SWITCHED_OFF;
        check_line(&format!("    {off}]"), true, Some(off));
    }

    #[test]
    fn only_tests_must_not_sleep() {
        let [sleep, _] = SLEEPS;
        check_line(&format!("std::{sleep}(time);"), false, None);
        check_line(&format!("std::{sleep}(time);"), true, Some(sleep));
    }
}
