//! Where recordings are played: the component on the production engine and under its limits, its requests before the checks
//! that the host makes on their way out, and answers from whoever calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guanxi_channels::{EgressError, EgressPolicy, SecretText, Secrets as EgressSecrets, granted_hosts};
use guanxi_domain::campaign::Failure;
use guanxi_domain::connector::{Outbound, Outcome, Request, Step};
use guanxi_domain::limits::CONNECTOR_REQUESTS_MAX;
use guanxi_domain::manifest::{ConnectorSpec, SecretFormat};
use guanxi_runtime::LogLine;
use serde_json::Value;

use super::recording::{Exchange, Recording, Reply};
use super::rule::{self, At, Ledger, Problem, Rule};
use crate::commands::plugin::trial::Trial;

/// Secrets that are shorter may stand in a text by chance.
const SECRET_BYTES_MIN: usize = 8;
/// 32 bytes, so that they are a key as well.
const CANARY: &[u8; 32] = b"guanxi-canary-4f1c9a7e62d85b30fe";

/// What one play begins with.
#[derive(Clone)]
pub struct Scene {
    /// The configuration.
    pub config: Value,
    /// By name, as text.
    pub secrets: BTreeMap<String, String>,
    /// The message.
    pub message: Outbound,
    /// Whether the channel is spoken to without TLS.
    pub allow_http: bool,
}

/// How a play ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// With an outcome.
    Done(Outcome),
    /// With a failure.
    Failed(Failure),
    /// Without an answer; says why.
    Crashed(String),
    /// At a request that the host does not send.
    Unsendable(EgressError),
    /// At one request too many.
    TooMany,
    /// At a request that nobody answers.
    Open,
}

/// One play.
#[derive(Debug, PartialEq, Eq)]
pub struct Played {
    /// Requests with their continuations, in order.
    pub asked: Vec<(Request, Vec<u8>)>,
    /// What each call burnt.
    pub fuel: Vec<u64>,
    /// What was logged.
    pub log: Vec<LogLine>,
    /// Secrets that the host was to compute with although they are not declared, by name.
    pub undeclared: Vec<String>,
    /// The end.
    pub end: End,
}

/// A connector and what was found about it.
pub struct Stage<'t> {
    trial: &'t Trial,
    /// What it declares.
    pub spec: &'t ConnectorSpec,
    /// What was found.
    pub ledger: Ledger,
    /// Plays so far.
    pub plays: u64,
}

/// Characters of a secret that stands nowhere by accident.
const SHORTEST: usize = 8;

impl Scene {
    /// As it was recorded.
    pub fn of(recording: &Recording) -> Self {
        let plain = |exchange: &Exchange| exchange.request.url.starts_with("http://");
        Self {
            config: recording.config.clone(),
            secrets: recording.secrets.clone(),
            message: recording.message(),
            allow_http: recording.exchanges.iter().any(plain),
        }
    }

    /// The same with other secrets of the same form, which stand nowhere else. A private key stays as it is.
    pub fn with_canaries(self, spec: &ConnectorSpec) -> Self {
        let format = |name: &str| spec.secrets.iter().find(|wish| wish.name == name).map(|wish| wish.format);
        let secrets = self.secrets.iter().map(|(name, text)| {
            let canary = match format(name) {
                // No longer than what was recorded: some channels bound their passwords.
                Some(SecretFormat::Text | SecretFormat::Ed25519FromText) => {
                    let canary = format!("4f1c9a7e62d85b30-canary-{name}");
                    canary.chars().take(text.chars().count().max(SHORTEST)).collect()
                }
                Some(SecretFormat::Base64) => STANDARD.encode(CANARY),
                Some(SecretFormat::StandardWebhooks) => format!("whsec_{}", STANDARD.encode(CANARY)),
                Some(SecretFormat::EncodingAesKey) => STANDARD.encode(CANARY).trim_end_matches('=').to_owned(),
                Some(SecretFormat::Pem) | None => text.clone(),
            };
            (name.clone(), canary)
        });
        Self { secrets: secrets.collect(), ..self }
    }
}

impl End {
    /// Whether the channel is said to have the message.
    pub fn is_sent(&self) -> bool {
        matches!(self, Self::Done(Outcome::Sent(_)))
    }

    /// The rule against a request that the host does not send.
    fn broken(&self) -> Option<&'static Rule> {
        let Self::Unsendable(error) = self else { return None };
        Some(match error {
            EgressError::NotGranted { .. } | EgressError::Scheme { .. } | EgressError::PrivateAddress { .. } => {
                &rule::EGRESS
            }
            EgressError::UnknownSecret { .. } => &rule::SECRETS,
            _ => &rule::SENDABLE,
        })
    }

    /// In words for a report.
    pub fn words(&self) -> String {
        match self {
            Self::Done(Outcome::Sent(None)) => "sent".to_owned(),
            Self::Done(Outcome::Sent(Some(id))) => format!("sent with the id `{id}`"),
            Self::Done(Outcome::RefreshSession) => "refresh-session".to_owned(),
            Self::Done(Outcome::RetryAfter(seconds)) => format!("retry-after {seconds} seconds"),
            Self::Done(Outcome::QuotaExhausted(until)) => format!("quota-exhausted until {until}"),
            Self::Done(Outcome::WindowClosed) => "window-closed".to_owned(),
            Self::Done(Outcome::RecipientGone(why)) => format!("recipient-gone: {why}"),
            Self::Done(Outcome::Rejected(why)) => format!("rejected: {why}"),
            Self::Failed(failure) => format!("a failure: {failure}"),
            Self::Crashed(why) => format!("a crash: {why}"),
            Self::Unsendable(why) => format!("a request that does not leave: {why}"),
            Self::TooMany => format!("more than {CONNECTOR_REQUESTS_MAX} requests"),
            Self::Open => "another request".to_owned(),
        }
    }
}

/// The words of a failure itself.
pub fn why(failure: &Failure) -> &str {
    match failure {
        Failure::BadConfig(why) | Failure::BadInput(why) | Failure::Other(why) | Failure::BadAnswer(why) => why,
    }
}

impl Played {
    /// One that ended so before anything was asked for.
    pub fn ended(end: End) -> Self {
        Self { asked: Vec::new(), fuel: Vec::new(), log: Vec::new(), undeclared: Vec::new(), end }
    }

    /// The number of its last request.
    pub fn last(&self) -> Option<usize> {
        self.asked.len().checked_sub(1)
    }
}

impl<'t> Stage<'t> {
    /// An empty one.
    pub fn new(trial: &'t Trial, spec: &'t ConnectorSpec) -> Self {
        Self { trial, spec, ledger: Ledger::default(), plays: 0 }
    }

    /// Whether there is anything to configure.
    pub fn schema(&self) -> Option<&Value> {
        self.trial.manifest().config.as_ref()
    }

    /// What a step may burn.
    pub fn fuel_allowed(&self) -> u64 {
        self.trial.limits.fuel_per_call + self.trial.limits.fuel_per_item
    }

    /// Delivers the message of a scene, step by step; `answer` is asked with the number of each request, from 0.
    pub fn play(&mut self, scene: &Scene, answer: impl Fn(usize) -> Option<Reply>) -> anyhow::Result<Played> {
        self.plays += 1;
        let (plugin, limits) = (&self.trial.admitted.plugin, &self.trial.limits);
        let config = guanxi_app::with_defaults(self.trial.manifest(), scene.config.clone());
        let policy = self.policy(scene, &config)?;
        let config = config.to_string();
        let secrets = self.trial.secrets(&scene.secrets)?;
        let mut played = Played::ended(End::Open);
        let is_undeclared = |name: &String| !self.spec.secrets.iter().any(|wish| wish.name == *name);
        let mut call = plugin.send(&config, &scene.message, &secrets, limits);
        loop {
            played.fuel.push(call.fuel);
            played.log.append(&mut call.log);
            played.undeclared.extend(call.missed.into_iter().filter(is_undeclared));
            let step = played.asked.len();
            played.end = match call.result {
                Err(error) => End::Crashed(error.to_string()),
                Ok(Err(failure)) => End::Failed(failure),
                Ok(Ok(Step::Done(outcome))) => End::Done(outcome),
                Ok(Ok(Step::Perform { .. })) if step >= CONNECTOR_REQUESTS_MAX as usize => End::TooMany,
                Ok(Ok(Step::Perform { request, continuation })) => {
                    let judged = policy.judge(&request, scene.allow_http);
                    let reply = answer(step).filter(|_| judged.is_ok());
                    if let Some(Reply { response, at }) = reply {
                        call = plugin.resume(&config, &continuation, &response, at, &secrets, limits);
                        played.asked.push((request, continuation));
                        continue;
                    }
                    played.asked.push((request, continuation));
                    judged.err().map_or(End::Open, End::Unsendable)
                }
            };
            return Ok(played);
        }
    }

    /// What a connector that is granted all that it declares may reach and carry. A declared secret that is not set is there
    /// all the same: what happens without it is a rule of its own.
    fn policy(&self, scene: &Scene, config: &Value) -> anyhow::Result<EgressPolicy> {
        let declared = self.spec.secrets.iter().map(|wish| {
            let text = scene.secrets.get(&wish.name).map_or("not-set", String::as_str);
            (wish.name.clone(), SecretText::new(text))
        });
        let hosts = granted_hosts(&self.spec.egress, config);
        let policy = EgressPolicy::new(hosts, Arc::new(declared.collect::<EgressSecrets>()));
        let has_session = self.trial.admitted.report.facets.iter().any(|facet| facet == "connector-session");
        let session = has_session.then(|| SecretText::new("session"));
        Ok(policy.context("plugin.toml: `connector.egress`")?.with_session(session))
    }

    /// Checks what holds whatever was played.
    pub fn observe(&mut self, at: &At, scene: &Scene, played: &Played) {
        let (last, end) = (played.last(), &played.end);
        let problem = |wanted: bool, expected: &str| {
            (wanted && matches!(end, End::Unsendable(_))).then(|| Problem::new(expected, end.words()))
        };
        let broken = end.broken().map(|rule| rule.id);
        if last.is_some() {
            for (rule, expected) in
                [(&rule::EGRESS, "a host that is declared"), (&rule::SENDABLE, "a request that the host can send")]
            {
                self.ledger.judge(rule, at, last, problem(broken == Some(rule.id), expected));
            }
        }
        let named = broken == Some(rule::SECRETS.id);
        let guessed = !played.undeclared.is_empty();
        if named || guessed || !self.spec.secrets.is_empty() {
            let asked = || Problem::new("a secret that is declared", format!("`{}`", played.undeclared.join("`, `")));
            let problem = problem(named, "a secret that is declared").or_else(|| guessed.then(asked));
            self.ledger.judge(&rule::SECRETS, at, last, problem);
            for (step, leak) in self.leaks(scene, played) {
                self.ledger.judge(&rule::SECRETS, at, step, Some(Problem::new("no secret's value anywhere", leak)));
            }
        }
        let too_many = matches!(end, End::TooMany).then(|| Problem::new("an outcome", end.words()));
        self.ledger.judge(&rule::BOUNDED, at, last, too_many);
    }

    /// Where values of secrets stand.
    fn leaks(&self, scene: &Scene, played: &Played) -> Vec<(Option<usize>, String)> {
        let mut told = Vec::new();
        for (name, text) in &scene.secrets {
            let format = self.spec.secrets.iter().find(|wish| wish.name == *name).map(|wish| wish.format);
            let values = values(format, text);
            let stands_in = |bytes: &[u8]| values.iter().any(|value| contains(bytes, value));
            for (step, (request, continuation)) in played.asked.iter().enumerate() {
                let mut parts = vec![("URL", request.url.as_bytes()), ("body", request.body.as_slice())];
                parts.extend(request.headers.iter().map(|(_, value)| ("headers", value.as_bytes())));
                parts.push(("continuation", continuation.as_slice()));
                let found = parts.into_iter().find(|(_, bytes)| stands_in(bytes));
                told.extend(found.map(|(part, _)| (Some(step), format!("the value of `{name}` in the {part}"))));
            }
            if played.log.iter().any(|line| stands_in(line.line.as_bytes())) {
                told.push((None, format!("the value of `{name}` in a log line")));
            }
            if stands_in(played.end.words().as_bytes()) {
                told.push((None, format!("the value of `{name}` in what it ended with")));
            }
        }
        told
    }
}

/// A secret in all forms in which it would be one still.
fn values(format: Option<SecretFormat>, text: &str) -> Vec<Vec<u8>> {
    let bytes = format.and_then(|format| guanxi_app::decode_secret(format, text).ok()).unwrap_or_default();
    if text.len().min(bytes.len()) < SECRET_BYTES_MIN {
        return Vec::new();
    }
    let base64 = STANDARD.encode(&bytes).trim_end_matches('=').as_bytes().to_vec();
    let hex = bytes.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect();
    vec![text.as_bytes().to_vec(), base64, hex, bytes]
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_in_each_form_and_a_short_one_in_none() {
        let forms = values(Some(SecretFormat::Base64), "MDEyMzQ1Njc4OWFiY2RlZg==");
        let shown: Vec<String> = forms.iter().map(|form| String::from_utf8_lossy(form).into_owned()).collect();
        let hex = "30313233343536373839616263646566";
        assert_eq!(shown, ["MDEyMzQ1Njc4OWFiY2RlZg==", "MDEyMzQ1Njc4OWFiY2RlZg", hex, "0123456789abcdef"]);
        assert!(values(Some(SecretFormat::Text), "test").is_empty());
        assert!(contains(b"Bearer 0123456789abcdef", b"0123456789abcdef") && !contains(b"012", b"0123"));
    }

    #[test]
    fn canaries_have_the_form_of_what_they_stand_for() {
        for format in [SecretFormat::Base64, SecretFormat::StandardWebhooks, SecretFormat::EncodingAesKey] {
            let text = match format {
                SecretFormat::StandardWebhooks => format!("whsec_{}", STANDARD.encode(CANARY)),
                _ => STANDARD.encode(CANARY).trim_end_matches('=').to_owned(),
            };
            assert_eq!(guanxi_app::decode_secret(format, &text).expect("a secret"), CANARY);
        }
    }
}
