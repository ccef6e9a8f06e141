//! Sealing the secrets of installations anew after the key was changed, beside whoever uses and changes them.

use guanxi_domain::caller::Caller;
use guanxi_domain::ids::InstallationId;
use guanxi_domain::tenant::TenantId;
use guanxi_store::{Scope as Rows, SealedRow};

use crate::{App, AppError, VaultError};

/// Installations that are looked at in one piece.
const PIECE: u32 = 100;

/// What became of a piece of all installations.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resealed {
    /// How many an old key had sealed, so that they are sealed anew.
    pub anew: u64,
    /// How many the key that seals now had sealed already.
    pub already: u64,
    /// Those that no key opens, as `tenant/installation`; they stay as they are.
    pub closed: Vec<String>,
    /// What the next piece comes after; `None` at the end.
    pub next: Option<(TenantId, InstallationId)>,
}

/// How the secrets of an installation were sealed.
enum Sealed {
    Before,
    Already,
    WithNoKey,
}

impl App {
    /// Seals the secrets of the installations behind `after` anew, as far as an old key sealed them: a piece of them,
    /// tenant by tenant. With `check` it changes nothing and tells what it would do. For operators.
    pub async fn reseal(
        &self,
        caller: &Caller,
        after: Option<(TenantId, InstallationId)>,
        check: bool,
    ) -> Result<Resealed, AppError> {
        self.operator(caller)?;
        let rows = self.store().read(Rows::Host).await?.sealed_secrets(after, PIECE).await?;
        let last = rows.last().map(|row| (row.tenant, row.id));
        let mut done = Resealed { next: last.filter(|_| rows.len() >= PIECE as usize), ..Resealed::default() };
        for row in rows {
            let name = format!("{}/{}", row.slug, row.name);
            match self.reseal_one(row, check).await? {
                Sealed::Before => done.anew += 1,
                Sealed::Already => done.already += 1,
                Sealed::WithNoKey => done.closed.push(name),
            }
        }
        Ok(done)
    }

    /// A transaction of its own: whoever commits decisions waits for one installation at most.
    async fn reseal_one(&self, row: SealedRow, check: bool) -> Result<Sealed, AppError> {
        let SealedRow { tenant, id, mut secrets, .. } = row;
        loop {
            let anew = match self.vault().reseal(tenant, id, &secrets, self.ambient().bytes()) {
                Ok(Some(anew)) => anew,
                Ok(None) => return Ok(Sealed::Already),
                Err(VaultError) => return Ok(Sealed::WithNoKey),
            };
            if check {
                return Ok(Sealed::Before);
            }
            let mut work = self.store().begin(Rows::Tenant(tenant)).await?;
            if work.replace_secrets(tenant, id, &secrets, &anew).await? {
                work.commit().await?;
                return Ok(Sealed::Before);
            }
            // Somebody set them meanwhile, perhaps in a process that does not have the key yet.
            match work.installation_secrets(tenant, id).await? {
                Some(set) => secrets = set,
                None => return Ok(Sealed::Already),
            }
        }
    }
}
