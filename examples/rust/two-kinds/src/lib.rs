//! One component of two kinds: scores how loyal a person is, and thanks the loyal ones.

use guanxi_plugin::campaign::{Campaign, Decision, Message, Moment};
use guanxi_plugin::scorer::{People, Scored, Scorer};
use guanxi_plugin::{Failure, NoConfig};

struct Loyalty;

impl Scorer for Loyalty {
    type Config = NoConfig;

    fn score(_: &NoConfig, people: &People) -> Result<Scored, Failure> {
        Ok(Scored::new().score("loyalty", people.integers(0)?.iter().map(|orders| (*orders).min(10) as f64)))
    }
}

impl Campaign for Loyalty {
    type Config = NoConfig;

    fn decide(_: &NoConfig, moment: &Moment) -> Result<Decision, Failure> {
        match moment.person.score("loyalty") {
            Some(loyalty) if loyalty >= 3.0 => Ok(Decision::because("loyal").send(Message::text("Thank you, again!"))),
            _ => Ok(Decision::skip("fewer than three orders")),
        }
    }
}

guanxi_plugin::scorer!(Loyalty);
guanxi_plugin::campaign!(Loyalty);
