//! Words that mix scripts, after "Highly Restrictive" of Unicode Technical Standard #39: Latin may stand among the
//! scripts of East Asia, as in `小明abc`; any other mixture in one word is what forgers make.

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::CodePointMapData;
use icu_properties::props::Script;

/// Whether a word mixes scripts, or passes for ASCII.
pub(super) fn is_suspicious(text: &str) -> bool {
    !text.is_ascii() && (text.split(is_gap).any(is_mixed) || text.chars().any(passes_for_ascii))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Latin,
    EastAsian,
    Other(Script),
}

fn is_mixed(word: &str) -> bool {
    let mut groups = word.chars().filter_map(group);
    let Some(first) = groups.next() else { return false };
    let goes_with_first = |group: Group| match (first, group) {
        (Group::Other(_), _) | (_, Group::Other(_)) => group == first,
        _ => true,
    };
    !groups.all(goes_with_first)
}

/// `None` for what belongs to all scripts: digits, signs, accents.
fn group(c: char) -> Option<Group> {
    match script(c) {
        Script::Common | Script::Inherited => None,
        Script::Latin => Some(Group::Latin),
        Script::Han | Script::Hiragana | Script::Katakana | Script::Bopomofo | Script::Hangul => Some(Group::EastAsian),
        other => Some(Group::Other(other)),
    }
}

fn is_gap(c: char) -> bool {
    !c.is_alphanumeric() && script(c) == Script::Common
}

/// Full-width, mathematical and circled letters and digits.
fn passes_for_ascii(c: char) -> bool {
    !c.is_ascii()
        && c.is_alphanumeric()
        && ComposingNormalizerBorrowed::new_nfkc()
            .normalize(c.encode_utf8(&mut [0; 4]))
            .bytes()
            .all(|b| b.is_ascii_alphanumeric())
}

fn script(c: char) -> Script {
    CodePointMapData::<Script>::new().get(c)
}
