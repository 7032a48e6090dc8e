"""Where a source first differs from the one that fares best: in the order of the traffic, in plain words."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdoc.diagnosis.compare import View, compare, first_difference
from netdoc.model.finding import Evidence, Finding, Unjudged
from netdoc.model.kube.meta import ObjectRef
from netdoc.model.path import Absent, Hop, Path, Source
from netdoc.model.report import ReportHop, Status
from netdoc.model.target import SourceSpec, Target

SERVICE, ENDPOINT, BEFORE = "service/shop/web:80", "endpoint/shop/web-1:8080", "policy/ingress/service/shop/web:80"
WEB = ObjectRef(api_version="v1", kind="Service", namespace="shop", name="web")


def ref(kind: str, name: str) -> ObjectRef:
    return ObjectRef(api_version="v1", kind=kind, namespace="shop", name=name)


def path_of(hop: str, host: str = "") -> Path:
    gate = Hop(id=f"policy/egress/{hop}", kind="policy", between=(hop, SERVICE))
    return Path(
        target=Target(input=host or "svc/web.shop", kind="Host" if host else "Service", host=host),
        object=WEB,
        hops=(
            Hop(id=hop, kind="client", next=(SERVICE,)),
            gate,
            Hop(id=SERVICE, kind="service", object=WEB, next=(ENDPOINT,), addresses=("10.43.0.5",), port=80),
            Hop(id=BEFORE, kind="policy", between=(SERVICE, ENDPOINT)),
            Hop(id=ENDPOINT, kind="endpoint", object=ref("Pod", "web-1"), addresses=("10.42.0.9",), port=8080),
        ),
    )


def view(name: str, *findings: Finding, pod: str = "", host: str = "", **given: Any) -> View:
    """One Deployment as it sees the Service `web`; `pod` is the pod of it that is asked."""
    hop = f"client/deployment/shop/{name}"
    spec = SourceSpec(input=f"deploy/{name}.shop", kind="Deployment", name=name, namespace="shop")
    source = Source(spec=spec, hop=hop, object=ref("Deployment", name), pods=(ref("Pod", pod or f"{name}-1"),))
    status: Status = "fail" if findings else "pass"
    base: dict[str, Any] = {"path": path_of(hop, host), "status": status, "workload": ref("Deployment", name)}
    return View(source=source, findings=findings, **(base | given))


def finding(code: str, title: str, *hops: str, policies: tuple[str, ...] = ()) -> Finding:
    evidence = tuple(Evidence(kind="policy", object=ref("NetworkPolicy", one)) for one in policies)
    about = ref("Deployment", hops[0])
    return Finding(code=code, title=title, object=about, hops=hops, severity="error", evidence=evidence)


def client(name: str) -> str:
    return f"client/deployment/shop/{name}"


def gate(name: str) -> str:
    return f"policy/egress/{client(name)}"


def denied(name: str) -> Finding:
    title = f"the egress policies of deployment/{name} do not allow web"
    return finding("policy.egress-denied", title, gate(name), client(name), ENDPOINT, policies=("deny", "base"))


def off_dns(name: str) -> Finding:
    return finding("dns.pod-policy", f"deployment/{name} asks its node's resolver", client(name))


DEFAULT, FIRST = "dnsPolicy Default", "dnsPolicy ClusterFirst"
UNREAD = Unjudged(what="networkpolicies in shop", reason="forbidden", hop=gate("b"), blocking=True)

TABLE: dict[str, tuple[View, View, tuple[str, str] | None]] = {
    "nothing": (view("b"), view("a"), None),
    "the same trouble in both": (view("b", denied("b")), view("a", denied("a")), None),
    "policy": (
        view("b", denied("b")),
        view("a"),
        (
            gate("b"),
            "the egress policies of deployment/b do not allow web (deny, base); deploy/a.shop is let through",
        ),
    ),
    "resolver": (
        view("b", off_dns("b"), resolver=DEFAULT),
        view("a", resolver=FIRST),
        (client("b"), "dnsPolicy Default against ClusterFirst"),
    ),
    "the resolver comes before the policy": (
        view("b", denied("b"), off_dns("b"), resolver=DEFAULT),
        view("a", resolver=FIRST),
        (client("b"), "dnsPolicy Default against ClusterFirst"),
    ),
    "a resolver that is another and does no harm": (
        view("b", denied("b"), resolver="dnsPolicy ClusterFirstWithHostNet"),
        view("a", resolver=FIRST),
        (
            gate("b"),
            "the egress policies of deployment/b do not allow web (deny, base); deploy/a.shop is let through",
        ),
    ),
    "resolvers alone": (view("b", resolver=DEFAULT), view("a", resolver=FIRST), None),
    "a nameserver that answers otherwise": (
        view("b", nameservers="nameserver 10.0.0.1", answers={"web.shop": "no such name"}),
        view("a", nameservers="nameserver 10.43.0.10", answers={"web.shop": "10.43.0.5"}),
        (client("b"), "nameserver 10.0.0.1 against 10.43.0.10"),
    ),
    "answer": (
        view("b", answers={"web.shop": "10.0.0.7"}),
        view("a", answers={"web.shop": "10.43.0.5"}),
        (client("b"), "web.shop answers 10.0.0.7 against 10.43.0.5"),
    ),
    "a name that only one asked for": (view("b", answers={"web.shop": "10.0.0.7"}), view("a"), None),
    "address": (
        view("b", finding("service.no-local-endpoint", "no endpoint on node-b", SERVICE)),
        view("a"),
        (SERVICE, "no endpoint on node-b; deploy/a.shop is not affected"),
    ),
    "another thing of the same name": (
        view(
            "b", host="web", path=msgspec.structs.replace(path_of(client("b"), "web"), object=ref("Service", "other"))
        ),
        view("a", host="web"),
        (SERVICE, "web is service/other.shop against service/web.shop"),
    ),
    "no such thing": (
        view(
            "b",
            host="web",
            path=msgspec.structs.replace(
                path_of(client("b"), "web"), object=None, absent=(Absent(what="target", object=WEB),)
            ),
        ),
        view("a", host="web"),
        (SERVICE, "web is nothing against service/web.shop"),
    ),
    "connection": (
        view("b", connections={"10.43.0.5:80": "connected", "10.42.0.9:8080": "refused"}),
        view("a", connections={"10.43.0.5:80": "connected", "10.42.0.9:8080": "connected"}),
        (ENDPOINT, "connection to 10.42.0.9:8080: refused against connected"),
    ),
    "the nearest connection": (
        view("b", connections={"10.42.0.9:8080": "no answer", "10.43.0.5:80": "no answer"}),
        view("a", connections={"10.43.0.5:80": "connected", "10.42.0.9:8080": "connected"}),
        (SERVICE, "connection to 10.43.0.5:80: no answer against connected"),
    ),
    "the policy comes before the connection": (
        view("b", denied("b"), connections={"10.42.0.9:8080": "no answer"}),
        view("a", connections={"10.42.0.9:8080": "connected"}),
        (
            gate("b"),
            "the egress policies of deployment/b do not allow web (deny, base); deploy/a.shop is let through",
        ),
    ),
    "unknown": (
        view("b", status="unknown", unknown=(UNREAD,)),
        view("a"),
        (gate("b"), "NOT CHECKED: networkpolicies in shop; deploy/a.shop is let through"),
    ),
    "against one that could not be told": (
        view("b", denied("b")),
        view("a", status="unknown"),
        (
            gate("b"),
            "the egress policies of deployment/b do not allow web (deny, base); deploy/a.shop could not be told",
        ),
    ),
    "trouble that only the better one has": (
        view("b", finding("packet.dropped", "packets vanish", ENDPOINT)),
        view("a", denied("a")),
        (
            client("b"),
            "deploy/b.shop is let through; deploy/a.shop: "
            "the egress policies of deployment/a do not allow web (deny, base)",
        ),
    ),
    "other endpoints of the same trouble": (
        view("b", finding("policy.ingress-denied", "web does not admit b", BEFORE, ENDPOINT)),
        view("a", finding("policy.ingress-denied", "web does not admit a", BEFORE)),
        (BEFORE, "web does not admit b; deploy/a.shop: web does not admit a"),
    ),
    "nothing but the status of a hop": (
        view("b", status="unknown", hops=(ReportHop(id=SERVICE, kind="service", status="unknown", next=()),)),
        view("a", hops=(ReportHop(id=SERVICE, kind="service", status="pass", next=()),)),
        (SERVICE, "unknown against pass"),
    ),
}


@pytest.mark.parametrize("case", TABLE.values(), ids=TABLE)
def test_first_difference(case: tuple[View, View, tuple[str, str] | None]) -> None:
    worse, best, expected = case
    found = first_difference(worse, best)
    assert (found and (found.hop, found.summary)) == expected


def test_the_best_is_what_others_are_held_against() -> None:
    told = {one.view.name: one.first for one in compare([view("b", denied("b")), view("a"), view("c", denied("c"))])}
    assert told["deploy/a.shop"] is None
    assert (told["deploy/b.shop"] and told["deploy/b.shop"].hop) == gate("b")
    assert (told["deploy/c.shop"] and told["deploy/c.shop"].hop) == gate("c")


def test_a_pod_that_calls_itself_is_not_told_apart_by_that() -> None:
    """No policy stands before the pod itself: one pod of three reaches itself, another one of three too."""
    second = "endpoint/shop/web-2:8080"
    path = path_of(client("web"))
    path = msgspec.structs.replace(path, hops=(*path.hops, Hop(id=second, kind="endpoint", object=ref("Pod", "web-2"))))
    one, two = (
        view("web", finding("policy.ingress-denied", "no", BEFORE, other), pod=pod, path=path)
        for pod, other in (("web-1", second), ("web-2", ENDPOINT))
    )
    assert compare([one, two]) == ()


def test_pods_that_fare_alike_are_one_source() -> None:
    assert compare([view("a", pod="a-1"), view("a", pod="a-2")]) == ()


def test_pods_that_do_well_by_different_answers_are_one_source() -> None:
    """A network of caches answers everybody differently, and nobody suffers from it."""
    several = (
        view("a", pod="a-1", answers={"cdn.example": "203.0.113.1"}),
        view("a", pod="a-2", answers={"cdn.example": "203.0.113.2"}),
    )
    assert compare(several) == ()


def test_pods_of_one_workload_that_differ_are_told_each() -> None:
    silent = finding("packet.dropped", "packets vanish", ENDPOINT)
    told = compare([view("a", pod="a-1"), view("a", silent, pod="a-2"), view("a", pod="a-3")])
    assert [one.view.name for one in told] == ["pod/a-1.shop", "pod/a-2.shop", "pod/a-3.shop"]
    assert [bool(one.first) for one in told] == [False, True, False]


def test_the_workloads_of_a_namespace_are_told_by_name() -> None:
    spec = SourceSpec(input="ns/shop", kind="Namespace", name="shop")

    def of(name: str, pod: str, *findings: Finding) -> View:
        one = view(name, *findings, pod=pod, path=path_of("client/namespace/shop"))
        source = Source(spec=spec, hop="client/namespace/shop", pods=one.source.pods)
        return msgspec.structs.replace(one, source=source)

    shut = finding("policy.egress-denied", "b may not", "policy/egress/client/namespace/shop")
    silent = finding("packet.dropped", "packets vanish", ENDPOINT)
    told = compare([of("a", "a-1"), of("a", "a-2"), of("b", "b-1", shut), of("c", "c-1"), of("c", "c-2", silent)])
    assert [one.view.name for one in told] == ["deployment/a.shop", "deployment/b.shop", "pod/c-1.shop", "pod/c-2.shop"]


MAKES = {
    "well": lambda name: view(name),
    "denied": lambda name: view(name, denied(name)),
    "off dns": lambda name: view(name, off_dns(name), resolver=DEFAULT),
    "both": lambda name: view(name, denied(name), off_dns(name), resolver=DEFAULT),
    "unknown": lambda name: view(name, status="unknown", unknown=(msgspec.structs.replace(UNREAD, hop=gate(name)),)),
    "refused": lambda name: view(name, connections={"10.42.0.9:8080": "refused"}),
    "connected": lambda name: view(name, connections={"10.42.0.9:8080": "connected"}),
}


@given(st.lists(st.sampled_from(sorted(MAKES)), min_size=2, max_size=4))
def test_the_order_of_sources_changes_nothing(kinds: list[str]) -> None:
    views = [MAKES[kind](name) for kind, name in zip(kinds, "abcd", strict=False)]
    told = [{(one.view.name, one.first) for one in compare(order)} for order in permutations(views)]
    assert all(one == told[0] for one in told)


@given(st.lists(st.sampled_from(sorted(MAKES)), min_size=2, max_size=4))
def test_who_differs_from_the_best_in_status_is_said_where(kinds: list[str]) -> None:
    told = compare([MAKES[kind](name) for kind, name in zip(kinds, "abcd", strict=False)])
    best = next(one.view for one in told if one.first is None)
    assert all(one.first is not None for one in told if one.view.status != best.status)
