//! What portraits look like, for the OpenAPI document: the domain, whose words they are, knows nothing of it.
#![expect(dead_code, reason = "describes the domain's portraits")]

use guanxi_domain::Millis;
use utoipa::ToSchema;

/// What a set of people is like.
#[derive(ToSchema)]
#[schema(as = Portrait)]
pub struct PortraitSchema {
    /// People who stand for themselves or for everybody who was joined with them.
    people: u64,
    /// By how far they have come.
    stages: DistributionSchema,
    /// By what they are to the brand; `consumer` are those without another role.
    roles: DistributionSchema,
    /// `female`, `male`, `other`.
    genders: DistributionSchema,
    /// `<18`, `18-24`, `25-34`, `35-44`, `45-54`, `55-64`, `65+`.
    ages: DistributionSchema,
    /// By the attribute `city`.
    cities: DistributionSchema,
    /// By the attribute `province`.
    provinces: DistributionSchema,
    /// By the attribute `country`.
    countries: DistributionSchema,
    /// By the channel of the first contact.
    first_channels: DistributionSchema,
    /// Tags by dimension.
    dimensions: Vec<DimensionSchema>,
    /// What people care about most.
    concerns: Vec<ConcernSchema>,
    /// What they bought.
    purchases: PurchasesSchema,
    /// Orders by hour of the week: seven days from Monday on, 24 hours each.
    hours: Vec<Vec<u64>>,
    /// Of the hours.
    #[schema(example = "Asia/Shanghai")]
    time_zone: String,
    /// Live and dead data.
    bands: Vec<BandSchema>,
    /// Reachability by channel.
    channels: Vec<ChannelSchema>,
    /// Addresses by kind of identity.
    addresses: Vec<AddressSchema>,
}

/// How people spread over values.
#[derive(ToSchema)]
#[schema(as = Distribution)]
pub struct DistributionSchema {
    /// The fixed values in their order, or the 20 most frequent ones.
    values: Vec<ShareSchema>,
    /// How many have other values.
    others: u64,
    /// Of how many it is not known.
    unknown: u64,
}

/// One value of a distribution.
#[derive(ToSchema)]
#[schema(as = Share)]
pub struct ShareSchema {
    /// The value.
    value: String,
    /// How many have it.
    people: u64,
}

/// The tags of one dimension.
#[derive(ToSchema)]
#[schema(as = DimensionShare)]
pub struct DimensionSchema {
    /// Names it.
    dimension: String,
    /// The 20 that most people have.
    names: Vec<TagShareSchema>,
    /// How often somebody has another one.
    others: u64,
}

/// A tag among people.
#[derive(ToSchema)]
#[schema(as = TagShare)]
pub struct TagShareSchema {
    /// The label.
    name: String,
    /// Who has it.
    people: u64,
    /// The mean of what is left of its weight.
    weight: f64,
}

/// Something that people care about.
#[derive(ToSchema)]
#[schema(as = Concern)]
pub struct ConcernSchema {
    /// The label, whatever its dimension.
    name: String,
    /// How often it is somebody's tag.
    people: u64,
    /// The sum of what is left of its weight.
    weight: f64,
}

/// Orders of people.
#[derive(ToSchema)]
#[schema(as = Purchases)]
pub struct PurchasesSchema {
    /// People with an order that was not wholly refunded.
    buyers: u64,
    /// People with two or more.
    repeat_buyers: u64,
    /// Orders that were not wholly refunded.
    orders: i64,
    /// Minor units, refunds taken off, whatever the currency.
    revenue: i64,
    /// Minor units; `null` without orders.
    average_order: Option<f64>,
    /// Repeat buyers among buyers, 0 to 1; `null` without buyers.
    repeat_share: Option<f64>,
}

/// People by how long ago they were last seen.
#[derive(ToSchema)]
#[schema(as = BandShare)]
pub struct BandSchema {
    /// `two-days`, `month`, `quarter`, `half-year`, `older` or `never`.
    band: String,
    /// Who is in it now.
    people: u64,
    /// Who was in it 30 days ago.
    before: u64,
    /// Who of these did something since.
    active: u64,
    /// The share of these, 0 to 1; `null` if nobody was in it.
    participation: Option<f64>,
}

/// How many people a channel reaches.
#[derive(ToSchema)]
#[schema(as = ChannelShare)]
pub struct ChannelSchema {
    /// The channel.
    channel: String,
    /// Whether a live connector serves it.
    connected: bool,
    /// Who has an identity of a kind to which it delivers.
    with_address: u64,
    /// Who of these has one whose link is neither invalid nor disputed.
    deliverable: u64,
    /// Who of these allows marketing.
    reachable: u64,
    /// Who was sent a message that was decided in the last 90 days.
    sent: u64,
    /// Who of these had an own event within 7 days, through that channel or through none that is known.
    answered: u64,
    /// The share of these, 0 to 1; `null` if nobody was sent a message.
    answer_rate: Option<f64>,
}

/// How many people have an identity of a kind.
#[derive(ToSchema)]
#[schema(as = AddressShare)]
pub struct AddressSchema {
    /// The kind.
    kind: String,
    /// Who has one.
    people: u64,
    /// Who has one whose link is neither invalid nor disputed.
    deliverable: u64,
}

/// What one person is like.
#[derive(ToSchema)]
#[schema(as = PersonPortrait)]
pub struct OwnPortraitSchema {
    /// How far the person has come.
    stage: crate::people::StageName,
    /// What the person is to the brand, besides a consumer.
    roles: Vec<crate::people::RoleName>,
    /// `female`, `male` or `other`.
    gender: Option<String>,
    /// Whole years.
    age: Option<u8>,
    /// The age among others of the band.
    age_band: Option<String>,
    /// The attribute `city`.
    city: Option<String>,
    /// The attribute `province`.
    province: Option<String>,
    /// The attribute `country`.
    country: Option<String>,
    /// The channel of the first contact.
    first_channel: Option<String>,
    /// `two-days`, `month`, `quarter`, `half-year`, `older` or `never`.
    band: String,
    /// The last own event, milliseconds since the epoch; `null` if there was none.
    last_seen: Option<Millis>,
    /// What the person bought.
    purchases: PurchasesSchema,
    /// Orders by hour of the week: seven days from Monday on, 24 hours each.
    hours: Vec<Vec<u64>>,
    /// The day of the week with the most orders, 0 for Monday.
    best_day: Option<u8>,
    /// The hour of the day with the most orders.
    best_hour: Option<u8>,
    /// Of the hours.
    time_zone: String,
    /// What the person cares about.
    concerns: Vec<ConcernSchema>,
    /// Reachability by channel.
    channels: Vec<OwnChannelSchema>,
}

/// Whether a channel reaches a person.
#[derive(ToSchema)]
#[schema(as = PersonChannel)]
pub struct OwnChannelSchema {
    /// The channel.
    channel: String,
    /// Whether a marketing message could be sent now.
    reachable: bool,
    /// `no-connector`, `no-address`, `link-invalid` or `no-consent`; `null` if it reaches the person.
    reason: Option<String>,
    /// Whether a message that was decided in the last 90 days was sent.
    sent: bool,
    /// Whether one of these was answered within 7 days; `null` if none was sent.
    answered: Option<bool>,
}
