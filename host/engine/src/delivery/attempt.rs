//! One try to deliver one message: the connector says the steps, the host performs them, the outcome says what becomes
//! of the message.

use std::sync::Arc;

use guanxi_app::{Ambient, Live, LiveKind};
use guanxi_channels::{Egress, EgressError, EgressPolicy};
use guanxi_domain::breaker::Pass;
use guanxi_domain::campaign::Failure;
use guanxi_domain::connector::{Outbound, Outcome, Step};
use guanxi_domain::exchange::{Exchange, Keep, TriedExchanges};
use guanxi_domain::ids::{CallId, InstallationId};
use guanxi_domain::installation::Health;
use guanxi_domain::limits::{CONNECTOR_REQUESTS_MAX, CallLimits};
use guanxi_domain::message::{Attempt, Message, MessageStatus};
use guanxi_domain::plugin_log::Asked;
use guanxi_domain::tenant::TenantId;
use guanxi_domain::usage::WorkKind;
use guanxi_domain::{DAY, Millis};
use guanxi_runtime::{Call, CallError};
use guanxi_store::{Claimed, LoggedCall, Released, Settled};

use super::backoff;
use super::gate::{Gate, News};
use super::standing::{Standing, Verdict};
use super::tape::Recorder;
use super::tracking::Tracking;
use crate::Engine;
use crate::fleet::{Passport, Unit};

/// What one try came to.
pub(crate) struct Tried {
    pub(crate) message: Message,
    pub(crate) fate: Fate,
    /// Tries before it was last asked to be tried again.
    pub(crate) attempts_before: u32,
    pub(crate) attempt: Option<Attempt>,
    /// Why the address reaches nobody any more, if the channel says so.
    pub(crate) gone: Option<String>,
    pub(crate) health: Option<(InstallationId, Health)>,
    /// Calls of the connector that said something.
    pub(crate) logs: Vec<LoggedCall>,
    /// What it exchanged with the channel, if that is kept.
    pub(crate) exchanges: Option<TriedExchanges>,
}

/// What becomes of a claimed message.
pub(crate) enum Fate {
    /// It was tried, or has ended.
    Settled(Settled),
    /// It waits on, untried.
    Released(Released),
}

/// Delivers the messages of one connector.
pub(crate) struct Courier {
    ambient: Ambient,
    egress: Egress,
    limits: CallLimits,
    unit: Arc<Unit>,
    passport: Passport,
    /// Whether the channel recognises repetitions.
    idempotent: bool,
    engine: Engine,
    tenant: TenantId,
    standing: Standing,
    gate: Arc<Gate>,
    /// Whether it tries a channel that rests.
    is_probe: bool,
    recorder: Recorder,
    tracking: Tracking,
}

/// What a mail server says that takes nothing from anybody for a while.
const BUSY_MAIL: u16 = 421;
/// The class of a try that ended because the channel refused the session.
const REFRESH: &str = "refresh-session";
/// The class of a try whose address reaches nobody any more.
const GONE: &str = "recipient-gone";
/// The longest time that a channel may ask for patience.
const PAUSE_MAX: Millis = 7 * DAY;

type Checked = (Result<Result<Step, Failure>, CallError>, Option<Health>);

/// How a try ended.
struct End {
    status: MessageStatus,
    /// The outcome class.
    class: &'static str,
    detail: Option<String>,
    channel_id: Option<String>,
    /// When to try again; `None` for what ended and for the usual back-off.
    again_at: Option<Millis>,
    /// Until when to wait, untried.
    waits_until: Option<Millis>,
    http_status: Option<u16>,
    health: Option<Health>,
    logs: Vec<LoggedCall>,
    exchanges: Vec<Exchange>,
}

impl End {
    fn new(status: MessageStatus, class: &'static str, detail: Option<String>) -> Self {
        Self {
            status,
            class,
            detail,
            channel_id: None,
            again_at: None,
            waits_until: None,
            http_status: None,
            health: None,
            logs: Vec::new(),
            exchanges: Vec::new(),
        }
    }

    /// What it says about the channel.
    fn news(&self, now: Millis) -> News {
        let why = || {
            let detail = self.detail.as_deref().map(|detail| format!(": {detail}")).unwrap_or_default();
            let status = self.http_status.map(|status| format!(" ({status})")).unwrap_or_default();
            cut(&format!("{}{status}{detail}", self.class))
        };
        let patient = |fails| News::Pauses {
            until: self.again_at.unwrap_or(now).clamp(now, now.saturating_add(PAUSE_MAX)),
            why: why(),
            fails,
        };
        match self.class {
            "quota-exhausted" => patient(false),
            "retry-after" => match self.http_status {
                Some(BUSY_MAIL | 429 | 503) => patient(true),
                // The mailbox is busy, not the server.
                Some(450..=452) => News::Works,
                _ => News::Fails(why()),
            },
            "session" if self.again_at.is_some() => patient(true),
            "session" | "timeout" | "unreachable" | "crashed" => News::Fails(why()),
            "sent" | GONE | "window-closed" | "rejected" => News::Works,
            _ if self.http_status.is_some_and(|status| status >= 500) => News::Fails(why()),
            _ if self.http_status.is_some() => News::Works,
            _ => News::Silent,
        }
    }

    fn again(class: &'static str, detail: Option<String>, at: Option<Millis>) -> Self {
        Self { again_at: at, ..Self::new(MessageStatus::Queued, class, detail) }
    }

    /// Nothing is tried before then, unless the message does not hold for so long.
    fn waits(message: &Message, until: Millis, why: String) -> Self {
        if message.expires_at.is_some_and(|end| end <= until) {
            return Self::new(MessageStatus::Expired, "expired", Some(format!("it could not wait any longer: {why}")));
        }
        Self { waits_until: Some(until), ..Self::new(MessageStatus::Queued, "waits", Some(why)) }
    }
}

impl Courier {
    pub(crate) fn new(
        engine: &Engine,
        tenant: TenantId,
        unit: &Arc<Unit>,
        passport: Passport,
        standing: Standing,
        (gate, is_probe): (Arc<Gate>, bool),
        tracking: Tracking,
    ) -> Self {
        Self {
            ambient: engine.app.ambient().clone(),
            egress: engine.egress.clone(),
            limits: engine.options.limits,
            passport,
            idempotent: unit.manifest().connector.as_ref().is_some_and(|spec| spec.idempotent),
            unit: Arc::clone(unit),
            engine: engine.clone(),
            tenant,
            standing,
            gate,
            is_probe,
            recorder: Recorder::new(engine.options.exchanges, engine.app.ambient().clone()),
            tracking,
        }
    }

    /// Tries one message, unless its channel was found to be in trouble since it was claimed.
    pub(crate) async fn deliver(&self, claimed: Claimed) -> Tried {
        let started = self.ambient.now();
        let is_over = claimed.interrupted && !self.idempotent;
        if !is_over && !self.is_probe && self.gate.pass(started) != Pass::Free {
            return released(claimed, started);
        }
        let end = self.end_of(&claimed.message, claimed.interrupted, started).await;
        let now = self.ambient.now();
        self.gate.note(&end.news(now), self.is_probe, now, u32::from_le_bytes(self.ambient.bytes()));
        self.tried(claimed, end, started)
    }

    /// Tries a message that is to nobody, so that nobody's standing is asked for, and records all of it.
    pub(crate) async fn try_out(mut self, message: Message) -> Tried {
        self.recorder = Recorder::new(Keep::All, self.ambient.clone());
        let started = self.ambient.now();
        let end = self.walk(&message, started).await;
        let claimed = Claimed { message, interrupted: false, due_at: started, attempts_before: 0 };
        self.tried(claimed, end, started)
    }

    async fn end_of(&self, message: &Message, interrupted: bool, now: Millis) -> End {
        if interrupted && !self.idempotent {
            let why = "the host stopped while the message was under way; it may have arrived".to_owned();
            return End::new(MessageStatus::Uncertain, "interrupted", Some(why));
        }
        if message.expires_at.is_some_and(|end| end <= now) {
            return End::new(MessageStatus::Expired, "expired", None);
        }
        // Right before it leaves: much may have changed while it waited.
        match self.standing.verdict(&self.engine, self.tenant, message, now).await {
            Ok(None) => self.walk(message, now).await,
            Ok(Some(Verdict::Refused(why))) => End::new(MessageStatus::Failed, "refused", Some(why)),
            Ok(Some(Verdict::Waits { until, why })) => End::waits(message, until, why),
            Err(error) => End::again("unchecked", Some(error.to_string()), None),
        }
    }

    /// Goes from step to step, with another session if the channel refuses the one it was shown: what it refused for that
    /// was not taken.
    async fn walk(&self, message: &Message, now: Millis) -> End {
        if !self.unit.plugin.has_session() {
            return self.steps(message, &self.passport.policy, now).await;
        }
        let (mut refused, mut logs, mut exchanges) = (0, Vec::new(), Vec::new());
        loop {
            let Self { engine, tenant, unit, passport, .. } = self;
            let session = match engine.sessions.of(engine, *tenant, unit, passport, refused).await {
                Ok(session) => session,
                Err(none) => {
                    return End { logs, exchanges, ..End::again("session", Some(none.why), none.again_at) };
                }
            };
            let policy = passport.policy.clone().with_session(Some(session.token));
            let mut end = self.steps(message, &policy, now).await;
            logs.append(&mut end.logs);
            exchanges.append(&mut end.exchanges);
            if end.class != REFRESH || refused > 0 {
                return End { logs, exchanges, ..end };
            }
            refused = session.generation;
        }
    }

    async fn steps(&self, message: &Message, policy: &EgressPolicy, now: Millis) -> End {
        let Self { unit, passport, idempotent, .. } = self;
        let outbound = Outbound {
            id: message.id.to_string(),
            address: message.address.clone(),
            content: serde_json::to_string(&*self.tracking.shown(&self.engine, message)).unwrap_or_default(),
            created: message.created_at,
            now,
            attempt: message.attempts,
        };
        let mut call = unit.plugin.send(&unit.config, &outbound, &passport.secrets, &self.limits);
        let (mut http_status, mut logs, mut tape) = (None, Vec::new(), self.recorder.tape(policy));
        // Once a request was answered, a failure may hide a success: only a channel that knows repetitions is asked again.
        let mut repeatable = true;
        let mut overreach = None;
        for performed in 0..=CONNECTOR_REQUESTS_MAX {
            if let Some(what) = self.guesses(&call) {
                overreach = Some(self.tell_of_overreach(message, &what));
            }
            logs.extend(self.said(&mut call, message));
            let (step, health) = self.checked(call);
            let end = match step {
                Ok(Ok(Step::Done(outcome))) => self.outcome(outcome),
                Ok(Ok(Step::Perform { .. })) if performed == CONNECTOR_REQUESTS_MAX => break,
                Ok(Ok(Step::Perform { request, continuation })) => {
                    match tape.perform(&self.egress, &request, policy).await {
                        Ok(response) => {
                            http_status = Some(response.status);
                            repeatable = *idempotent;
                            let (now, secrets) = (self.ambient.now(), &passport.secrets);
                            call =
                                unit.plugin.resume(&unit.config, &continuation, &response, now, secrets, &self.limits);
                            continue;
                        }
                        Err(error) => {
                            if self.is_overreach(&error) {
                                overreach = Some(self.tell_of_overreach(message, &error.to_string()));
                            }
                            unanswered(&error, *idempotent)
                        }
                    }
                }
                Ok(Err(failure)) => unfinished("failed", failure.to_string(), repeatable),
                Err(error) => unfinished("crashed", error.to_string(), repeatable),
            };
            // Last, so that no good call after it hides it.
            let health = overreach.map_or(health, |what| Some(self.unit.note_overreach(&what)));
            // Connectors pass on what channels say, and that may quote what they were sent.
            let detail = end.detail.as_deref().map(|text| tape.scrubbed(text));
            return End { http_status, health, logs, detail, exchanges: tape.taken(), ..end };
        }
        let why = format!("the connector wanted more than {CONNECTOR_REQUESTS_MAX} requests");
        End { logs, exchanges: tape.taken(), ..End::new(MessageStatus::Failed, "rejected", Some(why)) }
    }

    /// What a call about a message said, if anything.
    fn said(&self, call: &mut Call<Result<Step, Failure>>, message: &Message) -> Option<LoggedCall> {
        let at = self.ambient.now();
        let lines = self.unit.said(call, None, 1, at);
        let installation = &self.unit.installation;
        (!lines.is_empty()).then(|| LoggedCall {
            installation: installation.id,
            at,
            id: CallId::from_uuid(self.ambient.uuid()),
            digest: installation.digest.clone(),
            asked: Asked::Deliver,
            message: Some(message.id),
            people: vec![message.person],
            lines,
        })
    }

    fn checked(&self, call: Call<Result<Step, Failure>>) -> Checked {
        let now = self.ambient.now();
        self.unit.count(WorkKind::Delivery, &call, 1, now);
        let health = self.unit.note(call.result.as_ref().map(|_| ()), now);
        (call.result, health)
    }

    /// What is said of a connector that named secrets of which its manifest knows nothing.
    fn guesses(&self, call: &Call<Result<Step, Failure>>) -> Option<String> {
        let guessed: Vec<&str> = call.missed.iter().map(String::as_str).filter(|name| !self.asks_for(name)).collect();
        (!guessed.is_empty())
            .then(|| format!("the plugin named secrets that it does not ask for: {}", guessed.join(", ")))
    }

    /// Whether the manifest names this secret, so that it may be missing for a good reason.
    fn asks_for(&self, secret: &str) -> bool {
        self.unit.manifest().connector.iter().flat_map(|spec| &spec.secrets).any(|wish| wish.name == secret)
    }

    fn is_overreach(&self, error: &EgressError) -> bool {
        match error {
            EgressError::UnknownSecret { name } => !self.asks_for(name),
            other => other.is_overreach(),
        }
    }

    /// What the connector tried and may not do, for the log and for those who look on; what is kept of it in its health.
    fn tell_of_overreach(&self, message: &Message, what: &str) -> String {
        let (installation, tried) = (&self.unit.installation, cut(what));
        tracing::warn!(
            tenant = self.tenant.0,
            installation = %installation.name,
            plugin = %installation.plugin,
            version = %installation.version,
            message = %message.id,
            tried,
            "a plugin tried what it may not do"
        );
        if self.engine.app.is_watched() {
            self.engine.app.tell(Live {
                tenant: self.tenant,
                kind: LiveKind::Plugin,
                at: self.ambient.now(),
                id: installation.id.to_string(),
                person: None,
                name: None,
                what: installation.name.clone(),
                detail: tried.clone(),
            });
        }
        tried
    }

    fn outcome(&self, outcome: Outcome) -> End {
        let now = self.ambient.now();
        let failed = |class, detail| End::new(MessageStatus::Failed, class, detail);
        match outcome {
            Outcome::Sent(channel_id) => End { channel_id, ..End::new(MessageStatus::Sent, "sent", None) },
            Outcome::RetryAfter(seconds) => {
                let at = now.saturating_add(Millis::from(seconds).saturating_mul(1_000));
                End::again("retry-after", None, Some(at))
            }
            Outcome::RefreshSession => {
                End::again(REFRESH, Some("the channel refuses a new session, too".to_owned()), None)
            }
            Outcome::QuotaExhausted(until) => End::again("quota-exhausted", None, Some(until)),
            Outcome::WindowClosed => failed("window-closed", Some("the reply window is over".to_owned())),
            Outcome::RecipientGone(why) => failed(GONE, Some(why)),
            Outcome::Rejected(why) => failed("rejected", Some(why)),
        }
    }

    fn tried(&self, claimed: Claimed, end: End, started: Millis) -> Tried {
        if let Some(until) = end.waits_until {
            return waiting(claimed, until, end.detail, started);
        }
        let Claimed { message, attempts_before, .. } = claimed;
        let now = self.ambient.now();
        let tries = message.attempts.saturating_sub(attempts_before).max(1);
        let mut status = end.status;
        let mut reason = end.detail.clone().map(|text| cut(&text));
        let mut due_at = now;
        if status == MessageStatus::Queued {
            let waited = now + backoff::wait(tries, u32::from_le_bytes(self.ambient.bytes()));
            // A channel may ask for more patience, never for less.
            due_at = end.again_at.map_or(waited, |at| at.clamp(waited, waited.max(now.saturating_add(PAUSE_MAX))));
            // A quota that is used up is no failure of the message.
            if tries >= backoff::TRIES_MAX && end.class != "quota-exhausted" {
                status = MessageStatus::Failed;
                reason = Some(format!("given up after {tries} tries: {}", reason.unwrap_or_default()));
            }
        }
        let attempt = Attempt {
            message: message.id,
            number: message.attempts,
            at: started,
            took_ms: now - started,
            http_status: end.http_status,
            outcome: end.class.to_owned(),
            detail: end.detail.map(|text| cut(&text)),
        };
        let gone = attempt.detail.clone().filter(|_| end.class == GONE);
        let attempts = message.attempts;
        let settled = Settled { id: message.id, attempts, status, reason, channel_id: end.channel_id, due_at, now };
        let health = end.health.map(|health| (self.unit.installation.id, health));
        let kept = !end.exchanges.is_empty() && self.recorder.keeps(status == MessageStatus::Sent);
        let exchanges = kept.then_some(TriedExchanges {
            message: message.id,
            attempt: attempts,
            at: started,
            exchanges: end.exchanges,
        });
        let fate = Fate::Settled(settled);
        Tried { message, fate, attempts_before, attempt: Some(attempt), gone, health, logs: end.logs, exchanges }
    }
}

/// A message that was not tried, in its old place.
fn released(claimed: Claimed, now: Millis) -> Tried {
    let due_at = claimed.due_at;
    waiting(claimed, due_at, None, now)
}

/// A message that was not tried and waits until then.
fn waiting(claimed: Claimed, due_at: Millis, why: Option<String>, now: Millis) -> Tried {
    let Claimed { message, attempts_before, .. } = claimed;
    let reason = why.map(|text| cut(&text));
    let fate = Fate::Released(Released { id: message.id, attempts: message.attempts, reason, due_at, now });
    Tried { message, fate, attempts_before, attempt: None, gone: None, health: None, logs: Vec::new(), exchanges: None }
}

/// The connector gave no next step.
fn unfinished(class: &'static str, detail: String, repeatable: bool) -> End {
    match repeatable {
        true => End::again(class, Some(detail), None),
        false => End::new(MessageStatus::Uncertain, class, Some(detail)),
    }
}

/// No answer: whether that can be repeated depends on how far the request came.
fn unanswered(error: &EgressError, idempotent: bool) -> End {
    let detail = Some(error.to_string());
    let class = match error {
        EgressError::Timeout { .. } => "timeout",
        _ if error.is_transient() => "unreachable",
        _ => "not-allowed",
    };
    match (error.is_transient(), error.is_before_send() || idempotent) {
        (true, true) => End::again(class, detail, None),
        (true, false) => End::new(MessageStatus::Uncertain, class, detail),
        (false, _) => End::new(MessageStatus::Failed, class, detail),
    }
}

/// Words from a plugin or a channel, cut to what a row should carry.
fn cut(text: &str) -> String {
    text.chars().filter(|c| *c != '\0').take(500).collect()
}
