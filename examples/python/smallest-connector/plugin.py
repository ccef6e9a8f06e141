"""The smallest connector: posts the content to one address of the web."""

from guanxi_plugin import Connector, Done, Outbound, Perform, Request, Response, Step, connector


@connector
class Post(Connector):
    def send(self, config: None, message: Outbound) -> Step:
        request = Request.post("https://post.example/messages", message.content_text)
        return Perform(request.header("authorization", "Bearer {{secret:token}}"))

    def resume(self, config: None, continuation: bytes, response: Response, now: int) -> Step:
        return Done(response.outcome())
