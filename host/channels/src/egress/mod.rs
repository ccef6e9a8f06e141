//! Requests on behalf of sandboxed connectors, HTTP and others by the scheme of the URL: what leaves, where it may go, and how much may come back.
//!
//! Three locks, each on every hop: the host must be granted to the installation, the *resolved* address must be public
//! or allowed by the operator (checked where the connection is made, so a name that changes its mind gains nothing),
//! and secrets are put in after the host is known to be granted. Redirects are followed here, not by the client,
//! because each hop passes the same locks.

mod address;
mod arrival;
mod dial;
mod error;
mod hop;
mod host_pattern;
mod policy;
mod resolver;
mod response;
mod scrub;
mod secret;
mod smpp;
mod smtp;
mod target;
mod tls;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use guanxi_domain::connector::{Request, Response};
use tokio::sync::mpsc;

use dial::Dialer;
use hop::{Gate, Hop};
use resolver::Resolver;
use smpp::Smpp;
use smtp::Smtp;

pub use address::{AllowPrivate, BadAllowance, is_public};
pub use arrival::{Arrival, Holder};
pub use error::{EgressError, EgressSetupError};
pub use host_pattern::{BadHostPattern, HostPattern};
pub use policy::{EgressPolicy, granted_hosts};
pub use scrub::Scrubber;
pub use secret::{SecretText, Secrets};

/// What the operator decides once for all installations.
#[derive(Debug, Clone)]
pub struct EgressOptions {
    /// For name, connection and TLS handshake together.
    pub connect_timeout: Duration,
    /// For the whole exchange, redirects and body included.
    pub total_timeout: Duration,
    /// The longest body that is taken.
    pub response_bytes_max: usize,
    /// The longest body that is sent.
    pub request_bytes_max: usize,
    /// Addresses that may be reached although they are not public.
    pub allow_private: AllowPrivate,
    /// Whether plain `http` may be spoken, SMPP, and mail without TLS.
    pub allow_http: bool,
    /// How many redirects are followed; one more is an error.
    pub redirects_max: usize,
    /// Sent unless the connector sets its own.
    pub user_agent: String,
    /// Connections kept open for the next request, for each host.
    pub idle_connections_per_host: usize,
    /// How long an unused connection is kept.
    pub idle_timeout: Duration,
    /// DER certificates that are trusted besides the system's, for a company's own authority.
    pub extra_roots: Vec<Vec<u8>>,
}

impl Default for EgressOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(3),
            total_timeout: Duration::from_secs(10),
            response_bytes_max: 1024 * 1024,
            request_bytes_max: 1024 * 1024,
            allow_private: AllowPrivate::default(),
            allow_http: false,
            redirects_max: 3,
            user_agent: concat!("guanxi/", env!("CARGO_PKG_VERSION")).to_owned(),
            idle_connections_per_host: 128,
            idle_timeout: Duration::from_secs(60),
            extra_roots: Vec::new(),
        }
    }
}

/// Performs requests. Clones share their connections: make one for the process.
#[derive(Debug, Clone)]
pub struct Egress {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    options: EgressOptions,
    client: reqwest::Client,
    /// A resolver is told names without ports, so every port that the operator's list mentions has its own client.
    client_of_port: HashMap<u16, reqwest::Client>,
    smtp: Smtp,
    smpp: Smpp,
    /// Until somebody takes it.
    arrivals: Mutex<Option<mpsc::Receiver<Arrival>>>,
}

/// What is spoken to a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transport {
    Http,
    Smtp,
    Smpp,
}

impl Transport {
    /// By the scheme; what is none of ours is HTTP's to refuse.
    fn of(url: &str) -> Self {
        let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
        match scheme.to_ascii_lowercase().as_str() {
            "smtp" | "smtps" => Self::Smtp,
            "smpp" | "smpps" => Self::Smpp,
            _ => Self::Http,
        }
    }
}

impl Egress {
    /// Loads the certificates that are trusted and prepares the connection pools; opens no connection.
    pub fn new(options: EgressOptions) -> Result<Self, EgressSetupError> {
        let tls = tls::client_config(&options.extra_roots)?;
        let client = client(&options, &tls, None)?;
        let of_port = |port| Ok((port, self::client(&options, &tls, Some(port))?));
        let client_of_port = options.allow_private.ports().map(of_port).collect::<Result<_, EgressSetupError>>()?;
        let dialer = Dialer {
            allow_private: options.allow_private.clone(),
            timeout: options.connect_timeout,
            tls: Arc::new(tls::without_protocols(tls)),
        };
        let (line, arrivals) = arrival::line();
        let smpp = Smpp::new(dialer.clone(), options.total_timeout, line);
        let smtp = Smtp::new(dialer, options.total_timeout, options.idle_timeout);
        let arrivals = Mutex::new(Some(arrivals));
        Ok(Self { shared: Arc::new(Shared { options, client, client_of_port, smtp, smpp, arrivals }) })
    }

    /// Sends `request` if `policy` grants it and hands back the last response, whatever its status.
    ///
    /// `{{secret:NAME}}` and `{{session}}` are replaced in the URL's path and query (percent-encoded) and in header
    /// values (as they are); the body goes out untouched. `smtp`, `smpp` and their
    /// forms with TLS hand over messages, see `docs/plugins.md`; secrets stand in header values there. Redirects are followed; credentials and headers with secrets
    /// stay behind when scheme, host or port change, and what a redirect says is never searched for placeholders.
    pub async fn perform(&self, request: &Request, policy: &EgressPolicy) -> Result<Response, EgressError> {
        let Shared { options, smtp, smpp, .. } = &*self.shared;
        match Transport::of(&request.url) {
            Transport::Http => self.in_time(self.shared.follow(request, policy)).await,
            Transport::Smtp => smtp.perform(request, &self.shared.gate(policy), options.request_bytes_max).await,
            Transport::Smpp => smpp.perform(request, &self.shared.gate(policy), options.request_bytes_max).await,
        }
    }

    /// The line of what arrives over kept sessions, for the one who has the connectors; `None` if somebody took it.
    pub fn arrivals(&self) -> Option<mpsc::Receiver<Arrival>> {
        self.shared.arrivals.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The same without following redirects: one is handed back as the response that it is.
    pub async fn perform_once(&self, request: &Request, policy: &EgressPolicy) -> Result<Response, EgressError> {
        self.in_time(self.shared.once(request, policy)).await
    }

    /// Sends the request by which a connector gets a session. Nothing in it comes from people, so placeholders are replaced
    /// in its body, too: escaped in JSON, percent-encoded in a form. Such a body goes where it was meant to go: no redirect
    /// is followed.
    pub async fn authorize(&self, request: &Request, policy: &EgressPolicy) -> Result<Response, EgressError> {
        let is_content_type = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("content-type");
        let content_type = request.headers.iter().find(is_content_type).map_or("", |(_, value)| value.as_str());
        let body = secret::expand_body(&request.body, content_type, policy)?;
        self.perform_once(&Request { body, ..request.clone() }, policy).await
    }

    async fn in_time(
        &self,
        exchange: impl Future<Output = Result<Response, EgressError>>,
    ) -> Result<Response, EgressError> {
        let after = self.shared.options.total_timeout;
        match tokio::time::timeout(after, exchange).await {
            Ok(result) => result,
            Err(_) => Err(EgressError::Timeout { after }),
        }
    }
}

impl Shared {
    async fn once(&self, request: &Request, policy: &EgressPolicy) -> Result<Response, EgressError> {
        let hop = Hop::first(request, &self.gate(policy), self.options.request_bytes_max)?;
        let answer = self.send(&hop).await?;
        response::read(answer, hop.host(), self.options.response_bytes_max).await
    }

    fn gate<'a>(&'a self, policy: &'a EgressPolicy) -> Gate<'a> {
        Gate { policy, allow_private: &self.options.allow_private, allow_http: self.options.allow_http }
    }

    async fn follow(&self, request: &Request, policy: &EgressPolicy) -> Result<Response, EgressError> {
        let options = &self.options;
        let gate = self.gate(policy);
        let mut hop = Hop::first(request, &gate, options.request_bytes_max)?;
        let mut answer = self.send(&hop).await?;
        for _ in 0..options.redirects_max {
            let Some(location) = response::redirect(&answer) else {
                break;
            };
            hop = hop.redirected(answer.status(), location, &gate).map_err(EgressError::after_redirect)?;
            answer = self.send(&hop).await.map_err(EgressError::after_redirect)?;
        }
        if response::redirect(&answer).is_some() {
            return Err(EgressError::TooManyRedirects { max: options.redirects_max });
        }
        response::read(answer, hop.host(), options.response_bytes_max).await
    }

    async fn send(&self, hop: &Hop) -> Result<reqwest::Response, EgressError> {
        let client = self.client_of_port.get(&hop.port()).unwrap_or(&self.client);
        client.execute(hop.to_request()).await.map_err(|error| error::from_client(&error, hop.host()))
    }
}

fn client(
    options: &EgressOptions,
    tls: &rustls::ClientConfig,
    port: Option<u16>,
) -> Result<reqwest::Client, EgressSetupError> {
    // What the client could do on its own is off: a proxy, a redirect, a cookie or a referer would pass our locks by.
    // It has no cookie store and no decompression because those features are not compiled in.
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls.clone())
        .dns_resolver(Resolver::new(options.allow_private.clone(), port))
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(options.connect_timeout)
        .pool_max_idle_per_host(options.idle_connections_per_host)
        .pool_idle_timeout(options.idle_timeout)
        .http2_max_header_list_size(response::HEADER_BYTES_MAX_H2)
        .user_agent(&options.user_agent)
        .build()
        .map_err(EgressSetupError::Client)
}
