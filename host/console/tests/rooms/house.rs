//! A house with two tenants, people, a plugin and what it decided; and a browser to walk through it.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use guanxi_app::{Ambient, App, Door, GrantsInput, IngestLimits, InstallationInput, Vault};
use guanxi_console::{ConsoleOptions, router};
use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::event::{EventBody, NewEvent};
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::{DecisionId, EventId, InstallationId, MessageId, PersonId, new_uuid};
use guanxi_domain::installation::Mode;
use guanxi_domain::message::{Message, MessageClass, MessageStatus, Told};
use guanxi_domain::person::{Facts, HeldTag, Link, LinkState, Person, Score, Stage, Tag};
use guanxi_domain::tenant::TenantId;
use guanxi_store::{
    DecisionRow, LinkRow, OrderRow, PluginRow, Scope as Rows, Store, StoreOptions, TagRow, TimelineRow, Work,
};
use http::{Request, Response, header};
use serde_json::json;
use tower::ServiceExt;

pub const NOW: i64 = 1_790_000_000_000;
pub const OPERATOR: &str = "an-operator-token-of-the-test";
/// A name as only an attacker has it.
pub const EVIL: &str = "<script>alert(1)</script>阿达";
const DIGEST: &str = "7777777777777777777777777777777777777777777777777777777777777777";

const MANIFEST: &str = r#"
contract = "0.1.0"
name = "value"
version = "1.2.0"
title = { en = "Value <b>", zh = "价值" }
summary = { en = "Values people.", zh = "评估客户价值。" }
[scorer]
events = ["*"]
inputs = [{ name = "revenue", type = "integer", purpose = "what was spent" }]
[[scorer.scores]]
name = "value"
title = { en = "Social value", zh = "社交价值" }
formula = { en = "a + b", zh = "甲 + 乙" }
terms = [{ name = "bought", title = { en = "Purchases", zh = "消费" } }, { name = "cost", title = { en = "Cost", zh = "成本" } }]
[campaign]
events = ["Order Completed"]
operations = ["send"]
[connector]
channel = "webhook"
addresses = ["*"]
secrets = [{ name = "signing-key", format = "text", title = { en = "Signing key", zh = "签名密钥" } }]
"#;

pub struct House {
    pub app: App,
    pub router: Router,
    pub person: PersonId,
    pub other: PersonId,
    pub decision: DecisionId,
    pub message: MessageId,
    pub tea: TenantId,
    _directory: tempfile::TempDir,
}

impl House {
    pub async fn build() -> Self {
        Self::build_with(ConsoleOptions::default()).await
    }

    pub async fn build_with(options: ConsoleOptions) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}?mode=rwc", directory.path().join("house.db").display());
        let store = Store::open(&url, &StoreOptions::default()).await.unwrap();
        store.migrate().await.unwrap();
        let number = AtomicU64::new(1);
        let ambient = Ambient::new(
            || NOW,
            move |bytes: &mut [u8]| {
                let next = number.fetch_add(1, Ordering::Relaxed).to_le_bytes();
                bytes.iter_mut().zip(next.iter().cycle()).for_each(|(slot, byte)| *slot = *byte);
            },
        );
        let (app, _appender) = App::new(store, ambient, Vault::new([7; 32]), Door::closed(), IngestLimits::default());
        app.ensure_operator(Some(OPERATOR)).await.unwrap();
        let operator = app.authenticate(OPERATOR).await.unwrap();
        let tea = app.create_tenant(&operator, "tea", "Tea & Co").await.unwrap().id;
        let silk = app.create_tenant(&operator, "silk", "Silk").await.unwrap().id;
        install(&app, &operator).await;
        let installation = app.installation(&operator, "tea", "value").await.unwrap().installation.id;
        let (person, decision, message) = move_in(&app, tea, installation).await;
        let other = stranger(&app, silk).await;
        let router = router(app.clone(), options);
        Self { app, router, person, other, decision, message, tea, _directory: directory }
    }

    /// A browser that is signed in with a fresh token of the tenant.
    pub async fn browser(&self, slug: &str, scopes: &[Scope]) -> Browser {
        let operator = self.app.authenticate(OPERATOR).await.unwrap();
        let token = self.app.create_token(&operator, slug, "test", scopes).await.unwrap().secret;
        self.sign_in(&token).await
    }

    /// Puts one more version of the plugin into the library, in whose manifest these words stand for others.
    pub async fn shelve(&self, version: &str, words: &[(&str, &str)]) {
        let manifest = MANIFEST.replace("1.2.0", version);
        let manifest = words.iter().fold(manifest, |manifest, (from, to)| manifest.replace(from, to));
        let digest = format!("{:0>64}", version.replace('.', ""));
        let mut work = self.app.store().begin(Rows::Host).await.unwrap();
        work.insert_plugin(&package(version, digest, manifest), b"component, other").await.unwrap();
        work.commit().await.unwrap();
    }

    pub async fn sign_in(&self, token: &str) -> Browser {
        let mut browser = Browser::new(self);
        let answer = browser.post("/console/sign-in", &[("token", token)]).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        let cookie = answer.header("set-cookie");
        browser.cookies = cookie.split(';').next().unwrap().to_owned();
        browser
    }
}

pub struct Browser {
    router: Router,
    pub cookies: String,
    pub language: &'static str,
    pub headers: Vec<(&'static str, &'static str)>,
}

pub struct Answer {
    pub status: u16,
    pub body: String,
    response: Response<()>,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.response.headers().get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    #[track_caller]
    pub fn says(&self, expected: &[&str]) {
        for text in expected {
            assert!(self.body.contains(text), "`{text}` is not in:\n{}", self.body);
        }
    }
}

impl Browser {
    pub fn new(house: &House) -> Self {
        Self { router: house.router.clone(), cookies: String::new(), language: "en", headers: Vec::new() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        answer(self.open(path).await).await
    }

    pub async fn open(&self, path: &str) -> Response<Body> {
        self.send(Request::get(path), Body::empty()).await
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let plain =
            |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let form: Vec<String> = form.iter().map(|(name, value)| format!("{name}={}", plain(value))).collect();
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        answer(self.send(request, Body::from(form.join("&"))).await).await
    }

    /// Sends a form with a file as its last part, as browsers do.
    pub async fn upload(&self, path: &str, fields: &[(&str, &str)], file: &str) -> Answer {
        let part = |name: &str, value: &str| {
            format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let fields: String = fields.iter().map(|(name, value)| part(name, value)).collect();
        let file = part("file\"; filename=\"plugin.wasm", file);
        let request = Request::post(path).header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge");
        answer(self.send(request, Body::from(format!("{fields}{file}--edge--\r\n"))).await).await
    }

    /// The proof that pages of this session put into their forms.
    pub async fn proof(&self, slug: &str) -> String {
        let page = self.get(&format!("/console/t/{slug}/plugins")).await.body;
        let (_, rest) = page.split_once("name=\"csrf\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }

    async fn send(&self, request: http::request::Builder, body: Body) -> Response<Body> {
        let mut request = request.header(header::HOST, "crm.example").header(header::ACCEPT_LANGUAGE, self.language);
        for (name, value) in &self.headers {
            request = request.header(*name, *value);
        }
        let request = request.header(header::COOKIE, &self.cookies).body(body).unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }
}

async fn answer(response: Response<Body>) -> Answer {
    let (parts, body) = response.into_parts();
    let body = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
    Answer { status: parts.status.as_u16(), body, response: Response::from_parts(parts, ()) }
}

fn package(version: &str, digest: String, manifest: String) -> PluginRow {
    PluginRow {
        name: "value".to_owned(),
        version: version.to_owned(),
        digest,
        manifest,
        report: "{}".to_owned(),
        size: 0,
        created_at: NOW,
        publisher: Some("lantern".to_owned()),
        signer: Some("ed25519:key".to_owned()),
        source: "upload".to_owned(),
        yanked: None,
    }
}

async fn install(app: &App, operator: &Caller) {
    let row = package("1.2.0", DIGEST.to_owned(), MANIFEST.to_owned());
    let shelved = package("1.3.0", DIGEST.replace('7', "8"), MANIFEST.replace("1.2.0", "1.3.0"));
    let mut work = app.store().begin(Rows::Host).await.unwrap();
    work.insert_plugin(&row, b"component").await.unwrap();
    work.insert_plugin(&shelved, b"component, newer").await.unwrap();
    work.commit().await.unwrap();
    let input = InstallationInput {
        plugin: None,
        version: "1.2.0".to_owned(),
        mode: Mode::Live,
        config: json!({"greeting": "<i>hello</i>"}),
        grants: Some(GrantsInput::Requested),
        secrets: [("signing-key".to_owned(), Some("very-secret".to_owned()))].into(),
    };
    app.put_installation(operator, "tea", "value", input).await.unwrap();
    let off = InstallationInput {
        plugin: Some("value".to_owned()),
        version: "1.2.0".to_owned(),
        mode: Mode::Off,
        config: json!({}),
        grants: Some(GrantsInput::Requested),
        secrets: [].into(),
    };
    app.put_installation(operator, "tea", "no-key", off).await.unwrap();
}

async fn move_in(app: &App, tenant: TenantId, installation: InstallationId) -> (PersonId, DecisionId, MessageId) {
    let mut work = app.store().begin(Rows::Tenant(tenant)).await.unwrap();
    let person = person(app, EVIL, Stage::Customer);
    work.put_people(tenant, std::slice::from_ref(&person)).await.unwrap();
    let id = person.id;
    for number in 0..60 {
        let mut extra = self::person(app, &format!("Visitor {number}"), Stage::Prospect);
        // Older than the one the tests look at.
        extra.id = PersonId::from_uuid(new_uuid(NOW - 1_000 + number, [9; 10]));
        work.put_people(tenant, &[extra.clone()]).await.unwrap();
        work.put_scores(tenant, &[(extra.id, score(number as f64, installation))]).await.unwrap();
    }
    let identity: Identity = "email:ada@example.com".parse().unwrap();
    let link = Link {
        identity: identity.clone(),
        state: LinkState::Verified,
        source: "shop".to_owned(),
        confidence: 1.0,
        reason: None,
        changed_by: None,
        changed_at: NOW,
        first_position: 1,
        created_at: NOW,
    };
    work.put_links(tenant, &[LinkRow { person: id, link }]).await.unwrap();
    work.put_scores(tenant, &[(id, score(1234.5, installation))]).await.unwrap();
    let tag = Tag { dimension: "interest".to_owned(), name: "oolong".to_owned(), weight: 0.5 };
    let held = HeldTag { tag, source: "value".to_owned(), at: NOW, half_life: None };
    work.put_tags(tenant, &[TagRow { person: id, held }]).await.unwrap();
    let order = OrderRow {
        order_id: "A-1".to_owned(),
        person: id,
        amount: 123_456,
        refunded: 0,
        currency: Some("CNY".to_owned()),
        ordered_at: NOW,
        position: 1,
    };
    work.put_orders(tenant, &[order]).await.unwrap();
    let (decision, message) = happen(app, &mut work, tenant, id, installation, identity).await;
    work.commit().await.unwrap();
    (id, decision, message)
}

async fn happen(
    app: &App,
    work: &mut Work,
    tenant: TenantId,
    person: PersonId,
    installation: InstallationId,
    identity: Identity,
) -> (DecisionId, MessageId) {
    let events: Vec<NewEvent> = (0..30).map(|number| event(app, number, &identity)).collect();
    let appended = work.append(tenant, &events).await.unwrap();
    let place = |index: usize| appended[index].position.unwrap();
    let rows: Vec<TimelineRow> = (0..30)
        .map(|index| {
            let NewEvent { occurred_at, kind, .. } = events[index].clone();
            TimelineRow { person, occurred_at, position: place(index), kind }
        })
        .collect();
    work.add_timeline(tenant, &rows).await.unwrap();
    let decision = DecisionRow {
        // As the engine makes it: ordered by when the event came in.
        id: DecisionId::from_uuid(new_uuid(events[29].received_at, app.ambient().bytes())),
        installation,
        person,
        position: place(29),
        at: NOW,
        digest: DIGEST.to_owned(),
        config_hash: "c0ffee".to_owned(),
        outcome: "acted".to_owned(),
        operations: json!([{"do": "send", "content": {"inline": {"text": "Thank you & <b>bye</b>"}}, "outcome": "done"},
                           {"do": "add-tag", "dimension": "a", "name": "b", "weight": 1.0, "outcome": "refused", "refusal": "not granted"}])
        .to_string(),
        reasons: json!(["because <of> that"]).to_string(),
        log: json!([{"level": "info", "line": "thinking"}]).to_string(),
        input: json!({"now": NOW}).to_string(),
        seed: 42,
        fuel: 1_234_567,
        call: None,
        shadow: false,
    };
    work.insert_decisions(tenant, std::slice::from_ref(&decision)).await.unwrap();
    let message = Message {
        id: MessageId::from_uuid(app.ambient().uuid()),
        person,
        connector: installation,
        decision: decision.id,
        channel: "webhook".to_owned(),
        address: identity.to_string(),
        content: json!({"text": "Thank you & <b>bye</b>"}).as_object().unwrap().clone(),
        class: MessageClass::Transactional,
        purpose: "service".to_owned(),
        status: MessageStatus::Queued,
        reason: None,
        channel_id: None,
        created_at: NOW,
        not_before: NOW,
        expires_at: None,
        attempts: 0,
        depth: 0,
        updated_at: NOW,
        told: Told::default(),
    };
    work.insert_messages(tenant, std::slice::from_ref(&message)).await.unwrap();
    (decision.id, message.id)
}

async fn stranger(app: &App, tenant: TenantId) -> PersonId {
    let mut work = app.store().begin(Rows::Tenant(tenant)).await.unwrap();
    let person = person(app, "Stranger", Stage::Fan);
    work.put_people(tenant, std::slice::from_ref(&person)).await.unwrap();
    work.commit().await.unwrap();
    person.id
}

fn person(app: &App, name: &str, stage: Stage) -> Person {
    static NUMBERS: AtomicU32 = AtomicU32::new(1);
    let mut person = Person::new(PersonId::from_uuid(app.ambient().uuid()), NOW);
    person.number = NUMBERS.fetch_add(1, Ordering::Relaxed);
    person.stage = stage;
    person.attributes = json!({"name": name, "city": "杭州"}).as_object().unwrap().clone();
    person.facts = Facts {
        event_count: 30,
        order_count: 1,
        revenue: 123_456,
        first_seen: NOW - 1_000,
        last_seen: NOW,
        last_order_at: 0,
    };
    person
}

fn score(value: f64, installation: InstallationId) -> Score {
    let terms = vec![("bought".to_owned(), 1500.0), ("cost".to_owned(), -500.0)];
    Score { name: "value".to_owned(), value, terms, installation, at: NOW }
}

fn event(app: &App, number: i64, identity: &Identity) -> NewEvent {
    NewEvent {
        id: EventId::from_uuid(app.ambient().uuid()),
        message_id: format!("m{number}"),
        kind: if number == 29 { "Order Completed" } else { "page" }.to_owned(),
        occurred_at: NOW - 100 + number,
        received_at: NOW - 100 + number,
        body: EventBody {
            identities: vec![identity.clone()],
            touchpoint: Some(format!("/page/{number}")),
            properties: json!({"note": "</pre><script>", "title": "a <gist>"}).as_object().unwrap().clone(),
            ..EventBody::default()
        },
    }
}
