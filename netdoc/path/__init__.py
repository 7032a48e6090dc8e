"""From what the user typed to the graph of hops that traffic crosses."""

from netdoc.path.callers import guessed_source
from netdoc.path.parse import parse_source, parse_target
from netdoc.path.places import TargetError, parse_port
from netdoc.path.resolve import resolve

__all__ = ["TargetError", "guessed_source", "parse_port", "parse_source", "parse_target", "resolve"]
