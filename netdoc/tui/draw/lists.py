"""Lines of lists: steps, findings, endpoints, what was asked of the cluster, runs."""

from __future__ import annotations

import shlex
import time
from datetime import datetime
from typing import Any

import msgspec
from textual.content import Content

from netdoc.model.finding import Reason
from netdoc.model.kube import Pod
from netdoc.model.kube.meta import Object, ObjectRef
from netdoc.model.record import Ask, Record
from netdoc.model.report import Report, ReportFinding
from netdoc.report import digest, inert, phrases
from netdoc.report.page import cells
from netdoc.tui.draw.sheet import ink
from netdoc.tui.draw.style import BADGE, badge
from netdoc.tui.kept import Kept
from netdoc.tui.session import Ran, Session, StepView

REVISION_LABELS = ("pod-template-hash", "controller-revision-hash")
ZONE_LABEL = "topology.kubernetes.io/zone"


class EndpointRow(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint in the table. What nobody read is "?"."""

    status: str
    pod: str
    node: str = "?"
    zone: str = "?"
    revision: str = "?"
    age: str = "?"
    ready: str = "?"
    tried: str = "-"
    ref: ObjectRef | None = None


ENDPOINT_COLUMNS = ("", "POD", "READY", "NODE", "ZONE", "REVISION", "AGE", "FAILED")
DROPPED = (5, 4, 6, 3)
"""Where there is little room: the revision goes first, which the pod's name mostly tells; then zone, age and node."""


def step(one: StepView, width: int) -> Content:
    """Badge, title, time; the one that is next says so."""
    took = _took(one)
    room = max(width - BADGE - 1 - (cells(took) + 1 if took else 0), 4)
    title = _cut(one.title, room).ljust(room)
    style = "strong" if one.state in ("running", "fail") else "faint" if one.state in ("waiting", "absent") else ""
    return ink((f"{badge(one.state).ljust(BADGE)} ", one.state), (title, style), (f" {took}" if took else "", "faint"))


def _took(one: StepView) -> str:
    if one.milliseconds is not None and one.state not in ("skip", "absent"):
        return span(one.milliseconds / 1000)
    if one.state == "running" and one.started is not None:
        return span(time.monotonic() - one.started)
    return ""


def span(seconds: float) -> str:
    """`40ms`, `1.2s`, `3m`."""
    if seconds < 1:
        return f"{round(seconds * 1000)}ms"
    return f"{seconds:.1f}s" if seconds < 60 else f"{seconds // 60:.0f}m"


def finding(one: ReportFinding, width: int, column: str = "") -> Content:
    """Where there is little room, the code or the namespace only where the list is sorted by it."""
    status = phrases.OF_SEVERITY[one.severity]
    lead = f"{phrases.GLYPHS[status]} {one.severity.upper()}".ljust(BADGE + 1)
    code = one.code.ljust(30) if width >= 90 or column == "code" else ""
    code += f"{one.object.namespace or '-'} ".ljust(16) if column == "namespace" else ""
    return ink((lead, status), (code, "faint"), (one.title, ""), (f"  {one.object}", "faint")).truncate(
        width, ellipsis=True
    )


def asked(record: Record | Ran, width: int) -> Content:
    """What was asked, as kubectl would ask it, and what came back; what was run with a consent, as it was run."""
    if isinstance(record, Ran):
        return _ran(record, width)
    gap = record.gap
    came = _GAPS.get(gap.reason, gap.reason) if gap else _came(record)
    status = "unknown" if gap and gap.blocking else "faint"
    command = inert.line(command_of(record.ask))
    when = f"{record.at:%H:%M:%S} " if width >= WIDE else ""
    return ink(
        (when, "faint"),
        (came.ljust(10) + " ", status),
        (command if width >= WIDE else command.removeprefix("kubectl "), ""),
    ).truncate(width, ellipsis=True)


def _came(record: Record) -> str:
    return "measured" if record.ask.verb == "measure" else f"{record.count} found"


def _ran(one: Ran, width: int) -> Content:
    word, style = ("REFUSED", "unknown") if one.answer == "no" else ("RUN", "warn")
    when = f"{one.at:%H:%M:%S} " if width >= WIDE else ""
    command = inert.line(one.command)
    return ink((when, "faint"), (word.ljust(10) + " ", style), (command, "")).truncate(width, ellipsis=True)


WIDE = 60
"""Columns from which a line has room for its time."""

_GAPS: dict[Reason, str] = {
    "not-installed": "no kind",
    "incomplete": "in part",
    "forbidden": "FORBIDDEN",
    "needs-consent": "no consent",
    "not-supported": "cannot",
}


def command_of(ask: Ask, context: str = "") -> str:
    """The kubectl command that asks the same; of a measurement, what was measured from where."""
    if ask.verb == "measure":
        return f"{ask.resource} from {ask.name}: {_measured(ask.fields)}"
    words = ["kubectl", *(["--context", context] if context else [])]
    words += ["-n", ask.namespace] if ask.namespace else []
    if ask.verb == "log":
        words += ["logs", ask.name, *(["-c", ask.container] if ask.container else [])]
        return shlex.join([*words, *(["--previous"] if ask.previous else [])])
    resource = f"{ask.resource}.{ask.group}" if ask.group else ask.resource
    words += ["get", resource, *([ask.name] if ask.name else [])]
    words += ["-l", ask.labels] if ask.labels else []
    words += ["--field-selector", ask.fields] if ask.fields else []
    return shlex.join(words) + ("" if ask.namespace or ask.name else " -A")


def _measured(parameters: str) -> str:
    """The places or the name of a measurement."""
    try:
        given = msgspec.json.decode(parameters, type=dict[str, Any])
    except msgspec.MsgspecError:
        return parameters
    places = [f"{one.get('address')}:{one.get('port')}" for one in given.get("endpoints", ())]
    return ", ".join(places) or str(given.get("name", parameters))


def run(one: Kept, width: int) -> Content:
    state = badge(one.state) if one.state in phrases.GLYPHS else one.state.upper()
    style = one.state if one.state in phrases.GLYPHS else "warn"
    return ink(
        (state.ljust(BADGE + 1), style),
        (f"{one.started_at:%m-%d %H:%M}Z " if width >= WIDE else f"{one.started_at:%H:%M}Z ", "faint"),
        (inert.line(one.target) or one.run, ""),
        (f"  {inert.line(one.where)}", "faint"),
        (f"  {inert.line(one.headline)}" if width > 90 else "", "faint"),
    ).truncate(width, ellipsis=True)


def endpoints(session: Session) -> tuple[EndpointRow, ...]:
    """The endpoints on the path, the worst first."""
    report = session.shown
    if report is None:
        return ()
    hops = [hop for hop in report.path if hop.kind == "endpoint"]
    hops.sort(key=lambda hop: digest.WORST_FIRST.index(hop.status))
    now = digest.now(report)
    tried = _tried(report)
    return tuple(
        _endpoint(session, hop.id, hop.object, "waiting" if session.live and hop.status == "skip" else hop.status, now,
                  tried.get(hop.object, "-"))
        for hop in hops
    )  # fmt: skip


def _endpoint(session: Session, id_: str, ref: ObjectRef | None, status: str, now: datetime, tried: str) -> EndpointRow:
    pod = session.object_of(ref)
    name = ref.name if ref is not None else id_.rpartition("/")[2]
    if not isinstance(pod, Pod):
        return EndpointRow(status=status, pod=name, tried=tried, ref=ref)
    labels = pod.metadata.labels
    made = pod.metadata.creation_timestamp
    return EndpointRow(
        status=status,
        pod=name,
        node=inert.line(pod.spec.node_name) or "none",
        zone=_zone(session, pod.spec.node_name),
        revision=inert.line(next((labels[one] for one in REVISION_LABELS if one in labels), "-")),
        age=_age((now - made).total_seconds()) if made else "?",
        ready=_ready(pod),
        tried=tried,
        ref=ref,
    )


def _zone(session: Session, node: str) -> str:
    found: Object | None = session.object_of(ObjectRef(api_version="v1", kind="Node", name=node))
    return inert.line(found.metadata.labels.get(ZONE_LABEL, "none")) if found is not None else "?"


def _ready(pod: Pod) -> str:
    states = [one.status for one in pod.status.conditions if one.type == "Ready"]
    return {"True": "yes", "False": "no"}.get(states[0], "?") if states else "?"


def _age(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= 2 * size:
            return f"{int(seconds // size)}{unit}"
    return f"{int(seconds)}s"


def _tried(report: Report) -> dict[ObjectRef | None, str]:
    return {one.object: f"{one.failures or 0}/{one.attempts}" for one in report.evidence if one.attempts}


class EndpointTable:
    """Draws endpoints in columns that are as wide as what stands in them, as far as there is room."""

    def __init__(self, rows: tuple[EndpointRow, ...]) -> None:
        cells_of = [_cells(row) for row in rows[:WINDOW]]
        self._untried = all(row.tried == "-" for row in rows[:WINDOW])
        self._widest = [max(len(one) for one in column) for column in zip(ENDPOINT_COLUMNS, *cells_of, strict=True)]

    def head(self, width: int) -> Content:
        sizes = self._sizes(width)
        words = (name[:size].ljust(size) for name, size in zip(ENDPOINT_COLUMNS, sizes, strict=True) if size)
        return ink((" ".join(words), "faint"))

    def row(self, row: EndpointRow, width: int) -> Content:
        parts = [
            (_cut(value, size).ljust(size) + " ", row.status if place == 0 else "")
            for place, (value, size) in enumerate(zip(_cells(row), self._sizes(width), strict=True))
            if size
        ]
        return ink(*parts).truncate(width, ellipsis=True)

    def _sizes(self, width: int) -> list[int]:
        sizes = list(self._widest)
        untried = (7,) if self._untried else ()
        for place in (*untried, *DROPPED):
            if sum(sizes) + len(sizes) <= width:
                return sizes
            sizes[place] = 0
        sizes[1] = max(12, sizes[1] - max(0, sum(sizes) + len(sizes) - width))
        return sizes


WINDOW = 1000
"""Rows that are looked at to find how wide the columns are."""


def _cells(row: EndpointRow) -> tuple[str, ...]:
    return (badge(row.status), row.pod, row.ready, row.node, row.zone, row.revision, row.age, row.tried)


def _cut(text: str, room: int) -> str:
    return text if cells(text) <= room else text[: max(room - 1, 1)] + "…"
