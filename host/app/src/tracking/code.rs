//! Codes in addresses: they say which link of which message it is, or which media, and nobody without the host's keys can make one. What a link
//! leads to stands in the message alone, so a code leads nowhere that a brand did not write.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use guanxi_domain::content::LINKS_MAX;
use guanxi_domain::ids::{MediaId, MessageId};
use guanxi_domain::tenant::TenantId;

use crate::Vault;

/// Bytes of the signature in a code: short enough for a text message, and nobody guesses 72 bits over a network.
const SIGNATURE_LEN: usize = 9;
/// What a code is signed as.
const DOMAIN: &[u8] = b"guanxi link 1\0";
/// The most characters of a code.
const CODE_MAX: usize = 64;
/// Numbers that stand for no link, but for the message itself, and for no message, but for media.
const ITSELF: u8 = 255;
const MEDIA: u8 = 254;

/// What of a message a code stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Spot {
    /// One of its links.
    Link(u8),
    /// That it was looked at.
    Pixel,
}

/// What a code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Code {
    pub(crate) tenant: TenantId,
    pub(crate) message: MessageId,
    pub(crate) spot: Spot,
}

/// What the address of a picture, recording or film says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MediaCode {
    pub(crate) tenant: TenantId,
    pub(crate) id: MediaId,
}

impl Code {
    /// As it stands in an address.
    pub(crate) fn written(&self, vault: &Vault) -> Option<String> {
        let number = match self.spot {
            Spot::Link(number) => number,
            Spot::Pixel => ITSELF,
        };
        write(vault, number, self.message.as_bytes(), self.tenant)
    }

    /// Reads `written`; nothing if the host did not write it.
    pub(crate) fn read(text: &str, vault: &Vault) -> Option<Self> {
        let (number, message, tenant) = read(vault, text)?;
        let spot = match number {
            ITSELF => Spot::Pixel,
            number if number < LINKS_MAX => Spot::Link(number),
            _ => return None,
        };
        Some(Self { tenant, message: MessageId::from_slice(&message)?, spot })
    }
}

impl MediaCode {
    /// As it stands in an address.
    pub(crate) fn written(&self, vault: &Vault) -> Option<String> {
        write(vault, MEDIA, self.id.as_bytes(), self.tenant)
    }

    /// Reads `written`; nothing if the host did not write it.
    pub(crate) fn read(text: &str, vault: &Vault) -> Option<Self> {
        let (number, id, tenant) = read(vault, text)?;
        (number == MEDIA).then_some(Self { tenant, id: MediaId::from_slice(&id)? })
    }
}

fn write(vault: &Vault, number: u8, id: &[u8; 16], tenant: TenantId) -> Option<String> {
    let tenant = tenant.0.to_be_bytes();
    let first = tenant.iter().position(|byte| *byte != 0).unwrap_or(tenant.len());
    let mut bytes = [&[number], id.as_slice(), tenant.get(first..)?].concat();
    let signature = vault.sign(&[DOMAIN, &bytes].concat())?;
    bytes.extend(signature.get(..SIGNATURE_LEN)?);
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

fn read(vault: &Vault, text: &str) -> Option<(u8, [u8; 16], TenantId)> {
    if text.len() > CODE_MAX {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (said, signature) = bytes.split_at_checked(bytes.len().checked_sub(SIGNATURE_LEN)?)?;
    let (number, rest) = said.split_first()?;
    let (id, tenant) = rest.split_first_chunk::<16>()?;
    if tenant.len() > 8 || !vault.signed(&[DOMAIN, said].concat(), signature) {
        return None;
    }
    let tenant = tenant.iter().fold(0_i64, |sum, byte| (sum << 8) | i64::from(*byte));
    Some((*number, *id, TenantId(tenant)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Keyring;

    fn code(spot: Spot) -> Code {
        Code { tenant: TenantId(300), message: MessageId::from_uuid(uuid::Uuid::from_u128(7)), spot }
    }

    #[test]
    fn ch_9_a_code_says_what_it_was_made_for() {
        let vault = Vault::new([1; 32]);
        for spot in [Spot::Link(0), Spot::Link(99), Spot::Pixel] {
            let written = code(spot).written(&vault).unwrap();
            assert!(written.len() <= 40, "{written}");
            assert_eq!(Code::read(&written, &vault), Some(code(spot)));
        }
        // A key that was changed still opens what it signed.
        let written = code(Spot::Pixel).written(&vault).unwrap();
        let rotated = Vault::with(Keyring::new([2; 32], [[1; 32]]).unwrap());
        assert_eq!(Code::read(&written, &rotated), Some(code(Spot::Pixel)));
    }

    #[test]
    fn ch_4_media_and_messages_are_told_apart() {
        let vault = Vault::new([1; 32]);
        let media = MediaCode { tenant: TenantId(0), id: MediaId::from_uuid(uuid::Uuid::from_u128(7)) };
        let written = media.written(&vault).unwrap();
        assert_eq!(MediaCode::read(&written, &vault), Some(media));
        assert_eq!(Code::read(&written, &vault), None);
        assert_eq!(MediaCode::read(&code(Spot::Pixel).written(&vault).unwrap(), &vault), None);
    }

    #[test]
    fn ch_9_nobody_else_makes_a_code() {
        let vault = Vault::new([1; 32]);
        let written = code(Spot::Link(1)).written(&vault).unwrap();
        assert_eq!(Code::read(&written, &Vault::new([2; 32])), None);
        let bytes = URL_SAFE_NO_PAD.decode(&written).unwrap();
        for index in 0..bytes.len() {
            let mut forged = bytes.clone();
            forged[index] ^= 1;
            assert_eq!(Code::read(&URL_SAFE_NO_PAD.encode(&forged), &vault), None, "{index}");
        }
        for short in ["", "AA", "!", &written[..written.len() - 2], &format!("{written}AA"), &"A".repeat(65)] {
            assert_eq!(Code::read(short, &vault), None, "{short}");
        }
    }
}
