//! The binary `guanxi`: configuration, wiring, telemetry and the command line.

mod ambient;
mod bundle;
mod commands;
mod config;
mod demo;
mod keys;
mod registry;
mod remote;
mod wiring;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, Settings};

/// A fifth of the pipeline's time went into the system's allocator; this one also serves SQLite.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Guanxi (关系): a social CRM whose campaigns, scores and channels are sandboxed plugins.
#[derive(Parser)]
#[command(name = "guanxi", version, about, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API and the console, and work.
    Serve,
    /// Serve a demo tenant with real orders, ready to look at.
    Demo(demo::Options),
    /// Bring the database's schema up to date.
    Migrate,
    /// Create and list tenants.
    #[command(subcommand)]
    Tenant(commands::tenant::Action),
    /// Create, list and revoke API tokens.
    #[command(subcommand)]
    Token(commands::token::Action),
    /// Look at events that could not be processed, and try them again.
    #[command(subcommand)]
    Log(commands::log::Action),
    /// Keep a list of who was forgotten, and forget them again after an older back-up was restored.
    #[command(subcommand)]
    Erasures(commands::erasures::Action),
    /// Change the key that seals the secrets of installations.
    #[command(subcommand)]
    Secrets(commands::secrets::Action),
    /// Import people, orders or relations from a file, beside a running server.
    Import(commands::import::Options),
    /// Trust publishers of plugins.
    #[command(subcommand)]
    Publisher(commands::publisher::Action),
    /// Try another version or configuration beside what an installation runs.
    #[command(subcommand)]
    Candidate(commands::candidate::Action),
    /// Execute decisions again.
    #[command(subcommand)]
    Decision(commands::decision::Action),
    /// Build, install and run plugins.
    #[command(subcommand)]
    Plugin(commands::plugin::Action),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            commands::print_error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let config = Config::load(cli.settings)?;
    wiring::start_telemetry(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match cli.command {
            Command::Serve => commands::serve::run(&config).await,
            Command::Demo(options) => demo::run(config, options).await,
            Command::Migrate => commands::migrate::run(&config).await,
            Command::Tenant(action) => commands::tenant::run(&config, action).await,
            Command::Token(action) => commands::token::run(&config, action).await,
            Command::Log(action) => commands::log::run(&config, action).await,
            Command::Erasures(action) => commands::erasures::run(&config, action).await,
            Command::Secrets(action) => commands::secrets::run(&config, action).await,
            Command::Import(options) => commands::import::run(&config, options).await,
            Command::Publisher(action) => commands::publisher::run(&config, action).await,
            Command::Candidate(action) => commands::candidate::run(&config, action).await,
            Command::Decision(action) => commands::decision::run(&config, action).await,
            Command::Plugin(action) => commands::plugin::run(&config, action).await,
        }
    })
}
