//! Which addresses may be reached: public ones, and those the operator lists.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Whether `address` is a public unicast address: not loopback, private, link-local, shared (CGNAT), multicast,
/// reserved, documentation or metadata, and not one of those wrapped into IPv6.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

/// The operator's list of addresses that may be reached although they are not public.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowPrivate {
    entries: Vec<Entry>,
}

/// An entry of [`AllowPrivate`] that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{entry}` is not an address, a network or `address:port`; write 10.1.2.3, 10.0.0.0/8, 10.1.2.3:8025 or [::1]:8025"
)]
pub struct BadAllowance {
    /// As it was written.
    pub entry: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    network: IpNet,
    port: Option<u16>,
}

impl AllowPrivate {
    /// Reads addresses (`127.0.0.1`), networks (`10.0.0.0/8`) and single ports (`127.0.0.1:8025`, `[::1]:8025`).
    pub fn parse(entries: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, BadAllowance> {
        let entries = entries.into_iter().map(|entry| Entry::parse(entry.as_ref().trim())).collect::<Result<_, _>>()?;
        Ok(Self { entries })
    }

    /// Whether `address` is public or listed. Without a port, entries for single ports do not count.
    pub(super) fn reaches(&self, address: IpAddr, port: Option<u16>) -> bool {
        let address = address.to_canonical();
        let listed = |entry: &Entry| entry.network.contains(&address) && (entry.port.is_none() || entry.port == port);
        is_public(address) || self.entries.iter().any(listed)
    }

    /// Every port that an entry names, once.
    pub(super) fn ports(&self) -> impl Iterator<Item = u16> {
        self.entries.iter().filter_map(|entry| entry.port).collect::<BTreeSet<_>>().into_iter()
    }
}

impl Entry {
    fn parse(text: &str) -> Result<Self, BadAllowance> {
        if let Ok(network) = text.parse::<IpNet>() {
            return Ok(Self { network, port: None });
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self { network: address.to_canonical().into(), port: None });
        }
        match text.parse::<SocketAddr>() {
            Ok(socket) => Ok(Self { network: socket.ip().to_canonical().into(), port: Some(socket.port()) }),
            Err(_) => Err(BadAllowance { entry: text.to_owned() }),
        }
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(a: u16, b: u16, c: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix)
}

/// The IANA special-purpose registry, as far as its ranges are not globally reachable.
const CLOSED_V4: [Ipv4Net; 17] = [
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    // The platform endpoint of Azure virtual machines: public by number, private by meaning.
    v4(168, 63, 129, 16, 32),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 31, 196, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 4),
    v4(240, 0, 0, 0, 4),
];

/// IPv6 starts from the one range that is handed out to the public; everything beside it is closed.
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 0, 3);
/// Protocol assignments (Teredo and ORCHID among them) and documentation within it.
const CLOSED_V6: [Ipv6Net; 3] = [v6(0x2001, 0, 0, 23), v6(0x2001, 0xdb8, 0, 32), v6(0x3fff, 0, 0, 20)];
const SIX_TO_FOUR: Ipv6Net = v6(0x2002, 0, 0, 16);
/// How IPv6-only networks reach IPv4: as good as the address inside.
const NAT64: Ipv6Net = v6(0x64, 0xff9b, 0, 96);

fn is_public_v4(address: Ipv4Addr) -> bool {
    !CLOSED_V4.iter().any(|network| network.contains(&address))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [_, b, c, .., y, z] = address.segments();
    if NAT64.contains(&address) {
        return is_public_v4(joined(y, z));
    }
    if SIX_TO_FOUR.contains(&address) {
        return is_public_v4(joined(b, c));
    }
    GLOBAL_V6.contains(&address) && !CLOSED_V6.iter().any(|network| network.contains(&address))
}

fn joined(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}
