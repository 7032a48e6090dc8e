"""The lab's command line: python3 -m tests.lab up|down|status|build, from the root of the project."""

from __future__ import annotations

import argparse
import os
import sys

from tests.lab.build import build, locked, sizes
from tests.lab.cluster import down, status, up
from tests.lab.parts import LabError, Places, places
from tests.lab.tools import say


def _build(where: Places) -> int:
    build(where.cache)
    print("\n".join(sizes(where.cache)))
    return 0


def _up(where: Places) -> int:
    with locked(where.cache / "up.lock"):
        up(where)
    return 0


def _down(where: Places) -> int:
    with locked(where.cache / "up.lock"):
        down(where)
    return 0


def _status(where: Places) -> int:
    return 1 if status(where) else 0


_COMMANDS = {"up": _up, "down": _down, "status": _status, "build": _build}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tests.lab", description=__doc__)
    parser.add_argument("command", choices=list(_COMMANDS))
    command = parser.parse_args().command
    os.environ["PATH"] += ":/usr/local/go/bin:/usr/local/sbin:/usr/sbin:/sbin"
    try:
        return _COMMANDS[command](places())
    except LabError as error:
        say(str(error))
        return 2


if __name__ == "__main__":
    sys.exit(main())
