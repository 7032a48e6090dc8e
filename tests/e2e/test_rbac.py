"""With exactly the rules that `netdoc rbac` prints everything is seen; with one less, nothing wrong is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

import pytest

from tests.e2e.conftest import on_lab, without
from tests.e2e.fault import Verdict, diagnose, netdoc
from tests.e2e.kube import Kube, Object
from tests.e2e.room import Room, application, container_of, room

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]

RBAC = "apis/rbac.authorization.k8s.io/v1"
Right = tuple[str, str, str]
"""(API group, resource, verb)."""

# Service, and what is wrong with it: the code of the first root; "" for nothing.
CASES = {"web": "", "wbe": "service.selector-no-match", "crash": "pod.crash-looping", "denied": "policy.ingress-denied"}
# Where the narrower cause stands in what was refused, the wider one is as true.
WIDER = {"pod.crash-looping": {"service.no-ready-endpoint", "pod.liveness-killing"}}
NEEDED: set[Right] = {
    ("", "services", "get"),
    ("", "pods", "list"),
    ("", "pods", "get"),
    ("", "nodes", "get"),
    ("", "namespaces", "get"),
    ("", "events", "list"),
    ("apps", "deployments", "get"),
    ("apps", "replicasets", "list"),
    ("discovery.k8s.io", "endpointslices", "list"),
    ("networking.k8s.io", "networkpolicies", "list"),
}
SETTLED = 30.0  # seconds in which a binding takes effect


def rights_of(rules: list[Object]) -> set[Right]:
    return {
        (group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


class Users:
    """Users of the cluster by name, each with roles of its own; --as makes netdoc one of them."""

    def __init__(self, place: Room) -> None:
        self.place, self.kube = place, place.kube
        self._made: list[str] = []

    def add(self, name: str, rules: list[Object], namespace: str = "") -> str:
        """Binds the rules to a new user, everywhere or in a namespace, and waits until the API server knows."""
        kind = "Role" if namespace else "ClusterRole"
        where = f"{RBAC}/namespaces/{namespace}" if namespace else RBAC
        full = f"{self.place.namespace}-{name}"
        self._create(f"{where}/{kind.lower()}s", {"metadata": {"name": full}, "rules": rules})
        binding = {
            "metadata": {"name": full},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": full},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": full}],
        }
        self._create(f"{where}/{kind.lower()}bindings", binding)
        self._wait(full, rules[0], namespace or self.place.namespace)
        return full

    def _create(self, collection: str, document: Object) -> None:
        self.kube.request("POST", collection, document)
        self._made.append(f"{collection}/{document['metadata']['name']}")

    def _wait(self, user: str, rule: Object, namespace: str) -> None:
        asked = {"group": rule["apiGroups"][0], "resource": rule["resources"][0], "verb": rule["verbs"][0]}
        asked["resource"], _, asked["subresource"] = asked["resource"].partition("/")
        review = {"spec": {"user": user, "resourceAttributes": asked | {"namespace": namespace}}}
        deadline = monotonic() + SETTLED
        while not self.kube.request("POST", "apis/authorization.k8s.io/v1/subjectaccessreviews", review)["status"][
            "allowed"
        ]:
            assert monotonic() < deadline, f"{user} is still not allowed {asked}"

    def remove(self) -> None:
        self.kube.remove(self._made)


@pytest.fixture(scope="module")
def place(kube: Kube) -> Iterator[Room]:
    """One namespace with a healthy application and three that do not answer, each in its own way."""
    if not on_lab():
        without("roles of the whole cluster are made on the lab alone")
    with room(kube, "rbac") as made:
        for name in CASES:
            workload, service = application(name)
            if name == "wbe":
                service["spec"]["selector"] = {"app": "wbee"}
            if name == "crash":
                container_of(workload)["command"] = ["python3", "-c", "exit(3)"]
            made.put(workload, service)
        deny: Object = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "deny"}}
        made.put(deny | {"spec": {"podSelector": {"matchLabels": {"app": "denied"}}, "policyTypes": ["Ingress"]}})
        for name in ("web", "wbe", "denied"):
            made.wait_ready(name)
        made.wait_waiting("crash", "CrashLoopBackOff", restarts=2)
        yield made


@pytest.fixture(scope="module")
def users(place: Room) -> Iterator[Users]:
    made = Users(place)
    yield made
    made.remove()


@pytest.fixture(scope="module")
def rules() -> list[Object]:
    (role,) = json.loads(netdoc("rbac", "-o", "json", check=(0,)).stdout)["items"]
    found: list[Object] = role["rules"]
    return found


def asked(place: Room, name: str, user: str = "") -> Verdict:
    impersonated = ("--as", user) if user else ()
    where = ("--kubeconfig", place.kube.kubeconfig, *impersonated)
    return diagnose(f"svc/{name}.{place.namespace}", (f"deploy/web.{place.namespace}",), *where)


def verdicts(place: Room, user: str = "") -> dict[str, Verdict]:
    with ThreadPoolExecutor(len(CASES)) as pool:
        return dict(zip(CASES, pool.map(lambda name: asked(place, name, user), CASES), strict=True))


@pytest.fixture(scope="module")
def seen_by_all(place: Room) -> dict[str, Verdict]:
    """What an administrator is told."""
    found = verdicts(place)
    for name, verdict in found.items():
        code = CASES[name]
        assert [one["code"] for one in verdict.roots][:1] == ([code] if code else []), verdict.told()
        assert verdict.exit == (1 if code else 0), verdict.told()
    return found


def brief(verdict: Verdict) -> tuple[int, Any, list[str]]:
    return verdict.exit, verdict.report.get("status"), [one["code"] for one in verdict.roots]


def test_the_printed_rules_are_enough(
    place: Room, users: Users, rules: list[Object], seen_by_all: dict[str, Verdict]
) -> None:
    for name, verdict in verdicts(place, users.add("exact", rules)).items():
        assert brief(verdict) == brief(seen_by_all[name]), verdict.told()
        assert not _refused(verdict), verdict.told()


def _refused(verdict: Verdict) -> list[str]:
    return [one["what"] for one in verdict.report.get("notChecked", []) if one["reason"] == "forbidden"]


def served(kube: Kube) -> set[str]:
    return {one["name"] for one in kube.request("GET", "apis")["groups"]} | {""}


def test_one_rule_less_is_said_and_never_a_wrong_verdict(
    place: Room, users: Users, rules: list[Object], seen_by_all: dict[str, Verdict]
) -> None:
    groups = served(place.kube)
    wrong: list[str] = []
    missed: set[Right] = set()
    for at, right in enumerate(sorted(one for one in rights_of(rules) if one[0] in groups)):
        user = users.add(f"less-{at}", _rules(rights_of(rules) - {right}))
        found = verdicts(place, user)
        missed |= {right for verdict in found.values() if _refused(verdict)}
        for name, verdict in found.items():
            wrong += [f"{right} {name}: {one}\n{verdict.told()}" for one in _wrongs(verdict, seen_by_all[name], right)]
    assert not wrong, "\n\n".join(wrong)
    assert missed >= NEEDED, "a rule that every diagnosis needs was taken away and not missed"


def _rules(rights: set[Right]) -> list[Object]:
    return [
        {"apiGroups": [group], "resources": [resource], "verbs": [verb]} for group, resource, verb in sorted(rights)
    ]


def _wrongs(verdict: Verdict, whole: Verdict, right: Right) -> Iterator[str]:
    """What is wrong with a verdict that was found without this right."""
    group, resource, verb = right
    refused = _refused(verdict)
    if not refused and brief(verdict) != brief(whole):
        yield f"another verdict than {brief(whole)}, and no refusal is named"
    named = f"{verb} {resource}.{group}".rstrip(".")
    if [one for one in refused if not one.startswith(named)]:
        yield f"other refusals than of {named}: {refused}"
    codes = {one["code"] for one in whole.report["findings"]}
    codes |= {wider for code in codes for wider in WIDER.get(code, ())}
    if more := {one["code"] for one in verdict.report["findings"]} - codes:
        yield f"it is not so that {more}"
    if verdict.report["status"] not in (whole.report["status"], "unknown"):
        yield f"status {verdict.report['status']}, and it is {whole.report['status']}"
    if verdict.exit != {"pass": 0, "warn": 0, "fail": 1, "unknown": 3}[verdict.report["status"]]:
        yield f"exit {verdict.exit} with status {verdict.report['status']}"


def test_a_user_of_one_namespace_is_told_the_cause_in_it(place: Room, users: Users) -> None:
    role, _ = json.loads(netdoc("rbac", "-n", place.namespace, "-o", "json", check=(0,)).stdout)["items"]
    user = users.add("here", role["rules"], place.namespace)
    for name, verdict in verdicts(place, user).items():
        if CASES[name]:
            assert (verdict.exit, verdict.roots[0]["code"]) == (1, CASES[name]), verdict.told()
        else:
            assert (verdict.exit, verdict.report["findings"]) == (3, []), verdict.told()
        assert _refused(verdict), verdict.told()
