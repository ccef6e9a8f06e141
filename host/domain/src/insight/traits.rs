//! What attributes say of a person's age, gender and place. People write what they like: what cannot be true is unknown.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::segment::bounds;

/// Nobody is older.
const AGE_MAX: i64 = 120;
/// The most characters of a place.
const PLACE_MAX: usize = 64;

/// Gender, as far as an attribute says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gender {
    /// 女.
    Female,
    /// 男.
    Male,
    /// Neither.
    Other,
}

const FEMALE: [&str; 10] = ["f", "female", "woman", "w", "girl", "女", "女性", "女士", "女生", "2"];
const MALE: [&str; 11] = ["m", "male", "man", "boy", "男", "男性", "男士", "男生", "先生", "1", "mr"];
const OTHER: [&str; 9] = ["x", "d", "other", "diverse", "divers", "non-binary", "nonbinary", "其他", "其它"];

impl Gender {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Female, Self::Male, Self::Other];

    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Female => "female",
            Self::Male => "male",
            Self::Other => "other",
        }
    }

    /// Reads the usual words in English and Chinese, and the numbers 1 and 2 of ISO 5218, which WeChat gives out, too.
    pub fn read(value: &Value) -> Option<Self> {
        let word = match value {
            Value::String(text) => text.trim().to_lowercase(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        let among = |words: &[&str]| words.contains(&word.as_str());
        match () {
            () if among(&FEMALE) => Some(Self::Female),
            () if among(&MALE) => Some(Self::Male),
            () if among(&OTHER) => Some(Self::Other),
            () => None,
        }
    }
}

/// Ages that are told together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AgeBand {
    /// Under 18.
    #[serde(rename = "<18")]
    Minor,
    /// 18 to 24.
    #[serde(rename = "18-24")]
    From18,
    /// 25 to 34.
    #[serde(rename = "25-34")]
    From25,
    /// 35 to 44.
    #[serde(rename = "35-44")]
    From35,
    /// 45 to 54.
    #[serde(rename = "45-54")]
    From45,
    /// 55 to 64.
    #[serde(rename = "55-64")]
    From55,
    /// 65 and more.
    #[serde(rename = "65+")]
    From65,
}

impl AgeBand {
    /// All of them, the youngest first.
    pub const ALL: [Self; 7] =
        [Self::Minor, Self::From18, Self::From25, Self::From35, Self::From45, Self::From55, Self::From65];

    /// The band of an age in whole years.
    pub fn of(years: u8) -> Self {
        match years {
            ..18 => Self::Minor,
            18..25 => Self::From18,
            25..35 => Self::From25,
            35..45 => Self::From35,
            45..55 => Self::From45,
            55..65 => Self::From55,
            65.. => Self::From65,
        }
    }

    /// As JSON and people have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minor => "<18",
            Self::From18 => "18-24",
            Self::From25 => "25-34",
            Self::From35 => "35-44",
            Self::From45 => "45-54",
            Self::From55 => "55-64",
            Self::From65 => "65+",
        }
    }
}

/// The attributes that portraits look at, as they were stored; the others are skipped while it is read.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub struct Traits {
    /// A word.
    pub gender: Value,
    /// A day, `1990-02-28`, or a time that begins with one.
    pub birthday: Value,
    /// Whole years, if there is no birthday.
    pub age: Value,
    /// A place.
    pub city: Value,
    /// A place.
    pub province: Value,
    /// A place.
    pub country: Value,
}

impl Traits {
    /// The gender, if it is told.
    pub fn gender(&self) -> Option<Gender> {
        Gender::read(&self.gender)
    }

    /// Whole years on that day, as segments count them: whoever was born on 29 February is a year older from 1 March on
    /// in other years. A birthday that cannot be one is as good as none.
    pub fn age(&self, today: Date) -> Option<u8> {
        let years = match self.birthday.as_str().and_then(|text| birthday(text, today)) {
            Some(born) => years_between(born, today),
            None => whole(&self.age)?,
        };
        u8::try_from(years).ok().filter(|years| i64::from(*years) <= AGE_MAX)
    }

    /// The city, if it is told.
    pub fn city(&self) -> Option<String> {
        place(&self.city)
    }

    /// The province or state, if it is told.
    pub fn province(&self) -> Option<String> {
        place(&self.province)
    }

    /// The country, if it is told.
    pub fn country(&self) -> Option<String> {
        place(&self.country)
    }
}

fn birthday(text: &str, today: Date) -> Option<Date> {
    let text = text.trim().replace('/', "-");
    let born = bounds::date(bounds::day_of(&text)?)?;
    (born <= today && years_between(born, today) <= AGE_MAX).then_some(born)
}

fn years_between(born: Date, today: Date) -> i64 {
    let had = (today.month(), today.day()) >= (born.month(), born.day());
    i64::from(today.year()) - i64::from(born.year()) - i64::from(!had)
}

fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|years| years.floor() as i64)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn place(value: &Value) -> Option<String> {
    let text: String = value.as_str()?.trim().chars().filter(|c| !c.is_control()).take(PLACE_MAX).collect();
    (!text.is_empty()).then_some(text)
}
