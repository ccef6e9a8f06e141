//! Files that other systems export, by their columns.
//!
//! The names come from the systems' own help pages: HubSpot's “Export your records” and its list of default contact
//! properties; Salesforce's object reference for Contact and Lead, whose field names its weekly export and Data Loader
//! write; Shopify's “Exporting customers” and “Order export CSV file structure”; the first rows of customer and order
//! reports of 有赞's shop console, as people who read them in their own programs show them.

use crate::headers::{plain, target};
use crate::mapping::{Column, Mapping, Options, Subject};

/// What a known system's export becomes.
#[derive(Debug, Clone, Copy)]
pub struct Preset {
    /// `hubspot-contacts` …
    pub name: &'static str,
    /// What people read.
    pub title: &'static str,
    /// What its rows are about.
    pub subject: Subject,
    /// Columns that tell it from others.
    signature: &'static [&'static str],
    /// Columns, by name, and what they become; others are left out.
    columns: &'static [(&'static str, &'static str)],
    region: Option<&'static str>,
    currency: Option<&'static str>,
}

impl Preset {
    /// The mapping for a file with these columns.
    pub fn mapping(&self, header: &[String]) -> Mapping {
        let becomes = |name: &String| {
            let plain_name = plain(name);
            let known = self.columns.iter().find(|(known, _)| plain(known) == plain_name);
            let spec = known.map_or("ignore", |(_, spec)| *spec);
            Column { header: name.clone(), target: target(spec) }
        };
        let options = Options {
            region: self.region.map(str::to_owned),
            currency: self.currency.map(str::to_owned),
            ..Options::default()
        };
        Mapping { subject: self.subject, columns: header.iter().map(becomes).collect(), options }
    }

    fn fits(&self, header: &[String]) -> bool {
        let names: Vec<String> = header.iter().map(|name| plain(name)).collect();
        self.signature.iter().all(|known| names.contains(&plain(known)))
    }
}

/// All of them.
pub fn presets() -> &'static [Preset] {
    PRESETS
}

/// The one whose columns the file has.
pub fn find_preset(header: &[String]) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.fits(header))
}

const YOUZAN_ORDERS: &[(&str, &str)] = &[
    ("订单号", "order-number"),
    ("买家手机号", "identity phone"),
    ("订单实付金额", "amount"),
    ("买家付款时间", "time"),
    ("订单已退款金额", "refunded"),
];

const YOUZAN_ORDERS_BY_RECIPIENT: &[(&str, &str)] = &[
    ("订单号", "order-number"),
    ("收货人手机号/提货人手机号", "identity phone"),
    ("订单实付金额", "amount"),
    ("买家付款时间", "time"),
    ("订单已退款金额", "refunded"),
];

const PRESETS: &[Preset] = &[
    Preset {
        name: "hubspot-contacts",
        title: "HubSpot: contacts",
        subject: Subject::People,
        signature: &["Record ID", "Email", "Lifecycle Stage"],
        columns: &[
            ("Record ID", "identity hubspot_contact"),
            ("Record ID - Contact", "identity hubspot_contact"),
            ("First Name", "attribute firstName"),
            ("Last Name", "attribute lastName"),
            ("Email", "identity email"),
            ("Phone Number", "identity phone"),
            ("Mobile Phone Number", "identity phone"),
            ("Lifecycle Stage", "stage"),
            ("Job Title", "attribute jobTitle"),
            ("Company Name", "attribute company"),
            ("Associated Company", "attribute company"),
            ("City", "attribute city"),
            ("State/Region", "attribute province"),
            ("Country/Region", "attribute country"),
            ("Postal Code", "attribute postalCode"),
            ("Street Address", "attribute address"),
            ("Date of birth", "attribute birthday date"),
            ("Gender", "attribute gender"),
            ("Lead Status", "attribute leadStatus"),
            ("Original Source", "attribute source"),
            ("Create Date", "attribute createdAt date"),
            ("Unsubscribed from all email", "refusal marketing"),
        ],
        region: None,
        currency: None,
    },
    Preset {
        name: "salesforce-leads",
        title: "Salesforce: leads",
        subject: Subject::People,
        signature: &["Id", "LastName", "Email", "LeadSource", "IsConverted"],
        columns: &[
            ("Id", "identity salesforce_lead"),
            ("FirstName", "attribute firstName"),
            ("LastName", "attribute lastName"),
            ("Email", "identity email"),
            ("MobilePhone", "identity phone"),
            ("Title", "attribute jobTitle"),
            ("Company", "attribute company"),
            ("Street", "attribute address"),
            ("City", "attribute city"),
            ("State", "attribute province"),
            ("Country", "attribute country"),
            ("PostalCode", "attribute postalCode"),
            ("LeadSource", "attribute source"),
            ("Status", "attribute leadStatus"),
            ("Rating", "attribute rating"),
            ("Industry", "attribute industry"),
            ("CreatedDate", "attribute createdAt date"),
            ("HasOptedOutOfEmail", "refusal marketing"),
        ],
        region: None,
        currency: None,
    },
    Preset {
        name: "salesforce-contacts",
        title: "Salesforce: contacts",
        subject: Subject::People,
        signature: &["Id", "LastName", "Email", "AccountId"],
        columns: &[
            ("Id", "identity salesforce_contact"),
            ("FirstName", "attribute firstName"),
            ("LastName", "attribute lastName"),
            ("Email", "identity email"),
            ("MobilePhone", "identity phone"),
            ("Title", "attribute jobTitle"),
            ("Department", "attribute department"),
            ("Birthdate", "attribute birthday date"),
            ("MailingStreet", "attribute address"),
            ("MailingCity", "attribute city"),
            ("MailingState", "attribute province"),
            ("MailingCountry", "attribute country"),
            ("MailingPostalCode", "attribute postalCode"),
            ("LeadSource", "attribute source"),
            ("CreatedDate", "attribute createdAt date"),
            ("HasOptedOutOfEmail", "refusal marketing"),
        ],
        region: None,
        currency: None,
    },
    Preset {
        name: "shopify-orders",
        title: "Shopify: orders",
        subject: Subject::Orders,
        signature: &["Name", "Email", "Financial Status", "Total", "Lineitem quantity"],
        columns: &[
            ("Name", "order-number"),
            ("Email", "identity email"),
            ("Phone", "identity phone"),
            ("Total", "amount"),
            ("Currency", "currency"),
            ("Created at", "time"),
            ("Refunded Amount", "refunded"),
        ],
        region: None,
        currency: None,
    },
    Preset {
        name: "shopify-customers",
        title: "Shopify: customers",
        subject: Subject::People,
        signature: &["First Name", "Last Name", "Email", "Total Spent", "Tags"],
        columns: &[
            ("Customer ID", "identity shopify_customer"),
            ("First Name", "attribute firstName"),
            ("Last Name", "attribute lastName"),
            ("Email", "identity email"),
            ("Phone", "identity phone"),
            ("Accepts Email Marketing", "consent marketing"),
            ("Accepts Marketing", "consent marketing"),
            ("Default Address Company", "attribute company"),
            ("Company", "attribute company"),
            ("Default Address Address1", "attribute address"),
            ("Address1", "attribute address"),
            ("Default Address City", "attribute city"),
            ("City", "attribute city"),
            ("Default Address Province Code", "attribute province"),
            ("Province", "attribute province"),
            ("Default Address Country Code", "attribute country"),
            ("Country", "attribute country"),
            ("Default Address Zip", "attribute postalCode"),
            ("Zip", "attribute postalCode"),
            ("Total Spent", "attribute importedSpent number"),
            ("Total Orders", "attribute importedOrders integer"),
            ("Note", "attribute note"),
            ("Tags", "tags label"),
        ],
        region: None,
        currency: None,
    },
    Preset {
        name: "youzan-orders",
        title: "有赞：订单",
        subject: Subject::Orders,
        signature: &["订单号", "买家手机号", "订单实付金额"],
        columns: YOUZAN_ORDERS,
        region: Some("CN"),
        currency: Some("CNY"),
    },
    // Older reports do not say the buyer's number.
    Preset {
        name: "youzan-orders-by-recipient",
        title: "有赞：订单（按收货人手机号）",
        subject: Subject::Orders,
        signature: &["订单号", "收货人手机号/提货人手机号", "订单实付金额"],
        columns: YOUZAN_ORDERS_BY_RECIPIENT,
        region: Some("CN"),
        currency: Some("CNY"),
    },
    Preset {
        name: "youzan-customers",
        title: "有赞：客户",
        subject: Subject::People,
        signature: &["客户姓名", "客户手机号", "客户积分"],
        columns: &[
            ("客户姓名", "attribute name"),
            ("客户昵称", "attribute nickname"),
            ("客户手机号", "identity phone"),
            ("免费等级", "attribute level"),
            ("付费等级", "attribute paidLevel"),
            ("客户积分", "attribute points number"),
            ("客户储值余额", "attribute balance number"),
            ("客户生日", "attribute birthday date"),
            ("客户性别", "attribute gender"),
            ("标签", "tags label"),
            ("是否会员", "attribute member flag"),
            ("成长值", "attribute growth number"),
            ("消费次数", "attribute importedOrders integer"),
            ("消费金额", "attribute importedSpent number"),
            ("来源渠道", "attribute source"),
            ("成为客户时间", "attribute createdAt date"),
            ("微信地域", "attribute city"),
            ("所属区域", "attribute district"),
        ],
        region: Some("CN"),
        currency: None,
    },
];
