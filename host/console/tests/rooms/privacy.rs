//! Settings, consent, archives and forgetting, as people of a brand see them.

use guanxi_domain::caller::Scope;

use crate::house::{Answer, Browser, House};

const SETTINGS: &str = "/console/t/tea/settings";

/// What a form of the settings page carries.
async fn revision(browser: &Browser) -> String {
    let page = browser.get(SETTINGS).await;
    let (_, rest) = page.body.split_once("name=\"revision\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

async fn change(browser: &Browser, part: &str, fields: &[(&str, &str)]) -> Answer {
    let (csrf, revision) = (browser.proof("tea").await, revision(browser).await);
    let proof = [("csrf", csrf.as_str()), ("revision", revision.as_str())];
    browser.post(&format!("{SETTINGS}/{part}"), &[&proof, fields].concat()).await
}

#[tokio::test]
async fn id_13_managers_change_one_entry_of_the_settings_at_a_time() {
    let house = House::build().await;
    let mut browser = house.browser("tea", &[Scope::Manage]).await;
    let purpose = [
        ("name", "marketing"),
        ("title", "<b>Offers"),
        ("basis", "consent"),
        ("days", "730"),
        ("fields", "city, 生日"),
    ];
    let answer = change(&browser, "purposes", &purpose).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/console/t/tea/settings#purposes"));
    assert_eq!(change(&browser, "region", &[("region", "cn")]).await.status, 303);
    assert_eq!(change(&browser, "receipts", &[("days", "400")]).await.status, 303);
    let attribute = [("name", "birthday"), ("title", "Birthday"), ("kind", "date"), ("days", "")];
    assert_eq!(change(&browser, "attributes", &attribute).await.status, 303);
    let dimension = [("name", "interest"), ("title", "Interest"), ("half_life", "30.5")];
    assert_eq!(change(&browser, "dimensions", &dimension).await.status, 303);
    let page = browser.get(SETTINGS).await;
    page.says(&[
        "value=\"400\"",
        "value=\"CN\"",
        "&#60;b&#62;Offers",
        "city, 生日",
        "730",
        "birthday",
        "30.5",
        "Lawful basis",
    ]);
    assert!(!page.body.contains("<b>Offers") && !page.body.contains(" style="));
    browser.language = "zh";
    browser.get(SETTINGS).await.says(&["法律依据", "标签维度", "半衰期"]);

    for (part, fields) in [
        ("region", &[("region", "China")][..]),
        ("receipts", &[("days", "0")]),
        ("purposes", &[("name", "x"), ("title", "x"), ("basis", "maybe")]),
        ("purposes", &[("name", "x"), ("title", ""), ("basis", "consent")]),
        ("attributes", &[("name", "x"), ("title", "x"), ("kind", "text"), ("days", "soon")]),
    ] {
        assert_eq!(change(&browser, part, fields).await.status, 422, "{part} {fields:?}");
    }
    assert_eq!(change(&browser, "nothing", &[]).await.status, 404);
    assert_eq!(change(&browser, "purposes", &[("name", "marketing"), ("remove", "yes")]).await.status, 303);
    let stale = [("csrf", browser.proof("tea").await), ("revision", "0000000000000000".to_owned())];
    let stale: Vec<(&str, &str)> = stale.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(browser.post(&format!("{SETTINGS}/region"), &stale).await.status, 409);
}

#[tokio::test]
async fn id_13_consent_stands_beside_its_evidence_and_forgetting_has_to_be_confirmed() {
    let house = House::build().await;
    let browser = house.browser("tea", &[Scope::Manage]).await;
    let purpose = [("name", "marketing"), ("title", "Offers"), ("basis", "consent")];
    assert_eq!(change(&browser, "purposes", &purpose).await.status, 303);
    let person = format!("/console/t/tea/people/{}", house.person);
    browser.get(&person).await.says(&["/privacy\">Consent and privacy"]);
    let page = browser.get(&format!("{person}/privacy")).await;
    page.says(&["Offers", "not allowed", "The person has not consented.", "Download the archive", "Forget for good"]);
    assert!(!page.body.contains("<script>alert") && !page.body.contains(" style="));

    let archive = browser.open(&format!("{person}/export")).await;
    assert_eq!(
        (archive.status().as_u16(), archive.headers()["content-type"].to_str().unwrap()),
        (200, "application/zip")
    );

    let csrf = browser.proof("tea").await;
    let erase = |confirm: &str| {
        let form = [("csrf", csrf.clone()), ("reason", "asked".to_owned()), ("confirm", confirm.to_owned())];
        let (browser, path) = (&browser, format!("{person}/erase"));
        async move {
            let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            browser.post(&path, &form).await
        }
    };
    assert_eq!(erase("yes").await.status, 422);
    let answer = erase(&house.person.to_string()).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/console/t/tea/people"));
    let operator = house.app.authenticate(crate::house::OPERATOR).await.unwrap();
    assert_eq!(house.app.erasures(&operator, "tea", None, None).await.unwrap().len(), 1);
}

#[tokio::test]
async fn id_13_viewers_see_consent_and_settings_but_change_nothing() {
    let house = House::build().await;
    let browser = house.browser("tea", &[Scope::Read]).await;
    let person = format!("/console/t/tea/people/{}", house.person);
    let page = browser.get(&format!("{person}/privacy")).await;
    page.says(&["need a token with the scope “manage”"]);
    assert!(!page.body.contains("/erase\"") && !page.body.contains("/export\""));
    assert_eq!(browser.get(&format!("{person}/export")).await.status, 403);
    let csrf = browser.proof("tea").await;
    let form = [("csrf", csrf.as_str()), ("reason", "x"), ("confirm", "x")];
    assert_eq!(browser.post(&format!("{person}/erase"), &form).await.status, 403);
    let form = [("csrf", csrf.as_str()), ("region", "CN"), ("revision", "x")];
    assert_eq!(browser.post(&format!("{SETTINGS}/region"), &form).await.status, 403);
    browser.get(SETTINGS).await.says(&["You may look, but not change"]);
}
