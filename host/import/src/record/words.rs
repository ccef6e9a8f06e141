//! Words for stages, roles, currencies and relations, in Chinese and English and as other systems write them.

use guanxi_domain::person::{Role, Stage};

use crate::values::{Decimal, narrow};

/// Nothing for words that say nothing of it.
pub(super) fn stage(cell: &str) -> Result<Option<Stage>, String> {
    match plain(cell).as_str() {
        "prospect"
        | "lead"
        | "marketingqualifiedlead"
        | "salesqualifiedlead"
        | "mql"
        | "sql"
        | "opportunity"
        | "open"
        | "working"
        | "潜在客户"
        | "潜客"
        | "线索"
        | "意向客户"
        | "未成交" => Ok(Some(Stage::Prospect)),
        "fan" | "follower" | "subscriber" | "粉丝" | "关注" | "已关注" | "订阅者" => Ok(Some(Stage::Fan)),
        "customer" | "client" | "evangelist" | "member" | "buyer" | "converted" | "客户" | "会员" | "老客户"
        | "成交客户" | "已成交" | "顾客" => Ok(Some(Stage::Customer)),
        "other" | "none" | "其他" | "无" => Ok(None),
        _ => Err("is no stage: prospect, fan or customer".to_owned()),
    }
}

/// As above.
pub(super) fn role(cell: &str) -> Result<Option<Role>, String> {
    match plain(cell).as_str() {
        "consumer" | "customer" | "消费者" | "普通客户" | "普通会员" => Ok(Some(Role::Consumer)),
        "opinionleader" | "kol" | "koc" | "influencer" | "意见领袖" | "达人" | "网红" | "博主" => {
            Ok(Some(Role::OpinionLeader))
        }
        "employee" | "staff" | "colleague" | "员工" | "店员" | "导购" | "客户经理" => {
            Ok(Some(Role::Employee))
        }
        "promoter" | "affiliate" | "ambassador" | "推广员" | "分销员" | "推荐官" => Ok(Some(Role::Promoter)),
        "partner" | "supplier" | "distributor" | "reseller" | "合作伙伴" | "供应商" | "经销商" | "代理商" => {
            Ok(Some(Role::Partner))
        }
        "other" | "none" | "其他" | "无" => Ok(None),
        _ => Err("is no role: consumer, opinion-leader, employee, promoter or partner".to_owned()),
    }
}

/// A code, or the name or sign that everybody uses for it.
pub(super) fn currency(cell: &str) -> Result<String, String> {
    let code = cell.trim().to_ascii_uppercase();
    let known = match code.as_str() {
        "¥" | "￥" | "RMB" | "人民币" | "元" => "CNY",
        "$" | "US$" | "美元" => "USD",
        "€" | "欧元" => "EUR",
        "£" | "英镑" => "GBP",
        "HK$" | "港币" | "港元" => "HKD",
        code => code,
    };
    let good = known.len() == 3 && known.bytes().all(|b| b.is_ascii_uppercase());
    if good { Ok(known.to_owned()) } else { Err("is no currency such as CNY".to_owned()) }
}

/// A word of at most 32 letters; the usual Chinese ones become the field's English words.
pub(super) fn relation(cell: &str) -> Result<String, String> {
    let word: String = cell.trim().to_lowercase().chars().map(|c| if c.is_whitespace() { '_' } else { c }).collect();
    let known = match word.as_str() {
        "朋友" | "好友" => "friend",
        "家人" | "亲属" => "family",
        "同事" => "colleague",
        "推荐" | "邀请" | "referral" => "referred",
        "关注" => "follows",
        word => word,
    };
    let good = (1..=32).contains(&known.len())
        && known.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-');
    if good { Ok(known.to_owned()) } else { Err("a relation is 1 to 32 characters of a-z, 0-9, _ and -".to_owned()) }
}

/// 0 to 1, or percent.
pub(super) fn strength(number: Decimal) -> Result<f64, String> {
    match number.float() {
        part if (0.0..=1.0).contains(&part) => Ok(part),
        percent if (0.0..=100.0).contains(&percent) => Ok(percent / 100.0),
        _ => Err("a strength is 0 to 1, or a percentage".to_owned()),
    }
}

fn plain(cell: &str) -> String {
    let letters = cell.chars().map(narrow).filter(|c| !c.is_whitespace() && !matches!(c, '-' | '_' | '/'));
    letters.flat_map(char::to_lowercase).collect()
}
