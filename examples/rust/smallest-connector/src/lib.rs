//! The smallest connector: posts the content to one address of the web.

use guanxi_plugin::connector::{Connector, Outbound, Request, Response, Step};
use guanxi_plugin::words::Instant;
use guanxi_plugin::{Failure, NoConfig};

struct Post;

impl Connector for Post {
    type Config = NoConfig;

    fn send(_: &NoConfig, message: &Outbound) -> Result<Step, Failure> {
        let request = Request::post("https://post.example/messages").header("authorization", "Bearer {{secret:token}}");
        Ok(Step::perform(request.body(message.content.as_str())))
    }

    fn resume(_: &NoConfig, _: &[u8], response: &Response, _: Instant) -> Result<Step, Failure> {
        Ok(Step::Done(response.outcome()))
    }
}

guanxi_plugin::connector!(Post);
