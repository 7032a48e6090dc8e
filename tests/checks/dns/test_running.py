"""What CoreDNS runs with against its ConfigMap, by what it logged of it."""

from __future__ import annotations

from typing import Any

import pytest

from netdoc.api import corefile
from netdoc.cluster import SnapshotCluster
from tests.asking import ask
from tests.checks.dns.test_dns_check import CLIENT, WEB, block, cluster

TEXT = block("kubernetes cluster.local", "forward . 192.0.2.53", "reload")
OTHER = block("kubernetes corp.example", "forward . 192.0.2.53", "reload")
REFUSED = block("kubernetes cluster.local", "proxy . 192.0.2.53", "reload")
RUNS = "[INFO] plugin/reload: Running configuration SHA512 = "
FAILED = "[ERROR] plugin/reload: Corefile changed but reload failed: Corefile:3 - Error: Unknown directive 'proxy'"
LONG_AGO, LATELY, BEFORE = "2026-11-20T02:00:00Z", "2026-11-20T03:11:00Z", "2026-01-01T00:00:00Z"


class Speaking:
    """A cluster whose DNS pods write what they are told to."""

    def __init__(self, inner: SnapshotCluster, log: str) -> None:
        self._inner, self._log = inner, log
        self.logs = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def log(self, pod: Any, container: str, *, previous: bool = False, lines: int = 20) -> str:
        self.logs += 1
        return self._log


def speaking(text: str, log: str, written: str) -> Speaking:
    metadata = {"creationTimestamp": BEFORE, "managedFields": [{"manager": "kubectl-edit", "time": written}]}
    config = {"kind": "ConfigMap", "namespace": "kube-system", "name": "coredns"}
    held = cluster({"merge": {**config, "with": {"metadata": metadata, "data": {"Corefile": text}}}})
    return Speaking(held, log)


def runs(text: str) -> str:
    return f".:53\n{RUNS}{corefile.digest(text)}\nCoreDNS-1.15.0\n"


@pytest.mark.parametrize(
    ("text", "log", "written", "expected"),
    [
        (TEXT, runs(TEXT), LONG_AGO, []),
        (TEXT, runs(OTHER), LONG_AGO, ["dns.server-config warning"]),
        (TEXT, runs(OTHER), LATELY, []),  # it may be on its way
        (TEXT, runs(OTHER) + runs(TEXT), LONG_AGO, []),
        (TEXT, "[INFO] 10.0.0.1:5 - 3 A IN web. udp\n", LONG_AGO, []),  # the log is longer than what was read
        (TEXT, runs(OTHER), BEFORE, []),  # pods that are younger than the ConfigMap are not asked
        (REFUSED, runs(TEXT) + FAILED, LATELY, ["dns.server-config warning"]),
        (OTHER, runs(TEXT) + FAILED, LONG_AGO, ["dns.server-config warning"]),
    ],
)
async def test_the_running_configuration(text: str, log: str, written: str, expected: list[str]) -> None:
    told = await ask_of(speaking(text, log, written))
    assert [f"{one.code} {one.severity}" for one in told.findings] == expected


async def test_the_log_is_the_proof_and_a_refused_file_is_mended_first() -> None:
    refused = (await ask_of(speaking(REFUSED, runs(TEXT) + FAILED, LONG_AGO))).findings[0]
    assert refused.evidence[0].kind == "log"
    assert "Unknown directive 'proxy'" in refused.evidence[0].observed
    assert refused.fix is not None
    assert "restart" not in refused.fix.commands[0]
    other = (await ask_of(speaking(TEXT, runs(OTHER), LONG_AGO))).findings[0]
    assert corefile.digest(TEXT) in other.evidence[0].expected
    assert other.fix is not None
    assert "rollout restart" in other.fix.commands[0]


async def test_logs_are_read_only_where_the_configmap_is_younger() -> None:
    for written, count in ((BEFORE, 0), (LONG_AGO, 2)):
        held = speaking(TEXT, runs(TEXT), written)
        await ask_of(held)
        assert held.logs == count


async def ask_of(held: Speaking) -> Any:
    from netdoc_checks.dns import CHECK

    return await ask(CHECK, held, WEB, CLIENT)
