"""A connector with every facet."""

import unittest
from dataclasses import dataclass

from guanxi_plugin import (
    Audience,
    AudienceChange,
    Authorization,
    BadConfig,
    BadInput,
    BadSignature,
    Connector,
    Done,
    Event,
    Failed,
    Header,
    Incoming,
    Malformed,
    Other,
    Outbound,
    Outcome,
    Page,
    Perform,
    Poll,
    PollStep,
    Receive,
    Received,
    Reception,
    RecipientGone,
    Rejected,
    Request,
    Response,
    RetryAfter,
    Sent,
    Session,
    Step,
    connector,
    secrets,
    testing,
)


@dataclass
class Settings:
    url: str


@connector
class Chat(Connector, Session, Receive, Poll, Audience):
    def send(self, config: Settings, message: Outbound) -> Step:
        request = Request.post(config.url).json({"to": message.address_value, "content": message.content})
        mac = secrets.hmac("signing-key", secrets.Digest.SHA256, request.body)
        return Perform(request.header("x-mac", mac.hex()), b"sent")

    def resume(self, config: Settings, continuation: bytes, response: Response, now: int) -> Step:
        if continuation == b"sent" and response.is_success:
            return Done(Sent(response.json(str)))
        return Done(response.outcome())

    def authorize(self, config: Settings) -> Authorization:
        request = Request.get(f"{config.url}/token?secret={{{{secret:app}}}}")
        return Authorization(request, "/access_token", "/expires_in", 7_200)

    def receive(self, config: Settings, request: Incoming, now: int) -> Reception:
        if not request.query:
            raise BadSignature
        event = Event("", "message", now, properties={"text": request.body.decode()})
        return Reception(Response(200, body=b"ok"), [Received("1", ["user:7"], event)])

    def poll(self, config: Settings, cursor: str | None, now: int) -> PollStep:
        return Perform(Request.get(f"{config.url}?after={cursor or ''}"))

    def resume_poll(self, config: Settings, continuation: bytes, response: Response, now: int) -> PollStep:
        return Page(response.json(str)) if response.is_success else Failed(response.outcome())

    def upload(self, config: Settings, change: AudienceChange) -> Step:
        return Perform(Request.post(config.url).json(change.add))

    def resume_upload(self, config: Settings, continuation: bytes, response: Response, now: int) -> Step:
        return Done("sent")  # type: ignore[arg-type]


CONFIG = {"url": "https://chat.example"}
MESSAGE = testing.outbound("user:7", {"text": "Hello"})
CHANGE = AudienceChange("vip", ["a"], [])


class Sending(unittest.TestCase):
    def test_a_message_becomes_a_signed_request(self) -> None:
        testing.set_secret("signing-key", b"key")
        step = testing.send(Chat, MESSAGE, CONFIG)
        assert isinstance(step, Perform)
        self.assertEqual(step.request.body, b'{"to":"7","content":{"text":"Hello"}}')
        self.assertEqual([header.name for header in step.request.headers], ["content-type", "x-mac"])

    def test_hmac_is_the_one_of_the_textbook(self) -> None:
        testing.set_secret("textbook", b"key")
        mac = secrets.hmac("textbook", secrets.Digest.SHA256, b"The quick brown fox jumps over the lazy dog")
        self.assertEqual(mac[:4].hex(), "f7bc83f4")
        with self.assertRaisesRegex(BadConfig, "the secret `other` is not set"):
            secrets.hmac("other", secrets.Digest.SHA1, b"")
        testing.set_secret("secret-key", b"Gu5t9xGARNpq86cd98joQYCN3EXAMPLE")
        of_the_day = secrets.hmac([b"TC3", secrets.Secret("secret-key")], secrets.Digest.SHA256, b"2019-02-25")
        self.assertEqual(of_the_day[:4].hex(), "d1308c81")

    def test_a_digest_is_over_parts_a_secret_among_them(self) -> None:
        testing.set_secret("app-secret", b"9a539709cafc1efc9ef05838be468a28")
        path = b"/ark/open_api/v1/items?app-key=xhs&page_no=1&page_size=50&status=0&timestamp=1469902537"
        app_secret = secrets.Secret("app-secret")
        signature = secrets.hash(secrets.Digest.MD5, [path, app_secret])
        self.assertEqual(signature.hex(), "72be6fad4dd0e5104dbdebbcdadb2a06")
        for parts, why in (
            ([app_secret], "a secret is hashed together with other bytes only"),
            ([app_secret] * 65, "65 parts are more than 64"),
        ):
            with self.assertRaisesRegex(BadInput, why):
                secrets.hash(secrets.Digest.MD5, parts)

    def test_what_wechat_signs_is_verified(self) -> None:
        testing.set_secret("token", b"test")
        signature = bytes.fromhex("f21891de399b4e33a1a93c9a7b8a8fffb5a443ff")
        self.assertTrue(secrets.verify_sorted("token", secrets.Digest.SHA1, [b"1410685589", b"test"], signature))
        self.assertFalse(secrets.verify_sorted("token", secrets.Digest.SHA1, [b"1410685590", b"test"], signature))
        with self.assertRaisesRegex(BadConfig, "the secret `other` is not set"):
            secrets.verify_sorted("other", secrets.Digest.SHA1, [], signature)

    def test_what_the_standard_library_lacks_says_so(self) -> None:
        for call in (
            lambda: secrets.sign("key", secrets.Scheme.ED25519, b""),
            lambda: secrets.encrypt("key", secrets.Cbc(bytes(16)), b""),
            lambda: secrets.decrypt("key", secrets.Wechat(), b""),
            lambda: secrets.decrypt_gcm("key", b"", b"", b""),
        ):
            with self.assertRaisesRegex(NotImplementedError, "works in a component only"):
                call()

    def test_a_status_is_an_outcome(self) -> None:
        cases: list[tuple[int, str | None, Outcome]] = [
            (204, None, Sent()),
            (301, None, Rejected("the channel answered 301")),
            (410, None, RecipientGone("the channel answered 410 Gone")),
            (408, None, RetryAfter(30)),
            (429, " 7 ", RetryAfter(7)),
            (503, "Fri, 31 Dec 1999 23:59:59 GMT", RetryAfter(30)),
            (503, "99999999999", RetryAfter(86_400)),
        ]
        for status, wait, expected in cases:
            response = testing.response(status, {"Retry-After": wait} if wait else {})
            self.assertEqual(response.outcome(), expected, status)

    def test_an_answer_that_cannot_be_read_fails_with_the_place(self) -> None:
        answer = testing.resume(Chat, b"sent", testing.response(200, body=b'"77"'), CONFIG)
        self.assertEqual(answer, Done(Sent("77")))
        for body in (b"{}", b"\xff", b"{"):
            with self.assertRaisesRegex(BadInput, "^the channel's answer: "):
                testing.resume(Chat, b"sent", testing.response(200, body=body), CONFIG)

    def test_an_address_has_kind_and_value(self) -> None:
        self.assertEqual((MESSAGE.address_kind, MESSAGE.address_value), ("user", "7"))
        bare = testing.outbound("7", {})
        self.assertEqual((bare.address_kind, bare.address_value), ("", "7"))


class Facets(unittest.TestCase):
    def test_a_bad_configuration_is_named_by_every_facet(self) -> None:
        response = testing.response(200)
        for call in (
            lambda bad: testing.send(Chat, MESSAGE, bad),
            lambda bad: testing.authorize(Chat, bad),
            lambda bad: testing.receive(Chat, testing.incoming("POST", "a=1"), bad),
            lambda bad: testing.poll(Chat, None, bad),
            lambda bad: testing.resume_poll(Chat, b"", response, bad),
            lambda bad: testing.upload(Chat, CHANGE, bad),
        ):
            with self.assertRaisesRegex(BadConfig, "`url`: expected a text, found an integer"):
                call({"url": 1})

    def test_sessions_polls_and_audiences_are_asked(self) -> None:
        self.assertEqual(
            testing.authorize(Chat, CONFIG).request.url, "https://chat.example/token?secret={{secret:app}}"
        )
        self.assertEqual(testing.poll(Chat, "7", CONFIG), Perform(Request.get("https://chat.example?after=7")))
        self.assertEqual(testing.resume_poll(Chat, b"", testing.response(200, body=b'"8"'), CONFIG), Page("8"))
        self.assertEqual(testing.resume_poll(Chat, b"", testing.response(500), CONFIG), Failed(RetryAfter(30)))
        with self.assertRaisesRegex(Other, "`outcome`: expected an outcome, found a text"):
            testing.resume_upload(Chat, b"", testing.response(200), CONFIG)

    def test_callbacks_are_refused_or_received(self) -> None:
        with self.assertRaises(BadSignature):
            testing.receive(Chat, testing.incoming("POST"), CONFIG)
        with self.assertRaisesRegex(Malformed, r"^UnicodeDecodeError: .* \(test_connectors.py, line \d+\)$"):
            testing.receive(Chat, testing.incoming("POST", "a=1", body=b"\xff"), CONFIG)
        reception = testing.receive(Chat, testing.incoming("POST", "a=1", body=b"hi"), CONFIG)
        event = reception.events[0].event
        self.assertEqual((reception.reply.status, event.at, event.properties), (200, testing.NOW, {"text": "hi"}))

    def test_headers_are_found_whatever_their_case(self) -> None:
        self.assertEqual(Response(200, [Header("ETag", "1")]).header("etag"), "1")


if __name__ == "__main__":
    unittest.main()
