//! Identities as people, copies and forgers write them. ID-2.

use proptest::prelude::*;

use super::*;

fn read(text: &str, region: Option<&str>) -> Result<String, BadIdentity> {
    Identity::read_text(text, region).map(|identity| identity.to_string())
}

fn check(region: Option<&str>, cases: &[(&str, &str)]) {
    for (given, normal) in cases {
        assert_eq!(read(given, region), Ok((*normal).to_owned()), "{given:?}");
        assert_eq!(read(normal, None), Ok((*normal).to_owned()), "{normal:?} is its own form");
    }
}

fn refuse(region: Option<&str>, cases: &[(&str, BadIdentity)]) {
    for (given, why) in cases {
        assert_eq!(read(given, region).as_ref(), Err(why), "{given:?}");
    }
}

#[test]
fn id_2_values_are_normalised_per_kind() {
    check(
        None,
        &[
            ("user: 42 ", "user:42"),
            ("user:Mixed Case", "user:Mixed Case"),
            ("user:Euro € 😀", "user:Euro € 😀"),
            ("user:e\u{301}", "user:é"),
            ("user:\u{feff}42\u{200b}", "user:42"),
            ("wechat_openid:oAbC:d", "wechat_openid:oAbC:d"),
            ("wechat_openid:wx1234/oAbC_-9", "wechat_openid:wx1234/oAbC_-9"),
            ("wechat_unionid: o6_bmasdasdsad6_2sgVt7hMZOPfL\u{200b}", "wechat_unionid:o6_bmasdasdsad6_2sgVt7hMZOPfL"),
            ("wecom_userid:ZhangSan", "wecom_userid:zhangsan"),
            ("weibo_uid:１６４２９０９３３５", "weibo_uid:1642909335"),
            ("whatsapp:+52 1 55 1234 5678", "whatsapp:5215512345678"),
            ("member_card:ＶＩＰ－００１", "member_card:VIP-001"),
            ("member_card:会员\u{200b}001", "member_card:会员001"),
            ("order:2026-11-22/7 A", "order:2026-11-22/7 A"),
            ("ios_idfa:X", "ios_idfa:X"),
        ],
    );
    let id = |kind| BadIdentity::Form { kind, wants: kinds_wants(kind) };
    refuse(
        None,
        &[
            ("nobody", BadIdentity::NoKind),
            ("E:1", BadIdentity::Kind),
            ("user:  ", BadIdentity::Value),
            ("user:a\u{0}b", BadIdentity::Value),
            ("user:a\u{200b}b", BadIdentity::Invisible),
            ("nickname:a\u{202e}b", BadIdentity::Invisible),
            ("wechat_openid:小明", id("wechat_openid")),
            ("wechat_openid:a/b/c", id("wechat_openid")),
            ("wechat_openid:/b", id("wechat_openid")),
            ("weibo_uid:12a", id("weibo_uid")),
            ("weibo_uid:123456789012345678901", id("weibo_uid")),
            ("whatsapp:123", id("whatsapp")),
        ],
    );
    let long = "x".repeat(VALUE_MAX + 1);
    refuse(
        None,
        &[(&format!("user:{long}"), BadIdentity::Value), (&format!("member_card:{long}"), BadIdentity::Value)],
    );
    refuse(None, &[(&format!("user:{}", "\u{200b}".repeat(1_000_000)), BadIdentity::Value)]);
    // One character of this becomes eighteen.
    refuse(None, &[(&format!("member_card:{}", "\u{fdfa}".repeat(VALUE_MAX)), BadIdentity::Value)]);
}

/// The keys are those of RFC 8291, appendix A.
#[test]
fn id_2_a_browsers_subscription_has_one_form() {
    let (point, auth) = (
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "BTBZMqHH6r4Tts7J_aSIgg",
    );
    let endpoint = "https://fcm.googleapis.com/fcm/send/dpH5lCsTSSM:APA91b";
    let normal = format!("web_push:{endpoint}#{point}.{auth}");
    let json = format!(
        r#"web_push:{{"endpoint":"{endpoint}","expirationTime":null,"keys":{{"p256dh":"{point}","auth":"{auth}=="}}}}"#
    );
    let standard = format!("web_push:{endpoint}#{}.{auth}", point.replace('-', "+").replace('_', "/"));
    check(None, &[(&json, &normal), (&standard, &normal)]);
    let long = format!("web_push:https://push.example/{}#{point}.{auth}", "x".repeat(880));
    check(None, &[(&long, &long)]);
    assert_eq!(Identity::stored("web_push", long.split_once(':').unwrap().1).unwrap().to_string(), long);
    let id = || BadIdentity::Form { kind: "web_push", wants: kinds_wants("web_push") };
    for bad in [
        "web_push:abc".to_owned(),
        format!("web_push:{endpoint}#{point}"),
        format!("web_push:{endpoint}#{auth}.{point}"),
        format!("web_push:{endpoint}#{}.{auth}", point.replacen('B', "A", 1)),
        format!("web_push:ftp://push.example/x#{point}.{auth}"),
        format!("web_push:https://a:b@push.example/x#{point}.{auth}"),
        format!("web_push:https:///x#{point}.{auth}"),
        format!("web_push:https://push.example/{}#{point}.{auth}", "x".repeat(900)),
    ] {
        refuse(None, &[(&bad, id())]);
    }
}

fn kinds_wants(kind: &str) -> &'static str {
    match Identity::new(kind, "!").unwrap_err() {
        BadIdentity::Form { wants, .. } => wants,
        other => panic!("{kind}: {other}"),
    }
}

#[test]
fn id_2_what_names_nobody_is_no_identity() {
    for text in [
        "user:null",
        "user:Undefined",
        "anonymous:anonymous",
        "user:[object Object]",
        "email:none",
        "member_card:ＮＵＬＬ",
        "device:00000000-0000-0000-0000-000000000000",
        "device:000000000000000",
        "device:9774D56D682E549C",
    ] {
        assert_eq!(read(text, None), Err(BadIdentity::Placeholder), "{text}");
    }
    check(None, &[("user:0", "user:0"), ("user:nullable", "user:nullable"), ("order:000", "order:000")]);
}

#[test]
fn id_2_phones_are_e164() {
    check(
        None,
        &[
            ("phone:+49 (30) 901820", "phone:+4930901820"),
            ("phone:0049 30 901820", "phone:+4930901820"),
            ("phone:+49 (0)30 / 90.18-20", "phone:+4930901820"),
            ("phone:＋８６　１３８　００１３　８０００", "phone:+8613800138000"),
            ("phone:（+86）138—0013—8000。", "phone:+8613800138000"),
            ("phone:\u{202a}+86 138\u{200b}0013\u{ad}8000\u{202c}", "phone:+8613800138000"),
            ("phone:+86\u{a0}138\u{2011}0013\u{2011}8000", "phone:+8613800138000"),
            ("phone:+٩٦٦ ٥٠ ١٢٣ ٤٥٦٧", "phone:+966501234567"),
            ("phone:+39 06 1234 5678", "phone:+390612345678"),
            ("phone:+1 (202) 555-0123", "phone:+12025550123"),
        ],
    );
    refuse(
        None,
        &[
            ("phone:13800138000", BadIdentity::PhoneRegion),
            ("phone:138-0013-8000", BadIdentity::PhoneRegion),
            ("phone:+12", BadIdentity::Phone),
            ("phone:", BadIdentity::Value),
            ("phone:-", BadIdentity::PhoneRegion),
            ("phone:++8613800138000", BadIdentity::Phone),
            ("phone:+86+13800138000", BadIdentity::Phone),
            ("phone:+0012345678", BadIdentity::Phone),
            ("phone:+999 123 456 789", BadIdentity::NoSuchPhone),
            ("phone:+86 138 0013 80001234", BadIdentity::NoSuchPhone),
            ("phone:+86 10086", BadIdentity::NoSuchPhone),
            ("phone:+43 0000000", BadIdentity::NoSuchPhone),
            ("phone:+1800FLOWERS", BadIdentity::Phone),
            ("phone:+49 30 901820 ext. 5", BadIdentity::Phone),
            ("phone:+8613800138000,+8613900139000", BadIdentity::Phone),
            ("phone:+8613800138000/13900139000", BadIdentity::Phone),
            ("phone:ada1110@example.com", BadIdentity::Phone),
            ("phone:一三八", BadIdentity::Phone),
        ],
    );
    refuse(None, &[(&format!("phone:+{}", "1".repeat(500)), BadIdentity::Phone)]);
}

#[test]
fn id_2_national_numbers_are_read_in_the_tenants_region() {
    for (region, given, normal) in [
        ("CN", "13800138000", "+8613800138000"),
        ("CN", "１３８-００１３-８０００", "+8613800138000"),
        ("CN", "8613800138000", "+8613800138000"),
        ("CN", "010-12345678", "+861012345678"),
        ("CN", "400-820-8820", "+864008208820"),
        ("CN", "+1 202 555 0123", "+12025550123"),
        ("CN", "0049 30 901820", "+4930901820"),
        ("DE", "030 / 901820", "+4930901820"),
        ("US", "(202) 555-0123", "+12025550123"),
        ("US", "0049 30 901820", "+4930901820"),
        ("US", "011 49 30 901820", "+4930901820"),
        ("GB", "020 7946 0958", "+442079460958"),
        ("HK", "9123 4567", "+85291234567"),
        ("JP", "090-1234-5678", "+819012345678"),
        ("JP", "03ー1234ー5678", "+81312345678"),
    ] {
        check(Some(region), &[(&format!("phone:{given}"), &format!("phone:{normal}"))]);
    }
    for (region, given, why) in [
        ("CN", "23800138000", BadIdentity::NoSuchPhone),
        ("CN", "1380013800", BadIdentity::NoSuchPhone),
        ("CN", "10086", BadIdentity::NoSuchPhone),
        ("CN", "00000000000", BadIdentity::Phone),
        ("DE", "12345", BadIdentity::NoSuchPhone),
        ("XX", "13800138000", BadIdentity::PhoneRegion),
        ("", "13800138000", BadIdentity::PhoneRegion),
    ] {
        refuse(Some(region), &[(&format!("phone:{given}"), why)]);
    }
    assert!(is_region("CN") && !is_region("ZZ") && !is_region("001") && !is_region("China"));
}

#[test]
fn id_2_emails_have_one_form() {
    check(
        None,
        &[
            ("email: Ada@Example.COM ", "email:ada@example.com"),
            ("email:a@b", "email:a@b"),
            ("email:ada+news@example.com", "email:ada+news@example.com"),
            ("email:ａｄａ＠ｅｘａｍｐｌｅ。ｃｏｍ", "email:ada@example.com"),
            ("email:a\u{200b}da@exam\u{ad}ple.com\u{feff}", "email:ada@example.com"),
            ("email:\u{202e}ada@example.com\u{202c}", "email:ada@example.com"),
            ("email:a\u{e0061}da@example.com", "email:ada@example.com"),
            ("email:ada@example.com.", "email:ada@example.com"),
            ("email:jo@Bücher.example", "email:jo@xn--bcher-kva.example"),
            ("email:jo@BU\u{308}CHER.example", "email:jo@xn--bcher-kva.example"),
            ("email:小明@例子.中国", "email:小明@xn--fsqu00a.xn--fiqs8s"),
            ("email:JOSE\u{301}@example.com", "email:josé@example.com"),
        ],
    );
    let long = |name: usize, label: usize| format!("email:{}@{}.com", "a".repeat(name), "b".repeat(label));
    refuse(
        None,
        &[
            ("email:a@b@c", BadIdentity::Email),
            ("email:ada", BadIdentity::Email),
            ("email:@example.com", BadIdentity::Email),
            ("email:ada@", BadIdentity::Email),
            ("email:ada lovelace@example.com", BadIdentity::Email),
            ("email:Ada <ada@example.com>", BadIdentity::Email),
            ("email:mailto:ada@example.com", BadIdentity::Email),
            ("email:ada@example.com;bo@example.com", BadIdentity::Email),
            ("email:ada@[127.0.0.1]", BadIdentity::Email),
            ("email:ada@127.0.0.1", BadIdentity::EmailHost),
            ("email:ada@exa_mple.com", BadIdentity::EmailHost),
            ("email:ada@example..com", BadIdentity::EmailHost),
            ("email:ada@-example.com", BadIdentity::EmailHost),
            ("email:ada@xn--a.com", BadIdentity::EmailHost),
            ("email:ada@.", BadIdentity::EmailHost),
            (&long(65, 10), BadIdentity::Email),
            (&long(10, 64), BadIdentity::EmailHost),
        ],
    );
}

#[test]
fn id_2_look_alikes_stay_apart_and_are_recognised() {
    let identity = |text: &str| text.parse::<Identity>().unwrap();
    for (forged, real) in [
        ("email:\u{430}da@example.com", "email:ada@example.com"),
        ("email:ada@ex\u{430}mple.com", "email:ada@example.com"),
        ("user:\u{430}da", "user:ada"),
        ("user:ａｄａ", "user:ada"),
        ("user:𝐚𝐝𝐚", "user:ada"),
        ("member_card:VIP\u{406}1", "member_card:VIPI1"),
        ("nickname:g\u{3bf}\u{3bf}gle", "nickname:google"),
    ] {
        assert_ne!(identity(forged), identity(real), "{forged}");
        assert!(identity(forged).is_suspicious(), "{forged}");
        assert!(!identity(real).is_suspicious(), "{real}");
    }
    for honest in [
        "user:小明abc",
        "user:カタカナとひらがなABC",
        "user:иван-ivan",
        "user:Иван",
        "user:Zoë Žluťoučký",
        "user:Euro € 😀",
        "user:（小明）",
        "user:अदिति",
        "email:иван@example.com",
        "email:jo@bücher.example",
        "email:小明@例子.中国",
        "email:josé@example.com",
    ] {
        assert!(!identity(honest).is_suspicious(), "{honest}");
    }
}

#[test]
fn id_3_rules_of_kinds_hold_together() {
    for (text, strength) in [
        ("user:1", 4),
        ("phone:+4930901820", 3),
        ("wechat_openid:o1", 2),
        ("mastodon:a", 2),
        ("device:d", 1),
        ("anonymous:a", 0),
    ] {
        assert_eq!(text.parse::<Identity>().unwrap().strength(), strength, "{text}");
    }
    for rules in KINDS {
        assert!(check_kind(rules.kind).is_ok(), "{rules:?}");
        assert!(!rules.exclusive || rules.per_person_max == 1, "{rules:?}");
        assert!(!rules.shared || rules.strength <= 1, "{rules:?}");
        assert_eq!(KINDS.iter().filter(|other| other.kind == rules.kind).count(), 1, "{rules:?}");
    }
    assert!(KINDS.is_sorted_by_key(|rules| std::cmp::Reverse(rules.strength)));
}

#[test]
fn what_was_written_down_is_read_back_as_it_was() {
    for (kind, value) in [("phone", "+12"), ("email", "Ada@Example"), ("user", "null"), ("user", "a\u{200b}b")] {
        let identity = Identity::stored(kind, value).unwrap();
        assert_eq!((identity.kind(), identity.value()), (kind, value));
    }
    for (kind, value) in [("E", "1"), ("user", ""), ("user", "a\nb")] {
        assert!(Identity::stored(kind, value).is_err(), "{kind}:{value}");
    }
}

/// Characters that have tripped up programs, and any others.
fn nasty() -> impl Strategy<Value = String> {
    let c = prop_oneof![
        3 => prop::sample::select(
            "aAzZ0189+@.-_/: ()\u{130}\u{131}ßſς\u{345}\u{1fb3}ǅŉΐ\u{301}\u{315}\u{200b}\u{200d}\u{202e}\u{ad}\u{feff}\u{ffa0}\u{e0061}\u{fe0f}\
             ０９ａＺ＠。．ﬁ㎏Ⅷ①ﷺ小明\u{430}\u{3a3}한\u{1100}\u{1161}\u{11a8}٣۴\u{2126}\u{212b}\u{37e}"
                .chars()
                .collect::<Vec<_>>()
        ),
        1 => any::<char>(),
    ];
    prop::collection::vec(c, 0..24).prop_map(String::from_iter)
}

fn kind() -> impl Strategy<Value = &'static str> {
    prop::sample::select(KINDS.iter().map(|rules| rules.kind).chain(["mastodon"]).collect::<Vec<_>>())
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        nasty(),
        (nasty(), nasty()).prop_map(|(name, host)| format!("{name}@{host}")),
        (nasty(), "[a-z]{1,5}").prop_map(|(name, host)| format!("{name}@{host}.com")),
        "\\+?[0-9]{1,17}",
        "(00|\\+)?[1-9][0-9]{0,2}[ (]{0,2}0?[)-]?[0-9]{4,12}",
    ]
}

fn region() -> impl Strategy<Value = Option<&'static str>> {
    let regions = ["CN", "DE", "US", "GB", "HK", "JP", "IT", "AR", "MX", "BR", "RU", "KZ", "SM", "XX", "中"];
    prop::option::of(prop::sample::select(regions.to_vec()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn id_2_what_is_taken_is_its_own_form(kind in kind(), value in value(), region in region()) {
        if let Ok(identity) = Identity::read(kind, &value, region) {
            identity.is_suspicious();
            let text = identity.to_string();
            for region in [None, region] {
                prop_assert_eq!(Identity::read_text(&text, region), Ok(identity.clone()), "{}", text);
            }
            prop_assert_eq!(Identity::stored(identity.kind(), identity.value()), Ok(identity));
        }
    }
}
