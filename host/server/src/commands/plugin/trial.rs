//! Calls of a component on inputs from a file, on the engine and under the limits of production: what `guanxi plugin run`
//! prints and `guanxi plugin test` compares.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use guanxi_domain::analysis::Text;
use guanxi_domain::campaign::{Failure, Moment};
use guanxi_domain::connector::{Outbound, Outcome, Response, Step};
use guanxi_domain::limits::CallLimits;
use guanxi_domain::manifest::{Input, InputType, Kind, Manifest};
use guanxi_domain::scoring::{Column, ResultColumn, Scored};
use guanxi_runtime::{Admitted, Call, CallError, LogLine, Runtime, RuntimeOptions, Secrets, Stopped};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::facets::{self, InputChange, InputIncoming, InputPoll, Talk};

/// The input file: what is there is run.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    #[serde(default = "empty_object")]
    config: Value,
    /// For a campaign.
    #[serde(default)]
    moments: Vec<Moment>,
    /// For a scorer: one object a person, by the names of the manifest's inputs.
    #[serde(default)]
    people: Vec<Map<String, Value>>,
    /// For a scorer: the time.
    #[serde(default)]
    now: i64,
    /// For an analyzer.
    #[serde(default)]
    texts: Vec<InputText>,
    /// For a connector.
    message: Option<InputMessage>,
    /// For a connector: whether to ask how it gets a session.
    #[serde(default)]
    authorize: bool,
    /// For a connector: a request of its channel.
    incoming: Option<InputIncoming>,
    /// For a connector: asks for what is new.
    poll: Option<InputPoll>,
    /// For a connector: a change of an audience.
    change: Option<InputChange>,
    /// For a connector: what its requests are answered with, in order.
    #[serde(default)]
    responses: Vec<InputResponse>,
    /// For a connector: secrets by name, as text in the format that the manifest declares.
    #[serde(default)]
    secrets: BTreeMap<String, String>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct InputText {
    id: String,
    #[serde(default)]
    language: Option<String>,
    body: String,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct InputMessage {
    id: String,
    address: String,
    content: Value,
    now: i64,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct InputResponse {
    status: u16,
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default)]
    body: String,
}

impl InputResponse {
    fn response(&self) -> Response {
        let Self { status, headers, body } = self.clone();
        Response { status, headers, body: body.into_bytes() }
    }
}

impl Inputs {
    /// Reads a file.
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("{} cannot be used", file.display()))
    }

    /// The same with a batch of `items` for this kind alone, its own ones over and over; nothing for a kind that has no
    /// batches, or if there are none.
    pub fn of(&self, kind: Kind, items: usize) -> Option<Self> {
        let mut inputs = Self {
            moments: Vec::new(),
            people: Vec::new(),
            texts: Vec::new(),
            message: None,
            authorize: false,
            incoming: None,
            poll: None,
            change: None,
            ..self.clone()
        };
        match kind {
            Kind::Campaign => inputs.moments = repeated(&self.moments, items)?,
            Kind::Scorer => inputs.people = repeated(&self.people, items)?,
            Kind::Analyzer => inputs.texts = repeated(&self.texts, items)?,
            Kind::Connector => return None,
        }
        Some(inputs)
    }
}

fn repeated<T: Clone>(some: &[T], items: usize) -> Option<Vec<T>> {
    (!some.is_empty()).then(|| some.iter().cycle().take(items).cloned().collect())
}

/// One call and what came of it.
pub struct Answer {
    /// As which kind the plugin was called.
    pub kind: Kind,
    /// In the batch.
    pub items: usize,
    /// Spent.
    pub fuel: u64,
    /// Allowed.
    pub fuel_allowed: u64,
    /// How long it took on this machine.
    pub took: Duration,
    /// What the plugin logged.
    pub log: Vec<LogLine>,
    /// What it answered, as JSON.
    pub result: Result<Value, CallError>,
    /// Where it was stopped, if it was.
    pub stopped: Stopped,
}

impl Answer {
    pub(super) fn new<T>(
        kind: Kind,
        items: usize,
        limits: &CallLimits,
        call: Call<T>,
        answer: impl FnOnce(T) -> Value,
    ) -> Self {
        let fuel_allowed = limits.fuel_per_call + limits.fuel_per_item * items as u64;
        let Call { result, fuel, took, log, stopped, .. } = call;
        Self { kind, items, fuel, fuel_allowed, took, log, result: result.map(answer), stopped }
    }

    /// What the plugin said, without what saying it cost.
    pub fn said(&self) -> Map<String, Value> {
        let (key, value) = match &self.result {
            Ok(value) => ("answer", value.clone()),
            Err(error) => ("error", Value::String(error.to_string())),
        };
        [("kind".to_owned(), json!(self.kind)), ("log".to_owned(), json!(self.log)), (key.to_owned(), value)]
            .into_iter()
            .collect()
    }

    /// Everything about the call.
    pub fn whole(&self) -> Value {
        let mut whole = self.said();
        for (key, value) in
            [("items", json!(self.items)), ("fuel", json!(self.fuel)), ("fuel_allowed", json!(self.fuel_allowed))]
        {
            whole.insert(key.to_owned(), value);
        }
        Value::Object(whole)
    }
}

/// A component that passed the check of an upload.
pub struct Trial {
    /// What the check found.
    pub admitted: Admitted,
    /// Those of production.
    pub limits: CallLimits,
}

impl Trial {
    /// Checks a component as an upload would, on a host that lets drafts of the contract in.
    pub fn open(component: &[u8]) -> anyhow::Result<Self> {
        let options = RuntimeOptions { instances: 2, drafts: true, cache: super::compiled::cache() };
        let runtime = Runtime::new(options)?;
        Ok(Self { admitted: runtime.admit(component)?, limits: CallLimits::default() })
    }

    /// What it declares.
    pub fn manifest(&self) -> &Manifest {
        &self.admitted.manifest
    }

    /// One call for each kind of the plugin that the inputs have something for, of a connector one for each step.
    pub fn call(&self, inputs: &Inputs) -> anyhow::Result<Vec<Answer>> {
        self.call_within(inputs, &|_| self.limits)
    }

    /// The same under other limits: those of each call by how many went before it.
    pub fn call_within(&self, inputs: &Inputs, limits: &dyn Fn(usize) -> CallLimits) -> anyhow::Result<Vec<Answer>> {
        let (plugin, manifest) = (&self.admitted.plugin, self.manifest());
        let config = guanxi_app::with_defaults(manifest, inputs.config.clone()).to_string();
        let mut answers = Vec::new();
        if manifest.campaign.is_some() && !inputs.moments.is_empty() {
            let limits = limits(answers.len());
            let call = plugin.decide(&config, &inputs.moments, &limits);
            answers.push(Answer::new(Kind::Campaign, inputs.moments.len(), &limits, call, |decisions| {
                decisions.into_iter().map(|decision| outcome(decision, |d| json!(d))).collect()
            }));
        }
        if let (Some(scorer), false) = (&manifest.scorer, inputs.people.is_empty()) {
            let columns: Vec<Column> = scorer.inputs.iter().map(|input| column(input, &inputs.people)).collect();
            let rows = u32::try_from(inputs.people.len())?;
            let limits = limits(answers.len());
            let call = plugin.score(&config, &columns, rows, inputs.now, true, &limits);
            let answer =
                Answer::new(Kind::Scorer, inputs.people.len(), &limits, call, |scored| outcome(scored, scores));
            answers.push(answer);
        }
        if manifest.analyzer.is_some() && !inputs.texts.is_empty() {
            let text = |text: &InputText| {
                let InputText { id, language, body } = text.clone();
                Text { id, language, body }
            };
            let texts: Vec<Text> = inputs.texts.iter().map(text).collect();
            let limits = limits(answers.len());
            let call = plugin.read_texts(&config, &texts, &limits);
            answers.push(Answer::new(Kind::Analyzer, texts.len(), &limits, call, |readings| {
                readings.into_iter().map(|reading| outcome(reading, |r| json!(r))).collect()
            }));
        }
        if let Some(message) = inputs.message.as_ref().filter(|_| manifest.connector.is_some()) {
            self.deliver(&config, message, inputs, limits, &mut answers)?;
        }
        let secrets = self.secrets(&inputs.secrets)?;
        if inputs.authorize && plugin.has_session() {
            answers.push(facets::authorize(plugin, &config, &secrets, &limits(answers.len())));
        }
        if let Some(incoming) = inputs.incoming.as_ref().filter(|_| plugin.receives()) {
            answers.push(facets::receive(plugin, &config, incoming, &secrets, &limits(answers.len())));
        }
        let responses: Vec<Response> = inputs.responses.iter().map(InputResponse::response).collect();
        let mut talk = Talk { plugin, config: &config, secrets: &secrets, limits, answers: &mut answers };
        if let Some(poll) = inputs.poll.as_ref().filter(|_| plugin.polls()) {
            talk.poll(poll, &responses);
        }
        if let Some(change) = inputs.change.as_ref().filter(|_| plugin.keeps_audiences()) {
            talk.upload(change, &responses);
        }
        let kinds: Vec<&str> = manifest.kinds().into_iter().map(Kind::as_str).collect();
        ensure!(
            !answers.is_empty(),
            "nothing here is for this plugin ({}): give `moments` to a campaign, `people` to a scorer, `texts` to an \
             analyzer, `message`, `authorize`, `incoming`, `poll` or `change` to a connector",
            kinds.join(", ")
        );
        Ok(answers)
    }

    /// Step by step, as long as there are responses to its requests.
    fn deliver(
        &self,
        config: &str,
        message: &InputMessage,
        inputs: &Inputs,
        limits_of: &dyn Fn(usize) -> CallLimits,
        answers: &mut Vec<Answer>,
    ) -> anyhow::Result<()> {
        let secrets = self.secrets(&inputs.secrets)?;
        let outbound = Outbound {
            id: message.id.clone(),
            address: message.address.clone(),
            content: message.content.to_string(),
            created: message.now,
            now: message.now,
            attempt: 1,
        };
        let plugin = &self.admitted.plugin;
        let mut responses = inputs.responses.iter();
        let mut limits = limits_of(answers.len());
        let mut call = plugin.send(config, &outbound, &secrets, &limits);
        loop {
            let continuation = match &call.result {
                Ok(Ok(Step::Perform { continuation, .. })) => Some(continuation.clone()),
                _ => None,
            };
            answers.push(Answer::new(Kind::Connector, 1, &limits, call, |next| outcome(next, step)));
            let (Some(continuation), Some(response)) = (continuation, responses.next()) else { return Ok(()) };
            limits = limits_of(answers.len());
            call = plugin.resume(config, &continuation, &response.response(), message.now, &secrets, &limits);
        }
    }

    /// Secrets that are given as text; of those that the manifest does not ask for there is nothing.
    pub fn secrets(&self, texts: &BTreeMap<String, String>) -> anyhow::Result<Secrets> {
        let mut bytes = Vec::new();
        for wish in self.manifest().connector.iter().flat_map(|connector| &connector.secrets) {
            if let Some(text) = texts.get(&wish.name) {
                let decoded =
                    guanxi_app::decode_secret(wish.format, text).with_context(|| format!("secrets.{}", wish.name))?;
                bytes.push((wish.name.clone(), decoded));
            }
        }
        Ok(Secrets::new(bytes))
    }
}

pub(super) fn outcome<T>(result: Result<T, Failure>, answer: impl FnOnce(T) -> Value) -> Value {
    match result {
        Ok(value) => json!({"ok": answer(value)}),
        Err(failure) => json!({"failed": failure.to_string()}),
    }
}

pub(super) fn step(step: Step) -> Value {
    match step {
        Step::Perform { request, .. } => json!({"perform": facets::request(request)}),
        Step::Done(outcome) => json!({"done": ended(outcome)}),
    }
}

/// An outcome as answers show it.
pub(super) fn ended(outcome: Outcome) -> Value {
    match outcome {
        Outcome::Sent(id) => json!({"sent": id}),
        Outcome::RefreshSession => json!("refresh-session"),
        Outcome::RetryAfter(seconds) => json!({"retry-after": seconds}),
        Outcome::QuotaExhausted(until) => json!({"quota-exhausted": until}),
        Outcome::WindowClosed => json!("window-closed"),
        Outcome::RecipientGone(why) => json!({"recipient-gone": why}),
        Outcome::Rejected(why) => json!({"rejected": why}),
    }
}

fn scores(scored: Scored) -> Value {
    let column = |c: ResultColumn| json!({"score": c.score, "term": c.term, "values": c.values});
    json!({
        "scores": scored.scores.into_iter().map(column).collect::<Vec<_>>(),
        "terms": scored.terms.into_iter().map(column).collect::<Vec<_>>(),
    })
}

fn column(input: &Input, people: &[Map<String, Value>]) -> Column {
    let values = people.iter().map(|person| person.get(&input.name).or(input.default.as_ref()));
    match input.kind {
        InputType::Number => Column::Numbers(values.map(|v| v.and_then(Value::as_f64).unwrap_or(f64::NAN)).collect()),
        InputType::Integer => Column::Integers(values.map(|v| v.and_then(Value::as_i64).unwrap_or(0)).collect()),
        InputType::Text => {
            Column::Texts(values.map(|v| v.and_then(Value::as_str).unwrap_or_default().to_owned()).collect())
        }
    }
}

fn empty_object() -> Value {
    json!({})
}
