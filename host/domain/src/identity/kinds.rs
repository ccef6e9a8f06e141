//! The kinds of identifiers that Guanxi knows: what their values look like, what they say about who it is, and how many
//! of them one person may have before it is no person any more.

use super::{BadIdentity, VALUE_MAX, email, phone, text, web_push};

/// What holds for all identities of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindRules {
    /// The name; empty for the rules of kinds that are not known.
    pub kind: &'static str,
    /// How much an identity of this kind says about who it is, from 0 to 4.
    pub strength: u8,
    /// Whether two values are two people: whatever would give a person a second one is not linked by itself.
    pub exclusive: bool,
    /// The most values of one person. Beyond it something else than a person was identified: a test account, a shop's
    /// own phone, the till.
    pub per_person_max: u32,
    /// Whether several people use one value, as a family uses a tablet: it may say who was seen, but joins nobody.
    pub shared: bool,
    /// The most characters of a value.
    pub value_max: usize,
    form: Form,
}

/// What values look like, and so which spellings mean the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `name@host`.
    Email,
    /// E.164.
    Phone,
    /// What a platform gives out: [`ID_WANTS`].
    Id,
    /// The same, where case does not tell people apart.
    FoldedId,
    /// A number that a platform gives out.
    Number,
    /// A phone number without `+`, as WhatsApp names its users. Not checked against numbering plans: Mexican and
    /// Argentinian users keep a digit that their phones have lost.
    WhatsApp,
    /// What a browser gives out for push messages.
    PushSubscription,
    /// What a brand prints and people type: any characters, compared without width and invisible ones.
    Printed,
    /// What people may have chosen themselves: any characters, and nothing that looks different is made equal.
    Chosen,
}

const ID_WANTS: &str = "1 to 256 characters of a-z, A-Z, 0-9 and _-.:=@+~, if need be after the application's own \
                        identifier and a slash";
const NUMBER_WANTS: &str = "1 to 20 digits";
const WHATSAPP_WANTS: &str = "5 to 15 digits: country code and number, without +";

/// Every known kind, strongest first. Identifiers that a platform gives out per application (openids and the like) may
/// carry the application in front where a brand has several: `wx1234/oAbC`.
pub const KINDS: &[KindRules] = &[
    // The brand's own account: if it says two accounts, they are two people until it says otherwise.
    KindRules::of("user", 4, 1, Form::Chosen).exclusive(),
    // One for each WeChat user in all of a brand's applications.
    KindRules::of("wechat_unionid", 3, 1, Form::Id).exclusive(),
    KindRules::of("phone", 3, 5, Form::Phone),
    KindRules::of("email", 3, 5, Form::Email),
    // Not exclusive: cards are lost and issued anew, and a brand may have several programmes.
    KindRules::of("member_card", 3, 10, Form::Printed),
    // One per corporation, of which a brand may have several.
    KindRules::of("wecom_external_id", 3, 10, Form::Id),
    KindRules::of("wechat_openid", 2, 10, Form::Id),
    // WeCom compares members' names without case.
    KindRules::of("wecom_userid", 2, 10, Form::FoldedId),
    KindRules::of("weibo_uid", 2, 10, Form::Number),
    KindRules::of("qq_openid", 2, 10, Form::Id),
    KindRules::of("douyin_openid", 2, 10, Form::Id),
    KindRules::of("kuaishou_openid", 2, 10, Form::Id),
    KindRules::of("xiaohongshu_id", 2, 10, Form::Id),
    KindRules::of("telegram_id", 2, 10, Form::Number),
    KindRules::of("whatsapp", 2, 10, Form::WhatsApp),
    KindRules::of("messenger_psid", 2, 10, Form::Number),
    KindRules::of("instagram_id", 2, 10, Form::Number),
    KindRules::of("line_user_id", 2, 10, Form::Id),
    KindRules::of("x_user_id", 2, 10, Form::Number),
    KindRules::of("slack_user_id", 2, 10, Form::Id),
    KindRules::of("discord_user_id", 2, 10, Form::Number),
    // A person's orders; the bound is for the till that orders for everybody.
    KindRules::of("order", 2, 10_000, Form::Printed),
    KindRules::of("device", 1, 20, Form::Chosen).shared(),
    // A browser's subscription: who sits in front of it may change.
    KindRules::of("web_push", 1, 20, Form::PushSubscription).shared().within(web_push::VALUE_MAX),
    KindRules::of("anonymous", 0, 100, Form::Chosen).shared(),
];

static UNKNOWN: KindRules = KindRules::of("", 2, 20, Form::Chosen);

/// What programs write for nobody. Each would join everybody who is not logged in into one person.
const NOBODY: &[&str] = &[
    "null",
    "nil",
    "none",
    "undefined",
    "unknown",
    "nan",
    "n/a",
    "true",
    "false",
    "anonymous",
    "guest",
    "not_authenticated",
    "[object object]",
    "(null)",
    "<null>",
];
/// The Android identifier that a faulty release gave to all its devices (Android issue 10603).
const FAULTY_ANDROID_ID: &str = "9774d56d682e549c";

/// The rules of a kind.
pub(super) fn of(kind: &str) -> &'static KindRules {
    KINDS.iter().find(|rules| rules.kind == kind).unwrap_or(&UNKNOWN)
}

impl KindRules {
    const fn of(kind: &'static str, strength: u8, per_person_max: u32, form: Form) -> Self {
        Self { kind, strength, exclusive: false, per_person_max, shared: false, value_max: VALUE_MAX, form }
    }

    const fn exclusive(self) -> Self {
        Self { exclusive: true, ..self }
    }

    const fn shared(self) -> Self {
        Self { shared: true, ..self }
    }

    const fn within(self, value_max: usize) -> Self {
        Self { value_max, ..self }
    }

    /// The one form of a value.
    pub(super) fn normal(&self, value: &str, region: Option<&str>) -> Result<String, BadIdentity> {
        // Normalising costs a multiple of what it reads.
        if value.chars().take(2 * self.value_max + 1).count() > 2 * self.value_max {
            return Err(BadIdentity::Value);
        }
        let text = match self.form {
            Form::Chosen => text::chosen(value)?,
            _ => text::typed(value).ok_or(BadIdentity::Value)?,
        };
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(BadIdentity::Value);
        }
        if is_nobody(self.kind, &text) {
            return Err(BadIdentity::Placeholder);
        }
        let (good, wants) = match self.form {
            Form::Email => return email::normal(&text),
            Form::Phone => return phone::normal(&text, region),
            Form::Chosen | Form::Printed => return Ok(text),
            Form::Id => return if is_id(&text) { Ok(text) } else { Err(self.refuse(ID_WANTS)) },
            Form::FoldedId => (is_id(&text).then(|| text.to_ascii_lowercase()), ID_WANTS),
            Form::Number => (digits(&text, 1..=20).then_some(text), NUMBER_WANTS),
            Form::PushSubscription => (web_push::normal(&text), web_push::WANTS),
            Form::WhatsApp => (phone::digits(&text).filter(|text| digits(text, 5..=15)), WHATSAPP_WANTS),
        };
        good.ok_or(self.refuse(wants))
    }

    fn refuse(&self, wants: &'static str) -> BadIdentity {
        BadIdentity::Form { kind: self.kind, wants }
    }
}

fn is_id(text: &str) -> bool {
    let part =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.:=@+~".contains(&b));
    match text.split_once('/') {
        Some((application, id)) => part(application) && part(id),
        None => part(text),
    }
}

fn digits(text: &str, count: std::ops::RangeInclusive<usize>) -> bool {
    count.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_nobody(kind: &str, text: &str) -> bool {
    let zeros = || text.bytes().all(|b| b == b'0' || b == b'-');
    // A phone that refuses to be tracked calls itself 00000000-0000-0000-0000-000000000000.
    let device = kind == "device" && (zeros() || text.eq_ignore_ascii_case(FAULTY_ANDROID_ID));
    device || NOBODY.iter().any(|nobody| text.eq_ignore_ascii_case(nobody))
}
