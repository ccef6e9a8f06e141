//! Which addresses are public, and that no spelling of a closed one gets through.

use std::net::IpAddr;

use guanxi_channels::{AllowPrivate, Egress, EgressError, is_public};

use crate::support::{Sink, egress, get, loopback, options, policy, refused_before_send, serve_bytes};

#[test]
fn public_addresses_are_told_from_the_others() {
    for address in ["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1", "198.20.0.1"] {
        check(address, true);
    }
    for address in ["2606:4700:4700::1111", "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"] {
        check(address, true);
    }
    for address in ["0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255"] {
        check(address, false);
    }
    for address in ["192.168.0.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192"] {
        check(address, false);
    }
    for address in ["192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1"] {
        check(address, false);
    }
    for address in ["255.255.255.255", "192.88.99.1", "::", "::1", "::7f00:1", "::8.8.8.8", "fe80::1", "fec0::1"] {
        check(address, false);
    }
    for address in ["fc00::1", "fd00:ec2::254", "ff02::1", "100::1", "2001:db8::1", "3fff::1", "2001::1", "5f00::1"] {
        check(address, false);
    }
    for address in ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1"] {
        check(address, false);
    }
    for address in ["64:ff9b::127.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::8.8.8.8", "2002:7f00:1::1"] {
        check(address, false);
    }
    for address in ["2002:a9fe:a9fe::1", "2002:a00:1::"] {
        check(address, false);
    }
}

fn check(address: &str, public: bool) {
    assert_eq!(is_public(address.parse::<IpAddr>().unwrap()), public, "{address}");
}

#[test]
fn the_operators_list_is_read_or_refused() {
    for entry in ["127.0.0.1", "10.0.0.0/8", "127.0.0.1:8025", "::1", "fd00::/8", "[::1]:8025", " 10.1.2.3 "] {
        assert!(AllowPrivate::parse([entry]).is_ok(), "{entry}");
    }
    for entry in ["", "localhost", "10.0.0.0/33", "127.0.0.1:", "127.0.0.1:99999", "10.0.0.0/8:80"] {
        assert_eq!(AllowPrivate::parse([entry]).unwrap_err().entry, entry.trim());
    }
}

#[tokio::test]
async fn a_literal_address_is_refused_in_every_spelling() {
    let closed = Egress::new(options(&[])).unwrap();
    let policy = policy(&["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "0.0.0.0", "10.0.0.1"]);
    let spellings = [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "127.0.1",
        "%31%32%37.0.0.1",
        "①②⑦.0.0.1",
        "127。0。0。1",
        "127.0.0.1.",
        "[::1]",
        "[0:0::0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "169.254.169.254",
        "2852039166",
        "0",
        "0.0.0.0",
        "10.0.0.1",
        "012.0.0.1",
    ];
    for spelling in spellings {
        let error = refused_before_send(closed.perform(&get(format!("http://{spelling}:9/")), &policy).await);
        assert!(matches!(error, EgressError::PrivateAddress { .. }), "{spelling}: {error}");
    }
}

#[tokio::test]
async fn a_name_that_leads_to_loopback_is_refused_unless_allowed() {
    let (sink, address) = Sink::start().await;
    let request = get(format!("http://localhost:{}/", address.port()));
    let policy = policy(&["localhost"]);

    let closed = Egress::new(options(&[])).unwrap();
    let error = refused_before_send(closed.perform(&request, &policy).await);
    assert!(!error.is_transient());
    let EgressError::PrivateAddress { host, address } = error else { panic!("{error}") };
    assert!(host == "localhost" && address.is_loopback(), "{host} {address}");
    assert!(sink.seen().is_empty());

    assert_eq!(egress().perform(&request, &policy).await.unwrap().body, b"hello");
}

#[tokio::test]
async fn an_allowed_port_opens_that_port_only() {
    let (_, open) = Sink::start().await;
    let shut = serve_bytes("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let egress = Egress::new(options(&[&open.to_string()])).unwrap();
    let policy = policy(&["127.0.0.1", "localhost"]);
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("http://{host}:{}/", open.port());
        assert_eq!(egress.perform(&get(url), &policy).await.unwrap().status, 200);
        let url = format!("http://{host}:{}/", shut.port());
        let error = refused_before_send(egress.perform(&get(url), &policy).await);
        assert!(matches!(error, EgressError::PrivateAddress { .. }), "{error}");
    }
}

#[tokio::test]
async fn plain_http_needs_the_operator() {
    let (sink, address) = Sink::start().await;
    let mut options = options(&["127.0.0.1"]);
    options.allow_http = false;
    let egress = Egress::new(options).unwrap();
    for url in [format!("http://{address}/"), format!("ftp://{address}/"), "file:///etc/passwd".to_owned()] {
        let error = refused_before_send(egress.perform(&get(&url), &loopback()).await);
        assert!(matches!(error, EgressError::Scheme { .. }), "{url}: {error}");
    }
    assert!(sink.seen().is_empty());
}
