//! What each column of a file becomes.

use std::collections::BTreeMap;

use guanxi_domain::settings::AttributeKind;

use crate::dates::DateOrder;
use crate::encoding::Encoding;
use crate::limits::{HEADER_CHARS_MAX, MAPPING_COLUMNS_MAX};

/// What the rows of a file are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// A person a row.
    #[default]
    People,
    /// An order a row, or one of its lines.
    Orders,
    /// A relation between two people a row.
    Relations,
}

impl Subject {
    /// The word used in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Orders => "orders",
            Self::Relations => "relations",
        }
    }

    /// Reads `as_str`.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::People, Self::Orders, Self::Relations].into_iter().find(|subject| subject.as_str() == text)
    }
}

/// What a column becomes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "to", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Target {
    /// Nothing.
    Ignore,
    /// An identity of the person, or of the buyer.
    Identity {
        /// `phone`, `email`, `member_card` …
        kind: String,
    },
    /// An attribute of the person.
    Attribute {
        /// `name`, `birthday`, `city` …
        name: String,
        /// What its values look like, where the tenant's settings do not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<AttributeKind>,
    },
    /// Tags, several with a separator.
    Tags {
        /// Of which dimension.
        dimension: String,
        /// What stands between them; commas, semicolons and bars if not said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        separator: Option<String>,
    },
    /// Consent, yes or no.
    Consent {
        /// As the tenant's settings name it.
        purpose: String,
        /// Whether `yes` means that the person does not want it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        refusal: bool,
    },
    /// When the consent for the purpose was given or taken back.
    ConsentAt {
        /// The same as of the other column.
        purpose: String,
    },
    /// A role: opinion leader, employee …
    Role,
    /// A stage: prospect, fan or customer.
    Stage,
    /// The number of an order.
    OrderNumber,
    /// The amount of an order, or of this line of it.
    Amount,
    /// How many of the line's article; negative when it came back.
    Quantity,
    /// The price of one.
    UnitPrice,
    /// What was given back of the amount.
    Refunded,
    /// ISO 4217.
    Currency,
    /// When it was ordered, or since when people are related.
    Time,
    /// Where a relation starts.
    From {
        /// The kind of identity.
        kind: String,
    },
    /// Where it leads.
    To {
        /// The kind of identity.
        kind: String,
    },
    /// What relates them: `friend`, `referred` …
    RelationKind,
    /// How strongly, 0 to 1.
    Strength,
}

/// A column and what it becomes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// As the file's first row names it.
    pub header: String,
    /// What it becomes.
    pub target: Target,
}

/// How to read a file and what its columns become.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mapping {
    /// What rows are about.
    pub subject: Subject,
    /// Columns that are not named here are left out.
    pub columns: Vec<Column>,
    /// How cells and rows are read.
    pub options: Options,
}

/// How cells and rows are read.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The file's encoding; found out if not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// What separates cells; found out if not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub separator: Option<char>,
    /// Which sheet of a workbook; the first if not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Whether the first row names the columns.
    pub header: bool,
    /// Whose telephone numbers have no country code; the tenant's if not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// IANA name of the time zone of times without one; the region's if not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Which number comes first in `1/2/2026`.
    pub dates: DateOrder,
    /// Currency of amounts without one; the tenant's if not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Kind of relations without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation: Option<String>,
    /// Whether a cell that cannot be read is left out and noted, instead of refusing its row.
    pub lenient: bool,
    /// Whether identities count as verified: somebody of the brand vouches for the file.
    pub verified: bool,
    /// Whether campaigns decide about the file's orders, as if they were placed now; else they are history.
    pub campaigns: bool,
    /// What shows the consents of the file: a contract, a form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// Tags for everybody in the file, by dimension.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, Vec<String>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            encoding: None,
            separator: None,
            sheet: None,
            header: true,
            region: None,
            time_zone: None,
            dates: DateOrder::Auto,
            currency: None,
            relation: None,
            lenient: false,
            verified: true,
            campaigns: false,
            evidence: None,
            tags: BTreeMap::new(),
        }
    }
}

/// A mapping that cannot work: where and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {problem}")]
pub struct BadMapping {
    /// `columns[3].target`, `options.region` …
    pub at: String,
    /// What is wrong and what to do.
    pub problem: String,
}

impl Mapping {
    /// Checks what can be checked without a file.
    pub fn check(&self) -> Result<(), BadMapping> {
        if self.columns.len() > MAPPING_COLUMNS_MAX {
            return Err(bad("columns", format!("has at most {MAPPING_COLUMNS_MAX} entries")));
        }
        let mut seen = std::collections::HashSet::new();
        for (index, column) in self.columns.iter().enumerate() {
            let at = format!("columns[{index}]");
            if column.header.is_empty() || column.header.chars().count() > HEADER_CHARS_MAX + 16 {
                return Err(bad(&format!("{at}.header"), format!("has 1 to {HEADER_CHARS_MAX} characters")));
            }
            if !seen.insert(&column.header) {
                return Err(bad(&format!("{at}.header"), format!("`{}` is named twice", column.header)));
            }
            self.check_target(&format!("{at}.target"), &column.target)?;
        }
        self.check_parts()?;
        self.options.check()
    }

    fn check_target(&self, at: &str, target: &Target) -> Result<(), BadMapping> {
        let fits = match target {
            Target::Ignore | Target::Identity { .. } => self.subject != Subject::Relations || *target == Target::Ignore,
            Target::Attribute { .. } | Target::Tags { .. } | Target::Role | Target::Stage => {
                self.subject == Subject::People
            }
            Target::Consent { .. } | Target::ConsentAt { .. } => self.subject == Subject::People,
            Target::OrderNumber | Target::Amount | Target::Quantity | Target::UnitPrice => {
                self.subject == Subject::Orders
            }
            Target::Refunded | Target::Currency => self.subject == Subject::Orders,
            Target::Time => self.subject != Subject::People,
            Target::From { .. } | Target::To { .. } | Target::RelationKind | Target::Strength => {
                self.subject == Subject::Relations
            }
        };
        if !fits {
            return Err(bad(at, format!("does not fit into a file of {}", self.subject.as_str())));
        }
        match target {
            Target::Identity { kind } | Target::From { kind } | Target::To { kind } => check_kind(at, kind),
            Target::Attribute { name, .. } => check_name(at, name, 64),
            Target::Tags { dimension: name, .. } | Target::Consent { purpose: name, .. } => check_name(at, name, 64),
            Target::ConsentAt { purpose } => check_name(at, purpose, 64),
            _ => Ok(()),
        }
    }

    /// What a file of the subject cannot do without.
    fn check_parts(&self) -> Result<(), BadMapping> {
        let has = |wanted: fn(&Target) -> bool| self.columns.iter().any(|column| wanted(&column.target));
        let identity = has(|target| matches!(target, Target::Identity { .. }));
        let missing = match self.subject {
            Subject::People if !identity => Some("an identity: who each row is about"),
            Subject::Orders if !identity => Some("an identity: who has ordered"),
            Subject::Orders if !has(|target| *target == Target::OrderNumber) => Some("the number of the order"),
            Subject::Orders if !has(|target| *target == Target::Time) => Some("the time of the order"),
            Subject::Orders
                if !(has(|target| *target == Target::Amount)
                    || has(|target| *target == Target::Quantity) && has(|target| *target == Target::UnitPrice)) =>
            {
                Some("the amount, or quantity and unit price")
            }
            Subject::Relations
                if !has(|target| matches!(target, Target::From { .. }))
                    || !has(|target| matches!(target, Target::To { .. })) =>
            {
                Some("both people: from and to")
            }
            _ => None,
        };
        missing.map_or(Ok(()), |what| Err(bad("columns", format!("no column gives {what}"))))
    }
}

impl Options {
    fn check(&self) -> Result<(), BadMapping> {
        let capitals = |text: &str, len: usize| text.len() == len && text.bytes().all(|b| b.is_ascii_uppercase());
        if self.region.as_deref().is_some_and(|code| !capitals(code, 2)) {
            return Err(bad("options.region", "give an ISO 3166 code of two capital letters, such as CN".to_owned()));
        }
        if self.currency.as_deref().is_some_and(|code| !capitals(code, 3)) {
            return Err(bad("options.currency", "give an ISO 4217 code such as CNY".to_owned()));
        }
        if self.time_zone.as_deref().is_some_and(|zone| jiff::tz::TimeZone::get(zone).is_err()) {
            return Err(bad("options.time_zone", "give an IANA name such as Asia/Shanghai".to_owned()));
        }
        let known = |c: char| u8::try_from(c).is_ok_and(|byte| crate::separator::SEPARATORS.contains(&byte));
        if self.separator.is_some_and(|separator| !known(separator)) {
            return Err(bad("options.separator", "give a comma, a semicolon, a tab or a bar".to_owned()));
        }
        if let Some(relation) = &self.relation {
            check_kind("options.relation", relation)?;
        }
        if let Some(evidence) = &self.evidence {
            check_name("options.evidence", evidence, 500)?;
        }
        let tags = self.tags.values().map(Vec::len).sum::<usize>();
        if tags > crate::limits::TAGS_PER_CELL_MAX {
            return Err(bad("options.tags", format!("names at most {} tags", crate::limits::TAGS_PER_CELL_MAX)));
        }
        for (dimension, names) in &self.tags {
            check_name("options.tags", dimension, 64)?;
            names.iter().try_for_each(|name| check_name("options.tags", name, 64))?;
        }
        Ok(())
    }
}

fn check_kind(at: &str, kind: &str) -> Result<(), BadMapping> {
    let good = (1..=32).contains(&kind.len())
        && kind.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-');
    if good { Ok(()) } else { Err(bad(at, "a kind has 1 to 32 characters of a-z, 0-9, _ and -".to_owned())) }
}

fn check_name(at: &str, name: &str, most: usize) -> Result<(), BadMapping> {
    let good = !name.trim().is_empty() && name.chars().count() <= most && !name.chars().any(char::is_control);
    if good { Ok(()) } else { Err(bad(at, format!("has 1 to {most} characters"))) }
}

fn bad(at: &str, problem: impl Into<String>) -> BadMapping {
    BadMapping { at: at.to_owned(), problem: problem.into() }
}
