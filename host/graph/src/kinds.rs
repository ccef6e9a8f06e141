//! Kinds of relations as small numbers.

use std::collections::HashMap;

/// Kinds are told apart up to this many; later ones share the last number. Fifteen bits of a mark hold it.
const KINDS_MAX: usize = 1 << 15;

/// The kinds that one tenant uses.
#[derive(Debug, Default)]
pub(crate) struct Kinds {
    names: Vec<String>,
    numbers: HashMap<String, u16>,
}

impl Kinds {
    /// The number of a kind, which is known from now on.
    pub(crate) fn number(&mut self, kind: &str) -> u16 {
        if let Some(number) = self.known(kind) {
            return number;
        }
        let number = u16::try_from(self.names.len()).unwrap_or(u16::MAX);
        self.names.push(kind.to_owned());
        self.numbers.insert(kind.to_owned(), number);
        number
    }

    /// The number of a kind that may have been used.
    pub(crate) fn known(&self, kind: &str) -> Option<u16> {
        let last = || (self.names.len() == KINDS_MAX).then_some((KINDS_MAX - 1) as u16);
        self.numbers.get(kind).copied().or_else(last)
    }

    pub(crate) fn name(&self, number: u16) -> &str {
        self.names.get(usize::from(number)).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_without_end_share_the_last_number() {
        let mut kinds = Kinds::default();
        for n in 0..KINDS_MAX + 10 {
            assert_eq!(usize::from(kinds.number(&n.to_string())), n.min(KINDS_MAX - 1));
        }
        assert_eq!(kinds.number("7"), 7);
        assert_eq!(kinds.name(7), "7");
        assert_eq!(kinds.names.len(), KINDS_MAX);
    }
}
