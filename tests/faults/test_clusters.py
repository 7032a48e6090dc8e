"""Small clusters in which the cause was once missed: each is diagnosed whole, as files that somebody handed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.calling import causes, report

HERE = Path(__file__).parent / "clusters"


@pytest.mark.parametrize(
    ("cluster", "target", "cause"),
    [
        ("node_lost_under_dns", "svc/one.o:80", ("node.not-ready", "Node", "", "n2")),
        ("old_eviction_beside_a_crash", "svc/web.shop:80", ("pod.crash-looping", "Deployment", "shop", "web")),
        ("native_sidecar_crashing", "svc/web.shop:80", ("pod.crash-looping", "Deployment", "shop", "web")),
    ],
)
def test_the_one_cause_is_named(cluster: str, target: str, cause: tuple[str, str, str, str]) -> None:
    told, code = _diagnosed(cluster, target)
    assert causes(told)[0] == cause
    assert code == 1
    root = next(one for one in told["findings"] if one["id"] == told["rootCauses"][0])
    assert root["severity"] == "error"


def test_an_endpoint_on_its_way_out_that_serves_still_answers() -> None:
    told, code = _diagnosed("last_endpoint_leaving", "svc/web.shop:80")
    assert not [one for one in told["findings"] if one["severity"] == "error"]
    assert code == 0


def _diagnosed(cluster: str, target: str) -> tuple[dict, int]:  # type: ignore[type-arg]
    source = "deploy/caller.front"
    return report("diagnose", target, "--from", source, "--snapshot", str(HERE / f"{cluster}.yaml"), "--no-journal")
