//! PL-5: packages are signed, kept with where they came from, taken back, and moved through a real OCI registry.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guanxi_e2e::host::{command, run, run_well};
use guanxi_e2e::registry::{ACCOUNT, Registry};
use guanxi_e2e::sql::Database;
use guanxi_e2e::{Client, Host, Place, environment, on_both, on_sqlite};
use serde_json::{Value, json};

const CLOSED: (&str, &str) = ("GUANXI_UNSIGNED_PLUGINS", "false");
const NAME: &str = "smallest-campaign";
/// The digest of `{}`.
const EMPTY: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

/// The example with another version of the same length in its manifest.
fn package(version: &str) -> Vec<u8> {
    let (bytes, from) = (environment::example(NAME), b"version = \"0.1.0\"");
    let to = format!("version = \"{version}\"");
    assert_eq!(from.len(), to.len());
    let place = bytes.windows(from.len()).rposition(|window| window == from).expect("in the manifest");
    [&bytes[..place], to.as_bytes(), &bytes[place + from.len()..]].concat()
}

/// A file in the place.
fn file(place: &Place, name: &str, bytes: &[u8]) -> String {
    let path = place.data_dir().join(name);
    std::fs::write(&path, bytes).expect("written");
    path.display().to_string()
}

/// A new key in `NAME.pem`: its public half.
async fn keygen(place: &Place, name: &str) -> String {
    let told = run_well(place, ["plugin", "keygen", &format!("{name}.pem")]).await;
    told.lines().last().expect("the public key").to_owned()
}

/// Signs with the key in `KEY.pem`.
async fn signed(place: &Place, package: &[u8], key: &str) -> Vec<u8> {
    let path = file(place, "to-sign.wasm", package);
    run_well(place, ["plugin", "sign", &path, "--key", &format!("{key}.pem")]).await;
    std::fs::read(path).expect("signed")
}

async fn trust(operator: &Client, name: &str, key: &str) -> Value {
    operator.put(&format!("/api/v1/publishers/{name}"), &json!({"title": name, "key": key})).await.expect(200)
}

async fn upload(operator: &Client, package: &[u8]) -> guanxi_e2e::Answer {
    operator.post_bytes("/api/v1/plugins", "application/wasm", package.to_vec()).await
}

#[track_caller]
fn refused(answer: &guanxi_e2e::Answer, status: u16, told: &str) {
    let sort = if status == 409 { "conflict" } else { "invalid" };
    let problem = answer.problem(status, sort).to_string();
    assert!(problem.contains(told), "{problem}");
}

#[test]
fn pl_5_only_signed_packages_of_trusted_publishers_come_in() {
    on_both(|place| async move {
        let host = Host::start_with(&place, &[CLOSED]).await;
        let operator = host.operator();
        let (lantern, rival) = (keygen(&place, "lantern").await, keygen(&place, "rival").await);
        let first = package("0.1.0");
        refused(&upload(&operator, &first).await, 400, "nobody signed this package");
        let signed_first = signed(&place, &first, "lantern").await;
        refused(&upload(&operator, &signed_first).await, 400, &lantern);

        let publisher = trust(&operator, "lantern", &lantern).await;
        assert_eq!(publisher["keys"][0]["key"], lantern);
        let kept = upload(&operator, &signed_first).await.expect(201);
        assert_eq!((&kept["publisher"], &kept["signer"]), (&json!("lantern"), &json!(lantern)));
        assert_eq!((&kept["source"], &kept["yanked"]), (&json!("upload"), &Value::Null));
        assert_eq!(upload(&operator, &signed_first).await.expect(201)["created_at"], kept["created_at"]);

        // Changed after it was signed, anywhere: in the code, in the manifest, in the signature itself.
        for place in [signed_first.len() / 2, signed_first.len() - 200, signed_first.len() - 3] {
            let mut changed = signed_first.clone();
            changed[place] ^= 1;
            refused(&upload(&operator, &changed).await, 400, "signature");
        }
        // Something appended is not signed.
        let longer = [signed_first.clone(), vec![0, 2, 1, b'x']].concat();
        refused(&upload(&operator, &longer).await, 400, "must be the last section");

        // Renamed: another publisher's name, and another's key in the own name.
        trust(&operator, "rival", &rival).await;
        let stolen = signed(&place, &package("0.9.0"), "rival").await;
        refused(&upload(&operator, &stolen).await, 409, "belongs to the publisher lantern");
        let theirs = operator.put("/api/v1/publishers/rival", &json!({"title": "R", "key": lantern})).await;
        refused(&theirs, 409, "this key is the publisher lantern's already");
        for reserved in ["guanxi", "No Name", "x"] {
            let path = format!("/api/v1/publishers/{}", reserved.replace(' ', "%20"));
            refused(&operator.put(&path, &json!({"title": "R", "key": rival})).await, 400, "name");
        }
        host.stop().await;
    });
}

#[test]
fn pl_5_a_version_follows_another_and_may_be_taken_back() {
    on_both(|place| async move {
        let host = Host::start_with(&place, &[CLOSED]).await;
        let operator = host.operator();
        let tenant = host.tenant("acme").await;
        let key = keygen(&place, "lantern").await;
        trust(&operator, "lantern", &key).await;
        for version in ["0.2.0", "0.3.0"] {
            upload(&operator, &signed(&place, &package(version), "lantern").await).await.expect(201);
        }

        // An older one comes in only where that is meant.
        let older = signed(&place, &package("0.1.0"), "lantern").await;
        refused(&upload(&operator, &older).await, 409, "0.1.0 is older than 0.3.0");
        operator.post_bytes("/api/v1/plugins?older=true", "application/wasm", older).await.expect(201);

        let install =
            |version: &str| json!({"plugin": NAME, "version": version, "mode": "live", "grants": "requested"});
        tenant.api.put("/installations/running", &install("0.2.0")).await.expect(200);
        let yank = format!("/api/v1/plugins/{NAME}/0.2.0/yank");
        refused(&operator.put(&yank, &json!({"reason": " "})).await, 400, "reason");
        let yanked = operator.put(&yank, &json!({"reason": "greets twice"})).await.expect(200);
        assert_eq!(yanked["yanked"]["reason"], "greets twice");
        // Nowhere anew, neither under another name nor by going back to it; where it runs, it goes on.
        refused(&tenant.api.put("/installations/fresh", &install("0.2.0")).await, 400, "was taken back (greets twice)");
        tenant.api.put("/installations/other", &install("0.3.0")).await.expect(200);
        refused(&tenant.api.put("/installations/other", &install("0.2.0")).await, 400, "was taken back");
        tenant.api.put("/installations/running", &install("0.2.0")).await.expect(200);
        tenant.call("identify", &json!({"userId": "ada"})).await.expect(202);
        tenant.wait_for("/decisions", 2, |decision| decision["plugin"] == NAME).await;
        let undone = run_well(&place, ["plugin", "yank", NAME, "0.2.0", "--undo"]).await;
        assert!(undone.contains("offered again"), "{undone}");
        tenant.api.put("/installations/fresh", &install("0.2.0")).await.expect(200);

        // A key that was lost lets nothing more in, and comes back under no name.
        let revoke = run_well(&place, ["publisher", "revoke", "lantern", "--key", "lantern.pub.pem"]).await;
        assert!(revoke.starts_with("Revoked."), "{revoke}");
        let late = signed(&place, &package("0.4.0"), "lantern").await;
        refused(&upload(&operator, &late).await, 400, "was revoked");
        let again = operator.put("/api/v1/publishers/lantern", &json!({"title": "L", "key": key})).await;
        refused(&again, 409, "was revoked");
        let next = keygen(&place, "next").await;
        let keys = trust(&operator, "lantern", &next).await["keys"].clone();
        assert!(keys[0]["revoked_at"].is_i64() && keys[1]["revoked_at"].is_null(), "{keys}");
        upload(&operator, &signed(&place, &package("0.4.0"), "next").await).await.expect(201);
        host.stop().await;
    });
}

#[test]
fn pl_5_whoever_lets_unsigned_packages_in_keeps_signed_names() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let operator = host.operator();
        assert_eq!(upload(&operator, &package("0.1.0")).await.expect(201)["publisher"], Value::Null);
        let key = keygen(&place, "lantern").await;
        trust(&operator, "lantern", &key).await;
        // Whoever begins to sign goes on under the name; from then on it is signed.
        upload(&operator, &signed(&place, &package("0.2.0"), "lantern").await).await.expect(201);
        refused(&upload(&operator, &package("0.3.0")).await, 409, "belongs to the publisher lantern");
        host.stop().await;
    });
}

/// The library's version of a plugin that comes with Guanxi.
async fn welcome(operator: &Client) -> Value {
    let listed = operator.get("/api/v1/plugins").await.expect(200);
    let found = listed["items"].as_array().expect("items").iter().find(|plugin| plugin["name"] == "welcome");
    found.expect("it comes with Guanxi").clone()
}

#[test]
fn pl_5_names_of_the_plugins_that_come_with_guanxi_are_its_own() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let own = keygen(&place, "own").await;
        trust(&host.operator(), "own", &own).await;
        let theirs = signed(&place, &environment::plugin("welcome"), "own").await;
        refused(&upload(&host.operator(), &theirs).await, 409, "belongs to the publisher guanxi");
        host.stop().await;

        // As a library from before packages were signed has it.
        let database = Database::of(&place).await;
        let forgotten = "update plugins set publisher = null, source = 'upload' where name = 'welcome' returning name";
        assert_eq!(database.rows::<(String,)>(forgotten).await.len(), 1);
        drop(database);
        let host = Host::start(&place).await;
        let welcome = welcome(&host.operator()).await;
        assert_eq!((&welcome["publisher"], &welcome["source"]), (&json!("guanxi"), &json!("bundled")));
        refused(&upload(&host.operator(), &theirs).await, 409, "belongs to the publisher guanxi");
        host.stop().await;
    });
}

/// Keys are OpenSSL's, too.
#[test]
fn pl_5_keys_of_openssl_sign() {
    on_sqlite(|place| async move {
        let openssl = async |arguments: &[&str]| {
            let mut command = tokio::process::Command::new("openssl");
            let ended = command.args(arguments).current_dir(place.data_dir()).output().await.expect("openssl");
            assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
            ended.stdout
        };
        openssl(&["genpkey", "-algorithm", "ed25519", "-out", "theirs.pem"]).await;
        openssl(&["pkey", "-in", "theirs.pem", "-pubout", "-out", "theirs.pub.pem"]).await;
        let package = signed(&place, &package("0.1.0"), "theirs").await;
        let path = file(&place, "signed.wasm", &package);
        let told: Value = serde_json::from_str(&run_well(&place, ["plugin", "inspect", &path]).await).expect("JSON");
        assert_eq!((&told["name"], &told["requests"]["operations"]), (&json!(NAME), &json!(["send"])));

        // What was signed is what the documentation says, so that others can check it: `guanxi package signature 1`, a zero
        // byte, and the SHA-256 of everything before the last section, which has 116 bytes.
        let (content, section) = package.split_at(package.len() - 116);
        file(&place, "content", content);
        let digest = openssl(&["dgst", "-sha256", "-binary", "content"]).await;
        file(&place, "message", &[b"guanxi package signature 1\0", digest.as_slice()].concat());
        file(&place, "signature", &section[52..]);
        let verify = ["pkeyutl", "-verify", "-pubin", "-inkey", "theirs.pub.pem", "-rawin", "-in", "message"];
        openssl(&[&verify[..], &["-sigfile", "signature"]].concat()).await;
        assert_eq!(told["signer"], format!("ed25519:{}", STANDARD.encode(&section[20..52])));

        let trusted = run_well(&place, ["publisher", "trust", "lantern", "--key", "theirs.pub.pem"]).await;
        assert_eq!(trusted.trim(), "What lantern signs is let in.");
        assert!(run_well(&place, ["publisher", "list"]).await.ends_with("\ttrusted\n"));
        let mut install = command(&place, ["plugin", "install", &path]);
        let installed = install.env(CLOSED.0, CLOSED.1).output().await.expect("the binary starts");
        assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));

        // Keys are never written over, and the secret half is for its owner alone.
        let again = run(&place, ["plugin", "keygen", "theirs.pem"]).await;
        assert!(
            !again.status.success() && String::from_utf8_lossy(&again.stderr).contains("theirs.pem cannot be made")
        );
        keygen(&place, "own").await;
        let mode = std::fs::metadata(place.data_dir().join("own.pem")).expect("the key");
        assert_eq!(std::os::unix::fs::MetadataExt::mode(&mode) & 0o777, 0o600);
    });
}

/// What the registry has under a path, asked in plain HTTP.
async fn at_registry(registry: &Registry, path: &str) -> (String, Value) {
    let client = Client::new(&format!("http://{}/v2/", registry.address()));
    let accepted = "application/vnd.oci.image.manifest.v1+json";
    let asked = client.request(reqwest::Method::GET, path).header("accept", accepted);
    let answer = guanxi_e2e::client::finish(asked).await;
    (answer.header("content-type").unwrap_or_default().to_owned(), answer.expect(200))
}

#[test]
fn pl_5_packages_move_through_a_registry() {
    on_both(|place| async move {
        let registry = Registry::start().await;
        let address = registry.address().to_owned();
        let plain = ("GUANXI_REGISTRY_ALLOW_HTTP", address.as_str());
        let host = Host::start_with(&place, &[CLOSED, plain]).await;
        let operator = host.operator();
        let key = keygen(&place, "lantern").await;
        trust(&operator, "lantern", &key).await;
        let said = async |arguments: &[&str]| {
            let ended = command(&place, arguments).envs([plain, CLOSED]).output().await.expect("the binary starts");
            let told = [ended.stdout, ended.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
            (ended.status.success(), told)
        };

        let component = file(&place, "welcome.wasm", &package("0.1.0"));
        let repository = format!("oci://{address}/lantern/hello");
        let publish = ["plugin", "publish", &component, "--to", &repository, "--key", "lantern.pem"];
        let (good, told) = said(&publish).await;
        let exact = told.trim().trim_start_matches("Published ").to_owned();
        assert!(good && exact.starts_with(&format!("{repository}@sha256:")), "{told}");

        // The layout that others read.
        let (media_type, manifest) = at_registry(&registry, "lantern/hello/manifests/0.1.0").await;
        assert_eq!(media_type, "application/vnd.oci.image.manifest.v1+json");
        assert_eq!(manifest["layers"].as_array().map(Vec::len), Some(1));
        assert_eq!(manifest["layers"][0]["mediaType"], "application/wasm");
        assert_eq!(manifest["config"]["mediaType"], "application/vnd.wasm.config.v0+json");
        assert_eq!(manifest["annotations"]["org.opencontainers.image.version"], "0.1.0");
        let config = format!("lantern/hello/blobs/{}", manifest["config"]["digest"].as_str().expect("a digest"));
        let (_, config) = at_registry(&registry, &config).await;
        assert_eq!((&config["architecture"], &config["os"]), (&json!("wasm"), &json!("wasip2")));
        assert_eq!(config["component"]["exports"], json!(["guanxi:plugin/campaign@0.1.0"]));

        // The host pulls by itself and keeps where it came from.
        let wish = json!({"reference": format!("{repository}:0.1.0")});
        let pulled = operator.post("/api/v1/plugins/pull", &wish).await.expect(201);
        assert_eq!((&pulled["source"], &pulled["publisher"]), (&json!(exact), &json!("lantern")));
        let (good, told) = said(&["plugin", "pull", &exact, "--out", "pulled.wasm"]).await;
        assert!(good && told.contains(&exact), "{told}");
        let bytes = std::fs::read(place.data_dir().join("pulled.wasm")).expect("pulled");
        assert_eq!(STANDARD.encode(&bytes), STANDARD.encode(signed(&place, &package("0.1.0"), "lantern").await));
        let (good, told) = said(&["plugin", "install", &format!("{repository}:0.1.0")]).await;
        assert!(good && told.contains("is in the library"), "{told}");
        let (good, told) = said(&["plugin", "inspect", &format!("{repository}:0.1.0")]).await;
        assert!(good && told.contains(&key), "{told}");

        // A registry that hands out an older version under a tag that moves on, or another publisher's package.
        let newer = file(&place, "newer.wasm", &package("0.3.0"));
        said(&["plugin", "publish", &newer, "--to", &format!("{repository}:latest"), "--key", "lantern.pem"]).await;
        let latest = json!({"reference": format!("{address}/lantern/hello:latest")});
        operator.post("/api/v1/plugins/pull", &latest).await.expect(201);
        let older = file(&place, "older.wasm", &package("0.2.0"));
        said(&["plugin", "publish", &older, "--to", &format!("{repository}:latest"), "--key", "lantern.pem"]).await;
        refused(&operator.post("/api/v1/plugins/pull", &latest).await, 409, "is older than 0.3.0");
        keygen(&place, "rival").await;
        said(&["plugin", "publish", &older, "--to", &format!("{repository}:latest"), "--key", "rival.pem"]).await;
        refused(&operator.post("/api/v1/plugins/pull", &latest).await, 400, "which no publisher has");

        // Places where nothing is.
        let missing = json!({"reference": format!("{address}/lantern/hello:9.9.9")});
        refused(&operator.post("/api/v1/plugins/pull", &missing).await, 400, "cannot be pulled");
        for bad in ["", "UPPER CASE", "oci://", "welcome:1", "127.0.0.1:1/nobody/there:1"] {
            refused(&operator.post("/api/v1/plugins/pull", &json!({"reference": bad})).await, 400, "reference");
        }
        host.stop().await;
    });
}

/// Puts an image into the registry as whoever speaks to it directly would.
async fn put_image(registry: &Registry, tag: &str, layers: &[Value]) {
    let client = Client::new(&format!("http://{}", registry.address()));
    let put = async |path: String, media_type: &str, body: String| {
        let request = client.request(reqwest::Method::PUT, &path).header("content-type", media_type).body(body);
        let answer = guanxi_e2e::client::finish(request).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
    };
    let begun = client.post_bytes("/v2/lantern/odd/blobs/uploads/", "application/octet-stream", "").await;
    let (_, place) = begun.header("location").expect("a place").split_once("/v2/").expect("a path");
    put(format!("/v2/{place}&digest={EMPTY}"), "application/octet-stream", "{}".to_owned()).await;
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let config = json!({"mediaType": "application/vnd.wasm.config.v0+json", "digest": EMPTY, "size": 2});
    let manifest = json!({"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": layers});
    put(format!("/v2/lantern/odd/manifests/{tag}"), media_type, manifest.to_string()).await;
}

#[test]
fn pl_5_what_is_no_package_is_not_pulled() {
    on_both(|place| async move {
        let registry = Registry::start().await;
        let host = Host::start_with(&place, &[("GUANXI_REGISTRY_ALLOW_HTTP", registry.address())]).await;
        let layer = |media_type: &str, size: u64| json!({"mediaType": media_type, "digest": EMPTY, "size": size});
        let wasm = || layer("application/wasm", 2);
        for (tag, layers, told) in [
            ("two", vec![wasm(), wasm()], "has 2 layers"),
            ("image", vec![layer("application/vnd.oci.image.layer.v1.tar+gzip", 2)], "a plugin is one layer"),
            ("huge", vec![layer("application/wasm", 64 * 1024 * 1024)], "has more than 33554432 bytes"),
            ("text", vec![wasm()], "not a WebAssembly component"),
        ] {
            put_image(&registry, tag, &layers).await;
            let wish = json!({"reference": format!("{}/lantern/odd:{tag}", registry.address())});
            refused(&host.operator().post("/api/v1/plugins/pull", &wish).await, 400, told);
        }
        host.stop().await;
    });
}

#[test]
fn pl_5_a_registry_that_asks_who_one_is_gets_what_docker_login_left() {
    on_sqlite(|place| async move {
        let registry = Registry::start_guarded().await;
        keygen(&place, "lantern").await;
        let component = file(&place, "welcome.wasm", &package("0.1.0"));
        let to = format!("oci://{}/lantern/hello", registry.address());
        let publish = async |docker: &str| {
            let arguments = ["plugin", "publish", &component, "--to", &to, "--key", "lantern.pem"];
            let mut publish = command(&place, arguments);
            publish.env("GUANXI_REGISTRY_ALLOW_HTTP", registry.address()).env("DOCKER_CONFIG", docker);
            publish.output().await.expect("the binary starts")
        };
        let docker = place.data_dir().join("docker").display().to_string();
        let stranger = publish(&docker).await;
        assert!(!stranger.status.success(), "{}", String::from_utf8_lossy(&stranger.stdout));
        assert!(String::from_utf8_lossy(&stranger.stderr).contains("cannot be pushed"));

        let (user, password, _) = ACCOUNT;
        let auth = STANDARD.encode(format!("{user}:{password}"));
        std::fs::create_dir(&docker).expect("a folder");
        file(
            &place,
            "docker/config.json",
            json!({"auths": {registry.address(): {"auth": auth}}}).to_string().as_bytes(),
        );
        let known = publish(&docker).await;
        assert!(known.status.success(), "{}", String::from_utf8_lossy(&known.stderr));
    });
}
