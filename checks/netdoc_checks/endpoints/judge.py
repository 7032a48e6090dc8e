"""From everything seen to findings. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from netdoc.api import Finding, Judgement, Unjudged
from netdoc_checks.endpoints.balancer import judge_balancer
from netdoc_checks.endpoints.clients import judge_clients
from netdoc_checks.endpoints.nodes import judge_nodes
from netdoc_checks.endpoints.pods import judge_pods, unread_logs
from netdoc_checks.endpoints.ports import judge_ports
from netdoc_checks.endpoints.reach import judge_reach
from netdoc_checks.endpoints.seen import Group, Seen
from netdoc_checks.endpoints.service import judge_service
from netdoc_checks.endpoints.standing import merged, standing
from netdoc_checks.endpoints.workloads import judge_workloads


def judge(seen: Seen) -> Iterable[Judgement]:
    judgements = [one for group in seen.groups for one in _judge_group(group, seen)]
    judgements += [*judge_nodes(seen), *judge_clients(seen)]
    findings = merged(one for one in judgements if isinstance(one, Finding))
    unjudged = [one for one in judgements if isinstance(one, Unjudged)]
    return [*findings, *unjudged, *_unread(seen), *_logs(seen)]


def _unread(seen: Seen) -> list[Unjudged]:
    return [
        Unjudged(what=gap.what, reason=gap.reason, detail=gap.detail, hop=hop, blocking=True)
        for hop, gap in dict.fromkeys((one.hop, one.gap) for one in seen.unread)
    ]


def _judge_group(group: Group, seen: Seen) -> Iterable[Judgement]:
    stand = standing(group, seen)
    for part in (judge_ports, judge_service, judge_reach, judge_balancer, judge_workloads, judge_pods):
        yield from part(group, stand, seen)
    gap = group.pods.gap
    if gap is not None and gap.blocking:
        yield Unjudged(what=gap.what, reason=gap.reason, detail=gap.detail, hop=group.hops[0], blocking=True)


def _logs(seen: Seen) -> list[Unjudged]:
    """A log that may not be read costs evidence, never the verdict."""
    return [Unjudged(what=gap.what, reason=gap.reason, detail=gap.detail) for gap in unread_logs(seen)]
