"""The embedded network and its scenarios hold together as a real cluster's objects would."""

from __future__ import annotations

import functools
import importlib.resources
import ipaddress
import json
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import msgspec
import pytest

from netdoc.demo import assemble
from netdoc.demo.assemble import Match, Mismatch, Object, Operation, Route
from netdoc.model import kube
from netdoc.predict.endpoints import endpoint_slices
from netdoc.predict.policy import End, PolicySet

IDS = assemble.scenario_ids()
K = TypeVar("K", bound=kube.Object)
CONTROLLER = "endpointslice-controller.k8s.io"


@functools.cache
def applied(name: str) -> tuple[Object, ...]:
    return assemble.documents(assemble.scenario(name))


def of(docs: tuple[Object, ...], *kinds: str) -> list[Object]:
    return [doc for doc in docs if doc["kind"] in kinds]


def where(doc: Object) -> tuple[str, str]:
    return doc["metadata"].get("namespace", ""), doc["metadata"]["name"]


def is_true(doc: Object, condition: str) -> bool:
    return any(c["type"] == condition and c["status"] == "True" for c in doc["status"].get("conditions", []))


def selected(docs: tuple[Object, ...], namespace: str, selector: dict[str, str]) -> list[Object]:
    """Pods that the selector matches and that have not finished: those that EndpointSlices list."""
    return [
        pod
        for pod in of(docs, "Pod")
        if pod["metadata"]["namespace"] == namespace
        and selector.items() <= pod["metadata"].get("labels", {}).items()
        and pod["status"]["phase"] not in ("Succeeded", "Failed")
    ]


def controlled(docs: tuple[Object, ...], owner: Object) -> list[Object]:
    uid = owner["metadata"]["uid"]
    return [d for d in docs if any(o["uid"] == uid for o in d["metadata"].get("ownerReferences", []))]


def controllers_slices(docs: tuple[Object, ...]) -> list[Object]:
    label = "endpointslice.kubernetes.io/managed-by"
    return [s for s in of(docs, "EndpointSlice") if s["metadata"]["labels"].get(label) == CONTROLLER]


def resolved(port: Object, pod: Object) -> int | None:
    """targetPort as the EndpointSlice controller resolves it: a name needs the same protocol."""
    wanted = port.get("targetPort", port["port"])
    if isinstance(wanted, int):
        return wanted
    containers = [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]
    declared = [p for c in containers for p in c.get("ports", [])]
    return next(
        (p["containerPort"] for p in declared if (p["name"], p["protocol"]) == (wanted, port["protocol"])), None
    )


def times(value: Any) -> Iterator[str]:
    """Every string of the form of a Kubernetes time, wherever it stands."""
    if isinstance(value, dict):
        for item in value.values():
            yield from times(item)
    elif isinstance(value, list):
        for item in value:
            yield from times(item)
    elif isinstance(value, str) and len(value) == 20 and value[10] == "T" and value.endswith("Z"):
        yield value


# Every scenario, healthy included


@pytest.mark.parametrize("name", IDS)
def test_a_scenario_is_called_as_its_file(name: str) -> None:
    assert assemble.scenario(name).id == name


@pytest.mark.parametrize("name", IDS)
def test_names_and_uids_are_unique(name: str) -> None:
    docs = applied(name)
    assert len({(d["apiVersion"], d["kind"], *where(d)) for d in docs}) == len(docs)
    assert len({d["metadata"]["uid"] for d in docs}) == len(docs)


@pytest.mark.parametrize("name", IDS)
def test_namespaces_and_owners_exist(name: str) -> None:
    docs = applied(name)
    namespaces = {d["metadata"]["name"] for d in of(docs, "Namespace")} | {""}
    owners = {(d["kind"], where(d), d["metadata"]["uid"]) for d in docs}
    for doc in docs:
        assert where(doc)[0] in namespaces, where(doc)
        for owner in doc["metadata"].get("ownerReferences", []):
            assert (owner["kind"], (where(doc)[0], owner["name"]), owner["uid"]) in owners, where(doc)


@pytest.mark.parametrize("name", IDS)
def test_nothing_lies_in_the_future(name: str) -> None:
    now = assemble.meta().now
    for doc in applied(name):
        for part in (doc["metadata"], {k: v for k, v in doc.items() if k not in ("metadata", "spec", "status")}):
            assert max(times(part), default=now) <= now, where(doc)
        if doc["kind"] != "Certificate":
            assert max(times(doc.get("status", {})), default=now) <= now, where(doc)


@pytest.mark.parametrize("name", IDS)
def test_a_controllers_slices_list_pods_as_they_are(name: str) -> None:
    docs = applied(name)
    pods = {pod["metadata"]["uid"]: pod for pod in of(docs, "Pod")}
    for piece in controllers_slices(docs):
        assert where(piece)[0] in {where(s)[0] for s in of(docs, "Service")}
        for endpoint in piece["endpoints"]:
            pod = pods[endpoint["targetRef"]["uid"]]
            assert endpoint["targetRef"]["name"] == pod["metadata"]["name"]
            assert endpoint["nodeName"] == pod["spec"]["nodeName"]
            assert endpoint["addresses"][0] in {a["ip"] for a in pod["status"]["podIPs"]}, where(piece)
            assert endpoint["conditions"]["ready"] == is_true(pod, "Ready"), (where(piece), where(pod))


@pytest.mark.parametrize("name", IDS)
def test_the_status_of_workloads_counts_their_pods(name: str) -> None:
    docs = applied(name)
    for owner in of(docs, "ReplicaSet", "StatefulSet", "DaemonSet"):
        pods = controlled(docs, owner)
        ready = sum(is_true(pod, "Ready") for pod in pods)
        status = owner["status"]
        assert status.get("readyReplicas", status.get("numberReady", 0)) == ready, where(owner)
        assert status.get("replicas", status.get("currentNumberScheduled")) == len(pods), where(owner)
    for deployment in of(docs, "Deployment"):
        sets = [s["status"] for s in controlled(docs, deployment)]
        for count in ("replicas", "readyReplicas", "availableReplicas"):
            assert deployment["status"].get(count, 0) == sum(s.get(count, 0) for s in sets), where(deployment)
        assert is_true(deployment, "Available") or deployment["status"].get("unavailableReplicas"), where(deployment)


@pytest.mark.parametrize("name", IDS)
def test_a_ready_pod_has_ready_containers(name: str) -> None:
    for pod in of(applied(name), "Pod"):
        statuses = pod["status"].get("containerStatuses", [])
        if is_true(pod, "Ready"):
            assert is_true(pod, "ContainersReady"), where(pod)
            assert pod["status"]["phase"] == "Running", where(pod)
        if is_true(pod, "ContainersReady"):
            assert statuses, where(pod)
            assert all(s["ready"] and "running" in s["state"] for s in statuses), where(pod)
        for status in statuses + pod["status"].get("initContainerStatuses", []):
            assert len(status["state"]) == 1, where(pod)


@pytest.mark.parametrize("name", IDS)
def test_events_are_about_what_exists(name: str) -> None:
    docs = applied(name)
    there = {(d["kind"], d["metadata"]["name"], d["metadata"]["uid"]) for d in docs}
    for event in of(docs, "Event"):
        about = event["involvedObject"]
        assert (about["kind"], about["name"], about["uid"]) in there
        assert "${" not in event["message"]
        assert event["firstTimestamp"] <= event["lastTimestamp"]


@pytest.mark.parametrize("name", [n for n in IDS if n != "healthy"])
def test_a_scenario_has_a_story_and_a_cause_that_is_there(name: str) -> None:
    told = assemble.scenario(name)
    assert all((told.story, told.target, told.source))
    assert told.cause is not None
    about = {"namespace": "", **told.cause.object}
    there = {(d["apiVersion"], d["kind"], *where(d)) for d in applied(name)}
    key = (about["apiVersion"], about["kind"], about["namespace"], about["name"])
    # What the user typed wrongly is not there; everything else is.
    assert (key in there) != (told.cause.code in ("target.not-found", "target.namespace-not-found"))


@pytest.mark.parametrize("name", IDS)
def test_logs_are_of_containers_that_exist(name: str) -> None:
    pods = {where(pod): pod for pod in of(applied(name), "Pod")}
    for log in assemble.scenario(name).logs:
        spec = pods[log.namespace, log.pod]["spec"]
        assert log.container in {c["name"] for c in [*spec.get("initContainers", []), *spec["containers"]]}
        assert log.text.endswith("\n")


def test_there_are_enough_scenarios_and_each_differs() -> None:
    told = [assemble.scenario(name) for name in IDS]
    assert len(told) >= 32
    assert len({json.dumps([applied(t.id), t.target, t.source]) for t in told}) == len(told)
    assert len({t.story for t in told}) == len(told)


def test_the_codes_of_the_causes_exist() -> None:
    codes = importlib.resources.files("netdoc.model") / "codes.yaml"
    if not codes.is_file():
        pytest.skip("this tree has no list of codes")
    known = {line.strip().partition(":")[0] for line in codes.read_text().splitlines()}
    causes = {name: assemble.scenario(name).cause for name in IDS}
    assert not {name: cause.code for name, cause in causes.items() if cause and cause.code not in known}


# The healthy network


def test_healthy_means_that_everything_is_ready() -> None:
    docs = assemble.network()
    assert applied("healthy") == docs
    for pod in of(docs, "Pod"):
        assert is_true(pod, "Ready") or pod["status"]["phase"] == "Succeeded", where(pod)
        assert not any(s["restartCount"] for s in pod["status"]["containerStatuses"]), where(pod)
    for kind in ("Node", "Certificate", "ClusterIssuer"):
        assert of(docs, kind)
        assert all(is_true(doc, "Ready") for doc in of(docs, kind))
    assert not of(docs, "Event")
    assert max(t for doc in of(docs, "Pod") for t in times(doc)) < "2026-11-13"


def test_workloads_have_what_they_ask_for() -> None:
    docs = assemble.network()
    for owner in of(docs, "Deployment", "StatefulSet"):
        assert owner["spec"]["replicas"] == owner["status"]["readyReplicas"] > 0, where(owner)
        assert owner["status"]["observedGeneration"] == owner["metadata"]["generation"], where(owner)
        selector, template = owner["spec"]["selector"]["matchLabels"], owner["spec"]["template"]["metadata"]["labels"]
        assert selector.items() <= template.items(), where(owner)


def test_slices_list_exactly_the_pods_that_services_select() -> None:
    docs = assemble.network()
    for service in of(docs, "Service"):
        spec, (namespace, name) = service["spec"], where(service)
        pieces = [
            s
            for s in of(docs, "EndpointSlice")
            if (where(s)[0], s["metadata"]["labels"]["kubernetes.io/service-name"]) == (namespace, name)
        ]
        if spec["type"] == "ExternalName":
            assert not pieces
            continue
        assert sorted(s["addressType"] for s in pieces) == spec["ipFamilies"], (namespace, name)
        if "selector" not in spec:
            continue
        pods = selected(docs, namespace, spec["selector"])
        assert pods, (namespace, name)
        for piece in pieces:
            assert {e["targetRef"]["uid"] for e in piece["endpoints"]} == {p["metadata"]["uid"] for p in pods}
            for pod in pods:
                expected = [(p.get("name", ""), resolved(p, pod), p["protocol"]) for p in spec["ports"]]
                assert [(p["name"], p["port"], p["protocol"]) for p in piece["ports"]] == expected


def test_addresses_are_unique_and_of_their_node() -> None:
    docs = assemble.network()
    ranges = {n["metadata"]["name"]: [ipaddress.ip_network(c) for c in n["spec"]["podCIDRs"]] for n in of(docs, "Node")}
    pods = [p for p in of(docs, "Pod") if not p["spec"].get("hostNetwork")]
    addresses = [a["ip"] for pod in pods for a in pod["status"]["podIPs"]]
    addresses += [ip for s in of(docs, "Service") for ip in s["spec"].get("clusterIPs", []) if ip != "None"]
    assert len(set(addresses)) == len(addresses)
    for pod in pods:
        for address, block in zip(pod["status"]["podIPs"], ranges[pod["spec"]["nodeName"]], strict=True):
            assert ipaddress.ip_address(address["ip"]) in block, where(pod)


def test_what_pods_and_certificates_name_exists() -> None:
    docs = assemble.network()
    there = {(d["kind"], *where(d)) for d in docs}
    for pod in of(docs, "Pod"):
        namespace, spec = where(pod)[0], pod["spec"]
        assert ("Node", "", spec["nodeName"]) in there
        account = spec.get("serviceAccountName", "default")
        assert account == "default" or ("ServiceAccount", namespace, account) in there, where(pod)
        for volume in spec.get("volumes", []):
            if "configMap" in volume:
                assert ("ConfigMap", namespace, volume["configMap"]["name"]) in there, where(pod)
            if "persistentVolumeClaim" in volume:
                claim = volume["persistentVolumeClaim"]["claimName"]
                assert ("PersistentVolumeClaim", namespace, claim) in there, where(pod)
        for entry in (e for c in spec["containers"] for e in c.get("env", [])):
            if "configMapKeyRef" in entry.get("valueFrom", {}):
                assert ("ConfigMap", namespace, entry["valueFrom"]["configMapKeyRef"]["name"]) in there
    for certificate in of(docs, "Certificate"):
        assert ("ClusterIssuer", "", certificate["spec"]["issuerRef"]["name"]) in there


def test_every_application_namespace_denies_by_default_and_allows_dns() -> None:
    policies = of(assemble.network(), "NetworkPolicy")
    for namespace in ("shop", "media", "monitoring", "databases"):
        mine = {p["metadata"]["name"]: p["spec"] for p in policies if where(p)[0] == namespace}
        assert mine["default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
        allowed = mine["allow-dns"]["egress"][0]["ports"]
        assert {(p["port"], p["protocol"]) for p in allowed} == {(53, "UDP"), (53, "TCP")}


def test_every_kind_of_service_is_there() -> None:
    specs = [s["spec"] for s in of(assemble.network(), "Service")]
    assert {s["type"] for s in specs} == {"ClusterIP", "NodePort", "LoadBalancer", "ExternalName"}
    assert any(s.get("clusterIP") == "None" for s in specs)
    assert any("selector" not in s and s["type"] == "ClusterIP" for s in specs)
    assert any(s.get("ipFamilies") == ["IPv4", "IPv6"] for s in specs)
    assert any(len(s.get("ports", [])) > 2 for s in specs)


# What netdoc itself predicts of the network


def typed(docs: tuple[Object, ...], kind: type[K]) -> list[K]:
    return [msgspec.convert(doc, kind) for doc in of(docs, kind.__name__)]


def listed(pieces: Iterable[kube.EndpointSlice]) -> set[tuple[Any, ...]]:
    """What the slices say, however they are cut."""
    return {
        (piece.address_type, endpoint.addresses, endpoint.conditions.ready, frozenset(piece.ports or ()))
        for piece in pieces
        for endpoint in piece.endpoints or ()
    }


@pytest.mark.parametrize("name", IDS)
def test_slices_are_what_the_controller_would_write(name: str) -> None:
    docs = applied(name)
    pods = typed(docs, kube.Pod)
    ours = [msgspec.convert(piece, kube.EndpointSlice) for piece in controllers_slices(docs)]
    for service in typed(docs, kube.Service):
        label = "kubernetes.io/service-name"
        mine = [s for s in ours if (s.namespace, s.metadata.labels[label]) == (service.namespace, service.name)]
        expected = listed(endpoint_slices(service, pods))
        if (name, service.name) == ("endpoints-missing", "web"):
            assert expected
            assert not listed(mine)
        else:
            assert listed(mine) == expected, service.name


def clients(docs: tuple[Object, ...], policies: PolicySet, source: str) -> list[End]:
    """The ends of a SOURCE: the pods of a workload, or an address."""
    if "/" not in source:
        return [policies.address("198.51.100.7" if source == "internet" else source)]
    kind, _, name = source.partition("/")
    name, _, namespace = name.partition(".")
    if kind == "pod":
        return [policies.pod(namespace, name)]
    workload = next(d for d in of(docs, "Deployment", "StatefulSet") if where(d) == (namespace, name))
    pods = selected(docs, namespace, workload["spec"]["selector"]["matchLabels"])
    return [policies.pod(*where(pod)) for pod in pods]


def servers(docs: tuple[Object, ...], target: str) -> Iterator[tuple[str, int, str]]:
    """Address, port and protocol of every endpoint of svc/NAME.NAMESPACE:PORT[/udp], aliases followed."""
    name, _, port = target.removeprefix("svc/").removesuffix("/udp").rpartition(":")
    protocol = "UDP" if target.endswith("/udp") else "TCP"
    name, _, namespace = name.partition(".")
    service = next(s for s in of(docs, "Service") if where(s) == (namespace, name))
    alias = service["spec"].get("externalName", "")
    if alias:
        inside = alias.removesuffix(".svc.cluster.local")
        if inside != alias:
            yield from servers(docs, f"svc/{inside}:{port}")
        return
    wanted = next(p for p in service["spec"]["ports"] if (p["port"], p["protocol"]) == (int(port), protocol))
    for piece in of(docs, "EndpointSlice"):
        if (where(piece)[0], piece["metadata"]["labels"]["kubernetes.io/service-name"]) == (namespace, name):
            number = next(p["port"] for p in piece["ports"] if p["name"] == wanted.get("name", ""))
            for endpoint in piece["endpoints"]:
                yield endpoint["addresses"][0], number, protocol


TO_SERVICES = [route for route in assemble.meta().routes if route.target.startswith("svc/")]


@pytest.mark.parametrize("route", TO_SERVICES, ids=lambda r: f"{r.source}->{r.target}")
def test_policies_allow_every_documented_route(route: Route) -> None:
    docs = assemble.network()
    policies = policies_of_the_network()
    ends = [(server, port, protocol) for server, port, protocol in servers(docs, route.target)]
    assert ends or route.target == "svc/warehouse.shop:5439"  # its address is not the cluster's to know
    for client in clients(docs, policies, route.source):
        for server, port, protocol in ends:
            end = policies.address(server)
            if set(end.families) & set(client.families):
                assert policies.allowed(client, end, port, protocol, end.families[0]) is True, (client, server)


def test_policies_deny_what_is_not_documented() -> None:
    docs = assemble.network()
    policies = policies_of_the_network()
    (server, port, protocol), *_ = servers(docs, "svc/postgres.databases:5432")
    for client in clients(docs, policies, "deploy/client.shop"):
        assert policies.allowed(client, policies.address(server), port, protocol) is False


@functools.cache
def policies_of_the_network() -> PolicySet:
    docs = assemble.network()
    return PolicySet.build(
        typed(docs, kube.Pod),
        typed(docs, kube.Namespace),
        typed(docs, kube.NetworkPolicy),
        nodes=typed(docs, kube.Node),
    )


# How operations work

CONDITIONS = {"status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Other", "status": "True"}]}}


def test_merge_replaces_lists_removes_nulls_and_leaves_the_target_alone() -> None:
    target = {"a": {"b": 1, "c": [1, 2]}, "d": 1}
    assert assemble.merge(target, {"a": {"c": [3]}, "d": None}) == {"a": {"b": 1, "c": [3]}}
    assert target == {"a": {"b": 1, "c": [1, 2]}, "d": 1}


def test_an_object_on_a_list_patches_the_items_it_names() -> None:
    patched = assemble.merge(CONDITIONS, {"status": {"conditions": {"Ready": {"status": "False"}}}})
    assert [c["status"] for c in patched["status"]["conditions"]] == ["False", "True"]
    every = assemble.merge(CONDITIONS, {"status": {"conditions": {"*": {"status": "Unknown"}, "Other": None}}})
    assert every["status"]["conditions"] == [{"type": "Ready", "status": "Unknown"}]
    with pytest.raises(Mismatch, match="Raedy"):
        assemble.merge(CONDITIONS, {"status": {"conditions": {"Raedy": {}}}})


@pytest.mark.parametrize(
    "operation",
    [
        Operation(delete=Match(kind="Service", namespace="shop", name="wbe")),
        Operation(merge=assemble.Merge(kind="Pod", namespace="shop", labels={"app": "web"}, with_={})),
        Operation(each=assemble.Merge(kind="Pod", namespace="shpo", with_={})),
        Operation(create=next(d for d in assemble.network() if d["kind"] == "Service")),
    ],
)
def test_an_operation_that_does_not_fit_is_an_error(operation: Operation) -> None:
    with pytest.raises(Mismatch):
        assemble.apply(assemble.network(), [operation])


def test_an_operation_is_exactly_one() -> None:
    with pytest.raises(ValueError, match="exactly one"):
        Operation()


def test_an_unknown_scenario_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="no-such"):
        assemble.scenario("no-such")


def test_applying_leaves_the_network_as_it_was() -> None:
    before = json.dumps(assemble.network())
    for name in IDS:
        assemble.documents(assemble.scenario(name))
    assert json.dumps(assemble.network()) == before


def test_times_and_yes_no_words_are_strings() -> None:
    assert assemble.meta().now == "2026-11-20T03:12:00Z"
    assert all(isinstance(d["metadata"]["creationTimestamp"], str) for d in assemble.network())
