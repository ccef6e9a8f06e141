//! Insight: what each number means, at its edges.

use serde_json::{Value, json};

use super::*;
use crate::consent::Refusal;
use crate::person::{HeldTag, Role, Stage, Tag};
use crate::segment::bounds::today;

const NOW: Millis = 1_700_000_000_000;
const HOUR: Millis = 3_600_000;

fn clock(name: &str) -> Clock {
    Clock::named(name).unwrap()
}

fn somebody() -> Sighting {
    Sighting {
        stage: Stage::Prospect,
        roles: Vec::new(),
        traits: Traits::default(),
        first_channel: None,
        seen: Seen::default(),
        orders: 0,
        revenue: 0,
        addresses: Vec::new(),
        marketing: Ok(()),
    }
}

fn from(city: impl Into<Value>) -> Sighting {
    Sighting { traits: Traits { city: city.into(), ..Traits::default() }, ..somebody() }
}

fn people_of(distribution: &Distribution) -> Vec<(&str, u64)> {
    distribution.values.iter().map(|share| (share.value.as_str(), share.people)).collect()
}

#[test]
fn tg_6_bands_end_where_they_say() {
    for (age, band) in [
        (-HOUR, Band::TwoDays),
        (48 * HOUR, Band::TwoDays),
        (48 * HOUR + 1, Band::Month),
        (30 * DAY, Band::Month),
        (30 * DAY + 1, Band::Quarter),
        (90 * DAY, Band::Quarter),
        (90 * DAY + 1, Band::HalfYear),
        (180 * DAY, Band::HalfYear),
        (180 * DAY + 1, Band::Older),
        (NOW, Band::Never),
    ] {
        assert_eq!(Band::of(NOW - age, NOW), band, "{age}");
    }
}

#[test]
fn tg_6_participation_asks_who_was_in_a_band_and_came_back() {
    let then = NOW - MEASURED;
    let seen = |first, last, before| Seen { first, last, before, known_since: first };
    for (what, seen, expected) in [
        ("gone for good", seen(then - 200 * DAY, then - 200 * DAY, None), Some((Band::Older, false))),
        ("back after half a year", seen(then - 300 * DAY, NOW, Some(then - 100 * DAY)), Some((Band::HalfYear, true))),
        ("seen right then", seen(then, then, None), Some((Band::TwoDays, false))),
        ("came later", seen(then + 1, NOW, None), None),
        ("imported before, silent", Seen { known_since: then, ..Seen::default() }, Some((Band::Never, false))),
        ("imported before, came", Seen { known_since: then, ..seen(NOW, NOW, None) }, Some((Band::Never, true))),
        ("imported since", Seen { known_since: NOW, ..Seen::default() }, None),
    ] {
        assert_eq!(seen.measured(NOW), expected, "{what}");
    }
    let mut count = Count::new(NOW, &[]);
    for last in [then - DAY, NOW] {
        count.person(Sighting { seen: seen(then - DAY, last, Some(then - DAY)), ..somebody() });
    }
    let bands = count.portrait(&clock("UTC")).bands;
    let of = |band| *bands.iter().find(|share| share.band == band).unwrap();
    let two_days = BandShare { band: Band::TwoDays, people: 1, before: 2, active: 1, participation: Some(0.5) };
    assert_eq!((of(Band::TwoDays), of(Band::Month).participation), (two_days, None));
    assert_eq!(of(Band::Quarter).people, 1);
}

#[test]
fn tg_8_ages_turn_on_birthdays() {
    let on = |day: &str| day.parse().unwrap();
    for (birthday, day, age) in [
        ("2000-06-15", "2018-06-14", Some(17)),
        ("2000-06-15", "2018-06-15", Some(18)),
        ("2000/06/15", "2018-06-15", Some(18)),
        ("2000-06-15T09:00:00+08:00", "2018-06-15", Some(18)),
        ("2000-02-29", "2018-02-28", Some(17)),
        ("2000-02-29", "2018-03-01", Some(18)),
        ("2000-02-29", "2020-02-29", Some(20)),
        ("2018-06-15", "2018-06-15", Some(0)),
        ("2018-06-16", "2018-06-15", None),
        ("0001-01-01", "2018-06-15", None),
        ("9999-12-31", "2018-06-15", None),
        ("1990-02-30", "2018-06-15", None),
        ("yesterday, I think", "2018-06-15", None),
        ("二〇〇〇年六月", "2018-06-15", None),
    ] {
        let traits = Traits { birthday: birthday.into(), ..Traits::default() };
        assert_eq!(traits.age(on(day)), age, "{birthday} on {day}");
    }
    for (age, expected) in [
        (json!(30), Some(30)),
        (json!(30.9), Some(30)),
        (json!(" 41 "), Some(41)),
        (json!(-1), None),
        (json!(121), None),
        (json!(1e300), None),
        (json!("old"), None),
        (json!([30]), None),
    ] {
        let traits = Traits { age: age.clone(), birthday: "2300-01-01".into(), ..Traits::default() };
        assert_eq!(traits.age(today(NOW)), expected, "{age}");
    }
    for (years, band) in [(17, "<18"), (18, "18-24"), (24, "18-24"), (25, "25-34"), (64, "55-64"), (65, "65+")] {
        assert_eq!(AgeBand::of(years).as_str(), band);
        assert_eq!(serde_json::to_value(AgeBand::of(years)).unwrap(), band);
    }
}

#[test]
fn tg_3_genders_are_read_in_both_languages() {
    for (value, gender) in [
        (json!("男"), Some(Gender::Male)),
        (json!(" Male "), Some(Gender::Male)),
        (json!("M"), Some(Gender::Male)),
        (json!(1), Some(Gender::Male)),
        (json!("女士"), Some(Gender::Female)),
        (json!("F"), Some(Gender::Female)),
        (json!(2), Some(Gender::Female)),
        (json!("其他"), Some(Gender::Other)),
        (json!(0), None),
        (json!(7.5), None),
        (json!("未知"), None),
        (json!(true), None),
        (json!(["m"]), None),
    ] {
        assert_eq!(Gender::read(&value), gender, "{value}");
    }
}

#[test]
fn tg_8_hours_are_those_of_the_time_zone() {
    // 2023-11-14T22:13:20Z, a Tuesday.
    for (zone, hour) in [
        ("UTC", 24 + 22),
        ("Asia/Shanghai", 48 + 6),
        ("Asia/Kolkata", 48 + 3),
        ("America/New_York", 24 + 17),
        ("Pacific/Kiritimati", 48 + 12),
    ] {
        assert_eq!(clock(zone).hour_of_week(NOW), hour, "{zone}");
    }
    assert_eq!(clock("UTC").hour_of_week(-1), 72 - 1, "before 1970");
    // 2023-03-12, when New York's clocks went from 2 to 3.
    let jump = 1_678_604_400_000;
    assert_eq!(
        (clock("America/New_York").hour_of_week(jump - 1), clock("America/New_York").hour_of_week(jump)),
        (145, 147)
    );
    let offsets = clock("America/New_York").offsets(jump - DAY, jump + DAY);
    assert_eq!(offsets, [(jump - DAY, -5 * HOUR), (jump, -4 * HOUR)]);
    assert_eq!(clock("Asia/Shanghai").offsets(NOW, NOW + 9_999 * DAY), [(NOW, 8 * HOUR)]);
    for bad in ["", "Mars/Olympus", "../../etc/passwd", "UTC\0"] {
        assert!(Clock::named(bad).is_none(), "{bad}");
    }
    let mut hours = Hours::default();
    for (hour, orders) in [(30, 2), (30 + 24, 1), (5, 2), (168, 9), (usize::MAX, 9)] {
        hours.add(hour, orders);
    }
    assert_eq!((hours.total(), hours.most(), hours.best_day(), hours.best_hour()), (5, 2, Some(0), Some(6)));
    assert_eq!((Hours::default().best_day(), Hours::default().best_hour()), (None, None));
}

#[test]
fn tg_3_ten_thousand_values_take_bounded_memory_and_the_frequent_stay() {
    let mut count = Count::new(NOW, &[]);
    for number in 0..20_000 {
        count.person(from(format!("village {number}")));
        count.tag("interest", &format!("tag {number}"), 1, 0.5);
    }
    for _ in 0..30 {
        count.person(from(" 上海 "));
    }
    for nowhere in [json!(""), json!(7), Value::Null, json!("\u{7}")] {
        count.person(from(nowhere));
    }
    count.tag("interest", "tea", 40, 30.0);
    let portrait = count.portrait(&clock("UTC"));
    let cities = &portrait.cities;
    assert_eq!((people_of(cities)[0], cities.values.len(), cities.unknown), (("上海", 30), SHOWN, 4));
    let told: u64 = cities.values.iter().map(|share| share.people).sum();
    assert_eq!(told + cities.others, 20_030, "everybody counts somewhere");
    let interest = &portrait.dimensions[0];
    assert_eq!(interest.names[0], TagShare { name: "tea".to_owned(), people: 40, weight: 0.75 });
    assert_eq!(interest.others + interest.names.iter().map(|name| name.people).sum::<u64>(), 20_040);
    assert_eq!(portrait.concerns[0], Concern { name: "tea".to_owned(), people: 40, weight: 30.0 });
}

#[test]
fn tg_3_few_values_are_exact_and_told_in_one_order() {
    let mut count = Count::new(NOW, &[]);
    for city in ["b", "a", "b", "a", "c"] {
        count.person(from(city));
    }
    count.person(Sighting { roles: vec![Role::Employee, Role::Promoter], orders: 2, revenue: 900, ..somebody() });
    count.person(Sighting { orders: 1, revenue: 300, stage: Stage::Customer, ..somebody() });
    let portrait = count.portrait(&clock("UTC"));
    assert_eq!(people_of(&portrait.cities), [("a", 2), ("b", 2), ("c", 1)]);
    assert_eq!((portrait.cities.unknown, portrait.genders.unknown, portrait.people), (2, 7, 7));
    assert_eq!(people_of(&portrait.stages), [("prospect", 6), ("fan", 0), ("customer", 1)]);
    let roles = [("consumer", 6), ("opinion-leader", 0), ("employee", 1), ("promoter", 1), ("partner", 0)];
    assert_eq!(people_of(&portrait.roles), roles);
    let Purchases { buyers, repeat_buyers, orders, revenue, average_order, repeat_share } = portrait.purchases;
    assert_eq!((buyers, repeat_buyers, orders, revenue), (2, 1, 3, 1_200));
    assert_eq!((average_order, repeat_share), (Some(400.0), Some(0.5)));
    let nobody = Count::new(NOW, &[]).portrait(&clock("UTC"));
    assert_eq!((nobody.purchases.average_order, nobody.purchases.repeat_share), (None, None));
    let document = serde_json::to_value(&portrait).unwrap();
    assert_eq!(serde_json::from_value::<Portrait>(document).unwrap(), portrait);
}

fn channels() -> Vec<Channel> {
    let channel = |name: &str, kinds: &[&str]| Channel {
        name: name.to_owned(),
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
    };
    vec![channel("sms", &["phone"]), channel("sandbox", &["*"])]
}

#[test]
fn tg_7_a_channel_reaches_whoever_has_an_address_that_delivers_and_consents() {
    let address = |kind: &str, delivers| (kind.to_owned(), delivers);
    let refused = || Err(Refusal::Withdrawn("marketing".to_owned()));
    for (addresses, marketing, expected) in [
        (vec![], Ok(()), Err(Unreachable::NoAddress)),
        (vec![address("email", true)], Ok(()), Err(Unreachable::NoAddress)),
        (vec![address("phone", false), address("email", true)], Ok(()), Err(Unreachable::LinkInvalid)),
        (vec![address("phone", false), address("phone", true)], Ok(()), Ok(())),
        (vec![address("phone", true)], refused(), Err(Unreachable::NoConsent)),
        (vec![address("phone", false)], refused(), Err(Unreachable::LinkInvalid)),
    ] {
        let marketing = marketing.as_ref().copied();
        assert_eq!(channels()[0].reaches(&addresses, marketing), expected, "{addresses:?} {marketing:?}");
    }
    let mut count = Count::new(NOW, &channels());
    count.person(Sighting { addresses: vec![address("phone", true), address("email", false)], ..somebody() });
    count.person(Sighting { addresses: vec![address("phone", false)], ..somebody() });
    count.person(Sighting { addresses: vec![address("phone", true)], marketing: refused(), ..somebody() });
    count.answers(&Answers { channel: "sms".to_owned(), sent: 4, answered: 1 });
    count.answers(&Answers { channel: "fax".to_owned(), sent: 1, answered: 0 });
    let portrait = count.portrait(&clock("UTC"));
    let told = |name: &str| portrait.channels.iter().find(|share| share.channel == name).unwrap().clone();
    let sms = told("sms");
    assert_eq!((sms.with_address, sms.deliverable, sms.reachable), (3, 2, 1));
    assert_eq!((sms.sent, sms.answered, sms.answer_rate, sms.connected), (4, 1, Some(0.25), true));
    let fax = told("fax");
    assert_eq!((fax.connected, fax.with_address, fax.answer_rate), (false, 0, Some(0.0)));
    let phone = AddressShare { kind: "phone".to_owned(), people: 3, deliverable: 2 };
    assert_eq!(portrait.addresses[0], phone);
    assert_eq!(portrait.addresses[1].deliverable, 0);
}

#[test]
fn tg_3_one_person_is_told_in_the_same_words() {
    let held = |dimension: &str, name: &str, weight: f64, half_life| HeldTag {
        tag: Tag { dimension: dimension.to_owned(), name: name.to_owned(), weight },
        source: "staff".to_owned(),
        at: NOW - 10 * DAY,
        half_life,
    };
    let sighting = Sighting {
        traits: Traits { gender: "女".into(), age: 33.into(), city: "杭州".into(), ..Traits::default() },
        seen: Seen { first: NOW - 40 * DAY, last: NOW - 40 * DAY, before: None, known_since: NOW },
        orders: 2,
        revenue: 500,
        addresses: vec![("phone".to_owned(), false)],
        ..somebody()
    };
    let mut hours = Hours::default();
    hours.add(30, 2);
    let tags = vec![
        held("interest", "tea", 0.4, None),
        held("behaviour", "tea", 0.4, None),
        held("interest", "coffee", 1.0, Some(5 * DAY)),
        held("interest", "gone", 1.0, Some(DAY)),
        held("interest", "taken away", 0.0, None),
    ];
    let answers = vec![Answers { channel: "fax".to_owned(), sent: 1, answered: 1 }];
    let rows = OwnRows { sighting, hours, tags, answers };
    let portrait = OwnPortrait::of(rows, &channels(), &clock("Asia/Shanghai"), NOW);
    assert_eq!(
        (portrait.gender, portrait.age, portrait.age_band),
        (Some(Gender::Female), Some(33), Some(AgeBand::From25))
    );
    assert_eq!((portrait.band, portrait.best_day, portrait.best_hour), (Band::Quarter, Some(1), Some(6)));
    let concerns: Vec<(&str, f64)> = portrait.concerns.iter().map(|one| (one.name.as_str(), one.weight)).collect();
    assert_eq!(concerns, [("tea", 0.8), ("coffee", 0.25)]);
    let reasons: Vec<_> =
        portrait.channels.iter().map(|one| (one.channel.as_str(), one.reason, one.answered)).collect();
    assert_eq!(
        reasons,
        [
            ("sms", Some(Unreachable::LinkInvalid), None),
            ("sandbox", Some(Unreachable::LinkInvalid), None),
            ("fax", Some(Unreachable::NoConnector), Some(true)),
        ]
    );
}
