//! Connections for transports that are not HTTP: to an address that may be reached, checked where the connection is made.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::EgressError;
use super::address::AllowPrivate;
use super::target::Target;

/// How connections are made.
#[derive(Debug, Clone)]
pub(super) struct Dialer {
    pub allow_private: AllowPrivate,
    pub timeout: Duration,
    /// Without ALPN: neither mail nor SMPP has a name there.
    pub tls: Arc<ClientConfig>,
}

impl Dialer {
    /// A connection without TLS. Of the addresses of a name only those count that may be reached.
    pub(super) async fn plain(&self, target: &Target) -> Result<TcpStream, EgressError> {
        let host = || target.host.clone();
        match timeout(self.timeout, self.connect(target)).await {
            Ok(connected) => connected,
            Err(_) => Err(EgressError::Connect { host: host(), reason: self.late() }),
        }
    }

    /// Speaks TLS from here on, with who is trusted.
    pub(super) async fn secured(
        &self,
        stream: TcpStream,
        target: &Target,
    ) -> Result<TlsStream<TcpStream>, EgressError> {
        let failed = |reason| EgressError::Tls { host: target.host.clone(), reason };
        let name = match target.address {
            Some(address) => ServerName::from(address),
            None => ServerName::try_from(target.host.clone()).map_err(|problem| failed(problem.to_string()))?,
        };
        match timeout(self.timeout, TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(problem)) => Err(failed(problem.to_string())),
            Err(_) => Err(failed(self.late())),
        }
    }

    async fn connect(&self, target: &Target) -> Result<TcpStream, EgressError> {
        let host = || target.host.clone();
        let found = match target.address {
            Some(address) => vec![SocketAddr::new(address, target.port)],
            None => match tokio::net::lookup_host((target.host.as_str(), target.port)).await {
                Ok(found) => found.collect(),
                Err(problem) => return Err(EgressError::Dns { host: host(), reason: problem.to_string() }),
            },
        };
        let closed = found.iter().find(|socket| !self.reaches(socket)).map(SocketAddr::ip);
        let mut last = None;
        for socket in found.iter().filter(|socket| self.reaches(socket)) {
            match TcpStream::connect(socket).await.and_then(without_delay) {
                Ok(stream) => return Ok(stream),
                Err(problem) => last = Some(problem.to_string()),
            }
        }
        Err(match (last, closed) {
            (Some(reason), _) => EgressError::Connect { host: host(), reason },
            (None, Some(address)) => EgressError::PrivateAddress { host: host(), address },
            (None, None) => EgressError::Dns { host: host(), reason: "the name has no address".to_owned() },
        })
    }

    fn reaches(&self, socket: &SocketAddr) -> bool {
        self.allow_private.reaches(socket.ip(), Some(socket.port()))
    }

    fn late(&self) -> String {
        format!("not within {} ms", self.timeout.as_millis())
    }
}

fn without_delay(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    Ok(stream)
}
