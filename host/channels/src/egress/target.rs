//! Where a URL leads, in one form for every scheme.

use std::net::IpAddr;

use url::{Host, Url};

/// Host and port of a URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Target {
    /// As `url` writes hosts of the web: lower case, punycode, IPv6 in brackets.
    pub host: String,
    /// Given, or the usual one of the scheme.
    pub port: u16,
    /// The address, where the host is one.
    pub address: Option<IpAddr>,
}

impl Target {
    /// Of a URL with a host and a scheme whose port is known, or with a port.
    pub(super) fn of(url: &Url) -> Option<Self> {
        let host = match url.host()? {
            // Of schemes that `url` does not know it leaves names as they stand, numbers for addresses among them.
            Host::Domain(name) => Host::parse(name).ok()?,
            Host::Ipv4(address) => Host::Ipv4(address),
            Host::Ipv6(address) => Host::Ipv6(address),
        };
        let address = match host {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
        };
        Some(Self {
            host: host.to_string(),
            port: url.port_or_known_default().or_else(|| port(url.scheme()))?,
            address,
        })
    }
}

/// The usual port of a scheme that `url` does not know: submission of mail (RFC 6409, RFC 8314), and SMPP.
fn port(scheme: &str) -> Option<u16> {
    match scheme {
        "smtp" => Some(587),
        "smtps" => Some(465),
        "smpp" => Some(2775),
        "smpps" => Some(3550),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: Option<(&str, u16)>) {
        let target = Target::of(&Url::parse(url).unwrap());
        let found = target.as_ref().map(|target| (target.host.as_str(), target.port));
        assert_eq!(found, expected, "{url}");
    }

    #[test]
    fn ch_2_a_host_is_the_same_under_every_scheme() {
        check("smtp://Mail.Example", Some(("mail.example", 587)));
        check("smtps://mail.example/", Some(("mail.example", 465)));
        check("smpp://邮件.example:2776", Some(("xn--5nq051n.example", 2776)));
        check("smtp://0x7f.1:25", Some(("127.0.0.1", 25)));
        check("smtp://%31%32%37.0.0.1:25", Some(("127.0.0.1", 25)));
        check("smtp://[::ffff:127.0.0.1]:25", Some(("[::ffff:7f00:1]", 25)));
        check("https://a.example", Some(("a.example", 443)));
        check("gopher://a.example", None);
        check("smtp:a.example", None);
    }
}
