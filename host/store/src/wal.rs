//! Makes SQLite's commits survive a power cut. SQLite could wait for the disk inside each commit, but holds its one write
//! lock meanwhile; here commits only write the log, and one wait serves everybody who committed before it.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;

/// The write-ahead log of one database.
#[derive(Debug)]
pub(crate) struct WriteAheadLog {
    path: PathBuf,
    /// How many have asked so far.
    asked: AtomicU64,
    served: Mutex<Served>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Served {
    /// How many of those that asked are on the disk.
    count: u64,
    /// The file whose name is on the disk.
    inode: u64,
}

impl WriteAheadLog {
    /// Of the database in `file`.
    pub(crate) fn of(file: &str) -> Self {
        Self { path: PathBuf::from(format!("{file}-wal")), asked: AtomicU64::new(0), served: Mutex::default() }
    }

    /// Returns once everything that was committed before the call is on the disk.
    pub(crate) async fn sync(&self) -> io::Result<()> {
        let mine = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut served = self.served.lock().await;
        if served.count >= mine {
            return Ok(());
        }
        let count = self.asked.load(Ordering::SeqCst);
        let (path, known) = (self.path.clone(), served.inode);
        let inode = tokio::task::spawn_blocking(move || to_disk(&path, known)).await.map_err(io::Error::other)??;
        *served = Served { count, inode };
        Ok(())
    }
}

/// The file itself, and its name should the file be another than `known`.
fn to_disk(path: &Path, known: u64) -> io::Result<u64> {
    let log = match File::open(path) {
        Ok(log) => log,
        // The last connection was closed, which moved the log into the database first.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    log.sync_data()?;
    let inode = log.metadata()?.ino();
    if inode != known
        && let Some(directory) = path.parent()
    {
        File::open(directory)?.sync_all()?;
    }
    Ok(inode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everybody_who_asks_is_served_even_without_a_log() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a.db");
        let log = WriteAheadLog::of(file.to_str().unwrap());
        log.sync().await.unwrap();
        std::fs::write(&log.path, "frames").unwrap();
        let (first, second) = tokio::join!(log.sync(), log.sync());
        first.unwrap();
        second.unwrap();
        let served = *log.served.lock().await;
        assert_eq!((served.count, served.inode != 0), (3, true));
    }
}
