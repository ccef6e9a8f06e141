//! Another host's API, as the command line speaks it: a library to put packages into, and installations of its tenants.
//!
//! The token goes to the named host and nowhere else: never in the clear over a network, never after a redirect, never into a
//! text that is printed.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use guanxi_app::{GrantsInput, InstallationInput};
use guanxi_domain::manifest::Manifest;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, Response, Url};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

/// How long it may take until there is a connection.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// How long an answer may take, which a host cuts short at half of it.
const ANSWER_MAX: Duration = Duration::from_secs(60);
/// The same for an upload, which is compiled before it is answered.
const UPLOAD_MAX: Duration = Duration::from_secs(330);
/// The most bytes of an answer: a list of installations, each with a configuration.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The most characters of a text in an answer that are shown.
const TEXT_MAX: usize = 2_000;
/// Things that are wrong with a request, as far as they are shown.
const PROBLEMS_MAX: usize = 20;

/// Speaks to one host with one token.
pub struct Remote {
    http: Client,
    base: Url,
}

/// A version of a plugin in the host's library.
#[derive(Debug, Deserialize)]
pub struct Shelved {
    pub name: String,
    pub version: String,
    /// SHA-256 of the package, lower-case hex.
    pub digest: String,
    /// What the check at the door found.
    pub report: Value,
    /// What it says of itself, as far as this version of Guanxi understands it.
    #[serde(default, deserialize_with = "understood")]
    pub manifest: Option<Manifest>,
}

/// A host that is newer may have plugins that say more of themselves.
fn understood<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Manifest>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).ok())
}

/// A plugin as one tenant has it.
#[derive(Debug, Deserialize)]
pub struct Installed {
    pub name: String,
    pub plugin: String,
    pub version: String,
    pub config: Value,
    /// What waits for an approval.
    pub upgrade: Option<Waiting>,
}

/// A version that waits for an approval.
#[derive(Debug, Deserialize)]
pub struct Waiting {
    pub version: String,
    /// What it asks for and the version before did not.
    pub asks: Vec<String>,
}

/// A line that an installation logged.
#[derive(Debug, Deserialize)]
pub struct Logged {
    pub level: String,
    pub line: String,
    /// Lines of the same call have the same.
    pub call: String,
    /// SHA-256 of the package that wrote it, lower-case hex.
    pub digest: String,
}

/// What became of a wish about an installation.
pub struct Placed {
    pub installed: Installed,
    /// Whether the wish waits for an approval; else it is done.
    pub waits: bool,
}

/// Why a host did not do what it was asked: a problem document (RFC 9457).
#[derive(Debug, Deserialize)]
pub struct Refused {
    title: String,
    status: u16,
    #[serde(default)]
    detail: String,
    /// Everything that is wrong with the request.
    #[serde(default)]
    errors: Vec<Wrong>,
    #[serde(skip)]
    retry_after: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Wrong {
    at: String,
    problem: String,
}

impl Remote {
    /// The host at `address`, such as `https://guanxi.example`; plain http to this machine only.
    pub fn new(address: &str, token: &str) -> anyhow::Result<Self> {
        let base = checked(address)?;
        // What the text of such an error would repeat is the token.
        let Ok(mut bearer) = HeaderValue::from_str(&format!("Bearer {}", token.trim())) else {
            bail!("the token has characters that no token has: give it as it was printed");
        };
        bearer.set_sensitive(true);
        // Fails only if there is one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut http = Client::builder()
            .user_agent(concat!("guanxi/", env!("CARGO_PKG_VERSION")))
            .default_headers(HeaderMap::from_iter([(AUTHORIZATION, bearer)]))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_MAX)
            .timeout(ANSWER_MAX);
        if is_this_machine(&base) {
            // A proxy would get the token in the clear.
            http = http.no_proxy();
        }
        Ok(Self { http: http.build().context("no HTTP client can be made")?, base })
    }

    /// The host's address.
    pub fn address(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// One version of a plugin, if the library has it.
    pub async fn plugin(&self, name: &str, version: &str) -> anyhow::Result<Option<Shelved>> {
        let asked = self.call(Method::GET, &["plugins", name, version], &[], None).await;
        match asked {
            Ok((_, plugin)) => Ok(Some(plugin)),
            Err(error) if error.downcast_ref::<Refused>().is_some_and(|refused| refused.status == 404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Puts a package into the library; `older` says that it is meant though a newer one is there.
    pub async fn upload(&self, package: Vec<u8>, older: bool) -> anyhow::Result<Shelved> {
        let query: &[(&str, &str)] = if older { &[("older", "true")] } else { &[] };
        let body = Body { kind: "application/wasm", bytes: package };
        Ok(self.call(Method::POST, &["plugins"], query, Some(body)).await?.1)
    }

    /// Has the host fetch a package from a registry.
    pub async fn pull(&self, reference: &str, older: bool) -> anyhow::Result<Shelved> {
        let wish = Body::json(&json!({"reference": reference, "older": older}));
        Ok(self.call(Method::POST, &["plugins", "pull"], &[], Some(wish)).await?.1)
    }

    /// The installation of that name, if the tenant has it; a tenant that is not there is an error.
    pub async fn installation(&self, tenant: &str, name: &str) -> anyhow::Result<Option<Installed>> {
        #[derive(Deserialize)]
        struct Page {
            items: Vec<Installed>,
        }
        let path = ["tenants", tenant, "installations"];
        let (_, page) = self.call::<Page>(Method::GET, &path, &[], None).await?;
        Ok(page.items.into_iter().find(|installed| installed.name == name))
    }

    /// The latest lines that an installation logged, newest first, fit to be printed.
    pub async fn logs(&self, tenant: &str, name: &str) -> anyhow::Result<Vec<Logged>> {
        #[derive(Deserialize)]
        struct Page {
            items: Vec<Logged>,
        }
        let path = ["tenants", tenant, "installations", name, "logs"];
        let (_, page) = self.call::<Page>(Method::GET, &path, &[("limit", "200")], None).await?;
        let fit = |line: Logged| Logged { level: plain(&line.level), line: plain(&line.line), ..line };
        Ok(page.items.into_iter().map(fit).collect())
    }

    /// Installs a plugin, or changes how it is installed.
    pub async fn put_installation(&self, tenant: &str, name: &str, wish: &InstallationInput) -> anyhow::Result<Placed> {
        let InstallationInput { plugin, version, mode, config, grants, secrets } = wish;
        let grants = match grants {
            Some(GrantsInput::Requested) => json!("requested"),
            Some(GrantsInput::Lists(lists)) => json!(lists),
            None => Value::Null,
        };
        let wish = json!({
            "plugin": plugin, "version": version, "mode": mode.as_str(), "config": config, "grants": grants,
            "secrets": secrets,
        });
        let path = ["tenants", tenant, "installations", name];
        let (status, installed) = self.call(Method::PUT, &path, &[], Some(Body::json(&wish))).await?;
        Ok(Placed { installed, waits: status == 202 })
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<Body>,
    ) -> anyhow::Result<(u16, T)> {
        let mut request = self.http.request(method, self.url(path, query)?);
        if let Some(Body { kind, bytes }) = body {
            let slow = kind == "application/wasm" || path.last() == Some(&"pull");
            request = request.header(CONTENT_TYPE, kind).body(bytes);
            request = if slow { request.timeout(UPLOAD_MAX) } else { request };
        }
        let silent = || format!("{} does not answer: check the address, and that the host runs", self.address());
        let response = request.send().await.map_err(reqwest::Error::without_url).with_context(silent)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = self.read(response).await?;
        let is_json = |words: &str| {
            headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).is_some_and(|kind| kind.starts_with(words))
        };
        if status.is_success()
            && is_json("application/json")
            && let Ok(answer) = serde_json::from_slice(&bytes)
        {
            return Ok((status.as_u16(), answer));
        }
        if is_json("application/problem+json")
            && let Ok(mut refused) = serde_json::from_slice::<Refused>(&bytes)
        {
            refused.status = status.as_u16();
            refused.retry_after = headers.get(RETRY_AFTER).and_then(|after| after.to_str().ok()).map(plain);
            return Err(refused.into());
        }
        bail!(
            "{} answered with {status}, but not as this version of Guanxi does: check the address, and what stands before the \
             host",
            self.address()
        )
    }

    fn url(&self, path: &[&str], query: &[(&str, &str)]) -> anyhow::Result<Url> {
        let mut url = self.base.clone();
        // Such a name would be left out of the path, which then meant something else.
        let odd = path.iter().find(|part| matches!(**part, "" | "." | ".."));
        ensure!(odd.is_none(), "`{}` is no name", odd.unwrap_or(&""));
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().extend(["api", "v1"]).extend(path);
        }
        for (name, value) in query {
            url.query_pairs_mut().append_pair(name, value);
        }
        Ok(url)
    }

    async fn read(&self, mut response: Response) -> anyhow::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let broken = || format!("the answer of {} broke off", self.address());
        while let Some(piece) = response.chunk().await.map_err(reqwest::Error::without_url).with_context(broken)? {
            let size = bytes.len() + piece.len();
            ensure!(
                size <= ANSWER_BYTES_MAX,
                "the answer of {} has more than {ANSWER_BYTES_MAX} bytes",
                self.address()
            );
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }
}

struct Body {
    kind: &'static str,
    bytes: Vec<u8>,
}

impl Body {
    fn json(value: &Value) -> Self {
        Self { kind: "application/json", bytes: value.to_string().into_bytes() }
    }
}

/// An address that a token may be sent to.
fn checked(address: &str) -> anyhow::Result<Url> {
    let url: Url =
        address.parse().with_context(|| format!("`{address}` is no address such as https://guanxi.example"))?;
    let bare =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    ensure!(bare, "the address of a host has no user, no query and no fragment: write https://guanxi.example");
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_this_machine(&url) => Ok(url),
        "http" => bail!("{url} would get the token in the clear: use https, or http to this machine only"),
        other => bail!("`{other}` is not spoken here: write https://guanxi.example"),
    }
}

fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// A text of somebody else's for a terminal, which obeys control characters.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(TEXT_MAX).collect()
}

impl Refused {
    /// Whether something is wrong at this place of the request.
    pub fn is_at(&self, place: &str) -> bool {
        self.errors.iter().any(|wrong| wrong.at == place || wrong.at.starts_with(&format!("{place}/")))
    }

    /// What whoever runs the command can do besides what the host says.
    fn remedy(&self) -> Option<String> {
        Some(match self.status {
            401 => "give it with --token or in GUANXI_TOKEN; `guanxi token create` makes one".to_owned(),
            403 => "give one that has it; packages come into the library by operators only".to_owned(),
            429 | 503 => match &self.retry_after {
                Some(seconds) => format!("try again in {seconds} s"),
                None => "try again later".to_owned(),
            },
            500.. => "the host's log says more".to_owned(),
            _ => return None,
        })
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", plain(&self.title), self.status)?;
        if self.errors.len() < 2 {
            write!(f, ": {}", plain(&self.detail))?;
        }
        for Wrong { at, problem } in self.errors.iter().take(PROBLEMS_MAX).filter(|_| self.errors.len() > 1) {
            write!(f, "\n  {}: {}", plain(at), plain(problem))?;
        }
        match self.remedy() {
            Some(remedy) => write!(f, "; {remedy}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refused {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_sent_to_this_machine_or_over_tls() {
        for good in ["https://guanxi.example", "http://localhost:8080", "http://127.0.0.1:1/", "http://[::1]:80/guanxi"]
        {
            assert!(checked(good).is_ok(), "{good}");
        }
        for (bad, told) in [
            ("http://guanxi.example", "in the clear"),
            ("http://localhost.guanxi.example", "in the clear"),
            ("http://127.0.0.1.example", "in the clear"),
            ("http://0.0.0.0:8080", "in the clear"),
            ("http://[::ffff:10.0.0.1]", "in the clear"),
            ("https://ada:secret@guanxi.example", "no user"),
            ("https://guanxi.example/?token=x", "no query"),
            ("ftp://guanxi.example", "`ftp` is not spoken"),
            ("guanxi.example", "is no address"),
        ] {
            let problem = format!("{:#}", checked(bad).unwrap_err());
            assert!(problem.contains(told) && !problem.contains("secret"), "{bad}: {problem}");
        }
        let odd = Remote::new("https://guanxi.example", "se\ncret").err().expect("no token");
        assert!(!odd.to_string().contains("cret"), "{odd}");
    }

    #[test]
    fn names_stay_within_their_part_of_the_path() {
        let remote = Remote::new("https://guanxi.example/brands/", "token").unwrap();
        assert_eq!(remote.address(), "https://guanxi.example/brands");
        let url = remote.url(&["tenants", "a/../b?c", "installations"], &[("older", "true")]).unwrap();
        assert_eq!(
            url.as_str(),
            "https://guanxi.example/brands/api/v1/tenants/a%2F..%2Fb%3Fc/installations?older=true"
        );
        assert!(remote.url(&["tenants", "..", "installations"], &[]).is_err());
    }

    #[test]
    fn problems_are_told_with_what_to_do() {
        let told = |text: &str| serde_json::from_str::<Refused>(text).unwrap().to_string();
        assert_eq!(
            told(r#"{"type": "x", "title": "No valid token", "status": 401, "detail": "show a valid\u001b[2J token"}"#),
            "No valid token (401): show a valid [2J token; give it with --token or in GUANXI_TOKEN; `guanxi token create` makes \
             one"
        );
        let two = r#"{"title": "Bad", "status": 400, "detail": "2 things are wrong; see errors",
                      "errors": [{"at": "config/url", "problem": "is no URL"}, {"at": "grants", "problem": "say what"}]}"#;
        assert_eq!(told(two), "Bad (400)\n  config/url: is no URL\n  grants: say what");
        let refused: Refused = serde_json::from_str(two).unwrap();
        assert!(refused.is_at("config") && refused.is_at("grants") && !refused.is_at("version"));
    }
}
