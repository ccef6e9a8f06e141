"""People and events as plugins read them, and JSON as the types that they ask for."""

import unittest
from dataclasses import dataclass, field
from typing import Any, Literal

from guanxi_plugin import BadInput, Tag, Time, testing
from guanxi_plugin._read import parse, reader
from guanxi_plugin.failures import Unfit


@dataclass
class Level:
    name: str
    at: int
    note: str | None = None


@dataclass
class Settings:
    levels: list[Level]
    texts: dict[str, str] = field(default_factory=dict)
    mode: Literal["on", "off"] = "on"
    limit: int | float | None = None

    def __post_init__(self) -> None:
        if len(self.levels) > 2:
            raise ValueError("at most two levels")


class People(unittest.TestCase):
    def test_fields_are_read_by_their_type(self) -> None:
        person = testing.person()
        person.fields = {"n": 3, "m": 1.5, "t": "x", "f": True, "w": Time(7), "ts": ["a"]}
        self.assertEqual([person.integer(name) for name in person.fields], [3, None, None, None, 7, None])
        self.assertEqual([person.number(name) for name in person.fields], [3.0, 1.5, None, None, None, None])
        self.assertEqual([person.text(name) for name in person.fields], [None, None, "x", None, None, None])
        self.assertEqual([person.flag(name) for name in person.fields], [None, None, None, True, None, None])
        self.assertEqual((person.texts("ts"), person.texts("unknown")), (["a"], None))

    def test_languages_match_without_their_region(self) -> None:
        person = testing.person()
        for locale, speaks in [("zh-Hant-TW", True), ("zh_CN", True), ("ZH", True), ("en-US", False), (None, False)]:
            person.locale = locale
            self.assertEqual(person.speaks("zh"), speaks, locale)

    def test_tags_are_found_by_dimension(self) -> None:
        person = testing.person()
        person.tags = [Tag("interest", "tea"), Tag("interest", "cake"), Tag("mood", "glad")]
        self.assertEqual(list(person.tags_of("interest")), ["tea", "cake"])
        self.assertEqual((person.has_tag("mood", "glad"), person.has_tag("mood", "tea")), (True, False))


class Events(unittest.TestCase):
    def test_properties_are_read_as_what_is_asked_for(self) -> None:
        event = testing.event("Level", {"name": "gold", "at": 7, "none": None})
        self.assertEqual(event.read(Level), Level("gold", 7))
        self.assertEqual((event.get("at", int), event.get("none", int), event.get("unknown", str)), (7, None, None))
        with self.assertRaisesRegex(BadInput, "event.properties: `at`: expected an integer, found a text"):
            testing.event("Level", {"name": "gold", "at": "7"}).read(Level)

    def test_what_is_no_json_is_a_failure(self) -> None:
        event = testing.event("page")
        event._properties = "{"
        with self.assertRaisesRegex(BadInput, "event.properties: no JSON: "):
            event.get("total", float)


class Reading(unittest.TestCase):
    def test_json_becomes_dataclasses(self) -> None:
        read = reader(Settings)(parse('{"levels": [{"name": "gold", "at": 3, "left": "over"}], "limit": 1.5}'))
        self.assertEqual(read, Settings([Level("gold", 3)], limit=1.5))

    def test_a_problem_names_its_path(self) -> None:
        for text, problem in [
            ("{}", "missing field `levels`"),
            ("", "missing field `levels`"),
            ("[]", "expected an object, found a list"),
            ('{"levels": [{"name": "gold", "at": true}]}', "`levels[0].at`: expected an integer, found yes or no"),
            ('{"levels": [{"at": 1}]}', "`levels[0]`: missing field `name`"),
            ('{"levels": [], "texts": {"en": 1}}', "`texts.en`: expected a text, found an integer"),
            ('{"levels": [], "mode": "idle"}', '`mode`: expected one of "on", "off"'),
            ('{"levels": [], "limit": "x"}', "`limit`: expected an integer, found a text"),
            (
                '{"levels": %s}' % ('[{"name": "a", "at": 1}' + ', {"name": "a", "at": 1}' * 2 + "]"),
                "at most two levels",
            ),
        ]:
            with self.assertRaises(Unfit) as raised:
                reader(Settings)(parse(text))
            self.assertEqual(str(raised.exception), problem)

    def test_types_that_json_does_not_have_are_refused(self) -> None:
        for wanted in (set[str], dict[int, str], bytes):
            with self.assertRaisesRegex(TypeError, "is no type that JSON can be read into"):
                reader(wanted)

    def test_anything_is_anything(self) -> None:
        for wanted in (Any, dict, dict[str, Any]):
            self.assertEqual(reader(wanted)({"a": [1]}), {"a": [1]})


if __name__ == "__main__":
    unittest.main()
