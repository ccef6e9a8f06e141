//! Sealing the secrets of installations and webhooks anew after the key was changed, beside whoever uses and changes them.

use guanxi_domain::caller::Caller;
use guanxi_domain::ids::{InstallationId, WebhookId};
use guanxi_domain::tenant::TenantId;
use guanxi_store::{Scope as Rows, SealedRow, StoreError, Work};

use crate::secrets::Holder;
use crate::{App, AppError, VaultError};

/// Holders of secrets that are looked at in one piece.
const PIECE: u32 = 100;

/// Where a walk through all sealed secrets is: first those of installations, then those of webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResealCursor {
    /// Behind this installation; at the beginning without one.
    Installations(Option<(TenantId, InstallationId)>),
    /// Behind this webhook; at the first without one.
    Webhooks(Option<(TenantId, WebhookId)>),
}

/// What became of a piece of all secrets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resealed {
    /// How many an old key had sealed, so that they are sealed anew.
    pub anew: u64,
    /// How many the key that seals now had sealed already.
    pub already: u64,
    /// Those that no key opens, as `tenant/installation` or `tenant/whk_…`; they stay as they are.
    pub closed: Vec<String>,
    /// Where the next piece begins; `None` at the end.
    pub next: Option<ResealCursor>,
}

/// How secrets were sealed.
enum Sealed {
    Before,
    Already,
    WithNoKey,
}

impl App {
    /// Seals secrets behind `at` anew, as far as an old key sealed them: a piece of them, tenant by tenant; from the
    /// beginning without `at`. With `check` it changes nothing and tells what it would do. For operators.
    pub async fn reseal(&self, caller: &Caller, at: Option<ResealCursor>, check: bool) -> Result<Resealed, AppError> {
        self.operator(caller)?;
        let mut read = self.store().read(Rows::Host).await?;
        match at.unwrap_or(ResealCursor::Installations(None)) {
            ResealCursor::Installations(after) => {
                let rows = read.sealed_secrets(after, PIECE).await?;
                drop(read);
                let next = rows.last().filter(|_| rows.len() >= PIECE as usize).map(|last| (last.tenant, last.id));
                let next = match next {
                    Some(last) => ResealCursor::Installations(Some(last)),
                    None => ResealCursor::Webhooks(None),
                };
                self.reseal_all(rows, Some(next), check).await
            }
            ResealCursor::Webhooks(after) => {
                let rows = read.sealed_webhooks(after, PIECE).await?;
                drop(read);
                let next = rows.last().filter(|_| rows.len() >= PIECE as usize).map(|last| (last.tenant, last.id));
                self.reseal_all(rows, next.map(|last| ResealCursor::Webhooks(Some(last))), check).await
            }
        }
    }

    async fn reseal_all<I: Into<Holder>>(
        &self,
        rows: Vec<SealedRow<I>>,
        next: Option<ResealCursor>,
        check: bool,
    ) -> Result<Resealed, AppError> {
        let mut done = Resealed { next, ..Resealed::default() };
        for row in rows {
            let name = format!("{}/{}", row.slug, row.name);
            match self.reseal_one(row.tenant, row.id.into(), row.secrets, check).await? {
                Sealed::Before => done.anew += 1,
                Sealed::Already => done.already += 1,
                Sealed::WithNoKey => done.closed.push(name),
            }
        }
        Ok(done)
    }

    /// A transaction of its own: whoever commits decisions waits for one holder at most.
    async fn reseal_one(
        &self,
        tenant: TenantId,
        holder: Holder,
        mut secrets: Vec<u8>,
        check: bool,
    ) -> Result<Sealed, AppError> {
        loop {
            let anew = match self.vault().reseal(tenant, holder, &secrets, self.ambient().bytes()) {
                Ok(Some(anew)) => anew,
                Ok(None) => return Ok(Sealed::Already),
                Err(VaultError) => return Ok(Sealed::WithNoKey),
            };
            if check {
                return Ok(Sealed::Before);
            }
            let mut work = self.store().begin(Rows::Tenant(tenant)).await?;
            if replace(&mut work, tenant, holder, &secrets, &anew).await? {
                work.commit().await?;
                return Ok(Sealed::Before);
            }
            // Somebody set them meanwhile, perhaps in a process that does not have the key yet.
            let set = match holder {
                Holder::Installation(id) => work.installation_secrets(tenant, id).await?,
                Holder::Webhook(id) => work.webhook_secrets(tenant, id).await?,
            };
            match set {
                Some(set) => secrets = set,
                None => return Ok(Sealed::Already),
            }
        }
    }
}

async fn replace(
    work: &mut Work,
    tenant: TenantId,
    holder: Holder,
    old: &[u8],
    anew: &[u8],
) -> Result<bool, StoreError> {
    match holder {
        Holder::Installation(id) => work.replace_secrets(tenant, id, old, anew).await,
        Holder::Webhook(id) => work.replace_webhook_secrets(tenant, id, old, anew).await,
    }
}
