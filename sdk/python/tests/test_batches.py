"""Scorers over columns, and analyzers text by text."""

import math
import unittest
from typing import Any

from guanxi_plugin import BadInput, Failure, Other, People, Reading, Scored, Tag, Text, analyzer, scorer, testing


@scorer(inputs=["left", "right"])
def total(config: None, people: People) -> Scored:
    left, right = people.numbers("left"), people.numbers(1)
    return Scored().score("sum", (a + b for a, b in zip(left, right))).term("sum", "left", left)


@analyzer
def complaints(config: dict[str, Any], text: Text) -> Reading:
    if not text.body:
        raise BadInput("an empty text")
    if "refund" in text.body:
        return Reading(mood=-0.5, topics=["money"], flagged=["refund"]).tag("intent", "complaint", 0.8)
    return Reading(mood="glad")  # type: ignore[arg-type]


class Scoring(unittest.TestCase):
    COLUMNS = {"left": [1.0, 2.0], "right": [10.0, 20.0]}

    def test_columns_are_found_by_name_and_position(self) -> None:
        scored = testing.score(total, self.COLUMNS, explain=True)
        self.assertEqual(scored.scores[0].values, [11.0, 22.0])
        self.assertEqual(scored.terms[0].values, [1.0, 2.0])

    def test_terms_are_dropped_unless_asked_for(self) -> None:
        self.assertEqual(testing.score(total, self.COLUMNS).terms, [])

    def test_a_sum_adds_its_terms_and_keeps_who_has_none_without(self) -> None:
        scored = Scored().sum("both", {"a": [1.0, 2.0], "b": [0.5, math.nan]})
        self.assertEqual((scored.scores[0].values[0], math.isnan(scored.scores[0].values[1])), (1.5, True))
        self.assertEqual([term.name for term in scored.terms], ["a", "b"])

    def test_a_wrong_column_names_itself(self) -> None:
        with self.assertRaisesRegex(BadInput, "input `left` is not number: compare plugin.toml"):
            testing.score(total, {"left": [1], "right": [10.0]})
        with self.assertRaisesRegex(BadInput, "input `1` is not known"):
            testing.score(total, {"left": [1.0]})

    def test_columns_that_the_host_could_not_take_fail_the_call(self) -> None:
        def answering(*values: Any) -> Any:
            return scorer(lambda config, people: Scored().score("s", values))

        for values, problem in [
            ((1.0,), "column `s` has 1 values for 2 people"),
            ((1.0, None), r"`scores\[0\].values`: expected numbers"),
        ]:
            with self.assertRaisesRegex(Other, problem):
                testing.score(answering(*values), self.COLUMNS)
        self.assertEqual(testing.score(answering(1, 2), self.COLUMNS).scores[0].values, [1, 2])


class Analyzing(unittest.TestCase):
    def test_a_text_is_read(self) -> None:
        reading = testing.read(complaints, "I want a refund")
        self.assertEqual((reading.mood, reading.tags), (-0.5, [Tag("intent", "complaint", 0.8)]))

    def test_a_failure_concerns_one_text(self) -> None:
        for body, problem in [("", "an empty text"), ("fine", "`mood`: expected a number, found a text")]:
            with self.assertRaisesRegex(Failure, problem):
                testing.read(complaints, body)


if __name__ == "__main__":
    unittest.main()
