//! A crowd as files in a folder. Files of a large one come in parts, for an import takes a gigabyte and some million
//! orders at once.

use std::fs::File;
use std::io::{self, BufWriter};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::Crowd;

/// People of one part.
const PART: u32 = 2_000_000;

/// What a file is about, in the order in which files are taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Members.
    People,
    /// What they ordered.
    Orders,
    /// Whom they know.
    Relations,
    /// What they did: bodies for `/v1/batch`.
    Events,
}

impl Subject {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::People, Self::Orders, Self::Relations, Self::Events];

    /// The beginning of the names of its files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Orders => "orders",
            Self::Relations => "relations",
            Self::Events => "events",
        }
    }
}

/// The files of one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// What they are about.
    pub subject: Subject,
    /// In the order in which they are taken over.
    pub paths: Vec<PathBuf>,
    /// Rows without headers, or events.
    pub rows: u64,
}

impl Crowd {
    /// Writes the files of a subject into a folder.
    pub fn write(&self, subject: Subject, folder: &Path) -> io::Result<Files> {
        let mut files = Files { subject, paths: Vec::new(), rows: 0 };
        for (number, part) in self.parts().enumerate() {
            let path = folder.join(self.name(subject, number));
            let out = BufWriter::with_capacity(1 << 20, File::create(&path)?);
            files.rows += match subject {
                Subject::People => self.write_people(part, out)?,
                Subject::Orders => self.write_orders(part, out)?,
                Subject::Relations => self.write_relations(part, out)?,
                Subject::Events => self.write_events(part, out)?,
            };
            files.paths.push(path);
        }
        Ok(files)
    }

    fn parts(&self) -> impl Iterator<Item = Range<u32>> {
        let end = self.size();
        (0..end).step_by(PART as usize).map(move |first| first..end.min(first + PART))
    }

    /// `people.csv`, or `people-1.csv` where there are several.
    fn name(&self, subject: Subject, number: usize) -> String {
        let ending = if subject == Subject::Events { "jsonl" } else { "csv" };
        match self.size() > PART {
            true => format!("{}-{}.{ending}", subject.as_str(), number + 1),
            false => format!("{}.{ending}", subject.as_str()),
        }
    }
}
