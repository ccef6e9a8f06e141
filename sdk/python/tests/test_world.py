"""What a build is told: the world of a plugin, or what is wrong with it."""

import os.path
import subprocess
import sys
import tempfile
import unittest

SDK = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CAMPAIGN = """
from guanxi_plugin import *
@campaign
def hello(config: None, moment: Moment) -> Decision:
    return Decision.skip("x")
"""
CHAT = """
from guanxi_plugin import *
@connector
class Chat(Connector, Session):
    def send(self, config, message): ...
    def resume(self, config, continuation, response, now): ...
    def authorize(self, config): ...
"""


class Worlds(unittest.TestCase):
    def run_world(self, source: str | None, *kinds: str) -> tuple[int, str, str]:
        with tempfile.TemporaryDirectory() as folder:
            if source is not None:
                with open(os.path.join(folder, "plugin.py"), "w", encoding="utf-8") as file:
                    file.write(source)
            command = [sys.executable, "-m", "guanxi_plugin.world", *kinds]
            environment = {**os.environ, "PYTHONPATH": SDK}
            done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def test_a_world_exports_what_the_plugin_does(self) -> None:
        code, world, complaints = self.run_world(CAMPAIGN + CHAT, "connector", "campaign")
        self.assertEqual((code, complaints), (0, ""))
        self.assertEqual(
            world,
            "package guanxi:built;\n\n"
            "world component {\n"
            "  include guanxi:plugin/campaign-plugin@0.1.0;\n"
            "  include guanxi:plugin/connector-plugin@0.1.0;\n"
            "  include guanxi:plugin/connector-session-plugin@0.1.0;\n"
            "}\n",
        )

    def test_what_is_printed_while_building_is_no_part_of_the_world(self) -> None:
        code, world, printed = self.run_world(CAMPAIGN + "print('built')", "campaign")
        self.assertEqual((code, world.splitlines()[0], printed), (0, "package guanxi:built;", "built\n"))

    def test_what_is_wrong_is_said_with_place_and_remedy(self) -> None:
        for source, kinds, expected in [
            (None, ["campaign"], ["There is no plugin.py in this folder."]),
            ("def x(:\n", ["campaign"], ["plugin.py", "line 1", "SyntaxError"]),
            ("\nimport tea_leaves\n", ["campaign"], ["plugin.py", "line 2", "add it to requirements.txt"]),
            (CAMPAIGN, ["campaign", "scorer"], ["plugin.toml has [scorer], but plugin.py exports none: put @scorer"]),
            (CAMPAIGN, ["scorer"], ["plugin.py has @campaign, but plugin.toml has no [campaign]: add it"]),
            (CAMPAIGN + CAMPAIGN.replace("hello", "bye"), ["campaign"], ["`hello` and `bye` are both @campaign"]),
            (CHAT.replace("authorize", "authorise"), ["connector"], ["abstract", "authorize"]),
        ]:
            code, world, complaints = self.run_world(source, *kinds)
            self.assertEqual((code, world), (1, ""), complaints)
            for words in expected:
                self.assertIn(words, complaints)
            self.assertNotIn("guanxi_plugin" + os.path.sep, complaints)


if __name__ == "__main__":
    unittest.main()
