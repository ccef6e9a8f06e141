//! Tells a channel one change of an audience: identifiers of one kind, all to be removed or all to be added, so that a
//! connector needs one request for it. Removals go first: whoever took their consent back waits for nobody.

use std::sync::Arc;

use guanxi_app::AppError;
use guanxi_domain::Millis;
use guanxi_domain::connector::{AudienceChange, Outcome, Step};
use guanxi_domain::limits::AUDIENCE_BATCH_MAX;
use guanxi_store::Scope as Rows;

use super::{PAUSE, PAUSED, Turn};
use crate::delivery::backoff;
use crate::fleet::{Passport, Unit};
use crate::talk::{Ended, Heard, Next, Said, Talk, Trouble};

impl Turn<'_> {
    /// Tells one change, if there is one and the channel may be told; whether it took it. Nothing if the turn is over.
    pub(super) async fn tell(&mut self, unit: &Arc<Unit>) -> Result<Option<bool>, AppError> {
        let now = self.now();
        if self.progress.held_until > now {
            return Ok(Some(false));
        }
        let Some(spec) = unit.manifest().connector.as_ref() else { return Ok(Some(false)) };
        if let Some(why) = unit.pause(now) {
            let mut read = self.engine.app.store().read(Rows::Tenant(self.tenant)).await?;
            if read.audience_waits(self.tenant, self.id()).await? != (false, false) {
                self.hold(&Trouble::new(PAUSE, why), now + PAUSED);
            }
            return Ok(Some(false));
        }
        let passport = self.engine.fleet.passport(self.tenant, unit, spec).await?;
        let Some((change, removal)) = self.take().await? else { return Ok(None) };
        if change.add.is_empty() && change.remove.is_empty() {
            return Ok(Some(false));
        }
        let ended = self.upload(unit, &passport, change).await;
        let now = self.now();
        let trouble = match &ended.result {
            Ok(Outcome::Sent(_)) => None,
            Ok(outcome) => Some(Trouble::of(outcome.clone(), now)),
            Err(trouble) => Some(trouble.clone()),
        };
        self.note(trouble.as_ref(), now);
        let (tenant, id, taken) = (self.tenant, self.id(), trouble.is_none());
        let mut work = self.engine.app.store().begin(Rows::Tenant(tenant)).await?;
        if !self.go_on(&mut work).await? {
            return Ok(None);
        }
        if taken {
            work.settle_audience_members(tenant, id, removal, self.row.lease).await?;
        }
        let noticed = ended.note(self.engine, &mut work, unit, tenant).await?;
        work.commit().await?;
        if noticed {
            self.engine.app.signals().noticed.notify_one();
        }
        Ok(Some(taken))
    }

    /// Notes what a change came to.
    fn note(&mut self, trouble: Option<&Trouble>, now: Millis) {
        let Some(trouble) = trouble else {
            self.progress.outcome = Some("done".to_owned());
            self.progress.problem = None;
            self.progress.failures = 0;
            self.progress.held_until = 0;
            self.progress.uploaded_at = Some(now);
            return;
        };
        self.progress.failures = self.progress.failures.saturating_add(1);
        let random = u32::from_le_bytes(self.engine.app.ambient().bytes());
        let waited = now + backoff::wait(self.progress.failures, random);
        // A channel may ask for more patience, never for less.
        self.hold(trouble, trouble.again_at.map_or(waited, |at| at.max(waited)));
    }

    fn hold(&mut self, trouble: &Trouble, until: Millis) {
        self.progress.held_until = until;
        self.progress.outcome = Some(trouble.class.to_owned());
        self.progress.problem = Some(trouble.detail.clone());
    }

    /// Takes what is told next, and whether it is a removal; both lists are empty if nothing waits. Nothing if the turn is over.
    async fn take(&mut self) -> Result<Option<(AudienceChange, bool)>, AppError> {
        let (tenant, id, lease) = (self.tenant, self.id(), self.row.lease);
        let limit = self.takes().batch.unwrap_or(AUDIENCE_BATCH_MAX).clamp(1, AUDIENCE_BATCH_MAX);
        let mut work = self.engine.app.store().begin_unhurried(Rows::Tenant(tenant)).await?;
        if !self.go_on(&mut work).await? {
            return Ok(None);
        }
        let mut taken = work.take_audience_members(tenant, id, true, lease, limit).await?;
        let removal = !taken.is_empty();
        if !removal {
            taken = work.take_audience_members(tenant, id, false, lease, limit).await?;
        }
        work.commit().await?;
        let texts: Vec<String> = taken.iter().map(guanxi_domain::audience::Hashed::text).collect();
        let (add, remove) = if removal { (Vec::new(), texts) } else { (texts, Vec::new()) };
        let audience = self.row.audience.channel_audience.clone();
        Ok(Some((AudienceChange { audience, add, remove }, removal)))
    }

    async fn upload(&self, unit: &Arc<Unit>, passport: &Passport, change: AudienceChange) -> Ended<Outcome> {
        let (asked, secrets, limits) = (Arc::clone(unit), passport.secrets.clone(), self.engine.options.limits);
        let ask = move |heard: Heard| -> Said<Outcome> {
            let (plugin, config) = (&asked.plugin, asked.config.as_str());
            let call = match heard {
                None => plugin.upload(config, &change, &secrets, &limits),
                Some((continuation, response, at)) => {
                    plugin.resume_upload(config, &continuation, &response, at, &secrets, &limits)
                }
            };
            call.map(|said| {
                said.map(|step| match step {
                    Step::Perform { request, continuation } => Next::Perform(request, continuation),
                    Step::Done(outcome) => Next::Done(outcome),
                })
            })
        };
        let refused = |outcome: &Outcome| matches!(outcome, Outcome::RefreshSession);
        Talk { engine: self.engine, tenant: self.tenant, unit, passport }.hold::<Outcome>(Arc::new(ask), refused).await
    }
}
