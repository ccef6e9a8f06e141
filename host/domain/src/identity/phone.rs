//! Phone numbers in E.164: `+8613800138000`.
//!
//! Numbers in international form are taken if their country gives out numbers of that many digits. Whether a number of
//! a plausible length is in use today is not asked, since numbering plans grow faster than programs are updated. A
//! national number has less to show what it is, so it has to be one that its country's plan knows.

use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, Region};

use super::BadIdentity;

/// More digits than any number has, with whatever is dialled before it.
const DIGITS_MAX: usize = 24;

/// Whether phone numbers of the country with this ISO 3166 code can be read.
pub fn is_region(code: &str) -> bool {
    read_region(code).is_some()
}

/// E.164 of a number that was typed.
pub(super) fn normal(text: &str, region: Option<&str>) -> Result<String, BadIdentity> {
    let dialled = dialled(text).ok_or(BadIdentity::Phone)?;
    // What is dialled for other countries differs, but nobody's national numbers start with 00.
    if let Some(number) = dialled.strip_prefix('+').or_else(|| dialled.strip_prefix("00")) {
        return settled(number, international(number)?);
    }
    let region = region.and_then(read_region).ok_or(BadIdentity::PhoneRegion)?;
    let number = PHONE_NUMBER_UTIL.parse(&dialled, Some(region)).map_err(|_| BadIdentity::NoSuchPhone)?;
    match PHONE_NUMBER_UTIL.is_valid_number(&number) {
        true => settled(&dialled, e164(&number)),
        false => Err(BadIdentity::NoSuchPhone),
    }
}

/// The digits of a number that was typed, without `+`.
pub(super) fn digits(text: &str) -> Option<String> {
    dialled(text).map(|number| number.trim_start_matches('+').to_owned())
}

fn international(number: &str) -> Result<String, BadIdentity> {
    let good = (5..=DIGITS_MAX).contains(&number.len()) && !number.starts_with('0');
    if !good {
        return Err(BadIdentity::Phone);
    }
    let number = PHONE_NUMBER_UTIL.parse(format!("+{number}"), None).map_err(|_| BadIdentity::NoSuchPhone)?;
    match PHONE_NUMBER_UTIL.is_possible_number_with_reason(&number) {
        Ok(NumberLengthType::IsPossible) => Ok(e164(&number)),
        _ => Err(BadIdentity::NoSuchPhone),
    }
}

/// Whoever reads a number again must not find another one, as where zeros are taken off one by one (`+43 0000000`).
fn settled(typed: &str, read: String) -> Result<String, BadIdentity> {
    match read.strip_prefix('+') {
        Some(digits) if digits == typed || international(digits).as_ref() == Ok(&read) => Ok(read),
        _ => Err(BadIdentity::NoSuchPhone),
    }
}

fn e164(number: &PhoneNumber) -> String {
    PHONE_NUMBER_UTIL.format(number, PhoneNumberFormat::E164).into_owned()
}

fn read_region(code: &str) -> Option<Region> {
    let region: Region = code.parse().ok()?;
    PHONE_NUMBER_UTIL.get_country_code_for_region(region).map(|_| region)
}

/// A leading `+` and digits, without what people put between them; `None` if there is anything else. Letters are no
/// digits here, whatever keypads say: an email address is not a phone number.
fn dialled(text: &str) -> Option<String> {
    let mut number = String::new();
    for c in text.chars() {
        match c {
            '0'..='9' => number.push(c),
            '+' if number.is_empty() => number.push(c),
            // Arabic and Persian digits, which have no compatible form.
            '\u{660}'..='\u{669}' => number.push(digit(c, '\u{660}')?),
            '\u{6f0}'..='\u{6f9}' => number.push(digit(c, '\u{6f0}')?),
            _ if is_between(c) => {}
            _ => return None,
        }
        if number.len() > DIGITS_MAX {
            return None;
        }
    }
    Some(number)
}

fn digit(c: char, zero: char) -> Option<char> {
    char::from_digit(u32::from(c) - u32::from(zero), 10)
}

/// Blanks, brackets, dots, slashes and dashes. Not what separates numbers: a list of two is no number.
fn is_between(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '-' | '(' | ')' | '[' | ']' | '.' | '/' | '~' | '·' | '。' | '【' | '】' | '〔' | '〕' | '—' | 'ー'
        )
        || ('\u{2010}'..='\u{2015}').contains(&c)
        || c == '\u{2212}'
}
