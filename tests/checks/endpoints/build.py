"""Kubernetes objects as a cluster has them, small: what a test does not say is healthy.

Builders give manifests, as `kubectl get -o json` would: `judge` and `diagnose` put them into a cluster and ask.
"""

from __future__ import annotations

import zlib
from datetime import timedelta
from typing import Any, TypeVar

import msgspec

from netdoc.api import Finding, Judgement, Unjudged, kube
from netdoc.cluster import SnapshotCluster
from netdoc.ports import Where
from netdoc.predict.endpoints import endpoint_slices
from netdoc_checks.endpoints import CHECK
from tests.asking import MOMENT, Told, ask, judged

Manifest = dict[str, Any]
K = TypeVar("K", bound=kube.Object)

NAMESPACE = "shop"
LABELS = {"app": "web"}


def ago(**span: float) -> str:
    return (MOMENT - timedelta(**span)).isoformat()


def typed(manifest: Manifest, kind: type[K]) -> K:
    return msgspec.convert(manifest, kind)


def manifest(api_version: str, kind: str, name: str, namespace: str = NAMESPACE, **rest: Any) -> Manifest:
    metadata = {"name": name, "uid": f"{kind}-{namespace}-{name}", **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata | rest.pop("metadata", {}), **rest}


# Pods


def port(number: int = 8080, name: str = "", protocol: str = "TCP") -> Manifest:
    return {"containerPort": number, "protocol": protocol} | ({"name": name} if name else {})


def container(
    name: str = "web", image: str = "web:1", ports: tuple[Manifest, ...] = (port(),), **rest: Any
) -> Manifest:
    return {"name": name, "image": image, "ports": list(ports), **rest}


def http(number: int | str = 8080, path: str = "/", **rest: Any) -> Manifest:
    """A probe that asks by HTTP."""
    return {"httpGet": {"port": number, "path": path, **rest}}


def condition(type_: str, status: bool | str, reason: str = "", message: str = "", since: str = "") -> Manifest:
    text = status if isinstance(status, str) else str(status)
    return {
        "type": type_,
        "status": text,
        "reason": reason,
        "message": message,
        "lastTransitionTime": since or ago(hours=5),
    }


def exit_(code: int = 1, reason: str = "Error", message: str = "", **span: float) -> Manifest:
    finished = ago(**(span or {"minutes": 2}))
    return {"terminated": {"exitCode": code, "reason": reason, "message": message, "finishedAt": finished}}


def waiting(reason: str, message: str = "") -> Manifest:
    return {"waiting": {"reason": reason, "message": message}}


RUNNING = {"running": {"startedAt": ago(hours=5)}}


def status(
    name: str = "web",
    *,
    ready: bool = False,
    state: Manifest | None = None,
    last: Manifest | None = None,
    restarts: int = 0,
    **rest: Any,
) -> Manifest:
    told = {"name": name, "ready": ready, "restartCount": restarts, "state": RUNNING if state is None else state}
    return told | ({"lastState": last} if last else {}) | rest


def pod(
    name: str = "web-1",
    *,
    labels: dict[str, str] | None = None,
    ready: bool = True,
    node: str = "node-a",
    ip: str | tuple[str, ...] = "10.42.0.7",
    phase: str = "Running",
    containers: tuple[Manifest, ...] = (container(),),
    statuses: tuple[Manifest, ...] | None = None,
    init: tuple[Manifest, ...] = (),
    conditions: tuple[Manifest, ...] = (),
    owner: Manifest | None = None,
    metadata: Manifest | None = None,
    spec: Manifest | None = None,
    more: Manifest | None = None,
    since: str = "",
) -> Manifest:
    """A pod that runs; `ready=False` is one that runs and is not ready. `more` goes into its status."""
    addresses = (ip,) if isinstance(ip, str) else ip
    told = [*conditions]
    if not any(one["type"] == "Ready" for one in told):
        told.append(condition("Ready", ready, "" if ready else "ContainersNotReady", since=since))
    shown = statuses if statuses is not None else tuple(status(one["name"], ready=ready) for one in containers)
    meta: Manifest = {"labels": LABELS if labels is None else labels, "creationTimestamp": ago(days=1)}
    return manifest(
        "v1",
        "Pod",
        name,
        metadata=meta | ({"ownerReferences": [owned_by(owner)]} if owner else {}) | (metadata or {}),
        spec={"nodeName": node, "containers": list(containers), **(spec or {})},
        status={
            "phase": phase,
            "conditions": told,
            "containerStatuses": list(shown),
            "initContainerStatuses": list(init),
            **({"podIP": addresses[0], "podIPs": [{"ip": one} for one in addresses]} if addresses[0] else {}),
            **(more or {}),
        },
    )


def crashing(name: str = "web-1", **rest: Any) -> Manifest:
    """A pod in a crash loop, waiting for its next start."""
    told = status(state=waiting("CrashLoopBackOff"), last=exit_(), restarts=7)
    return pod(name, ready=False, statuses=(told,), **rest)


def owned_by(owner: Manifest) -> Manifest:
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
    }


# Services


def offer(number: int = 80, target: int | str | None = 8080, name: str = "", protocol: str = "TCP") -> Manifest:
    offered: Manifest = {"port": number, "protocol": protocol}
    return offered | ({"name": name} if name else {}) | ({"targetPort": target} if target is not None else {})


def service(
    name: str = "web",
    *ports: Manifest,
    selector: dict[str, str] | None = None,
    ip: str = "10.43.0.10",
    metadata: Manifest | None = None,
    given: tuple[str, ...] = (),
    namespace: str = NAMESPACE,
    **spec: Any,
) -> Manifest:
    """A ClusterIP Service; `given` are the addresses that a load balancer gave it."""
    return manifest(
        "v1",
        "Service",
        name,
        namespace,
        metadata={"creationTimestamp": ago(days=1), **(metadata or {})},
        spec={
            "type": "ClusterIP",
            "clusterIP": ip,
            "clusterIPs": [ip] if ip else [],
            "selector": LABELS if selector is None else selector,
            "ports": list(ports) or [offer()],
            **spec,
        },
        status={"loadBalancer": {"ingress": [{"ip": one} for one in given]}} if given else {},
    )


def slices(owner: Manifest, *pods: Manifest) -> list[Manifest]:
    """The slices that the controller would write for a Service over these pods."""
    made = endpoint_slices(typed(owner, kube.Service), [typed(one, kube.Pod) for one in pods])
    return [{"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", **msgspec.to_builtins(one)} for one in made]


def slice_(
    owner: str = "web",
    *endpoints: Manifest,
    ports: tuple[Manifest, ...] = ({"port": 8080, "protocol": "TCP"},),
    family: str = "IPv4",
) -> Manifest:
    """A slice kept by hand."""
    return manifest(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        f"{owner}-hand",
        metadata={"labels": {"kubernetes.io/service-name": owner}},
        addressType=family,
        endpoints=list(endpoints),
        ports=[*ports],
    )


def endpoint(address: str, pod: str = "", **rest: Any) -> Manifest:
    target = {"targetRef": {"kind": "Pod", "name": pod, "namespace": NAMESPACE}} if pod else {}
    return {"addresses": [address], "conditions": {"ready": True}, **target, **rest}


def behind(owner: Manifest, *pods: Manifest) -> list[Manifest]:
    """A Service, its pods and the slices that the controller writes of them."""
    return [owner, *pods, *slices(owner, *pods)]


# Workloads and nodes


def template(labels: dict[str, str] | None = None, *containers: Manifest, **spec: Any) -> Manifest:
    return {
        "metadata": {"labels": LABELS if labels is None else labels},
        "spec": {"containers": list(containers or (container(),)), **spec},
    }


def workload(
    kind: str = "Deployment",
    name: str = "web",
    *,
    replicas: int = 1,
    labels: dict[str, str] | None = None,
    containers: tuple[Manifest, ...] = (container(),),
    conditions: tuple[Manifest, ...] = (),
    metadata: Manifest | None = None,
    owner: Manifest | None = None,
    told: Manifest | None = None,
    **spec: Any,
) -> Manifest:
    """A Deployment (or what `kind` says); `told` goes into its status."""
    meta = {"creationTimestamp": ago(days=9), "generation": 1}
    owners = {"ownerReferences": [owned_by(owner)]} if owner else {}
    return manifest(
        "batch/v1" if kind in ("Job", "CronJob") else "apps/v1",
        kind,
        name,
        metadata=meta | owners | (metadata or {}),
        spec={
            "replicas": replicas,
            "selector": {"matchLabels": LABELS if labels is None else labels},
            "template": template(labels, *containers),
            **spec,
        },
        status={"conditions": list(conditions), "observedGeneration": 1, **(told or {})},
    )


def replica_set(
    deployment: Manifest,
    revision: int = 1,
    *containers: Manifest,
    made: str = "",
    conditions: tuple[Manifest, ...] = (),
) -> Manifest:
    name = f"{deployment['metadata']['name']}-{revision}"
    annotations = {"deployment.kubernetes.io/revision": str(revision)}
    return workload(
        "ReplicaSet",
        name,
        owner=deployment,
        labels=deployment["spec"]["template"]["metadata"]["labels"],
        containers=containers or tuple(deployment["spec"]["template"]["spec"]["containers"]),
        conditions=conditions,
        metadata={
            "annotations": annotations,
            "labels": deployment["spec"]["template"]["metadata"]["labels"],
            "creationTimestamp": made or ago(hours=1),
        },
    )


def node(name: str = "node-a", *conditions: Manifest, address: str = "192.168.0.1", **spec: Any) -> Manifest:
    told = list(conditions)
    if not any(one["type"] == "Ready" for one in told):
        told.append(condition("Ready", True, "KubeletReady"))
    return manifest(
        "v1",
        "Node",
        name,
        "",
        metadata={"labels": {"topology.kubernetes.io/zone": f"zone-{name[-1]}"}},
        spec={"podCIDR": "10.42.0.0/16", **spec},
        status={"conditions": told, "addresses": [{"type": "InternalIP", "address": address}]},
    )


def agent(role: str = "kube-proxy", node: str = "node-a", *, ready: bool = True) -> Manifest:
    """A node's own network pod."""
    made = pod(f"{role}-{node}", labels={"k8s-app": role}, node=node, ready=ready, ip="192.168.0.1")
    made["metadata"]["namespace"] = "kube-system"
    return made


def event(
    about: Manifest, reason: str, message: str, *, last: str = "", first: str = "", field: str = "", count: int = 1
) -> Manifest:
    involved = {"kind": about["kind"], "name": about["metadata"]["name"], "namespace": NAMESPACE, "fieldPath": field}
    last = last or ago(minutes=1)
    return manifest(
        "v1",
        "Event",
        f"{about['metadata']['name']}.{reason.lower()}.{zlib.crc32((message + last).encode())}",
        involvedObject=involved,
        type="Warning",
        reason=reason,
        message=message,
        count=count,
        firstTimestamp=first or ago(hours=1),
        lastTimestamp=last,
    )


# Asking


def cluster(*objects: Manifest, logs: dict[tuple[str, str, str, bool], str] | None = None) -> SnapshotCluster:
    """A cluster of these objects, with the namespace and the nodes that they stand on where the test gives none."""
    held = [*objects]
    names = {one["metadata"]["name"] for one in held if one["kind"] == "Node"}
    spaces = {one["metadata"]["name"] for one in held if one["kind"] == "Namespace"}
    held += [
        node(name, address=f"192.168.0.{at}")
        for at, name in enumerate(("node-a", "node-b", "node-c"), 1)
        if name not in names
    ]
    held += [manifest("v1", "Namespace", name, "") for name in (NAMESPACE, "kube-system") if name not in spaces]
    return SnapshotCluster.from_documents(held, where=Where(type="live", context="test"), now=MOMENT, logs=logs)


async def judge(
    *objects: Manifest,
    target: str = "svc/web.shop",
    source: str = "",
    logs: dict[tuple[str, str, str, bool], str] | None = None,
) -> list[Judgement]:
    """What the check says of the target, before anything is ranked or folded."""
    path, judgements = await judged(CHECK, cluster(*objects, logs=logs), target, source)
    for one in judgements:
        if isinstance(one, Finding):
            assert one.code in CHECK.codes, f"{one.code} is not among the codes that the check states"
            assert set(one.hops) <= {hop.id for hop in path.hops}, f"{one.code} stands beside the path"
            assert one.hops, f"{one.code} stands nowhere"
            assert one.evidence, f"{one.code} has no evidence"
    return list(judgements)


async def findings(*objects: Manifest, **asked: Any) -> dict[str, Finding]:
    """The findings by code; two of one code are an error of the test."""
    found = [one for one in await judge(*objects, **asked) if isinstance(one, Finding)]
    by_code = {one.code: one for one in found}
    assert len(by_code) == len(found), [(one.code, str(one.object)) for one in found]
    return by_code


async def unjudged(*objects: Manifest, **asked: Any) -> list[Unjudged]:
    return [one for one in await judge(*objects, **asked) if isinstance(one, Unjudged)]


async def diagnose(*objects: Manifest, target: str = "svc/web.shop", source: str = "") -> Told:
    """What is told of the target, causes first."""
    return await ask(CHECK, cluster(*objects), target, source)


def roots(told: Told) -> list[tuple[str, str]]:
    """(code, kind/name) of the root causes."""
    return [(one.code, f"{one.object.kind}/{one.object.name}") for one in told.roots]
