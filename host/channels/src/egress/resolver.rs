//! Names to addresses, for the connection that is about to be made: an address that may not be reached never gets out
//! of here, whatever the name said a moment ago.

use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::AllowPrivate;

/// The system's resolver, filtered.
pub(super) struct Resolver {
    allow_private: AllowPrivate,
    port: Option<u16>,
}

/// A name that leads only to addresses that may not be reached.
#[derive(Debug, thiserror::Error)]
#[error("only addresses that are not public")]
pub(super) struct PrivateOnly {
    /// The first of them.
    pub address: IpAddr,
}

impl Resolver {
    /// For connections to `port`; without one, for every port that has no entry of its own.
    pub(super) fn new(allow_private: AllowPrivate, port: Option<u16>) -> Self {
        Self { allow_private, port }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private.clone();
        let port = self.port;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let (open, closed): (Vec<_>, Vec<_>) =
                found.into_iter().partition(|socket| allow_private.reaches(socket.ip(), port));
            match closed.first() {
                Some(socket) if open.is_empty() => Err(PrivateOnly { address: socket.ip() }.into()),
                _ => Ok(Box::new(open.into_iter()) as Addrs),
            }
        })
    }
}
