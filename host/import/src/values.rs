//! Numbers, amounts and answers as people write them.

use std::fmt;

/// A decimal number, exact to a millionth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Decimal(i128);

const UNIT: i128 = 1_000_000;
/// 2^53: beyond it a JSON number no longer carries every unit.
const WHOLE_MAX: i128 = 9_007_199_254_740_992;

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self(0);

    /// Reads `1,234.50`, `¥1,234.50`, `1.234,50 €`, `(12.00)`, `12元`, `－12`; `None` for what is no number.
    pub fn parse(text: &str) -> Option<Self> {
        let mut plain: String = text.trim().chars().map(narrow).filter(|c| !c.is_whitespace()).collect();
        let in_brackets = plain.starts_with('(') && plain.ends_with(')');
        if in_brackets {
            plain = plain.trim_matches(['(', ')']).to_owned();
        }
        let is_mark = |c: char| !c.is_ascii_digit() && !matches!(c, '.' | ',' | '-' | '+');
        let (sign, rest) = split_sign(plain.trim_matches(is_mark));
        let digits = rest.trim_matches(is_mark);
        let marks = plain.chars().filter(|c| is_mark(*c)).count();
        if marks > 4 || digits.is_empty() {
            return None;
        }
        let value = read_digits(digits)?;
        Some(Self(if in_brackets || sign { -value } else { value }))
    }

    /// The product; `None` if it is too large.
    pub fn times(self, other: Self) -> Option<Self> {
        let product = self.0.checked_mul(other.0)? / UNIT;
        (product.abs() <= WHOLE_MAX * UNIT).then_some(Self(product))
    }

    /// The sum; `None` if it is too large.
    pub fn plus(self, other: Self) -> Option<Self> {
        let sum = self.0.checked_add(other.0)?;
        (sum.abs() <= WHOLE_MAX * UNIT).then_some(Self(sum))
    }

    /// Without its sign.
    #[must_use]
    pub fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// Less than zero.
    pub fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// A number of JSON.
    pub fn number(self) -> serde_json::Value {
        match i64::try_from(self.0 / UNIT) {
            Ok(whole) if self.0 % UNIT == 0 => whole.into(),
            _ => serde_json::Number::from_f64(self.float()).map_or(serde_json::Value::Null, Into::into),
        }
    }

    /// The nearest floating-point number.
    pub fn float(self) -> f64 {
        self.0 as f64 / UNIT as f64
    }

    /// The whole number, if it is one.
    pub fn whole(self) -> Option<i64> {
        if self.0 % UNIT == 0 { i64::try_from(self.0 / UNIT).ok() } else { None }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0.abs() / UNIT, self.0.abs() % UNIT);
        let sign = if self.0 < 0 { "-" } else { "" };
        let digits = format!("{part:06}");
        match digits.trim_end_matches('0') {
            "" => write!(f, "{sign}{whole}"),
            part => write!(f, "{sign}{whole}.{part}"),
        }
    }
}

/// Yes or no in English and Chinese, and as systems write it; `None` for anything else.
pub fn flag(text: &str) -> Option<bool> {
    let word: String = text.trim().chars().map(narrow).collect::<String>().to_lowercase();
    match word.as_str() {
        "true" | "yes" | "y" | "1" | "t" | "on" | "x" | "✓" | "是" | "有" | "同意" | "已同意" | "已授权" | "订阅"
        | "已订阅" | "subscribed" | "opted in" | "opt-in" | "granted" | "accepted" => Some(true),
        "false" | "no" | "n" | "0" | "f" | "off" | "否" | "无" | "不同意" | "未同意" | "未授权" | "退订" | "已退订"
        | "拒绝" | "unsubscribed" | "not_subscribed" | "not subscribed" | "opted out" | "opt-out" | "withdrawn" => {
            Some(false)
        }
        _ => None,
    }
}

/// Full-width letters, digits and signs as their ordinary ones.
pub(crate) fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' | '\u{a0}' | '\u{202f}' => ' ',
        '−' | '–' => '-',
        '。' => '.',
        other => other,
    }
}

fn split_sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-').or_else(|| text.strip_suffix('-')) {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// Digits with points and commas, of which one kind groups by thousands and the other one begins the fraction.
fn read_digits(text: &str) -> Option<i128> {
    let point = match (text.rfind('.'), text.rfind(',')) {
        (Some(point), Some(comma)) => Some(if point > comma { '.' } else { ',' }),
        (Some(_), None) if text.matches('.').count() == 1 => Some('.'),
        (None, Some(_)) if text.matches(',').count() == 1 && !grouped(text, ',') => Some(','),
        _ => None,
    };
    let (whole, fraction) = match point {
        Some(mark) => text.rsplit_once(mark)?,
        None => (text, ""),
    };
    let group = if point == Some(',') { '.' } else { ',' };
    let group = if point.is_none() && whole.contains('.') { '.' } else { group };
    if whole.contains(group) && !grouped(whole, group) {
        return None;
    }
    let whole: String = whole.chars().filter(|c| *c != group).collect();
    let good = whole.len() <= 16
        && (!whole.is_empty() || !fraction.is_empty())
        && whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit());
    if !good {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    if whole > WHOLE_MAX {
        return None;
    }
    let mut value = whole * UNIT;
    let mut unit = UNIT / 10;
    for digit in fraction.bytes().take(6) {
        value += i128::from(digit - b'0') * unit;
        unit /= 10;
    }
    Some(value)
}

/// Whether the marks stand where thousands are grouped (also by ten thousands, as in India's lakh only at the front).
fn grouped(text: &str, mark: char) -> bool {
    let mut parts = text.split(mark);
    let first = parts.next().unwrap_or("");
    let mut rest = parts.peekable();
    rest.peek().is_some() && (1..=3).contains(&first.len()) && rest.all(|part| part.len() == 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (text, expected) in [
            ("1234.5", Some("1234.5")),
            (" ¥1,234.50 ", Some("1234.5")),
            ("￥１２３４．５０", Some("1234.5")),
            ("1.234,50 €", Some("1234.5")),
            ("12,5", Some("12.5")),
            ("1,234", Some("1234")),
            ("1.234.567", Some("1234567")),
            ("(12.00)", Some("-12")),
            ("-$3.20", Some("-3.2")),
            ("$-3.20", Some("-3.2")),
            ("12元", Some("12")),
            ("CNY 12", Some("12")),
            ("0.1", Some("0.1")),
            (".5", Some("0.5")),
            ("1e300", None),
            ("12,34,5", None),
            ("", None),
            ("abc", None),
            ("99999999999999999999", None),
            ("1.2.3", None),
        ] {
            assert_eq!(Decimal::parse(text).map(|d| d.to_string()).as_deref(), expected, "{text}");
        }
        let line = Decimal::parse("6").unwrap().times(Decimal::parse("2.55").unwrap()).unwrap();
        assert_eq!((line.to_string().as_str(), line.number()), ("15.3", serde_json::json!(15.3)));
        assert_eq!(Decimal::parse("7.00").unwrap().number(), serde_json::json!(7));
    }

    #[test]
    fn answers_are_read_in_two_languages() {
        for (text, expected) in [("是", Some(true)), ("ＹＥＳ", Some(true)), ("已退订", Some(false)), ("maybe", None)]
        {
            assert_eq!(flag(text), expected, "{text}");
        }
    }
}
