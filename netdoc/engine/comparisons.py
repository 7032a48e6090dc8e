"""Several sources in the report: each by itself, how much of the whole suffers, and which kinds were measured. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set

import msgspec

from netdoc.diagnosis.compare import Difference, View, compare
from netdoc.diagnosis.measured import measured
from netdoc.engine.ledger import Key, Ledger, key
from netdoc.engine.outcome import Outcome, outcome
from netdoc.engine.views import Viewpoint
from netdoc.model.path import Source
from netdoc.model.record import Record
from netdoc.model.report import Comparison, Impact, ReportSource

MEASURED_BY = "exec:"
"""Vantages that are the source itself. A tunnel crosses nothing of the path."""


def comparisons(ledger: Ledger, reported: Set[Key]) -> tuple[Comparison, ...]:
    """Each source with those of its findings that are reported; nothing where all pods of one source fare alike."""
    seen = [(viewpoint, outcome(viewpoint.path, viewpoint.ledger, ledger)) for viewpoint in ledger.viewpoints]
    outcomes = {(one.path.sources[0].hop, one.path.sources[0].pods): one for _, one in seen}
    views = [_view(viewpoint, one, ledger) for viewpoint, one in seen]
    told = []
    for one in compare(views):
        judged = outcomes[one.view.source.hop, one.view.source.pods]
        ids = [ledger.number(each) for each in map(key, judged.findings) if each in reported]
        told.append(_comparison(one, judged, tuple(sorted(ids, key=lambda id_: int(id_[1:])))))
    return tuple(told)


def _view(viewpoint: Viewpoint, judged: Outcome, ledger: Ledger) -> View:
    own = measured(ledger.measured, viewpoint.vantage)
    return View(
        source=viewpoint.source,
        path=viewpoint.path,
        status=judged.status,
        hops=judged.hops,
        findings=judged.findings,
        unknown=judged.unknown,
        workload=viewpoint.workload,
        node=viewpoint.pod.spec.node_name if viewpoint.pod is not None else "",
        resolver=viewpoint.resolver,
        nameservers=own.nameservers,
        answers=own.answers,
        connections=own.connections,
    )


def _comparison(one: Difference, judged: Outcome, ids: tuple[str, ...]) -> Comparison:
    return Comparison(
        from_=_from(one.view),
        status=one.view.status,
        first_difference=one.first,
        impact=judged.impact,
        findings=ids,
    )


def _from(view: View) -> ReportSource:
    told = source_of(view.source)
    part = view.part
    if part is None:
        return told
    return msgspec.structs.replace(
        told,
        kind=part.kind,
        namespace=part.namespace,
        name=part.name,
        part=str(part),
        node=view.node if part.kind == "Pod" else "",
    )


def source_of(source: Source) -> ReportSource:
    ref = source.object
    return ReportSource(
        input=source.spec.input,
        kind=source.spec.kind,
        namespace=ref.namespace if ref else "",
        name=ref.name if ref else source.spec.name,
    )


def whole_impact(told: Sequence[Comparison], together: Impact | None) -> Impact | None:
    """Of all sources: what each suffers where all suffer alike, else a part, of which each says how much it is."""
    if together is None or len({one.impact for one in told}) < 2:
        return together
    return Impact(scope="part")


def measured_kinds(records: Iterable[Record]) -> dict[str, frozenset[str]]:
    """What was measured (lookups, connections), by the container in which it was."""
    found: dict[str, set[str]] = {}
    for one in records:
        if one.ask.verb == "measure" and one.gap is None and one.vantage.startswith(MEASURED_BY):
            found.setdefault(one.vantage, set()).add(one.ask.resource)
    return {vantage: frozenset(kinds) for vantage, kinds in found.items()}


def measured_everywhere(kinds: dict[str, frozenset[str]], viewpoints: Sequence[Viewpoint]) -> frozenset[str]:
    """The kinds that were measured from every source; what one measured says nothing of the next."""
    sets = [kinds.get(one.vantage, frozenset()) for one in viewpoints] or list(kinds.values())
    return frozenset.intersection(*sets) if sets else frozenset()
