//! Who visits: the session behind the cookie, the proof that a form came from one of its pages, and a brake on guessing.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::extract::{ConnectInfo, Form, FromRequest, FromRequestParts, Request};
use guanxi_app::AppError;
use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::tenant::Tenant;
use hmac::{Hmac, KeyInit, Mac};
use http::request::Parts;
use http::{Extensions, HeaderMap, header};
use serde::Deserialize;
use sha2::Sha256;

use crate::language::Language;
use crate::page::{Nav, Page, Room};
use crate::trouble::Trouble;
use crate::{Console, ConsoleOptions};

/// The cookie that holds the session's secret.
pub const COOKIE: &str = "guanxi_session";
/// Failed sign-ins that an address has in [`TRIES_WINDOW`].
const TRIES_MAX: u32 = 10;
const TRIES_WINDOW: Duration = Duration::from_secs(60);

/// Somebody who is signed in.
pub struct Visitor {
    /// What the visitor may do.
    pub caller: Caller,
    /// The visitor's language.
    pub language: Language,
    /// Path and query of this request.
    pub here: String,
    /// Whether htmx asks, for a part of a page.
    pub wants_part: bool,
    /// The session's secret.
    pub secret: String,
    console: Console,
}

impl Visitor {
    /// A page for this visitor in a room of a tenant.
    pub fn page(&self, title: impl Into<String>, tenant: &Tenant, room: Room) -> Page {
        let nav = Nav { tenant: Some((tenant.slug.to_string(), tenant.name.clone())), room, ..self.nav() };
        Page { nav: Some(nav), ..Page::new(title, self.language, &self.here) }
    }

    /// A page for this visitor outside of any tenant.
    pub fn lobby(&self, title: impl Into<String>) -> Page {
        Page { nav: Some(self.nav()), ..Page::new(title, self.language, &self.here) }
    }

    /// The tenant called `slug`, if the visitor may look at it.
    pub async fn tenant(&self, slug: &str) -> Result<Tenant, AppError> {
        self.console.app.tenant(&self.caller, slug).await
    }

    /// Whether the visitor may change things at the tenant.
    pub fn manages(&self, tenant: &Tenant) -> bool {
        self.caller.may(tenant.id, Scope::Manage)
    }

    /// What the visitor's forms carry.
    pub fn proof(&self) -> String {
        proof(&self.secret)
    }

    /// Whether a form that is not read as a whole comes from one of the console's own pages.
    pub fn is_proven(&self, shown: &str) -> bool {
        proves(&self.secret, shown)
    }

    fn nav(&self) -> Nav {
        Nav { csrf: self.proof(), operator: self.caller.is_operator(), tenant: None, room: Room::Lobby }
    }
}

impl FromRequestParts<Console> for Visitor {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Trouble> {
        let secret = cookie(&parts.headers, COOKIE).ok_or(AppError::Unauthorized)?.to_owned();
        let caller = console.app.session(&secret).await?;
        let here = parts.uri.path_and_query().map_or("/console", |path| path.as_str()).to_owned();
        Ok(Self {
            caller,
            language: Language::of(&parts.headers),
            here,
            wants_part: parts.headers.contains_key("hx-request"),
            secret,
            console: console.clone(),
        })
    }
}

/// A form that somebody who is signed in sent from one of the console's own pages.
pub struct Signed<T>(pub Visitor, pub T);

#[derive(Deserialize)]
struct WithProof<T> {
    csrf: String,
    #[serde(flatten)]
    form: T,
}

impl<T: serde::de::DeserializeOwned> FromRequest<Console> for Signed<T> {
    type Rejection = Trouble;

    async fn from_request(request: Request, console: &Console) -> Result<Self, Trouble> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, console).await?;
        let sent = Form::<WithProof<T>>::from_request(Request::from_parts(parts, body), console).await;
        let Form(sent) = sent.map_err(|_| Trouble::Forged)?;
        if proves(&visitor.secret, &sent.csrf) { Ok(Self(visitor, sent.form)) } else { Err(Trouble::Forged) }
    }
}

/// Failed sign-ins, counted for a while. The proxy's address stands for everybody behind it.
#[derive(Clone)]
pub struct Tries(moka::sync::Cache<Option<IpAddr>, Arc<AtomicU32>>);

impl Tries {
    /// None yet.
    pub fn new() -> Self {
        Self(moka::sync::Cache::builder().max_capacity(10_000).time_to_live(TRIES_WINDOW).build())
    }

    /// Whether one more try is too many.
    pub fn are_too_many(&self, from: Option<IpAddr>) -> bool {
        self.0.get(&from).is_some_and(|count| count.load(Ordering::Relaxed) >= TRIES_MAX)
    }

    /// Counts a failure.
    pub fn fail(&self, from: Option<IpAddr>) {
        self.0.get_with(from, Arc::default).fetch_add(1, Ordering::Relaxed);
    }
}

/// The address of a client, if the server passes it on.
pub fn address(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip())
}

/// The value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// A `Set-Cookie` line; no page script reads it and no other site sends it. `max_age_s` 0 deletes the cookie.
pub fn set_cookie(name: &str, value: &str, max_age_s: i64, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/console; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}")
}

/// Whether the browser came by https.
pub fn is_secure(options: &ConsoleOptions, headers: &HeaderMap) -> bool {
    let forwarded = headers.get("x-forwarded-proto").is_some_and(|scheme| scheme.as_bytes() == b"https");
    options.secure_cookies || forwarded
}

/// A path of the console to go to; anything else leads to the entrance.
pub fn local_path(path: &str) -> &str {
    let inside = path == "/console" || path.starts_with("/console/") || path.starts_with("/console?");
    let plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') && path.len() <= 2_048;
    if inside && plain { path } else { "/console" }
}

/// What forms of this session carry. It follows from the secret, which no other site and no script can read.
fn proof(secret: &str) -> String {
    mac(secret).finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn proves(secret: &str, shown: &str) -> bool {
    let bytes = shown.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    bytes.collect::<Option<Vec<u8>>>().is_some_and(|bytes| mac(secret).verify_slice(&bytes).is_ok())
}

fn mac(secret: &str) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(b"guanxi/console/form");
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_holds_for_its_session_only() {
        assert!(proves("gxs_a", &proof("gxs_a")));
        assert!(!proves("gxs_b", &proof("gxs_a")));
        for bad in ["", "0", "zz", "é", &proof("gxs_a")[..62]] {
            assert!(!proves("gxs_a", bad), "{bad}");
        }
    }

    #[test]
    fn redirects_stay_inside() {
        for (given, expected) in [
            ("/console/t/tea/people?q=a%20b", "/console/t/tea/people?q=a%20b"),
            ("/console?x=1", "/console?x=1"),
            ("/consolex", "/console"),
            ("//evil.example/console/", "/console"),
            ("https://evil.example/console/", "/console"),
            ("/console/\\evil", "/console"),
            ("/console/\r\nSet-Cookie: a", "/console"),
        ] {
            assert_eq!(local_path(given), expected);
        }
    }
}
