"""Says of a target or source that it does not exist: the one judgement that every run makes, check or no check."""

from __future__ import annotations

from netdoc.engine.check import Kubectl
from netdoc.model.finding import Evidence, Finding, Fix, Unjudged
from netdoc.model.path import Absent, Path

_CODES = {
    "target": "target.not-found",
    "source": "target.not-found",
    "namespace": "target.namespace-not-found",
    "port": "target.port-not-found",
}


def judge_path(path: Path, kubectl: Kubectl) -> tuple[Finding | Unjudged, ...]:
    """Findings for what is absent, and the hops whose nature could not be read."""
    missing = tuple(_finding(one, path, kubectl) for one in path.absent)
    unread = tuple(
        Unjudged(
            what=one.gap.what, reason=one.gap.reason, detail=one.gap.detail, hop=one.hop, blocking=one.gap.blocking
        )
        for one in path.unread
    )
    return missing + unread


def _finding(absent: Absent, path: Path, kubectl: Kubectl) -> Finding:
    ref = absent.object
    plural = ref.kind.lower() + "s"
    return Finding(
        code=_CODES[absent.what],
        title=title_of(absent),
        detail=absent.detail,
        object=ref,
        hops=(absent.hop,) if absent.hop else tuple(hop.id for hop in path.hops)[:1],
        evidence=(
            Evidence(
                object=ref,
                field="metadata.name",
                observed="not found",
                expected=ref.name,
                command=kubectl("get", plural, namespace=ref.namespace),
            ),
        ),
        fix=Fix(summary=f"use {_quoted(absent.near)}, or create {ref.kind} {ref.name}") if absent.near else None,
    )


def title_of(absent: Absent) -> str:
    """`no Service "wbe" in shop; there is "web"`."""
    ref = absent.object
    where = f" in {ref.namespace}" if ref.namespace else ""
    near = f"; there is {_quoted(absent.near)}" if absent.near else ""
    if absent.detail.startswith(ref.name):
        return absent.detail
    return f'no {ref.kind} "{ref.name}"{where}{near}'


def _quoted(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)
