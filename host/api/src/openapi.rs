//! The OpenAPI 3.1 document. It is collected from the handlers; what all of them have in common is added here.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::IntoResponse;
use bytes::Bytes;
use guanxi_domain::caller::Scope;
use utoipa::OpenApi as _;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::ObjectBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, HttpMethod, Object, OpenApi, Ref, RefOr, ResponseBuilder, Type};

use crate::problem::{CONTENT_TYPE, Document};

/// The calls that `/v1/{call}` takes.
const CALLS: [&str; 7] = ["identify", "track", "page", "screen", "group", "alias", "batch"];

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Guanxi",
        description = "Multi-tenant social CRM whose campaign logic, scorers and connectors are sandboxed WebAssembly \
                       components. Times are milliseconds since the Unix epoch, money is minor units. Lists are paged: \
                       `next` of a page is the `cursor` of the following one.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(Document)),
    tags(
        (name = "ingest", description = "Events come in"),
        (name = "tenants", description = "Brands on this host"),
        (name = "tokens", description = "API tokens and write keys"),
        (name = "plugins", description = "The host's library of plugins"),
        (name = "installations", description = "Plugins of one tenant"),
        (name = "candidates", description = "What is tried beside an installation"),
        (name = "usage", description = "What plugins cost"),
        (name = "people", description = "People of one tenant"),
        (name = "relations", description = "Who knows whom"),
        (name = "imports", description = "Files of people, orders and relations"),
        (name = "segments", description = "Who is meant: people by what they are and do"),
        (name = "audiences", description = "Segments on advertising channels"),
        (name = "insight", description = "What people are like, all of them or some"),
        (name = "events", description = "What happened"),
        (name = "decisions", description = "What was decided, and why"),
        (name = "backtests", description = "What would have been decided"),
        (name = "messages", description = "What was sent"),
        (name = "channels", description = "How messages leave, and what can be tried out on it"),
        (name = "media", description = "Pictures, recordings and films for channels to fetch"),
        (name = "contents", description = "What is said more than once"),
        (name = "webhooks", description = "Who is told what becomes of the tenant"),
        (name = "dead letters", description = "Events that could not be processed"),
        (name = "health", description = "Is it alive, can it serve?"),
    ),
)]
struct Base;

/// One operation of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// `GET`, `POST` …
    pub method: &'static str,
    /// With parameters in braces: `/api/v1/tenants/{tenant}/people`.
    pub path: String,
    /// Who may.
    pub access: Access,
}

/// What a caller needs for a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    Public,
    /// Any valid token.
    Token,
    /// A token with this scope in the tenant.
    Scope(Scope),
    /// An operator's token.
    Operator,
}

/// Every route that the document describes, sorted by path.
pub fn routes() -> Vec<Route> {
    let mut routes = Vec::new();
    for (path, item) in &document().paths.paths {
        for (method, operation) in operations(item) {
            routes.push(Route { method, path: path.clone(), access: access(operation) });
        }
    }
    routes
}

/// The document; made once.
pub fn document() -> &'static OpenApi {
    static DOCUMENT: LazyLock<OpenApi> = LazyLock::new(|| finish(crate::described().into_openapi()));
    &DOCUMENT
}

/// `GET /openapi.json`.
pub(crate) async fn serve() -> impl IntoResponse {
    static TEXT: LazyLock<Bytes> = LazyLock::new(|| match document().to_json() {
        Ok(text) => text.into(),
        Err(error) => {
            tracing::error!(%error, "the OpenAPI document is no JSON");
            Bytes::new()
        }
    });
    ([(header::CONTENT_TYPE, "application/json")], TEXT.clone())
}

fn finish(collected: OpenApi) -> OpenApi {
    let mut api = Base::openapi();
    api.merge(collected);
    name_the_calls(&mut api);
    for (path, item) in &mut api.paths.paths {
        let managed = path.starts_with("/api/");
        for operation in [&mut item.post, &mut item.put, &mut item.patch].into_iter().flatten().filter(|_| managed) {
            operation.parameters.get_or_insert_default().push(RefOr::T(idempotency_key()));
        }
        let all = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in all.into_iter().flatten() {
            operation.responses.responses.insert("default".to_owned(), Ref::from_response_name("Problem").into());
        }
    }
    let components = api.components.get_or_insert_default();
    let problem = ResponseBuilder::new()
        .description("Why it was not done, as RFC 9457 says")
        .content(CONTENT_TYPE, ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build())
        .header(
            "Retry-After",
            HeaderBuilder::new()
                .schema(Some(Object::with_type(Type::Integer)))
                .description(Some("Seconds to wait"))
                .build(),
        )
        .build();
    components.responses.insert("Problem".to_owned(), problem.into());
    for (name, scheme, description) in [
        ("token", HttpAuthScheme::Bearer, "An API token; operations name the scope it needs"),
        ("write_key", HttpAuthScheme::Basic, "A token of scope `ingest` as user name, without a password"),
    ] {
        let http = HttpBuilder::new().scheme(scheme).description(Some(description)).build();
        components.add_security_scheme(name, SecurityScheme::Http(http));
    }
    api
}

/// One path for each call says more than one with a parameter.
fn name_the_calls(api: &mut OpenApi) {
    let Some(template) = api.paths.paths.remove("/v1/{call}").and_then(|item| item.post) else { return };
    for call in CALLS {
        let mut operation = template.clone();
        operation.operation_id = Some(call.to_owned());
        operation.summary = Some(format!("Take a Segment-style `{call}`"));
        operation.parameters = None;
        let item = PathItem::new(HttpMethod::Post, operation);
        api.paths.paths.insert(format!("/v1/{call}"), item);
    }
}

fn idempotency_key() -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255)).build();
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .description(Some(
            "Chosen by the client, one for each write. The same write under the same key is done once; for a day a \
             repetition gets the first answer again, with `Idempotent-Replayed: true`.",
        ))
        .schema(Some(schema))
        .build()
}

fn operations(item: &PathItem) -> impl Iterator<Item = (&'static str, &Operation)> {
    let all = [
        ("GET", &item.get),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ];
    all.into_iter().filter_map(|(method, operation)| operation.as_ref().map(|operation| (method, operation)))
}

fn access(operation: &Operation) -> Access {
    let Some(requirement) = operation.security.iter().flatten().next() else { return Access::Public };
    // The names inside a requirement are only readable in its JSON.
    let json = serde_json::to_value(requirement).unwrap_or_default();
    let scope = json.as_object().and_then(|map| map.values().next()).and_then(|scopes| scopes.get(0)?.as_str());
    match scope {
        Some("operator") => Access::Operator,
        Some("ingest") => Access::Scope(Scope::Ingest),
        Some("read") => Access::Scope(Scope::Read),
        Some("install") => Access::Scope(Scope::Install),
        Some("manage") => Access::Scope(Scope::Manage),
        _ => Access::Token,
    }
}
