//! The files that git keeps or would keep, and which part of each is test code.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;

/// Text files of the checkout.
pub struct Sources {
    /// Sorted by path.
    pub files: Vec<Source>,
}

/// One text file.
pub struct Source {
    /// Relative to the checkout, with `/`.
    pub path: String,
    /// All of it.
    pub text: String,
}

impl Sources {
    /// Asks git for tracked files and for new ones that are not ignored; what is not UTF-8 is no text.
    pub fn read(root: &Path) -> Result<Self> {
        let mut git = Command::new("git");
        git.current_dir(root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        let list = process::read(&mut git).context("tidy asks git which files are ours: run it in a clone")?;
        let mut files = Vec::new();
        for path in list.split('\0').filter(|path| !path.is_empty()) {
            let full = root.join(path);
            // A deleted file is listed until the deletion is committed; a symbolic link shows another file again.
            if !full.is_file() || full.is_symlink() {
                continue;
            }
            let bytes = fs::read(&full).with_context(|| format!("cannot read {path}"))?;
            if let Ok(text) = String::from_utf8(bytes) {
                files.push(Source { path: path.to_owned(), text });
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { files })
    }

    /// The Rust files.
    pub fn rust(&self) -> impl Iterator<Item = &Source> {
        self.files.iter().filter(|source| source.extension() == "rs")
    }
}

impl Source {
    /// What follows the last dot of the file's name, or nothing.
    pub fn extension(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// Lines with their numbers, from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// The first line of test code: all of a test crate, and what follows `#[cfg(test)]` elsewhere. Guests and benches
    /// are no tests.
    pub fn tests_from(&self) -> Option<usize> {
        let below = |folder: &str| self.path.starts_with(folder);
        if below("tests/guests/") || below("tests/bench/") {
            return None;
        }
        if below("tests/") || self.path.contains("/tests/") || self.path.ends_with("/tests.rs") {
            return Some(1);
        }
        self.lines().find(|(_, line)| line.trim_start().starts_with("#[cfg(test)]")).map(|(number, _)| number)
    }
}
