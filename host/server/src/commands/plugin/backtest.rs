//! `guanxi plugin backtest`: what would have been, told at once.

mod scores;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use guanxi_app::BacktestInput;
use guanxi_domain::DAY;
use guanxi_domain::backtest::{BacktestKind, Difference, Totals};

use super::{built, json, read};
use crate::commands::print;
use crate::config::Config;
use crate::wiring::{build, local_operator};

/// What is compared with what.
#[derive(Args)]
pub struct Options {
    /// The tenant.
    tenant: String,
    /// The installation whose decisions or scores are looked at.
    installation: String,
    /// The version that decides or scores [default: the installation's own].
    #[arg(long)]
    version: Option<String>,
    /// Instead of a version of the library: a component, or the folder of a plugin, which is built.
    #[arg(long, conflicts_with = "version")]
    plugin: Option<PathBuf>,
    /// The configuration, a JSON file [default: the installation's own].
    #[arg(long)]
    settings: Option<PathBuf>,
    /// Of a campaign, events of the last so many days [default: 30].
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..=3_650))]
    days: Option<i64>,
    /// Of a scorer, so many people at most, spread evenly over all [default: 100000].
    #[arg(long, conflicts_with = "days")]
    people: Option<u32>,
    /// What is compared, of a plugin that is both: campaign or scorer [default: campaign].
    #[arg(long, value_parser = kind)]
    kind: Option<BacktestKind>,
    /// Print everything as JSON.
    #[arg(long)]
    json: bool,
}

pub async fn run(config: &Config, options: Options) -> anyhow::Result<()> {
    let component = match &options.plugin {
        Some(folder) if folder.is_dir() => Some(built(folder)?),
        Some(file) => Some(read(file)?),
        None => None,
    };
    let app = build(config).await?.app;
    let now = app.ambient().now();
    let input = BacktestInput {
        installation: options.installation,
        version: options.version,
        config: options.settings.as_ref().map(json).transpose()?,
        from: options.days.map(|days| now - days * DAY),
        to: options.days.map(|_| now),
        kind: options.kind,
        people: options.people,
    };
    let mut told = 0;
    let difference = app
        .compare(&local_operator(), &options.tenant, input, component, |progress| {
            let tenths = (progress * 10.0) as u32;
            if tenths > told && !options.json {
                told = tenths;
                print(format!("{}0 % …", tenths));
            }
        })
        .await?;
    match (options.json, &difference.shift) {
        (true, _) => print(serde_json::to_string_pretty(&difference)?),
        (false, Some(shift)) => scores::tell(shift, &difference.unseen),
        (false, None) => tell(&difference),
    }
    Ok(())
}

fn kind(text: &str) -> Result<BacktestKind, &'static str> {
    BacktestKind::parse(text).ok_or("is campaign or scorer")
}

fn tell(difference: &Difference) {
    let Difference { decisions, differ, missing, before, after, gained, lost, unseen, samples, .. } = difference;
    print(format!("{decisions} decisions compared, {differ} come out differently."));
    if *missing > 0 {
        print(format!("{missing} receipts without input were passed over."));
    }
    if !unseen.is_empty() {
        print(format!("Not recorded, so decided without: {}.", unseen.join(", ")));
    }
    print(format!("{gained} people would get a message and got none, {lost} got one and would get none."));
    print(format!("\n{:<40} {:>16} {:>16}", "", "as it was", "would have been"));
    let line = |name: &str, was: String, would_be: String| print(format!("{name:<40} {was:>16} {would_be:>16}"));
    type Number = fn(&Totals) -> u64;
    let numbers: [(&str, Number); 6] = [
        ("decisions that ask for something", |totals| totals.acted),
        ("decisions that ask for nothing", |totals| totals.skipped),
        ("failed", |totals| totals.failed),
        ("people who get a message", |totals| totals.messaged),
        ("advertising", |totals| totals.marketing),
        ("fuel", |totals| totals.fuel),
    ];
    for (name, number) in numbers {
        line(name, number(before).to_string(), number(after).to_string());
    }
    for (name, [was, would_be]) in sums([before, after]) {
        line(&name, was.to_string(), would_be.to_string());
    }
    for sample in samples {
        print(format!("\n{} about {}", sample.decision, sample.person));
        for (word, said) in ["was", "would be"].into_iter().zip(sample.sides.iter().flatten()) {
            let operations: Vec<&str> = said.operations.iter().map(guanxi_domain::campaign::Operation::name).collect();
            let operations = if operations.is_empty() { "nothing".to_owned() } else { operations.join(", ") };
            print(format!("  {word:<9} {operations}: {}", said.reasons.join("; ")));
        }
    }
}

/// What was asked for on both sides, by name.
pub(in crate::commands) fn sums(sides: [&Totals; 2]) -> BTreeMap<String, [i128; 2]> {
    let mut named: BTreeMap<String, [i128; 2]> = BTreeMap::new();
    for (side, totals) in sides.into_iter().enumerate() {
        let sums = [("", &totals.operations), ("messages, ", &totals.messages), ("points, ", &totals.points)];
        let sums = sums.into_iter().chain([("coupons, ", &totals.coupons)]);
        let sums = sums.flat_map(|(sort, sums)| sums.iter().map(move |(name, sum)| (sort, name, i128::from(*sum))));
        let money = totals.money.iter().map(|(name, sum)| ("money, ", name, i128::from(*sum)));
        for (sort, name, sum) in sums.chain(money) {
            if let Some(slot) = named.entry(format!("{sort}{name}")).or_default().get_mut(side) {
                *slot = sum;
            }
        }
    }
    named
}
