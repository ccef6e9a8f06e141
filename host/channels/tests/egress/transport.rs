//! Connections: kept, and trusted for a reason.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use guanxi_channels::{Egress, EgressError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::support::{Sink, egress, get, loopback, options, policy, refused_before_send};

#[tokio::test]
async fn one_connection_carries_many_requests() {
    let (sink, address) = Sink::start().await;
    let egress = egress();
    for _ in 0..200 {
        assert_eq!(egress.clone().perform(&get(format!("http://{address}/")), &loopback()).await.unwrap().status, 200);
    }
    let seen = sink.seen();
    let connections: BTreeSet<_> = seen.iter().map(|seen| seen.peer).collect();
    assert_eq!((seen.len(), connections.len()), (200, 1));
}

#[tokio::test]
async fn https_is_spoken_with_who_is_trusted() {
    let identity = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let address = serve_tls(&identity).await;
    let request = get(format!("https://localhost:{}/", address.port()));
    let mut options = options(&["127.0.0.1"]);
    options.allow_http = false;

    let stranger = Egress::new(options.clone()).unwrap();
    let error = refused_before_send(stranger.perform(&request, &policy(&["localhost"])).await);
    assert!(matches!(error, EgressError::Tls { .. }), "{error}");

    options.extra_roots = vec![identity.cert.der().to_vec()];
    let friend = Egress::new(options).unwrap();
    assert_eq!(friend.perform(&request, &policy(&["localhost"])).await.unwrap().body, b"trusted");

    let by_address = get(format!("https://{address}/"));
    let error = refused_before_send(friend.perform(&by_address, &loopback()).await);
    assert!(matches!(error, EgressError::Tls { .. }), "{error}");
}

#[tokio::test]
async fn https_to_a_server_without_it_fails_before_anything_left() {
    let (sink, address) = Sink::start().await;
    let error = refused_before_send(egress().perform(&get(format!("https://{address}/")), &loopback()).await);
    assert!(matches!(error, EgressError::Tls { .. }), "{error}");
    assert!(sink.seen().is_empty());
}

#[test]
fn an_unusable_root_is_refused_at_start() {
    let mut options = options(&[]);
    options.extra_roots = vec![b"not a certificate".to_vec()];
    assert_eq!(Egress::new(options).unwrap_err().to_string(), "TLS cannot be set up");
}

async fn serve_tls(identity: &rcgen::CertifiedKey<rcgen::KeyPair>) -> SocketAddr {
    let key = PrivateKeyDer::try_from(identity.signing_key.serialize_der()).unwrap();
    let certificate = CertificateDer::from(identity.cert.der().to_vec());
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            // A client that does not trust us hangs up in the handshake.
            if let Ok(mut stream) = acceptor.accept(socket).await {
                assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\ntrusted").await.unwrap();
                stream.shutdown().await.unwrap();
            }
        }
    });
    address
}
