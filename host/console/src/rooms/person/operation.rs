//! What a plugin asked for, in words, and what became of it.

use serde_json::Value;

use crate::format::{count, money, plain, pretty_value, short};
use crate::rooms::Badge;
use crate::words::Words;

const DETAIL_SHOWN: usize = 160;

/// One operation of a receipt.
pub struct OperationView {
    /// What it is called.
    pub title: String,
    /// The part of it that people want to see first.
    pub detail: String,
    /// What became of it.
    pub outcome: Badge<'static>,
    /// Why it was refused.
    pub refusal: Option<String>,
    /// All of it, JSON in lines.
    pub whole: String,
}

/// The operations of a receipt.
pub fn operations(recorded: &str, w: &'static Words) -> Vec<OperationView> {
    let all: Vec<Value> = serde_json::from_str(recorded).unwrap_or_default();
    let view = |operation: &Value| {
        let text = |name: &str| operation.get(name).and_then(Value::as_str);
        OperationView {
            title: text("do").map_or(w.unknown, |name| w.operation(name)).to_owned(),
            detail: short(&detail(operation), DETAIL_SHOWN),
            outcome: w.outcome(text("outcome").unwrap_or_default()),
            refusal: text("refusal").map(str::to_owned),
            whole: pretty_value(operation),
        }
    };
    all.iter().map(view).collect()
}

/// The part of an operation that people want to see first.
pub fn detail(operation: &Value) -> String {
    let text = |name: &str| operation.get(name).map(plain).unwrap_or_default();
    let integer = |name: &str| operation.get(name).and_then(Value::as_i64).unwrap_or_default();
    match operation.get("do").and_then(Value::as_str).unwrap_or_default() {
        "send" => content(operation),
        "earn-points" => format!("{} {}", count(integer("amount")), text("unit")),
        "issue-coupon" => text("template"),
        "grant-money" => format!("{} · {}", money(integer("amount"), None), text("budget")),
        "add-tag" | "remove-tag" => format!("{} / {}", text("dimension"), text("name")),
        "set-field" => {
            let value = operation.get("value").and_then(Value::as_object).and_then(|value| value.values().next());
            format!("{} = {}", text("name"), value.map(plain).unwrap_or_default())
        }
        "start-timer" => format!("{} → {}", text("key"), time_text(integer("at"))),
        "cancel-timer" => text("key"),
        "emit" => text("kind"),
        "ask-staff" => text("title"),
        _ => String::new(),
    }
}

fn content(operation: &Value) -> String {
    let content = operation.get("content");
    let inline = content.and_then(|content| content.pointer("/inline/text")).and_then(Value::as_str);
    let stored = content.and_then(|content| content.get("stored")).and_then(Value::as_str);
    inline.or(stored).unwrap_or_default().to_owned()
}

fn time_text(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at)
        .map_or_else(|_| at.to_string(), |time| time.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::EN;

    #[test]
    fn operations_are_told_in_words() {
        let recorded = r#"[
            {"do":"send","content":{"inline":{"text":"hello"}},"outcome":"done","message":"msg_1"},
            {"do":"grant-money","amount":188,"budget":"spring","reason":"luck","outcome":"refused","refusal":"spent"},
            {"do":"set-field","name":"vip","value":{"flag":true},"outcome":"done"},
            {"do":"start-timer","key":"wake","at":86400000,"outcome":"done"}]"#;
        let views = operations(recorded, &EN);
        let details: Vec<&str> = views.iter().map(|view| view.detail.as_str()).collect();
        assert_eq!(details, ["hello", "1.88 · spring", "vip = true", "wake → 1970-01-02 00:00 UTC"]);
        assert_eq!(views[1].refusal.as_deref(), Some("spent"));
        assert!(operations("nonsense", &EN).is_empty());
    }
}
