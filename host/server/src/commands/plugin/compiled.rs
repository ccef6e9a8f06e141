//! What the author's commands have compiled, kept in a folder of their own: a plugin that did not change, such as one with
//! an interpreter, is not compiled anew by each command. Loading machine code runs it, so the folder and its key must be
//! this user's alone; where they are not, or cannot be made, commands go on without.

use std::cmp::Reverse;
use std::fs::{self, DirBuilder, File};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, ensure};
use guanxi_app::Ambient;
use guanxi_runtime::CacheOptions;

use crate::{ambient, keys};

/// Names the folder instead of the user's own.
const VARIABLE: &str = "GUANXI_CACHE_DIR";
/// What is kept before a command adds its own; the oldest goes first.
const FILES_MAX: usize = 256;
const BYTES_MAX: u64 = 2 << 30;
/// How names of files end that are kept, or were left by commands that were killed. No others are removed.
const KEPT: [&str; 3] = ["cwasm", "tmp", "new"];
/// Bytes that are read of a file that should hold a key.
const KEY_BYTES_MAX: u64 = 128;

/// Where compiled plugins are kept, made if it is not there; `None` if there is no such place.
pub fn cache() -> Option<CacheOptions> {
    let folder = folder()?;
    match ambient::of_this_machine().and_then(|ambient| open(&folder, &ambient)) {
        Ok(options) => Some(options),
        Err(error) => {
            let (folder, error) = (folder.display(), format!("{error:#}"));
            tracing::warn!(%folder, error, "compiled plugins are not kept; {VARIABLE} names another folder for them");
            None
        }
    }
}

fn folder() -> Option<PathBuf> {
    let given = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let below = |name, path| given(name).filter(|folder| folder.is_absolute()).map(|folder| folder.join(path));
    given(VARIABLE).or_else(|| below("XDG_CACHE_HOME", "guanxi")).or_else(|| below("HOME", ".cache/guanxi"))
}

/// Everything is in `compiled` inside of the folder, whatever else the folder holds.
fn open(folder: &Path, ambient: &Ambient) -> anyhow::Result<CacheOptions> {
    let dir = std::path::absolute(folder)?.join("compiled");
    let made = DirBuilder::new().recursive(true).mode(0o700).create(&dir);
    made.with_context(|| format!("{} cannot be made", dir.display()))?;
    let key = key(&dir, ambient)?;
    prune(&dir, FILES_MAX, BYTES_MAX)?;
    Ok(CacheOptions { dir, key })
}

/// The folder's key: that of the command that came first, however many come at once.
fn key(dir: &Path, ambient: &Ambient) -> anyhow::Result<keys::Key> {
    let mine: keys::Key = ambient.bytes();
    let fresh = dir.join(format!("{:016x}.new", u64::from_le_bytes(ambient.bytes())));
    keys::write_private(&fresh, &keys::hex(&mine)).with_context(|| format!("{} cannot be written", fresh.display()))?;
    let settled = settled(dir, &fresh, mine);
    match fs::remove_file(&fresh) {
        // It has taken the place of a key that was none.
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => settled,
    }
}

/// The key that is there, or else `mine` from the file `fresh`, which tells by its owner who this user is.
fn settled(dir: &Path, fresh: &Path, mine: keys::Key) -> anyhow::Result<keys::Key> {
    let (owner, about) = (fs::symlink_metadata(fresh)?.uid(), fs::symlink_metadata(dir)?);
    let alone = about.is_dir() && about.uid() == owner && about.mode() & 0o022 == 0;
    ensure!(alone, "{} must be a folder of this user that nobody else may write to", dir.display());
    let place = dir.join("key");
    match fs::hard_link(fresh, &place) {
        Ok(()) => return Ok(mine),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error).with_context(|| format!("{} cannot be made", place.display())),
    }
    if let Some(key) = private_key(&place, owner) {
        return Ok(key);
    }
    tracing::warn!(file = %place.display(), "the key is not this user's alone; another takes its place");
    fs::rename(fresh, &place).with_context(|| format!("{} cannot be replaced", place.display()))?;
    Ok(mine)
}

/// The key in a file of `owner` that nobody else may read.
fn private_key(file: &Path, owner: u32) -> Option<keys::Key> {
    let file = File::open(file).ok()?;
    let about = file.metadata().ok()?;
    if !about.is_file() || about.uid() != owner || about.mode() & 0o077 != 0 {
        return None;
    }
    let mut text = String::new();
    file.take(KEY_BYTES_MAX).read_to_string(&mut text).ok()?;
    keys::parse(text.trim()).ok()
}

/// Keeps the newest files. Another command may remove the same at the same time; what it wanted to read it compiles.
fn prune(dir: &Path, files_max: usize, bytes_max: u64) -> anyhow::Result<()> {
    let mut kept: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let ours = path.extension().is_some_and(|end| KEPT.iter().any(|kept| end == *kept));
        match fs::symlink_metadata(&path) {
            Ok(about) if ours && about.is_file() => kept.push((about.modified()?, about.len(), path)),
            _ => {}
        }
    }
    kept.sort_by_key(|(at, ..)| Reverse(*at));
    let mut bytes = 0_u64;
    for (number, (_, length, path)) in kept.iter().enumerate() {
        bytes = bytes.saturating_add(*length);
        if number < files_max && bytes <= bytes_max {
            continue;
        }
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

    use super::*;

    fn opened(folder: &Path) -> anyhow::Result<keys::Key> {
        Ok(open(folder, &ambient::of_this_machine()?)?.key)
    }

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn commands_at_once_agree_on_one_key_that_only_the_user_can_read() {
        let home = tempfile::tempdir().expect("a folder");
        let folder = home.path().join("deep/guanxi");
        let keys: Vec<keys::Key> = std::thread::scope(|scope| {
            let commands: Vec<_> = (0..8).map(|_| scope.spawn(|| opened(&folder).expect("a cache"))).collect();
            commands.into_iter().map(|command| command.join().expect("no panic")).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
        assert_eq!(opened(&folder).expect("a cache"), keys[0]);
        let mode = |path: &str| fs::metadata(folder.join(path)).expect("it is there").mode() & 0o777;
        assert_eq!((mode("compiled"), mode("compiled/key")), (0o700, 0o600));
        assert_eq!(names(&folder.join("compiled")), ["key"]);
    }

    #[test]
    fn a_key_that_others_may_read_or_that_is_torn_is_replaced() {
        let home = tempfile::tempdir().expect("a folder");
        let first = opened(home.path()).expect("a cache");
        let file = home.path().join("compiled/key");
        set_permissions(&file, Permissions::from_mode(0o640)).expect("it is ours");
        let second = opened(home.path()).expect("a cache");
        assert_ne!(first, second);
        assert_eq!(fs::metadata(&file).expect("it is there").mode() & 0o777, 0o600);
        fs::write(&file, "12ab").expect("it is ours");
        let third = opened(home.path()).expect("a cache");
        assert_ne!(second, third);
        assert_eq!(opened(home.path()).expect("a cache"), third);
    }

    #[test]
    fn a_folder_that_others_may_write_to_and_a_link_are_refused() {
        let home = tempfile::tempdir().expect("a folder");
        let dir = home.path().join("compiled");
        opened(home.path()).expect("a cache");
        set_permissions(&dir, Permissions::from_mode(0o777)).expect("it is ours");
        let told = opened(home.path()).expect_err("others may write").to_string();
        assert!(told.contains("nobody else may write to"), "{told}");
        let other = tempfile::tempdir().expect("a folder");
        std::os::unix::fs::symlink(&dir, other.path().join("compiled")).expect("a link");
        assert!(opened(other.path()).is_err());
        let file = home.path().join("file");
        fs::write(&file, "").expect("a file");
        assert!(opened(&file).is_err(), "no folder can be made there");
    }

    #[test]
    fn the_oldest_go_first_and_nothing_else_goes() {
        let dir = tempfile::tempdir().expect("a folder");
        for (age, name) in ["key", "notes.txt", "a.cwasm", "b.cwasm", "c.tmp", "d.new"].iter().enumerate() {
            let path = dir.path().join(name);
            fs::write(&path, [0; 10]).expect("a file");
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 - age as u64);
            File::options().write(true).open(&path).and_then(|file| file.set_modified(at)).expect("a time");
        }
        let left = |files, bytes| {
            prune(dir.path(), files, bytes).expect("pruned");
            names(dir.path())
        };
        assert_eq!(left(3, 1_000), ["a.cwasm", "b.cwasm", "c.tmp", "key", "notes.txt"]);
        assert_eq!(left(3, 29), ["a.cwasm", "b.cwasm", "key", "notes.txt"]);
        assert_eq!(left(0, 29), ["key", "notes.txt"]);
    }
}
