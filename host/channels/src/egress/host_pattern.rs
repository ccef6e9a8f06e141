//! Granted hosts.

use std::str::FromStr;

use url::Host;

/// One granted host: `api.example.com`, every name below one (`*.example.com`), or an IP address; with `:port` for
/// that port only, without for every port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostPattern {
    /// As `url` writes hosts: lower case, punycode, IPv6 in brackets; with its leading dot if `below`.
    host: String,
    below: bool,
    port: Option<u16>,
}

/// A granted host that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}` is not a host; write api.example.com, *.example.com or api.example.com:8443")]
pub struct BadHostPattern {
    /// As it was written.
    pub pattern: String,
}

impl HostPattern {
    /// Whether it covers `host` (as `url` writes it) at `port`.
    pub fn covers(&self, host: &str, port: u16) -> bool {
        let name =
            if self.below { host.len() > self.host.len() && host.ends_with(&self.host) } else { host == self.host };
        name && self.port.is_none_or(|granted| granted == port)
    }
}

impl FromStr for HostPattern {
    type Err = BadHostPattern;

    fn from_str(text: &str) -> Result<Self, BadHostPattern> {
        parse(text).ok_or_else(|| BadHostPattern { pattern: text.to_owned() })
    }
}

fn parse(text: &str) -> Option<HostPattern> {
    let (rest, below) = text.strip_prefix("*.").map_or((text, false), |rest| (rest, true));
    let (name, port) = match rest.rsplit_once(':') {
        // The colons of `[::1]` separate nothing.
        Some((name, port)) if !port.ends_with(']') => (name, Some(port.parse::<u16>().ok().filter(|&port| port > 0)?)),
        _ => (rest, None),
    };
    let host = Host::parse(name).ok()?;
    let is_name = matches!(&host, Host::Domain(name) if !name.contains(['*', '{', '}']));
    let usable = match &host {
        Host::Domain(name) => is_name && (!below || name.contains('.')),
        Host::Ipv4(_) | Host::Ipv6(_) => !below,
    };
    let host = if below { format!(".{host}") } else { host.to_string() };
    usable.then_some(HostPattern { host, below, port })
}
