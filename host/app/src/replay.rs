//! A decision executed again: the component that decided is called with the configuration and with everything it saw, and
//! what it says now is compared with what it said.

use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::campaign::Moment;
use guanxi_domain::ids::DecisionId;
use guanxi_domain::receipt::{Answer, CallReceipt, answer_hash, read_input};
use guanxi_domain::tenant::TenantId;
use guanxi_domain::usage::WorkKind;
use guanxi_store::{DecisionRow, Scope as Rows, Work};

use crate::usage::USED_UP;
use crate::{App, AppError};

/// A decision beside the same one, executed again.
#[derive(Debug, Clone)]
pub struct Replay {
    /// What was kept of it.
    pub row: DecisionRow,
    /// The call that it came of.
    pub call: CallReceipt,
    /// How many decisions came of that call.
    pub moments: usize,
    /// What the plugin says now.
    pub answer: Answer,
    /// SHA-256 of that.
    pub answer_hash: [u8; 32],
    /// Fuel that the call burns now.
    pub fuel: u64,
    /// What the plugin logs now, a JSON list.
    pub log: serde_json::Value,
}

impl Replay {
    /// Whether the plugin says the same to the byte and burns the same fuel.
    pub fn is_same(&self) -> bool {
        self.answer_hash == self.call.answer && self.fuel == self.call.fuel
    }
}

impl App {
    /// Executes a decision again, with all others of its call. Changes nothing: nobody is told and nothing is sent. What it
    /// costs is the tenant's; `Conflict` if the tenant's fuel of today is used up.
    pub async fn replay_decision(&self, caller: &Caller, slug: &str, id: DecisionId) -> Result<Replay, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?.id;
        let mut read = self.store().read(Rows::Tenant(tenant)).await?;
        let row = read.decision(tenant, id).await?.ok_or(AppError::NotFound("decision"))?;
        let Some(call) = row.call.clone() else {
            return Err(refused("no call of the plugin is kept with it: it was not called, or by an older version"));
        };
        let decisions = of_call(&mut read, tenant, &row, &call).await?;
        let place = decisions.iter().position(|other| other.id == id).unwrap_or_default();
        let moments = decisions
            .iter()
            .map(|other| {
                read_input(&other.input).map_err(|missing| match other.id == id {
                    true => refused(missing),
                    false => refused(format!("of {}, which was decided by the same call: {missing}", other.id)),
                })
            })
            .collect::<Result<Vec<Moment>, AppError>>()?;
        let config = read
            .configuration(tenant, &row.config_hash)
            .await?
            .ok_or_else(|| refused("its configuration is no longer kept"))?;
        drop(read);
        if self.fuel_left(tenant).await? == 0 {
            return Err(refused(USED_UP));
        }
        let campaign = self.load_plugin(&row.digest).await.map_err(|error| match error {
            AppError::Conflict(why) => refused(why),
            other => other,
        })?;
        // Whoever replays many times does not take the processor from those who decide.
        let _turn = self.inner.previews.acquire().await.map_err(AppError::internal)?;
        let asked = tokio::task::spawn_blocking(move || (campaign.decide(&config, &moments), moments.len()));
        let (decided, moments) = asked.await.map_err(AppError::internal)?;
        self.count_trial(tenant, row.installation, WorkKind::Replay, decided.usage()).await?;
        let answer = decided.answers.into_iter().nth(place).ok_or_else(|| refused("the plugin gave no answer"))?;
        let (answer_hash, fuel, log) = (answer_hash(&answer), decided.fuel, decided.log);
        Ok(Replay { row, call, moments, answer, answer_hash, fuel, log })
    }
}

/// All decisions of a call, in their order.
async fn of_call(
    read: &mut Work,
    tenant: TenantId,
    row: &DecisionRow,
    call: &CallReceipt,
) -> Result<Vec<DecisionRow>, AppError> {
    let gone = || refused("other decisions of its call are no longer kept");
    let first = match call.first == row.id {
        true => row.clone(),
        false => read.decision(tenant, call.first).await?.ok_or_else(gone)?,
    };
    let others = first.call.as_ref().map(|call| call.others.clone()).unwrap_or_default();
    let mut decisions = vec![first];
    for id in others {
        decisions.push(read.decision(tenant, id).await?.ok_or_else(gone)?);
    }
    Ok(decisions)
}

fn refused(why: impl std::fmt::Display) -> AppError {
    AppError::Conflict(format!("the decision cannot be executed again: {why}"))
}
