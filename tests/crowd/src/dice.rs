//! Chance that is none: every throw follows from the seed, what it is for, and whom it is about.

/// What is thrown for; throws for one thing say nothing about another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// How eager somebody is.
    Zeal = 1,
    /// Since when they are a member.
    Joined,
    /// Who they are.
    Person,
    /// What they buy.
    Orders,
    /// Whom they know.
    Relations,
    /// What they do.
    Events,
}

/// Throws about one person.
pub struct Dice(fastrand::Rng);

impl Dice {
    /// The same three give the same throws.
    pub fn new(seed: u64, stream: Stream, n: u64) -> Self {
        Self(fastrand::Rng::with_seed(mix(mix(mix(seed) ^ stream as u64) ^ n)))
    }

    /// From 0 to below 1.
    pub fn unit(&mut self) -> f64 {
        self.0.f64()
    }

    /// Below `end`; 0 if nothing is below it.
    pub fn below(&mut self, end: u32) -> u32 {
        if end == 0 { 0 } else { self.0.u32(0..end) }
    }

    /// From `start` to below `end`.
    pub fn between(&mut self, start: i64, end: i64) -> i64 {
        if start < end { self.0.i64(start..end) } else { start }
    }

    /// True in this share of throws.
    pub fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// Of the standard normal distribution, by Box and Muller.
    pub fn normal(&mut self) -> f64 {
        let (a, b) = (1.0 - self.unit(), self.unit());
        (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
    }

    /// How many of something happen that happens `mean` times on the average, by Knuth; by its normal limit where that
    /// would take many throws.
    pub fn poisson(&mut self, mean: f64) -> u32 {
        if mean > 30.0 {
            return whole(mean + mean.sqrt() * self.normal());
        }
        let (end, mut product, mut count) = ((-mean).exp(), self.unit(), 0);
        while product > end {
            product *= self.unit();
            count += 1;
        }
        count
    }

    /// One of a table, by weight.
    pub fn weighted<T: Copy + Default>(&mut self, table: &[(T, u32)]) -> T {
        let mut left = self.below(table.iter().map(|(_, weight)| weight).sum());
        let found = table.iter().find(|(_, weight)| {
            let here = left < *weight;
            left = left.saturating_sub(*weight);
            here
        });
        found.map(|(item, _)| *item).unwrap_or_default()
    }

    /// One of a list, all alike.
    pub fn of<T: Copy + Default>(&mut self, list: &[T]) -> T {
        self.skewed(list, 1.0)
    }

    /// One of a list, rather from its beginning the greater `skew` is.
    pub fn skewed<T: Copy + Default>(&mut self, list: &[T], skew: f64) -> T {
        let place = self.unit().powf(skew) * list.len() as f64;
        list.get(whole(place) as usize).copied().unwrap_or_default()
    }

    /// Identifiers as platforms give them out: `count` letters, digits, `-` and `_`.
    pub fn letters(&mut self, count: usize) -> String {
        const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        (0..count).map(|_| char::from(self.of(LETTERS))).collect()
    }
}

/// How many of something fall on a person whose share of it is log-normal: `mean` over all people, and the wider
/// `sigma`, the heavier the tail. `z` is where the person stands.
pub fn heavy_tailed(mean: f64, sigma: f64, z: f64) -> f64 {
    (mean.ln() - sigma * sigma / 2.0 + sigma * z).exp()
}

/// The whole part of a number that is not negative, within 32 bits.
pub fn whole(number: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of floats saturates")]
    let whole = number as u32;
    whole
}

/// The whole part of a number.
pub fn floor(number: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "a cast of floats saturates")]
    let floor = number.floor() as i64;
    floor
}

/// SplitMix64's last step: neighbours become strangers.
fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throws_repeat_and_keep_to_their_mean() {
        let throw = |n| Dice::new(7, Stream::Orders, n).unit();
        assert_eq!(throw(3), throw(3));
        assert_ne!(throw(3), throw(4));
        assert_ne!(throw(3), Dice::new(7, Stream::Events, 3).unit());
        let mean = (0..20_000).map(|n| f64::from(Dice::new(1, Stream::Orders, n).poisson(3.0))).sum::<f64>() / 20_000.0;
        assert!((2.9..3.1).contains(&mean), "{mean}");
        let table = [('a', 3), ('b', 1)];
        let of_a = (0..4_000).filter(|n| Dice::new(1, Stream::Person, *n).weighted(&table) == 'a').count();
        assert!((2_850..3_150).contains(&of_a), "{of_a}");
    }
}
