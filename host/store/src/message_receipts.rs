//! What channels tell of messages that they took: found by the channel's id or by ours, and written where it is news.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use guanxi_domain::Millis;
use guanxi_domain::delivery_receipt::DeliveryReceipt;
use guanxi_domain::ids::{InstallationId, MessageId};
use guanxi_domain::message::Message;
use guanxi_domain::tenant::TenantId;
use sqlx::AssertSqlSafe;

use crate::bulk::{self, list, pieces};
use crate::error::StoreError;
use crate::messages;
use crate::work::Work;

impl Work {
    /// Notes what channels told, in this order; receipts of messages that there are none of change nothing. Returns the
    /// messages that were meant with what the receipts said, whether that was news or not.
    pub async fn apply_receipts(
        &mut self,
        tenant: TenantId,
        receipts: &[DeliveryReceipt],
        now: Millis,
    ) -> Result<Vec<(Message, DeliveryReceipt)>, StoreError> {
        if receipts.is_empty() {
            return Ok(Vec::new());
        }
        let mut known = self.messages_meant(tenant, receipts).await?;
        let (mut meant, mut changed) = (Vec::new(), BTreeSet::new());
        for receipt in receipts {
            let ours = receipt.message.filter(|id| known.get(id).is_some_and(|message| receipt.means(message)));
            let theirs = || known.values().find(|message| receipt.means(message)).map(|message| message.id);
            let Some(message) = ours.or_else(theirs).and_then(|id| known.get_mut(&id)) else { continue };
            if receipt.apply(message) {
                changed.insert(message.id);
            }
            meant.push((message.clone(), receipt.clone()));
        }
        let changed: Vec<&Message> = changed.iter().filter_map(|id| known.get(id)).collect();
        self.put_told(tenant, &changed, now).await?;
        Ok(meant)
    }

    async fn messages_meant(
        &mut self,
        tenant: TenantId,
        receipts: &[DeliveryReceipt],
    ) -> Result<HashMap<MessageId, Message>, StoreError> {
        let mut known = HashMap::new();
        let ours: BTreeSet<MessageId> = receipts.iter().filter_map(|receipt| receipt.message).collect();
        for piece in pieces(&ours.into_iter().collect::<Vec<_>>()) {
            let sql = format!(
                "select id, person_id, connector_id, decision_id, channel, address, content, class, purpose, status,
                        reason, channel_id, created_at, not_before, expires_at, attempts, depth, updated_at,
                        delivered_at, read_at, clicked_at, bounced_at
                 from messages
                 where tenant_id = $1 and id in ({})",
                list(1, piece.len())
            );
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0);
            for id in piece {
                query = query.bind(id.as_bytes().as_slice());
            }
            for row in query.fetch_all(self.connection()).await? {
                let message = messages::read(&row)?;
                known.insert(message.id, message);
            }
        }
        let mut theirs: BTreeMap<InstallationId, BTreeSet<&str>> = BTreeMap::new();
        for receipt in receipts {
            theirs.entry(receipt.connector).or_default().extend(receipt.channel_id.as_deref());
        }
        for (connector, ids) in theirs {
            for piece in pieces(&ids.into_iter().collect::<Vec<_>>()) {
                let sql = format!(
                    "select id, person_id, connector_id, decision_id, channel, address, content, class, purpose,
                            status, reason, channel_id, created_at, not_before, expires_at, attempts, depth,
                            updated_at, delivered_at, read_at, clicked_at, bounced_at
                     from messages
                     where tenant_id = $1 and connector_id = $2 and channel_id in ({})",
                    list(2, piece.len())
                );
                let mut query =
                    sqlx::query(AssertSqlSafe(sql)).bind(tenant.0).bind(connector.as_bytes().as_slice().to_vec());
                for id in piece {
                    query = query.bind(*id);
                }
                for row in query.fetch_all(self.connection()).await? {
                    let message = messages::read(&row)?;
                    known.entry(message.id).or_insert(message);
                }
            }
        }
        Ok(known)
    }

    /// Each time is written once; a message that is on its way again keeps its status.
    async fn put_told(&mut self, tenant: TenantId, messages: &[&Message], now: Millis) -> Result<(), StoreError> {
        for piece in bulk::batches(self.dialect(), messages) {
            let mut rows = bulk::Rows::new(self.dialect());
            for message in piece {
                rows.row()
                    .bind(tenant.0)
                    .bind(message.id.as_bytes().as_slice())
                    .bind(message.status.as_str())
                    .bind(message.reason.as_deref())
                    .bind(message.told.delivered_at)
                    .bind(message.told.read_at)
                    .bind(message.told.clicked_at)
                    .bind(message.told.bounced_at)
                    .bind(now);
            }
            let source = rows.source();
            let query = rows.query(format!(
                "with told (tenant_id, id, status, reason, delivered_at, read_at, clicked_at, bounced_at, now) as ({source})
                 update messages
                 set delivered_at = coalesce(messages.delivered_at, told.delivered_at),
                     read_at = coalesce(messages.read_at, told.read_at),
                     clicked_at = coalesce(messages.clicked_at, told.clicked_at),
                     bounced_at = coalesce(messages.bounced_at, told.bounced_at),
                     reason = case when messages.status in ('sent', 'uncertain') then told.reason
                              else messages.reason end,
                     updated_at = case when messages.status in ('sent', 'uncertain') and messages.status <> told.status
                                  then told.now else messages.updated_at end,
                     status = case when messages.status in ('sent', 'uncertain') then told.status
                              else messages.status end
                 from told
                 where messages.tenant_id = told.tenant_id and messages.id = told.id"
            ));
            query.execute(self.connection()).await?;
        }
        Ok(())
    }
}
