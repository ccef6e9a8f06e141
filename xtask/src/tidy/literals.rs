//! Finds string literals in Rust sources, well enough to read the SQL in them.

/// A string literal.
#[derive(Debug, PartialEq, Eq)]
pub struct Literal {
    /// Where it starts, from 1.
    pub line: usize,
    /// Its text; escapes are only half resolved.
    pub text: String,
}

/// Every string literal in order. The parts of one `concat!` are one literal.
pub fn string_literals(source: &str) -> Vec<Literal> {
    let mut scanner = Scanner { source, rest: source, literals: Vec::new(), concat: None };
    while scanner.step() {}
    scanner.literals
}

struct Scanner<'a> {
    source: &'a str,
    rest: &'a str,
    literals: Vec<Literal>,
    /// The `concat!` that we are in.
    concat: Option<Concat>,
}

struct Concat {
    parentheses_open: usize,
    begun: bool,
}

impl<'a> Scanner<'a> {
    fn step(&mut self) -> bool {
        let Some(first) = self.rest.chars().next() else {
            return false;
        };
        if self.rest.starts_with("//") {
            self.skip_to(self.rest.find('\n').unwrap_or(self.rest.len()));
        } else if self.rest.starts_with("/*") {
            self.skip_to(self.rest.find("*/").map_or(self.rest.len(), |end| end + 2));
        } else if self.rest.starts_with("concat!(") {
            self.concat = Some(Concat { parentheses_open: 1, begun: false });
            self.skip_to("concat!(".len());
        } else if first == '"' {
            self.plain();
        } else if first == 'r' && !self.after_word() && self.raw() {
            // Taken as a whole.
        } else if first == '\'' {
            self.skip_to(character_length(self.rest));
        } else {
            self.count_parenthesis(first);
            self.skip_to(first.len_utf8());
        }
        true
    }

    fn skip_to(&mut self, length: usize) -> &'a str {
        let (skipped, rest) = self.rest.split_at(length);
        self.rest = rest;
        skipped
    }

    fn position(&self) -> usize {
        self.source.len() - self.rest.len()
    }

    /// Whether an identifier goes on here; `b` may precede a raw string.
    fn after_word(&self) -> bool {
        let before = self.source.split_at(self.position()).0;
        let word: String = before.chars().rev().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        !word.is_empty() && word != "b"
    }

    fn count_parenthesis(&mut self, character: char) {
        let Some(concat) = &mut self.concat else { return };
        match character {
            '(' => concat.parentheses_open += 1,
            ')' => concat.parentheses_open -= 1,
            _ => {}
        }
        if concat.parentheses_open == 0 {
            self.concat = None;
        }
    }

    fn plain(&mut self) {
        let start = self.position();
        self.skip_to(1);
        let mut text = String::new();
        loop {
            let part = self.skip_to(self.rest.find(['"', '\\']).unwrap_or(self.rest.len()));
            text.push_str(part);
            let mut following = self.rest.chars();
            match (following.next(), following.next()) {
                (Some('\\'), Some('\n')) => {
                    self.skip_to(2);
                    self.skip_to(self.rest.len() - self.rest.trim_start().len());
                }
                (Some('\\'), Some(escaped)) => {
                    text.push(if matches!(escaped, 'n' | 't') { ' ' } else { escaped });
                    self.skip_to(1 + escaped.len_utf8());
                }
                (quote, _) => {
                    self.skip_to(quote.map_or(0, char::len_utf8));
                    break;
                }
            }
        }
        self.found(start, text);
    }

    fn raw(&mut self) -> bool {
        let hashes = self.rest.chars().skip(1).take_while(|c| *c == '#').count();
        let Some(body) = self.rest.split_at(1 + hashes).1.strip_prefix('"') else {
            return false;
        };
        let start = self.position();
        let end = format!("\"{}", "#".repeat(hashes));
        let length = body.find(&end).unwrap_or(body.len());
        let text = body.split_at(length).0.to_owned();
        self.skip_to((2 + hashes + length + end.len()).min(self.rest.len()));
        self.found(start, text);
        true
    }

    fn found(&mut self, start: usize, text: String) {
        let continues = self.concat.as_mut().is_some_and(|concat| std::mem::replace(&mut concat.begun, true));
        if let (true, Some(last)) = (continues, self.literals.last_mut()) {
            last.text.push_str(&text);
            return;
        }
        let line = self.source.split_at(start).0.matches('\n').count() + 1;
        self.literals.push(Literal { line, text });
    }
}

/// The length of the character literal at the beginning, or 1 if a lifetime starts there.
fn character_length(text: &str) -> usize {
    let mut characters = text.char_indices().skip(1);
    match (characters.next(), characters.next()) {
        (Some((_, '\\')), Some((escaped, _))) => {
            let after = text.char_indices().find(|(index, c)| *index > escaped && *c == '\'');
            after.map_or(text.len(), |(index, _)| index + 1)
        }
        (Some(_), Some((end, '\''))) => end + 1,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_literals(source: &str, expected: &[(usize, &str)]) {
        let found = string_literals(source);
        assert_eq!(found.iter().map(|found| (found.line, found.text.as_str())).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn strings_are_found_among_comments_characters_and_lifetimes() {
        check_literals("let a = \"one\";\nlet b = \"two\";", &[(1, "one"), (2, "two")]);
        check_literals("// \"no\"\n/* \"no\" */ f::<'a>('\"', '\\'', \"yes\")", &[(2, "yes")]);
        check_literals("\"a \\\"b\\\" \\\n   c\"", &[(1, "a \"b\" c")]);
    }

    #[test]
    fn raw_strings_end_at_their_own_hashes() {
        check_literals(
            "r#\"a \"quoted\" b\"# r\"\\\" br##\"x\"#y\"##",
            &[(1, "a \"quoted\" b"), (1, "\\"), (1, "x\"#y")],
        );
        check_literals("for r in \"z\".bytes() {}", &[(1, "z")]);
    }

    #[test]
    fn parts_of_a_concat_are_one() {
        check_literals("concat!(\"select \", columns!(), \" from a\"), \"b\"", &[(1, "select  from a"), (1, "b")]);
    }
}
