"""The two halves of the check `dns`: the resolvers and servers of the cluster, and a name's two views (split DNS)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import msgspec

from netdoc.api import Judgement, Ports, Subject
from netdoc_checks import split
from netdoc_checks.dns.judge import judge as judge_servers
from netdoc_checks.dns.observe import observe as observe_servers
from netdoc_checks.dns.seen import Seen


class Both(msgspec.Struct, frozen=True):
    servers: Seen
    views: split.Seen


async def observe(ports: Ports, subject: Subject) -> Both:
    servers, views = await asyncio.gather(observe_servers(ports, subject), split.observe(ports, subject))
    return Both(servers, views)


def judge(seen: Both) -> Iterable[Judgement]:
    yield from judge_servers(seen.servers)
    yield from split.judge(seen.views)
