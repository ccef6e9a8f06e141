//! Whom the egress trusts: the system's certificates, or the bundled ones of Mozilla where a machine has none.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

use super::EgressSetupError;

pub(super) fn client_config(extra_roots: &[Vec<u8>]) -> Result<ClientConfig, EgressSetupError> {
    let mut roots = system_roots();
    for root in extra_roots {
        roots.add(CertificateDer::from(root.as_slice())).map_err(EgressSetupError::Tls)?;
    }
    // The provider is named here, not installed for the whole process: other users of rustls choose for themselves.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(EgressSetupError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// The same trust for what is not HTTP and so has no name in a handshake.
pub(super) fn without_protocols(mut config: ClientConfig) -> ClientConfig {
    config.alpn_protocols.clear();
    config
}

fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(system.certs);
    if roots.is_empty() {
        tracing::warn!(errors = ?system.errors, "no system certificates found, using the bundled ones");
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}
