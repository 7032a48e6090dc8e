"""Several sources: what each check says of every one by itself, collected while the run goes on.

Checks are asked again for each, over its own path; the recorder answers from what it has, so that this costs next to
nothing. What a single run from that source would say is thus what is compared, whoever wrote the check.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

import msgspec

from netdoc.engine.check import Subject
from netdoc.engine.ledger import Key, Ledger
from netdoc.model.finding import SEVERITIES, Finding, Judgement, Unjudged
from netdoc.model.kube import Job, Pod, ReplicaSet
from netdoc.model.kube.meta import Object, ObjectRef
from netdoc.model.path import Path, Source
from netdoc.model.target import SourceSpec, Target
from netdoc.path import resolve
from netdoc.ports import Recorder
from netdoc.predict import dns

MOST = 16
"""Pods that are judged one by one; a namespace may have any number."""


class Viewpoint:
    """One source, or one pod of it, with its own path and ledger."""

    def __init__(self, path: Path, ledger: Ledger, pod: Pod | None = None, workload: ObjectRef | None = None) -> None:
        self.path = path
        self.ledger = ledger
        self.pod = pod
        self.workload = workload
        ledger.path = path

    @property
    def source(self) -> Source:
        return self.path.sources[0]

    @property
    def vantage(self) -> str:
        """Under which name its own measurements are recorded."""
        return f"exec:{self.pod.namespace}/{self.pod.name}" if self.pod is not None else ""

    @property
    def resolver(self) -> str:
        if self.pod is None:
            return ""
        spec = self.pod.spec
        beside = " with hostNetwork" if spec.host_network and dns.policy_of(self.pod) != "ClusterFirst" else ""
        servers = spec.dns_config.nameservers if spec.dns_config is not None else ()
        named = f", nameserver {', '.join(servers)}" if servers else ""
        return f"dnsPolicy {spec.dns_policy or 'ClusterFirst'}{beside}{named}"

    def of(self, subject: Subject) -> Subject:
        return msgspec.structs.replace(subject, path=self.path)

    def take(self, judgements: Iterable[Judgement]) -> tuple[Finding, ...]:
        """Enters what was said of this source; returns the findings as the ledger has them."""
        keys = set()
        for one in judgements:
            if isinstance(one, Unjudged):
                self.ledger.unjudged.append(one)
            else:
                self.ledger.add(one)
                keys.add((one.code, one.object))
        return tuple(one for one in self.ledger.findings if (one.code, one.object) in keys)

    def concerns(self, judgement: Judgement) -> bool:
        """Whether something said of all sources together stands on this one's way."""
        hops = judgement.hops if isinstance(judgement, Finding) else (judgement.hop,) if judgement.hop else ()
        return not hops or any(self.path.hop(hop) is not None for hop in hops)


def together(said: Sequence[Judgement], ledger: Ledger, each: Sequence[Sequence[Judgement]]) -> list[Judgement]:
    """Enters what is said of each source; returns what is to be told of all.

    That is what was said of them together, less what holds of none by itself (a name may be another thing to
    another caller), and what holds of one alone, or weighs more there.
    """
    taken = [one for viewpoint, own in zip(ledger.viewpoints, each, strict=True) for one in viewpoint.take(own)]
    alone: dict[Key, Finding] = {}
    for one in sorted(taken, key=lambda each: SEVERITIES.index(each.severity or "info")):
        alone.setdefault((one.code, one.object), one)
    partly = len(ledger.viewpoints) == MOST
    kept = [one for one in said if isinstance(one, Unjudged) or partly or (one.code, one.object) in alone]
    weight = {(one.code, one.object): _weight(one, ledger) for one in kept if isinstance(one, Finding)}
    more = [one for where, one in alone.items() if _weight(one, ledger) < weight.get(where, len(SEVERITIES))]
    doubts = [one for own in each for one in own if isinstance(one, Unjudged)]
    known = {(one.what, one.hop) for one in said if isinstance(one, Unjudged)}
    return [*kept, *more, *({(one.what, one.hop): one for one in doubts if (one.what, one.hop) not in known}.values())]


def _weight(finding: Finding, ledger: Ledger) -> int:
    code = ledger.codes.get(finding.code)
    return SEVERITIES.index(finding.severity or (code.severity if code is not None else "error"))


async def viewpoints(
    recorder: Recorder, target: Target, specs: Sequence[SourceSpec], path: Path, ledger: Ledger
) -> tuple[Viewpoint, ...]:
    """One for each source and each pod that stands for others in it; none where there is nothing to compare."""
    ways = [path] if len(specs) < 2 else [await resolve(recorder, target, (spec,)) for spec in specs]
    alone = {(one.sources[0].hop, one.sources[0].pods): one for way in ways for one in each_pod(way)}
    if len(alone) < 2:
        return ()
    if len(alone) > MOST:
        what = f"{len(alone) - MOST} more pods of the sources one by one"
        detail = f"{MOST} are compared; the others were judged together with them"
        ledger.unjudged.append(Unjudged(what=what, reason="incomplete", detail=detail))
    chosen = list(alone.values())[:MOST]
    return tuple(await asyncio.gather(*(_viewpoint(recorder, one, ledger) for one in chosen)))


def each_pod(path: Path) -> tuple[Path, ...]:
    """The path of one source, once for every pod that stands for it."""
    source = path.sources[0]
    alone: list[tuple[ObjectRef, ...]] = [(ref,) for ref in source.pods]
    return tuple(
        msgspec.structs.replace(path, sources=(msgspec.structs.replace(source, pods=pods),)) for pods in alone or [()]
    )


async def _viewpoint(recorder: Recorder, path: Path, ledger: Ledger) -> Viewpoint:
    own = Ledger(ledger.codes, recorder)
    for ref in path.sources[0].pods:
        pod = await recorder.get(Pod, ref.name, ref.namespace)
        if isinstance(pod, Pod):
            return Viewpoint(path, own, pod, await _topmost(recorder, pod))
    return Viewpoint(path, own)


async def _topmost(recorder: Recorder, pod: Pod) -> ObjectRef:
    """The workload of a pod: its controller, or that one's; where this may not be read, the one below it."""
    owner = pod.metadata.controller
    kinds: dict[str, type[ReplicaSet | Job]] = {"ReplicaSet": ReplicaSet, "Job": Job}
    if owner is not None and owner.kind in kinds:
        between = await recorder.get(kinds[owner.kind], owner.name, pod.namespace)
        owner = (between.metadata.controller if isinstance(between, Object) else None) or owner
    if owner is None:
        return pod.ref
    return ObjectRef(api_version=owner.api_version, kind=owner.kind, namespace=pod.namespace, name=owner.name)
