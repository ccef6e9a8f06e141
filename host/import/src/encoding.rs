//! Which encoding a file has, and its bytes as text.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

/// Encodings of imported text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// With or without a byte order mark.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// Includes GBK and GB2312.
    Gb18030,
    /// Little-endian, as Excel's “Unicode text”.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// Big-endian.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// Traditional Chinese.
    Big5,
    /// Western European.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

impl Encoding {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Utf8, Self::Gb18030, Self::Utf16Le, Self::Utf16Be, Self::Big5, Self::Windows1252];

    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Gb18030 => "gb18030",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Big5 => "big5",
            Self::Windows1252 => "windows-1252",
        }
    }

    /// Reads `as_str`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|encoding| encoding.as_str() == text)
    }

    fn standard(self) -> &'static encoding_rs::Encoding {
        match self {
            Self::Utf8 => encoding_rs::UTF_8,
            Self::Gb18030 => encoding_rs::GB18030,
            Self::Utf16Le => encoding_rs::UTF_16LE,
            Self::Utf16Be => encoding_rs::UTF_16BE,
            Self::Big5 => encoding_rs::BIG5,
            Self::Windows1252 => encoding_rs::WINDOWS_1252,
        }
    }
}

/// Bytes of a file looked at, as many as need be, to tell its encoding. Fed with the whole file it is never misled by a
/// file that begins with plain letters.
pub struct Detection {
    decided: Option<Encoding>,
    started: bool,
    /// The bytes so far are UTF-8, except perhaps for a character that is cut.
    utf8: Option<encoding_rs::Decoder>,
    scratch: String,
    guess: EncodingDetector,
    guessed: usize,
}

impl Default for Detection {
    fn default() -> Self {
        Self {
            decided: None,
            started: false,
            utf8: Some(encoding_rs::UTF_8.new_decoder_without_bom_handling()),
            scratch: String::new(),
            guess: EncodingDetector::new(Iso2022JpDetection::Deny),
            guessed: 0,
        }
    }
}

/// Bytes with letters beyond ASCII from which legacy encodings are told apart.
const GUESS_BYTES: usize = 256 * 1024;

impl Detection {
    /// Looks at the next piece of the file.
    pub fn feed(&mut self, piece: &[u8]) {
        if !self.started && !piece.is_empty() {
            self.started = true;
            self.decided = by_mark(piece).or_else(|| by_zeros(piece));
        }
        if self.decided.is_some() || piece.is_empty() {
            return;
        }
        if self.guessed < GUESS_BYTES && !piece.is_ascii() {
            let start = piece.iter().position(|byte| !byte.is_ascii()).unwrap_or(0);
            let part = piece.get(start..piece.len().min(start + GUESS_BYTES)).unwrap_or(&[]);
            self.guess.feed(part, false);
            self.guessed += part.len();
        }
        let valid = self.utf8.as_mut().is_none_or(|decoder| still_utf8(decoder, piece, &mut self.scratch));
        if !valid {
            self.utf8 = None;
        }
    }

    /// The encoding that fits what was seen; `region` (ISO 3166) helps to tell similar ones apart.
    pub fn finish(mut self, region: Option<&str>) -> Encoding {
        if let Some(encoding) = self.decided {
            return encoding;
        }
        if self.utf8.is_some() {
            return Encoding::Utf8;
        }
        self.guess.feed(&[], true);
        let domain = region.map(|code| code.to_ascii_lowercase());
        let domain = domain.as_deref().filter(|code| code.len() == 2 && code.bytes().all(|b| b.is_ascii_lowercase()));
        let found = self.guess.guess(domain.map(str::as_bytes), Utf8Detection::Deny);
        match found.name() {
            "Big5" => Encoding::Big5,
            "windows-1252" => Encoding::Windows1252,
            _ => Encoding::Gb18030,
        }
    }
}

fn still_utf8(decoder: &mut encoding_rs::Decoder, piece: &[u8], scratch: &mut String) -> bool {
    let mut rest = piece;
    loop {
        scratch.clear();
        let room = rest.len().clamp(64, 64 * 1024);
        scratch.reserve(room);
        let (result, read) = decoder.decode_to_string_without_replacement(rest, scratch, false);
        match result {
            encoding_rs::DecoderResult::InputEmpty => return true,
            encoding_rs::DecoderResult::OutputFull => rest = rest.get(read..).unwrap_or(&[]),
            encoding_rs::DecoderResult::Malformed(..) => return false,
        }
    }
}

fn by_mark(piece: &[u8]) -> Option<Encoding> {
    match piece {
        [0xef, 0xbb, 0xbf, ..] => Some(Encoding::Utf8),
        [0xff, 0xfe, ..] => Some(Encoding::Utf16Le),
        [0xfe, 0xff, ..] => Some(Encoding::Utf16Be),
        _ => None,
    }
}

/// UTF-16 without a mark: separators and digits have a zero byte on one side.
fn by_zeros(piece: &[u8]) -> Option<Encoding> {
    let sample = piece.get(..piece.len().min(4096)).unwrap_or(piece);
    let zeros = |odd: usize| sample.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    let (first, second) = (zeros(0), zeros(1));
    let pairs = sample.len() / 2;
    if pairs >= 2 && second * 10 > pairs && first * 20 < second {
        return Some(Encoding::Utf16Le);
    }
    (pairs >= 2 && first * 10 > pairs && second * 20 < first).then_some(Encoding::Utf16Be)
}

/// Turns the pieces of a file into text; bytes that are none become U+FFFD.
pub(crate) struct Decoder(encoding_rs::Decoder);

impl Decoder {
    pub(crate) fn new(encoding: Encoding) -> Self {
        Self(encoding.standard().new_decoder_with_bom_removal())
    }

    /// Appends the text of a piece.
    pub(crate) fn decode(&mut self, piece: &[u8], last: bool, text: &mut String) {
        let mut rest = piece;
        loop {
            text.reserve(self.0.max_utf8_buffer_length(rest.len()).unwrap_or(rest.len()).min(4 * 1024 * 1024));
            let (result, read, _) = self.0.decode_to_string(rest, text, last);
            rest = rest.get(read..).unwrap_or(&[]);
            if result == encoding_rs::CoderResult::InputEmpty {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(bytes: &[u8], region: Option<&str>) -> Encoding {
        let mut whole = Detection::default();
        whole.feed(bytes);
        let mut torn = Detection::default();
        bytes.chunks(3).for_each(|piece| torn.feed(piece));
        let found = whole.finish(region);
        if !matches!(found, Encoding::Utf16Le | Encoding::Utf16Be) {
            assert_eq!(torn.finish(region), found, "however it is cut");
        }
        found
    }

    #[test]
    fn encodings_are_told_apart() {
        let text = "手机号,姓名,城市\n13800138000,王小明,上海\n13900139000,李雷,北京\n";
        let late = format!("{}{text}", "id,name\n".repeat(2_000));
        let (gb, _, _) = encoding_rs::GB18030.encode(text);
        let (gb_late, _, _) = encoding_rs::GB18030.encode(&late);
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let utf16_be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (bytes, encoding) in [
            (text.as_bytes().to_vec(), Encoding::Utf8),
            (late.clone().into_bytes(), Encoding::Utf8),
            (b"a,b\n1,2\n".to_vec(), Encoding::Utf8),
            (gb.to_vec(), Encoding::Gb18030),
            (gb_late.to_vec(), Encoding::Gb18030),
            (utf16.clone(), Encoding::Utf16Le),
            (utf16_be, Encoding::Utf16Be),
            ([&[0xff, 0xfe], utf16.as_slice()].concat(), Encoding::Utf16Le),
            (b"Name,Ort\nM\xfcller,K\xf6ln\nJ\xe4ger,Gie\xdfen\n".to_vec(), Encoding::Windows1252),
        ] {
            assert_eq!(detect(&bytes, None), encoding);
            let mut decoded = String::new();
            let mut decoder = Decoder::new(encoding);
            for piece in bytes.chunks(5) {
                decoder.decode(piece, false, &mut decoded);
            }
            decoder.decode(&[], true, &mut decoded);
            assert!(!decoded.contains('\u{fffd}'), "{encoding:?}");
            assert!(!decoded.starts_with('\u{feff}'));
        }
    }
}
