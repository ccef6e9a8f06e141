//! `guanxi plugin run`: one call of each kind that the plugin is, on inputs from a file.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail};
use guanxi_domain::analysis::Text;
use guanxi_domain::campaign::{Failure, Moment};
use guanxi_domain::connector::{Outbound, Outcome, Step};
use guanxi_domain::limits::CallLimits;
use guanxi_domain::manifest::{Input, InputType, Manifest};
use guanxi_domain::scoring::{Column, Scored};
use guanxi_runtime::{Call, Plugin, Runtime, RuntimeOptions, Secrets};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::commands::print;

/// The input file: what is there is run.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inputs {
    #[serde(default = "empty_object")]
    config: Value,
    /// For a campaign.
    #[serde(default)]
    moments: Vec<Moment>,
    /// For a scorer: one object a person, by the names of the manifest's inputs.
    #[serde(default)]
    people: Vec<serde_json::Map<String, Value>>,
    /// For a scorer: the time.
    #[serde(default)]
    now: i64,
    /// For an analyzer.
    #[serde(default)]
    texts: Vec<InputText>,
    /// For a connector.
    message: Option<InputMessage>,
    /// For a connector: secrets by name, as text in the format that the manifest declares.
    #[serde(default)]
    secrets: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InputText {
    id: String,
    #[serde(default)]
    language: Option<String>,
    body: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InputMessage {
    id: String,
    address: String,
    content: Value,
    now: i64,
}

pub fn run(component: &Path, input: &Path) -> anyhow::Result<()> {
    let bytes = std::fs::read(component).with_context(|| format!("{} cannot be read", component.display()))?;
    let text = std::fs::read(input).with_context(|| format!("{} cannot be read", input.display()))?;
    let inputs: Inputs =
        serde_json::from_slice(&text).with_context(|| format!("{} cannot be used", input.display()))?;
    let runtime = Runtime::new(RuntimeOptions { instances: 2, ..RuntimeOptions::default() })?;
    let admitted = runtime.admit(&bytes)?;
    let (plugin, manifest) = (&admitted.plugin, &admitted.manifest);
    let limits = CallLimits::default();
    let config = guanxi_app::with_defaults(manifest, inputs.config).to_string();
    let mut ran = false;
    if manifest.campaign.is_some() && !inputs.moments.is_empty() {
        let call = plugin.decide(&config, &inputs.moments, &limits);
        report("campaign", call, inputs.moments.len(), &limits, |decisions| {
            decisions.into_iter().map(|decision| outcome(decision, |d| json!(d))).collect()
        })?;
        ran = true;
    }
    if let (Some(scorer), false) = (&manifest.scorer, inputs.people.is_empty()) {
        let columns: Vec<Column> = scorer.inputs.iter().map(|input| column(input, &inputs.people)).collect();
        let rows = u32::try_from(inputs.people.len())?;
        let call = plugin.score(&config, &columns, rows, inputs.now, true, &limits);
        report("scorer", call, inputs.people.len(), &limits, |scored| outcome(scored, scores))?;
        ran = true;
    }
    if manifest.analyzer.is_some() && !inputs.texts.is_empty() {
        let texts: Vec<Text> =
            inputs.texts.into_iter().map(|t| Text { id: t.id, language: t.language, body: t.body }).collect();
        let call = plugin.read_texts(&config, &texts, &limits);
        report("analyzer", call, texts.len(), &limits, |readings| {
            readings.into_iter().map(|reading| outcome(reading, |r| json!(r))).collect()
        })?;
        ran = true;
    }
    if let Some(message) = inputs.message.filter(|_| manifest.connector.is_some()) {
        send(plugin, manifest, &config, message, &inputs.secrets, &limits)?;
        ran = true;
    }
    if !ran {
        let kinds: Vec<&str> = manifest.kinds().into_iter().map(|kind| kind.as_str()).collect();
        bail!(
            "{} holds nothing for this plugin ({}): give `moments` to a campaign, `people` to a scorer, `texts` to an \
             analyzer, `message` to a connector",
            input.display(),
            kinds.join(", ")
        );
    }
    Ok(())
}

fn send(
    plugin: &Plugin,
    manifest: &Manifest,
    config: &str,
    message: InputMessage,
    secrets: &BTreeMap<String, String>,
    limits: &CallLimits,
) -> anyhow::Result<()> {
    let mut bytes = Vec::new();
    for wish in manifest.connector.iter().flat_map(|connector| &connector.secrets) {
        if let Some(text) = secrets.get(&wish.name) {
            let decoded =
                guanxi_app::decode_secret(wish.format, text).with_context(|| format!("secrets.{}", wish.name))?;
            bytes.push((wish.name.clone(), decoded));
        }
    }
    let outbound = Outbound {
        id: message.id,
        address: message.address,
        content: message.content.to_string(),
        created: message.now,
        now: message.now,
        attempt: 1,
    };
    let call = plugin.send(config, &outbound, &Secrets::new(bytes), limits);
    report("connector", call, 1, limits, |step| {
        outcome(step, |step| match step {
            Step::Perform { request, .. } => json!({"perform": {
                "method": request.method,
                "url": request.url,
                "headers": request.headers,
                "body": String::from_utf8_lossy(&request.body),
            }}),
            Step::Done(outcome) => json!({"done": match outcome {
                Outcome::Sent(id) => json!({"sent": id}),
                Outcome::RefreshSession => json!("refresh-session"),
                Outcome::RetryAfter(seconds) => json!({"retry-after": seconds}),
                Outcome::QuotaExhausted(until) => json!({"quota-exhausted": until}),
                Outcome::WindowClosed => json!("window-closed"),
                Outcome::RecipientGone(why) => json!({"recipient-gone": why}),
                Outcome::Rejected(why) => json!({"rejected": why}),
            }}),
        })
    })
}

fn report<T>(
    kind: &str,
    call: Call<T>,
    items: usize,
    limits: &CallLimits,
    answer: impl FnOnce(T) -> Value,
) -> anyhow::Result<()> {
    let allowed = limits.fuel_per_call + limits.fuel_per_item * items as u64;
    let head = json!({"kind": kind, "items": items, "fuel": call.fuel, "fuel_allowed": allowed, "log": call.log});
    let result = call.result.map(answer);
    let (key, value, failed) = match result {
        Ok(value) => ("answer", value, None),
        Err(error) => ("error", Value::String(error.to_string()), Some(error)),
    };
    let mut whole = head;
    if let Some(object) = whole.as_object_mut() {
        object.insert(key.to_owned(), value);
    }
    print(serde_json::to_string_pretty(&whole)?);
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(()),
    }
}

fn outcome<T>(result: Result<T, Failure>, answer: impl FnOnce(T) -> Value) -> Value {
    match result {
        Ok(value) => json!({"ok": answer(value)}),
        Err(failure) => json!({"failed": failure.to_string()}),
    }
}

fn scores(scored: Scored) -> Value {
    let column =
        |c: guanxi_domain::scoring::ResultColumn| json!({"score": c.score, "term": c.term, "values": c.values});
    json!({
        "scores": scored.scores.into_iter().map(column).collect::<Vec<_>>(),
        "terms": scored.terms.into_iter().map(column).collect::<Vec<_>>(),
    })
}

fn column(input: &Input, people: &[serde_json::Map<String, Value>]) -> Column {
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
