//! Configuration: `guanxi.toml`, then the environment, then flags; the later wins.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail, ensure};
use guanxi_app::PublicUrl;
use guanxi_domain::exchange::Keep;
use serde::de::{Deserialize, Deserializer, Error as _};

/// Settings as flags, environment variables and keys of `guanxi.toml` give them.
#[derive(clap::Args, serde::Deserialize, Default, Clone)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The configuration file; `guanxi.toml` in the working directory is read if it exists.
    #[arg(long, global = true, env = "GUANXI_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    config: Option<PathBuf>,
    /// Address to listen on [default: 127.0.0.1:8080].
    #[arg(long, global = true, env = "GUANXI_LISTEN", value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Where people and channels reach this host, such as `https://crm.example.com`: short links and callbacks lead there.
    #[arg(long, global = true, env = "GUANXI_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// Folder for the embedded database, keys and compiled plugins [default: guanxi-data].
    #[arg(long, global = true, env = "GUANXI_DATA_DIR", value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// `postgres://…` or `sqlite://…` [default: SQLite in the data folder].
    #[arg(long, global = true, env = "GUANXI_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: Option<String>,
    /// Presets an operator token of at least 16 characters.
    #[arg(long, global = true, env = "GUANXI_OPERATOR_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    operator_token: Option<String>,
    /// 64 hex digits that seal the secrets of installations [default: made once in the data folder].
    #[arg(long, global = true, env = "GUANXI_SECRET_KEY", value_name = "HEX", hide_env_values = true)]
    #[serde(deserialize_with = "unsaid")]
    secret_key: Option<String>,
    /// The file of that key instead; old ones are in a file beside it whose name ends in `.old`, one a line.
    #[arg(long, global = true, env = "GUANXI_SECRET_KEY_FILE", value_name = "FILE")]
    secret_key_file: Option<PathBuf>,
    /// Keys that sealed secrets before and still open them, separated by commas.
    #[arg(
        long,
        global = true,
        env = "GUANXI_OLD_SECRET_KEYS",
        value_name = "LIST",
        value_delimiter = ',',
        hide_env_values = true
    )]
    #[serde(deserialize_with = "unsaid")]
    old_secret_keys: Option<Vec<String>>,
    /// Private addresses that connectors may reach, such as `127.0.0.1:9000` or `10.0.0.0/8`, separated by commas.
    #[arg(long, global = true, env = "GUANXI_EGRESS_ALLOW_PRIVATE", value_name = "LIST", value_delimiter = ',')]
    egress_allow_private: Option<Vec<String>>,
    /// Let connectors speak plain http.
    #[arg(long, global = true, env = "GUANXI_EGRESS_ALLOW_HTTP", value_name = "BOOL")]
    egress_allow_http: Option<bool>,
    /// Seconds that a connector's request may take [default: 10].
    #[arg(long, global = true, env = "GUANXI_EGRESS_TIMEOUT_SECONDS", value_name = "SECONDS")]
    egress_timeout_seconds: Option<u64>,
    /// Let in plugins that nobody signed.
    #[arg(long, global = true, env = "GUANXI_UNSIGNED_PLUGINS", value_name = "BOOL")]
    unsigned_plugins: Option<bool>,
    /// Let in plugins that were built for a draft of the contract.
    #[arg(long, global = true, env = "GUANXI_DRAFT_PLUGINS", value_name = "BOOL")]
    draft_plugins: Option<bool>,
    /// Registries of packages that are spoken to over plain http, such as `localhost:5000`, separated by commas.
    #[arg(long, global = true, env = "GUANXI_REGISTRY_ALLOW_HTTP", value_name = "LIST", value_delimiter = ',')]
    registry_allow_http: Option<Vec<String>>,
    /// Undecided events of one tenant before senders are asked to wait [default: 200000].
    #[arg(long, global = true, env = "GUANXI_BACKLOG_MAX", value_name = "EVENTS")]
    backlog_max: Option<i64>,
    /// Bytes of a plugin's input that a receipt keeps at most; a longer one is left out [default: 262144].
    #[arg(long, global = true, env = "GUANXI_RECEIPT_BYTES_MAX", value_name = "BYTES")]
    receipt_bytes_max: Option<usize>,
    /// Of which tries requests to channels and their answers are kept: `all`, `failures` or `none` [default: all].
    #[arg(long, global = true, env = "GUANXI_KEEP_EXCHANGES", value_name = "WHICH")]
    keep_exchanges: Option<String>,
    /// What to log, such as `info` or `guanxi_engine=debug` [default: info].
    #[arg(long, global = true, env = "GUANXI_LOG", value_name = "FILTER")]
    log: Option<String>,
    /// Log as `text` or `json` [default: text].
    #[arg(long, global = true, env = "GUANXI_LOG_FORMAT", value_name = "FORMAT")]
    log_format: Option<String>,
}

/// The whole configuration, checked.
pub struct Config {
    pub listen: SocketAddr,
    pub public_url: Option<PublicUrl>,
    pub data_dir: PathBuf,
    pub database_url: String,
    pub operator_token: Option<String>,
    pub secret_key: Option<String>,
    pub secret_key_file: Option<PathBuf>,
    pub old_secret_keys: Vec<String>,
    pub egress_allow_private: Vec<String>,
    pub egress_allow_http: bool,
    pub egress_timeout_seconds: u64,
    pub unsigned_plugins: bool,
    pub draft_plugins: bool,
    pub registry_allow_http: Vec<String>,
    pub backlog_max: i64,
    pub receipt_bytes_max: usize,
    pub exchanges: Keep,
    pub log: String,
    pub log_json: bool,
}

impl Config {
    /// Reads the file, puts flags and environment above it, and fills in defaults.
    pub fn load(above: Settings) -> anyhow::Result<Self> {
        let file = read_file(above.config.as_deref())?;
        let data_dir = above.data_dir.or(file.data_dir).unwrap_or_else(|| PathBuf::from("guanxi-data"));
        let listen = above.listen.or(file.listen).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)));
        let log_json = match above.log_format.or(file.log_format).as_deref() {
            None | Some("text") => false,
            Some("json") => true,
            Some(other) => bail!("log_format is `text` or `json`, not `{other}`"),
        };
        let exchanges = above.keep_exchanges.or(file.keep_exchanges).unwrap_or_else(|| "all".to_owned());
        let exchanges = Keep::parse(&exchanges)
            .ok_or_else(|| anyhow!("keep_exchanges is `all`, `failures` or `none`, not `{exchanges}`"))?;
        let secret_key = above.secret_key.or(file.secret_key);
        let secret_key_file = above.secret_key_file.or(file.secret_key_file);
        ensure!(secret_key.is_none() || secret_key_file.is_none(), "give secret_key or secret_key_file, not both");
        let public_url = above.public_url.or(file.public_url).filter(|url| !url.trim().is_empty());
        let public_url =
            public_url.map(|url| url.parse().with_context(|| format!("public_url `{url}`"))).transpose()?;
        Ok(Self {
            listen,
            public_url,
            database_url: above.database_url.or(file.database_url).unwrap_or_else(|| embedded(&data_dir)),
            data_dir,
            operator_token: above.operator_token.or(file.operator_token),
            secret_key,
            secret_key_file,
            old_secret_keys: entries(above.old_secret_keys.or(file.old_secret_keys)),
            egress_allow_private: entries(above.egress_allow_private.or(file.egress_allow_private)),
            egress_allow_http: above.egress_allow_http.or(file.egress_allow_http).unwrap_or(false),
            egress_timeout_seconds: above
                .egress_timeout_seconds
                .or(file.egress_timeout_seconds)
                .unwrap_or(10)
                .clamp(1, 60),
            unsigned_plugins: above.unsigned_plugins.or(file.unsigned_plugins).unwrap_or(false),
            draft_plugins: above.draft_plugins.or(file.draft_plugins).unwrap_or(false),
            registry_allow_http: entries(above.registry_allow_http.or(file.registry_allow_http)),
            backlog_max: above.backlog_max.or(file.backlog_max).unwrap_or(200_000).max(1),
            exchanges,
            receipt_bytes_max: above.receipt_bytes_max.or(file.receipt_bytes_max).unwrap_or(256 * 1024),
            log: above.log.or(file.log).unwrap_or_else(|| "info".to_owned()),
            log_json,
        })
    }
}

/// The entries of a list; a variable that is set to nothing is an empty one.
fn entries(list: Option<Vec<String>>) -> Vec<String> {
    list.unwrap_or_default().into_iter().filter(|entry| !entry.trim().is_empty()).collect()
}

/// The embedded database in a data folder.
pub fn embedded(data_dir: &Path) -> String {
    format!("sqlite://{}?mode=rwc", data_dir.join("guanxi.db").display())
}

fn read_file(named: Option<&Path>) -> anyhow::Result<Settings> {
    let path = named.unwrap_or_else(|| Path::new("guanxi.toml"));
    match std::fs::read_to_string(path) {
        Ok(text) => toml::from_str(&text)
            .map_err(|error| without_text(error, &text))
            .with_context(|| format!("{} cannot be used", path.display())),
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => Ok(Settings::default()),
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
    }
}

/// What is wrong and where, without the line itself, which may hold a key or a password.
fn without_text(mut error: toml::de::Error, text: &str) -> anyhow::Error {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map(|before| format!("line {}: ", before.matches('\n').count() + 1)).unwrap_or_default();
    error.set_input(None);
    anyhow!("{line}{}", error.to_string().trim_end().replace('\n', " "))
}

/// A key, or a list of them, of which an error repeats nothing.
fn unsaid<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let told = |_| D::Error::custom("a key is 64 hex digits in quotes; several are a list of such");
    T::deserialize(deserializer).map(Some).map_err(told)
}
