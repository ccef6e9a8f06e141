//! What one installation may do.

use std::sync::Arc;

use super::EgressError;
use super::host_pattern::{BadHostPattern, HostPattern};
use super::secret::{SecretText, Secrets};

/// What one installation may reach and which secrets its requests may carry. Made once an installation, cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct EgressPolicy {
    /// Hosts that it may speak to.
    pub hosts: Arc<[HostPattern]>,
    /// Secrets that it may send to them.
    pub secrets: Arc<Secrets>,
    /// Its current session, if it has one.
    pub session: Option<SecretText>,
}

impl EgressPolicy {
    /// A policy for the granted `hosts`, as [`HostPattern`] writes them.
    pub fn new(
        hosts: impl IntoIterator<Item = impl AsRef<str>>,
        secrets: Arc<Secrets>,
    ) -> Result<Self, BadHostPattern> {
        let hosts = hosts.into_iter().map(|host| host.as_ref().parse()).collect::<Result<_, _>>()?;
        Ok(Self { hosts, secrets, session: None })
    }

    /// The same with another session.
    #[must_use]
    pub fn with_session(mut self, session: Option<SecretText>) -> Self {
        self.session = session;
        self
    }

    pub(super) fn covers(&self, host: &str, port: u16) -> bool {
        self.hosts.iter().any(|pattern| pattern.covers(host, port))
    }

    pub(super) fn secret(&self, name: &str) -> Result<&str, EgressError> {
        self.secrets.get(name).ok_or_else(|| EgressError::UnknownSecret { name: name.to_owned() })
    }

    pub(super) fn session(&self) -> Result<&str, EgressError> {
        self.session.as_ref().map(SecretText::reveal).ok_or(EgressError::NoSession)
    }
}
