"""Several sources of one target: how each fares by itself, and where it first differs from the one that fares best.

The order is that of the traffic: who is asked for names, what is answered, what that address is, what the policies
say, what became of connections. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import groupby
from typing import Literal, NamedTuple

import msgspec

from netdoc.model.finding import Finding, Unjudged
from netdoc.model.kube.meta import ObjectRef
from netdoc.model.path import Path, Source
from netdoc.model.report import FirstDifference, ReportHop, Status

Stage = Literal["resolver", "answer", "address", "policy", "connection"]
Extent = Literal["source", "workload", "pod"]
STAGES: tuple[Stage, ...] = ("resolver", "answer", "address", "policy", "connection")
ANSWERS = frozenset(
    {"dns.nxdomain", "dns.no-address", "dns.servfail", "dns.refused", "dns.timeout", "dns.wrong-address"}
    | {"dns.stale-address", "dns.five-second-stalls", "dns.slow", "dns.truncated"}
)
CONNECTIONS = frozenset({"pod.port-closed", "pod.listens-on-loopback", "service.endpoint-dead"})
_BEST: tuple[Status, ...] = ("pass", "warn", "unknown", "fail")
_OF_KIND: dict[str, Stage] = {"client": "resolver", "policy": "policy", "endpoint": "policy", "pod": "policy"}


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The path as one source sees it, judged by itself, by one of its pods.

    `extent`: whether that pod speaks for all of its source, for all pods of its workload there, or for itself.
    `resolver` is what its pod is configured with; the rest is what it measured: `nameservers` of its resolv.conf,
    `answers` by name, `connections` by address and port, all in words.
    """

    source: Source
    path: Path
    status: Status
    hops: tuple[ReportHop, ...] = ()
    findings: tuple[Finding, ...] = ()
    unknown: tuple[Unjudged, ...] = ()
    extent: Extent = "source"
    workload: ObjectRef | None = None
    node: str = ""
    resolver: str = ""
    nameservers: str = ""
    answers: Mapping[str, str] = {}
    connections: Mapping[str, str] = {}

    @property
    def name(self) -> str:
        return str(self.part) if self.part is not None else self.source.spec.input or self.source.spec.kind.lower()

    @property
    def part(self) -> ObjectRef | None:
        """What stands apart in its source; None where all of it is meant."""
        if self.extent == "source" or not self.source.pods:
            return None
        return self.workload if self.extent == "workload" else self.source.pods[0]


class Difference(NamedTuple):
    """A view that is told, and where it first differs from the best; None where it does not."""

    view: View
    first: FirstDifference | None


class _Mark(NamedTuple):
    """Something told at a stage: what tells it apart from what other sources have, where it stands, and its words."""

    key: tuple[object, ...]
    hop: str
    text: str


def compare(views: Sequence[View]) -> tuple[Difference, ...]:
    """Every source, or the pods of one that do not fare alike; nothing where there is only one to tell."""
    told = [view for _, group in groupby(views, lambda one: one.source.hop) for view in _folded(tuple(group))]
    if len(told) < 2:
        return ()
    best = min(told, key=lambda one: (_BEST.index(one.status), len(_marks(one)), one.name))
    return tuple(Difference(one, first_difference(one, best)) for one in told)


def _folded(group: tuple[View, ...]) -> Iterator[View]:
    """The pods of a source as one where they all fare alike; else those of each of its workloads that do."""
    if _alike(group):
        yield msgspec.structs.replace(group[0], extent="source")
        return
    own = group[0].source.object
    by_workload: dict[ObjectRef | None, list[View]] = {}
    for one in group:
        by_workload.setdefault(one.workload, []).append(one)
    for workload, views in by_workload.items():
        if workload is not None and workload != own and _alike(views):
            yield msgspec.structs.replace(views[0], extent="workload")
        else:
            yield from (msgspec.structs.replace(one, extent="pod") for one in views)


def _alike(views: Sequence[View]) -> bool:
    return not any(differ(views[0], one) for one in views[1:])


def differ(one: View, other: View) -> bool:
    """Whether two pods of one source are to be told apart. Where both do well another answer is none: names outside
    are answered in turn."""
    if one.status == other.status == "pass":
        return _meant(one, other) is not None
    return one.status != other.status or first_difference(one, other) is not None


def first_difference(view: View, best: View) -> FirstDifference | None:
    """Where the two first differ, in words that speak of `view`; None where nothing tells them apart."""
    found = (_at(stage, view, best) for stage in STAGES)
    return next((one for one in found if one is not None), None) or _by_status(view, best)


def _at(stage: Stage, view: View, best: View) -> FirstDifference | None:
    match stage:
        case "resolver":
            return _resolver(view, best)
        case "answer":
            return _measured("{} answers {} against {}", view.answers, best.answers, view) or _found(stage, view, best)
        case "address":
            return _meant(view, best) or _found(stage, view, best)
        case "connection":
            form = "connection to {}: {} against {}"
            besides = _themselves(view, best)
            return _measured(form, view.connections, best.connections, view, besides) or _found(stage, view, best)
    return _found(stage, view, best)


def _resolver(view: View, best: View) -> FirstDifference | None:
    """Configurations differ without harm: they count only where findings or answers differ as well."""
    found = _found("resolver", view, best)
    by_policy = any(one.code == "dns.pod-policy" for one in (*view.findings, *best.findings))
    if found is None and not _unlike(view.answers, best.answers):
        return None
    for mine, other in ((view.resolver, best.resolver), (view.nameservers, best.nameservers)):
        if mine and other and mine != other and (found is None or by_policy):
            word = mine.partition(" ")[0] + " "
            return FirstDifference(hop=view.source.hop, summary=f"{mine} against {other.removeprefix(word)}")
    return found


def _unlike(mine: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """What both measured, and with different results."""
    return [key for key in mine if key in other and mine[key] != other[key]]


def _measured(
    form: str, mine: Mapping[str, str], other: Mapping[str, str], view: View, besides: Set[str] = frozenset()
) -> FirstDifference | None:
    places = {f"{address}:{hop.port}": hop.id for hop in reversed(view.path.hops) for address in hop.addresses}
    order = [hop.id for hop in view.path.hops]
    unlike = sorted((places.get(key, view.source.hop), key) for key in _unlike(mine, other))
    unlike = [one for one in unlike if one[0] not in besides]
    if not unlike:
        return None
    hop, key = min(unlike, key=lambda one: order.index(one[0]))
    return FirstDifference(hop=hop, summary=form.format(key, mine[key], other[key]))


def _meant(view: View, best: View) -> FirstDifference | None:
    """One name that is one thing to this source and another to that: it is read with the caller's own search list."""
    mine, other = _object(view), _object(best)
    if mine == other or not view.path.target.host:
        return None
    led = view.path.hop(view.source.hop)
    hop = led.next[0] if led is not None and led.next else view.source.hop
    return FirstDifference(hop=hop, summary=f"{view.path.target.host} is {mine} against {other}")


def _object(view: View) -> str:
    path = view.path
    if any(one.what == "target" for one in path.absent):
        return "nothing"
    return str(path.object) if path.object is not None else "a name outside the cluster"


def _themselves(view: View, best: View) -> frozenset[str]:
    """The hops at which either would call itself: no policy and no network stands before those."""
    pods = {*view.source.pods, *best.source.pods}
    return frozenset(hop.id for hop in view.path.hops if hop.kind in ("endpoint", "pod") and hop.object in pods)


def _found(stage: Stage, view: View, best: View) -> FirstDifference | None:
    besides = _themselves(view, best)
    mine, others = _marks(view, stage, besides), _marks(best, stage, besides)
    known, own = {one.key for one in others}, {one.key for one in mine}
    for one in mine:
        if one.key not in known:
            same = next((other.text for other in others if other.key[0] == one.key[0]), "")
            beside = f"{best.name}: {same}" if same else _spared(stage, best)
            return FirstDifference(hop=one.hop, summary=f"{one.text}; {beside}")
    for one in others:
        if one.key not in own:
            hop = one.hop if view.path.hop(one.hop) is not None else view.source.hop
            return FirstDifference(hop=hop, summary=f"{_spared(stage, view)}; {best.name}: {one.text}")
    return None


def _spared(stage: Stage, view: View) -> str:
    """What can be said of one at which nothing was found here."""
    if view.status == "unknown":
        return f"{view.name} could not be told"
    return f"{view.name} is {'let through' if stage == 'policy' else 'not affected'}"


def _marks(view: View, stage: Stage | None = None, besides: Set[str] = frozenset()) -> list[_Mark]:
    own = _own(view) | besides
    found = [_of_finding(one, own, view) for one in view.findings if one.severity in ("error", "warning")]
    found += [_of_unknown(one, own, view) for one in view.unknown]
    return [mark for where, mark in found if stage in (None, where)]


def _own(view: View) -> frozenset[str]:
    """The hops that are nobody else's: the client, and the gate behind it."""
    clients = {hop.id for hop in view.path.of_kind("client")}
    return frozenset(clients | {hop.id for hop in view.path.of_kind("policy") if hop.between[0] in clients})


def _of_finding(finding: Finding, own: frozenset[str], view: View) -> tuple[Stage, _Mark]:
    shared = frozenset(finding.hops) - own
    hop = next((one for one in finding.hops if view.path.hop(one) is not None), view.source.hop)
    return stage_of(finding), _Mark((finding.code, finding.severity, shared), hop, _words(finding))


def _of_unknown(one: Unjudged, own: frozenset[str], view: View) -> tuple[Stage, _Mark]:
    hop = view.path.hop(one.hop)
    stage = _OF_KIND.get(hop.kind, "address") if hop is not None else "address"
    shared = "" if one.hop in own else one.hop
    return stage, _Mark(("unknown", one.reason, shared), one.hop or view.source.hop, f"NOT CHECKED: {one.what}")


def stage_of(finding: Finding) -> Stage:
    """Where on the way a finding makes itself felt first. What keeps lookups from the resolver is of the resolver."""
    area = finding.code.partition(".")[0]
    if finding.code in ANSWERS:
        return "answer"
    if area == "dns" or finding.code == "policy.dns-egress-denied":
        return "resolver"
    if area == "policy":
        return "policy"
    return "connection" if area in ("packet", "tls", "http") or finding.code in CONNECTIONS else "address"


def _words(finding: Finding) -> str:
    """The title; of a denial with the policies that decide it."""
    named: Iterable[str] = (one.object.name for one in finding.evidence if one.kind == "policy" and one.object)
    policies = ", ".join(list(dict.fromkeys(named))[:3])
    return f"{finding.title} ({policies})" if policies and finding.code.startswith("policy.") else finding.title


def _by_status(view: View, best: View) -> FirstDifference | None:
    """Told apart by nothing but the status of a hop."""
    if view.status == best.status:
        return None
    other = {hop.id: hop.status for hop in best.hops}
    return next(_unlike_hops(view, other), None)


def _unlike_hops(view: View, other: Mapping[str, str]) -> Iterator[FirstDifference]:
    for hop in view.hops:
        if hop.id in other and other[hop.id] != hop.status:
            yield FirstDifference(hop=hop.id, summary=f"{hop.status} against {other[hop.id]}")
