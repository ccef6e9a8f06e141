//! PL-8: `guanxi plugin publish` and `install` on a host that is elsewhere, with a token and nothing else of it.

use guanxi_e2e::host::command;
use guanxi_e2e::{Host, OPERATOR_TOKEN, Place, on_both};
use serde_json::json;

use super::plugins::built;

const STRANGER: &str = "a-token-that-nobody-made";

/// What a command says to whoever has this token, and whether it did what it should.
async fn said(place: &Place, token: &str, arguments: &[&str]) -> (bool, String) {
    let mut command = command(place, arguments);
    let ended = command.env("GUANXI_TOKEN", token).output().await.expect("the binary starts");
    let told = [ended.stdout, ended.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(!told.contains(token), "a token is shown to nobody: {told}");
    (ended.status.success(), told)
}

/// The same for a command that must fail in these words.
async fn refused(place: &Place, token: &str, arguments: &[&str], words: &[&str]) {
    let (good, told) = said(place, token, arguments).await;
    assert!(!good && words.iter().all(|words| told.contains(words)), "{arguments:?}: {told}");
}

#[test]
fn pl_8_a_package_is_published_to_a_host_over_http() {
    on_both(|place| async move {
        let host = Host::start_with(&place, &[("GUANXI_UNSIGNED_PLUGINS", "false")]).await;
        let acme = host.tenant("acme").await;
        let manager = acme.api.token().expect("a token");
        let (elsewhere, component) = (Place::sqlite(), built("smallest-campaign"));
        let (good, told) = said(&elsewhere, OPERATOR_TOKEN, &["plugin", "keygen", "lantern.pem"]).await;
        assert!(good, "{told}");
        let key = json!({"title": "Lantern", "key": told.lines().last().expect("the public key")});
        host.operator().put("/api/v1/publishers/lantern", &key).await.expect(200);

        let unsigned = ["plugin", "publish", &component, "--to", host.url()];
        refused(&elsewhere, OPERATOR_TOKEN, &unsigned, &["is not let in by", "nobody signed this package"]).await;
        let publish = [&unsigned[..], &["--key", "lantern.pem"]].concat();
        refused(&elsewhere, STRANGER, &publish, &["No valid token (401)", "GUANXI_TOKEN"]).await;
        refused(&elsewhere, manager, &publish, &["The token does not allow this (403)", "`operator`"]).await;
        let (good, told) = said(&elsewhere, OPERATOR_TOKEN, &publish).await;
        let published = format!("Published smallest-campaign 0.1.0 to {}: sha256:", host.url());
        assert!(good && told.starts_with(&published) && told.contains("\"instantiation_fuel\""), "{told}");
        assert_eq!(
            host.operator().get("/api/v1/plugins/smallest-campaign/0.1.0").await.expect(200)["publisher"],
            "lantern"
        );

        // The token goes nowhere in the clear, and nowhere that nobody named.
        for (to, words) in [
            ("http://guanxi.example", "in the clear"),
            ("http://127.0.0.1:1", "does not answer"),
            ("https://ada:pass@127.0.0.1", "no user"),
        ] {
            let publish = ["plugin", "publish", &component, "--to", to, "--key", "lantern.pem"];
            refused(&elsewhere, OPERATOR_TOKEN, &publish, &[words]).await;
        }
        let console = format!("{}/console", host.url());
        let publish = ["plugin", "publish", &component, "--to", &console, "--key", "lantern.pem"];
        refused(&elsewhere, OPERATOR_TOKEN, &publish, &["error: "]).await;
        assert!(!elsewhere.data_dir().join("guanxi.db").exists(), "it needs no database");
        host.stop().await;
    });
}

#[test]
fn pl_8_a_plugin_is_installed_on_a_host_over_http() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let acme = host.tenant("acme").await;
        let manager = acme.api.token().expect("a token");
        let wish = json!({"name": "agency", "scopes": ["install"]});
        let made = acme.api.post("/tokens", &wish).await.expect(201);
        let agency = made["token"].as_str().expect("a secret");
        let (elsewhere, component) = (Place::sqlite(), built("smallest-campaign"));
        let library = ["plugin", "install", &component, "--host", host.url()];
        let install = [&library[..], &["--tenant", "acme"]].concat();

        // Packages come into the library by operators, to tenants by whoever may there.
        refused(&elsewhere, manager, &install, &["is not let in by", "`operator`"]).await;
        let (good, told) = said(&elsewhere, OPERATOR_TOKEN, &library).await;
        assert!(good && told == format!("smallest-campaign 0.1.0 is in the library of {}.\n", host.url()), "{told}");
        refused(&elsewhere, manager, &install, &["grants: the plugin asks for"]).await;
        let hello = [&install[..], &["--name", "hello", "--grant-requested"]].concat();
        let (good, told) = said(&elsewhere, manager, &hello).await;
        assert!(good && told.ends_with("hello is installed for acme.\n"), "{told}");
        assert!(told.contains("smallest-campaign 0.1.0 asks for:\n  events: identify\n"), "{told}");
        let view = acme.api.get("/installations/hello").await.expect(200);
        assert_eq!((&view["mode"], &view["withheld"]), (&json!("live"), &json!([])));
        let (good, told) = said(&elsewhere, manager, &[&hello[..], &["--mode", "off"]].concat()).await;
        assert!(good && told.ends_with("hello is installed for acme.\n"), "{told}");
        assert_eq!(acme.api.get("/installations/hello").await.expect(200)["mode"], "off");

        // An agency asks; somebody of the tenant approves.
        let other = [&install[..], &["--name", "other"]].concat();
        let (good, told) = said(&elsewhere, agency, &other).await;
        assert!(good && told.contains("other 0.1.0 waits for acme: it newly asks for events: identify"), "{told}");
        assert!(told.contains("It is off until") && told.contains("guanxi plugin approve acme other 0.1.0"), "{told}");
        refused(&elsewhere, agency, &hello, &["The token does not allow this (403)", "`manage`"]).await;

        for (tenant, words) in [("nobody", "there is no such tenant"), ("..", "`..` is no name")] {
            let install = [&library[..], &["--tenant", tenant, "--grant-requested"]].concat();
            refused(&elsewhere, manager, &install, &[words]).await;
        }
        host.stop().await;
    });
}
