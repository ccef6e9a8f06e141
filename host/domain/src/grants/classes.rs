//! Classes of what the host keeps about people besides their fields. They are asked for and granted like fields, as a whole or,
//! of tags and scores, in parts: `tags:interest` is one dimension, `scores:loyalty` one score.

use std::collections::BTreeSet;

/// Every class, in order.
pub const CLASSES: [&str; 4] = ["roles", "scores", "stage", "tags"];
/// Stands for every class.
const EVERY: &str = "*";

/// What is granted where nothing is said of classes: so it was before there were any.
pub(super) fn every_class() -> Vec<String> {
    vec![EVERY.to_owned()]
}

/// Whether that is what would be read if nothing was written.
pub(super) fn is_every_class(classes: &[String]) -> bool {
    classes.iter().any(|class| class == EVERY)
}

/// Whether `entry` is a class, or a part of one that has parts.
pub fn is_class(entry: &str) -> bool {
    let is_part = |part: &str| (1..=64).contains(&part.chars().count()) && !part.chars().any(char::is_control);
    match entry.split_once(':') {
        Some((class, part)) => matches!(class, "tags" | "scores") && is_part(part),
        None => CLASSES.contains(&entry),
    }
}

/// Whether `entry` is among `classes` or a part of one of them; `*` is every class.
pub fn covers(classes: &[String], entry: &str) -> bool {
    let is_part_of =
        |class: &str| entry.strip_prefix(class).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
    classes.iter().any(|class| class == EVERY || is_part_of(class))
}

/// What is in both, in order: of a class and a part of it the part.
pub fn classes_within(own: &[String], others: &[String]) -> Vec<String> {
    let mine = own.iter().filter(|entry| covers(others, entry));
    let theirs = others.iter().filter(|entry| covers(own, entry));
    let both: BTreeSet<&String> = mine.chain(theirs).collect();
    both.into_iter().cloned().collect()
}

/// What is shown of a person: nothing of what was not added.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sight {
    /// How far the person has come.
    pub stage: bool,
    /// What the person is to the brand besides a consumer.
    pub roles: bool,
    /// Tags by dimension.
    pub tags: Part,
    /// Scores by name.
    pub scores: Part,
}

/// All of a class but what is hidden, or only some of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Part {
    all: bool,
    only: BTreeSet<String>,
    hidden: BTreeSet<String>,
}

impl Sight {
    /// What these classes and parts of classes show.
    pub fn of<'e>(entries: impl IntoIterator<Item = &'e str>) -> Self {
        let mut sight = Self::default();
        for entry in entries {
            match entry.split_once(':') {
                Some(("tags", part)) => drop(sight.tags.only.insert(part.to_owned())),
                Some(("scores", part)) => drop(sight.scores.only.insert(part.to_owned())),
                _ => {
                    let is = |class: &str| entry == class || entry == EVERY;
                    sight.stage |= is("stage");
                    sight.roles |= is("roles");
                    sight.tags.all |= is("tags");
                    sight.scores.all |= is("scores");
                }
            }
        }
        sight
    }

    /// Shows no more of this class or part of a class; what is neither changes nothing.
    pub fn hide(&mut self, entry: &str) {
        match entry.split_once(':') {
            Some(("tags", part)) => drop(self.tags.hidden.insert(part.to_owned())),
            Some(("scores", part)) => drop(self.scores.hidden.insert(part.to_owned())),
            _ => match entry {
                "stage" => self.stage = false,
                "roles" => self.roles = false,
                "tags" => self.tags = Part::default(),
                "scores" => self.scores = Part::default(),
                _ => {}
            },
        }
    }
}

impl Part {
    /// Whether tags of this dimension, or the score of this name, are shown.
    pub fn shows(&self, name: &str) -> bool {
        (self.all || self.only.contains(name)) && !self.hidden.contains(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn pl_3_of_a_class_and_its_part_the_part_is_in_both() {
        for (own, others, both) in [
            (&["tags"][..], &["tags"][..], &["tags"][..]),
            (&["tags"], &["tags:interest", "tags:mood"], &["tags:interest", "tags:mood"]),
            (&["tags:interest"], &["tags", "tags:interest"], &["tags:interest"]),
            (&["tags:interest"], &["tags:inter"], &[]),
            (&["tags:interest"], &["scores"], &[]),
            (&["stage", "tags"], &["*"], &["stage", "tags"]),
            (&["*"], &["*"], &["*"]),
            (&[], &["*"], &[]),
        ] {
            assert_eq!(classes_within(&list(own), &list(others)), list(both), "{own:?} and {others:?}");
            assert_eq!(classes_within(&list(others), &list(own)), list(both), "{others:?} and {own:?}");
        }
    }

    #[test]
    fn pl_3_only_what_has_parts_is_asked_for_in_parts() {
        for good in ["tags", "scores", "stage", "roles", "tags:interest", "scores:loyalty", "tags:兴趣"] {
            assert!(is_class(good), "{good}");
        }
        for bad in ["", "*", "tag", "tags:", "stage:fan", "roles:x", "email", "tags:a\nb"] {
            assert!(!is_class(bad), "{bad}");
        }
    }

    #[test]
    fn pl_3_what_is_not_granted_or_hidden_is_not_shown() {
        let mut sight = Sight::of(["tags:interest", "scores", "stage"]);
        assert!(sight.stage && !sight.roles);
        assert!(sight.tags.shows("interest") && !sight.tags.shows("mood") && sight.scores.shows("any"));
        sight.hide("scores:any");
        sight.hide("stage");
        sight.hide("email");
        assert!(!sight.stage && !sight.scores.shows("any") && sight.scores.shows("other"));
        sight.hide("tags");
        assert!(!sight.tags.shows("interest"));
        let all = Sight::of(["*"]);
        assert!(all.stage && all.roles && all.tags.shows("x") && all.scores.shows("y"));
        assert_eq!(Sight::of([]), Sight::default());
    }
}
