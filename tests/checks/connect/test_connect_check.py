"""The check `connect`: measurements as a container would give them, against the healthy embedded network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from netdoc.ports import Consent
from netdoc_checks.connect import CHECK
from tests.checks.connect.scene import CONF, ENDS, WEB, cluster, dns_pods, only, tried


async def test_what_arrives_is_silent() -> None:
    told = await tried()
    assert (told.findings, told.unjudged) == ((), ())


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("http://web.shpo/", "target.namespace-not-found"),
        ("wbe.shop:80", "target.not-found"),
        ("svc/wbe.shop", "target.not-found"),
    ],
)
async def test_a_name_that_stands_for_nothing_does_not_exist_for_that(target: str, code: str) -> None:
    told = await tried(name="not-found", target=target)
    assert [one.code for one in told.roots] == [code]
    assert set(told.codes) <= {"dns.nxdomain"}


async def test_one_dead_replica_of_three_is_found_among_those_that_answer() -> None:
    told = await tried(only(ENDS[:1], "timeout"), repeat=10)
    assert told.codes == ["service.endpoint-dead"]
    dead = told.findings[0]
    assert (dead.object.kind, dead.object.name, dead.severity) == ("Service", "web", "error")
    assert dead.hops == (f"endpoint/shop/{dead.title.rpartition(': ')[2]}:8080",)
    assert (dead.evidence[0].attempts, dead.evidence[0].failures) == (10, 10)
    assert dead.evidence[0].vantage.startswith("exec:shop/client-")


async def test_a_replica_that_fails_now_and_then() -> None:
    told = await tried(lambda address, at: "timeout" if address == ENDS[1] and at % 2 else "", repeat=10)
    assert told.codes == ["packet.loss"]
    assert told.findings[0].evidence[0].failures == 5


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("timeout", "packet.dropped"),
        ("rejected", "packet.rejected"),
        ("unreachable", "packet.unreachable"),
        ("refused", "pod.port-closed"),
    ],
)
async def test_no_endpoint_answers(kind: str, code: str) -> None:
    assert (await tried(only([WEB, *ENDS], kind))).codes == [code]


async def test_the_services_own_address_alone_fails() -> None:
    told = await tried(only([WEB], "timeout"))
    assert told.codes == ["packet.dropped"]
    assert told.findings[0].hops == ("service/shop/web:80",)


async def test_the_services_own_address_alone_fails_now_and_then() -> None:
    told = await tried(lambda address, at: "timeout" if address == WEB and at == 1 else "")
    assert told.codes == ["packet.loss"]
    assert "service" in told.findings[0].hops[0]


async def test_a_tools_own_failure_is_no_verdict() -> None:
    told = await tried(only([WEB, *ENDS], "error"))
    assert told.findings == ()
    assert {one.reason for one in told.unjudged} == {"not-supported"}


OPEN = [
    {"delete": {"kind": "NetworkPolicy", "namespace": "shop", "name": "web"}},
]


async def test_a_connection_that_policies_deny_and_that_stands_contradicts_them() -> None:
    told = await tried(on=cluster(*OPEN))
    assert told.codes == ["packet.policy-contradicted"]
    assert [one.code for one in told.roots] == ["packet.policy-contradicted"]


async def test_a_connection_that_policies_deny_and_that_fails_is_as_predicted() -> None:
    told = await tried(only([WEB, *ENDS], "timeout"), on=cluster(*OPEN))
    assert told.findings == ()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("not-found", "dns.nxdomain"),
        ("no-address", "dns.no-address"),
        ("no-answer", "dns.timeout"),
        ("failed", "dns.servfail"),
        (["203.0.113.7"], "dns.wrong-address"),
    ],
)
async def test_the_name(name: str | list[str], code: str) -> None:
    told = await tried(name=name)
    assert told.codes == [code]
    assert told.findings[0].evidence[0].kind == "dns"


async def test_what_nobody_said_is_not_told_as_servfail() -> None:
    told = await tried(name="failed")
    assert "SERVFAIL" not in told.findings[0].title


async def test_an_answer_after_the_resolvers_timer_is_a_stall() -> None:
    assert (await tried(name=f"late {WEB}")).codes == ["dns.five-second-stalls"]


async def test_resolv_conf_tells_of_another_address_and_another_domain() -> None:
    elsewhere = {**CONF, "nameservers": ["10.43.0.99"]}
    assert "dns.server-missing" in (await tried(name="no-answer", conf=elsewhere)).codes
    served = {"merge": {"kind": "ConfigMap", "namespace": "kube-system", "name": "coredns", "with": {
        "data": {"Corefile": ".:53 {\n kubernetes corp.example\n forward . 192.0.2.1\n}\n"}}}}  # fmt: skip
    told = await tried(name="not-found", on=cluster(served))
    assert [one.code for one in told.roots] == ["dns.server-config"]


@pytest.mark.parametrize("cache", ["169.254.20.10", "169.254.25.10"])
async def test_a_cache_on_the_node_is_no_foreign_resolver(cache: str) -> None:
    told = await tried(name="not-found", conf={**CONF, "nameservers": [cache]})
    assert "dns.server-missing" not in told.codes


async def test_a_dns_pod_that_is_silent_by_itself() -> None:
    told = await tried(silent={"coredns-8895898d9-ctjkx"})
    assert told.codes == ["dns.server-partial"]
    assert told.findings[0].object.name == "coredns"
    assert told.findings[0].evidence[0].vantage == "port-forward:kube-system/coredns-8895898d9-ctjkx:53"


async def test_dns_pods_that_are_all_silent_by_themselves_are_down() -> None:
    told = await tried(silent={*await dns_pods()})
    assert told.codes == ["dns.server-down"]


@pytest.mark.parametrize("consents", [(), ("port-forward",)])
async def test_nothing_is_measured_in_the_source_without_its_consent(consents: tuple[Consent, ...]) -> None:
    assert (await tried(only(ENDS, "timeout"), consents=consents)).findings == ()


async def test_without_a_pod_to_measure_in_that_is_said() -> None:
    told = await tried(source="internet")
    assert (told.findings, [one.reason for one in told.unjudged]) == ((), ["no-source"])


def test_every_code_is_looked_for() -> None:
    text = "".join(one.read_text() for one in Path(__file__).parent.glob("test_*.py"))
    assert [one for one in CHECK.codes if f'"{one}"' not in text] == []


UNREADY = {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}


@pytest.mark.parametrize(("patch", "severity"), [({}, "error"), (UNREADY, "warning")])
async def test_a_silent_dns_pod_costs_questions_only_while_it_takes_them(patch: dict[str, Any], severity: str) -> None:
    pods = await dns_pods()
    name = next(iter(pods))
    broken = cluster({"merge": {"kind": "Pod", "namespace": "kube-system", "name": name, "with": patch}})
    told = await tried(on=broken, silent={name})
    assert [(one.code, one.severity) for one in told.findings] == [("dns.server-partial", severity)]
