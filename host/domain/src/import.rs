//! Imports of files: how far one has come, and what became of its rows.

/// Where an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImportStatus {
    /// The file is on its way.
    Uploading,
    /// Somebody wants it to run.
    Waiting,
    /// Its rows are read, or decided.
    Running,
    /// Nobody wants it to run, or not yet.
    Stopped,
    /// Every row is decided.
    Done,
    /// The file cannot be read.
    Failed,
}

impl ImportStatus {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Uploading, Self::Waiting, Self::Running, Self::Stopped, Self::Done, Self::Failed];

    /// The word used in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Uploading => "uploading",
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// Reads `as_str`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RowResult {
    /// Somebody, or something, who was not known.
    New,
    /// Somebody who was known, of whom something new is known now.
    Recognised,
    /// Nothing that was not known.
    Unchanged,
    /// Its identities belong to different people, or to more than one person may have.
    Conflicting,
    /// It cannot be read.
    Refused,
}

impl RowResult {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::New, Self::Recognised, Self::Unchanged, Self::Conflicting, Self::Refused];

    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Recognised => "recognised",
            Self::Unchanged => "unchanged",
            Self::Conflicting => "conflicting",
            Self::Refused => "refused",
        }
    }

    /// Reads `as_str`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.as_str() == text)
    }
}

/// A row and what became of it; kept as a JSON list, for there are millions.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RowOutcome(
    /// Its number in the file, from 1.
    pub u64,
    /// What became of it.
    pub RowResult,
    /// Who or what it is about: a person's id, an order's number; nothing if it is refused.
    pub String,
    /// Why, or what was left out of it.
    pub String,
);

/// How many rows came to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct ImportCounts {
    /// [`RowResult::New`].
    pub new: i64,
    /// [`RowResult::Recognised`].
    pub recognised: i64,
    /// [`RowResult::Unchanged`].
    pub unchanged: i64,
    /// [`RowResult::Conflicting`].
    pub conflicting: i64,
    /// [`RowResult::Refused`].
    pub refused: i64,
}

impl ImportCounts {
    /// Counts rows.
    pub fn of(rows: &[RowOutcome]) -> Self {
        let mut counts = Self::default();
        for row in rows {
            *match row.1 {
                RowResult::New => &mut counts.new,
                RowResult::Recognised => &mut counts.recognised,
                RowResult::Unchanged => &mut counts.unchanged,
                RowResult::Conflicting => &mut counts.conflicting,
                RowResult::Refused => &mut counts.refused,
            } += 1;
        }
        counts
    }

    /// All of them.
    pub fn total(&self) -> i64 {
        self.new + self.recognised + self.unchanged + self.conflicting + self.refused
    }
}
