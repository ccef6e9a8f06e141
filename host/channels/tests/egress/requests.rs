//! What a connector may describe.

use guanxi_channels::{Egress, EgressError};

use crate::support::{Sink, egress, get, loopback, options, refused_before_send, with_headers};

#[tokio::test]
async fn a_described_request_arrives_as_described() {
    let (sink, address) = Sink::start().await;
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] {
        let mut request =
            with_headers(get(format!("http://{address}/a?b=c%20d")), &[("X-One", "1"), ("content-type", "text/plain")]);
        request.method = method.to_owned();
        request.body = if matches!(method, "GET" | "HEAD") { vec![] } else { b"body \xff".to_vec() };
        let response = egress().perform(&request, &loopback()).await.unwrap();
        assert_eq!(response.status, 200);
        assert_eq!(response.body, if method == "HEAD" { b"".as_slice() } else { b"hello" });

        let seen = sink.seen().pop().unwrap();
        assert_eq!(
            (seen.method.as_str(), seen.uri.as_str(), &seen.body[..]),
            (method, "/a?b=c%20d", &request.body[..])
        );
        assert_eq!((seen.header("x-one"), seen.header("content-type")), (Some("1"), Some("text/plain")));
        assert_eq!(seen.header("host"), Some(address.to_string().as_str()));
        assert_eq!(seen.header("user-agent"), Some(concat!("guanxi/", env!("CARGO_PKG_VERSION"))));
        assert!(seen.header("accept-encoding").is_none() && seen.header("cookie").is_none());
    }
}

#[tokio::test]
async fn headers_cannot_smuggle() {
    let (sink, address) = Sink::start().await;
    let bad = [
        ("x", "a\r\nb: c"),
        ("x", "a\nb"),
        ("x", "a\0b"),
        ("x\r\ny", "a"),
        ("x y", "a"),
        ("", "a"),
        ("x:", "a"),
        ("x", "{{secret:odd}}"),
        ("Host", "a.test"),
        ("content-length", "5"),
        ("Transfer-Encoding", "chunked"),
        ("connection", "close"),
        ("upgrade", "h2c"),
        ("te", "trailers"),
        ("proxy-authorization", "x"),
        ("expect", "x"),
    ];
    for header in bad {
        let request = with_headers(get(format!("http://{address}/")), &[header]);
        let error = refused_before_send(egress().perform(&request, &loopback()).await);
        assert!(matches!(error, EgressError::BadRequest(_)), "{header:?}: {error}");
    }
    assert!(sink.seen().is_empty());
}

#[tokio::test]
async fn methods_and_urls_are_few() {
    let (sink, address) = Sink::start().await;
    for method in ["CONNECT", "TRACE", "OPTIONS", "get", "", "GET / HTTP/1.1\r\n", "FOO"] {
        let request =
            guanxi_domain::connector::Request { method: method.to_owned(), ..get(format!("http://{address}/")) };
        let error = refused_before_send(egress().perform(&request, &loopback()).await);
        assert!(matches!(error, EgressError::BadRequest(_)), "{method:?}: {error}");
    }
    for url in
        ["", "/a", "http://", "http:// 127.0.0.1/", "http://127.0.0.1/a\r\nb", "http://127.0.0.1/\t", "http://[::1"]
    {
        let error = refused_before_send(egress().perform(&get(url), &loopback()).await);
        assert!(matches!(error, EgressError::BadRequest(_)), "{url:?}: {error}");
    }
    assert!(sink.seen().is_empty());
}

#[tokio::test]
async fn requests_have_bounds() {
    let (sink, address) = Sink::start().await;
    let url = format!("http://{address}/");
    let mut options = options(&["127.0.0.1"]);
    options.request_bytes_max = 10;
    let egress = Egress::new(options).unwrap();

    let mut long_body = get(&url);
    long_body.body = vec![b'x'; 11];
    let long_url = get(format!("{url}{}", "x".repeat(8 * 1024)));
    let many: Vec<_> = (0..65).map(|_| ("x", "y")).collect();
    let long = "x".repeat(33 * 1024);
    for request in [long_body, long_url, with_headers(get(&url), &many), with_headers(get(&url), &[("x", &long)])] {
        let error = refused_before_send(egress.perform(&request, &loopback()).await);
        assert!(matches!(error, EgressError::BadRequest(_)), "{error}");
    }
    assert!(sink.seen().is_empty());
}
