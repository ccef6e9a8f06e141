//! Unicode: which characters nobody sees, and which spellings of a text are one.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;

use super::BadIdentity;

/// Normalising what normalising made may change it again a few times; what does not settle is nobody's name.
const ROUNDS_MAX: usize = 4;

/// What was typed or pasted: without invisible characters, which come along with copies, in compatible composition
/// (NFKC), which turns full-width letters and digits of Chinese and Japanese keyboards into the usual ones, and without
/// blanks around it. `None` if that does not settle.
pub(super) fn typed(text: &str) -> Option<String> {
    if is_plain(text) {
        return Some(text.to_owned());
    }
    settle(text, |text| {
        let visible: String = text.chars().filter(|c| !is_invisible(*c)).collect();
        ComposingNormalizerBorrowed::new_nfkc().normalize(visible.trim()).into_owned()
    })
}

/// What somebody may have chosen: canonical composition (NFC) only, for whoever could register a name that becomes
/// somebody else's would be taken for them. Invisible characters are cut off at the ends and refused inside.
pub(super) fn chosen(text: &str) -> Result<String, BadIdentity> {
    if is_plain(text) {
        return Ok(text.to_owned());
    }
    let text = settle(text, |text| {
        let trimmed = text.trim_matches(|c: char| c.is_whitespace() || is_invisible(c));
        ComposingNormalizerBorrowed::new_nfc().normalize(trimmed).into_owned()
    })
    .ok_or(BadIdentity::Value)?;
    if text.chars().any(is_invisible) { Err(BadIdentity::Invisible) } else { Ok(text) }
}

/// Repeats a step until it changes nothing; `None` if it always does.
pub(super) fn settle(text: &str, step: impl Fn(&str) -> String) -> Option<String> {
    let mut text = Cow::Borrowed(text);
    for _ in 0..ROUNDS_MAX {
        let next = step(&text);
        if next == *text {
            return Some(next);
        }
        text = Cow::Owned(next);
    }
    None
}

/// Most identifiers are: nothing to normalise.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic())
}

/// Zero-width characters, direction controls, soft hyphens, byte order marks, variation selectors, tags …
fn is_invisible(c: char) -> bool {
    // U+FFF9 to U+FFFB enclose annotations; they are meant for programs, but are not among the ignorable.
    !c.is_ascii()
        && (CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c) || ('\u{fff9}'..='\u{fffb}').contains(&c))
}
