//! What may come back, and how long it may take.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use futures::stream;
use guanxi_channels::{Egress, EgressError};

use crate::support::{egress, get, loopback, options, serve, serve_bytes};

#[tokio::test]
async fn a_body_that_is_announced_too_long_is_refused() {
    let address = serve_bytes("HTTP/1.1 200 OK\r\ncontent-length: 1048577\r\n\r\n").await;
    let error = egress().perform(&get(format!("http://{address}/")), &loopback()).await.unwrap_err();
    let host = "127.0.0.1".to_owned();
    assert_eq!(error, EgressError::TooLarge { host, part: "body bytes", limit: 1_048_576 });
    assert!(!error.is_before_send());
}

#[tokio::test]
async fn a_body_that_never_ends_is_cut_off() {
    let endless = || async {
        Body::from_stream(stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 8_192]))))
    };
    let address = serve(Router::new().fallback(endless)).await;
    let error = egress().perform(&get(format!("http://{address}/")), &loopback()).await.unwrap_err();
    assert!(matches!(error, EgressError::TooLarge { part: "body bytes", .. }), "{error}");
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_taken() {
    let mut options = options(&["127.0.0.1"]);
    options.response_bytes_max = 100;
    let egress = Egress::new(options).unwrap();
    let chunks = || async {
        Body::from_stream(stream::iter(
            [[b'x'; 50], [b'y'; 50]].map(|part| Ok::<_, std::io::Error>(Bytes::from(part.to_vec()))),
        ))
    };
    let address = serve(Router::new().fallback(chunks)).await;
    let response = egress.perform(&get(format!("http://{address}/")), &loopback()).await.unwrap();
    assert_eq!(response.body, [[b'x'; 50], [b'y'; 50]].concat());
}

#[tokio::test]
async fn headers_come_back_within_bounds() {
    let address = serve(Router::new().fallback(|| async { headers(80, 500) })).await;
    let response = egress().perform(&get(format!("http://{address}/")), &loopback()).await.unwrap();
    let values = response.headers.iter().filter(|(name, value)| name == "x" && value.len() == 500);
    assert_eq!(values.count(), 80);

    let address = serve(Router::new().fallback(|| async { headers(80, 1_000) })).await;
    let error = egress().perform(&get(format!("http://{address}/")), &loopback()).await.unwrap_err();
    assert!(matches!(error, EgressError::TooLarge { part: "header bytes", .. }), "{error}");

    let address = serve(Router::new().fallback(|| async { headers(200, 1) })).await;
    let error = egress().perform(&get(format!("http://{address}/")), &loopback()).await.unwrap_err();
    assert!(matches!(error, EgressError::Broken { .. }), "{error}");
}

fn headers(count: usize, length: usize) -> HeaderMap {
    let value = HeaderValue::from_str(&"v".repeat(length)).unwrap();
    (0..count).fold(HeaderMap::new(), |mut headers, _| {
        headers.append(HeaderName::from_static("x"), value.clone());
        headers
    })
}

#[tokio::test]
async fn silence_is_cut_off() {
    let mut options = options(&["127.0.0.1"]);
    options.total_timeout = Duration::from_millis(100);
    let egress = Egress::new(options.clone()).unwrap();
    for answer in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"] {
        let address = serve_bytes(answer).await;
        let error = egress.perform(&get(format!("http://{address}/")), &loopback()).await.unwrap_err();
        assert_eq!(error, EgressError::Timeout { after: options.total_timeout }, "{answer:?}");
        assert!(!error.is_before_send() && error.is_transient());
    }
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_cut_off_before_anything_left() {
    let mut options = options(&["127.0.0.1"]);
    options.connect_timeout = Duration::from_millis(100);
    let egress = Egress::new(options).unwrap();
    let address = serve_bytes("").await;
    let error = egress.perform(&get(format!("https://{address}/")), &loopback()).await.unwrap_err();
    assert!(matches!(error, EgressError::Connect { .. }), "{error}");
    assert!(error.is_before_send() && error.is_transient());
}

#[tokio::test]
async fn what_is_not_http_is_broken() {
    let address = serve_bytes("220 mail.example.com ESMTP\r\n").await;
    let error = egress().perform(&get(format!("http://{address}/")), &loopback()).await.unwrap_err();
    assert!(matches!(error, EgressError::Broken { .. }) && !error.is_before_send(), "{error}");
}
