//! The document and what all routes have in common; whole stories are told in `tests/e2e`.

use axum::body::Body;
use axum::http::Request;
use serde_json::Value;
use tower::ServiceExt;

use super::*;

#[test]
fn the_document_describes_every_route() {
    let lines: Vec<String> =
        routes().into_iter().map(|route| format!("{} {} {:?}", route.method, route.path, route.access)).collect();
    let expected = "\
GET /api/v1/plugins Token
POST /api/v1/plugins Operator
POST /api/v1/plugins/pull Operator
GET /api/v1/plugins/{name}/allowance Token
PUT /api/v1/plugins/{name}/allowance Operator
DELETE /api/v1/plugins/{name}/allowance Operator
GET /api/v1/plugins/{name}/{version} Token
PUT /api/v1/plugins/{name}/{version}/yank Operator
DELETE /api/v1/plugins/{name}/{version}/yank Operator
GET /api/v1/publishers Token
PUT /api/v1/publishers/{name} Operator
POST /api/v1/publishers/{name}/revoke Operator
GET /api/v1/tenants Token
POST /api/v1/tenants Operator
GET /api/v1/tenants/{tenant} Scope(Read)
GET /api/v1/tenants/{tenant}/audiences Scope(Read)
GET /api/v1/tenants/{tenant}/audiences/{name} Scope(Read)
PUT /api/v1/tenants/{tenant}/audiences/{name} Scope(Manage)
DELETE /api/v1/tenants/{tenant}/audiences/{name} Scope(Manage)
POST /api/v1/tenants/{tenant}/audiences/{name}/sync Scope(Manage)
GET /api/v1/tenants/{tenant}/backtests Scope(Read)
POST /api/v1/tenants/{tenant}/backtests Scope(Manage)
GET /api/v1/tenants/{tenant}/backtests/{id} Scope(Read)
POST /api/v1/tenants/{tenant}/backtests/{id}/stop Scope(Manage)
GET /api/v1/tenants/{tenant}/channels Scope(Read)
GET /api/v1/tenants/{tenant}/contents Scope(Read)
POST /api/v1/tenants/{tenant}/contents/preview Scope(Manage)
GET /api/v1/tenants/{tenant}/contents/{name} Scope(Read)
PUT /api/v1/tenants/{tenant}/contents/{name} Scope(Manage)
DELETE /api/v1/tenants/{tenant}/contents/{name} Scope(Manage)
GET /api/v1/tenants/{tenant}/dead-letters Scope(Read)
POST /api/v1/tenants/{tenant}/dead-letters/{position}/retry Scope(Manage)
GET /api/v1/tenants/{tenant}/decisions Scope(Read)
GET /api/v1/tenants/{tenant}/decisions/{id} Scope(Read)
POST /api/v1/tenants/{tenant}/decisions/{id}/replay Scope(Read)
GET /api/v1/tenants/{tenant}/erasures Scope(Manage)
GET /api/v1/tenants/{tenant}/erasures/{id} Scope(Manage)
GET /api/v1/tenants/{tenant}/events Scope(Read)
GET /api/v1/tenants/{tenant}/import-mappings Scope(Read)
PUT /api/v1/tenants/{tenant}/import-mappings/{name} Scope(Manage)
DELETE /api/v1/tenants/{tenant}/import-mappings/{name} Scope(Manage)
GET /api/v1/tenants/{tenant}/import-presets Scope(Read)
GET /api/v1/tenants/{tenant}/imports Scope(Read)
POST /api/v1/tenants/{tenant}/imports Scope(Manage)
GET /api/v1/tenants/{tenant}/imports/{id} Scope(Read)
DELETE /api/v1/tenants/{tenant}/imports/{id} Scope(Manage)
PUT /api/v1/tenants/{tenant}/imports/{id}/mapping Scope(Manage)
GET /api/v1/tenants/{tenant}/imports/{id}/preview Scope(Read)
GET /api/v1/tenants/{tenant}/imports/{id}/report Scope(Read)
POST /api/v1/tenants/{tenant}/imports/{id}/start Scope(Manage)
POST /api/v1/tenants/{tenant}/imports/{id}/stop Scope(Manage)
GET /api/v1/tenants/{tenant}/insight Scope(Read)
GET /api/v1/tenants/{tenant}/installations Scope(Read)
GET /api/v1/tenants/{tenant}/installations/{name} Scope(Read)
PUT /api/v1/tenants/{tenant}/installations/{name} Scope(Install)
GET /api/v1/tenants/{tenant}/installations/{name}/callbacks Scope(Read)
GET /api/v1/tenants/{tenant}/installations/{name}/candidate Scope(Read)
PUT /api/v1/tenants/{tenant}/installations/{name}/candidate Scope(Manage)
POST /api/v1/tenants/{tenant}/installations/{name}/candidate/promote Scope(Manage)
POST /api/v1/tenants/{tenant}/installations/{name}/candidate/stop Scope(Manage)
POST /api/v1/tenants/{tenant}/installations/{name}/check-session Scope(Manage)
GET /api/v1/tenants/{tenant}/installations/{name}/logs Scope(Read)
GET /api/v1/tenants/{tenant}/installations/{name}/poll Scope(Read)
POST /api/v1/tenants/{tenant}/installations/{name}/poll Scope(Manage)
POST /api/v1/tenants/{tenant}/installations/{name}/poll/reset Scope(Manage)
POST /api/v1/tenants/{tenant}/installations/{name}/test-message Scope(Manage)
GET /api/v1/tenants/{tenant}/installations/{name}/test-messages Scope(Manage)
POST /api/v1/tenants/{tenant}/installations/{name}/upgrade/approve Scope(Manage)
POST /api/v1/tenants/{tenant}/installations/{name}/upgrade/refuse Scope(Manage)
GET /api/v1/tenants/{tenant}/live Scope(Read)
GET /api/v1/tenants/{tenant}/media Scope(Read)
PUT /api/v1/tenants/{tenant}/media/{name} Scope(Manage)
DELETE /api/v1/tenants/{tenant}/media/{name} Scope(Manage)
GET /api/v1/tenants/{tenant}/messages Scope(Read)
POST /api/v1/tenants/{tenant}/messages/cancel Scope(Manage)
GET /api/v1/tenants/{tenant}/messages/rates Scope(Read)
POST /api/v1/tenants/{tenant}/messages/retry Scope(Manage)
GET /api/v1/tenants/{tenant}/messages/{id} Scope(Read)
POST /api/v1/tenants/{tenant}/messages/{id}/cancel Scope(Manage)
POST /api/v1/tenants/{tenant}/messages/{id}/retry Scope(Manage)
GET /api/v1/tenants/{tenant}/people Scope(Read)
GET /api/v1/tenants/{tenant}/people.csv Scope(Read)
POST /api/v1/tenants/{tenant}/people/tags Scope(Manage)
GET /api/v1/tenants/{tenant}/people/{id} Scope(Read)
PATCH /api/v1/tenants/{tenant}/people/{id} Scope(Manage)
GET /api/v1/tenants/{tenant}/people/{id}/campaigns Scope(Read)
GET /api/v1/tenants/{tenant}/people/{id}/common Scope(Read)
GET /api/v1/tenants/{tenant}/people/{id}/consents Scope(Read)
POST /api/v1/tenants/{tenant}/people/{id}/consents Scope(Manage)
POST /api/v1/tenants/{tenant}/people/{id}/erase Scope(Manage)
GET /api/v1/tenants/{tenant}/people/{id}/export Scope(Manage)
GET /api/v1/tenants/{tenant}/people/{id}/identities Scope(Read)
POST /api/v1/tenants/{tenant}/people/{id}/identities Scope(Manage)
GET /api/v1/tenants/{tenant}/people/{id}/insight Scope(Read)
POST /api/v1/tenants/{tenant}/people/{id}/merge Scope(Manage)
GET /api/v1/tenants/{tenant}/people/{id}/path Scope(Read)
GET /api/v1/tenants/{tenant}/people/{id}/reach Scope(Read)
GET /api/v1/tenants/{tenant}/people/{id}/relations Scope(Read)
GET /api/v1/tenants/{tenant}/people/{id}/scores Scope(Read)
GET /api/v1/tenants/{tenant}/people/{id}/segments Scope(Read)
POST /api/v1/tenants/{tenant}/people/{id}/split Scope(Manage)
GET /api/v1/tenants/{tenant}/people/{id}/timeline Scope(Read)
GET /api/v1/tenants/{tenant}/quota Scope(Read)
PUT /api/v1/tenants/{tenant}/quota Operator
POST /api/v1/tenants/{tenant}/relations Scope(Manage)
GET /api/v1/tenants/{tenant}/reviews Scope(Read)
GET /api/v1/tenants/{tenant}/segments Scope(Read)
POST /api/v1/tenants/{tenant}/segments/preview Scope(Read)
GET /api/v1/tenants/{tenant}/segments/schema Scope(Read)
GET /api/v1/tenants/{tenant}/segments/{name} Scope(Read)
PUT /api/v1/tenants/{tenant}/segments/{name} Scope(Manage)
DELETE /api/v1/tenants/{tenant}/segments/{name} Scope(Manage)
GET /api/v1/tenants/{tenant}/segments/{name}/insight Scope(Read)
GET /api/v1/tenants/{tenant}/segments/{name}/people Scope(Read)
GET /api/v1/tenants/{tenant}/settings Scope(Read)
PUT /api/v1/tenants/{tenant}/settings Scope(Manage)
GET /api/v1/tenants/{tenant}/tokens Scope(Manage)
POST /api/v1/tenants/{tenant}/tokens Scope(Manage)
DELETE /api/v1/tenants/{tenant}/tokens/{id} Scope(Manage)
GET /api/v1/tenants/{tenant}/undelivered Scope(Read)
GET /api/v1/tenants/{tenant}/usage Scope(Read)
GET /api/v1/tenants/{tenant}/webhooks Scope(Manage)
POST /api/v1/tenants/{tenant}/webhooks Scope(Manage)
GET /api/v1/tenants/{tenant}/webhooks/{id} Scope(Manage)
PUT /api/v1/tenants/{tenant}/webhooks/{id} Scope(Manage)
DELETE /api/v1/tenants/{tenant}/webhooks/{id} Scope(Manage)
GET /api/v1/tenants/{tenant}/webhooks/{id}/deliveries Scope(Manage)
POST /api/v1/tenants/{tenant}/webhooks/{id}/retry Scope(Manage)
POST /api/v1/tenants/{tenant}/webhooks/{id}/rotate Scope(Manage)
POST /api/v1/tenants/{tenant}/webhooks/{id}/test Scope(Manage)
GET /api/v1/usage Operator
GET /healthz Public
GET /readyz Public
POST /v1/alias Scope(Ingest)
POST /v1/batch Scope(Ingest)
POST /v1/events Scope(Ingest)
POST /v1/group Scope(Ingest)
POST /v1/identify Scope(Ingest)
POST /v1/page Scope(Ingest)
POST /v1/screen Scope(Ingest)
POST /v1/track Scope(Ingest)";
    assert_eq!(lines, expected.lines().collect::<Vec<_>>());
}

#[test]
fn the_document_is_complete() {
    let json = serde_json::to_value(document()).unwrap();
    assert_eq!(json["openapi"], "3.1.0");
    let text = json.to_string();
    for pointer in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(json.pointer(pointer).is_some(), "{pointer} leads nowhere");
    }
    for (path, item) in json["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(operation["responses"]["default"].is_object(), "{method} {path}");
            let names = path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
            for name in names {
                let parameters = operation["parameters"].as_array().unwrap();
                assert!(parameters.iter().any(|p| p["name"] == name && p["in"] == "path"), "{method} {path} {name}");
            }
            let keyed =
                operation["parameters"].as_array().into_iter().flatten().any(|p| p["name"] == "Idempotency-Key");
            assert_eq!(
                keyed,
                path.starts_with("/api/") && matches!(method.as_str(), "post" | "put" | "patch"),
                "{method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up() {
    let router: Router = Router::new()
        .route("/", get(std::future::pending::<()>))
        .layer(from_fn(|request, next| within(Duration::from_millis(1), request, next)));
    let response = router.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 408);
    let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
    let problem: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(problem["type"], "urn:guanxi:problem:timeout");
}

/// The names of an object's members, by a value and by its description in the document.
fn check_members(schema: &str, value: &Value) {
    let document = serde_json::to_value(document()).unwrap();
    let described = &document["components"]["schemas"][schema]["properties"];
    let members =
        |object: &Value| object.as_object().unwrap().keys().cloned().collect::<std::collections::BTreeSet<_>>();
    assert_eq!(members(described), members(value), "{schema}");
}

#[test]
fn portraits_are_described_as_they_are() {
    use guanxi_domain::insight::{
        AddressShare, Channel, ChannelShare, Clock, Concern, Count, DimensionShare, Portrait,
    };
    use guanxi_domain::insight::{Share, TagShare};
    let clock = Clock::named("UTC").unwrap();
    let counted: Portrait = Count::new(0, &[Channel::default()]).portrait(&clock);
    let portrait = serde_json::to_value(counted).unwrap();
    check_members("Portrait", &portrait);
    check_members("Distribution", &portrait["ages"]);
    check_members("Purchases", &portrait["purchases"]);
    check_members("BandShare", &portrait["bands"][0]);
    check_members("ChannelShare", &serde_json::to_value(ChannelShare::default()).unwrap());
    check_members("AddressShare", &serde_json::to_value(AddressShare::default()).unwrap());
    check_members("Share", &serde_json::to_value(Share::default()).unwrap());
    check_members("DimensionShare", &serde_json::to_value(DimensionShare::default()).unwrap());
    check_members("TagShare", &serde_json::to_value(TagShare::default()).unwrap());
    check_members("Concern", &serde_json::to_value(Concern::default()).unwrap());
}
