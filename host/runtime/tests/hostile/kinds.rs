//! Every kind of a good guest: what goes in comes out as the contract says, with equal fuel for equal input.

use guanxi_domain::analysis::Text;
use guanxi_domain::campaign::{Failure, Operation};
use guanxi_domain::connector::{Outbound, Outcome, Response, Step};
use guanxi_domain::limits::CallLimits;
use guanxi_domain::manifest::Kind;
use guanxi_domain::scoring::Column;
use guanxi_runtime::{CallError, LogLevel, Plugin, Secrets};

use crate::guests::{decide, moments, plugin};

#[test]
fn a_campaign_sees_the_moment_and_decides() {
    let call = decide("well-behaved", "{\"a\": 1}", &["visit", "refused"]);
    let answers = call.result.expect("answers");
    let decision = answers[0].as_ref().expect("a decision");
    assert_eq!(decision.state.as_deref(), Some("42"));
    assert_eq!(decision.reasons, ["2 roles, 1 earlier events, Some(\"上海\")"]);
    let names: Vec<&str> = decision.operations.iter().map(Operation::name).collect();
    assert_eq!(names, ["earn-points", "send", "add-tag", "start-timer"]);
    assert!(matches!(
        &decision.operations[0],
        Operation::EarnPoints { amount: 17, pending_until: Some(1_700_000_001_500), .. }
    ));
    assert!(matches!(&decision.operations[1], Operation::Send { variables, .. } if variables["name"] == "friend"));
    assert!(matches!(&decision.operations[3], Operation::StartTimer { payload, .. } if payload["total"] == 129.5));
    assert_eq!(answers[1], Err(Failure::BadInput("evt_1".into())));
    assert_eq!((call.log[0].level, call.log[0].line.as_str()), (LogLevel::Info, "2 moments, configured {\"a\": 1}"));
}

#[test]
fn fuel_is_the_same_for_the_same_input() {
    let fuel = |kinds: &[&str]| decide("well-behaved", "{}", kinds).fuel;
    let first = fuel(&["visit", "visit"]);
    assert!(first > 0);
    assert!((0..20).all(|_| fuel(&["visit", "visit"]) == first));
    assert!(fuel(&["visit", "visit", "visit"]) > first);
}

#[test]
fn a_scorer_gets_columns_and_gives_columns() {
    let score = |inputs: &[Column], explain| {
        plugin("well-behaved").score("{}", inputs, 2, 0, explain, &CallLimits::default()).result.expect("an answer")
    };
    let inputs = [
        Column::Integers(vec![100, 200]),
        Column::Numbers(vec![1.5, 2.5]),
        Column::Texts(vec!["上海".into(), "北京".into()]),
    ];
    let scored = score(&inputs, true).expect("scores");
    assert_eq!(
        (scored.scores[0].score.as_str(), scored.scores[0].values.as_slice()),
        ("worth", [203.0, 202.5].as_slice())
    );
    assert_eq!((scored.terms[0].term.as_str(), scored.terms[0].values.as_slice()), ("reach", [1.5, 2.5].as_slice()));
    assert!(score(&inputs, false).expect("scores").terms.is_empty());
    assert_eq!(score(&[], false), Err(Failure::BadInput("0 columns for 2 rows".into())));
    let short = [Column::Integers(vec![1]), Column::Numbers(vec![1.0]), Column::Texts(vec!["x".into()])];
    let call = plugin("well-behaved").score("{}", &short, 2, 0, false, &CallLimits::default());
    assert_eq!(call.result, Err(CallError::BadAnswer("score-all: score `worth` has 1 values for 2 rows".into())));
}

#[test]
fn an_answer_may_be_as_large_as_its_rows_ask() {
    let rows = 1_000_000;
    let inputs =
        [Column::Integers(vec![1; rows]), Column::Numbers(vec![1.0; rows]), Column::Texts(vec![String::new(); rows])];
    let limits = CallLimits { wall_ms: 20_000, ..CallLimits::default() };
    let call = plugin("well-behaved").score("{}", &inputs, 1_000_000, 0, false, &limits);
    assert_eq!(call.result.expect("an answer").expect("scores").scores[0].values.len(), rows);
}

#[test]
fn an_analyzer_reads_texts() {
    let texts = [Text { id: "1".into(), language: Some("zh".into()), body: "今天 很开心".into() }];
    let call = plugin("well-behaved").read_texts("{}", &texts, &CallLimits::default());
    let readings = call.result.expect("readings");
    let reading = readings[0].as_ref().expect("a reading");
    assert_eq!((reading.mood, reading.topics.len(), reading.language.as_deref()), (Some(1.0), 2, Some("zh")));
}

fn message(address: &str, content: &str) -> Outbound {
    Outbound { id: "msg_1".into(), address: address.into(), content: content.into(), created: 1, now: 2, attempt: 1 }
}

fn send(plugin: &Plugin, secrets: &Secrets) -> Step {
    let message = message("email:a@example.com", "what do ya want for nothing?");
    plugin.send("{}", &message, secrets, &CallLimits::default()).result.expect("an answer").expect("a step")
}

#[test]
fn a_connector_signs_with_a_secret_it_never_sees() {
    let connector = plugin("well-behaved");
    let secrets = Secrets::new([("signing-key".to_owned(), b"Jefe".to_vec())]);
    let Step::Perform { request, continuation } = send(&connector, &secrets) else { panic!("no request") };
    let mac = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(request.headers, [("signature".to_owned(), mac.to_owned())]);
    let resume = |status| {
        let response = Response { status, headers: vec![("retry-after".into(), "9".into())], body: b"no".to_vec() };
        connector.resume("{}", &continuation, &response, 3, &secrets, &CallLimits::default()).result.expect("an answer")
    };
    assert_eq!(resume(200), Ok(Step::Done(Outcome::Sent(Some("msg_1".into())))));
    assert_eq!(resume(401), Ok(Step::Done(Outcome::RefreshSession)));
    assert_eq!(resume(429), Ok(Step::Done(Outcome::RetryAfter(1))));
    assert_eq!(resume(400), Ok(Step::Done(Outcome::Rejected("no".into()))));
    assert_eq!(resume(500), Err(Failure::BadConfig("no such room".into())));
    assert_eq!(send(&connector, &Secrets::default()), Step::Done(Outcome::Rejected("no signing key".into())));
}

fn every_secret() -> Secrets {
    let secret = |name: &str, bytes: &[u8]| (name.to_owned(), bytes.to_vec());
    Secrets::new([
        secret("token", b"opposite"),
        secret("aes-key", b"0123456789abcdefghijklmnopqrstuv"),
        secret("api-key", b"0123456789abcdef0123456789abcdef"),
        secret("private-key", include_bytes!("../keys/rsa-2048.pem")),
    ])
}

#[test]
fn a_connector_computes_with_secrets_of_every_kind() {
    let (connector, message) = (plugin("well-behaved"), message("secrets:all", "sample"));
    let call = connector.send("{}", &message, &every_secret(), &CallLimits::default());
    let Ok(Ok(Step::Perform { request, .. })) = call.result else { panic!("{:?}", call.result) };
    let header = |name: &str| &request.headers.iter().find(|header| header.0 == name).expect("a header").1;
    assert_eq!(header("hash"), "50ea7e32a8ac31f1b0f98166c049a76bd90de6e3");
    assert_eq!(header("verified"), "0100");
    assert_eq!(header("decrypted"), "73616d706c65");
    assert_eq!(header("encrypted").len(), 64);
    assert_eq!(header("opened"), "7b22616d6f756e74223a317d");
    assert!(header("signed").starts_with("bd12c1eb20c77879807f4aed85e97124"), "{}", header("signed"));
    // The same again: nothing that a plugin sees is drawn.
    let again = connector.send("{}", &message, &every_secret(), &CallLimits::default());
    assert_eq!(again.fuel, call.fuel);
    let Ok(Ok(Step::Perform { request: second, .. })) = again.result else { panic!("{:?}", again.result) };
    assert_eq!(second.headers, request.headers);
    let none = connector.send("{}", &message, &Secrets::default(), &CallLimits::default()).result;
    assert_eq!(none, Ok(Ok(Step::Done(Outcome::Rejected("Problem::NotGranted".into())))));
}

#[test]
fn what_the_host_computes_comes_off_the_fuel() {
    let (connector, message) = (plugin("well-behaved"), message("secrets:all", "sample"));
    let fuel = connector.send("{}", &message, &every_secret(), &CallLimits::default()).fuel;
    assert!(fuel > 3_000_000, "a signature with RSA costs more than {fuel}");
    for (fuel_per_call, enough) in [(fuel, true), (fuel - 1, false), (2_000_000, false)] {
        let limits = CallLimits { fuel_per_call, fuel_per_item: 0, ..CallLimits::default() };
        let call = connector.send("{}", &message, &every_secret(), &limits);
        assert_eq!((call.result.is_ok(), call.fuel), (enough, fuel_per_call));
        assert!(enough || call.result == Err(CallError::OutOfFuel), "{:?}", call.result);
    }
}

#[test]
fn a_campaign_cannot_be_called_as_anything_else() {
    let campaign = plugin("garbage-json");
    let scored = campaign.score("{}", &[], 0, 0, false, &CallLimits::default()).result;
    assert_eq!(scored, Err(CallError::WrongKind(Kind::Scorer)));
    assert_eq!(campaign.decide("{}", &moments(&[]), &CallLimits::default()).result, Ok(Vec::new()));
}
