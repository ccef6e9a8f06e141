//! `cargo xtask crowd`: a tenant of any size that looks like a brand's, as files, or loaded and ready to be served.

mod load;

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result};
use guanxi_crowd::{Crowd, Files, Subject};
use jiff::civil::Date;

use crate::workspace::Workspace;

/// What is wanted.
#[derive(clap::Args)]
pub struct Wish {
    /// How many people: 10k, 100k, 1m, 10m or any number.
    #[arg(long, value_parser = people)]
    people: u32,
    /// Where the files go.
    #[arg(long)]
    out: PathBuf,
    /// The same seed and day give the same people.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The first day that has not happened yet, such as 2026-03-01 [default: today].
    #[arg(long)]
    until: Option<Date>,
    /// Takes everything over into a new tenant `crowd` in this data folder.
    #[arg(long)]
    load: Option<PathBuf>,
    /// The database of that tenant, `postgres://…` [default: SQLite in the data folder].
    #[arg(long, requires = "load")]
    database_url: Option<String>,
}

/// Writes the files and, if wanted, loads them.
pub fn run(workspace: &Workspace, wish: &Wish) -> Result<()> {
    let crowd = Crowd::new(wish.people, wish.seed, wish.until.unwrap_or_else(today));
    fs::create_dir_all(&wish.out).with_context(|| format!("cannot make {}", wish.out.display()))?;
    let mut written = Vec::new();
    for subject in Subject::ALL {
        let start = now();
        let files = crowd.write(subject, &wish.out)?;
        println!("{}: {} in {:.1} s", described(&files), files.rows, now().duration_since(start).as_secs_f64());
        written.push(files);
    }
    match &wish.load {
        Some(data_dir) => load::run(workspace, &written, data_dir, wish.database_url.as_deref()),
        None => Ok(()),
    }
}

fn described(files: &Files) -> String {
    let paths: Vec<_> = files.paths.iter().map(|path| path.display().to_string()).collect();
    paths.join(", ")
}

/// `250k` is 250,000 and `1m` a million.
fn people(text: &str) -> Result<u32, String> {
    let lower = text.to_ascii_lowercase();
    let (digits, times) = match (lower.strip_suffix('k'), lower.strip_suffix('m')) {
        (Some(digits), _) => (digits, 1_000),
        (_, Some(digits)) => (digits, 1_000_000),
        _ => (lower.as_str(), 1),
    };
    let number = digits.replace('_', "").parse::<u32>().ok().and_then(|number| number.checked_mul(times));
    match number {
        Some(number) if (1..=100_000_000).contains(&number) => Ok(number),
        _ => Err("give a number of people such as 10k or 1m, at most 100m".to_owned()),
    }
}

#[expect(clippy::disallowed_methods, reason = "a crowd ends today unless somebody says otherwise")]
fn today() -> Date {
    jiff::Zoned::now().date()
}

#[expect(clippy::disallowed_methods, reason = "tells how long it took")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        assert_eq!(people("10k"), Ok(10_000));
        assert_eq!(people("1M"), Ok(1_000_000));
        assert_eq!(people("2_500"), Ok(2_500));
        for bad in ["", "k", "0", "1g", "101m", "-1"] {
            assert!(people(bad).is_err(), "{bad}");
        }
    }
}
