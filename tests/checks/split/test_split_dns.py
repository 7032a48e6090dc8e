"""Right told from wrong: one name, two views, over the embedded network and its load balancer."""

from __future__ import annotations

from typing import Any

import pytest

from netdoc.api import Finding, ObjectRef, Path, parse_target
from netdoc.diagnosis import diagnose
from netdoc.ports import Consent, NoVantages
from netdoc_checks.split import CODES, RULES, foretold
from netdoc_checks.split.seen import private
from netdoc_checks.split.views import place_of
from tests.checks.split.asking import (
    BALANCER,
    NAME,
    SERVICE,
    Answer,
    Views,
    asked,
    cluster,
    corefile,
    published,
    traefik,
)

MISMATCH, STALE, WRONG = CODES
OLD, OTHER = "203.0.113.77", "198.51.100.40"  # nobody's in the embedded network
CALLER = ObjectRef(api_version="apps/v1", kind="Deployment", namespace="shop", name="client")
FAR = "192.168.240.7"  # of a second range of Services
POD_RANGE = "10.42.0.250"  # of a node, and no pod has it


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        ([BALANCER], [BALANCER]),  # one view
        ([SERVICE], [BALANCER]),  # the Service's own address inside, its load balancer's outside
        (["192.168.20.60"], [BALANCER]),  # a private address inside that is nobody's here: a proxy's, say
        ([SERVICE], [OTHER]),  # a private answer inside, somebody else's in front outside
        ([OTHER], [OTHER]),  # not of this cluster at all
        ([OTHER], ["198.51.100.41"]),  # a network of caches answers everybody differently
        ([BALANCER], "not-found"),
        (["192.168.20.60"], "not-found"),  # an internal name
        ("not-found", "not-found"),  # told by who measures the lookup
    ],
)
async def test_views_that_are_right_are_silent(inside: Answer, outside: Answer) -> None:
    told = await asked(Views(inside, outside))
    assert (told.findings, told.unjudged) == ((), ())


@pytest.mark.parametrize("failure", ["not-found", "no-address"])
async def test_a_name_that_the_inside_alone_lacks(failure: str) -> None:
    told = await asked(Views(failure, [BALANCER]))
    assert told.brief == [(MISMATCH, "error", True)]
    only = told.findings[0]
    assert (only.object.kind, only.object.name) == ("Service", "traefik")
    assert f"outside it leads to {BALANCER} (service/traefik.traefik)" in only.title
    assert [one.vantage.partition(":")[0] for one in only.evidence[:2]] == ["exec", "here"]
    assert only.hops == ("client/deployment/shop/client", f"external/{NAME}:443")


async def test_a_view_that_lacks_the_name_explains_that_the_lookup_fails() -> None:
    only = (await asked(Views("not-found", [BALANCER]))).findings[0]
    lookup = Finding(code="dns.nxdomain", title="", object=CALLER, hops=only.hops[:1], severity="error")
    made = diagnose((lookup, only), Path(target=parse_target(NAME)), RULES)
    assert [made.findings[place].code for place in made.roots] == [MISMATCH]


@pytest.mark.parametrize("failure", ["no-answer", "failed"])
async def test_silence_and_servfail_are_no_view(failure: str) -> None:
    told = await asked(Views(failure, [BALANCER]))
    assert told.findings == ()
    assert [(one.reason, one.blocking) for one in told.unjudged] == [("incomplete", False)]


async def test_a_name_that_the_outside_alone_lacks_counts_for_who_calls_from_there() -> None:
    lacking = Views([BALANCER], "not-found")
    assert (await asked(lacking)).findings == ()
    told = await asked(lacking, source="internet", consents=("port-forward",))
    assert told.brief == [(MISMATCH, "error", True)]


async def test_an_address_of_the_clusters_that_nobody_has() -> None:
    told = await asked(Views(["10.43.24.141"], [BALANCER]))
    assert told.brief == [(STALE, "error", True)]
    told = await asked(Views([POD_RANGE], [BALANCER]))
    assert told.brief == [(STALE, "error", True)]


async def test_an_old_address_inside_is_proven_by_connections() -> None:
    told = await asked(Views([OLD], [BALANCER], dead=(OLD,)))
    assert told.brief == [(STALE, "error", True)]
    tries = [(one.data["address"], one.failures) for one in told.findings[0].evidence if one.kind == "tcp"]
    assert tries == [(OLD, 3), (SERVICE, 0)]
    assert "may be kept for another 240 s" in told.findings[0].detail


async def test_an_old_address_that_nothing_is_tried_of_is_a_suspicion() -> None:
    """Asked through a tunnel: no connection can be tried from the pod."""
    told = await asked(Views([OLD], [BALANCER]), consents=("port-forward",))
    assert told.brief == [(STALE, "warning", False)]
    assert "may be kept for another 240 s" in told.findings[0].detail


async def test_another_public_address_that_answers_is_a_second_site() -> None:
    assert (await asked(Views([OLD], [BALANCER]))).findings == ()


async def test_an_old_address_outside_is_proven_by_connections_from_there() -> None:
    silent = Views([BALANCER], [OLD], dead=(OLD,))
    assert (await asked(silent, source="internet", consents=("port-forward",))).brief == [(STALE, "error", True)]
    behind = Views([BALANCER], [OLD])  # a proxy of others' in front
    assert (await asked(behind, source="internet", consents=("port-forward",))).findings == ()


HAIRPIN = Views([BALANCER], [BALANCER], dead=(BALANCER,))


async def test_the_load_balancer_does_not_answer_from_inside_and_the_service_does() -> None:
    told = await asked(HAIRPIN)
    assert told.brief == [(MISMATCH, "error", True)]
    only = told.findings[0]
    assert f"{BALANCER}:443, the load balancer of service/traefik.traefik" in only.title
    assert (only.evidence[0].observed.partition(" ")[0], only.evidence[0].expected) == (BALANCER, SERVICE)
    assert all(one.command for one in only.evidence)


async def test_why_it_does_not_turn_around_is_told_from_the_services_fields() -> None:
    proxied = traefik({"status": {"loadBalancer": {"ingress": [{"ip": BALANCER, "ipMode": "Proxy"}]}}})
    assert "ipMode Proxy" in (await asked(HAIRPIN, on=cluster(proxied))).findings[0].detail
    closed = traefik({"spec": {"loadBalancerSourceRanges": ["198.51.100.0/24"]}})
    assert "198.51.100.0/24 alone" in (await asked(HAIRPIN, on=cluster(closed))).findings[0].detail


async def test_a_hairpin_is_nothing_where_the_service_does_not_answer_either() -> None:
    told = await asked(Views([BALANCER], [BALANCER], dead=(BALANCER, SERVICE)))
    assert told.findings == ()


async def test_a_hairpin_is_not_supposed_without_a_connection() -> None:
    assert (await asked(HAIRPIN, consents=("port-forward",))).findings == ()


SECOND = {
    "copy": {
        "from": {"kind": "Service", "namespace": "traefik", "name": "traefik"},
        "with": {
            "metadata": {"name": "legacy", "uid": "00000000-0000-0000-0000-00000000000b"},
            "spec": {"clusterIP": "10.43.24.150", "clusterIPs": ["10.43.24.150"]},
            "status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.11", "ipMode": "VIP"}]}},
        },
    }
}


@pytest.mark.parametrize(
    ("operations", "severity", "proven"), [((SECOND,), "warning", False), ((SECOND, published()), "error", True)]
)
async def test_the_load_balancer_of_another_service(operations: Any, severity: str, proven: bool) -> None:
    told = await asked(Views(["203.0.113.11"], [BALANCER]), on=cluster(*operations))
    assert told.brief == [(WRONG, severity, proven)]
    assert told.findings[0].object.name == "traefik"


async def test_the_internet_gets_a_private_address_from_an_outside_resolver() -> None:
    hidden = Views(["192.168.20.60"], ["192.168.20.60"])
    named: dict[str, Any] = {"source": "internet", "consents": ("port-forward",)}
    assert (await asked(hidden, outside="127.0.0.1:5353", **named)).brief == [(MISMATCH, "error", True)]
    assert (await asked(hidden, **named)).findings == ()  # this machine may stand inside


async def test_names_of_now_are_not_held_against_a_snapshot() -> None:
    views = Views([BALANCER], [OLD], dead=(OLD,))
    then = cluster(type_="snapshot")
    told = await asked(views, on=then, source="internet", consents=("port-forward",))
    assert (told.findings, [one.reason for one in told.unjudged]) == ((), ["not-supported"])
    assert not any(at == "here" for at, _ in views.asked)


async def test_a_neighbour_of_the_services_range_is_not_of_the_cluster() -> None:
    """Beyond the highest Service address may be another machine's: networks have Services beside hosts in one /16."""
    assert (await asked(Views(["10.43.255.200"], [BALANCER]))).findings == ()


async def test_an_address_of_a_family_that_the_pod_lacks_is_no_address_of_old() -> None:
    """A name has an AAAA record too, and the pod has IPv4 alone: nothing leads it there."""
    six = "2001:db8::80"
    views = Views([BALANCER, six], [BALANCER], dead=(six,))
    alone = cluster({"each": {"kind": "Pod", "namespace": "shop", "with": {"status": {"podIPs": None}}}})
    assert (await asked(views, on=alone)).findings == ()
    assert not any(six == one["address"] for _, asked_ in views.asked for one in asked_.parameters.get("endpoints", ()))


async def test_an_address_of_another_family_that_does_not_answer_is_no_proof() -> None:
    six = "2001:db8::80"
    told = await asked(Views([BALANCER, six], [BALANCER], dead=(six,)))
    assert told.brief == [(STALE, "warning", False)]


@pytest.mark.parametrize(
    "failure",
    [{"kind": "error", "detail": "download timed out"}, {"kind": "unreachable", "errno": "ENETUNREACH", "detail": ""}],
)
async def test_a_failure_of_the_callers_own_proves_no_address_of_old(failure: dict[str, Any]) -> None:
    views = Views([BALANCER], [OLD], dead=(OLD,), failure=failure)
    assert (await asked(views, source="internet", consents=("port-forward",))).findings == ()


async def test_answers_of_a_container_that_are_no_addresses_are_passed_over() -> None:
    told = await asked(Views([BALANCER, "$(reboot)", "fe80::1%eth0"], [BALANCER]))
    assert (told.findings, told.unjudged) == ((), ())


async def test_between_two_ranges_of_services_is_not_the_clusters() -> None:
    second = {"merge": {"kind": "Service", "namespace": "shop", "name": "web", "with": {"spec": {"clusterIP": FAR}}}}
    assert (await asked(Views(["93.184.215.14"], [BALANCER]), on=cluster(second))).findings == ()


async def test_the_named_resolver_is_asked_and_a_wrong_one_is_said() -> None:
    views = Views([SERVICE], [BALANCER])
    await asked(views, outside="127.0.0.1:5353")
    servers = [(one.parameters.get("server"), one.parameters.get("port")) for at, one in views.asked if at == "here"]
    assert set(servers) == {("127.0.0.1", 5353)}
    told = await asked(Views("not-found", [BALANCER]), outside="resolver.example")
    assert told.findings == ()


# Without consent: what the Corefile says


async def foreseen(*operations: dict[str, Any], source: str = "deploy/client.shop") -> Any:
    return await asked(NoVantages(), on=cluster(*operations), source=source, consents=())


async def test_nothing_is_asked_without_consent_and_that_is_said() -> None:
    told = await foreseen()
    assert told.findings == ()
    assert [(one.reason, one.blocking) for one in told.unjudged] == [("needs-consent", False)]


async def test_hosts_with_an_address_of_old() -> None:
    told = await foreseen(corefile("hosts {", f"  {OLD} {NAME}", "  fallthrough", "}"), published())
    assert told.brief == [(STALE, "error", True)]
    only = told.findings[0]
    assert (only.object.kind, only.object.name) == ("ConfigMap", "coredns")
    assert f"{OLD} {NAME}" in only.detail
    assert only.evidence[0].observed == f"{OLD} {NAME}"


async def test_hosts_with_an_address_of_the_clusters_that_nobody_has() -> None:
    told = await foreseen(corefile("hosts {", f"  10.43.24.141 {NAME}", "  fallthrough", "}"))
    assert told.brief == [(STALE, "error", True)]


@pytest.mark.parametrize("address", [SERVICE, BALANCER])
async def test_hosts_with_an_address_of_the_service(address: str) -> None:
    told = await foreseen(corefile("hosts {", f"  {address} {NAME}", "  fallthrough", "}"), published())
    assert (told.findings, told.unjudged) == ((), ())


async def test_hosts_with_somebody_elses_address_is_not_judged_alone() -> None:
    told = await foreseen(corefile("hosts {", f"  {OLD} {NAME}", "  fallthrough", "}"))
    assert (told.findings, [one.reason for one in told.unjudged]) == ((), ["needs-consent"])


async def test_a_rewrite_to_a_service_that_is_there_and_to_one_that_is_not() -> None:
    right = await foreseen(corefile(f"rewrite name {NAME} traefik.traefik.svc.cluster.local"), published())
    wrong = await foreseen(corefile(f"rewrite name exact {NAME} traefik.edge.svc.cluster.local"))
    assert right.findings == ()
    assert wrong.brief == [(MISMATCH, "error", True)]
    assert wrong.findings[0].object.kind == "ConfigMap"


async def test_a_stub_zone_that_lacks_the_name_is_named() -> None:
    text = "example.com:53 {\n    forward . 192.168.20.2\n}\n.:53 {\n    forward . 192.168.20.1\n}\n"
    with_ = {"data": {"Corefile": text}}
    stub = {"merge": {"kind": "ConfigMap", "namespace": "kube-system", "name": "coredns", "with": with_}}
    told = await asked(Views("not-found", [BALANCER]), on=cluster(stub))
    assert told.brief == [(MISMATCH, "error", True)]
    assert told.findings[0].object.kind == "ConfigMap"
    assert "forward . 192.168.20.2" in told.findings[0].detail


ALIASED = {
    "each": {
        "kind": "Pod",
        "namespace": "shop",
        "labels": {"app": "client"},
        "with": {"spec": {"hostAliases": [{"ip": "10.43.24.141", "hostnames": [NAME]}]}},
    }
}


@pytest.mark.parametrize("measured", [True, False])
async def test_an_address_of_old_in_the_pods_own_hosts_file(measured: bool) -> None:
    inside = Views(["10.43.24.141"], [BALANCER]) if measured else NoVantages()
    told = await asked(inside, on=cluster(ALIASED), consents=("exec",) if measured else ())
    assert told.brief == [(STALE, "error", True)]
    only = told.findings[0]
    assert (only.object.kind, only.object.name) == ("Deployment", "client")
    assert only.detail.endswith(f"decided by hostAliases of the pod: 10.43.24.141 {NAME}")


@pytest.mark.parametrize("target", ["svc/web.shop:80", "web.shop", "203.0.113.10:443", "http://web.shop.svc:80"])
async def test_what_is_no_outside_name_is_not_asked(target: str) -> None:
    views = Views([OLD], [BALANCER])
    told = await asked(views, target=target)
    assert (told.findings, told.unjudged, views.asked) == ((), (), [])


@pytest.mark.parametrize("consents", [("exec",), ("port-forward",), ("exec", "port-forward")])
async def test_each_side_is_asked_once(consents: tuple[Consent, ...]) -> None:
    views = Views([BALANCER], [BALANCER])
    await asked(views, consents=consents)
    lookups = [at for at, one in views.asked if one.kind != "tcp"]
    assert lookups.count("here") == 1


# Pieces


@pytest.mark.parametrize(
    ("text", "name", "addresses", "to"),
    [
        (".:53 {\n hosts {\n  1.2.3.4 a.example b.example\n }\n forward . 9.9.9.9\n}", "B.example.", ("1.2.3.4",), ""),
        (".:53 {\n rewrite name a.example b.svc\n hosts {\n  1.2.3.4 a.example\n }\n}", "a.example", (), "b.svc"),
        (".:53 {\n rewrite stop {\n  name exact a.example b.svc.\n }\n}", "a.example", (), "b.svc"),
        (".:53 {\n rewrite name regex .* b.svc\n hosts {\n  1.2.3.4 a.example\n }\n}", "a.example", (), ""),
        (".:53 {\n template IN A {\n  answer x\n }\n hosts {\n  1.2.3.4 a.example\n }\n}", "a.example", (), ""),
        ("a.example {\n forward . 9.9.9.9\n}\n. {\n hosts {\n  1.2.3.4 a.example\n }\n}", "a.example", (), ""),
        ("no { corefile", "a.example", (), ""),
        ("", "a.example", (), ""),
    ],
)
def test_what_the_corefile_says_of_a_name(text: str, name: str, addresses: tuple[str, ...], to: str) -> None:
    assert (foretold.pinned(text, name), foretold.rewritten(text, name)) == (addresses, to)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        *((one, True) for one in ("10.1.2.3", "172.31.0.1", "192.168.1.1", "100.64.0.1", "fd00::1", "fe80::1%eth0")),
        *((one, False) for one in ("172.32.0.1", "100.128.0.1", "203.0.113.10", "2001:db8::1", "8.8.8.8", "x")),
    ],
)
def test_private_is_what_the_internet_cannot_reach(address: str, expected: bool) -> None:
    assert private(address) is expected


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("192.0.2.1", ("192.0.2.1", 53)),
        ("192.0.2.1:5353", ("192.0.2.1", 5353)),
        ("2001:db8::1", ("2001:db8::1", 53)),
        ("[2001:db8::1]:5353", ("2001:db8::1", 5353)),
    ],
)
def test_a_resolver_is_an_address_and_a_port(text: str, place: tuple[str, int]) -> None:
    assert place_of(text) == place


@pytest.mark.parametrize("text", ["", "x", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:70000", "[::1]:x", "1.2.3"])
def test_what_is_no_resolver_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"resolver|port"):
        place_of(text)
