//! Keys: made once in the data folder, readable by their owner only, or wherever the configuration says.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use guanxi_app::{Ambient, Keyring, Vault};

use crate::config::Config;

/// The bytes of a key.
pub type Key = [u8; 32];

/// The vault for the secrets of installations. What a file holds is read again when it is used, so that a key that was
/// changed beside a running server is known to it.
pub fn vault(config: &Config, ambient: &Ambient) -> anyhow::Result<Vault> {
    let given = given(config)?;
    if let Some(text) = &config.secret_key {
        let key = parse(text).context("GUANXI_SECRET_KEY")?;
        return Ok(Vault::with(Keyring::new(key, given)?));
    }
    let file = key_file(config);
    if config.secret_key_file.is_none() {
        load_or_make(&file, ambient)?;
    }
    let keys = ring(&file, &given)?;
    Ok(Vault::with(keys).with_source(move || match ring(&file, &given) {
        Ok(keys) => Some(keys),
        Err(error) => {
            tracing::warn!(error = format!("{error:#}"), "keys cannot be read again; those known are used");
            None
        }
    }))
}

/// Makes a new key in the data folder and keeps the one before among the old ones. Killed at any moment, it leaves a key
/// in its place and every key that sealed anything.
pub fn rotate(config: &Config, ambient: &Ambient) -> anyhow::Result<()> {
    ensure!(
        config.secret_key.is_none() && config.secret_key_file.is_none(),
        "only the key in the data folder is made anew; where secret_key or secret_key_file gives it, give another, give \
         the one before as an old key, and run `guanxi secrets reseal`"
    );
    let file = key_file(config);
    // Two at once would both keep the key that is there, and one would lose the other's.
    let folder = File::open(&config.data_dir)
        .with_context(|| format!("the data folder {} cannot be opened", config.data_dir.display()))?;
    folder.try_lock().context("the data folder is locked; let the other rotation end first")?;
    let current = only_key(&file)?;
    let others = old_keys(&file)?.into_iter().filter(|key| *key != current);
    let old: Vec<Key> = std::iter::once(current).chain(others).collect();
    let new: Key = ambient.bytes();
    // What would not be read again is not written.
    Keyring::new(new, old.iter().copied().chain(given(config)?))?;
    for (file, keys) in [(old_file(&file), old.as_slice()), (file, [new].as_slice())] {
        replace(&file, keys, &folder).with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(())
}

/// Where the key that seals is, unless the configuration itself holds it.
pub fn key_file(config: &Config) -> PathBuf {
    config.secret_key_file.clone().unwrap_or_else(|| config.data_dir.join("secret.key"))
}

/// Where keys are kept that were in `file` before, one a line; there may be none.
pub fn old_file(file: &Path) -> PathBuf {
    beside(file, ".old")
}

/// The key in `file`, made if there is none.
pub fn load_or_make(file: &Path, ambient: &Ambient) -> anyhow::Result<Key> {
    match fs::exists(file) {
        Ok(true) => only_key(file),
        Ok(false) => {
            let key = ambient.bytes();
            write_private(file, &hex(&key)).with_context(|| format!("{} cannot be written", file.display()))?;
            Ok(key)
        }
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", file.display())),
    }
}

/// A key of 64 hex digits.
pub fn parse(text: &str) -> anyhow::Result<Key> {
    ensure!(text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()), "a key has 64 hex digits");
    let mut key = [0; 32];
    for (slot, index) in key.iter_mut().zip((0..64).step_by(2)) {
        *slot = u8::from_str_radix(text.get(index..index + 2).unwrap_or_default(), 16)?;
    }
    Ok(key)
}

/// The key in `file` seals; those beside it and `given` ones open as well. The file comes first: a key that has left it
/// meanwhile is among the old ones by then.
fn ring(file: &Path, given: &[Key]) -> anyhow::Result<Keyring> {
    let key = only_key(file)?;
    Ok(Keyring::new(key, old_keys(file)?.into_iter().chain(given.iter().copied()))?)
}

/// Old keys as the configuration gives them.
fn given(config: &Config) -> anyhow::Result<Vec<Key>> {
    let keys = config.old_secret_keys.iter().enumerate();
    keys.map(|(index, text)| parse(text.trim()).with_context(|| format!("GUANXI_OLD_SECRET_KEYS, key {}", index + 1)))
        .collect()
}

fn only_key(file: &Path) -> anyhow::Result<Key> {
    let text = fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    parse(text.trim()).with_context(|| format!("{} holds no key", file.display()))
}

fn old_keys(file: &Path) -> anyhow::Result<Vec<Key>> {
    let file = old_file(file);
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", file.display())),
    };
    let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
    lines.map(|(index, line)| parse(line).with_context(|| format!("{}, line {}", file.display(), index + 1))).collect()
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(suffix);
    name.into()
}

/// A key as files hold it.
pub fn hex(key: &Key) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Puts `keys`, one a line, in the place of what `file` in `folder` holds: after a power cut it is the one or the other.
fn replace(file: &Path, keys: &[Key], folder: &File) -> io::Result<()> {
    let fresh = beside(file, ".new");
    // There is one if whoever wrote it was killed.
    if let Err(error) = fs::remove_file(&fresh)
        && error.kind() != ErrorKind::NotFound
    {
        return Err(error);
    }
    let lines: Vec<String> = keys.iter().map(hex).collect();
    write_private(&fresh, &lines.join("\n"))?;
    fs::rename(&fresh, file)?;
    folder.sync_all()
}

/// Makes a file that only its owner may read; there must be none.
pub fn write_private(file: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut made = options.open(file)?;
    made.write_all(text.as_bytes())?;
    made.sync_all()
}
