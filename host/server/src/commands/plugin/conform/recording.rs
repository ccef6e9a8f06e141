//! The format of `exchanges/NAME.json`: what a channel is asked and what it answers, from somewhere that can be looked up.
//! `docs/plugins.md` has the same as a table.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guanxi_domain::connector::{Outbound, Request, Response};
use guanxi_domain::limits::{CONFIG_BYTES_MAX, CONNECTOR_REQUESTS_MAX};
use guanxi_domain::manifest::ConnectorSpec;
use guanxi_domain::{JsonMap, Millis, content};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::sealed::Sealed;

/// Recordings of one connector.
const FILES_MAX: usize = 256;
/// Bytes of one file.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Bytes of one body, as much as goes over the wire.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Headers of a request or a response.
const HEADERS_MAX: usize = 64;
/// Bytes of a text that says where a recording is from, and of the message's id and address.
const TEXT_BYTES_MAX: usize = 2 * 1024;

/// One file.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    /// The file's name without its ending.
    #[serde(skip)]
    pub name: String,
    /// Where it is from.
    pub source: Source,
    /// The installation's configuration.
    #[serde(default = "empty_object")]
    pub config: Value,
    /// By name, as text in the format that the manifest declares.
    #[serde(default)]
    pub secrets: BTreeMap<String, String>,
    message: Message,
    /// In order.
    pub exchanges: Vec<Exchange>,
    /// What comes at the end.
    pub outcome: Expected,
}

/// Where a recording is from: at least one of the first two.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Address of the documentation that it follows, or the path of a file from here.
    #[serde(skip_serializing_if = "Option::is_none")]
    documentation: Option<String>,
    /// The day on which it was recorded from the channel itself, `2026-11-21`.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded: Option<String>,
    /// Whatever else a reader should know.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    id: String,
    address: String,
    content: JsonMap,
    now: Millis,
    #[serde(default)]
    created: Option<Millis>,
    #[serde(default = "first")]
    attempt: u32,
}

/// A request that the channel expects and what it answered.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// Secrets stand in it as handles.
    pub request: ExpectedRequest,
    response: Answered,
}

/// What the channel expects.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedRequest {
    /// `GET`, `POST` …
    pub method: String,
    /// As a whole.
    pub url: String,
    /// Those that must be there; others may be.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// There must be none if there is none here.
    #[serde(default)]
    pub body: Option<Body>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answered {
    status: u16,
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default)]
    body: Option<Body>,
    #[serde(default)]
    at: Option<Millis>,
}

/// Bytes, written one way or another.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Body {
    /// As UTF-8.
    Text(String),
    /// Anything.
    Base64(#[serde(deserialize_with = "base64_bytes")] Vec<u8>),
    /// Any text that means this; answered as the shortest one.
    Json(Value),
    /// Whatever the receiver reads as this.
    Sealed(Sealed),
}

/// An outcome.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expected {
    /// With exactly this id.
    Sent(Option<String>),
    /// As it is.
    RefreshSession,
    /// Exactly so many seconds.
    RetryAfter(u32),
    /// Exactly this time.
    QuotaExhausted(Millis),
    /// As it is.
    WindowClosed,
    /// For a reason that contains this.
    RecipientGone(String),
    /// For a reason that contains this.
    Rejected(String),
}

/// What the connector is told of a request of its.
#[derive(Clone)]
pub struct Reply {
    /// The channel's answer.
    pub response: Response,
    /// When it came.
    pub at: Millis,
}

impl Body {
    /// As it goes over the wire.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.clone().into_bytes(),
            Self::Base64(bytes) => bytes.clone(),
            Self::Json(value) | Self::Sealed(Sealed { json: value, .. }) => value.to_string().into_bytes(),
        }
    }
}

impl ExpectedRequest {
    /// A request as its receiver reads it: what is encrypted for them is opened, if it can be.
    pub fn read<'r>(&self, asked: &'r Request) -> Cow<'r, Request> {
        let Some(Body::Sealed(sealed)) = &self.body else { return Cow::Borrowed(asked) };
        let opened = sealed.open(&asked.body);
        opened.map_or(Cow::Borrowed(asked), |body| Cow::Owned(Request { body, ..asked.clone() }))
    }
}

impl Recording {
    /// The message as the connector gets it.
    pub fn message(&self) -> Outbound {
        let Message { id, address, content, now, created, attempt } = self.message.clone();
        let content = Value::Object(content).to_string();
        Outbound { id, address, content, created: created.unwrap_or(now), now, attempt }
    }

    /// What the message says.
    pub fn content(&self) -> &JsonMap {
        &self.message.content
    }

    /// What was answered to the request of this number, from 0.
    pub fn reply(&self, step: usize) -> Option<Reply> {
        let Answered { status, headers, body, at } = self.exchanges.get(step)?.response.clone();
        let body = body.map(|body| body.bytes()).unwrap_or_default();
        Some(Reply { response: Response { status, headers, body }, at: at.unwrap_or(self.message.now) })
    }

    /// The request of this number, from 0, as its receiver reads it.
    pub fn read<'r>(&self, step: usize, asked: &'r Request) -> Cow<'r, Request> {
        self.exchanges.get(step).map_or(Cow::Borrowed(asked), |exchange| exchange.request.read(asked))
    }

    /// Whether the message was delivered.
    pub fn is_sent(&self) -> bool {
        matches!(self.outcome, Expected::Sent(_))
    }

    fn check(&self, folder: &Path, spec: &ConnectorSpec) -> anyhow::Result<()> {
        self.source.check(folder)?;
        ensure!(self.config.is_object(), "config: give a JSON object");
        ensure!(self.config.to_string().len() <= CONFIG_BYTES_MAX, "config: has more than {CONFIG_BYTES_MAX} bytes");
        for (name, text) in &self.secrets {
            let wish = spec.secrets.iter().find(|wish| wish.name == *name);
            let wish = wish.with_context(|| format!("secrets.{name}: plugin.toml declares no secret of this name"))?;
            guanxi_app::decode_secret(wish.format, text).with_context(|| format!("secrets.{name}"))?;
        }
        let Message { id, address, content, .. } = &self.message;
        for (field, text) in [("id", id), ("address", address)] {
            let fits = (1..=TEXT_BYTES_MAX).contains(&text.len());
            ensure!(fits, "message.{field}: give 1 to {TEXT_BYTES_MAX} bytes");
        }
        ensure!(address.contains(':'), "message.address: write `kind:value`, such as `email:ada@example.com`");
        let text = content.get("text").and_then(Value::as_str).unwrap_or_default();
        ensure!(!text.trim().is_empty(), "message.content.text: give a text; every content has one");
        let bytes = Value::Object(content.clone()).to_string().len();
        ensure!(bytes <= content::BYTES_MAX, "message.content: has {bytes} bytes, more than {}", content::BYTES_MAX);
        let most = CONNECTOR_REQUESTS_MAX as usize;
        ensure!(self.exchanges.len() <= most, "exchanges: one try to deliver takes at most {most} requests");
        for (index, exchange) in self.exchanges.iter().enumerate() {
            exchange.check().with_context(|| format!("exchanges[{index}]"))?;
        }
        Ok(())
    }
}

impl Source {
    fn check(&self, folder: &Path) -> anyhow::Result<()> {
        for text in [&self.documentation, &self.recorded, &self.note].into_iter().flatten() {
            let fits = (1..=TEXT_BYTES_MAX).contains(&text.len());
            ensure!(fits, "source: each of its texts has 1 to {TEXT_BYTES_MAX} bytes");
        }
        let given = self.documentation.is_some() || self.recorded.is_some();
        ensure!(given, "source: give `documentation`, `recorded` or both: where can this be looked up?");
        if let Some(place) = &self.documentation {
            let found = place.starts_with("https://") || place.starts_with("http://") || folder.join(place).is_file();
            ensure!(found, "source.documentation: `{place}` is neither an address nor a file here");
        }
        if let Some(day) = &self.recorded {
            let is_day = day.len() == 10 && day.parse::<jiff::civil::Date>().is_ok();
            ensure!(is_day, "source.recorded: write the day as 2026-11-21, not `{day}`");
        }
        Ok(())
    }
}

impl Exchange {
    fn check(&self) -> anyhow::Result<()> {
        let Self { request, response } = self;
        ensure!(!request.method.is_empty() && !request.url.is_empty(), "request: give its `method` and its `url`");
        ensure!((100..=599).contains(&response.status), "response.status: {} is none of HTTP", response.status);
        for (part, headers, body) in
            [("request", &request.headers, &request.body), ("response", &response.headers, &response.body)]
        {
            ensure!(headers.len() <= HEADERS_MAX, "{part}.headers: has more than {HEADERS_MAX}");
            let bytes = body.as_ref().map_or(0, |body| body.bytes().len());
            ensure!(bytes <= BODY_BYTES_MAX, "{part}.body: has {bytes} bytes, more than {BODY_BYTES_MAX}");
        }
        Ok(())
    }
}

/// Every recording of a folder, by name.
pub fn read_all(folder: &Path, spec: &ConnectorSpec) -> anyhow::Result<Vec<Recording>> {
    let unreadable = || {
        format!("{} cannot be read: recordings are files exchanges/NAME.json; see the plugin guide", folder.display())
    };
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(folder).with_context(unreadable)? {
        let name = entry.with_context(unreadable)?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(".json").map(str::to_owned));
        ensure!(names.len() <= FILES_MAX, "{} holds more than {FILES_MAX} recordings", folder.display());
    }
    let recordings = names.into_iter().map(|name| read(folder, name, spec)).collect::<anyhow::Result<Vec<_>>>()?;
    ensure!(
        recordings.iter().any(Recording::is_sent),
        "{} holds no recording that ends in `sent`: record how a message is delivered, for the rules are derived from that",
        folder.display()
    );
    Ok(recordings)
}

fn read(folder: &Path, name: String, spec: &ConnectorSpec) -> anyhow::Result<Recording> {
    let file = folder.join(format!("{name}.json"));
    let unusable = || format!("{} cannot be used", file.display());
    let mut text = Vec::new();
    let opened = std::fs::File::open(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    opened.take(FILE_BYTES_MAX + 1).read_to_end(&mut text).with_context(unusable)?;
    if text.len() as u64 > FILE_BYTES_MAX {
        bail!("{} has more than {FILE_BYTES_MAX} bytes", file.display());
    }
    let recording: Recording = serde_json::from_slice(&text).with_context(unusable)?;
    recording.check(folder, spec).with_context(unusable)?;
    Ok(Recording { name, ..recording })
}

fn base64_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    STANDARD.decode(text).map_err(|problem| D::Error::custom(format!("no base 64: {problem}")))
}

fn empty_object() -> Value {
    Value::Object(JsonMap::new())
}

fn first() -> u32 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Recording, String> {
        let recording: Recording = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let spec = ConnectorSpec {
            channel: "post".to_owned(),
            addresses: vec!["*".to_owned()],
            egress: Vec::new(),
            secrets: Vec::new(),
            idempotent: false,
            rules: guanxi_domain::channel_rules::Rulebook::default(),
            poll: None,
            audience: None,
            opens: false,
        };
        recording.check(Path::new("."), &spec).map_err(|error| format!("{error:#}"))?;
        Ok(recording)
    }

    fn file(source: &str, exchanges: &str, outcome: &str) -> String {
        format!(
            r#"{{"source": {source}, "message": {{"id": "msg_1", "address": "user:1", "content": {{"text": "Hi"}}, "now": 7}},
            "exchanges": {exchanges}, "outcome": {outcome}}}"#
        )
    }

    const SOURCE: &str = r#"{"documentation": "https://example.com/api"}"#;

    #[test]
    fn bodies_and_outcomes_are_written_in_each_way() {
        let exchanges = r#"[{"request": {"method": "POST", "url": "https://a.example", "body": {"json": {"b": 1}}},
            "response": {"status": 200, "body": {"base64": "AP8="}, "at": 9}}]"#;
        let recording = parsed(&file(SOURCE, exchanges, r#"{"sent": null}"#)).expect("a recording");
        let reply = recording.reply(0).expect("a reply");
        assert_eq!((reply.response.body, reply.at), (vec![0, 255], 9));
        assert_eq!(recording.outcome, Expected::Sent(None));
        for (outcome, expected) in [
            (r#""refresh-session""#, Expected::RefreshSession),
            (r#"{"retry-after": 30}"#, Expected::RetryAfter(30)),
            (r#"{"quota-exhausted": 99}"#, Expected::QuotaExhausted(99)),
            (r#""window-closed""#, Expected::WindowClosed),
            (r#"{"recipient-gone": "410"}"#, Expected::RecipientGone("410".to_owned())),
            (r#"{"rejected": ""}"#, Expected::Rejected(String::new())),
        ] {
            assert_eq!(parsed(&file(SOURCE, "[]", outcome)).expect("a recording").outcome, expected);
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let sent = r#"{"sent": null}"#;
        let exchange = |response: &str| {
            format!(r#"[{{"request": {{"method": "GET", "url": "https://a.example"}}, "response": {response}}}]"#)
        };
        for (text, words) in [
            (file("{}", "[]", sent), "source: give `documentation`"),
            (file(r#"{"documentation": "nowhere.md"}"#, "[]", sent), "`nowhere.md` is neither"),
            (file(r#"{"recorded": "yesterday"}"#, "[]", sent), "source.recorded: write the day"),
            (file(SOURCE, "[]", r#"{"lost": null}"#), "unknown variant `lost`"),
            (file(SOURCE, &exchange(r#"{"status": 200, "sauce": 1}"#), sent), "unknown field `sauce`"),
            (file(SOURCE, &exchange(r#"{"status": 200, "body": {"base64": "?"}}"#), sent), "no base 64"),
            (file(SOURCE, &exchange(r#"{"status": 99}"#), sent), "exchanges[0]: response.status: 99"),
        ] {
            let told = parsed(&text).err().expect("a problem");
            assert!(told.contains(words), "{told}");
        }
        let nine = format!("[{}]", [exchange(r#"{"status": 200}"#).trim_matches(['[', ']']); 9].join(","));
        assert!(parsed(&file(SOURCE, &nine, sent)).err().expect("too many").contains("at most 8 requests"));
    }
}
