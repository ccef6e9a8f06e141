//! What one installation may do.

use std::sync::Arc;

use guanxi_domain::connector::Request;
use guanxi_domain::tenant::TenantId;
use serde_json::Value;
use url::Url;

use super::address::AllowPrivate;
use super::arrival::Holder;
use super::hop::{Gate, Hop};
use super::host_pattern::{BadHostPattern, HostPattern};
use super::secret::{SecretText, Secrets};
use super::target::Target;
use super::{EgressError, EgressOptions, Transport, smpp, smtp};

/// What one installation may reach and which secrets its requests may carry. Made once an installation, cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct EgressPolicy {
    /// Hosts that it may speak to.
    pub hosts: Arc<[HostPattern]>,
    /// Secrets that it may send to them.
    pub secrets: Arc<Secrets>,
    /// Its current session, if it has one.
    pub session: Option<SecretText>,
    /// Who gets what arrives over sessions that its requests open; without one, nothing is taken.
    pub holder: Option<Holder>,
}

impl EgressPolicy {
    /// A policy for the granted `hosts`, as [`HostPattern`] writes them.
    pub fn new(
        hosts: impl IntoIterator<Item = impl AsRef<str>>,
        secrets: Arc<Secrets>,
    ) -> Result<Self, BadHostPattern> {
        let hosts = hosts.into_iter().map(|host| host.as_ref().parse()).collect::<Result<_, _>>()?;
        Ok(Self { hosts, secrets, session: None, holder: None })
    }

    /// The same with another session.
    #[must_use]
    pub fn with_session(mut self, session: Option<SecretText>) -> Self {
        self.session = session;
        self
    }

    /// The same, for an installation that gets what arrives.
    #[must_use]
    pub fn held_by(mut self, tenant: TenantId, installation: &str) -> Self {
        self.holder = Some(Holder { tenant, installation: installation.into() });
        self
    }

    /// Whether `request` could leave under this policy: all that [`Egress::perform`](super::Egress::perform) checks before
    /// it opens a connection, with the usual bounds and no private address allowed.
    pub fn judge(&self, request: &Request, allow_http: bool) -> Result<(), EgressError> {
        let allow_private = AllowPrivate::default();
        let gate = Gate { policy: self, allow_private: &allow_private, allow_http };
        let body_max = EgressOptions::default().request_bytes_max;
        match Transport::of(&request.url) {
            Transport::Http => Hop::first(request, &gate, body_max).map(drop),
            Transport::Smtp => smtp::judge(request, &gate, body_max),
            Transport::Smpp => smpp::judge(request, &gate, body_max),
        }
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

/// The hosts that entries of `egress` stand for, as a [`HostPattern`] is written: `config:` and a JSON pointer is host and port of
/// the URL at that place of the configuration. An entry whose place holds no URL stands for none.
pub fn granted_hosts(entries: &[String], config: &Value) -> Vec<String> {
    let host = |entry: &String| match entry.strip_prefix("config:") {
        Some(pointer) => host_of(config.pointer(pointer)?.as_str()?),
        None => Some(entry.clone()),
    };
    entries.iter().filter_map(host).collect()
}

fn host_of(url: &str) -> Option<String> {
    let Target { host, port, .. } = Target::of(&Url::parse(url).ok()?)?;
    Some(format!("{host}:{port}"))
}
