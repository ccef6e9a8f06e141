//! The smallest analyzer: hears complaints.

use guanxi_plugin::analyzer::{Analyzer, Reading, Text};
use guanxi_plugin::{Failure, NoConfig};

struct Complaints;

impl Analyzer for Complaints {
    type Config = NoConfig;

    fn read(_: &NoConfig, text: &Text) -> Result<Reading, Failure> {
        let complains = ["refund", "broken", "退款", "投诉"].iter().any(|word| text.body.contains(word));
        let reading = Reading::new();
        Ok(if complains { reading.tag("intent", "complaint", 0.8).mood(-0.5) } else { reading })
    }
}

guanxi_plugin::analyzer!(Complaints);
