//! Keys in the data folder: made once, readable by their owner only.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::{Context, ensure};
use guanxi_app::Ambient;

/// The key in `file`, made if there is none.
pub fn load_or_make(file: &Path, ambient: &Ambient) -> anyhow::Result<[u8; 32]> {
    match fs::read_to_string(file) {
        Ok(text) => parse(text.trim()).with_context(|| format!("{} holds no key", file.display())),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let key: [u8; 32] = ambient.bytes();
            let text: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
            write_private(file, &text).with_context(|| format!("{} cannot be written", file.display()))?;
            Ok(key)
        }
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", file.display())),
    }
}

/// A key of 64 hex digits.
pub fn parse(text: &str) -> anyhow::Result<[u8; 32]> {
    ensure!(text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()), "a key has 64 hex digits");
    let mut key = [0; 32];
    for (slot, index) in key.iter_mut().zip((0..64).step_by(2)) {
        *slot = u8::from_str_radix(text.get(index..index + 2).unwrap_or_default(), 16)?;
    }
    Ok(key)
}

fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(text.as_bytes())
}
