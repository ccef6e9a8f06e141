//! Everything that can be wrong with a package or with building one; each text says what to do.

use guanxi_domain::manifest::{BYTES_MAX, BadManifest};

use crate::{MANIFEST_SECTION, SIGNATURE_SECTION};

/// A package cannot be made or read.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// Not WebAssembly, or cut off.
    #[error("not a WebAssembly component: {0}")]
    Malformed(String),
    /// A core module instead of a component.
    #[error("this is a core module, not a component: build it with `guanxi plugin build`")]
    CoreModule,
    /// No manifest inside.
    #[error(
        "the component carries no manifest (custom section `{MANIFEST_SECTION}`): build it with `guanxi plugin build`"
    )]
    NoManifest,
    /// More than one manifest inside.
    #[error("the component carries {0} manifests (custom section `{MANIFEST_SECTION}`): leave exactly one")]
    ManyManifests(usize),
    /// The manifest's section is too large.
    #[error("the manifest is larger than {BYTES_MAX} bytes")]
    ManifestTooLarge,
    /// The manifest is not text.
    #[error("the manifest is not UTF-8")]
    ManifestNotText,
    /// Something stands behind the manifest, a signature for example.
    #[error(
        "the manifest is not the last section of the package, so its version cannot be changed: build the package anew"
    )]
    ManifestNotLast,
    /// The manifest makes no sense.
    #[error(transparent)]
    Manifest(#[from] BadManifest),
    /// The signature is not at the end, or there are several.
    #[error(
        "the signature (custom section `{SIGNATURE_SECTION}`) must be the last section and the only one: sign the package \
         last, with `guanxi plugin sign`"
    )]
    MisplacedSignature,
    /// The signature is of a format that is not known here.
    #[error("the signature is of a format that this version does not know: sign the package with `guanxi plugin sign`")]
    UnknownSignature,
    /// The signature is not of these bytes.
    #[error(
        "the package was changed after it was signed, or the signature is a forgery: fetch it from its publisher again"
    )]
    Tampered,
    /// Not a public key.
    #[error("no public ed25519 key: give its file in PEM (`-----BEGIN PUBLIC KEY-----`) or `ed25519:` and base64")]
    NoPublicKey,
    /// Not a secret key.
    #[error("no secret ed25519 key in PEM (`-----BEGIN PRIVATE KEY-----`): `guanxi plugin keygen` makes one")]
    NoSecretKey,
    /// A core module cannot become a component.
    #[error("the module cannot become a component: {0}; check that it was built with the WIT of this contract")]
    Componentize(String),
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// Which file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// Which file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// No project of a language that has an SDK.
    #[error(
        "{0} holds no plugin: there is neither a Cargo.toml (Rust), nor src/plugin.ts or src/plugin.js with a package.json \
         (TypeScript, JavaScript), nor a plugin.py (Python); `guanxi plugin new` makes one"
    )]
    NoProject(String),
    /// A draft of the contract in a language whose SDK does not know it.
    #[error(
        "plugin.toml says `contract = \"{0}\"`, a draft that only Rust is built for here: write it in Rust on the draft's WIT, or \
         make the component with the language's own tools and put the manifest in with `guanxi plugin pack`"
    )]
    Draft(String),
    /// A tool cannot be started.
    #[error("cannot start {tool}: {source}; {remedy}")]
    NoTool {
        /// Its name.
        tool: String,
        /// What to do.
        remedy: String,
        /// Why.
        source: std::io::Error,
    },
    /// A tool found errors.
    #[error("{tool} failed:\n{said}")]
    Tool {
        /// Its name.
        tool: String,
        /// What it printed.
        said: String,
    },
    /// A module has less than its manifest says.
    #[error("plugin.toml has [{kind}], but {module} exports no `{kind}`: export it, or take it out of the manifest")]
    NotExported {
        /// What is missing.
        kind: String,
        /// The module.
        module: String,
    },
    /// Cargo cannot be started.
    #[error("cannot start cargo: {0}; install Rust from https://rustup.rs")]
    NoCargo(std::io::Error),
    /// The compiler does not know the target.
    #[error("the target wasm32-unknown-unknown is not installed: run `rustup target add wasm32-unknown-unknown`")]
    NoTarget,
    /// Cargo found errors; they are on standard error and here.
    #[error("cargo build failed:\n{0}")]
    Build(String),
    /// The build made no component.
    #[error("{0} built no WebAssembly library: set `crate-type = [\"cdylib\"]` under `[lib]` in its Cargo.toml")]
    NoArtifact(String),
}
