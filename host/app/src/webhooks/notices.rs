//! Notices as they are told, and how they get into the queues of those who subscribed: in the transaction that changes the
//! thing, so that none is lost and none is told of what did not happen.

use guanxi_domain::candidate::{Candidate, CandidateStatus};
use guanxi_domain::ids::{DeliveryId, EventId};
use guanxi_domain::installation::{Health, Installation, Upgrade};
use guanxi_domain::limits::WEBHOOK_WAITING_MAX;
use guanxi_domain::tenant::TenantId;
use guanxi_domain::webhook::{Delivery, DeliveryStatus, Notice, NoticeKind, Webhook};
use guanxi_store::{ImportRow, Work};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{App, AppError};

impl App {
    /// Queues notices for every address that wants them; whether there is one. Whoever commits `work` rings
    /// [`crate::Signals::noticed`] afterwards.
    pub async fn announce(&self, work: &mut Work, tenant: TenantId, notices: &[Notice]) -> Result<bool, AppError> {
        if notices.is_empty() {
            return Ok(false);
        }
        let mut queued = false;
        for webhook in work.webhooks(tenant).await? {
            let wanted: Vec<&Notice> = notices.iter().filter(|notice| webhook.kinds.contains(&notice.kind)).collect();
            if webhook.off.is_none() && !wanted.is_empty() {
                queued |= !self.queue(work, tenant, &webhook, &wanted).await?.is_empty();
            }
        }
        Ok(queued)
    }

    /// Queues notices for one address, as far as there is room; what was queued.
    pub(super) async fn queue(
        &self,
        work: &mut Work,
        tenant: TenantId,
        webhook: &Webhook,
        notices: &[&Notice],
    ) -> Result<Vec<Delivery>, AppError> {
        let waiting = work.waiting_deliveries(tenant, webhook.id, WEBHOOK_WAITING_MAX).await?;
        let room = usize::try_from(WEBHOOK_WAITING_MAX.saturating_sub(waiting)).unwrap_or_default();
        let mut queued = Vec::new();
        for notice in notices.iter().take(room) {
            let delivery = self.delivery(notice)?;
            work.insert_delivery(tenant, webhook.id, &delivery).await?;
            queued.push(delivery);
        }
        let dropped = notices.len().saturating_sub(room);
        if dropped > 0 {
            tracing::warn!(tenant = tenant.0, webhook = %webhook.id, dropped, "too many notices wait for an address");
            let dropped = i64::try_from(dropped).unwrap_or(i64::MAX);
            work.note_webhook_drops(tenant, webhook.id, dropped).await?;
        }
        Ok(queued)
    }

    fn delivery(&self, notice: &Notice) -> Result<Delivery, AppError> {
        let now = self.ambient().now();
        let timestamp = Timestamp::from_millisecond(now).map_err(AppError::internal)?;
        let timestamp = timestamp.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        let payload = json!({"type": notice.kind, "timestamp": timestamp, "data": notice.data});
        Ok(Delivery {
            id: DeliveryId::from_uuid(self.ambient().uuid()),
            kind: notice.kind,
            payload: payload.to_string(),
            status: DeliveryStatus::Waiting,
            attempts: 0,
            due_at: now,
            http_status: None,
            error: None,
            created_at: now,
            updated_at: now,
        })
    }
}

/// What became of a candidate of this installation.
pub fn candidate_notice(installation: &str, candidate: &Candidate) -> Notice {
    let mut notice = Notice::new(
        NoticeKind::Candidate,
        [
            ("installation", installation.into()),
            ("candidate", candidate.id.to_string().into()),
            ("version", candidate.spec.version.clone().into()),
            ("status", candidate.status.as_str().into()),
        ],
    );
    if candidate.status == CandidateStatus::Running {
        notice.data.insert("percent".to_owned(), candidate.percent.into());
    }
    notice
}

/// What is to be told when the health of an installation becomes another one; mostly nothing. Not why it crashed: the
/// plugin's words may be about a person.
pub fn health_notice(installation: &Installation, after: &Health) -> Option<Notice> {
    let (before, until) = (installation.health.quarantined_until, after.quarantined_until);
    if before == until {
        return None;
    }
    let status = if until.is_some() { "quarantined" } else { "recovered" };
    let mut notice = Notice::new(
        NoticeKind::Installation,
        [
            ("installation", installation.name.clone().into()),
            ("plugin", installation.plugin.clone().into()),
            ("version", installation.version.clone().into()),
            ("status", status.into()),
        ],
    );
    if let Some(until) = until {
        notice.data.insert("until".to_owned(), until.into());
        notice.data.insert("quarantines".to_owned(), after.quarantines.into());
    }
    Some(notice)
}

/// A version of its plugin waits beside what an installation runs (`runs`, nothing if it is new).
pub fn upgrade_notice(installation: &str, plugin: &str, runs: Option<&str>, waits: &Upgrade) -> Notice {
    Notice::new(
        NoticeKind::Upgrade,
        [
            ("installation", installation.into()),
            ("plugin", plugin.into()),
            ("runs", runs.map_or(Value::Null, Value::from)),
            ("version", waits.version.clone().into()),
            ("asks", waits.asks.clone().into()),
            ("asked_at", waits.asked_at.into()),
        ],
    )
}

/// An event cannot be processed. Neither its kind nor why: both may be words of whoever sent it.
pub fn dead_letter_notice(position: i64, event: Option<EventId>) -> Notice {
    let event = event.map_or(Value::Null, |event| event.to_string().into());
    Notice::new(NoticeKind::DeadLetter, [("position", position.into()), ("event", event)])
}

/// An import has ended. Not its file's name, nor why it failed: both may be about people.
pub fn import_notice(import: &ImportRow) -> Notice {
    Notice::new(
        NoticeKind::Import,
        [
            ("import", import.id.to_string().into()),
            ("subject", import.subject.clone().into()),
            ("status", import.status.as_str().into()),
            ("rows", import.rows_done.into()),
            ("counts", json!(import.counts)),
        ],
    )
}
