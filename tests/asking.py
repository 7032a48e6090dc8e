"""Asks one check of one path and ranks what it finds, without the engine: for tests that ask often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from netdoc.api import Check, Finding, Judgement, Kubectl, Ports, Subject, Unjudged
from netdoc.diagnosis import diagnose, without_hygiene
from netdoc.model.codes import known_codes
from netdoc.model.path import Path
from netdoc.model.report import Status
from netdoc.path import parse_source, parse_target, resolve
from netdoc.ports import Cluster, Recorder

MOMENT = datetime(2026, 11, 20, 3, 12, tzinfo=UTC)


class Told(msgspec.Struct, frozen=True):
    """What a check says of a path: ranked, hygiene left out, the roots first named."""

    path: Path
    findings: tuple[Finding, ...]
    roots: tuple[Finding, ...]
    unjudged: tuple[Unjudged, ...]

    @property
    def status(self) -> Status:
        severities = {one.severity for one in self.findings}
        if "error" in severities:
            return "fail"
        if any(one.blocking for one in self.unjudged) or self.path.unread:
            return "unknown"
        return "warn" if "warning" in severities else "pass"


async def judged(check: Check, cluster: Cluster, target: str, source: str = "") -> tuple[Path, tuple[Judgement, ...]]:
    """The path, and what the check says of it before anything is ranked or folded."""
    recorder = Recorder(cluster)
    path = await resolve(recorder, parse_target(target), (parse_source(source),) if source else ())
    subject = Subject(path=path, kubectl=Kubectl("test"), now=await recorder.now(), since=timedelta(hours=2))
    return path, tuple(check.judge(await check.observe(Ports(recorder), subject)))


async def ask(check: Check, cluster: Cluster, target: str, source: str = "") -> Told:
    path, judgements = await judged(check, cluster, target, source)
    found = [_settled(one) for one in judgements if isinstance(one, Finding)]
    audit = frozenset(code.code for code in known_codes().values() if code.audit)
    kept = without_hygiene(diagnose(found, path, check.rules), audit)
    made = diagnose(kept, path, check.rules)
    unjudged = tuple(one for one in judgements if isinstance(one, Unjudged))
    return Told(path, made.findings, tuple(made.findings[place] for place in made.roots), unjudged)


def _settled(finding: Finding) -> Finding:
    severity = finding.severity or known_codes()[finding.code].severity
    return msgspec.structs.replace(finding, severity=severity)
