//! Texts as short messages carry them (GSM 03.38, 03.40): the default alphabet where it suffices, UCS-2 where not, in parts that a
//! phone joins.

/// Characters of a message, and of a part of one, in the default alphabet; each is a byte on the way to a centre.
const SEPTETS: (usize, usize) = (160, 153);
/// Bytes of the same in UCS-2.
const BYTES: (usize, usize) = (140, 134);
/// The default alphabet, by code. `@` is 0, and 27 begins what is in [`EXTENDED`].
const ALPHABET: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{1b}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
    ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const ESCAPE: char = '\u{1b}';
/// What two codes write.
const EXTENDED: [(char, u8); 10] = [
    ('\u{c}', 0x0a),
    ('^', 0x14),
    ('{', 0x28),
    ('}', 0x29),
    ('\\', 0x2f),
    ('[', 0x3c),
    ('~', 0x3d),
    (']', 0x3e),
    ('|', 0x40),
    ('€', 0x65),
];

/// How the bytes of a message are to be read: `data_coding` of SMPP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// The default alphabet, a character a byte.
    Default = 0,
    /// UTF-16, high byte first; phones read all of it.
    Ucs2 = 8,
}

/// A text in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// Of all of them.
    pub coding: Coding,
    /// Each with its header (03.40, 9.2.3.24) if there is more than one.
    pub parts: Vec<Vec<u8>>,
}

/// Writes a text; `reference` joins the parts of one.
pub fn write(text: &str, reference: u8) -> Result<Parts, String> {
    let (coding, characters, (whole, part)) = match septets(text) {
        Some(characters) => (Coding::Default, characters, SEPTETS),
        None => (Coding::Ucs2, text.chars().map(utf_16).collect(), BYTES),
    };
    if characters.iter().map(Vec::len).sum::<usize>() <= whole {
        return Ok(Parts { coding, parts: vec![characters.concat()] });
    }
    let mut parts: Vec<Vec<u8>> = vec![Vec::new()];
    for character in characters {
        // No character stands in two parts.
        if parts.last().is_none_or(|last| last.len() + character.len() > part) {
            parts.push(Vec::new());
        }
        if let Some(last) = parts.last_mut() {
            last.extend(character);
        }
    }
    let count = u8::try_from(parts.len()).map_err(|_| "the text takes more than 255 short messages".to_owned())?;
    let with_header = |(number, part): (u8, Vec<u8>)| [vec![5, 0, 3, reference, count, number], part].concat();
    Ok(Parts { coding, parts: (1..=count).zip(parts).map(with_header).collect() })
}

/// Reads a message of this coding; what is no text of it becomes a replacement character.
pub fn read(bytes: &[u8], data_coding: u8) -> String {
    match data_coding {
        8 => {
            let units: Vec<u16> =
                bytes.chunks(2).map(|pair| pair.iter().fold(0, |unit, byte| unit << 8 | u16::from(*byte))).collect();
            String::from_utf16_lossy(&units)
        }
        0 => {
            let mut text = String::new();
            let mut bytes = bytes.iter();
            while let Some(byte) = bytes.next() {
                let character = ALPHABET.chars().nth(usize::from(*byte));
                text.push(match character {
                    Some(ESCAPE) => {
                        let code = bytes.next();
                        EXTENDED.iter().find(|(_, other)| Some(other) == code).map_or(' ', |(character, _)| *character)
                    }
                    character => character.unwrap_or(char::REPLACEMENT_CHARACTER),
                });
            }
            text
        }
        3 => bytes.iter().map(|byte| char::from(*byte)).collect(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn septets(text: &str) -> Option<Vec<Vec<u8>>> {
    let code = |character: char| {
        let plain = ALPHABET.chars().position(|other| other == character && other != ESCAPE);
        let plain = plain.and_then(|code| u8::try_from(code).ok()).map(|code| vec![code]);
        plain.or_else(|| EXTENDED.iter().find(|(other, _)| *other == character).map(|(_, code)| vec![0x1b, *code]))
    };
    text.chars().map(code).collect()
}

fn utf_16(character: char) -> Vec<u8> {
    character.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, coding: Coding, sizes: &[usize]) {
        let written = write(text, 7).unwrap();
        let found: Vec<usize> = written.parts.iter().map(Vec::len).collect();
        assert_eq!((written.coding, found.as_slice()), (coding, sizes), "{text}");
        let header = if sizes.len() > 1 { 6 } else { 0 };
        let joined: Vec<u8> = written.parts.iter().flat_map(|part| part[header..].to_vec()).collect();
        assert_eq!(read(&joined, coding as u8), text);
    }

    #[test]
    fn ch_1_a_text_takes_as_many_parts_as_it_must() {
        assert_eq!(ALPHABET.chars().count(), 128);
        check("Hello @ £5 {ok} €", Coding::Default, &[20]);
        check(&"x".repeat(160), Coding::Default, &[160]);
        check(&"x".repeat(161), Coding::Default, &[159, 14]);
        check(&format!("{}{}", "x".repeat(152), "€".repeat(5)), Coding::Default, &[158, 16]);
        check("您好，阿达", Coding::Ucs2, &[10]);
        check(&"茶".repeat(70), Coding::Ucs2, &[140]);
        check(&"茶".repeat(71), Coding::Ucs2, &[140, 14]);
        check(&format!("{}🍵🍵🍵", "茶".repeat(66)), Coding::Ucs2, &[138, 18]);
        let two = write(&"茶".repeat(71), 9).unwrap();
        assert_eq!((&two.parts[0][..6], &two.parts[1][..6]), (&[5, 0, 3, 9, 2, 1][..], &[5, 0, 3, 9, 2, 2][..]));
        assert!(write(&"茶".repeat(20_000), 1).is_err());
    }

    #[test]
    fn ch_1_other_codings_are_read_and_what_is_none_replaced() {
        assert_eq!(read(&[0xe9, 0x41], 3), "éA");
        assert_eq!(read(b"A\xff", 1), "A\u{fffd}");
        assert_eq!(read(&[0x1b, 0x01, 0xff], 0), " \u{fffd}");
        assert_eq!(read(&[0x82], 8), "\u{82}");
        assert_eq!(read(&[0xd8, 0x3c], 8), "\u{fffd}");
    }
}
