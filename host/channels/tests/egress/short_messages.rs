//! CH-1: SMPP passes the same locks as HTTP; sessions are bound once, kept, and told apart.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use futures::{SinkExt, StreamExt};
use guanxi_channels::{Egress, EgressError, EgressPolicy};
use guanxi_domain::connector::{Request, Response};
use guanxi_domain::tenant::TenantId;
use rusmpp::pdus::{BindTransceiverResp, DeliverSm, SubmitSmResp};
use rusmpp::tokio_codec::CommandCodec;
use rusmpp::types::{COctetString, OctetString};
use rusmpp::{Command, CommandStatus, Pdu};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::codec::Framed;

use crate::support::{egress, options, policy, refused_before_send, with_headers};

/// What a centre does with a short message, by the number that it is for.
const NO_SUCH_NUMBER: &str = "4900";
const THROTTLED: &str = "4901";
const HANGS_UP: &str = "4902";
const DELIVERS: &str = "4903";

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn add(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    fn count(&self, line: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|heard| *heard == line).count()
    }
}

/// A centre for the account `acme`, and the statuses with which its deliveries were answered.
async fn centre() -> (SocketAddr, Heard, mpsc::Receiver<CommandStatus>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heard = Heard::default();
    let (tell, told) = mpsc::channel(16);
    let listens = heard.clone();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(serve(Framed::new(socket, CommandCodec::new()), listens.clone(), tell.clone()));
        }
    });
    (address, heard, told)
}

async fn serve(mut wire: Framed<TcpStream, CommandCodec>, heard: Heard, tell: mpsc::Sender<CommandStatus>) {
    while let Some(Ok(command)) = wire.next().await {
        let answer = |status, pdu: Pdu| Command::new(status, command.sequence_number(), pdu);
        let submitted = |status| {
            answer(status, SubmitSmResp::new(COctetString::from_string("m-1".to_owned()).unwrap(), Vec::new()).into())
        };
        let said = match command.pdu() {
            Some(Pdu::BindTransceiver(bind)) => {
                heard.add(format!("bind {}", bind.system_id));
                let good = bind.password.as_str() == "s3cr3t:T";
                let status = if good { CommandStatus::EsmeRok } else { CommandStatus::EsmeRinvpaswd };
                answer(status, BindTransceiverResp::default().into())
            }
            Some(Pdu::SubmitSm(message)) => {
                let number = message.destination_addr.as_str();
                heard.add(format!("submit {number} {}", message.short_message().len()));
                match number {
                    NO_SUCH_NUMBER => submitted(CommandStatus::EsmeRinvdstadr),
                    THROTTLED => submitted(CommandStatus::EsmeRthrottled),
                    HANGS_UP => return,
                    DELIVERS => {
                        let text = OctetString::from_vec(b"id:m-1 stat:DELIVRD".to_vec()).unwrap();
                        let delivery = DeliverSm::builder().short_message(text).build();
                        wire.send(Command::new(CommandStatus::EsmeRok, 900, delivery)).await.unwrap();
                        submitted(CommandStatus::EsmeRok)
                    }
                    _ => submitted(CommandStatus::EsmeRok),
                }
            }
            Some(Pdu::DeliverSmResp(_)) | None => {
                tell.send(command.status()).await.unwrap();
                continue;
            }
            _ => continue,
        };
        wire.send(said).await.unwrap();
    }
}

fn account() -> EgressPolicy {
    let secrets = [("password", guanxi_channels::SecretText::new("s3cr3t:T"))].into_iter().collect();
    EgressPolicy::new(["127.0.0.1", "localhost"], Arc::new(secrets)).unwrap()
}

fn submit(address: SocketAddr, numbers: &[&str]) -> Request {
    let part =
        |number: &&str| json!({"source": {"addr": "Tea"}, "destination": {"addr": number}, "short_message": "SGk="});
    let body = json!({"parts": numbers.iter().map(part).collect::<Vec<_>>()}).to_string().into_bytes();
    let request = Request { method: "SUBMIT".to_owned(), url: format!("smpp://{address}"), headers: vec![], body };
    with_headers(request, &[("system-id", "acme"), ("password", "{{secret:password}}")])
}

fn header<'r>(response: &'r Response, name: &str) -> &'r str {
    response.headers.iter().find(|(other, _)| other == name).map_or("", |(_, value)| value)
}

fn parts(response: &Response) -> Value {
    serde_json::from_slice::<Value>(&response.body).unwrap()["parts"].clone()
}

#[tokio::test]
async fn ch_1_one_session_carries_many_messages_and_each_part_has_its_answer() {
    let (address, heard, _) = centre().await;
    let egress = egress();
    for _ in 0..20 {
        let response = egress.perform(&submit(address, &["861", "861"]), &account()).await.unwrap();
        let one = json!({"command_status": 0, "message_id": "m-1"});
        assert_eq!((response.status, parts(&response)), (200, json!([one, one])));
    }
    assert_eq!((heard.count("bind acme"), heard.count("submit 861 2")), (1, 40));
    // Another installation has its own, whatever its account is.
    let other = account().held_by(TenantId(7), "sms");
    egress.perform(&submit(address, &["861"]), &other).await.unwrap();
    assert_eq!(heard.count("bind acme"), 2);
}

#[tokio::test]
async fn ch_1_a_refusal_says_to_what_it_answers() {
    let (address, _, _) = centre().await;
    for (numbers, status, command_status) in [
        (&["861", NO_SUCH_NUMBER][..], 400, "0x0000000b"),
        (&[THROTTLED], 429, "0x00000058"),
        (&[THROTTLED, NO_SUCH_NUMBER], 429, "0x00000058"),
    ] {
        let response = egress().perform(&submit(address, numbers), &account()).await.unwrap();
        assert_eq!((response.status, header(&response, "command-status")), (status, command_status));
        assert_eq!((header(&response, "phase"), parts(&response).as_array().unwrap().len()), ("submit", numbers.len()));
    }
    let wrong = with_headers(submit(address, &["861"]), &[("system-id", "acme"), ("password", "wrong")]);
    let response = egress().perform(&wrong, &account()).await.unwrap();
    assert_eq!((response.status, header(&response, "phase")), (401, "bind"));
}

#[tokio::test]
async fn ch_1_a_session_that_breaks_leaves_its_message_uncertain_and_is_bound_again() {
    let (address, heard, _) = centre().await;
    let egress = egress();
    let error = egress.perform(&submit(address, &[HANGS_UP]), &account()).await.unwrap_err();
    assert!(matches!(error, EgressError::Broken { .. }) && !error.is_before_send(), "{error}");
    assert_eq!(egress.perform(&submit(address, &["861"]), &account()).await.unwrap().status, 200);
    assert_eq!(heard.count("bind acme"), 2);
}

#[tokio::test]
async fn ch_1_what_arrives_is_acknowledged_once_it_is_kept() {
    let (address, _, mut told) = centre().await;
    let egress = egress();
    let mut arrivals = egress.arrivals().expect("nobody has taken it");
    assert!(egress.arrivals().is_none());
    let holder = account().held_by(TenantId(7), "sms");
    for (kept, status) in [(true, CommandStatus::EsmeRok), (false, CommandStatus::EsmeRxTAppn)] {
        egress.perform(&submit(address, &[DELIVERS]), &holder).await.unwrap();
        let arrival = arrivals.recv().await.unwrap();
        assert_eq!((arrival.holder.tenant, &*arrival.holder.installation), (TenantId(7), "sms"));
        assert_eq!(arrival.incoming.method, "DELIVER");
        let body: Value = serde_json::from_slice(&arrival.incoming.body).unwrap();
        assert_eq!(body["short_message"], "aWQ6bS0xIHN0YXQ6REVMSVZSRA==");
        assert!(told.try_recv().is_err(), "not before it is kept");
        arrival.kept.send(kept).unwrap();
        assert_eq!(told.recv().await.unwrap(), status);
    }
    // Where nobody holds the session, nothing is taken.
    egress.perform(&submit(address, &[DELIVERS]), &account()).await.unwrap();
    assert_eq!(told.recv().await.unwrap(), CommandStatus::EsmeRxTAppn);
}

#[tokio::test]
async fn ch_1_what_is_no_short_message_or_goes_elsewhere_is_refused_before_it_leaves() {
    let (address, heard, _) = centre().await;
    let good = submit(address, &["861"]);
    let body = |body: Value| Request { body: body.to_string().into_bytes(), ..good.clone() };
    let part =
        |message: &str| json!({"source": {"addr": "1"}, "destination": {"addr": "861"}, "short_message": message});
    for bad in [
        Request { method: "POST".to_owned(), ..good.clone() },
        Request { url: format!("smpp://{address}/x"), ..good.clone() },
        body(json!({})),
        body(json!({"parts": []})),
        body(json!({"parts": vec![part("SGk="); 17]})),
        body(json!({"parts": [part("?")]})),
        body(json!({"parts": [part(&"QUFB".repeat(90))]})),
        with_headers(good.clone(), &[("system-id", "a-name-of-more-than-15")]),
        with_headers(good.clone(), &[("x-other", "1")]),
    ] {
        let error = refused_before_send(egress().perform(&bad, &account()).await);
        assert!(matches!(error, EgressError::BadRequest(_)), "{error}");
    }
    let error = refused_before_send(egress().perform(&good, &policy(&["elsewhere.example"])).await);
    assert!(matches!(error, EgressError::NotGranted { .. }), "{error}");
    let closed = Egress::new(options(&[])).unwrap();
    for host in ["127.0.0.1", "0x7f.1", "localhost"] {
        let request = Request { url: format!("smpp://{host}:{}", address.port()), ..good.clone() };
        let error = refused_before_send(closed.perform(&request, &account()).await);
        assert!(matches!(error, EgressError::PrivateAddress { .. }), "{host}: {error}");
    }
    let mut strict = options(&["127.0.0.1"]);
    strict.allow_http = false;
    let error = refused_before_send(Egress::new(strict).unwrap().perform(&good, &account()).await);
    assert_eq!(error.to_string(), "`smpp` is not allowed; use smpps");
    let secure = Request { url: format!("smpps://{address}"), ..good };
    assert_eq!(heard.count("bind acme"), 0);
    // What it says is no TLS.
    let error = refused_before_send(egress().perform(&secure, &account()).await);
    assert!(matches!(error, EgressError::Tls { .. }), "{error}");
}
