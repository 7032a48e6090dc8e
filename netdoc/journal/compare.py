"""Two runs of one question: what recovered, what is still there, what is new. Pure."""

from __future__ import annotations

from datetime import datetime

from netdoc.model.kube.meta import ObjectRef
from netdoc.model.report import Compared, ComparedFinding, Report, ReportFinding

Key = tuple[str, ObjectRef]


def compare(before: Report, after: Report) -> Compared:
    """A finding that is gone has recovered only where what found it could look again; else it is unknown."""
    old = {(one.code, one.object): one for one in before.findings}
    new = {(one.code, one.object): one for one in after.findings}
    gone = [key for key in old if key not in new]
    blind = [key for key in gone if not _looked_again(old[key], before, after)]
    return Compared(
        run=before.run.id,
        version=before.tool.version,
        finished_at=before.run.finished_at,
        still=tuple(_told(new[key], _seen(old[key], before)) for key in new if key in old),
        recovered=tuple(_told(old[key], _seen(old[key], before)) for key in gone if key not in blind),
        new=tuple(_told(new[key]) for key in new if key not in old),
        unknown=tuple(_told(old[key], _seen(old[key], before)) for key in blind),
    )


def same(compared: Compared) -> bool:
    return not (compared.recovered or compared.new or compared.unknown)


def _looked_again(finding: ReportFinding, before: Report, after: Report) -> bool:
    """Whether every step that reported it ran to its end this time, on a path that could be found, and saw as much."""
    if any(one.code.startswith("target.") for one in after.findings):
        return finding.code.startswith("target.")
    steps = {(check.step, check.id) for check in before.checks if finding.id in check.findings}
    ended = {(check.step, check.id) for check in after.checks if check.status in ("pass", "warn", "fail")}
    unknown = any(hop.status == "unknown" and hop.id == finding.hop for hop in after.path)
    return bool(steps) and steps <= ended and not unknown and not _blind(after) - _blind(before)


def _blind(report: Report) -> set[tuple[str, str]]:
    """What a run could not see although it exists: what is gone from its findings may merely be out of its sight."""
    return {
        (one.what, one.reason)
        for one in report.not_checked
        if one.reason in ("forbidden", "timeout", "unreachable") or (one.reason == "incomplete" and one.hop)
    }


def _seen(finding: ReportFinding, report: Report) -> datetime:
    """When the run last saw it: its evidence, else its end."""
    times = [one.at for one in report.evidence if one.id in finding.evidence and one.at is not None]
    return max(times, default=report.run.finished_at)


def _told(finding: ReportFinding, seen: datetime | None = None) -> ComparedFinding:
    return ComparedFinding(code=finding.code, title=finding.title, object=finding.object, last_seen=seen)
