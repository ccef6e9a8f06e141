//! One conversation with a mail server: who is calling, and one message after the other.

use std::error::Error as _;

use guanxi_domain::connector::Response;
use lettre::transport::smtp::authentication::Mechanism;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::{Error, response};

use super::letter::{Door, Letter};
use super::wire::HandedOver;
use super::{Halt, Phase, greeting};
use crate::egress::EgressError;
use crate::egress::dial::Dialer;

/// How a server may be told who is calling: both are safe inside of TLS only.
const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];
/// "Service closing transmission channel" (RFC 5321, 3.8).
const CLOSING: u16 = 421;

/// A connection on which letters go out.
pub(super) struct Session {
    connection: AsyncSmtpConnection,
    handed_over: HandedOver,
    /// Whether the next letter may take it.
    reusable: bool,
}

impl Session {
    /// Connects, and says who is calling.
    pub(super) async fn open(door: &Door, dialer: &Dialer) -> Result<Self, Halt> {
        let handed_over = HandedOver::default();
        let wire = greeting::open(door, dialer, handed_over.clone()).await?;
        let hello = ClientId::Domain(door.hello.clone());
        let connected = AsyncSmtpConnection::connect_with_transport(Box::new(wire), &hello).await;
        let mut connection = connected.map_err(|error| before(&error, Phase::Ehlo, door))?;
        if let Some(credentials) = &door.credentials {
            let admitted = connection.auth(&MECHANISMS, credentials).await;
            admitted.map_err(|error| before(&error, Phase::Auth, door))?;
        }
        Ok(Self { connection, handed_over, reusable: true })
    }

    /// Whether the server is still there, and has forgotten the letter before.
    pub(super) async fn is_ready(&mut self) -> bool {
        self.connection.command(Rset).await.is_ok()
    }

    pub(super) fn is_reusable(&self) -> bool {
        self.reusable && !self.connection.has_broken()
    }

    /// Whether the message may have arrived.
    pub(super) fn has_handed_over(&self) -> bool {
        self.handed_over.get()
    }

    /// Hands one letter over, or says what the server refuses.
    pub(super) async fn send(&mut self, letter: &Letter) -> Result<Response, Halt> {
        self.handed_over.set(false);
        let result = self.exchange(letter).await;
        self.reusable = match &result {
            Ok(_) => true,
            Err(Halt::Reply(refusal)) => refusal.status != CLOSING,
            Err(Halt::Error(_)) => false,
        };
        result
    }

    async fn exchange(&mut self, letter: &Letter) -> Result<Response, Halt> {
        let (door, connection) = (&letter.door, &mut self.connection);
        let mail = Mail::new(letter.from.clone(), body_parameters(letter, connection)?);
        connection.command(mail).await.map_err(|error| before(&error, Phase::MailFrom, door))?;
        let recipient = Rcpt::new(letter.to.clone(), Vec::new());
        connection.command(recipient).await.map_err(|error| before(&error, Phase::RcptTo, door))?;
        connection.command(Data).await.map_err(|error| before(&error, Phase::Data, door))?;
        match connection.message(&letter.message).await {
            Ok(taken) => Ok(Phase::Message.answer(u16::from(taken.code()), &words(&taken))),
            Err(error) if self.handed_over.get() => Err(halt(&error, Phase::Message, |reason| EgressError::Broken {
                host: door.target.host.clone(),
                reason,
            })),
            Err(error) => Err(before(&error, Phase::Message, door)),
        }
    }
}

/// Eight bits are for servers that say that they take them (RFC 6152).
fn body_parameters(letter: &Letter, connection: &AsyncSmtpConnection) -> Result<Vec<MailParameter>, EgressError> {
    if letter.message.is_ascii() {
        return Ok(Vec::new());
    }
    if connection.server_info().supports_feature(Extension::EightBitMime) {
        return Ok(vec![MailParameter::Body(MailBodyParameter::EightBitMime)]);
    }
    Err(EgressError::BadRequest("the server takes messages in ASCII only: encode the body".to_owned()))
}

fn words(taken: &response::Response) -> String {
    taken.message().collect::<Vec<_>>().join(" ")
}

/// What stopped an exchange before the message was handed over.
fn before(error: &Error, phase: Phase, door: &Door) -> Halt {
    halt(error, phase, |reason| EgressError::Interrupted { host: door.target.host.clone(), reason })
}

fn halt(error: &Error, phase: Phase, broken: impl FnOnce(String) -> EgressError) -> Halt {
    let reason = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    match error.status() {
        Some(code) => Halt::reply(phase, u16::from(code), &reason),
        None => broken(format!("{}: {reason}", phase.name())).into(),
    }
}
