//! One bound session: short messages out in a window, receipts and answers in, both sides asked whether they are there.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::{SinkExt, StreamExt};
use guanxi_domain::connector::Incoming;
use rusmpp::pdus::{DeliverSm, DeliverSmResp, SubmitSm};
use rusmpp::tlvs::TlvValue;
use rusmpp::tokio_codec::CommandCodec;
use rusmpp::{Command, CommandStatus, Pdu};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep_until};
use tokio_util::codec::Framed;

use crate::egress::arrival::{Arrival, Holder};

/// With TLS or without.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Duplex for S {}

pub(super) type Wire = Framed<Box<dyn Duplex>, CommandCodec>;

/// Short messages without an answer; more wait.
const WINDOW: usize = 16;
/// Arrivals that are not kept yet; to more it is said that there are too many.
const ARRIVALS_MAX: usize = 16;
/// How often the other side is asked whether it is there; it has until the next time to answer.
const ENQUIRE_EVERY: Duration = Duration::from_secs(30);
/// How long a session is kept for receipts after the last short message.
pub(super) const KEPT: Duration = Duration::from_secs(60 * 60);

/// The answer to one short message.
pub(super) type Answer = (CommandStatus, String);

/// One short message on its way.
pub(super) struct Outgoing {
    pub pdu: SubmitSm,
    pub answer: oneshot::Sender<Answer>,
}

/// How a session ended.
pub(super) enum End {
    /// Nobody has used it for long.
    Idle,
    /// The other side is gone.
    Broken,
}

/// A session while it lasts.
pub(super) struct Session {
    pub wire: Wire,
    pub holder: Option<Holder>,
    pub outgoing: mpsc::Receiver<Outgoing>,
    pub arrivals: mpsc::Sender<Arrival>,
    pub sequence: u32,
    /// When it ends unless it is used.
    pub until: Instant,
}

impl Session {
    /// Works until the end.
    pub(super) async fn run(&mut self) -> End {
        let mut waiting: HashMap<u32, oneshot::Sender<Answer>> = HashMap::new();
        let mut keeping: JoinSet<(u32, bool)> = JoinSet::new();
        let mut enquire = interval(ENQUIRE_EVERY);
        enquire.reset();
        let mut is_asked = false;
        loop {
            let said = tokio::select! {
                next = self.outgoing.recv(), if waiting.len() < WINDOW => match next {
                    None => return End::Idle,
                    Some(Outgoing { pdu, answer }) => {
                        self.until = Instant::now() + KEPT;
                        self.sequence = self.sequence % 0x7fff_ffff + 1;
                        waiting.insert(self.sequence, answer);
                        Some(Command::new(CommandStatus::EsmeRok, self.sequence, pdu))
                    }
                },
                heard = self.wire.next() => {
                    let Some(Ok(command)) = heard else { return End::Broken };
                    is_asked = false;
                    match self.heard(&command, &mut waiting, &mut keeping) {
                        Heard::Nothing => None,
                        Heard::Say(answer) => Some(answer),
                        Heard::Goodbye(answer) => {
                            // Whether it still gets there does not matter: it has said goodbye.
                            drop(self.wire.send(answer).await);
                            return End::Broken;
                        }
                    }
                },
                Some(kept) = keeping.join_next() => {
                    kept.ok().map(|(sequence, kept)| delivered(sequence, if kept { CommandStatus::EsmeRok } else { CommandStatus::EsmeRxTAppn }))
                },
                _ = enquire.tick() => {
                    if std::mem::replace(&mut is_asked, true) {
                        return End::Broken;
                    }
                    self.sequence = self.sequence % 0x7fff_ffff + 1;
                    Some(Command::new(CommandStatus::EsmeRok, self.sequence, Pdu::EnquireLink))
                },
                () = sleep_until(self.until) => return End::Idle,
            };
            if let Some(command) = said
                && self.wire.send(command).await.is_err()
            {
                return End::Broken;
            }
        }
    }

    fn heard(
        &self,
        command: &Command,
        waiting: &mut HashMap<u32, oneshot::Sender<Answer>>,
        keeping: &mut JoinSet<(u32, bool)>,
    ) -> Heard {
        let sequence = command.sequence_number();
        let say = |pdu: Pdu| Command::new(CommandStatus::EsmeRok, sequence, pdu);
        let mut answered = |id: &str| {
            if let Some(answer) = waiting.remove(&sequence) {
                // An error means that nobody waits any more.
                drop(answer.send((command.status(), id.to_owned())));
            }
            Heard::Nothing
        };
        match command.pdu() {
            Some(Pdu::SubmitSmResp(taken)) => answered(taken.message_id().as_str()),
            Some(Pdu::EnquireLink) => Heard::Say(say(Pdu::EnquireLinkResp)),
            Some(Pdu::Unbind) => Heard::Goodbye(say(Pdu::UnbindResp)),
            Some(Pdu::DeliverSm(delivery)) => self.arrived(sequence, delivery, keeping),
            // A refusal has no body.
            Some(Pdu::GenericNack) | None => answered(""),
            Some(_) => Heard::Nothing,
        }
    }

    fn arrived(&self, sequence: u32, delivery: &DeliverSm, keeping: &mut JoinSet<(u32, bool)>) -> Heard {
        let Some(holder) = self.holder.clone() else {
            return Heard::Say(delivered(sequence, CommandStatus::EsmeRxTAppn));
        };
        let (kept, answer) = oneshot::channel();
        let arrival = Arrival { holder, incoming: incoming(delivery), kept };
        if keeping.len() >= ARRIVALS_MAX || self.arrivals.try_send(arrival).is_err() {
            return Heard::Say(delivered(sequence, CommandStatus::EsmeRthrottled));
        }
        keeping.spawn(async move { (sequence, answer.await.unwrap_or(false)) });
        Heard::Nothing
    }
}

/// What follows from what was heard.
enum Heard {
    Nothing,
    Say(Command),
    Goodbye(Command),
}

fn delivered(sequence: u32, status: CommandStatus) -> Command {
    Command::new(status, sequence, DeliverSmResp::default())
}

/// For the connector; a request from outside never has this method.
fn incoming(delivery: &DeliverSm) -> Incoming {
    let values = || delivery.tlvs().iter().filter_map(|tlv| tlv.value());
    let payload = values().find_map(|value| match value {
        TlvValue::MessagePayload(payload) => Some(payload.value.clone().into_vec()),
        _ => None,
    });
    let receipted = values().find_map(|value| match value {
        TlvValue::ReceiptedMessageId(id) => Some(id.as_str().to_owned()),
        _ => None,
    });
    let message = payload.unwrap_or_else(|| delivery.short_message().clone().into_vec());
    let place = |ton: u8, npi: u8, addr: &str| json!({ "ton": ton, "npi": npi, "addr": addr });
    let body: Value = json!({
        "source": place(delivery.source_addr_ton.into(), delivery.source_addr_npi.into(), delivery.source_addr.as_str()),
        "destination": place(delivery.dest_addr_ton.into(), delivery.dest_addr_npi.into(), delivery.destination_addr.as_str()),
        "esm_class": u8::from(delivery.esm_class),
        "data_coding": u8::from(delivery.data_coding),
        "short_message": STANDARD.encode(message),
        "receipted_message_id": receipted,
    });
    Incoming {
        method: "DELIVER".to_owned(),
        query: String::new(),
        headers: vec![("content-type".to_owned(), "application/vnd.smpp.deliver-sm+json".to_owned())],
        body: body.to_string().into_bytes(),
    }
}
