"""The path picture: hops in the order of travel, each lit by glyph and word, crowds folded."""

from __future__ import annotations

import msgspec
from textual.content import Content

from netdoc.model.report import CheckStatus, Report, ReportHop
from netdoc.report import digest, phrases
from netdoc.report.page import cells
from netdoc.tui.draw.sheet import ink
from netdoc.tui.draw.style import BADGE, badge

SHORT = {
    "loadbalancer": "lb",
    "entrypoint": "entry",
    "middleware": "mw",
    "service": "svc",
    "endpoint": "ep",
    "external": "ext",
    "firewall": "fw",
}
WIDE = 64
"""Columns from which a hop's summary stands beside it."""


class PathRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the picture: a hop, or what a fold hides. `gutter` draws the way."""

    gutter: str
    hop: ReportHop | None = None
    status: str = ""
    hidden: tuple[tuple[CheckStatus, int], ...] = ()
    label: str = ""
    summary: str = ""


def rows(report: Report, *, judged: bool, open_folds: bool = False) -> tuple[PathRow, ...]:
    """`judged` once the run has ended: before, what is not lit is not lit yet."""
    told: list[PathRow] = []
    home = report.target.namespace if report.target else ""
    folds = digest.folds(report)
    for place, fold in enumerate(folds):
        shown = _all_of(fold, report) if open_folds else fold.shown
        for number, hop in enumerate(shown):
            gutter = _gutter(place, len(folds), number, len(shown), hop)
            told.append(_row(hop, report, gutter, home, judged))
        if fold.hidden and not open_folds:
            told.append(PathRow(gutter="┊", hidden=fold.hidden, status=fold.hidden[0][0]))
    return tuple(told)


def _all_of(fold: digest.Fold, report: Report) -> tuple[ReportHop, ...]:
    """Every hop of a fold's kind, the worst first."""
    if not fold.hidden:
        return fold.shown
    kind = fold.shown[0].kind
    same = [hop for hop in report.path if hop.kind == kind]
    return tuple(sorted(same, key=lambda hop: digest.WORST_FIRST.index(hop.status)))


def _row(hop: ReportHop, report: Report, gutter: str, home: str, judged: bool) -> PathRow:
    status = hop.status if judged or hop.status != "skip" else "waiting"
    summary = phrases.hop_summary(hop, report) if status != "waiting" else ""
    return PathRow(gutter=gutter, hop=hop, status=status, label=label(hop, home), summary=summary)


def _gutter(place: int, last: int, number: int, count: int, hop: ReportHop) -> str:
    if hop.kind == "policy":
        return "╪"
    if count > 1:
        return "├" if number < count - 1 or place < last - 1 else "└"
    return "╷" if place == 0 else "╵" if place == last - 1 else "│"


def label(hop: ReportHop, home: str) -> str:
    """`svc web:80`; the namespace only where it is not the target's."""
    _, _, rest = hop.id.partition("/")
    name, short = rest.rpartition("/")[2], SHORT.get(hop.kind, hop.kind)
    if hop.kind == "policy":
        return f"{short} {rest.partition('/')[0]}"
    space = hop.object.namespace if hop.object is not None else ""
    bare, colon, port = name.partition(":")
    return f"{short} {bare}{f'.{space}' if space not in ('', home) else ''}{colon}{port}"


def draw(row: PathRow, width: int) -> Content:
    if row.hop is None:
        text = ", ".join(phrases.hidden(status, count) for status, count in row.hidden)
        return ink((f"{row.gutter} ", "faint"), (text, "faint")).truncate(width, ellipsis=True)
    lead = badge(row.status).ljust(BADGE)
    label_style = "strong" if row.status == "fail" else ""
    parts = [(f"{row.gutter} ", "faint"), (f"{lead} ", row.status), (row.label, label_style)]
    if width >= WIDE and row.summary:
        column = 30
        gap = max(column - cells(row.label), 1)
        parts += [(" " * gap + row.summary, "faint")]
    return ink(*parts).truncate(width, ellipsis=True)
