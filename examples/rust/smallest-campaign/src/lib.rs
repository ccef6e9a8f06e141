//! The smallest campaign: greets whoever says who they are.

use guanxi_plugin::campaign::{Campaign, Decision, Message, Moment};
use guanxi_plugin::{Failure, NoConfig};

struct Hello;

impl Campaign for Hello {
    type Config = NoConfig;

    fn decide(_: &NoConfig, moment: &Moment) -> Result<Decision, Failure> {
        let name = moment.person.text("name").unwrap_or("friend");
        Ok(Decision::because("somebody new").send(Message::text("Hello {{name}}!").with("name", name)))
    }
}

guanxi_plugin::campaign!(Hello);
