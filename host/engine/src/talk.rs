//! A talk with a channel beside messages: the connector says the steps, the host performs them, through the same locks and with
//! the same session as a message on its way.

use std::sync::Arc;

use guanxi_app::AppError;
use guanxi_channels::{EgressError, EgressPolicy};
use guanxi_domain::Millis;
use guanxi_domain::campaign::Failure;
use guanxi_domain::connector::{Outcome, Request, Response};
use guanxi_domain::ids::CallId;
use guanxi_domain::installation::Health;
use guanxi_domain::limits::CONNECTOR_REQUESTS_MAX;
use guanxi_domain::plugin_log::Asked;
use guanxi_domain::tenant::TenantId;
use guanxi_domain::usage::WorkKind;
use guanxi_runtime::Call;
use guanxi_store::{LoggedCall, Scope as Rows, Work};

use crate::fleet::{Passport, Unit};
use crate::{Engine, notices};

/// The most characters of what is told of trouble.
const TOLD_MAX: usize = 500;
/// No channel is believed to want a longer pause: 7 days.
const PAUSE_MAX: Millis = 7 * 86_400_000;

/// What a connector says.
pub(crate) enum Next<D> {
    /// Perform this.
    Perform(Request, Vec<u8>),
    /// The talk is over.
    Done(D),
}

/// What a connector hears: nothing at the beginning, then what it wanted to remember, the response, and when it came.
pub(crate) type Heard = Option<(Vec<u8>, Response, Millis)>;

/// One call of the connector.
pub(crate) type Said<D> = Call<Result<Next<D>, Failure>>;

/// Why nothing came of a talk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// In a word.
    pub(crate) class: &'static str,
    /// In a few.
    pub(crate) detail: String,
    /// When to try again, if the channel says.
    pub(crate) again_at: Option<Millis>,
}

/// How a talk ended.
pub(crate) struct Ended<D> {
    pub(crate) result: Result<D, Trouble>,
    health: Option<Health>,
    logs: Vec<LoggedCall>,
}

/// Who talks with its channel.
pub(crate) struct Talk<'t> {
    pub(crate) engine: &'t Engine,
    pub(crate) tenant: TenantId,
    pub(crate) unit: &'t Arc<Unit>,
    pub(crate) passport: &'t Passport,
}

impl Trouble {
    pub(crate) fn new(class: &'static str, detail: impl Into<String>) -> Self {
        let detail: String = detail.into();
        let detail = detail.chars().filter(|c| *c != '\0').take(TOLD_MAX).collect();
        Self { class, detail, again_at: None }
    }

    /// What an outcome means for a talk of which more was expected than that it arrived.
    pub(crate) fn of(outcome: Outcome, now: Millis) -> Self {
        let at = |class, detail: &str, at: Millis| Self {
            again_at: Some(at.clamp(now, now + PAUSE_MAX)),
            ..Self::new(class, detail)
        };
        match outcome {
            Outcome::RetryAfter(seconds) => {
                at("retry-after", "the channel asks to wait", now.saturating_add(Millis::from(seconds) * 1_000))
            }
            Outcome::QuotaExhausted(until) => at("quota-exhausted", "the channel's quota is used up", until),
            Outcome::RefreshSession => Self::new("refresh-session", "the channel refuses a new session, too"),
            Outcome::WindowClosed => Self::new("window-closed", "the channel says that its window is closed"),
            Outcome::RecipientGone(why) => Self::new("gone", why),
            Outcome::Rejected(why) => Self::new("rejected", why),
            Outcome::Sent(_) => Self::new("failed", "the connector calls it `sent`, which it cannot be"),
        }
    }
}

impl<D> Ended<D> {
    /// Writes down how the plugin behaved and what it logged; whether somebody is to be told.
    pub(crate) async fn note(
        &self,
        engine: &Engine,
        work: &mut Work,
        unit: &Unit,
        tenant: TenantId,
    ) -> Result<bool, AppError> {
        work.insert_logs(tenant, &self.logs).await?;
        let Some(health) = &self.health else { return Ok(false) };
        let notice = notices::put_health(work, tenant, unit.installation.id, health).await?;
        engine.app.announce(work, tenant, notice.as_slice()).await
    }

    /// The same, by itself.
    pub(crate) async fn keep(&self, engine: &Engine, unit: &Unit, tenant: TenantId) -> Result<(), AppError> {
        if self.logs.is_empty() && self.health.is_none() {
            return Ok(());
        }
        let mut work = engine.app.store().begin_unhurried(Rows::Tenant(tenant)).await?;
        let told = self.note(engine, &mut work, unit, tenant).await?;
        work.commit().await?;
        if told {
            engine.app.signals().noticed.notify_one();
        }
        Ok(())
    }
}

impl Talk<'_> {
    /// Talks to the end; `refused` says whether the channel refused the session, after which it is tried once with another.
    pub(crate) async fn hold<D: Send + 'static>(
        &self,
        ask: Arc<dyn Fn(Heard) -> Said<D> + Send + Sync>,
        refused: fn(&D) -> bool,
    ) -> Ended<D> {
        let mut logs = Vec::new();
        if !self.unit.plugin.has_session() {
            let (result, health) = self.steps(&ask, &self.passport.policy, &mut logs).await;
            return Ended { result, health, logs };
        }
        let mut generation = 0;
        loop {
            let Self { engine, tenant, unit, passport } = self;
            let session = match engine.sessions.of(engine, *tenant, unit, passport, generation).await {
                Ok(session) => session,
                Err(none) => {
                    let trouble = Trouble { again_at: none.again_at, ..Trouble::new("session", none.why) };
                    return Ended { result: Err(trouble), health: None, logs };
                }
            };
            let policy = passport.policy.clone().with_session(Some(session.token));
            let (result, health) = self.steps(&ask, &policy, &mut logs).await;
            if generation > 0 || !result.as_ref().is_ok_and(refused) {
                return Ended { result, health, logs };
            }
            generation = session.generation;
        }
    }

    async fn steps<D: Send + 'static>(
        &self,
        ask: &Arc<dyn Fn(Heard) -> Said<D> + Send + Sync>,
        policy: &EgressPolicy,
        logs: &mut Vec<LoggedCall>,
    ) -> (Result<D, Trouble>, Option<Health>) {
        let ambient = self.engine.app.ambient();
        let (mut heard, mut health, mut overreach) = (None, None, None);
        for performed in 0..=CONNECTOR_REQUESTS_MAX {
            let asking = Arc::clone(ask);
            // Pages and changes are large: nobody else waits on this thread.
            let called = tokio::task::spawn_blocking(move || asking(heard)).await;
            let Ok(mut call) = called else {
                return (Err(Trouble::new("failed", "the call did not come back")), health);
            };
            let now = ambient.now();
            logs.extend(self.said(&mut call, now));
            self.unit.count(WorkKind::Delivery, &call, 1, now);
            health = self.unit.note(call.result.as_ref().map(|_| ()), now).or(health);
            let result = match call.result {
                Ok(Ok(Next::Done(done))) => Ok(done),
                Ok(Ok(Next::Perform(..))) if performed == CONNECTOR_REQUESTS_MAX => break,
                Ok(Ok(Next::Perform(request, continuation))) => {
                    match self.engine.egress.perform(&request, policy).await {
                        Ok(response) => {
                            heard = Some((continuation, response, ambient.now()));
                            continue;
                        }
                        Err(error) => {
                            overreach = self.is_overreach(&error).then(|| error.to_string());
                            Err(unanswered(&error))
                        }
                    }
                }
                Ok(Err(failure)) => Err(Trouble::new("failed", failure.to_string())),
                Err(error) => Err(Trouble::new("crashed", error.to_string())),
            };
            // Last, so that no good call hides it.
            let health = overreach.map(|what| self.unit.note_overreach(&what)).or(health);
            return (result, health);
        }
        let why = format!("the connector wanted more than {CONNECTOR_REQUESTS_MAX} requests");
        (Err(Trouble::new("failed", why)), health)
    }

    fn is_overreach(&self, error: &EgressError) -> bool {
        match error {
            EgressError::UnknownSecret { name } => {
                !self.unit.manifest().connector.iter().flat_map(|spec| &spec.secrets).any(|wish| wish.name == *name)
            }
            other => other.is_overreach(),
        }
    }

    fn said<D>(&self, call: &mut Said<D>, at: Millis) -> Option<LoggedCall> {
        let lines = self.unit.said(call, None, 1, at);
        let installation = &self.unit.installation;
        (!lines.is_empty()).then(|| LoggedCall {
            installation: installation.id,
            at,
            id: CallId::from_uuid(self.engine.app.ambient().uuid()),
            digest: installation.digest.clone(),
            asked: Asked::Deliver,
            message: None,
            people: Vec::new(),
            lines,
        })
    }
}

fn unanswered(error: &EgressError) -> Trouble {
    let class = match error {
        EgressError::Timeout { .. } => "timeout",
        _ if error.is_transient() => "unreachable",
        _ => "not-allowed",
    };
    Trouble::new(class, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn co_6_what_a_channel_asks_for_is_honoured_within_a_week() {
        for (outcome, class, again_at) in [
            (Outcome::RetryAfter(30), "retry-after", Some(31_000)),
            (Outcome::RetryAfter(u32::MAX), "retry-after", Some(1_000 + PAUSE_MAX)),
            (Outcome::QuotaExhausted(5_000), "quota-exhausted", Some(5_000)),
            (Outcome::QuotaExhausted(-5), "quota-exhausted", Some(1_000)),
            (Outcome::QuotaExhausted(Millis::MAX), "quota-exhausted", Some(1_000 + PAUSE_MAX)),
            (Outcome::RefreshSession, "refresh-session", None),
            (Outcome::Rejected("no".to_owned()), "rejected", None),
            (Outcome::Sent(None), "failed", None),
        ] {
            let trouble = Trouble::of(outcome.clone(), 1_000);
            assert_eq!((trouble.class, trouble.again_at), (class, again_at), "{outcome:?}");
        }
    }
}
