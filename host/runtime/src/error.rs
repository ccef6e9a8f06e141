//! Failures of the runtime itself, as opposed to those of a call (`CallError`) or of an upload (`Refusal`).

use guanxi_domain::contract::BadContract;
use guanxi_package::PackageError;

/// The runtime cannot do its work.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// wasmtime does not start on this machine with these options.
    #[error("the WebAssembly engine does not start: {0}")]
    Engine(Box<dyn std::error::Error + Send + Sync>),
    /// The ticker's thread does not start.
    #[error("cannot start the thread that enforces time limits: {0}")]
    Ticker(std::io::Error),
    /// The directory of the compiled cache cannot be made.
    #[error("cannot use {path} for compiled plugins: {source}")]
    Cache {
        /// Which directory.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The bytes are not a package.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// It was built for a contract that this host does not run.
    #[error(transparent)]
    Contract(#[from] BadContract),
    /// The component cannot be compiled.
    #[error("the component cannot be compiled: {0}")]
    Compile(Box<dyn std::error::Error + Send + Sync>),
    /// The component does not fit the contract.
    #[error("the component does not fit the contract: {0}")]
    Link(Box<dyn std::error::Error + Send + Sync>),
}
