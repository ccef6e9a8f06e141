//! Getting in and out, and what keeps others out.

use guanxi_console::ConsoleOptions;
use guanxi_domain::caller::Scope;

use crate::house::{Browser, House, OPERATOR};

#[tokio::test]
async fn the_cookie_is_kept_from_scripts_and_other_sites() {
    let house = House::build().await;
    let mut browser = Browser::new(&house);
    let answer = browser.post("/console/sign-in", &[("token", OPERATOR), ("to", "/console/t/tea/live")]).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/console/t/tea/live"));
    let cookie = answer.header("set-cookie").to_owned();
    assert!(cookie.starts_with("guanxi_session=gxs_"), "{cookie}");
    assert!(cookie.ends_with("; Path=/console; Max-Age=43200; HttpOnly; SameSite=Strict"), "{cookie}");
    browser.headers.push(("x-forwarded-proto", "https"));
    let answer = browser.post("/console/sign-in", &[("token", OPERATOR), ("to", "https://evil.example/")]).await;
    assert_eq!(answer.header("location"), "/console");
    assert!(answer.header("set-cookie").ends_with("; Secure"));
}

#[tokio::test]
async fn whoever_is_not_signed_in_is_led_to_the_door_and_back() {
    let house = House::build().await;
    let mut browser = Browser::new(&house);
    let answer = browser.get("/console/t/tea/people?q=a").await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("location"), "/console/sign-in?to=%2Fconsole%2Ft%2Ftea%2Fpeople%3Fq%3Da");
    browser.get(answer.header("location")).await.says(&["value=\"/console/t/tea/people?q=a\""]);
    assert_eq!(browser.get("/console/t/tea/live/stream").await.status, 401);
    browser.headers.push(("hx-request", "true"));
    let part = browser.get("/console/t/tea/people").await;
    assert_eq!((part.status, part.header("hx-redirect")), (200, "/console/sign-in"));
}

#[tokio::test]
async fn bad_tokens_are_told_apart_and_braked() {
    let house = House::build().await;
    let browser = Browser::new(&house);
    let operator = house.app.authenticate(OPERATOR).await.unwrap();
    let key = house.app.create_token(&operator, "tea", "key", &[Scope::Ingest]).await.unwrap().secret;
    let answer = browser.post("/console/sign-in", &[("token", &key)]).await;
    assert_eq!(answer.status, 401);
    answer.says(&["This token may not read"]);
    for _ in 0..9 {
        let answer = browser.post("/console/sign-in", &[("token", "guess")]).await;
        assert_eq!((answer.status, answer.header("set-cookie")), (401, ""));
        answer.says(&["unknown, expired or revoked"]);
        assert!(!answer.body.contains("guess"));
    }
    let answer = browser.post("/console/sign-in", &[("token", OPERATOR)]).await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, "60"));
}

#[tokio::test]
async fn signing_out_ends_the_session() {
    let house = House::build().await;
    let browser = house.browser("tea", &[Scope::Read]).await;
    let csrf = browser.proof("tea").await;
    let answer = browser.post("/console/sign-out", &[("csrf", &csrf)]).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/console/sign-in"));
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(browser.get("/console/t/tea/people").await.status, 303);
}

#[tokio::test]
async fn forged_forms_are_refused() {
    let house = House::build().await;
    let mut browser = house.browser("tea", &[Scope::Manage]).await;
    let stranger = house.browser("silk", &[Scope::Manage]).await;
    let (own, foreign) = (browser.proof("tea").await, stranger.proof("silk").await);
    let path = "/console/t/tea/plugins/value/mode";
    for form in [vec![("mode", "off")], vec![("mode", "off"), ("csrf", "")], vec![("mode", "off"), ("csrf", &foreign)]]
    {
        let answer = browser.post(path, &form).await;
        assert_eq!(answer.status, 403);
        answer.says(&["That form cannot be used"]);
    }
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example"), ("origin", "null")] {
        browser.headers = vec![(name, value)];
        assert_eq!(browser.post(path, &[("mode", "off"), ("csrf", &own)]).await.status, 403);
        assert_eq!(browser.post("/console/sign-in", &[("token", OPERATOR)]).await.status, 403);
    }
    browser.headers = vec![("origin", "https://crm.example")];
    assert_eq!(browser.post(path, &[("mode", "off"), ("csrf", &own)]).await.status, 303);
}

#[tokio::test]
async fn every_answer_carries_the_protecting_headers() {
    let house = House::build().await;
    let browser = house.browser("tea", &[Scope::Read]).await;
    let page = browser.get("/console/t/tea/people").await;
    let style = page.body.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    for path in ["/console/t/tea/people", "/console/t/nobody", "/console/sign-in", "/console/language", &style] {
        let answer = browser.get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'self';") && !policy.contains("unsafe"), "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        let kept = if path == style { "public, max-age=31536000, immutable" } else { "no-store" };
        assert_eq!(answer.header("cache-control"), kept, "{path}");
    }
    assert_eq!(browser.get(&style).await.header("content-type"), "text/css; charset=utf-8");
    assert_eq!(browser.get("/console/assets/app.css").await.status, 404);
}

#[tokio::test]
async fn the_demo_door_opens_only_where_the_operator_wants() {
    let house = House::build().await;
    assert_eq!(Browser::new(&house).post("/console/sign-in/demo", &[]).await.status, 404);
    let demo = ConsoleOptions { demo_token: Some(OPERATOR.to_owned()), ..ConsoleOptions::default() };
    let house = House::build_with(demo).await;
    let browser = Browser::new(&house);
    let page = browser.get("/console/sign-in").await;
    page.says(&["action=\"/console/sign-in/demo\""]);
    assert!(!page.body.contains(OPERATOR));
    let answer = browser.post("/console/sign-in/demo", &[]).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/console"));
    assert!(answer.header("set-cookie").starts_with("guanxi_session=gxs_"));
}
