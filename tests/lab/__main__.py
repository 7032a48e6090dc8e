"""The lab's command line, from the root of the project: python3 -m tests.lab up|down|status|build|stop|start."""

from __future__ import annotations

import argparse
import os
import sys

from tests.lab.build import build, locked, sizes
from tests.lab.cluster import down, start_part, status, stop_part, up
from tests.lab.parts import LabError, Places, places
from tests.lab.tools import say


def main() -> int:
    """0 done (`status`: up), 1 `status`: not up, 2 it could not be done; the reason stands on stderr."""
    arguments = _parser().parse_args()
    os.environ["PATH"] += ":/usr/local/go/bin:/usr/local/sbin:/usr/sbin:/sbin"
    try:
        where = places()
        if arguments.command == "status":
            return 1 if status(where) else 0
        with locked(where.cache / "up.lock"):
            _do(where, arguments)
        return 0
    except LabError as error:
        say(str(error))
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m tests.lab", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what in (
        ("up", "build what is missing and start the lab"),
        ("down", "end it and leave nothing behind"),
        ("status", "say how it is"),
        ("build", "only fill the cache"),
    ):
        commands.add_parser(name, help=what)
    for name, what in (("stop", "end one program of the running lab"), ("start", "start it again")):
        commands.add_parser(name, help=what).add_argument("part", help="its name in status")
    return parser


def _do(where: Places, arguments: argparse.Namespace) -> None:
    match arguments.command:
        case "up":
            up(where)
        case "down":
            down(where)
        case "build":
            build(where.cache)
            print("\n".join(sizes(where.cache)))
        case "stop":
            stop_part(where, arguments.part)
        case "start":
            start_part(where, arguments.part)


if __name__ == "__main__":
    sys.exit(main())
