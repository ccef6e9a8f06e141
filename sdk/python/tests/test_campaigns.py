"""Campaigns: what is decided, what is kept, and what becomes of whatever goes wrong."""

import unittest
from dataclasses import dataclass
from typing import Any

from guanxi_plugin import (
    DAY,
    AddTag,
    BadConfig,
    BadInput,
    Decision,
    Failure,
    Message,
    MessageClass,
    Moment,
    Other,
    Send,
    Tag,
    Time,
    campaign,
    log,
    testing,
)


@dataclass
class Settings:
    minimum: float


@campaign
def thanks(config: Settings, moment: Moment) -> Decision:
    total = moment.event.get("total", float) or 0.0
    if total < config.minimum:
        return Decision.skip(f"{total} is less than {config.minimum}")
    kept = moment.kept() or {"thanked": 0}
    log.info(f"thanked {kept['thanked']} times before")
    message = Message.text("Thank you for order {{order}}!", order=moment.event.get("order_id", str))
    return (
        Decision.because("a large order")
        .send(message.set(expires=moment.now + DAY))
        .add_tag("loyalty", "big-spender")
        .keep({"thanked": kept["thanked"] + 1})
    )


class NoStock(BadInput):
    """One of an author's own."""


@campaign
def faulty(config: None, moment: Moment) -> Any:
    match moment.event.kind:
        case "key":
            return {"sum": 1}["total"]
        case "library":
            return int("many")
        case "own":
            raise NoStock("no tea left")
        case "exit":
            raise SystemExit(2)
        case "nothing":
            return None
        case "reason":
            return Decision.because(5)  # type: ignore[arg-type]
        case "surrogate":
            return Decision.because("x").send(Message.text("{{name}}", name="\ud83d"))
        case "state":
            return Decision.because("x").keep({1, 2})
        case "nan":
            return Decision.because("x").emit("seen", {"deep": [float("nan")]})
        case "integer":
            return Decision.because("x").set_field("n", 2**63)
        case "value":
            return Decision.because("x").set_field("n", None)  # type: ignore[arg-type]
        case "operation":
            return Decision.because("x").operation("send")  # type: ignore[arg-type]
    return Decision.skip("nothing wrong")


class Deciding(unittest.TestCase):
    def test_a_decision_is_written_from_left_to_right(self) -> None:
        moment = testing.moment("Order Completed", {"order_id": "A-1", "total": 80}, kept={"thanked": 1})
        decision = testing.decide(thanks, moment, {"minimum": 50})
        sent, tagged = decision.operations
        assert isinstance(sent, Send)
        self.assertEqual(sent.message.variables, {"order": "A-1"})
        self.assertEqual(sent.message.expires, testing.NOW + DAY)
        self.assertEqual(sent.message.class_, MessageClass.MARKETING)
        self.assertEqual(tagged, AddTag(Tag("loyalty", "big-spender", 1.0)))
        self.assertEqual(decision.state, {"thanked": 2})
        self.assertEqual(testing.take_lines(), [(log.Level.INFO, "thanked 1 times before")])

    def test_what_was_kept_stays_unless_said_otherwise(self) -> None:
        @campaign
        def leaves(config: dict[str, Any], moment: Moment) -> Decision:
            return Decision.because("left").forget() if moment.kept(int) == 2 else Decision.skip("nothing new")

        self.assertEqual(testing.decide(leaves, testing.moment("page", kept=1)).state, 1)
        self.assertIsNone(testing.decide(leaves, testing.moment("page", kept=2)).state)

    def test_every_operation_goes_out(self) -> None:
        @campaign
        def everything(config: None, moment: Moment) -> Decision:
            return (
                Decision.because("all")
                .and_because("of it")
                .send(Message.stored("welcome").set(class_=MessageClass.REPLY, purpose="service", channel="sms"))
                .earn_points("points", 100, "loyal", pending_until=moment.now)
                .issue_coupon("tea", "loyal")
                .grant_money("spring", 88, "luck")
                .remove_tag("interest", "coffee")
                .set_field("met", Time(moment.now))
                .set_field("names", ["a", "b"])
                .set_field("glad", True)
                .set_field("share", 0.5)
                .start_timer("remind", moment.now + DAY, {"step": 2})
                .cancel_timer("old")
                .emit("seen", {"what": None})
                .ask_staff("Call", "back")
            )

        self.assertEqual(len(testing.decide(everything, testing.moment("page")).operations), 13)

    def test_chance_is_the_seed(self) -> None:
        moment = testing.moment("page")
        self.assertEqual(moment.rng().randint(1, 1_000), moment.rng().randint(1, 1_000))

    def test_a_timer_brings_its_payload_back(self) -> None:
        moment = testing.moment("guanxi.timer", {"key": "remind", "payload": {"step": 2}})
        self.assertEqual(moment.timer("remind"), {"step": 2})
        self.assertIsNone(moment.timer("other"))
        self.assertIsNone(testing.moment("page", {"key": "remind"}).timer("remind"))


class Failing(unittest.TestCase):
    def check(self, kind: str, expected: type[Failure], words: str) -> None:
        with self.assertRaises(expected) as raised:
            testing.decide(faulty, testing.moment(kind))
        self.assertIs(type(raised.exception), expected)
        self.assertRegex(raised.exception.message, f"^{words}$")

    def test_whatever_is_raised_fails_the_moment_and_says_where(self) -> None:
        place = r" \(test_campaigns\.py, line \d+\)"
        self.check("key", Other, f"KeyError: 'total'{place}")
        self.check("library", Other, f"ValueError: invalid literal .* 'many'{place}")
        self.check("exit", Other, f"SystemExit: 2{place}")
        self.check("own", BadInput, "no tea left")

    def test_what_the_host_could_not_take_is_named_by_its_path(self) -> None:
        self.check("nothing", Other, "expected a Decision, found nothing")
        self.check("reason", Other, r"`reasons\[0\]`: expected a text, found an integer")
        self.check("surrogate", Other, r"`operations\[0\]\.message\.variables`: half a surrogate pair is no text")
        self.check("state", Other, "`state`: no JSON: Object of type set is not JSON serializable")
        self.check("nan", Other, r"`operations\[0\]\.properties`: no JSON: Out of range float .*")
        self.check("integer", Other, r"`operations\[0\]\.value`: 9223372036854775808 is not from .*")
        self.check("value", Other, r"`operations\[0\]\.value`: expected a value of a field, found nothing")
        self.check("operation", Other, r"`operations\[0\]`: expected an operation, found a text")

    def test_a_bad_configuration_names_its_setting(self) -> None:
        with self.assertRaisesRegex(BadConfig, "`minimum`: expected a number, found a text"):
            testing.decide(thanks, testing.moment("page"), {"minimum": "50"})

    def test_a_bad_property_names_itself(self) -> None:
        with self.assertRaisesRegex(BadInput, "event.properties.total: expected a number, found a text"):
            testing.decide(thanks, testing.moment("page", {"total": "80"}), {"minimum": 50})

    def test_a_function_of_another_shape_is_refused_when_it_is_named(self) -> None:
        with self.assertRaisesRegex(TypeError, r"takes \(moment\), not \(config, moment\)"):
            campaign(lambda moment: Decision())  # type: ignore[arg-type, misc]


if __name__ == "__main__":
    unittest.main()
