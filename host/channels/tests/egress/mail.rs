//! CH-2: mail passes the same locks as HTTP, and what a server does in the middle of it is told as what it is.

use std::net::SocketAddr;
use std::time::Duration;

use guanxi_channels::{AllowPrivate, Egress, EgressError, EgressOptions};
use guanxi_domain::connector::{Request, Response};

use crate::mail_server::{HANG_UP, SILENCE, Tls, serve_mail};
use crate::support::{egress, options, policy, refused_before_send, with_headers};

const MESSAGE: &str = "From: a@brand.example\r\nSubject: x\r\n\r\nHello\r\n..\r\n.\r\nBye\r\n";

fn mail(url: &str) -> Request {
    let request = Request { method: "SEND".to_owned(), url: url.to_owned(), headers: vec![], body: MESSAGE.into() };
    with_headers(request, &[("mail-from", "a@brand.example"), ("rcpt-to", "ada@example.com")])
}

/// To a server on this machine, in plain text if it offers nothing else.
fn plain(address: SocketAddr) -> Request {
    let mut request = mail(&format!("smtp://{address}"));
    request.headers.push(("tls".to_owned(), "optional".to_owned()));
    request
}

fn trusting(root: Vec<u8>) -> EgressOptions {
    EgressOptions { allow_http: false, extra_roots: vec![root], ..options(&["127.0.0.1"]) }
}

fn header<'r>(response: &'r Response, name: &str) -> Option<&'r str> {
    response.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

async fn send(request: &Request) -> Result<Response, EgressError> {
    egress().perform(request, &policy(&["127.0.0.1"])).await
}

#[tokio::test]
async fn ch_2_a_message_arrives_as_it_was_written_and_connections_are_kept() {
    let (address, heard, _) = serve_mail(Tls::Never, &[]).await;
    let egress = egress();
    let request = with_headers(
        plain(address),
        &[
            ("mail-from", "a@brand.example"),
            ("rcpt-to", "ada@example.com"),
            ("tls", "optional"),
            ("username", "news"),
            ("password", "{{secret:token}}"),
        ],
    );
    for _ in 0..5 {
        let response = egress.perform(&request, &policy(&["127.0.0.1"])).await.unwrap();
        assert_eq!((response.status, response.body.as_slice()), (250, &b"2.0.0 queued as 7"[..]));
        assert_eq!(
            (header(&response, "phase"), header(&response, "enhanced-status")),
            (Some("message"), Some("2.0.0"))
        );
    }
    assert_eq!((heard.count("(connects)"), heard.count("RSET")), (1, 4));
    // A dot at the beginning of a line is written twice on the way.
    assert_eq!(heard.count(&MESSAGE.replace("\r\n.", "\r\n..")), 5);
    // The base 64 of `\0news\0s3cr3t:T/k=`.
    assert_eq!(heard.count("AUTH PLAIN AG5ld3MAczNjcjN0OlQvaz0="), 1);

    // Who is somebody else has a connection of their own.
    egress.perform(&plain(address), &policy(&["127.0.0.1"])).await.unwrap();
    assert_eq!(heard.count("(connects)"), 2);
}

#[tokio::test]
async fn ch_2_tls_is_spoken_with_who_is_trusted_from_the_start_or_before_anything_is_said() {
    for (tls, scheme) in [(Tls::AtOnce, "smtps"), (Tls::Offered, "smtp")] {
        let (address, heard, root) = serve_mail(tls, &[]).await;
        let request = mail(&format!("{scheme}://localhost:{}", address.port()));
        let policy = policy(&["localhost"]);
        let stranger = Egress::new(EgressOptions { allow_http: false, ..options(&["127.0.0.1"]) }).unwrap();
        let error = refused_before_send(stranger.perform(&request, &policy).await);
        assert!(matches!(error, EgressError::Tls { .. }), "{error}");

        let friend = Egress::new(trusting(root)).unwrap();
        assert_eq!(friend.perform(&request, &policy).await.unwrap().status, 250);
        let lines = heard.lines();
        let (safe, first) =
            (lines.iter().rposition(|line| line == "(tls)"), lines.iter().position(|line| line.starts_with("MAIL")));
        assert!(safe.is_some() && safe < first, "{lines:?}");
    }
}

#[tokio::test]
async fn ch_2_nothing_is_said_in_plain_text_unless_connector_and_operator_want_it() {
    let (address, heard, root) = serve_mail(Tls::Never, &[]).await;
    let error = refused_before_send(send(&mail(&format!("smtp://{address}"))).await);
    assert!(matches!(error, EgressError::Tls { .. }), "{error}");
    let strict = Egress::new(trusting(root)).unwrap();
    let error = refused_before_send(strict.perform(&plain(address), &policy(&["127.0.0.1"])).await);
    assert!(matches!(error, EgressError::BadRequest(_)), "{error}");
    assert!(!heard.lines().iter().any(|line| line.starts_with("MAIL") || line.starts_with("AUTH")));
}

#[tokio::test]
async fn ch_2_what_comes_in_plain_text_before_tls_is_not_believed_after_it() {
    let injected = "220 go on\r\n250-mx.example\r\n250 AUTH PLAIN\r\n235 welcome\r\n";
    let (address, heard, root) = serve_mail(Tls::Offered, &[("STARTTLS", injected)]).await;
    let request = mail(&format!("smtp://localhost:{}", address.port()));
    let error =
        refused_before_send(Egress::new(trusting(root)).unwrap().perform(&request, &policy(&["localhost"])).await);
    assert!(matches!(error, EgressError::Tls { .. }), "{error}");
    assert_eq!(heard.count("(tls)"), 0);

    let (address, _, root) = serve_mail(Tls::Offered, &[("STARTTLS", "454 4.7.0 no certificate today\r\n")]).await;
    let request = mail(&format!("smtp://localhost:{}", address.port()));
    let response = Egress::new(trusting(root)).unwrap().perform(&request, &policy(&["localhost"])).await.unwrap();
    assert_eq!((response.status, header(&response, "phase")), (454, Some("starttls")));
}

#[tokio::test]
async fn ch_2_a_refusal_says_to_what_it_answers() {
    for (command, answer, status, phase, enhanced) in [
        ("greeting", "554 5.7.1 no service for you\r\n", 554, "greeting", Some("5.7.1")),
        ("EHLO", "550 no\r\n", 550, "ehlo", None),
        ("AUTH", "535 5.7.8 wrong password\r\n", 535, "auth", Some("5.7.8")),
        ("MAIL", "451-4.7.1 greylisted\r\n451 4.7.1 come again\r\n", 451, "mail-from", Some("4.7.1")),
        ("RCPT", "550 5.1.1 nobody\r\n", 550, "rcpt-to", Some("5.1.1")),
        ("DATA", "452 4.3.1 full\r\n", 452, "data", Some("4.3.1")),
        (".", "554 5.6.0 spam\r\n", 554, "message", Some("5.6.0")),
    ] {
        let (address, _, _) = serve_mail(Tls::Never, &[(command, answer)]).await;
        let mut request = plain(address);
        request.headers.extend([("username".to_owned(), "a".to_owned()), ("password".to_owned(), "b".to_owned())]);
        let response = send(&request).await.unwrap();
        assert_eq!((response.status, header(&response, "phase")), (status, Some(phase)));
        assert_eq!(header(&response, "enhanced-status"), enhanced, "{answer}");
    }
}

#[tokio::test]
async fn ch_2_only_a_message_that_was_handed_over_may_have_arrived() {
    let endless = "250-x\r\n".repeat(20_000);
    let long = format!("250 {}", "x".repeat(200_000));
    for (command, answer, sure) in [
        ("greeting", HANG_UP, true),
        ("EHLO", HANG_UP, true),
        ("MAIL", HANG_UP, true),
        ("RCPT", "what?\r\n", true),
        ("RCPT", endless.as_str(), true),
        ("RCPT", long.as_str(), true),
        ("DATA", HANG_UP, true),
        (".", HANG_UP, false),
        (".", "what?\r\n", false),
        (".", long.as_str(), false),
    ] {
        let (address, _, _) = serve_mail(Tls::Never, &[(command, answer)]).await;
        let error = send(&plain(address)).await.unwrap_err();
        assert_eq!((error.is_before_send(), error.is_transient()), (sure, true), "{command}: {error}");
    }
    for (command, sure) in [("greeting", true), ("EHLO", true), ("RCPT", true), ("DATA", true), (".", false)] {
        let (address, _, _) = serve_mail(Tls::Never, &[(command, SILENCE)]).await;
        let hasty = EgressOptions { total_timeout: Duration::from_millis(200), ..options(&["127.0.0.1"]) };
        let error = Egress::new(hasty).unwrap().perform(&plain(address), &policy(&["127.0.0.1"])).await.unwrap_err();
        assert_eq!((error.is_before_send(), error.is_transient()), (sure, true), "{command}: {error}");
    }
}

#[tokio::test]
async fn ch_2_a_server_that_hangs_up_while_a_message_is_on_its_way_has_not_got_it() {
    let (address, _, _) = serve_mail(Tls::Never, &[("data", HANG_UP)]).await;
    let mut request = plain(address);
    // More than fits on the way, so that the end never leaves.
    request.body = format!("Subject: x\r\n\r\n{}", format!("{}\r\n", "x".repeat(70)).repeat(14_000)).into_bytes();
    let large = EgressOptions { request_bytes_max: 64 << 20, ..options(&["127.0.0.1"]) };
    request.body = request.body.repeat(40);
    let error = Egress::new(large).unwrap().perform(&request, &policy(&["127.0.0.1"])).await.unwrap_err();
    assert!(matches!(error, EgressError::Interrupted { .. }), "{error}");
}

#[tokio::test]
async fn ch_2_a_kept_connection_that_died_is_replaced() {
    let (address, heard, _) = serve_mail(Tls::Never, &[("RSET", HANG_UP)]).await;
    let egress = egress();
    for _ in 0..3 {
        assert_eq!(egress.perform(&plain(address), &policy(&["127.0.0.1"])).await.unwrap().status, 250);
    }
    assert_eq!(heard.count("(connects)"), 3);
}

#[tokio::test]
async fn ch_2_mail_goes_to_granted_and_reachable_hosts_only() {
    let (address, heard, _) = serve_mail(Tls::Never, &[]).await;
    for hosts in [vec![], vec!["mail.example"], vec!["127.0.0.1:1"]] {
        let error = refused_before_send(egress().perform(&plain(address), &policy(&hosts)).await);
        assert_eq!(error, EgressError::NotGranted { host: address.to_string() });
    }
    let closed = Egress::new(options(&[])).unwrap();
    let everywhere = policy(&["127.0.0.1", "localhost", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1"]);
    for host in
        ["127.0.0.1", "0x7f.1", "2130706433", "%31%32%37.0.0.1", "localhost", "169.254.169.254", "[::1]", "10.0.0.1"]
    {
        let error = refused_before_send(
            closed.perform(&mail(&format!("smtps://{host}:{}", address.port())), &everywhere).await,
        );
        assert!(matches!(error, EgressError::PrivateAddress { .. }), "{host}: {error}");
    }
    // One port of this machine is open, and no other.
    let other = EgressOptions { allow_private: AllowPrivate::parse(["127.0.0.1:1"]).unwrap(), ..options(&[]) };
    let error = refused_before_send(Egress::new(other).unwrap().perform(&plain(address), &everywhere).await);
    assert!(matches!(error, EgressError::PrivateAddress { .. }), "{error}");
    assert!(heard.lines().is_empty());
}

#[tokio::test]
async fn ch_2_what_is_no_message_is_refused_before_it_leaves() {
    let (address, heard, _) = serve_mail(Tls::Never, &[]).await;
    let good = plain(address);
    let with = |name: &str, value: &str| {
        let mut headers = good.headers.clone();
        headers.retain(|(other, _)| other != name);
        headers.push((name.to_owned(), value.to_owned()));
        Request { headers, ..good.clone() }
    };
    let without = |name: &str| Request {
        headers: good.headers.iter().filter(|(other, _)| other != name).cloned().collect(),
        ..good.clone()
    };
    let body = |body: &str| Request { body: body.as_bytes().to_vec(), ..good.clone() };
    let mut twice = good.clone();
    twice.headers.push(("rcpt-to".to_owned(), "bob@example.com".to_owned()));
    for bad in [
        Request { method: "POST".to_owned(), ..good.clone() },
        Request { url: format!("smtp://{address}/inbox"), ..good.clone() },
        Request { url: format!("smtp://user:word@{address}"), ..good.clone() },
        Request { url: format!("smtp://{address}?x={{{{secret:token}}}}"), ..good.clone() },
        twice,
        without("rcpt-to"),
        without("mail-from"),
        with("rcpt-to", "ada@example.com> SIZE=1"),
        with("rcpt-to", "{{secret:odd}}"),
        with("rcpt-to", "ada"),
        with("mail-from", "阿达@example.com"),
        with("username", "a"),
        with("subject", "x"),
        with("tls", "never"),
        body("Subject: x\n\nHello\r\n"),
        body("Subject: x\r\n\r\nHello\n.\nMAIL FROM:<b@c.cn>\r\n"),
        body("Subject: x\r\n\r\nHello\r.\r"),
        body("Subject: x\0\r\n"),
        body(&"x".repeat(2 * 1024 * 1024)),
    ] {
        let error = refused_before_send(send(&bad).await);
        assert!(matches!(error, EgressError::BadRequest(_)), "{error}");
    }
    let error = refused_before_send(send(&with("password", "{{secret:other}}")).await);
    assert_eq!(error, EgressError::UnknownSecret { name: "other".to_owned() });
    assert!(heard.lines().is_empty());
    // A notice has no return path.
    assert_eq!(send(&with("mail-from", "")).await.unwrap().status, 250);
    assert_eq!(heard.count("MAIL FROM:<>"), 1);
}
