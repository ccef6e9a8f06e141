//! When to try again: twice as long each time, with jitter, so that many waiting messages do not come back at once.

use guanxi_domain::Millis;

/// Tries after which a message is given up.
pub(crate) const TRIES_MAX: u32 = 12;

const FIRST_MS: Millis = 1_000;
const LONGEST_MS: Millis = 3_600_000;

/// How long to wait after the try with this number (1 for the first): between half of the full wait and all of it.
pub(crate) fn wait(number: u32, random: u32) -> Millis {
    let doublings = number.saturating_sub(1).min(20);
    let full = (FIRST_MS << doublings).min(LONGEST_MS);
    full / 2 + (full / 2) * Millis::from(random) / Millis::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour_and_jitter_stays_in_the_upper_half() {
        for (number, random, expected) in [
            (1, 0, 500),
            (1, u32::MAX, 1_000),
            (2, u32::MAX, 2_000),
            (5, 0, 8_000),
            (12, u32::MAX, 2_048_000),
            (13, u32::MAX, LONGEST_MS),
            (u32::MAX, 0, LONGEST_MS / 2),
        ] {
            assert_eq!(wait(number, random), expected, "{number} {random}");
        }
    }
}
