//! How fast messages leave: what of a channel's quotas is used, and when there is more.
//!
//! A quota of less than [`COUNTED_FROM`] is a token bucket that holds a tenth of it, filled so slowly that no span of the
//! quota's length ever sees more than its limit. A longer one is counted from its first message on, and begins anew when its
//! time is over: whoever may send a thousand messages a day sends them at once, if they are there.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Millis;
use crate::channel_rules::{Quota, QuotaScope};

/// Quotas of at least so many seconds are counted instead of spread over their time.
pub const COUNTED_FROM: u32 = 3_600;
/// Where more urgent messages wait for tokens, one of so many goes to the others.
const SHARE: u32 = 10;

/// What of one quota is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Use {
    /// Microseconds: when the bucket will be full again; of a counted quota when its time is over.
    at: i64,
    /// How many of a counted quota are used.
    #[serde(default, skip_serializing_if = "is_zero")]
    used: u32,
}

/// What of all quotas of a channel is used.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Uses(BTreeMap<String, Use>);

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn is_counted(quota: &Quota) -> bool {
    quota.per_seconds >= COUNTED_FROM
}

/// How many tokens the bucket of a quota holds.
pub fn burst(quota: &Quota) -> u32 {
    if is_counted(quota) { quota.limit.max(1) } else { (quota.limit / 10).max(1) }
}

/// Microseconds until one more token is there, rounded up.
fn interval(quota: &Quota) -> i64 {
    let refills = i64::from(quota.limit.max(1) - burst(quota)) + 1;
    let per = micros(Millis::from(quota.per_seconds) * 1_000);
    (per + refills - 1) / refills
}

fn micros(millis: Millis) -> i64 {
    millis.saturating_mul(1_000)
}

fn millis_up(micros: i64) -> Millis {
    micros.saturating_add(999).div_euclid(1_000)
}

impl Use {
    /// How many may leave now.
    pub fn left(&self, quota: &Quota, now: Millis) -> u32 {
        let (now, burst) = (micros(now), burst(quota));
        if is_counted(quota) {
            return if now >= self.at { burst } else { burst.saturating_sub(self.used) };
        }
        let missing = self.at.saturating_sub(now).max(0);
        let interval = interval(quota);
        let missing = u32::try_from((missing + interval - 1) / interval).unwrap_or(u32::MAX);
        burst.saturating_sub(missing)
    }

    /// So many left.
    #[must_use]
    pub fn take(&self, quota: &Quota, now: Millis, count: u32) -> Self {
        let now = micros(now);
        if !is_counted(quota) {
            let at = self.at.max(now).saturating_add(interval(quota).saturating_mul(i64::from(count)));
            return Self { at, used: 0 };
        }
        match now >= self.at && count > 0 {
            true => Self { at: now.saturating_add(i64::from(quota.per_seconds) * 1_000_000), used: count },
            false => Self { used: self.used.saturating_add(count), ..*self },
        }
    }

    /// The first time at which `count` may leave, or as many as a bucket holds; of a counted quota when it is not used up.
    pub fn next(&self, quota: &Quota, now: Millis, count: u32) -> Millis {
        let count = count.min(if is_counted(quota) { 1 } else { burst(quota) });
        if self.left(quota, now) >= count {
            return now;
        }
        if is_counted(quota) {
            return millis_up(self.at);
        }
        let missing = i64::from(burst(quota) - count).saturating_mul(interval(quota));
        millis_up(self.at.saturating_sub(missing)).max(now)
    }
}

impl Uses {
    fn of(&self, quota: &Quota) -> Use {
        self.0.get(&key(quota)).copied().unwrap_or_default()
    }

    /// How many messages may leave the installation now; nothing if no quota says.
    pub fn left(&self, quotas: &[Quota], now: Millis) -> Option<u32> {
        own(quotas).map(|quota| self.of(quota).left(quota, now)).min()
    }

    /// So many left the installation. What is used of quotas that there are no more is forgotten.
    #[must_use]
    pub fn take(&self, quotas: &[Quota], now: Millis, count: u32) -> Self {
        Self(own(quotas).map(|quota| (key(quota), self.of(quota).take(quota, now, count))).collect())
    }

    /// When so many messages may leave the installation, and the quota that keeps them so long.
    pub fn next<'q>(&self, quotas: &'q [Quota], now: Millis, count: u32) -> Option<(Millis, &'q Quota)> {
        own(quotas).map(|quota| (self.of(quota).next(quota, now, count), quota)).max_by_key(|(at, _)| *at)
    }
}

/// The quotas of an installation as a whole.
fn own(quotas: &[Quota]) -> impl Iterator<Item = &Quota> {
    quotas.iter().filter(|quota| quota.scope == QuotaScope::Installation)
}

fn key(quota: &Quota) -> String {
    format!("{}/{}", quota.limit, quota.per_seconds)
}

/// How many of `left` tokens messages of a class may take while `urgent` more urgent ones wait. `random` decides where it is
/// less than one: they come to a tenth, so that they get on, too.
pub fn share(left: u32, urgent: u32, random: u32) -> u32 {
    if urgent == 0 {
        return left;
    }
    let chance = u32::from(left > 0 && random % SHARE < left % SHARE);
    left.saturating_sub(urgent).max(left / SHARE + chance)
}

/// When one more message may go to a recipient who got messages at `sent`: at once, or once the oldest that counts is old
/// enough.
pub fn recipient_next(quotas: &[Quota], sent: &[Millis], now: Millis) -> Millis {
    let theirs = quotas.iter().filter(|quota| quota.scope == QuotaScope::Recipient);
    let waits = theirs.map(|quota| {
        let length = Millis::from(quota.per_seconds) * 1_000;
        let mut within: Vec<Millis> = sent.iter().copied().filter(|at| now - at < length).collect();
        within.sort_unstable();
        let over = within.len().checked_sub(quota.limit.max(1) as usize);
        over.and_then(|index| within.get(index)).map_or(now, |oldest| oldest + length)
    });
    waits.max().unwrap_or(now)
}

/// Whether a quota says how many messages may leave an installation.
pub fn is_paced(quotas: &[Quota]) -> bool {
    own(quotas).next().is_some()
}

/// How long the longest quota of a recipient lasts; nothing if there is none.
pub fn recipient_span(quotas: &[Quota]) -> Option<Millis> {
    let theirs = quotas.iter().filter(|quota| quota.scope == QuotaScope::Recipient);
    theirs.map(|quota| Millis::from(quota.per_seconds) * 1_000).max()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Millis = 1_767_225_600_000;

    fn quota(limit: u32, per_seconds: u32) -> Quota {
        Quota { scope: QuotaScope::Installation, limit, per_seconds }
    }

    #[test]
    fn ch_8_a_bucket_gives_a_tenth_at_once_and_the_rest_in_time() {
        let quota = quota(30, 1);
        let fresh = Use::default();
        assert_eq!(fresh.left(&quota, NOW), 3);
        let empty = fresh.take(&quota, NOW, 3);
        assert_eq!((empty.left(&quota, NOW), empty.next(&quota, NOW, 1)), (0, NOW + 36));
        assert_eq!(empty.left(&quota, NOW + 36), 1);
        assert_eq!(empty.next(&quota, NOW, 9), NOW + 108, "no more than it holds");
        assert_eq!(empty.left(&quota, NOW + 1_000), 3);
    }

    #[test]
    fn ch_8_a_days_quota_is_there_at_once_and_again_when_the_day_is_over() {
        let quota = quota(1_000, 86_400);
        let some = Use::default().take(&quota, NOW, 900);
        assert_eq!(some.left(&quota, NOW + 1), 100);
        let none = some.take(&quota, NOW + 5_000, 100);
        assert_eq!((none.left(&quota, NOW + 9_000), none.next(&quota, NOW + 9_000, 1)), (0, NOW + 86_400_000));
        assert_eq!(none.left(&quota, NOW + 86_400_000), 1_000);
    }

    #[test]
    fn ch_8_the_narrowest_quota_counts_and_what_is_used_is_kept() {
        let quotas = [quota(30, 1), quota(100, 86_400)];
        let uses = Uses::default().take(&quotas, NOW, 2);
        assert_eq!(uses.left(&quotas, NOW), Some(1));
        let kept: Uses = serde_json::from_str(&serde_json::to_string(&uses).unwrap()).unwrap();
        assert_eq!(kept, uses);
        let uses = uses.take(&quotas, NOW + 1_000, 98);
        assert_eq!(uses.next(&quotas, NOW + 9_000, 1).unwrap().0, NOW + 86_400_000);
        assert_eq!(Uses::default().left(&[], NOW), None);
    }

    #[test]
    fn ch_8_more_urgent_messages_take_tokens_first_and_leave_a_tenth() {
        for (left, urgent, random, expected) in
            [(30, 0, 0, 30), (30, 12, 0, 18), (30, 99, 9, 3), (3, 99, 2, 1), (3, 99, 3, 0), (0, 99, 0, 0), (1, 1, 0, 1)]
        {
            assert_eq!(share(left, urgent, random), expected, "{left} {urgent} {random}");
        }
    }

    #[test]
    fn ch_8_a_recipient_waits_until_the_oldest_message_counts_no_more() {
        let quotas = [Quota { scope: QuotaScope::Recipient, limit: 2, per_seconds: 60 }];
        assert_eq!(recipient_next(&quotas, &[NOW - 1_000], NOW), NOW);
        assert_eq!(recipient_next(&quotas, &[NOW - 1_000, NOW - 59_000, NOW - 90_000], NOW), NOW + 1_000);
        assert_eq!(recipient_next(&[], &[NOW; 9], NOW), NOW);
        assert_eq!(recipient_span(&quotas), Some(60_000));
    }

    proptest! {
        #[test]
        fn ch_8_no_span_of_a_quota_sees_more_than_its_limit(
            limit in 1_u32..500, seconds in 1_u32..120, pauses in prop::collection::vec(0_i64..2_000, 1..200)
        ) {
            let quota = quota(limit, seconds);
            let (mut used, mut now, mut sent) = (Use::default(), NOW, Vec::<(Millis, u32)>::new());
            for pause in pauses {
                now += pause;
                let count = used.left(&quota, now);
                used = used.take(&quota, now, count);
                sent.push((now, count));
                let since = now - i64::from(seconds) * 1_000;
                let within: u32 = sent.iter().filter(|(at, _)| *at > since).map(|(_, count)| count).sum();
                prop_assert!(within <= limit, "{within} in {seconds} s");
            }
        }

        #[test]
        fn ch_8_whoever_waits_until_told_gets_a_token(
            limit in 1_u32..500, seconds in prop_oneof![1_u32..120, 3_600_u32..90_000], count in 1_u32..9
        ) {
            let quota = quota(limit, seconds);
            let used = Use::default().take(&quota, NOW, burst(&quota));
            let at = used.next(&quota, NOW, count);
            prop_assert!(used.left(&quota, at) >= count.min(burst(&quota)));
            prop_assert!(at <= NOW + i64::from(seconds) * 1_000);
        }
    }
}
