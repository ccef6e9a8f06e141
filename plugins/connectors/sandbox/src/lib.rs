//! A channel that delivers to nobody: every message is accepted at once, so that demos and trials show what would be
//! sent without bothering anyone.

use guanxi_plugin::connector::{Connector, Outbound, Response, Step};
use guanxi_plugin::words::Instant;
use guanxi_plugin::{Failure, NoConfig, log};
use serde_json::json;

struct Sandbox;

impl Connector for Sandbox {
    type Config = NoConfig;

    fn send(_: &NoConfig, message: &Outbound) -> Result<Step, Failure> {
        let shown = json!({
            "id": message.id,
            "address": message.address,
            "created": message.created,
            "content": message.content_json()?,
        });
        log!(info, "would send {shown}");
        Ok(Step::sent(Some(format!("sandbox-{}", message.id))))
    }

    fn resume(_: &NoConfig, _: &[u8], _: &Response, _: Instant) -> Result<Step, Failure> {
        Err(Failure::BadInput("the sandbox asks for no request, so there is no response to it".to_owned()))
    }
}

guanxi_plugin::connector!(Sandbox);

#[cfg(test)]
mod tests {
    use guanxi_plugin::testing;

    use super::*;

    #[test]
    fn a_message_is_sent_at_once_and_shown() {
        let message = testing::outbound("user:7", json!({"text": "Hello"}));
        assert_eq!(testing::send::<Sandbox>("{}", &message), Ok(Step::sent(Some("sandbox-msg_test".to_owned()))));
        let lines = testing::take_lines();
        let shown = lines[0].1.strip_prefix("would send ").unwrap();
        let expected =
            json!({"id": "msg_test", "address": "user:7", "created": testing::NOW, "content": {"text": "Hello"}});
        assert_eq!(serde_json::from_str::<serde_json::Value>(shown).unwrap(), expected);
    }
}
