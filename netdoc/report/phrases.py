"""The words that every page shares: statuses, times, what was not checked, what a verdict rests on.

Nothing here depends on width, colour or locale.
"""

from __future__ import annotations

import shlex
from datetime import datetime

from netdoc.model.change import Change
from netdoc.model.finding import Fix, Reason
from netdoc.model.report import (
    CheckStatus,
    Compared,
    ComparedFinding,
    Comparison,
    Impact,
    NotChecked,
    Report,
    ReportEvidence,
    ReportFinding,
    ReportHop,
)
from netdoc.report import digest
from netdoc.report.digest import Seen
from netdoc.report.page import GLYPHS as GLYPHS

NAMED = 4
"""Sources that one line names."""

OF_SEVERITY: dict[str, CheckStatus] = {"error": "fail", "warning": "warn", "info": "skip"}

_REASONS: dict[Reason, str] = {
    "forbidden": "forbidden",
    "timeout": "no answer in time",
    "unreachable": "could not be reached",
    "not-installed": "not installed",
    "not-supported": "not supported",
    "needs-consent": "needs consent",
    "needs-privilege": "needs privilege",
    "incomplete": "could be read only in part",
    "assumed": "assumed",
    "no-source": "depends on the client",
}
_VERBS = ("get ", "list ", "read ", "watch ", "create ")


def badge(status: CheckStatus) -> str:
    """Glyph and word, so that neither colour nor font has to carry the meaning."""
    return f"{GLYPHS[status]} {status.upper()}"


def verdict(report: Report) -> str:
    """The headline, which for a pass reads "no fault found" one way or the other."""
    if report.status == "pass" and "no fault" not in report.headline.lower():
        return f"no fault found: {report.headline}"
    return report.headline


def question(report: Report) -> str:
    """Who asked for what, where: `svc/web.shop:80 from deploy/client.shop, context lab`."""
    target = report.target.input if report.target else ""
    return ", ".join(part for part in (f"{target}{_from(report)}".strip(), _place(report)) if part)


def seen(one: Seen, of: int) -> tuple[str, str]:
    """(who, how they fare): `deploy/b.shop`, `first differs at policy/..: the egress policies of ..`."""
    who = names(one.names)
    if len(one.names) == of:
        return "the same from both" if of == 2 else f"the same from all {of}", who
    return who, _fares(one)


def _fares(one: Seen) -> str:
    first = one.like.first_difference
    if first is not None:
        return f"first differs at {first.hop}: {first.summary}"
    return one.finding.title if one.finding else {"unknown": "NOT CHECKED"}.get(one.like.status, "no fault found")


def source(one: Comparison, report: Report) -> str:
    """One source in one line: `deploy/b.shop: fail: first differs at ..`."""
    group = next(each for each in digest.seen(report) if one.from_.called in each.names)
    return f"{one.from_.called}: {one.status}: {_fares(group)}"


def of_whom(report: Report, finding: ReportFinding) -> str:
    """`deploy/b.shop; not deploy/a.shop`, where sources differ in it."""
    hit, spared = digest.of_whom(report, finding)
    return "; not ".join(names(one) for one in (hit, spared) if one)


def names(all_: tuple[str, ...]) -> str:
    """`a, b and c`, `a, b, c, d and 4 more`."""
    rest = len(all_) - NAMED
    told = (*all_[:NAMED], f"{rest} more") if rest > 0 else all_
    return " and ".join(part for part in (", ".join(told[:-1]), told[-1]) if part)


def impact(report: Report) -> str:
    """How much suffers; where sources suffer differently, each by itself."""
    if report.impact is None:
        return ""
    how = _suffers(report.impact)
    each = [f"{names(one.names)}: {_suffers(one.like.impact)}" for one in digest.seen(report) if one.like.impact]
    return f"{how}; {'; '.join(each[:NAMED])}" if report.impact.of is None and each else how


def _suffers(one: Impact) -> str:
    how = {"all": "all of it fails", "part": "a part fails", "slow": "it is slow"}[one.scope]
    return how if one.failed is None or one.of is None else f"{how} ({one.failed} of {one.of})"


def basis(report: Report) -> str:
    """What the verdict rests on."""
    if report.basis == "measured":
        return "measured: a connection, query or packet of this run crossed the path"
    if any(one.vantage.startswith("port-forward:") for one in report.evidence):
        return "configuration, and pods asked through tunnels: no packet crossed the path"
    return "configuration only: no packet was sent"


def utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}Z"


def since(at: datetime, now: datetime) -> str:
    """`2026-11-22 03:04:10Z (12 min ago)`. A time after `now` is left without a distance."""
    seconds = int((now - at).total_seconds())
    return f"{utc(at)} ({_span(seconds)} ago)" if seconds >= 0 else utc(at)


def changed(change: Change) -> str:
    """`rollout of deployment/web.shop: image 1.4 → 1.5`; where the object tells the kind of change, it alone."""
    acted = change.what in ("rollout", "scale", "restart", "event")
    what = f"{change.what} of {change.object}" if acted else str(change.object)
    return f"{what}: {change.detail}" if change.detail else what


def compared(one: Compared) -> str:
    """`run 20261123T.. of 2026-11-23 03:04:10Z (netdoc 0.1.0): 1 recovered, 2 still there, 0 new`."""
    when = f" of {utc(one.finished_at)}" if one.finished_at else ""
    counts = f"{len(one.recovered)} recovered, {len(one.still)} still there, {len(one.new)} new"
    unknown = f", {len(one.unknown)} not known" if one.unknown else ""
    return f"run {one.run}{when} (netdoc {one.version}): {counts}{unknown}"


def became(one: Compared) -> tuple[tuple[str, ComparedFinding], ...]:
    """Every finding of either run, with the word for what became of it."""
    groups = (("recovered", one.recovered), ("unknown", one.unknown), ("new", one.new), ("still", one.still))
    return tuple((word, finding) for word, group in groups for finding in group)


def not_checked(one: NotChecked) -> str:
    """`may not list networkpolicies in shop`: what a person would say for what, reason and detail."""
    if one.reason == "forbidden":
        said = one.what if one.what.startswith("may not") else f"may not {_read(one.what)}"
    else:
        said = f"{one.what}: {_REASONS[one.reason]}"
    return f"{said} ({one.detail})" if one.detail and one.detail not in said else said


def hop_summary(hop: ReportHop, report: Report) -> str:
    """What is to be said of a hop; pass reads "no fault found", unknown what could not be checked."""
    if hop.status == "unknown":
        reasons = [not_checked(one) for one in report.not_checked if one.hop == hop.id]
        return f"NOT CHECKED: {'; '.join(reasons) or hop.summary or 'no reason is known'}"
    if hop.summary:
        return hop.summary
    return {"pass": "no fault found", "skip": "does not apply"}.get(hop.status, "")


def hidden(status: CheckStatus, count: int) -> str:
    """The rest of a fold, to stand behind its badge."""
    said = {"pass": ": no fault found", "unknown": ": NOT CHECKED", "skip": ": does not apply"}
    return f"{count} more{said.get(status, '')}"


def proof(one: ReportEvidence) -> str:
    """Where it was seen: `spec.selector of service/web.shop, seen from api at 03:04:10Z, 3 of 3 attempts failed`."""
    what = " of ".join(part for part in (one.field, str(one.object) if one.object else "") if part) or one.kind
    where = f"seen from {one.vantage}" if one.vantage else ""
    tries = f"{one.failures or 0} of {one.attempts} attempts failed" if one.attempts else ""
    return ", ".join(part for part in (what, where, tries) if part)


def certainty(finding: ReportFinding) -> str:
    return "" if finding.proven else "likely, not proven"


def owner(fix: Fix) -> str:
    """Who will revert a live patch; "" where nobody will."""
    names = {"helm": "Helm", "argocd": "Argo CD", "flux": "Flux"}
    if fix.managed_by is None:
        return ""
    return f"{names[fix.managed_by]} owns this object and will revert a live patch: change it at its source"


def counts(report: Report) -> str:
    """The footer: what was found, how many checks, what it cost."""
    found, ran = report.summary.findings, report.summary.checks
    checks = (("pass", ran.pass_), ("fail", ran.fail), ("warn", ran.warn), ("unknown", ran.unknown), ("skip", ran.skip))
    return "; ".join(
        (
            f"{_many(found.error, 'error')}, {_many(found.warning, 'warning')}"
            + (f", {found.info} info" if found.info else ""),
            "checks: " + (", ".join(f"{count} {word}" for word, count in checks if count) or "none ran"),
            f"{_many(report.summary.api_requests, 'request')}, {_size(report.summary.api_bytes)}, "
            f"{report.summary.duration_ms} ms",
        )
    )


def origin(report: Report) -> str:
    """Which run of which tool, so that a pasted page can be traced."""
    return f"{report.tool.name} {report.tool.version}, run {report.run.id}, {utc(report.run.finished_at)}"


def command(report: Report) -> str:
    """The command that made this report, ready for a shell."""
    return shlex.join(report.run.command)


def _from(report: Report) -> str:
    source = report.from_
    if report.comparisons:
        inputs = tuple(dict.fromkeys(one.from_.input or one.from_.kind.lower() for one in report.comparisons))
        return f" from {names(inputs)}"
    if source is None:
        return ""
    return f" from {source.input}" if source.input else " from any client" if source.kind == "Any" else ""


def _place(report: Report) -> str:
    where = report.run.input
    if where.type == "demo":
        return f"embedded demo {where.scenario}".rstrip()
    if where.type == "snapshot":
        return f"snapshot {where.path}{f' as of {utc(where.now)}' if where.now else ', its time not known'}"
    return f"context {where.context}" if where.context else where.server


def _read(what: str) -> str:
    if what.startswith(_VERBS):
        return what
    return f"read {what}" if "/" in what else f"list {what}"


def _span(seconds: int) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _size(count: int) -> str:
    return (
        f"{count} B"
        if count < 1024
        else f"{count / 1024:.1f} KiB"
        if count < 1 << 20
        else f"{count / (1 << 20):.1f} MiB"
    )
