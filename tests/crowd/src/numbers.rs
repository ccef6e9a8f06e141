//! Phone numbers: each person's own, without keeping any. A person's number is their place in a shuffled row of all
//! numbers of the country; the shuffle is multiplication by something that shares no factor with the row's length.

/// Where numbers begin and how many digits follow, by country as [`crate::places`] writes it.
const PLANS: &[(&str, &[&str], u32)] = &[
    (
        "中国",
        &[
            "+86130", "+86131", "+86132", "+86133", "+86135", "+86136", "+86137", "+86138", "+86139", "+86150",
            "+86151", "+86152", "+86155", "+86157", "+86158", "+86159", "+86176", "+86177", "+86180", "+86182",
            "+86185", "+86186", "+86187", "+86188", "+86189", "+86198", "+86199",
        ],
        8,
    ),
    ("中国香港", &["+8525", "+8526", "+8529"], 7),
    ("新加坡", &["+658", "+659"], 7),
    ("日本", &["+8170", "+8180", "+8190"], 8),
    ("대한민국", &["+8210"], 8),
    ("United States", &["+1212", "+1415", "+1646", "+1718"], 7),
    ("United Kingdom", &["+4471", "+4472", "+4473"], 8),
    ("Australia", &["+6140", "+6141", "+6142"], 7),
    ("Deutschland", &["+49151", "+49160", "+49170"], 8),
];
/// A prime; rows have no factors but 2, 3 and 5.
const STRIDE: u64 = 2_654_435_761;

/// The number of person `n`; nobody else in that country has it as long as the country has more numbers than there
/// are people, and nobody has one where it has fewer.
pub fn phone(seed: u64, n: u32, country: &str) -> Option<String> {
    let (_, beginnings, digits) = PLANS.iter().find(|(name, ..)| *name == country)?;
    let each = 10_u64.pow(*digits);
    let row = each * beginnings.len() as u64;
    if u64::from(n) >= row {
        return None;
    }
    let place = (u64::from(n) * (STRIDE % row) + seed % row) % row;
    let beginning = beginnings.get(usize::try_from(place / each).ok()?)?;
    Some(format!("{beginning}{:0width$}", place % each, width = *digits as usize))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn nobody_shares_a_number() {
        for (country, ..) in PLANS {
            let numbers: HashSet<String> = (0..50_000).filter_map(|n| phone(9, n, country)).collect();
            assert_eq!(numbers.len(), 50_000, "{country}");
        }
    }
}
