//! `guanxi plugin keygen`, `sign` and `inspect`: who made a package, and what is in it.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use guanxi_domain::grants::Grants;
use guanxi_package::SecretKey;

use super::read;
use crate::ambient;
use crate::commands::print;

/// Makes a key and writes both halves of it; never over a key that is there.
pub fn keygen(secret: &Path) -> anyhow::Result<()> {
    let key = SecretKey::from_random(ambient::of_this_machine()?.bytes());
    let public = secret.with_extension("pub.pem");
    write_new(secret, 0o600, &key.to_pem()?)?;
    write_new(&public, 0o644, &key.public().to_pem()?)?;
    print(format!("{} is the secret key: sign with it, keep it, show it to nobody.", secret.display()));
    print(format!("{} is the public key: give it to operators. It is", public.display()));
    print(key.public());
    Ok(())
}

fn write_new(path: &Path, mode: u32, text: &str) -> anyhow::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .with_context(|| format!("{} cannot be made", path.display()))?;
    file.write_all(text.as_bytes()).with_context(|| format!("{} cannot be written", path.display()))
}

/// Signs a package in place, or into `out`.
pub fn sign(component: &PathBuf, key: &PathBuf, out: Option<PathBuf>) -> anyhow::Result<()> {
    let signed = signed(&read(component)?, key).with_context(|| format!("{} cannot be signed", component.display()))?;
    let out = out.as_ref().unwrap_or(component);
    std::fs::write(out, &signed).with_context(|| format!("{} cannot be written", out.display()))?;
    print(format!("Signed {} ({} bytes, sha256:{}).", out.display(), signed.len(), guanxi_package::digest(&signed)));
    Ok(())
}

/// The package, signed with the key in a file.
pub fn signed(package: &[u8], key: &PathBuf) -> anyhow::Result<Vec<u8>> {
    let text = String::from_utf8(read(key)?).with_context(|| format!("{} is not text", key.display()))?;
    let key = SecretKey::from_pem(&text).with_context(|| format!("{} cannot be used", key.display()))?;
    // What bears no manifest is no package, and a signature would not make it one.
    guanxi_package::manifest(package)?;
    Ok(guanxi_package::sign(package, &key)?)
}

/// Tells what a package is, wants and needs, as JSON, without running anything of it.
pub fn inspect(package: &[u8]) -> anyhow::Result<()> {
    let manifest = guanxi_package::manifest(package)?;
    let outline = guanxi_package::inspect(package)?;
    let told = serde_json::json!({
        "name": manifest.name,
        "version": manifest.version,
        "contract": manifest.contract,
        "kinds": manifest.kinds(),
        "digest": format!("sha256:{}", guanxi_package::digest(package)),
        "signer": guanxi_package::signer(package)?.map(|key| key.to_string()),
        "requests": Grants::requested(&manifest),
        "component": outline,
    });
    print(serde_json::to_string_pretty(&told)?);
    Ok(())
}
