"""Corefiles: what they say (parse), what that means for a name (facts, Server), what is wrong with it (judge)."""

from netdoc.predict.corefile.facts import Forward, block_for, forward_for, kubernetes_zones
from netdoc.predict.corefile.judge import Flaw, Judged, Surroundings, judge
from netdoc.predict.corefile.model import Corefile, CorefileError, Plugin, Property, ServerBlock
from netdoc.predict.corefile.parser import parse
from netdoc.predict.corefile.running import Running, digest, running
from netdoc.predict.corefile.server import Served, Server

__all__ = [
    "Corefile",
    "CorefileError",
    "Flaw",
    "Forward",
    "Judged",
    "Plugin",
    "Property",
    "Running",
    "Served",
    "Server",
    "ServerBlock",
    "Surroundings",
    "block_for",
    "digest",
    "forward_for",
    "judge",
    "kubernetes_zones",
    "parse",
    "running",
]
