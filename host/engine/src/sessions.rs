//! Sessions of connectors with their channels. A new one is got once at a time of all processes, kept sealed, and put in on
//! the way out: channels count how often they are asked, and many end the old session when they give a new one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use guanxi_app::AppError;
use guanxi_channels::{Scrubber, SecretText};
use guanxi_domain::Millis;
use guanxi_domain::connector::Authorization;
use guanxi_domain::ids::InstallationId;
use guanxi_domain::limits::SESSION_BYTES_MAX;
use guanxi_domain::tenant::TenantId;
use guanxi_domain::usage::WorkKind;
use guanxi_store::{Scope as Rows, SessionRow};
use serde_json::Value;

use crate::Engine;
use crate::delivery::backoff;
use crate::fleet::{Passport, Unit};

/// How often to look whether another process has got the session.
const LOOK: Duration = Duration::from_millis(100);
/// A session that ends sooner than this is not begun with, if it lasts much longer.
const MARGIN_SECONDS: i64 = 60;
/// No session is believed to last longer, whatever its channel says: 30 days.
const LIFETIME_SECONDS_MAX: i64 = 30 * 86_400;
/// The most characters told of what a channel answered instead.
const TOLD_MAX: usize = 300;

/// What lets a connector in with its channel.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) token: SecretText,
    /// Tells it from those before and after it.
    pub(crate) generation: i64,
    made_for: Millis,
    pub(crate) expires_at: Millis,
}

/// Why there is no session.
#[derive(Debug)]
pub(crate) struct NoSession {
    pub(crate) why: String,
    /// When to try again, if the usual back-off is too soon.
    pub(crate) again_at: Option<Millis>,
}

type Seat = Arc<tokio::sync::Mutex<Option<Session>>>;

/// The sessions that this process knows.
#[derive(Default)]
pub(crate) struct Sessions {
    seats: Mutex<HashMap<InstallationId, Seat>>,
}

impl From<AppError> for NoSession {
    fn from(error: AppError) -> Self {
        Self { why: error.to_string(), again_at: None }
    }
}

impl From<guanxi_store::StoreError> for NoSession {
    fn from(error: guanxi_store::StoreError) -> Self {
        AppError::from(error).into()
    }
}

impl Session {
    /// Whether it is good for what the installation is now, and none that the channel has refused.
    fn serves(&self, unit: &Unit, refused: i64, now: Millis) -> bool {
        self.generation > refused && self.made_for == unit.installation.updated_at && self.expires_at > now
    }
}

impl Sessions {
    /// The session of a connector. The channel has `refused` those up to this generation; 0 for none.
    pub(crate) async fn of(
        &self,
        engine: &Engine,
        tenant: TenantId,
        unit: &Unit,
        passport: &Passport,
        refused: i64,
    ) -> Result<Session, NoSession> {
        let asking = Asking { engine, tenant, unit, passport, waits: true };
        self.by(asking, refused).await
    }

    /// The same for somebody who looks on: the channel is asked although it is too early to ask again.
    pub(crate) async fn at_once(
        &self,
        engine: &Engine,
        tenant: TenantId,
        unit: &Unit,
        passport: &Passport,
    ) -> Result<Session, NoSession> {
        self.by(Asking { engine, tenant, unit, passport, waits: false }, 0).await
    }

    async fn by(&self, asking: Asking<'_>, refused: i64) -> Result<Session, NoSession> {
        let Asking { engine, unit, .. } = asking;
        let seat = self.seat(unit.installation.id);
        // Whoever comes meanwhile waits here, and finds what the first has got.
        let mut known = seat.lock().await;
        let now = engine.app.ambient().now();
        if let Some(session) = known.as_ref().filter(|session| session.serves(unit, refused, now)) {
            return Ok(session.clone());
        }
        let session = asking.found_or_got(refused).await?;
        *known = Some(session.clone());
        Ok(session)
    }

    fn seat(&self, installation: InstallationId) -> Seat {
        Arc::clone(self.seats.lock().unwrap_or_else(PoisonError::into_inner).entry(installation).or_default())
    }
}

struct Asking<'a> {
    engine: &'a Engine,
    tenant: TenantId,
    unit: &'a Unit,
    passport: &'a Passport,
    /// Whether it waits as long as the usual back-off says.
    waits: bool,
}

impl Asking<'_> {
    /// What another process has got, or else what this one gets.
    async fn found_or_got(&self, refused: i64) -> Result<Session, NoSession> {
        let (engine, tenant, id) = (self.engine, self.tenant, self.unit.installation.id);
        let now = || engine.app.ambient().now();
        let exchange = millis(engine.options.exchange);
        let patience = now() + exchange;
        loop {
            let row = engine.app.store().read(Rows::Tenant(tenant)).await?.channel_session(tenant, id).await?;
            let row = row.unwrap_or_else(none);
            if let Some(session) = self.opened(&row).filter(|session| session.serves(self.unit, refused, now())) {
                return Ok(session);
            }
            if self.waits && row.retry_at > now() && row.made_for == self.unit.installation.updated_at {
                return Err(NoSession { why: row.problem.unwrap_or_default(), again_at: Some(row.retry_at) });
            }
            if row.refreshing_until <= now() && self.claimed(row.generation, now() + exchange * 2).await? {
                return self.got(&row).await;
            }
            if now() >= patience {
                let why = "another process is getting the session".to_owned();
                return Err(NoSession { why, again_at: None });
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn opened(&self, row: &SessionRow) -> Option<Session> {
        let sealed = row.token.as_ref()?;
        // One that no key opens any more is like none: the next is sealed with the key of now.
        let token = self.engine.app.vault().open_token(self.tenant, self.unit.installation.id, sealed).ok()?;
        Some(Session {
            token: SecretText::new(token),
            generation: row.generation,
            made_for: row.made_for,
            expires_at: row.expires_at,
        })
    }

    async fn claimed(&self, generation: i64, until: Millis) -> Result<bool, NoSession> {
        let mut work = self.engine.app.store().begin(Rows::Tenant(self.tenant)).await?;
        let now = self.engine.app.ambient().now();
        let claimed =
            work.claim_channel_session(self.tenant, self.unit.installation.id, generation, now, until).await?;
        work.commit().await?;
        Ok(claimed)
    }

    /// Asks the channel, and keeps what that came to.
    async fn got(&self, before: &SessionRow) -> Result<Session, NoSession> {
        let asked = self.ask().await;
        let ambient = self.engine.app.ambient();
        let (now, made_for, id) = (ambient.now(), self.unit.installation.updated_at, self.unit.installation.id);
        let row = match &asked {
            Ok((token, seconds)) => SessionRow {
                generation: before.generation + 1,
                token: Some(self.sealed(token)?),
                expires_at: now + (seconds - MARGIN_SECONDS.min(seconds / 10)) * 1_000,
                made_for,
                ..none()
            },
            Err(why) => {
                let failures = before.failures.saturating_add(1);
                let retry_at = now + backoff::wait(failures, u32::from_le_bytes(ambient.bytes()));
                SessionRow {
                    generation: before.generation,
                    failures,
                    retry_at,
                    made_for,
                    problem: Some(why.clone()),
                    ..none()
                }
            }
        };
        let mut work = self.engine.app.store().begin(Rows::Tenant(self.tenant)).await?;
        let kept = work.put_channel_session(self.tenant, id, before.generation, &row).await?;
        work.commit().await?;
        let (token, _) = asked.map_err(|why| NoSession { why, again_at: Some(row.retry_at) })?;
        if !kept {
            let why = "this took too long, and another process has got the session".to_owned();
            return Err(NoSession { why, again_at: None });
        }
        let token = SecretText::new(token);
        Ok(Session { token, generation: row.generation, made_for, expires_at: row.expires_at })
    }

    fn sealed(&self, token: &str) -> Result<Vec<u8>, NoSession> {
        let (app, id) = (&self.engine.app, self.unit.installation.id);
        app.vault()
            .seal_token(self.tenant, id, token, app.ambient().bytes())
            .map_err(|error| NoSession { why: error.to_string(), again_at: None })
    }

    /// A token and for how many seconds it is good.
    async fn ask(&self) -> Result<(String, i64), String> {
        let Self { engine, unit, passport, .. } = self;
        let now = engine.app.ambient().now();
        let call = unit.plugin.authorize(&unit.config, &passport.secrets, &engine.options.limits);
        unit.count(WorkKind::Delivery, &call, 1, now);
        let authorization = match call.result {
            Ok(Ok(authorization)) => authorization,
            Ok(Err(failure)) => return Err(failure.to_string()),
            Err(error) => return Err(error.to_string()),
        };
        let answered = engine.egress.authorize(&authorization.request, &passport.policy).await;
        let response = answered.map_err(|error| format!("no session: {error}"))?;
        let answer: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        given(&authorization, &answer).map_err(|problem| {
            let scrubber = Scrubber::of(&passport.policy);
            let told = told(&answer, |text| scrubber.text(text));
            format!("the channel gave no session: {problem}; it answered {}{told}", response.status)
        })
    }
}

fn none() -> SessionRow {
    SessionRow {
        generation: 0,
        made_for: 0,
        token: None,
        expires_at: 0,
        refreshing_until: 0,
        failures: 0,
        retry_at: 0,
        problem: None,
    }
}

/// The token and its lifetime, where the connector says that they are.
fn given(authorization: &Authorization, answer: &Value) -> Result<(String, i64), String> {
    let pointer = &authorization.token_pointer;
    let token = answer.pointer(pointer).and_then(Value::as_str).filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| format!("there is no token at `{pointer}`"))?;
    if token.len() > SESSION_BYTES_MAX || token.chars().any(char::is_control) {
        return Err(format!("the token at `{pointer}` has more than {SESSION_BYTES_MAX} bytes or control characters"));
    }
    let said = authorization.lifetime_pointer.as_deref().and_then(|pointer| answer.pointer(pointer));
    let seconds = said.and_then(whole_number).unwrap_or_else(|| authorization.lifetime_seconds.into());
    Ok((token.to_owned(), seconds.clamp(1, LIFETIME_SECONDS_MAX)))
}

/// Some channels write numbers as texts.
fn whole_number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// What a channel says about its refusal: codes and messages, nothing that could be a token. They may quote what they were
/// sent.
fn told(answer: &Value, redacted: impl Fn(&str) -> String) -> String {
    let named = |name: &str| {
        let name = name.to_ascii_lowercase();
        ["err", "code", "msg", "message", "hint", "description"].iter().any(|word| name.contains(word))
    };
    let inner = answer.get("data").or_else(|| answer.get("error"));
    let objects = [Some(answer), inner].into_iter().flatten().filter_map(Value::as_object);
    let member = |(name, value): (&String, &Value)| match value {
        Value::String(text) => Some(format!("{name} `{}`", redacted(text))),
        Value::Number(number) => Some(format!("{name} {number}")),
        _ => None,
    };
    let told: Vec<String> = objects.flatten().filter(|(name, _)| named(name)).filter_map(member).collect();
    match told.is_empty() {
        true => String::new(),
        false => format!(" ({})", told.join(", ").chars().take(TOLD_MAX).collect::<String>()),
    }
}

fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX / 4)
}

#[cfg(test)]
mod tests {
    use guanxi_domain::connector::Request;
    use serde_json::json;

    use super::*;

    fn authorization() -> Authorization {
        Authorization {
            request: Request { method: "GET".into(), url: String::new(), headers: Vec::new(), body: Vec::new() },
            token_pointer: "/access_token".to_owned(),
            lifetime_pointer: Some("/expires_in".to_owned()),
            lifetime_seconds: 600,
        }
    }

    #[test]
    fn token_and_lifetime_are_where_the_connector_says() {
        for (answer, expected) in [
            (json!({"access_token": "t", "expires_in": 7_200}), Ok(("t".to_owned(), 7_200))),
            (json!({"access_token": "t", "expires_in": "7200"}), Ok(("t".to_owned(), 7_200))),
            (json!({"access_token": "t"}), Ok(("t".to_owned(), 600))),
            (json!({"access_token": "t", "expires_in": -5}), Ok(("t".to_owned(), 1))),
            (json!({"access_token": "t", "expires_in": i64::MAX}), Ok(("t".to_owned(), LIFETIME_SECONDS_MAX))),
            (json!({"access_token": ""}), Err("there is no token at `/access_token`".to_owned())),
            (json!({"errcode": 40_013}), Err("there is no token at `/access_token`".to_owned())),
        ] {
            assert_eq!(given(&authorization(), &answer), expected, "{answer}");
        }
        assert!(given(&authorization(), &json!({"access_token": "a\nb"})).is_err());
        assert!(given(&authorization(), &json!({"access_token": "t".repeat(SESSION_BYTES_MAX + 1)})).is_err());
    }

    #[test]
    fn a_refusal_is_told_without_what_could_be_a_token() {
        let answer = json!({"errcode": 40_013, "errmsg": "invalid appid", "refresh_token": "r-1"});
        let redacted = |text: &str| text.replace("appid", "[secret]");
        assert_eq!(told(&answer, redacted), " (errcode 40013, errmsg `invalid [secret]`)");
        assert_eq!(told(&json!({"data": {"error_code": 10_010}}), redacted), " (error_code 10010)");
        assert_eq!(told(&json!("x"), redacted), "");
    }
}
