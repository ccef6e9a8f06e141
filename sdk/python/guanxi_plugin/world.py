"""The WIT world of a plugin: `python -m guanxi_plugin.world KIND…` imports `plugin.py` from the working directory and
prints it. `KIND…` are the kinds that plugin.toml declares; what is wrong is said with file, line and remedy.
"""

from __future__ import annotations

import os.path
import sys
import traceback
from contextlib import redirect_stdout

from ._plugin import Declared, exported
from .connectors import FACETS

NAME = "guanxi:built/component"
"""The world that is printed."""


def interfaces(found: dict[str, Declared]) -> list[str]:
    """The names of the interfaces that are exported."""
    names = list(found)
    if "connector" in found:
        names += [name for name, base in FACETS.items() if isinstance(found["connector"].target, base)]
    return names


def world(names: list[str]) -> str:
    """A package with one world that exports several interfaces."""
    includes = "".join(f"  include guanxi:plugin/{name}-plugin@0.1.0;\n" for name in names)
    package, world = NAME.split("/")
    return f"package {package};\n\nworld {world} {{\n{includes}}}\n"


def main(kinds: list[str]) -> int:
    """Prints the world, or what is wrong."""
    sys.path.insert(0, os.getcwd())
    try:
        with redirect_stdout(sys.stderr):
            found = exported("plugin")
    except (Exception, SystemExit) as error:
        own = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_shown(frame.filename)]
        print(*traceback.format_list(own), *traceback.format_exception_only(error), sep="", end="", file=sys.stderr)
        if isinstance(error, ModuleNotFoundError):
            print(_missing(error.name or "it"), file=sys.stderr)
        return 1
    for kind in sorted(set(kinds) | set(found)):
        if kind not in found:
            print(f"plugin.toml has [{kind}], but plugin.py exports none: put @{kind} on it", file=sys.stderr)
            return 1
        if kind not in kinds:
            print(f"plugin.py has @{kind}, but plugin.toml has no [{kind}]: add it", file=sys.stderr)
            return 1
    print(world(interfaces(found)), end="")
    return 0


def _missing(name: str) -> str:
    if name == "plugin":
        return "There is no plugin.py in this folder."
    return f"If `{name}` is a package, add it to requirements.txt; it must be of Python alone, without native code."


def _is_shown(file: str) -> bool:
    return not file.startswith((os.path.dirname(os.path.abspath(__file__)), "<"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
