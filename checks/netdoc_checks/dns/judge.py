"""From what was seen to findings: the callers' resolvers, the server, its configuration, the node's cache. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from netdoc.api import Judgement
from netdoc_checks.dns.clients import judge_clients
from netdoc_checks.dns.config import judge_config
from netdoc_checks.dns.node_local import judge_node_local
from netdoc_checks.dns.seen import Seen
from netdoc_checks.dns.servers import judge_server


def judge(seen: Seen) -> Iterable[Judgement]:
    if not seen.asked:
        return
    for part in (judge_clients, judge_server, judge_config, judge_node_local):
        yield from part(seen)
