//! Every hop passes the same locks, and what is secret stays with the host that it was meant for.

use std::net::SocketAddr;

use axum::Router;
use axum::http::{Method, StatusCode, header::LOCATION};
use axum::routing::any;
use guanxi_channels::{Egress, EgressError};
use guanxi_domain::connector::Request;

use crate::support::{
    Seen, Sink, egress, get, loopback, options, policy, redirect, refused_after_redirect, refused_before_send, serve,
    with_headers,
};

fn post(url: String) -> Request {
    let headers = [
        ("authorization", "Basic abc"),
        ("cookie", "a=b"),
        ("x-key", "k {{secret:token}}"),
        ("x-session", "{{session}}"),
        ("x-plain", "plain"),
        ("content-type", "text/plain"),
    ];
    Request { method: "POST".to_owned(), body: b"body".to_vec(), ..with_headers(get(url), &headers) }
}

#[tokio::test]
async fn another_host_gets_no_credentials_and_no_secrets() {
    let (sink, target) = Sink::start().await;
    let origin = redirect(307, format!("http://{target}/there")).await;
    let response = egress().perform(&post(format!("http://{origin}/{{{{secret:token}}}}")), &loopback()).await.unwrap();
    assert_eq!((response.status, response.body.as_slice()), (200, b"hello".as_slice()));

    let seen = sink.only();
    assert_eq!((seen.method.clone(), seen.uri.as_str(), &seen.body[..]), (Method::POST, "/there", b"body".as_slice()));
    assert_eq!(seen.header("x-plain"), Some("plain"));
    for gone in ["authorization", "cookie", "x-key", "x-session", "referer"] {
        assert_eq!(seen.header(gone), None, "{gone}");
    }
    assert!(!format!("{seen:?}").contains("s3cr3t"));
}

#[tokio::test]
async fn the_same_host_keeps_them() {
    let (seen, address) = after_redirect_on_one_host(StatusCode::PERMANENT_REDIRECT, "/there?a=b").await;
    assert_eq!(
        (seen.method.clone(), seen.uri.as_str(), &seen.body[..]),
        (Method::POST, "/there?a=b", b"body".as_slice())
    );
    assert_eq!(seen.header("x-key"), Some("k s3cr3t:T/k="));
    assert_eq!(seen.header("authorization"), Some("Basic abc"));
    assert_eq!(seen.header("host"), Some(address.to_string().as_str()));
}

#[tokio::test]
async fn placeholders_in_a_redirect_stay_what_they_are() {
    let (seen, _) = after_redirect_on_one_host(StatusCode::TEMPORARY_REDIRECT, "/there?a={{secret:token}}").await;
    assert_eq!(seen.uri, "/there?a={{secret:token}}");
}

#[tokio::test]
async fn methods_change_as_the_status_says() {
    for (status, method) in [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")] {
        let (seen, _) = after_redirect_on_one_host(StatusCode::from_u16(status).unwrap(), "/there").await;
        assert_eq!(seen.method.as_str(), method, "{status}");
        assert_eq!(seen.body.is_empty(), method == "GET", "{status}");
        assert_eq!(seen.header("content-type").is_none(), method == "GET", "{status}");
    }
}

async fn after_redirect_on_one_host(status: StatusCode, location: &'static str) -> (Seen, SocketAddr) {
    let (sink, router) = Sink::router();
    let address = serve(router.route("/here", any(move || async move { (status, [(LOCATION, location)]) }))).await;
    assert_eq!(egress().perform(&post(format!("http://{address}/here")), &loopback()).await.unwrap().status, 200);
    (sink.only(), address)
}

#[tokio::test]
async fn a_host_that_is_not_granted_is_not_followed() {
    let (sink, target) = Sink::start().await;
    let origin = redirect(302, format!("http://{target}/")).await;
    let granted = policy(&[&origin.to_string()]);
    let error = refused_after_redirect(egress().perform(&post(format!("http://{origin}/")), &granted).await);
    assert_eq!(error, EgressError::NotGranted { host: target.to_string() });
    assert!(sink.seen().is_empty());
}

#[tokio::test]
async fn a_private_address_is_not_followed() {
    let (sink, target) = Sink::start().await;
    let port = target.port();
    let hosts = ["127.0.0.1", "localhost", "169.254.169.254"];
    let closed = ["http://169.254.169.254/latest/meta-data/".to_owned(), format!("http://2130706433:{port}/")];
    for location in closed.into_iter().chain([format!("http://127.0.0.1:{port}/"), format!("//localhost:{port}/")]) {
        let origin = redirect(302, &location).await;
        let egress = Egress::new(options(&[&origin.to_string()])).unwrap();
        let error = refused_after_redirect(egress.perform(&get(format!("http://{origin}/")), &policy(&hosts)).await);
        assert!(matches!(error, EgressError::PrivateAddress { .. }), "{location}: {error}");
    }
    assert!(sink.seen().is_empty());
}

#[tokio::test]
async fn other_schemes_and_user_names_are_not_followed() {
    for location in ["file:///etc/passwd", "gopher://127.0.0.1/", "http://a:b@127.0.0.1/", "http://[", "data:,x"] {
        let origin = redirect(302, location).await;
        let error = refused_after_redirect(egress().perform(&get(format!("http://{origin}/")), &loopback()).await);
        assert!(matches!(error, EgressError::Scheme { .. } | EgressError::BadRequest(_)), "{location}: {error}");
    }
}

#[tokio::test]
async fn redirects_end() {
    let address = serve(Router::new().fallback(|| async { (StatusCode::FOUND, [(LOCATION, "/again")]) })).await;
    let error = egress().perform(&get(format!("http://{address}/")), &loopback()).await.unwrap_err();
    assert_eq!(error, EgressError::TooManyRedirects { max: 3 });
    assert!(!error.is_before_send() && !error.is_transient());
}

#[tokio::test]
async fn a_redirect_without_a_target_is_a_response() {
    let address = serve(Router::new().fallback(|| async { StatusCode::NOT_MODIFIED })).await;
    assert_eq!(egress().perform(&get(format!("http://{address}/")), &loopback()).await.unwrap().status, 304);
}

#[tokio::test]
async fn a_dead_second_hop_does_not_count_as_unsent() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let dead = listener.local_addr().unwrap();
    drop(listener);
    let origin = redirect(307, format!("http://{dead}/")).await;
    let error = refused_after_redirect(egress().perform(&get(format!("http://{origin}/")), &loopback()).await);
    assert!(matches!(error, EgressError::Connect { .. }), "{error}");
    let error = refused_before_send(egress().perform(&get(format!("http://{dead}/")), &loopback()).await);
    assert!(matches!(error, EgressError::Connect { .. }) && error.is_transient(), "{error}");
}

#[tokio::test]
async fn te_6_what_is_performed_once_hands_a_redirect_back_and_goes_nowhere() {
    let (sink, target) = Sink::start().await;
    let origin = redirect(307, format!("http://{target}/there")).await;
    let response = egress().perform_once(&post(format!("http://{origin}/")), &loopback()).await.unwrap();
    assert_eq!(response.status, 307);
    assert!(sink.seen().is_empty());
}
