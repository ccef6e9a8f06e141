//! One brand on a host, with what a brand does all day: install plugins, send events, look at people.

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::environment;
use crate::host::Host;
use crate::sink::Sink;
use crate::wait::eventually;

/// A secret of Standard Webhooks for [`Tenant::install_webhook`].
pub const WEBHOOK_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A tenant with a token that may do everything in it and a write key.
#[derive(Clone)]
pub struct Tenant {
    pub slug: String,
    /// Reads and manages; paths are below `/api/v1/tenants/{slug}`.
    pub api: Client,
    /// Sends events; paths are the host's.
    pub ingest: Client,
    operator: Client,
}

impl Tenant {
    pub(crate) async fn create(host: &Host, slug: &str) -> Self {
        let operator = host.operator();
        operator.post("/api/v1/tenants", &json!({"slug": slug, "name": slug})).await.expect(201);
        let here = format!("/api/v1/tenants/{slug}");
        let mut tokens = Vec::new();
        for scopes in [json!(["read", "manage"]), json!(["ingest"])] {
            let wish = json!({"name": "tests", "scopes": scopes});
            let token = operator.post(&format!("{here}/tokens"), &wish).await.expect(201);
            tokens.push(token["token"].as_str().expect("a secret").to_owned());
        }
        Self {
            slug: slug.to_owned(),
            api: operator.below(&here).with_token(&tokens[0]),
            ingest: operator.with_token(&tokens[1]),
            operator,
        }
    }

    /// The same tenant after its host started again elsewhere.
    #[must_use]
    pub fn on(&self, host: &Host) -> Self {
        let client = |old: &Client| host.stranger().with_token(old.token().unwrap_or_default());
        Self {
            slug: self.slug.clone(),
            api: client(&self.api).below(&format!("/api/v1/tenants/{}", self.slug)),
            ingest: client(&self.ingest),
            operator: host.operator(),
        }
    }

    /// The write key.
    pub fn write_key(&self) -> &str {
        self.ingest.token().expect("a write key")
    }

    /// Switches a first-party plugin on under its own name, with everything it asks for.
    pub async fn install(&self, name: &str, config: Value) -> Value {
        self.install_component(name, environment::plugin(name), config, json!({})).await
    }

    /// Uploads a component and switches it on as `name`, with everything it asks for.
    pub async fn install_component(&self, name: &str, component: Vec<u8>, config: Value, secrets: Value) -> Value {
        let plugin = self.upload(component).await;
        let wish = json!({
            "plugin": plugin["name"], "version": plugin["version"], "mode": "live",
            "config": config, "grants": "requested", "secrets": secrets,
        });
        self.api.put(&format!("/installations/{name}"), &wish).await.expect(200)
    }

    /// Puts a component into the host's library; the same bytes may be there already.
    pub async fn upload(&self, component: Vec<u8>) -> Value {
        self.operator.post_bytes("/api/v1/plugins", "application/wasm", component).await.expect(201)
    }

    /// Switches the webhook connector on, which sends to `sink` and signs with [`WEBHOOK_SECRET`].
    pub async fn install_webhook(&self, sink: &Sink) -> Value {
        let secrets = json!({"signing-key": WEBHOOK_SECRET});
        self.install_component("webhook", environment::plugin("webhook"), json!({"url": sink.url()}), secrets).await
    }

    /// Sends one Segment call, such as `track`.
    pub async fn call(&self, call: &str, body: &Value) -> Answer {
        self.ingest.post(&format!("/v1/{call}"), body).await
    }

    /// Sends a batch that must be taken as a whole or in part; returns the receipt.
    pub async fn batch(&self, messages: &[Value]) -> Value {
        self.call("batch", &json!({"batch": messages})).await.expect(202)
    }

    /// Sends CloudEvents as the content type says.
    pub async fn cloudevents(&self, content_type: &str, body: &Value) -> Answer {
        let request = self.ingest.request(Method::POST, "/v1/events").header(CONTENT_TYPE, content_type);
        crate::client::finish(request.body(body.to_string())).await
    }

    /// The person who has this identity, `kind:value`, as the list shows it.
    pub async fn find(&self, identity: &str) -> Option<Value> {
        let path = format!("/people?identity={}", encode(identity));
        let page = self.api.get(&path).await.expect(200);
        page["items"].as_array().expect("items").first().cloned()
    }

    /// The same in full, once `holds` of it.
    pub async fn person(&self, identity: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let looked = eventually(identity, async || {
            let found = self.find(identity).await?;
            let id = found["id"].as_str().expect("an id").to_owned();
            last = self.api.get(&format!("/people/{id}")).await.expect(200);
            Some(last.clone()).filter(&holds)
        });
        looked.await
    }

    /// Every item of a list of this tenant, such as `/events`.
    pub async fn list(&self, path: &str) -> Vec<Value> {
        self.api.all(path, 200).await
    }

    /// Waits until a list has at least `count` items that are `wanted`, and returns those.
    pub async fn wait_for(&self, path: &str, count: usize, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        eventually(&format!("{count} in {path}"), async || {
            let items: Vec<Value> = self.list(path).await.into_iter().filter(|item| wanted(item)).collect();
            (items.len() >= count).then_some(items)
        })
        .await
    }
}

/// A value as a part of a query.
pub fn encode(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}
