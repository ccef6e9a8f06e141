//! What staff do with messages: try those again that ended badly, call off those that wait. Who asked for it is kept.

use std::collections::{BTreeSet, HashSet};

use guanxi_domain::Millis;
use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::ids::MessageId;
use guanxi_domain::message::{Message, MessageAction, MessageStatus};
use guanxi_domain::tenant::TenantId;
use guanxi_store::{MessageFilter, Queue, Scope as Rows, Work};

use crate::{App, AppError, Live, LiveKind};

/// The most messages that are changed by one call.
const CHANGED_MAX: u32 = 10_000;
/// Messages that are changed in one transaction.
const BATCH: u32 = 500;
const RETRY: &str = "retry";
const CANCEL: &str = "cancel";

/// Which messages are meant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MessageWish {
    /// Over the connector of this name only.
    pub installation: Option<String>,
    /// In one of these statuses; where nothing is said, in any in which it can be done without harm.
    pub statuses: Vec<MessageStatus>,
    /// Decided at this time or later.
    pub from: Option<Millis>,
    /// Decided before this time.
    pub to: Option<Millis>,
}

/// How many messages were changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangedMessages {
    /// So many.
    pub count: u32,
    /// There may be more: ask again.
    pub more: bool,
}

/// What is done with messages.
#[derive(Debug, Clone)]
enum Deed {
    Retry(Vec<MessageStatus>),
    Cancel,
}

impl App {
    /// Queues a message again that ended badly, under its id and with its tries so far. One of which nobody knows whether
    /// it arrived is repeated only if it may be. Needs `manage`.
    pub async fn retry_message(
        &self,
        caller: &Caller,
        slug: &str,
        id: MessageId,
        may_repeat: bool,
    ) -> Result<Message, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?.id;
        let before = self.store().read(Rows::Tenant(tenant)).await?.message(tenant, id).await?;
        let before = before.ok_or(AppError::NotFound("message"))?;
        if !MessageStatus::ENDED_BADLY.contains(&before.status) {
            let status = before.status.as_str();
            return Err(AppError::Conflict(format!("only what ended badly is tried again; this message is {status}")));
        }
        if before.status == MessageStatus::Uncertain && !may_repeat {
            return Err(unconsented());
        }
        let deed = Deed::Retry(vec![before.status]);
        self.change(caller, tenant, &[id], &deed).await?.pop().ok_or_else(changed_meanwhile)
    }

    /// Calls off a message that waits. Needs `manage`.
    pub async fn cancel_message(&self, caller: &Caller, slug: &str, id: MessageId) -> Result<Message, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?.id;
        let before = self.store().read(Rows::Tenant(tenant)).await?.message(tenant, id).await?;
        let status = before.ok_or(AppError::NotFound("message"))?.status;
        if status != MessageStatus::Queued {
            let status = status.as_str();
            return Err(AppError::Conflict(format!("only what waits is called off; this message is {status}")));
        }
        self.change(caller, tenant, &[id], &Deed::Cancel).await?.pop().ok_or_else(changed_meanwhile)
    }

    /// Queues messages again that ended badly: failed and expired ones, where no status is named. Those of which nobody
    /// knows whether they arrived are named and may be repeated, or stay as they are. Needs `manage`.
    pub async fn retry_messages(
        &self,
        caller: &Caller,
        slug: &str,
        wish: MessageWish,
        may_repeat: bool,
    ) -> Result<ChangedMessages, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?.id;
        let statuses = match wish.statuses.is_empty() {
            true => vec![MessageStatus::Failed, MessageStatus::Expired],
            false => wish.statuses.clone(),
        };
        if let Some(other) = statuses.iter().find(|status| !MessageStatus::ENDED_BADLY.contains(status)) {
            let problem = format!("only what ended badly is tried again, not what is {}", other.as_str());
            return Err(AppError::invalid("status", problem));
        }
        if statuses.contains(&MessageStatus::Uncertain) && !may_repeat {
            return Err(unconsented());
        }
        let filter = self.filter(tenant, wish, statuses.clone()).await?;
        self.change_all(caller, tenant, &filter, &Deed::Retry(statuses)).await
    }

    /// Calls off messages that wait. Needs `manage`.
    pub async fn cancel_messages(
        &self,
        caller: &Caller,
        slug: &str,
        wish: MessageWish,
    ) -> Result<ChangedMessages, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?.id;
        if wish.statuses.iter().any(|status| *status != MessageStatus::Queued) {
            return Err(AppError::invalid("status", "only what is queued is called off"));
        }
        let filter = self.filter(tenant, wish, vec![MessageStatus::Queued]).await?;
        self.change_all(caller, tenant, &filter, &Deed::Cancel).await
    }

    async fn filter(
        &self,
        tenant: TenantId,
        wish: MessageWish,
        statuses: Vec<MessageStatus>,
    ) -> Result<MessageFilter, AppError> {
        let connector = match &wish.installation {
            None => None,
            Some(name) => {
                let found = self.store().read(Rows::Tenant(tenant)).await?.installation(tenant, name).await?;
                Some(found.ok_or_else(|| AppError::invalid("installation", format!("there is no `{name}`")))?.id)
            }
        };
        // Until now and no longer: what fails again meanwhile was asked for once.
        let to = wish.to.unwrap_or(Millis::MAX).min(self.ambient().now() + 1);
        let statuses: BTreeSet<&str> = statuses.iter().map(|status| status.as_str()).collect();
        let statuses = statuses.into_iter().filter_map(MessageStatus::parse).collect();
        Ok(MessageFilter { connector, statuses, from: wish.from.unwrap_or(0), to })
    }

    async fn change_all(
        &self,
        caller: &Caller,
        tenant: TenantId,
        filter: &MessageFilter,
        deed: &Deed,
    ) -> Result<ChangedMessages, AppError> {
        let (mut count, mut seen, mut after) = (0, 0, None);
        while seen < CHANGED_MAX {
            let mut read = self.store().read(Rows::Tenant(tenant)).await?;
            let ids = read.filtered_messages(tenant, filter, after, BATCH).await?;
            drop(read);
            seen += BATCH;
            after = ids.last().copied();
            count += u32::try_from(self.change(caller, tenant, &ids, deed).await?.len()).unwrap_or(u32::MAX);
            if ids.len() < BATCH as usize {
                return Ok(ChangedMessages { count, more: false });
            }
        }
        Ok(ChangedMessages { count, more: true })
    }

    /// Changes these messages, as far as they still are as they were found, and tells whoever has to know.
    async fn change(
        &self,
        caller: &Caller,
        tenant: TenantId,
        ids: &[MessageId],
        deed: &Deed,
    ) -> Result<Vec<Message>, AppError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.ambient().now();
        let mut work = self.store().begin(Rows::Tenant(tenant)).await?;
        let (changed, action) = match deed {
            Deed::Retry(statuses) => (work.retry_messages(tenant, ids, statuses, now).await?, RETRY),
            Deed::Cancel => (cancel(&mut work, tenant, ids, now).await?, CANCEL),
        };
        let actor = caller.token.to_string();
        let note = |message: &Message| MessageAction {
            message: message.id,
            at: now,
            action: action.to_owned(),
            actor: actor.clone(),
        };
        work.add_message_actions(tenant, &changed.iter().map(note).collect::<Vec<_>>()).await?;
        work.commit().await?;
        match deed {
            Deed::Retry(_) => {
                let queues: HashSet<Queue> = changed.iter().map(|m| (tenant, m.connector, m.class)).collect();
                queues.into_iter().for_each(|queue| self.signals().queued.ring(queue));
            }
            Deed::Cancel => self.signals().appended.ring(tenant),
        }
        if self.is_watched() {
            changed.iter().for_each(|message| self.tell(live(tenant, message, now)));
        }
        Ok(changed)
    }
}

/// Calls off messages, and tells the log that they have found their end.
async fn cancel(work: &mut Work, tenant: TenantId, ids: &[MessageId], now: Millis) -> Result<Vec<Message>, AppError> {
    let changed = work.cancel_messages(tenant, ids, now).await?;
    let ends: Vec<_> = changed.iter().map(|message| message.end(tenant, "/cancelled", now)).collect();
    work.append(tenant, &ends).await?;
    Ok(changed)
}

fn unconsented() -> AppError {
    let problem = "it may have arrived; say `true` if the person may get it a second time";
    AppError::invalid("may_repeat", problem)
}

fn changed_meanwhile() -> AppError {
    AppError::Conflict("the message has just changed, or its person was erased; look at it again".to_owned())
}

fn live(tenant: TenantId, message: &Message, at: Millis) -> Live {
    Live {
        tenant,
        kind: LiveKind::Message,
        at,
        id: message.id.to_string(),
        person: Some(message.person.to_string()),
        name: None,
        what: message.channel.clone(),
        detail: message.status.as_str().to_owned(),
    }
}
