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
