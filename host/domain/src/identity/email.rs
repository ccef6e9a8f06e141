//! Email addresses in one form: lower case, the host as DNS knows it (`xn--…` for international domains, UTS #46).
//!
//! The ASCII form was chosen because it is what mail servers compare, and because look-alikes differ in it for
//! everybody to see. Dots and `+tags` in names mean something else at each provider: they stay.

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::{BadIdentity, script, text};

/// Bytes of the part before `@`, and of the whole address (RFC 5321, 4.5.3.1).
const NAME_BYTES_MAX: usize = 64;
const ADDRESS_BYTES_MAX: usize = 254;

/// The one form of an address that was typed.
pub(super) fn normal(text: &str) -> Result<String, BadIdentity> {
    let (name, host) = text.split_once('@').ok_or(BadIdentity::Email)?;
    let name = name_of(name)?;
    let host = host_of(host)?;
    if name.len() + 1 + host.len() > ADDRESS_BYTES_MAX {
        return Err(BadIdentity::Email);
    }
    Ok(format!("{name}@{host}"))
}

/// Whether the name or a label of the host mixes scripts.
pub(super) fn is_suspicious(address: &str) -> bool {
    let Some((name, host)) = address.split_once('@') else { return true };
    let foreign_host = || {
        let (host, read) = Uts46::new().to_unicode(host.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast);
        read.is_err() || script::is_suspicious(&host)
    };
    script::is_suspicious(name) || (host.contains("xn--") && foreign_host())
}

fn name_of(name: &str) -> Result<String, BadIdentity> {
    // Lower case may decompose, and composing may change it again.
    let folded = text::settle(name, |name| text::typed(&name.to_lowercase()).unwrap_or_default());
    let name = folded.ok_or(BadIdentity::Email)?;
    let good = (1..=NAME_BYTES_MAX).contains(&name.len()) && !name.chars().any(is_special);
    if good { Ok(name) } else { Err(BadIdentity::Email) }
}

/// What may stand in a quoted name only. Nobody has such an address; who writes one means something else:
/// `Ada <ada@example.com>`, `mailto:ada@example.com` or a list.
fn is_special(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "\"(),:;<>[\\]@".contains(c)
}

fn host_of(host: &str) -> Result<String, BadIdentity> {
    if host.is_empty() || host.contains(|c: char| is_special(c)) {
        return Err(BadIdentity::Email);
    }
    let ascii = Uts46::new()
        .to_ascii(host.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::VerifyAllowRootDot)
        .map_err(|_| BadIdentity::EmailHost)?;
    // The last dot is DNS's root, or the end of the sentence that the address was copied from.
    let name = ascii.strip_suffix('.').unwrap_or(&ascii);
    let top = name.rsplit('.').next().unwrap_or_default();
    // Numbers there would be an address of a machine.
    if top.is_empty() || top.bytes().all(|b| b.is_ascii_digit()) {
        return Err(BadIdentity::EmailHost);
    }
    Ok(name.to_owned())
}
