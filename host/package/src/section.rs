//! Putting the manifest into a component and finding it again.

use std::borrow::Cow;

use guanxi_domain::manifest::{BYTES_MAX, Manifest};
use wasm_encoder::{CustomSection, Encode, Section};
use wasmparser::{Encoding, Parser, Payload};
use wit_component::ComponentEncoder;

use crate::{MANIFEST_SECTION, PackageError};

/// Turns a core module that carries its WIT (as `wit-bindgen` leaves it) into a component with `plugin.toml` inside.
/// The manifest is checked; whether the exports match it is checked by the host's admission.
pub fn embed(core_module: &[u8], manifest_toml: &str) -> Result<Vec<u8>, PackageError> {
    Manifest::parse(manifest_toml)?;
    let component = ComponentEncoder::default()
        .validate(true)
        .module(core_module)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|e| PackageError::Componentize(format!("{e:#}")))?;
    Ok(with_manifest(&component, manifest_toml))
}

/// Appends `plugin.toml` to a component made by another tool.
pub fn with_manifest(component: &[u8], manifest_toml: &str) -> Vec<u8> {
    let section =
        CustomSection { name: Cow::Borrowed(MANIFEST_SECTION), data: Cow::Borrowed(manifest_toml.as_bytes()) };
    let mut package = Vec::with_capacity(component.len() + manifest_toml.len() + MANIFEST_SECTION.len() + 16);
    package.extend_from_slice(component);
    package.push(section.id());
    section.encode(&mut package);
    package
}

/// What a manifest says of its version, and where.
#[derive(serde::Deserialize)]
struct Versioned {
    version: toml::Spanned<String>,
}

/// The package with another version in its manifest and everything else as it was. The manifest must be its last section, as
/// a build leaves it.
pub fn with_version(package: &[u8], version: &str) -> Result<Vec<u8>, PackageError> {
    let mut text = manifest_text(package)?;
    Manifest::parse(&text)?;
    let Versioned { version: old } = toml::from_str(&text).map_err(|e| PackageError::Malformed(e.to_string()))?;
    text.replace_range(old.span(), &format!("\"{version}\""));
    let content = without_manifest(package)?.ok_or(PackageError::ManifestNotLast)?;
    let packed = with_manifest(content, &text);
    manifest(&packed)?;
    Ok(packed)
}

/// Everything before the manifest, if that is the last section.
fn without_manifest(package: &[u8]) -> Result<Option<&[u8]>, PackageError> {
    let mut last = None;
    for payload in Parser::new(0).parse_all(package) {
        if let Payload::CustomSection(section) = payload.map_err(|e| PackageError::Malformed(e.to_string()))? {
            last = Some((section.name() == MANIFEST_SECTION, section.range()));
        }
    }
    let Some((true, range)) = last.filter(|(_, range)| range.end == package.len()) else { return Ok(None) };
    // Before the section stand its kind, a byte, and its length in seven bits a byte.
    let bytes_of_length = (range.len().checked_ilog2().unwrap_or(0) / 7 + 1) as usize;
    Ok(range.start.checked_sub(bytes_of_length + 1).and_then(|start| package.get(..start)))
}

/// The text of `plugin.toml` inside a package; at most `BYTES_MAX` bytes, and exactly one.
pub fn manifest_text(component: &[u8]) -> Result<String, PackageError> {
    let mut depth = 0_u32;
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(|e| PackageError::Malformed(e.to_string()))? {
            Payload::Version { encoding, .. } => {
                if depth == 0 && encoding == Encoding::Module {
                    return Err(PackageError::CoreModule);
                }
                depth += 1;
            }
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(section) if depth == 1 && section.name() == MANIFEST_SECTION => {
                found.push(section.data());
            }
            _ => {}
        }
    }
    match found.as_slice() {
        [] => Err(PackageError::NoManifest),
        [bytes] if bytes.len() > BYTES_MAX => Err(PackageError::ManifestTooLarge),
        [bytes] => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(PackageError::ManifestNotText),
        },
        many => Err(PackageError::ManyManifests(many.len())),
    }
}

/// The manifest inside a package, checked.
pub fn manifest(component: &[u8]) -> Result<Manifest, PackageError> {
    Ok(Manifest::parse(&manifest_text(component)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOML: &str = r#"
contract = "0.1.0"
name = "probe"
version = "1.0.0"
title = { en = "Probe", zh = "探针" }
summary = { en = "For tests", zh = "测试" }

[campaign]
events = ["*"]
operations = []
"#;

    fn empty_component() -> Vec<u8> {
        wasm_encoder::Component::new().finish()
    }

    fn check(package: &[u8], expected: &str) {
        assert_eq!(manifest(package).expect_err("refused").to_string(), expected);
    }

    #[test]
    fn a_manifest_comes_back_as_it_was_written() {
        let package = with_manifest(&empty_component(), TOML);
        assert_eq!(manifest_text(&package).expect("a manifest"), TOML);
        assert_eq!(manifest(&package).expect("a manifest").name, "probe");
    }

    #[test]
    fn only_the_version_becomes_another() {
        let long = format!("{TOML}\n[config]\n# {}\nversion = \"1.0.0\"\n", "x".repeat(20_000));
        for text in [TOML, long.as_str()] {
            let package = with_version(&with_manifest(&empty_component(), text), "1.0.1-dev.7").expect("a package");
            let expected = text.replacen("\"1.0.0\"", "\"1.0.1-dev.7\"", 1);
            assert_eq!(package, with_manifest(&empty_component(), &expected));
            assert_eq!(manifest(&package).expect("a manifest").version, "1.0.1-dev.7");
        }
        let package = with_manifest(&empty_component(), TOML);
        assert!(matches!(with_version(&package, "1\"\nname = \"x"), Err(PackageError::Manifest(_))));
        let key = crate::SecretKey::from_random([7; 32]);
        let signed = crate::sign(&package, &key).expect("signed");
        assert!(matches!(with_version(&signed, "1.0.1"), Err(PackageError::ManifestNotLast)));
        assert!(matches!(with_version(&empty_component(), "1.0.1"), Err(PackageError::NoManifest)));
    }

    #[test]
    fn bad_packages_are_told_apart() {
        let twice = with_manifest(&with_manifest(&empty_component(), TOML), TOML);
        check(&twice, "the component carries 2 manifests (custom section `guanxi:manifest`): leave exactly one");
        check(
            &with_manifest(&empty_component(), &"#".repeat(BYTES_MAX + 1)),
            "the manifest is larger than 65536 bytes",
        );
        let module = with_manifest(&wasm_encoder::Module::new().finish(), TOML);
        check(&module, "this is a core module, not a component: build it with `guanxi plugin build`");
        assert!(matches!(manifest(&empty_component()), Err(PackageError::NoManifest)));
        assert!(matches!(manifest(b"\0asm"), Err(PackageError::Malformed(_))));
        assert!(matches!(manifest(b"{}"), Err(PackageError::Malformed(_))));
        assert!(matches!(manifest(&with_manifest(&empty_component(), "a = 1")), Err(PackageError::Manifest(_))));
    }

    #[test]
    fn a_manifest_of_a_component_inside_does_not_count() {
        let mut outer = wasm_encoder::Component::new();
        let mut inner = wasm_encoder::Component::new();
        inner.section(&CustomSection { name: MANIFEST_SECTION.into(), data: TOML.as_bytes().into() });
        outer.section(&wasm_encoder::NestedComponentSection(&inner));
        assert!(matches!(manifest(&outer.finish()), Err(PackageError::NoManifest)));
    }

    #[test]
    fn a_module_without_wit_cannot_become_a_component_of_the_contract() {
        assert!(matches!(embed(b"garbage", TOML), Err(PackageError::Componentize(_))));
        assert!(matches!(embed(&wasm_encoder::Module::new().finish(), "a = 1"), Err(PackageError::Manifest(_))));
    }
}
