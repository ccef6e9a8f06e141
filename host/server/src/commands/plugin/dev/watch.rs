//! What an author has saved: the files of a project by time and size, looked at a few times a second. That needs nothing of
//! the system, and a project is small.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, ensure};
use guanxi_app::Ambient;
use guanxi_domain::Millis;

use crate::commands::plugin::test::SNAPSHOT;

/// How often to look.
const LOOK: Duration = Duration::from_millis(200);
/// How long nothing may change until a save is taken for whole: editors write several files at once.
const QUIET: Duration = Duration::from_millis(50);
/// How many times to wait for that; whoever writes without end is not waited for.
const QUIET_TRIES: usize = 40;
/// The most files and folders of a project, build output left out.
const ENTRIES_MAX: usize = 10_000;
/// Written by tools, at the top of a project.
const OUTPUT: [&str; 2] = ["target", "build"];
/// Written by tools, anywhere.
const OUTPUT_ANYWHERE: [&str; 2] = ["node_modules", "__pycache__"];
/// Hidden and yet a part of what is built.
const HIDDEN_PARTS: [&str; 2] = [".cargo", ".guanxi"];
/// Written by people and by builds: what a build writes there is no save.
const LOCKS: [&str; 2] = ["Cargo.lock", "package-lock.json"];

/// Looks at one project.
#[derive(Clone)]
pub struct Watch {
    folder: PathBuf,
    /// Where tools work, if that is inside.
    target: Option<PathBuf>,
    ambient: Ambient,
}

/// How a project was at a time.
#[derive(Debug)]
pub struct Look {
    at: Millis,
    files: BTreeMap<PathBuf, Stamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    changed: SystemTime,
    size: u64,
}

impl Watch {
    pub fn new(folder: PathBuf, target: Option<PathBuf>, ambient: Ambient) -> Self {
        Self { folder, target, ambient }
    }

    /// How the project is now.
    pub async fn look(&self) -> anyhow::Result<Look> {
        let watch = self.clone();
        tokio::task::spawn_blocking(move || watch.walk()).await?
    }

    /// Waits until something is saved that was otherwise in `before`; how the project is then, and when that was.
    pub async fn next_save(&self, before: &Look) -> anyhow::Result<(Look, Millis)> {
        let mut looked = before.at;
        loop {
            let mut now = self.look().await?;
            if now.files != before.files {
                let seen = now.at;
                for _ in 0..QUIET_TRIES {
                    tokio::time::sleep(QUIET).await;
                    let last = std::mem::replace(&mut now, self.look().await?);
                    if last.files == now.files {
                        break;
                    }
                }
                // A file that was moved here bears an old time.
                let saved = now.newest_since(before).unwrap_or(seen).min(seen).max(looked);
                return Ok((now, saved));
            }
            looked = now.at;
            tokio::time::sleep(LOOK).await;
        }
    }

    fn walk(&self) -> anyhow::Result<Look> {
        let mut look = Look { at: self.ambient.now(), files: BTreeMap::new() };
        let (mut folders, mut entries) = (vec![self.folder.clone()], 0);
        while let Some(folder) = folders.pop() {
            let is_top = folder == self.folder;
            let listed = match fs::read_dir(&folder) {
                // Whatever is moved while it is walked through is seen the next time.
                Err(error) if !is_top && error.kind() == io::ErrorKind::NotFound => continue,
                listed => listed.with_context(|| format!("{} cannot be read", folder.display()))?,
            };
            for entry in listed {
                let entry = entry.with_context(|| format!("{} cannot be read", folder.display()))?;
                let path = entry.path();
                if is_output(&entry.file_name().to_string_lossy(), is_top) || self.target.as_ref() == Some(&path) {
                    continue;
                }
                entries += 1;
                ensure!(
                    entries <= ENTRIES_MAX,
                    "{} holds more than {ENTRIES_MAX} files besides build output: name the folder of the plugin alone",
                    self.folder.display()
                );
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => folders.push(path),
                    // Links to folders are not followed: they may lead in circles.
                    Ok(_) => look.files.extend(stamp(&path).map(|stamp| (path, stamp))),
                    Err(_) => {}
                }
            }
        }
        Ok(look)
    }
}

impl Look {
    /// Takes over what a build has written into files that people write, too.
    pub fn overlook_locks(&mut self, after: &Self, folder: &Path) {
        for path in LOCKS.map(|name| folder.join(name)) {
            match after.files.get(&path) {
                Some(stamp) => drop(self.files.insert(path, *stamp)),
                None => drop(self.files.remove(&path)),
            }
        }
    }

    /// When the latest file that is otherwise than before was written.
    fn newest_since(&self, before: &Self) -> Option<Millis> {
        let changed = self.files.iter().filter(|(path, stamp)| before.files.get(*path) != Some(*stamp));
        let newest = changed.map(|(_, stamp)| stamp.changed).max()?;
        i64::try_from(newest.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok()
    }
}

/// Of a file that is still there.
fn stamp(path: &Path) -> Option<Stamp> {
    let data = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    Some(Stamp { changed: data.modified().unwrap_or(UNIX_EPOCH), size: data.len() })
}

/// Whether a name is that of something which tools and editors write.
fn is_output(name: &str, is_top: bool) -> bool {
    let hidden = name.starts_with('.') && !HIDDEN_PARTS.contains(&name);
    let output = OUTPUT_ANYWHERE.contains(&name) || (is_top && OUTPUT.contains(&name));
    hidden || output || name.ends_with('~') || name.ends_with(".wasm") || name.ends_with(SNAPSHOT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str, text: &str) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn watch(folder: &Path) -> Watch {
        Watch::new(folder.to_owned(), Some(folder.join("out")), Ambient::new(|| 1_000, |_| {}))
    }

    #[test]
    fn what_tools_write_is_no_save() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["src/lib.rs", "src/target/mod.rs", "plugin.toml", ".cargo/config.toml", "fixtures/first.json"] {
            write(folder.path(), name, "text");
        }
        let before = watch(folder.path()).walk().unwrap();
        assert_eq!(before.files.len(), 5);
        for name in [
            "target/wasm/x",
            "build/plugin.js",
            "web/node_modules/x/index.js",
            "__pycache__/plugin.pyc",
            ".git/HEAD",
            ".venv/bin/python",
            "greeter.wasm",
            "fixtures/first.answer.json",
            "src/.lib.rs.swp",
            "src/lib.rs~",
            "out/x",
        ] {
            write(folder.path(), name, "text");
        }
        assert_eq!(watch(folder.path()).walk().unwrap().files, before.files);
        for name in ["src/lib.rs", "src/build/mod.rs", "Cargo.lock", ".guanxi/wit/worlds.wit"] {
            let before = watch(folder.path()).walk().unwrap();
            write(folder.path(), name, "another text");
            assert_ne!(watch(folder.path()).walk().unwrap().files, before.files, "{name}");
        }
    }

    #[test]
    fn what_a_build_locks_is_no_save_and_a_removed_file_is_one() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "plugin.py", "text");
        let mut before = watch(folder.path()).walk().unwrap();
        write(folder.path(), "Cargo.lock", "text");
        let after = watch(folder.path()).walk().unwrap();
        before.overlook_locks(&after, folder.path());
        assert_eq!(before.files, after.files);
        fs::remove_file(folder.path().join("plugin.py")).unwrap();
        let gone = watch(folder.path()).walk().unwrap();
        assert_ne!(gone.files, after.files);
        assert_eq!(gone.newest_since(&after), None);
        fs::remove_dir_all(folder.path()).unwrap();
        assert!(watch(folder.path()).walk().is_err());
    }
}
