//! Everything that the brand knows of one person.

use crate::Crowd;
use crate::dice::{Dice, Stream, floor, heavy_tailed, whole};
use crate::places::{PLACES, Place};
use crate::{calendar, names, numbers};

/// A member as the brand's old system has them; what it does not know is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The account in the shop.
    pub account: String,
    /// The number of the member card.
    pub card: String,
    /// E.164.
    pub phone: Option<String>,
    /// In a domain that never delivers.
    pub email: Option<String>,
    /// As one of the brand's applications sees them.
    pub openid: Option<String>,
    /// As all of them do.
    pub unionid: Option<String>,
    /// Family name first in Chinese.
    pub name: Option<String>,
    /// 男 or 女.
    pub gender: Option<&'static str>,
    /// `1990-02-28`.
    pub birthday: Option<String>,
    /// Where they live.
    pub place: Option<Place>,
    /// Of the membership.
    pub level: &'static str,
    /// Collected and not spent.
    pub points: u32,
    /// What staff wrote on their card.
    pub labels: Vec<&'static str>,
    /// What they like.
    pub interests: Vec<&'static str>,
    /// Whether they want to hear from the brand, and since when they said so.
    pub consent: Option<(bool, Option<String>)>,
    /// When they became a member.
    pub joined: String,
}

/// Five years of age from 15 on, and how many members are that old.
const AGES: &[(i64, u32)] = &[
    (15, 20),
    (20, 95),
    (25, 150),
    (30, 180),
    (35, 165),
    (40, 115),
    (45, 90),
    (50, 75),
    (55, 50),
    (60, 32),
    (65, 18),
    (70, 7),
    (75, 3),
];
const LABELS: &[(&str, u32)] = &[
    ("新客", 30),
    ("老客", 26),
    ("价格敏感", 22),
    ("高消费", 12),
    ("母婴", 14),
    ("送礼", 12),
    ("门店常客", 16),
    ("投诉过", 3),
    ("企业采购", 4),
];
const INTERESTS: &[(&str, u32)] = &[
    ("绿茶", 30),
    ("红茶", 24),
    ("乌龙", 18),
    ("普洱", 16),
    ("白茶", 12),
    ("茶具", 20),
    ("咖啡", 14),
    ("茶点", 18),
    ("旅行", 9),
    ("健康", 11),
];
const DOMAINS: &[&str] = &["example.com", "example.org", "example.net"];

/// Makes person `n`.
pub fn person(crowd: &Crowd, n: u32) -> Person {
    let (zeal, joined) = (crowd.zeal(n), crowd.joined(n));
    let mut dice = crowd.dice(Stream::Person, n);
    let home: Place = dice.weighted(PLACES);
    let female = dice.chance(0.58);
    let name = match home.is_chinese() && !dice.chance(0.03) {
        true => names::chinese(&mut dice, female),
        false => names::western(&mut dice, female),
    };
    let unionid = dice.chance(0.38).then(|| format!("o{}", dice.letters(27)));
    Person {
        account: Crowd::account(n),
        card: format!("M{n:09}"),
        phone: if dice.chance(0.93) { numbers::phone(crowd.seed, n, home.country) } else { None },
        email: dice.chance(0.36).then(|| email(&mut dice, n)),
        openid: (unionid.is_some() || dice.chance(0.12)).then(|| format!("o{}", dice.letters(27))),
        unionid,
        name: dice.chance(0.96).then_some(name),
        gender: dice.chance(0.87).then_some(if female { "女" } else { "男" }),
        birthday: dice.chance(0.64).then(|| birthday(&mut dice, crowd.until)),
        place: dice.chance(0.91).then_some(home),
        level: level(zeal),
        points: whole(heavy_tailed(600.0, 1.3, zeal)).min(5_000_000),
        labels: several(&mut dice, LABELS, 0.55),
        interests: several(&mut dice, INTERESTS, 0.6),
        consent: consent(&mut dice, joined, crowd.until),
        joined: calendar::date(joined).to_string(),
    }
}

fn email(dice: &mut Dice, n: u32) -> String {
    const HANDLES: &[&str] = &["tea", "happy", "sunny", "xiao", "lucky", "mr", "miss", "moon", "panda", "river"];
    format!("{}{n}@{}", dice.of(HANDLES), dice.skewed(DOMAINS, 1.5))
}

fn birthday(dice: &mut Dice, until: i64) -> String {
    let years = dice.weighted(AGES) + dice.between(0, 5);
    let days = floor(years as f64 * 365.25) + dice.between(0, 365);
    calendar::date(until - days).to_string()
}

/// The most eager are the fewest.
fn level(zeal: f64) -> &'static str {
    match zeal {
        zeal if zeal > 2.6 => "黑金",
        zeal if zeal > 1.6 => "金卡",
        zeal if zeal > 0.7 => "银卡",
        _ => "普通",
    }
}

fn several(dice: &mut Dice, of: &[(&'static str, u32)], mean: f64) -> Vec<&'static str> {
    let mut chosen = Vec::new();
    for _ in 0..dice.poisson(mean).min(4) {
        let one = dice.weighted(of);
        if !chosen.contains(&one) {
            chosen.push(one);
        }
    }
    chosen
}

/// Most were never asked; who said no or did not remember when has no date.
fn consent(dice: &mut Dice, joined: i64, until: i64) -> Option<(bool, Option<String>)> {
    if dice.chance(0.42) {
        return None;
    }
    let granted = dice.chance(0.78);
    let day = dice.between(joined, until);
    Some((granted, dice.chance(0.7).then(|| calendar::date(day).to_string())))
}
