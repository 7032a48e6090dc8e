"""From what the user typed to the graph of hops that traffic crosses."""

from netdoc.path.parse import TargetError, parse_port, parse_source, parse_target
from netdoc.path.resolve import resolve

__all__ = ["TargetError", "parse_port", "parse_source", "parse_target", "resolve"]
