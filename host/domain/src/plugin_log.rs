//! What plugins log: how much a line matters, and what the plugin was doing when it said so.

/// How much a line matters, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// For the author.
    Debug,
    /// For the curious.
    Info,
    /// Somebody should look.
    Warn,
    /// Something failed.
    Error,
    /// The call came to nothing, and the host says why: no plugin writes such a line.
    Crash,
}

impl Level {
    /// All of them, least first.
    pub const ALL: [Self; 5] = [Self::Debug, Self::Info, Self::Warn, Self::Error, Self::Crash];

    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Crash => "crash",
        }
    }

    /// Reads `as_str`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == text)
    }

    /// The number used in SQL: whatever matters more has a greater one.
    pub fn rank(self) -> i64 {
        self as i64
    }

    /// Reads `rank`.
    pub fn of_rank(rank: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.rank() == rank)
    }
}

/// What a call asked of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asked {
    /// What to do about events.
    Decide,
    /// Scores.
    Score,
    /// To deal with its channel: bring a message there, ask it for what is new, keep an audience.
    Deliver,
}

impl Asked {
    /// The word used in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Decide => "decide",
            Self::Score => "score",
            Self::Deliver => "deliver",
        }
    }

    /// Reads `as_str`.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Decide, Self::Score, Self::Deliver].into_iter().find(|asked| asked.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_as_they_are_written_and_rise() {
        for level in Level::ALL {
            assert_eq!((Level::parse(level.as_str()), Level::of_rank(level.rank())), (Some(level), Some(level)));
        }
        assert!(Level::ALL.is_sorted() && Level::ALL.is_sorted_by_key(|level| level.rank()));
        assert_eq!((Level::parse("trace"), Level::of_rank(5)), (None, None));
    }
}
