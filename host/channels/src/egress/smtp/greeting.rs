//! What is said before a connection is safe: the greeting, `EHLO`, `STARTTLS`. Nothing that came before TLS is believed after it.

use std::io;

use bytes::Bytes;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::letter::{Door, Tls};
use super::wire::{HandedOver, Stream, Wire};
use super::{Halt, Phase};
use crate::egress::EgressError;
use crate::egress::dial::Dialer;

/// Bytes of one reply.
const REPLY_BYTES_MAX: u64 = 8 * 1024;

/// A connection through which nobody else reads, unless the operator lets plain text be spoken and the connector asks for it.
pub(super) async fn open(door: &Door, dialer: &Dialer, handed_over: HandedOver) -> Result<Wire, Halt> {
    let stream = dialer.plain(&door.target).await?;
    let (stream, greeting) = match door.tls {
        Tls::AtOnce => (secured(stream, door, dialer).await?, Bytes::new()),
        Tls::Required | Tls::Optional => negotiated(stream, door, dialer).await?,
    };
    Wire::new(stream, greeting, handed_over).map_err(|problem| broken(door, &problem))
}

async fn secured(stream: TcpStream, door: &Door, dialer: &Dialer) -> Result<Stream, EgressError> {
    Ok(Stream::Secured(Box::new(dialer.secured(stream, &door.target).await?)))
}

async fn negotiated(stream: TcpStream, door: &Door, dialer: &Dialer) -> Result<(Stream, Bytes), Halt> {
    let mut reader = BufReader::new(stream);
    let broken = |problem: io::Error| broken(door, &problem);
    let greeting = reply(&mut reader).await.map_err(broken)?;
    if greeting.code != 220 {
        return Err(Halt::reply(Phase::Greeting, greeting.code, &greeting.words()));
    }
    let offers = asked(&mut reader, &format!("EHLO {}\r\n", door.hello)).await.map_err(broken)?;
    if offers.code != 250 {
        return Err(Halt::reply(Phase::Ehlo, offers.code, &offers.words()));
    }
    let refused = |reason: &str| EgressError::Tls { host: door.target.host.clone(), reason: reason.to_owned() };
    if !offers.lines().any(|line| line.eq_ignore_ascii_case("STARTTLS")) {
        return match door.tls {
            Tls::Optional if reader.buffer().is_empty() => {
                Ok((Stream::Plain(reader.into_inner()), greeting.raw.into()))
            }
            Tls::Optional => Err(refused("the server says more than it was asked").into()),
            _ => Err(refused("the server does not offer STARTTLS").into()),
        };
    }
    let ready = asked(&mut reader, "STARTTLS\r\n").await.map_err(broken)?;
    if ready.code != 220 {
        return Err(Halt::reply(Phase::StartTls, ready.code, &ready.words()));
    }
    if !reader.buffer().is_empty() {
        return Err(refused("the server, or somebody between, says more in plain text than it was asked").into());
    }
    Ok((secured(reader.into_inner(), door, dialer).await?, greeting.raw.into()))
}

fn broken(door: &Door, problem: &io::Error) -> Halt {
    EgressError::Interrupted { host: door.target.host.clone(), reason: problem.to_string() }.into()
}

async fn asked(reader: &mut BufReader<TcpStream>, command: &str) -> io::Result<Reply> {
    reader.get_mut().write_all(command.as_bytes()).await?;
    reply(reader).await
}

/// One reply, of one line or several.
struct Reply {
    code: u16,
    raw: Vec<u8>,
}

impl Reply {
    /// What stands behind the code of each line.
    fn lines(&self) -> impl Iterator<Item = &str> {
        let lines = self.raw.split(|byte| *byte == b'\n');
        lines.filter_map(|line| std::str::from_utf8(line.get(4..)?).ok()).map(str::trim)
    }

    fn words(&self) -> String {
        self.lines().collect::<Vec<_>>().join(" ")
    }
}

async fn reply(reader: &mut BufReader<TcpStream>) -> io::Result<Reply> {
    let bad = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why);
    let mut reader = reader.take(REPLY_BYTES_MAX);
    let mut raw = Vec::new();
    loop {
        let start = raw.len();
        reader.read_until(b'\n', &mut raw).await?;
        let line = raw.get(start..).unwrap_or_default();
        if !line.ends_with(b"\n") {
            let why = if reader.limit() == 0 { "its reply is too long" } else { "the server hung up" };
            return Err(bad(why));
        }
        let digits = line.get(..3).filter(|digits| digits.iter().all(u8::is_ascii_digit));
        let code = digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        let code = code.ok_or_else(|| bad("what it says is not SMTP"))?;
        match line.get(3) {
            Some(b'-') => {}
            Some(b' ' | b'\r' | b'\n') => return Ok(Reply { code, raw }),
            _ => return Err(bad("what it says is not SMTP")),
        }
    }
}
