//! Which hosts a pattern covers, and what a secret may be part of.

use guanxi_channels::{EgressError, HostPattern};

use crate::support::{Sink, egress, get, loopback, policy, refused_before_send, with_headers};

#[test]
fn patterns_cover_what_they_say() {
    check("api.example.com", "api.example.com", 443, true);
    check("API.Example.com", "api.example.com", 8443, true);
    check("api.example.com", "evil-api.example.com", 443, false);
    check("api.example.com", "api.example.com.evil.test", 443, false);
    check("api.example.com:8443", "api.example.com", 8443, true);
    check("api.example.com:8443", "api.example.com", 443, false);
    check("*.example.com", "a.example.com", 443, true);
    check("*.example.com", "a.b.example.com", 443, true);
    check("*.example.com", "example.com", 443, false);
    check("*.example.com", "evilexample.com", 443, false);
    check("*.example.com:8443", "a.example.com", 443, false);
    check("bücher.example", "xn--bcher-kva.example", 443, true);
    check("127.0.0.1", "127.0.0.1", 1, true);
    check("[::1]:80", "[::1]", 80, true);
    check("[::1]", "[::1]", 80, true);
}

fn check(pattern: &str, host: &str, port: u16, covered: bool) {
    let read: HostPattern = pattern.parse().unwrap();
    assert_eq!(read.covers(host, port), covered, "{pattern} and {host}:{port}");
}

#[test]
fn patterns_that_say_too_much_are_refused() {
    let bad =
        ["", "*", "*.", "*.com", "a.*.com", "*.127.0.0.1", "*.1", "https://a.test", "a.test/x", "a.test:", "a.test:0"];
    for pattern in bad.into_iter().chain(["a.test:99999", "a b.test", "user@a.test", "{{session}}.test", "::1"]) {
        assert_eq!(pattern.parse::<HostPattern>().unwrap_err().pattern, pattern);
    }
}

#[tokio::test]
async fn a_host_that_is_not_granted_hears_nothing() {
    let (sink, address) = Sink::start().await;
    let request = with_headers(get(format!("http://{address}/{{{{secret:token}}}}")), &[("x", "{{secret:token}}")]);
    for hosts in [vec![], vec!["api.example.com"], vec!["127.0.0.1:1"], vec!["localhost"]] {
        let error = refused_before_send(egress().perform(&request, &policy(&hosts)).await);
        assert_eq!(error, EgressError::NotGranted { host: address.to_string() });
    }
    assert!(sink.seen().is_empty());
}

#[tokio::test]
async fn secrets_and_the_session_are_put_in_on_the_way_out() {
    let (sink, address) = Sink::start().await;
    let url = format!(
        "http://{address}/bot{{{{secret:token}}}}/send?key={{{{secret:token}}}}&s={{{{session}}}}&m={{{{name}}}}#x"
    );
    let headers =
        [("authorization", "Bearer {{secret:token}}"), ("x-session", "{{session}}"), ("x-plain", "{{name}} {{")];
    let mut request = with_headers(get(url), &headers);
    request.method = "POST".to_owned();
    request.body = b"{{secret:token}}".to_vec();
    assert_eq!(egress().perform(&request, &loopback()).await.unwrap().status, 200);

    let seen = sink.only();
    assert_eq!(seen.uri, "/bots3cr3t:T%2Fk%3D/send?key=s3cr3t:T%2Fk%3D&s=sess10n&m={{name}}");
    assert_eq!(seen.header("authorization"), Some("Bearer s3cr3t:T/k="));
    assert_eq!(seen.header("x-session"), Some("sess10n"));
    assert_eq!(seen.header("x-plain"), Some("{{name}} {{"));
    assert_eq!(seen.body, "{{secret:token}}");
    assert!(!format!("{:?}", loopback()).contains("s3cr3t"));
}

#[tokio::test]
async fn a_secret_cannot_choose_the_host() {
    let (sink, address) = Sink::start().await;
    for authority in ["{{session}}.example.com", "{{secret:token}}@api.example.com", "u:p@api.example.com"] {
        let policy = policy(&["*.example.com", "api.example.com"]);
        let error = refused_before_send(egress().perform(&get(format!("http://{authority}/")), &policy).await);
        assert!(matches!(error, EgressError::BadRequest(_)), "{authority}: {error}");
    }
    let error =
        refused_before_send(egress().perform(&get(format!("http://{address}/{{{{secret:token")), &loopback()).await);
    assert!(matches!(error, EgressError::BadRequest(_)), "{error}");
    assert!(sink.seen().is_empty());
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    let (sink, address) = Sink::start().await;
    let request = with_headers(get(format!("http://{address}/")), &[("x", "{{secret:other}}")]);
    let error = refused_before_send(egress().perform(&request, &loopback()).await);
    assert_eq!(error, EgressError::UnknownSecret { name: "other".to_owned() });

    let request = get(format!("http://{address}/{{{{session}}}}"));
    let error = refused_before_send(egress().perform(&request, &loopback().with_session(None)).await);
    assert_eq!(error, EgressError::NoSession);
    assert!(sink.seen().is_empty());
}
