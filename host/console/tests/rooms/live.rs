//! The live stream: own items only, nothing missed in silence, and an end.

use axum::body::BodyDataStream;
use futures::StreamExt;
use guanxi_app::{Live, LiveKind};
use guanxi_console::ConsoleOptions;
use guanxi_domain::caller::Scope;
use guanxi_domain::tenant::TenantId;

use crate::house::{EVIL, House, NOW};

const STREAM: &str = "/console/t/tea/live/stream";

#[tokio::test]
async fn the_room_shows_what_is_recorded() {
    let house = House::build().await;
    let browser = house.browser("tea", &[Scope::Read]).await;
    let page = browser.get("/console/t/tea/live").await;
    page.says(&[&format!("sse-connect=\"{STREAM}\""), "Completed an order", "because &#60;of&#62; that", "queued"]);
    page.says(&["/console/t/tea/people?q=email%3Aada%40example%2Ecom"]);
}

#[tokio::test]
async fn the_stream_tells_own_items_newest_first() {
    let house = House::build().await;
    let browser = house.browser("tea", &[Scope::Read]).await;
    let response = browser.open(STREAM).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut stream = response.into_body().into_data_stream();
    house.app.tell(item(TenantId(house.tea.0 + 1), LiveKind::Event, "of others"));
    house.app.tell(item(house.tea, LiveKind::Decision, "acted: <b>first</b>"));
    house.app.tell(item(house.tea, LiveKind::Message, "sent"));
    let rows = next(&mut stream).await;
    assert!(rows.starts_with("event: rows\n"), "{rows}");
    for text in ["&#60;b&#62;first", "acted", "Value &#60;b&#62;", "&#60;script&#62;", "/console/t/tea/messages/x"] {
        assert!(rows.contains(text), "`{text}` is not in {rows}");
    }
    assert!(!rows.contains("of others"));
    assert!(rows.find("class=\"message\"").unwrap() < rows.find("class=\"decision\"").unwrap());
}

#[tokio::test]
async fn too_much_is_told_as_missed() {
    let house = House::build().await;
    let browser = house.browser("tea", &[Scope::Read]).await;
    let mut stream = browser.open(STREAM).await.into_body().into_data_stream();
    for number in 0..3_000 {
        house.app.tell(item(house.tea, LiveKind::Event, &format!("number {number}")));
    }
    let rows = next(&mut stream).await;
    assert!(rows.contains("up to 2,900 entries are not shown"), "{rows}");
    assert!(rows.contains("number 2999") && rows.contains("number 2900") && !rows.contains("number 2899"));
}

#[tokio::test]
async fn the_stream_ends_with_the_process() {
    let options = ConsoleOptions::default();
    let house = House::build_with(options.clone()).await;
    let browser = house.browser("tea", &[Scope::Read]).await;
    let mut stream = browser.open(STREAM).await.into_body().into_data_stream();
    options.stop.cancel();
    assert!(stream.next().await.is_none());
}

async fn next(stream: &mut BodyDataStream) -> String {
    String::from_utf8(stream.next().await.unwrap().unwrap().to_vec()).unwrap()
}

fn item(tenant: TenantId, kind: LiveKind, detail: &str) -> Live {
    let what = if kind == LiveKind::Decision { "value" } else { "page" };
    Live {
        tenant,
        kind,
        at: NOW,
        id: "x".to_owned(),
        person: Some("per_01h2xcejqtf2nbrexx3vqjhp41".to_owned()),
        name: Some(EVIL.to_owned()),
        what: what.to_owned(),
        detail: detail.to_owned(),
    }
}
