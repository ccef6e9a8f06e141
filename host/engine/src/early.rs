//! Receipts that come before the channel's id of their message is written: a channel may be faster than the database. They
//! are kept for a minute; one that comes for a message that nobody knows is forgotten then.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use guanxi_domain::Millis;
use guanxi_domain::delivery_receipt::DeliveryReceipt;
use guanxi_domain::ids::InstallationId;
use guanxi_domain::tenant::TenantId;

/// How long they are kept.
const KEPT_MS: Millis = 60_000;
/// The most ids for which any are kept.
const KEPT_MAX: usize = 10_000;
/// The most of one id.
const OF_ONE_MAX: usize = 8;

type Key = (TenantId, InstallationId, String);

/// What came early, by the channel's id.
#[derive(Default)]
pub(crate) struct Early(Mutex<HashMap<Key, (Millis, Vec<DeliveryReceipt>)>>);

impl Early {
    /// Keeps receipts before their messages are looked for: whoever writes an id meanwhile finds them here, whoever looks
    /// later finds the id there.
    pub(crate) fn keep(&self, tenant: TenantId, receipts: &[DeliveryReceipt], now: Millis) {
        if receipts.is_empty() {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, (at, _)| now.saturating_sub(*at) < KEPT_MS);
        for receipt in receipts {
            let Some(id) = receipt.channel_id.clone() else { continue };
            let key = (tenant, receipt.connector, id);
            if kept.len() >= KEPT_MAX && !kept.contains_key(&key) {
                continue;
            }
            let (_, theirs) = kept.entry(key).or_insert_with(|| (now, Vec::new()));
            if theirs.len() < OF_ONE_MAX && !theirs.contains(receipt) {
                theirs.push(receipt.clone());
            }
        }
    }

    /// Takes what came for these ids of a connector.
    pub(crate) fn take<'i>(
        &self,
        tenant: TenantId,
        connector: InstallationId,
        ids: impl Iterator<Item = &'i str>,
    ) -> Vec<DeliveryReceipt> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_empty() {
            return Vec::new();
        }
        ids.filter_map(|id| kept.remove(&(tenant, connector, id.to_owned()))).flat_map(|(_, theirs)| theirs).collect()
    }
}

#[cfg(test)]
mod tests {
    use guanxi_domain::delivery_receipt::ReceiptState;
    use guanxi_domain::ids::derived_uuid;

    use super::*;

    #[test]
    fn ch_8_what_came_early_is_there_once_and_for_a_while() {
        let (tenant, connector) = (TenantId(1), InstallationId::from_uuid(derived_uuid(1, &[])));
        let receipt = |id: &str| DeliveryReceipt {
            connector,
            message: None,
            channel_id: Some(id.to_owned()),
            state: ReceiptState::Delivered,
            at: 1,
            reason: None,
            gone: false,
        };
        let early = Early::default();
        let take = |tenant, id: &'static str| early.take(tenant, connector, [id].into_iter());
        early.keep(tenant, &[receipt("m-1"), receipt("m-1"), receipt("m-2")], 0);
        assert_eq!(take(TenantId(2), "m-1"), []);
        assert_eq!(take(tenant, "m-1"), [receipt("m-1")]);
        assert_eq!(take(tenant, "m-1"), []);
        early.keep(tenant, &[receipt("m-3")], KEPT_MS);
        assert_eq!(take(tenant, "m-2"), [], "nobody ever asked for it");
        assert_eq!(take(tenant, "m-3"), [receipt("m-3")]);
    }
}
