"""netdoc policy query: one question, with the walk that answers it and the smallest change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click
import msgspec

from netdoc.cli import options
from netdoc.cli.answering import show
from netdoc.cli.commands.policy.changing import proposal_document, proposal_lines
from netdoc.cli.commands.policy.ends import Served, confusions, destinations, served, sources
from netdoc.cli.commands.policy.gather import Gathered, gather, ipblock_option, verdict_exit
from netdoc.cli.exits import Exit, Failure
from netdoc.predict.policy import DirectionVerdict, End, Proposal, Verdict, anybody, between, smallest_change

WORDS = {True: "ALLOWED", False: "DENIED", None: "NOT KNOWN"}
MOST = 6  # verdicts told in full; pods that policies cannot tell apart share one


@click.command()
@click.option("--from", "source", required=True, metavar="END", help="Who calls.")
@click.option("--to", "destination", required=True, metavar="END", help="Who is called; svc/NAME asks its backends.")
@click.option("--port", metavar="PORT", default="", help="A number or a name: of the pods, or of the Service.")
@click.option(
    "--protocol", type=click.Choice(["TCP", "UDP", "SCTP"], case_sensitive=False), default=None, help="Default: TCP."
)
@click.option("-o", "--output", "format_", type=click.Choice(["table", "json"]), default="table", help="Its form.")
@ipblock_option
@options.where_options
@options.question_options
def query(source: str, destination: str, port: str, protocol: str | None, format_: str, **given: Any) -> Exit:
    """May FROM reach TO on this port? Says which rule decides, or why each rule does not match.

    \b
    netdoc policy query --from pod/a.shop --to svc/postgres.databases --port 5432
    netdoc policy query --from shop/app=web --to databases/postgres[StatefulSet] --port 5432
    netdoc policy query --from ns/shop --to svc/kube-dns.kube-system --port dns/udp

    The internet stands for an address that no policy names; name an address to have a change proposed.

    An END is pod/NAME, deploy/NAME (any workload), svc/NAME, ns/NAME, NAMESPACE/KIND/NAME, NAMESPACE/label=value,
    an address, node/NAME, or internet.
    """
    where, how, wanted = options.where(given), options.question(given), served(port, protocol)
    gathered = gather(where, how, given["ipblock_pods"])
    asked = _ask(gathered, source, destination, wanted)
    notes = confusions(asked[0].verdict.port, wanted.protocol, [one.destination for one in asked], gathered)
    if format_ == "json":
        from netdoc.report.json import indented

        click.echo(indented(_document(asked, notes)), nl=False)
    else:
        from netdoc.report.inert import COMMAND

        show((*_lines(asked, gathered), *notes), how.color, limit=COMMAND)
    return verdict_exit(gathered, how)


class Asked(msgspec.Struct, frozen=True):
    """One verdict, the ends that it was given for, and what would turn it; `strangers` stand for the internet."""

    verdict: Verdict
    source: End
    destination: End
    proposal: Proposal | None
    strangers: frozenset[str] = frozenset()

    @property
    def title(self) -> str:
        ends = " -> ".join(f"internet ({one.id})" if one.id in self.strangers else one.id for one in self.ends)
        return f"{WORDS[self.verdict.allowed]}  {ends} on {self.verdict.port}/{self.verdict.protocol}"

    @property
    def ends(self) -> tuple[End, End]:
        return self.source, self.destination


def _ask(gathered: Gathered, source: str, destination: str, wanted: Served) -> list[Asked]:
    found: list[Asked] = []
    callers = sources(source, gathered)
    ends = {end.id: end for end in callers}
    strangers = frozenset([anybody(gathered.policies).id] if "internet" in (source, destination) else ())
    for backends in destinations(destination, wanted, gathered):
        if backends.port is None:
            raise Failure("--port is missing", "policies speak of ports: name the pods' own")
        ends |= {end.id: end for end in backends.ends}
        for verdict in between(gathered.policies, callers, backends.ends, backends.port, wanted.protocol):
            one, other = ends[verdict.source], ends[verdict.destination]
            want = verdict.allowed is not True
            change = None
            if verdict.allowed is not None and len(found) < MOST and "internet" not in (source, destination):
                change = smallest_change(gathered.policies, one, other, verdict.port, wanted.protocol, want=want)
            found.append(Asked(verdict, one, other, change, strangers))
    return found


def _document(asked: list[Asked], notes: list[str]) -> dict[str, Any]:
    answers = {one.verdict.allowed for one in asked}
    return {
        "apiVersion": "netdoc/v1",
        "kind": "PolicyQuery",
        "allowed": answers.pop() if len(answers) == 1 else None,
        **({"notes": notes} if notes else {}),
        "verdicts": [
            msgspec.to_builtins(one.verdict)
            | _sides(one.verdict)
            | ({"change": proposal_document(one.proposal)} if one.proposal is not None else {})
            for one in asked
        ],
    }


def _sides(verdict: Verdict) -> dict[str, Any]:
    found = {"egress": verdict.egress, "ingress": verdict.ingress}
    return {name: msgspec.to_builtins(side) for name, side in found.items() if side is not None}


def _lines(asked: list[Asked], gathered: Gathered) -> Iterable[str]:
    for one in asked[:MOST]:
        verdict = one.verdict
        yield one.title
        if verdict.reason:
            yield f"  {verdict.reason}"
        for name, side in (("egress of the source", verdict.egress), ("ingress of the destination", verdict.ingress)):
            if side is not None:
                yield from _side_lines(name, side)
        if one.proposal is not None and (one.proposal.edits or verdict.allowed is False):
            yield from proposal_lines(one.proposal, gathered.context)
        yield ""
    if len(asked) > MOST:
        yield f"{len(asked) - MOST} more pairs of pods that policies tell apart; -o json has all"


_WHY = {
    "default": "no policy selects it: everything is allowed",
    "no-subject": "policies do not apply at this end",
    "own-node": "traffic between a pod and its own node is always allowed",
    "own-address": "a pod may always reach itself",
}


def _side_lines(name: str, side: DirectionVerdict) -> Iterable[str]:
    yield f"  {name}: {WORDS[side.allowed].lower()}"
    if side.decision is not None:
        one = side.decision
        where = f"{one.policy.namespace}/{one.policy.name}" if one.policy.namespace else one.policy.name
        tier = "" if one.tier == one.policy.kind else f"{one.tier} tier, "
        yield f"    decided by {tier}{one.policy.kind} {where} at {one.path} ({one.action})"
        return
    if side.reason or side.why in _WHY:
        yield f"    {side.reason or _WHY[side.why]}"
    for ref in side.isolating:
        yield f"    isolated by {ref.kind} {ref.namespace}/{ref.name}"
    for miss in side.walk:
        yield f"      {miss.policy.name} {miss.path}: {miss.text}"
