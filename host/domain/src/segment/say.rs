//! Filters as people read them, in English and Chinese.

use super::Filter;
use super::bounds;
use super::condition::{
    AttributeTest, Condition, Consented, DateTest, Direction, Number, OrderMeasure, Scalar, TimeFact, TimeTest, Total,
    Which,
};
use crate::person::{LinkState, Role, Stage};
use crate::{DAY, Millis};

/// A language to say it in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tongue {
    /// English.
    English,
    /// Chinese.
    Chinese,
}

use Tongue::{Chinese, English};

impl Tongue {
    fn pick(self, english: &'static str, chinese: &'static str) -> &'static str {
        match self {
            English => english,
            Chinese => chinese,
        }
    }
}

impl Filter {
    /// One line for people.
    pub fn say(&self, tongue: Tongue) -> String {
        self.nested(tongue, false)
    }

    fn nested(&self, tongue: Tongue, inside: bool) -> String {
        let joined = |filters: &[Self], word: &str| {
            let parts: Vec<String> = filters.iter().map(|filter| filter.nested(tongue, filters.len() > 1)).collect();
            let text = parts.join(word);
            if inside && filters.len() > 1 { format!("({text})") } else { text }
        };
        match self {
            Self::All(filters) if filters.is_empty() => tongue.pick("everybody", "所有客户").to_owned(),
            Self::Any(filters) if filters.is_empty() => tongue.pick("nobody", "没有客户").to_owned(),
            Self::All(filters) => joined(filters, tongue.pick(" and ", " 且 ")),
            Self::Any(filters) => joined(filters, tongue.pick(" or ", " 或 ")),
            Self::Not(filter) => format!("{}({})", tongue.pick("not ", "非"), filter.nested(tongue, false)),
            Self::Is(condition) => condition.say(tongue),
        }
    }
}

impl Condition {
    /// A few words for people.
    pub fn say(&self, tongue: Tongue) -> String {
        let t = tongue;
        let is = t.pick("is", "为");
        match self {
            Self::Stage(stages) => {
                format!(
                    "{} {is} {}",
                    t.pick("stage", "阶段"),
                    either(t, stages.iter().map(|s| stage(t, *s).to_owned()))
                )
            }
            Self::Role(roles) => {
                format!("{} {is} {}", t.pick("role", "角色"), either(t, roles.iter().map(|r| role(t, *r).to_owned())))
            }
            Self::Total(total, tests) => format!("{} {}", total_word(t, *total), numbers(tests)),
            Self::Time(fact, tests) => format!("{} {}", time_word(t, *fact), times(t, tests)),
            Self::Attribute(name, test) => attribute(t, name, test),
            Self::Tag { dimension, name, weight } => {
                let name = name.as_deref().unwrap_or("*");
                let least = if weight.is_empty() { String::new() } else { format!(" {}", numbers(weight)) };
                format!("{} {dimension}/{name}{least}", t.pick("tag", "标签"))
            }
            Self::Score(name, tests) => format!("{} {name} {}", t.pick("score", "评分"), numbers(tests)),
            Self::Orders(measure, tests, window) => {
                let what = match measure {
                    OrderMeasure::Count => t.pick("orders", "订单数"),
                    OrderMeasure::Sum => t.pick("order value", "订单金额"),
                };
                format!("{what} {}{}", numbers(tests), in_window(t, window))
            }
            Self::Events(kind, tests, window) => {
                format!("{} “{kind}” {}{}", t.pick("events", "事件"), numbers(tests), in_window(t, window))
            }
            Self::LastEvent(kind, tests) => format!("{} “{kind}” {}", t.pick("last", "最近一次"), times(t, tests)),
            Self::Identity { kind, states, deliverable } => identity(t, kind.as_deref(), states, *deliverable),
            Self::Consent(purpose, state) => {
                format!("{} “{purpose}” {is} {}", t.pick("consent to", "授权用途"), consented(t, *state))
            }
            Self::Relations(kind, way, tests) => {
                let kind = kind.as_deref().unwrap_or("*");
                format!("{} {kind} ({}) {}", t.pick("relations", "关系"), direction(t, *way), numbers(tests))
            }
            Self::Influence(tests) => format!("{} {}", t.pick("influence", "影响力"), measured(t, tests)),
            Self::Distance(tests) => {
                format!("{} {}", t.pick("steps to a leader or employee", "到意见领袖或员工的步数"), measured(t, tests))
            }
            Self::Touch(which, channels) => {
                let which = match which {
                    Which::First => t.pick("first contact through", "首次触达渠道"),
                    Which::Last => t.pick("latest contact through", "最近触达渠道"),
                };
                format!("{which} {}", either(t, channels.iter().cloned()))
            }
            Self::Segment(name) => format!("{} “{name}”", t.pick("in segment", "属于分群")),
        }
    }
}

fn either(tongue: Tongue, words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(tongue.pick(" or ", " 或 "))
}

fn numbers(tests: &[Number]) -> String {
    let one = |test: &Number| format!("{} {}", test.op.sign(), Scalar::Number(test.to).to_json());
    tests.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn measured(tongue: Tongue, tests: &[Number]) -> String {
    if tests.is_empty() { tongue.pick("is known", "已知").to_owned() } else { numbers(tests) }
}

fn times(tongue: Tongue, tests: &[TimeTest]) -> String {
    let one = |test: &TimeTest| match (test, tongue) {
        (TimeTest::Within(span), English) => format!("in the last {}", length(tongue, *span)),
        (TimeTest::Within(span), Chinese) => format!("在最近{}内", length(tongue, *span)),
        (TimeTest::Before(span), English) => format!("more than {} ago", length(tongue, *span)),
        (TimeTest::Before(span), Chinese) => format!("在{}以前", length(tongue, *span)),
        (TimeTest::Since(at), English) => format!("since {}", bounds::time_text(*at)),
        (TimeTest::Since(at), Chinese) => format!("自 {} 起", bounds::time_text(*at)),
        (TimeTest::Until(at), English) => format!("before {}", bounds::time_text(*at)),
        (TimeTest::Until(at), Chinese) => format!("在 {} 之前", bounds::time_text(*at)),
    };
    tests.iter().map(one).collect::<Vec<_>>().join(tongue.pick(" and ", "，"))
}

fn in_window(tongue: Tongue, window: &[TimeTest]) -> String {
    if window.is_empty() { String::new() } else { format!(" {}", times(tongue, window)) }
}

fn length(tongue: Tongue, span: Millis) -> String {
    let text = bounds::span_text(span);
    let (digits, unit) = text.split_at(text.len().saturating_sub(1));
    let unit = match (unit, tongue) {
        ("d", English) => " days",
        ("h", English) => " hours",
        ("m", English) => " minutes",
        (_, English) => " seconds",
        ("d", Chinese) => "天",
        ("h", Chinese) => "小时",
        ("m", Chinese) => "分钟",
        (_, Chinese) => "秒",
    };
    let unit = if digits == "1" { unit.trim_end_matches('s') } else { unit };
    format!("{digits}{unit}")
}

fn attribute(t: Tongue, name: &str, test: &AttributeTest) -> String {
    match test {
        AttributeTest::Exists(true) => format!("{name} {}", t.pick("is known", "已知")),
        AttributeTest::Exists(false) => format!("{name} {}", t.pick("is not known", "未知")),
        AttributeTest::In(values) => {
            let values = values.iter().map(|value| match value {
                Scalar::Text(text) => format!("“{text}”"),
                other => other.to_json().to_string(),
            });
            format!("{name} {} {}", t.pick("is", "为"), either(t, values))
        }
        AttributeTest::Numbers(tests) => format!("{name} {}", numbers(tests)),
        AttributeTest::Contains(text) => format!("{name} {} “{text}”", t.pick("contains", "包含")),
        AttributeTest::Prefix(text) => format!("{name} {} “{text}”", t.pick("starts with", "开头为")),
        AttributeTest::Date(tests) => {
            let tests: Vec<String> = tests.iter().map(|test| date(t, test)).collect();
            format!("{name} {}", tests.join(t.pick(" and ", "，")))
        }
    }
}

fn date(t: Tongue, test: &DateTest) -> String {
    let days = |days: u32| length(t, Millis::from(days) * DAY);
    match (test, t) {
        (DateTest::Within(n), English) => format!("in the last {}", days(*n)),
        (DateTest::Within(n), Chinese) => format!("在最近{}内", days(*n)),
        (DateTest::Before(n), English) => format!("more than {} ago", days(*n)),
        (DateTest::Before(n), Chinese) => format!("在{}以前", days(*n)),
        (DateTest::Ahead(n), English) => format!("in the next {}", days(*n)),
        (DateTest::Ahead(n), Chinese) => format!("在未来{}内", days(*n)),
        (DateTest::Anniversary(n), English) => format!("returns in the next {}", days(*n)),
        (DateTest::Anniversary(n), Chinese) => format!("的纪念日在未来{}内", days(*n)),
        (DateTest::Age(op, years), English) => format!("is {} {years} years ago", op.sign()),
        (DateTest::Age(op, years), Chinese) => format!("距今 {} {years} 年", op.sign()),
        (DateTest::Since(day), English) => format!("since {day}"),
        (DateTest::Since(day), Chinese) => format!("自 {day} 起"),
        (DateTest::Until(day), English) => format!("before {day}"),
        (DateTest::Until(day), Chinese) => format!("在 {day} 之前"),
    }
}

fn identity(t: Tongue, kind: Option<&str>, states: &[LinkState], deliverable: Option<bool>) -> String {
    let mut text = match kind {
        Some(kind) => format!("{} {kind}", t.pick("has", "有")),
        None => t.pick("has an identity", "有身份标识").to_owned(),
    };
    if !states.is_empty() {
        let states = states.iter().map(|state| link_state(t, *state).to_owned());
        text = format!("{text} ({})", either(t, states));
    }
    match deliverable {
        Some(true) => text + t.pick(" that can be reached", "（可送达）"),
        Some(false) => text + t.pick(" that cannot be reached", "（不可送达）"),
        None => text,
    }
}

fn stage(t: Tongue, stage: Stage) -> &'static str {
    match stage {
        Stage::Prospect => t.pick("prospect", "潜在客户"),
        Stage::Fan => t.pick("fan", "粉丝"),
        Stage::Customer => t.pick("customer", "客户"),
    }
}

fn role(t: Tongue, role: Role) -> &'static str {
    match role {
        Role::Consumer => t.pick("consumer", "消费者"),
        Role::OpinionLeader => t.pick("opinion leader", "意见领袖"),
        Role::Employee => t.pick("employee", "员工"),
        Role::Promoter => t.pick("promoter", "推广员"),
        Role::Partner => t.pick("partner", "合作伙伴"),
    }
}

fn total_word(t: Tongue, total: Total) -> &'static str {
    match total {
        Total::Revenue => t.pick("revenue", "消费额"),
        Total::OrderCount => t.pick("order count", "订单总数"),
        Total::EventCount => t.pick("event count", "事件总数"),
    }
}

fn time_word(t: Tongue, fact: TimeFact) -> &'static str {
    match fact {
        TimeFact::FirstSeen => t.pick("first seen", "首次出现"),
        TimeFact::LastSeen => t.pick("last seen", "最近活跃"),
        TimeFact::LastOrderAt => t.pick("last order", "最近下单"),
        TimeFact::CreatedAt => t.pick("stored", "建档"),
    }
}

fn direction(t: Tongue, direction: Direction) -> &'static str {
    match direction {
        Direction::Out => t.pick("outgoing", "主动"),
        Direction::In => t.pick("incoming", "被动"),
        Direction::Any => t.pick("both ways", "双向"),
    }
}

fn consented(t: Tongue, state: Consented) -> &'static str {
    match state {
        Consented::Granted => t.pick("given", "已授权"),
        Consented::Withdrawn => t.pick("withdrawn", "已撤回"),
        Consented::Expired => t.pick("expired", "已过期"),
        Consented::Unknown => t.pick("unknown", "未知"),
    }
}

fn link_state(t: Tongue, state: LinkState) -> &'static str {
    match state {
        LinkState::Unverified => t.pick("unverified", "未验证"),
        LinkState::Verified => t.pick("verified", "已验证"),
        LinkState::Disputed => t.pick("disputed", "有争议"),
        LinkState::Invalid => t.pick("invalid", "无效"),
        LinkState::Stale => t.pick("stale", "已过时"),
    }
}
