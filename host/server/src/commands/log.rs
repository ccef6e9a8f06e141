//! `guanxi log`: events that could not be processed.

use clap::Subcommand;

use crate::commands::print;
use crate::config::Config;
use crate::wiring::{build, local_operator};

#[derive(Subcommand)]
pub enum Action {
    /// Show the events that could not be processed, and why.
    Show {
        /// The tenant.
        tenant: String,
        /// At most so many, newest first.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Put one of them into the log again, or all of them.
    Retry {
        /// The tenant.
        tenant: String,
        /// Its position; all if not given.
        position: Option<i64>,
    },
}

pub async fn run(config: &Config, action: Action) -> anyhow::Result<()> {
    let app = build(config).await?.app;
    let operator = local_operator();
    match action {
        Action::Show { tenant, limit } => {
            for letter in app.dead_letters(&operator, &tenant, None, Some(limit)).await? {
                let event = &letter.event.event;
                print(format!("{}\t{}\t{}\t{}", letter.event.position, event.id, event.kind, letter.reason));
            }
        }
        Action::Retry { tenant, position: Some(position) } => {
            let again = app.retry_dead_letter(&operator, &tenant, position).await?;
            print(format!("Position {position} is in the log again at {again}."));
        }
        Action::Retry { tenant, position: None } => {
            let mut positions = Vec::new();
            loop {
                let page = app.dead_letters(&operator, &tenant, positions.last().copied(), None).await?;
                if page.is_empty() {
                    break;
                }
                positions.extend(page.iter().map(|letter| letter.event.position));
            }
            // In the order in which they first came.
            for position in positions.iter().rev() {
                app.retry_dead_letter(&operator, &tenant, *position).await?;
            }
            print(format!("{} events are in the log again.", positions.len()));
        }
    }
    Ok(())
}
