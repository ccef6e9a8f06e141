//! Short messages (SMPP 3.4) on behalf of sandboxed connectors, over sessions that are bound once and kept. A request is a text in
//! its parts for one number; it passes the same locks as one for HTTP.
//!
//! | Part of the request | Says |
//! |---|---|
//! | method | `SUBMIT` |
//! | URL | `smpps://HOST`, or `smpp://HOST` where the operator allows plain text, perhaps with a port |
//! | `system-id`, `password`, `system-type` | with which the session is bound as a transceiver |
//! | body | JSON: `parts`, each with `source` and `destination` (`addr`, `ton`, `npi`), `esm_class`, `data_coding`, `registered_delivery` and `short_message` in base 64 |
//!
//! The response has the first status that is none of success, in terms of HTTP; `command-status` says it in those of SMPP,
//! `phase` whether it is about `bind` or `submit`, and the body has each part's status and id.

mod session;
mod submission;

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use guanxi_domain::connector::{Request, Response};
use rusmpp::tokio_codec::CommandCodec;
use rusmpp::{Command, CommandStatus, Pdu};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::codec::Framed;

use super::EgressError;
use super::arrival::Arrival;
use super::dial::Dialer;
use super::hop::Gate;
use session::{Answer, Duplex, End, KEPT, Outgoing, Session, Wire};
use submission::{Door, Submission};

/// Sessions of all installations; one more waits until another has ended.
const SESSIONS_MAX: usize = 256;
/// Short messages that wait for the window of one session.
const WAITING_MAX: usize = 64;
/// How often a session that broke is bound again by itself, so that receipts find their way.
const REBINDS_MAX: u32 = 10;
/// The longest wait between two of these tries.
const REBIND_AFTER_MAX: Duration = Duration::from_secs(60);

/// Sends short messages; keeps sessions. Clones share them.
#[derive(Clone)]
pub(super) struct Smpp {
    dialer: Dialer,
    total_timeout: Duration,
    arrivals: mpsc::Sender<Arrival>,
    slots: Arc<Mutex<HashMap<Door, Slot>>>,
}

/// Where the session of a door is, if there is one; locked while it is bound, so that one is bound once.
type Slot = Arc<tokio::sync::Mutex<Option<mpsc::Sender<Outgoing>>>>;

/// Checks all that is checked before a connection is made.
pub(super) fn judge(request: &Request, gate: &Gate<'_>, body_max: usize) -> Result<(), EgressError> {
    Submission::read(request, gate, body_max).map(drop)
}

impl Smpp {
    pub(super) fn new(dialer: Dialer, total_timeout: Duration, arrivals: mpsc::Sender<Arrival>) -> Self {
        Self { dialer, total_timeout, arrivals, slots: Arc::default() }
    }

    /// Hands short messages over; what the centre refuses is a response as well.
    pub(super) async fn perform(
        &self,
        request: &Request,
        gate: &Gate<'_>,
        body_max: usize,
    ) -> Result<Response, EgressError> {
        let Submission { door, parts } = Submission::read(request, gate, body_max)?;
        let end = Instant::now() + self.total_timeout;
        let interrupted = |reason: String| EgressError::Interrupted { host: door.target.host.clone(), reason };
        let late = format!("not within {} ms", self.total_timeout.as_millis());
        let bound =
            timeout_at(end, self.bound(&door, Instant::now() + KEPT)).await.map_err(|_| interrupted(late.clone()))?;
        let session = match bound {
            Ok(session) => session,
            Err(Unbound::Refused(status)) => return Ok(answer("bind", &[(status, String::new())])),
            Err(Unbound::Failed(error)) => return Err(error),
        };
        let mut answers = Vec::with_capacity(parts.len());
        for pdu in parts {
            let (answer, answered) = oneshot::channel();
            let is_first = answers.is_empty();
            let sent = timeout_at(end, session.send(Outgoing { pdu, answer })).await;
            match sent {
                Ok(Ok(())) => answers.push(answered),
                Ok(Err(_)) if is_first => return Err(interrupted("the session has just ended".to_owned())),
                Err(_) if is_first => return Err(interrupted(late)),
                Ok(Err(_)) => return Err(self.broken(&door)),
                Err(_) => return Err(EgressError::Timeout { after: self.total_timeout }),
            }
        }
        let mut taken: Vec<Answer> = Vec::with_capacity(answers.len());
        for answered in answers {
            match timeout_at(end, answered).await {
                Ok(Ok(answer)) => taken.push(answer),
                Ok(Err(_)) => return Err(self.broken(&door)),
                Err(_) => return Err(EgressError::Timeout { after: self.total_timeout }),
            }
        }
        Ok(answer("submit", &taken))
    }

    fn broken(&self, door: &Door) -> EgressError {
        EgressError::Broken { host: door.target.host.clone(), reason: "the session ended without an answer".to_owned() }
    }

    /// The session of a door, bound if it is not, and then until this time.
    async fn bound(&self, door: &Door, until: Instant) -> Result<mpsc::Sender<Outgoing>, Unbound> {
        let slot = self.slot(door)?;
        let mut slot = slot.lock().await;
        if let Some(session) = slot.as_ref().filter(|session| !session.is_closed()) {
            return Ok(session.clone());
        }
        let wire = self.bind(door).await?;
        let (sender, outgoing) = mpsc::channel(WAITING_MAX);
        let (holder, arrivals) = (door.holder.clone(), self.arrivals.clone());
        let session = Session { wire, holder, outgoing, arrivals, sequence: 1, until };
        tokio::spawn(self.clone().keep(door.clone(), session));
        *slot = Some(sender.clone());
        Ok(sender)
    }

    fn slot(&self, door: &Door) -> Result<Slot, EgressError> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if !slots.contains_key(door) && slots.len() >= SESSIONS_MAX {
            let is_over =
                |slot: &Slot| slot.try_lock().is_ok_and(|slot| slot.as_ref().is_none_or(mpsc::Sender::is_closed));
            slots.retain(|_, slot| !is_over(slot));
            if slots.len() >= SESSIONS_MAX {
                let reason = format!("{SESSIONS_MAX} sessions are open");
                return Err(EgressError::Connect { host: door.target.host.clone(), reason });
            }
        }
        Ok(Arc::clone(slots.entry(door.clone()).or_default()))
    }

    /// Works until a session ends, and binds it again if it broke: receipts come late.
    async fn keep(self, door: Door, mut session: Session) {
        let (end, until) = (session.run().await, session.until);
        drop(session);
        if matches!(end, End::Broken) {
            self.rebind(door, until).await;
        }
    }

    /// Boxed, since a session that is bound again may break again.
    fn rebind(self, door: Door, until: Instant) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            for n in 0..REBINDS_MAX {
                sleep(Duration::from_secs(1 << n).min(REBIND_AFTER_MAX)).await;
                if Instant::now() >= until {
                    return;
                }
                match self.bound(&door, until).await {
                    Err(Unbound::Failed(error)) if error.is_transient() => {}
                    // Bound, by this or by a request; or refused, which another try does not change.
                    _ => return,
                }
            }
        })
    }

    async fn bind(&self, door: &Door) -> Result<Wire, Unbound> {
        let stream = self.dialer.plain(&door.target).await?;
        let stream: Box<dyn Duplex> = match door.is_secure {
            true => Box::new(self.dialer.secured(stream, &door.target).await?),
            false => Box::new(stream),
        };
        let mut wire = Framed::new(stream, CommandCodec::new());
        let failed = |reason: String| EgressError::Interrupted { host: door.target.host.clone(), reason };
        let bind = Command::new(CommandStatus::EsmeRok, 1, door.bind.clone());
        let exchange = async {
            wire.send(bind).await.map_err(|problem| problem.to_string())?;
            match wire.next().await {
                Some(Ok(command)) => Ok(command),
                Some(Err(problem)) => Err(problem.to_string()),
                None => Err("the other side hung up".to_owned()),
            }
        };
        let end = Instant::now() + self.total_timeout;
        let heard: Result<Command, String> =
            timeout_at(end, exchange).await.unwrap_or_else(|_| Err("no answer to the bind".to_owned()));
        let command = heard.map_err(failed)?;
        match (command.status(), command.pdu()) {
            (CommandStatus::EsmeRok, Some(Pdu::BindTransceiverResp(_))) => Ok(wire),
            (CommandStatus::EsmeRok, _) => Err(failed("it answers a bind with something else".to_owned()).into()),
            (status, _) => Err(Unbound::Refused(status)),
        }
    }
}

/// Shows no sessions: their doors know passwords.
impl fmt::Debug for Smpp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smpp").field("total_timeout", &self.total_timeout).finish_non_exhaustive()
    }
}

/// Why there is no session.
enum Unbound {
    Refused(CommandStatus),
    Failed(EgressError),
}

impl From<EgressError> for Unbound {
    fn from(error: EgressError) -> Self {
        Self::Failed(error)
    }
}

fn answer(phase: &str, parts: &[Answer]) -> Response {
    let bad = parts.iter().map(|(status, _)| *status).find(|status| *status != CommandStatus::EsmeRok);
    let status = bad.unwrap_or(CommandStatus::EsmeRok);
    let part = |(status, id): &Answer| json!({ "command_status": u32::from(*status), "message_id": id });
    let parts: Vec<Value> = parts.iter().map(part).collect();
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("phase", phase.to_owned()),
        ("command-status", format!("0x{:08x}", u32::from(status))),
    ];
    Response {
        status: in_http(status),
        headers: headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        body: json!({ "parts": parts }).to_string().into_bytes(),
    }
}

/// What a status would be among those of HTTP.
fn in_http(status: CommandStatus) -> u16 {
    match status {
        CommandStatus::EsmeRok => 200,
        CommandStatus::EsmeRthrottled | CommandStatus::EsmeRmsgqful => 429,
        CommandStatus::EsmeRsyserr
        | CommandStatus::EsmeRxTAppn
        | CommandStatus::EsmeRsubmitfail
        | CommandStatus::EsmeRalybnd => 503,
        CommandStatus::EsmeRbindfail
        | CommandStatus::EsmeRinvpaswd
        | CommandStatus::EsmeRinvsysid
        | CommandStatus::EsmeRinvbndsts => 401,
        _ => 400,
    }
}
