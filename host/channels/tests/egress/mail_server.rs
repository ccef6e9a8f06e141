//! A mail server that says what a test wants it to, and remembers what it heard.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Says nothing more, and does not hang up.
pub const SILENCE: &str = "(silence)";
/// Hangs up.
pub const HANG_UP: &str = "(hangs up)";

/// When it speaks TLS.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    Never,
    AtOnce,
    Offered,
}

/// What it heard: a line for each connection, command and message.
#[derive(Debug, Clone, Default)]
pub struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub fn count(&self, line: &str) -> usize {
        self.lines().iter().filter(|heard| *heard == line).count()
    }

    fn add(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }
}

#[derive(Clone)]
struct Server {
    answers: Arc<HashMap<&'static str, String>>,
    tls: Tls,
    acceptor: TlsAcceptor,
    heard: Heard,
}

/// Starts one. An answer is to the first word of a command, to `greeting`, `.` (a message) or `data` (its first line).
pub async fn serve_mail(tls: Tls, answers: &[(&'static str, &str)]) -> (SocketAddr, Heard, Vec<u8>) {
    let identity = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(identity.signing_key.serialize_der()).unwrap();
    let certificate = CertificateDer::from(identity.cert.der().to_vec());
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let answers = answers.iter().map(|(to, answer)| (*to, (*answer).to_owned())).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let server = Server { answers: Arc::new(answers), tls, acceptor, heard: Heard::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, heard) = (listener.local_addr().unwrap(), server.heard.clone());
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(server.clone().serve(socket));
        }
    });
    (address, heard, identity.cert.der().to_vec())
}

impl Server {
    async fn serve(self, socket: tokio::net::TcpStream) {
        self.heard.add("(connects)");
        if self.tls == Tls::AtOnce {
            if let Ok(stream) = self.acceptor.accept(socket).await {
                self.heard.add("(tls)");
                self.talk(stream, true, true).await;
            }
            return;
        }
        let Some(socket) = self.talk(socket, true, false).await else { return };
        if let Ok(stream) = self.acceptor.accept(socket).await {
            self.heard.add("(tls)");
            self.talk(stream, false, true).await;
        }
    }

    fn answer(&self, to: &str, usual: &str) -> String {
        self.answers.get(to).cloned().unwrap_or_else(|| format!("{usual}\r\n"))
    }

    /// Talks until the client wants TLS or the end.
    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S, greets: bool, is_safe: bool) -> Option<S> {
        let mut stream = BufReader::new(stream);
        if greets && !say(&mut stream, &self.answer("greeting", "220 mx.example ESMTP")).await {
            return None;
        }
        let mut is_message = false;
        let mut message = String::new();
        let mut line = String::new();
        loop {
            line.clear();
            if stream.read_line(&mut line).await.unwrap_or_default() == 0 {
                return None;
            }
            if is_message && line != ".\r\n" {
                message.push_str(&line);
                if self.answers.contains_key("data") && !say(&mut stream, &self.answer("data", "")).await {
                    return None;
                }
                continue;
            }
            let (command, usual) = match line.split_whitespace().next().unwrap_or_default() {
                "." if is_message => {
                    self.heard.add(std::mem::take(&mut message));
                    is_message = false;
                    (".", "250 2.0.0 queued as 7")
                }
                "EHLO" if self.tls == Tls::Offered && !is_safe => ("EHLO", "250-mx.example\r\n250 STARTTLS"),
                "EHLO" => ("EHLO", "250-mx.example\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN"),
                "DATA" => ("DATA", "354 go on"),
                "AUTH" => ("AUTH", "235 2.7.0 welcome"),
                "STARTTLS" => ("STARTTLS", "220 go on"),
                other => (other, "250 2.1.0 ok"),
            };
            if command != "." {
                self.heard.add(line.trim_end());
            }
            let answer = self.answer(command, usual);
            is_message |= command == "DATA" && answer.starts_with("354");
            if !say(&mut stream, &answer).await {
                return None;
            }
            if command == "STARTTLS" && answer.starts_with("220") {
                return Some(stream.into_inner());
            }
        }
    }
}

/// Whether the conversation goes on.
async fn say<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>, answer: &str) -> bool {
    if answer == SILENCE {
        std::future::pending::<()>().await;
    }
    answer != HANG_UP
        && stream.get_mut().write_all(answer.as_bytes()).await.is_ok()
        && stream.get_mut().flush().await.is_ok()
}
