//! Numbers, money, times and JSON as people read them.

use std::fmt;

use askama::filters::HtmlSafe;
use guanxi_domain::Millis;
use jiff::Timestamp;

/// A point in time, shown in UTC and marked up so that a script can show the visitor's own time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(pub Millis);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Timestamp::from_millisecond(self.0) {
            Ok(time) => {
                let (machine, people) = (time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"), time.strftime("%Y-%m-%d %H:%M"));
                write!(f, r#"<time datetime="{machine}">{people}</time>"#)
            }
            Err(_) => f.write_str("–"),
        }
    }
}

/// Made of digits and markup of our own only.
impl HtmlSafe for Time {}

/// A time if it is one; facts say 0 for "never".
pub fn time(at: Millis) -> Option<Time> {
    (at > 0).then_some(Time(at))
}

/// `1234567` as `1,234,567`.
pub fn count(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if value < 0 {
        out.push('−');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The same of what was counted in another type.
pub fn whole(value: impl TryInto<i64>) -> String {
    count(value.try_into().unwrap_or(i64::MAX))
}

/// A score or a term of one: at most two decimals.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let text = format!("{:.2}", value.abs());
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    let decimals = decimals.trim_end_matches('0');
    let grouped = whole.parse::<i64>().map_or_else(|_| whole.to_owned(), count);
    let sign = if value < 0.0 && (grouped != "0" || !decimals.is_empty()) { "−" } else { "" };
    let point = if decimals.is_empty() { "" } else { "." };
    format!("{sign}{grouped}{point}{decimals}")
}

/// A share, 0 to 1, in per cent with at most one decimal; a dash for nothing.
pub fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{}%", number((share * 1_000.0).round() / 10.0)))
}

/// Minor units in the major unit: `123456` is `1,234.56`; `JPY` has no minor unit, `KWD` a thousand.
pub fn money(minor: i64, currency: Option<&str>) -> String {
    let (factor, width) = match currency {
        Some("JPY" | "KRW" | "VND" | "CLP" | "ISK") => (1, 0),
        Some("KWD" | "BHD" | "OMR" | "TND" | "JOD") => (1_000, 3),
        _ => (100, 2),
    };
    let whole = i64::try_from(minor.unsigned_abs() / factor).unwrap_or(i64::MAX);
    let rest = minor.unsigned_abs() % factor;
    let sign = if minor < 0 { "−" } else { "" };
    let fraction = if width == 0 { String::new() } else { format!(".{rest:0width$}") };
    let unit = currency.map(|currency| format!(" {currency}")).unwrap_or_default();
    format!("{sign}{}{fraction}{unit}", count(whole))
}

/// JSON in lines; text that is no JSON stays as it is.
pub fn pretty(text: &str) -> String {
    let value: Result<serde_json::Value, _> = serde_json::from_str(text);
    value.map_or_else(|_| text.to_owned(), |value| pretty_value(&value))
}

/// JSON in lines.
pub fn pretty_value(value: &serde_json::Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// A JSON value in one line, a text without its quotes.
pub fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// The first characters of a text, with an ellipsis where more follows.
pub fn short(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_separators_and_few_decimals() {
        for (given, expected) in [
            (0.0, "0"),
            (-0.001, "0"),
            (1234.5, "1,234.5"),
            (-1_000_000.0, "−1,000,000"),
            (0.126, "0.13"),
            (f64::NAN, "–"),
        ] {
            assert_eq!(number(given), expected);
        }
        assert_eq!([Some(0.125), Some(1.0 / 3.0), None].map(percent), ["12.5%", "33.3%", "–"]);
        assert_eq!(count(-1234567), "−1,234,567");
        assert_eq!((whole(1_234_usize), whole(u64::MAX)), ("1,234".to_owned(), count(i64::MAX)));
    }

    #[test]
    fn money_knows_the_minor_unit() {
        for (minor, currency, expected) in [
            (123_456, None, "1,234.56"),
            (-5, Some("CNY"), "−0.05 CNY"),
            (1_200, Some("JPY"), "1,200 JPY"),
            (1_200, Some("KWD"), "1.200 KWD"),
        ] {
            assert_eq!(money(minor, currency), expected);
        }
    }

    #[test]
    fn values_stand_in_one_line_without_quotes() {
        for (value, expected) in [
            (serde_json::json!("春茶"), "春茶"),
            (serde_json::json!(["vip", "fans"]), "vip, fans"),
            (serde_json::json!({"a": "b"}), r#"{"a":"b"}"#),
            (serde_json::json!(1.5), "1.5"),
        ] {
            assert_eq!(plain(&value), expected);
        }
    }

    #[test]
    fn times_are_marked_up_and_texts_are_cut_between_characters() {
        let text = r#"<time datetime="2024-03-09T16:00:00.000Z">2024-03-09 16:00</time>"#;
        assert_eq!(Time(1_710_000_000_000).to_string(), text);
        assert_eq!(Time(i64::MAX).to_string(), "–");
        assert_eq!((short("关系关系", 2), short("关系", 2)), ("关系…".to_owned(), "关系".to_owned()));
    }
}
