"""How much suffers: all of it, a part, or nothing that anybody could count."""

from __future__ import annotations

import pytest

from netdoc.diagnosis import Diagnosis
from netdoc.engine.impact import impact
from netdoc.model.finding import Finding
from netdoc.model.kube import ObjectRef
from netdoc.model.path import Hop, Path
from netdoc.model.report import CheckStatus, Impact, ReportHop
from netdoc.model.target import Target

SERVICE = ObjectRef(api_version="v1", kind="Service", name="web", namespace="shop")
HOPS = (
    Hop(id="service/web", kind="service", next=("endpoint/a", "endpoint/b")),
    Hop(id="endpoint/a", kind="endpoint", next=("pod/a",)),
    Hop(id="endpoint/b", kind="endpoint", next=("pod/b",)),
    Hop(id="pod/a", kind="pod"),
    Hop(id="pod/b", kind="pod"),
)


@pytest.mark.parametrize(
    ("hurt", "severity", "expected"),
    [
        (("service/web",), "error", Impact(scope="all", failed=2, of=2)),
        (("pod/a",), "error", Impact(scope="part", failed=1, of=2)),
        (("pod/a", "endpoint/b"), "error", Impact(scope="all", failed=2, of=2)),
        (("pod/a",), "warning", Impact(scope="part", failed=1, of=2)),
        (("service/web",), "warning", None),
    ],
)
def test_impact(hurt: tuple[str, ...], severity: str, expected: Impact | None) -> None:
    finding = Finding(code="pod.not-ready", title="", object=SERVICE, hops=hurt, severity=severity)  # type: ignore[arg-type]
    status: CheckStatus = "fail" if severity == "error" else "warn"
    hops = tuple(
        ReportHop(id=hop.id, kind=hop.kind, next=hop.next, status=status if hop.id in hurt else "pass") for hop in HOPS
    )
    path = Path(target=Target(input="svc/web", kind="Service"), hops=HOPS)
    assert impact(path, hops, Diagnosis((finding,), {0: frozenset()}, (0,))) == expected


def test_nothing_suffers_without_a_root() -> None:
    path = Path(target=Target(input="svc/web", kind="Service"), hops=HOPS)
    assert impact(path, (), Diagnosis()) is None
