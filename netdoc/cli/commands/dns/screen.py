"""A lookup on the screen: each view by its steps, whose its addresses are, and what the views do not agree on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import msgspec

from netdoc.cli.commands.dns.views import Role, Step, View
from netdoc.model.kube.meta import ObjectRef
from netdoc.report.inert import line
from netdoc.report.page import wrap

NARROWEST = 40
MOST = 3  # addresses that a difference names
_ASKS: Mapping[Role, str] = {
    "resolver": "asks", "getaddrinfo": "by its libc alone, which asks", "dns-service": "asks cluster DNS,",
    "node-local": "asks the node-local cache,", "upstream": "asks the upstream", "server": "asks",
}  # fmt: skip
_NAMES: Mapping[Role, str] = {
    "getaddrinfo": "its libc", "dns-service": "cluster DNS", "node-local": "the node-local cache",
}  # fmt: skip

Owners = Mapping[str, ObjectRef | None]


class Difference(msgspec.Struct, frozen=True):
    """One outcome, and the views that have it."""

    outcome: str
    views: tuple[str, ...]


def differences(views: Sequence[View]) -> tuple[Difference, ...]:
    """The outcomes by which views differ; empty where all that could be compared are equal.

    An upstream that did not answer is left out: it need not be reachable from where it was asked.
    """
    found: dict[str, list[View]] = {}
    for view in views:
        if _comparable(view):
            found.setdefault(_outcome(view), []).append(view)
    if len(found) < 2:
        return ()
    pods = sum(1 for view in views if view.role == "dns-pod")
    return tuple(Difference(outcome, tuple(_called(some, pods))) for outcome, some in found.items())


def _comparable(view: View) -> bool:
    if view.gap is not None or (view.basis == "predicted" and any(one.failure for one in view.steps)):
        return False
    return view.role != "upstream" or bool(view.steps and view.steps[-1].rcode)


def _outcome(view: View) -> str:
    """The addresses of the first family that has any; else the code, or the kind of failure."""
    four = sorted({one for one in view.addresses if ":" not in one})
    found = four or sorted(set(view.addresses))
    if found:
        return ", ".join(found)
    return "no record" if view.outcome == "NOERROR" else view.outcome.partition(":")[0]


def _called(views: Sequence[View], pods: int) -> Iterator[str]:
    """As a reader would say it; all DNS pods at once where they agree."""
    servers = [view for view in views if view.role == "dns-pod"]
    for view in views:
        if view.role == "dns-pod":
            if len(servers) < pods or pods == 1:
                yield view.server
            elif view is servers[0]:
                yield f"each of {pods} DNS pods"
        elif view.role in ("upstream", "server"):
            yield f"{view.role} {view.server}"
        else:
            yield _NAMES.get(view.role) or ("predicted" if view.basis == "predicted" else _place(view))


def _place(view: View) -> str:
    return "in the container" if view.vantage.startswith("exec:") else view.vantage


def differ(found: Sequence[Difference]) -> str:
    """One line; "" where nothing differs."""
    if not found:
        return ""
    return "they differ: " + "; ".join(f"{_short(one.outcome)} ({', '.join(one.views)})" for one in found)


def _short(outcome: str) -> str:
    words = outcome.split(", ")
    return outcome if len(words) <= MOST else f"{', '.join(words[:MOST])} and {len(words) - MOST} more"


def lines(views: Sequence[View], owned: Owners, notes: Sequence[str], width: int) -> Iterator[str]:
    """Everything, in lines of the width; hostile text made visible."""
    columns = max(width, NARROWEST)
    for view in views:
        yield from _fitted(_head(view), "", columns)
        for lead, text in _body(view, owned):
            yield from _fitted(text, lead, columns)
    for note in notes:
        yield from _fitted(f"note: {note}", "", columns)
    yield from _fitted(differ(differences(views)), "", columns)


def _fitted(text: str, lead: str, columns: int) -> Iterator[str]:
    for at, one in enumerate(wrap(line(text), columns - len(lead) - 2)):
        yield f"{lead}{'  ' if at else ''}{one}"


def _head(view: View) -> str:
    if view.role == "dns-pod":
        return f"{view.vantage} (measured)"
    by = f" by {view.tool}" if view.tool and view.role != "getaddrinfo" else ""
    rules = f" as {view.libc} asks" if view.libc == "musl" else ""
    asks = f", {_ASKS[view.role]} {view.server}" if view.server else ""
    return f"{view.vantage} ({view.basis}{by}{rules}{asks})"


def _body(view: View, owned: Owners) -> Iterator[tuple[str, str]]:
    """Lines with what stands before them."""
    for name, steps in groupby(view.steps, key=lambda one: one.name):
        yield "  ", name
        several = len(set(view.server.split(", "))) > 1
        for text in _grouped(list(steps), several):
            yield "    ", text
    if view.gap is not None:
        yield "  ", f"NOT ASKED: {view.gap.what}: {view.gap.detail or view.gap.reason}"
        return
    decided = f", decided by {view.decided}" if len({one.name for one in view.steps}) > 1 else ""
    yield "  ", f"= {_ended(view)}{decided}"
    for address in view.addresses:
        yield "    ", f"{address}  {whose(address, owned)}"
    if "truncated" in view.untold and not view.addresses:
        yield "    ", f"{view.tool} does not tell an empty answer from one that was cut"


def _ended(view: View) -> str:
    if view.basis == "predicted" and any(one.failure for one in view.steps):
        return "not known by the objects"
    if view.role == "upstream" and view.steps and view.steps[-1].failure:
        return f"not reachable from there: {view.outcome}"
    return "no record" if view.outcome == "NOERROR" else view.outcome


def _grouped(steps: Sequence[Step], several: bool) -> Iterator[str]:
    """A line for each question; one for both families where they say the same."""
    told = [(_said(one), f" by {one.server}" if several and one.server else "", one) for one in steps]
    for (said, by), some in groupby(told, key=lambda one: one[:2]):
        rows = [one for _, _, one in some]
        took = ", ".join(_time(one.ms) for one in rows if one.ms is not None)
        types = ", ".join(dict.fromkeys(one.type for one in rows))
        yield f"{types}: {said}{by}{f' ({took})' if took else ''}"


def _time(ms: float) -> str:
    return f"{ms:.0f} ms" if ms >= 10 else f"{ms:.1f} ms"


def _said(step: Step) -> str:
    if step.failure:
        return step.failure
    answers = ", ".join(one.removeprefix(f"{step.type} ") for one in step.answers)
    told = (answers or "no record") if step.rcode == "NOERROR" else step.rcode
    told += " (cut)" if step.truncated else ""
    return f"{told} (extended error {'; '.join(step.errors)})" if step.errors else told


def whose(address: str, owned: Owners) -> str:
    if address not in owned:
        return "whose it is could not be read"
    ref = owned[address]
    if ref is None:
        return "nobody's in this cluster"
    return f"{ref.kind} {ref.namespace}/{ref.name}" if ref.namespace else f"{ref.kind} {ref.name}"
