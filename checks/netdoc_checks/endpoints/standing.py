"""How a group stands: which of its endpoints serve, and how many it should have. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from netdoc.api import Finding, Hop, ObjectRef, kube
from netdoc_checks.endpoints.seen import Group, Seen, Workload
from netdoc_checks.endpoints.trouble import ready, trouble_of

Severity = Literal["error", "warning", "info"]

# Troubles of a pod whose application runs, and may answer whoever is sent to it all the same.
RUNNING = frozenset({"pod.readiness-failing", "pod.readiness-misconfigured", "pod.not-ready", "pod.sidecar-not-ready"})


class Standing(msgspec.Struct, frozen=True):
    """`serving` of `listed` endpoints take traffic. `places` are the hops of each pod."""

    serving: int
    listed: int
    places: dict[ObjectRef, tuple[str, ...]]

    @property
    def down(self) -> bool:
        return self.serving == 0


def standing(group: Group, seen: Seen) -> Standing:
    """The worst port decides: a Service of two ports is down where one of them has no endpoint."""
    places = _places(group, seen)
    if group.service is None or not group.slices.complete:
        # Where the slices may not be read, the pods themselves tell who could serve; the hop is unknown all the same.
        serving = sum(1 for pod in group.living if ready(pod))
        return Standing(serving, len(group.living), places)
    ports = [hop for hop in seen.subject.path.hops if hop.id in group.hops]
    counts = [port_endpoints(group, hop) for hop in ports]
    serving = min((sum(1 for one in found if _answers(one, group, seen)) for found in counts), default=0)
    listed = max((len(found) for found in counts), default=0)
    return Standing(serving, max(listed, len(group.living)), places)


def port_endpoints(group: Group, hop: Hop) -> tuple[kube.Endpoint, ...]:
    """The endpoints behind one port of a Service, each once although it has an address a family."""
    found: dict[object, kube.Endpoint] = {}
    for slice_ in group.slices.items:
        if not _serves(slice_, hop):
            continue
        for endpoint in slice_.endpoints or ():
            name = endpoint.target_ref.name if endpoint.target_ref else endpoint.addresses
            if not (endpoint.conditions.terminating and not endpoint.conditions.serving):
                found.setdefault(name, endpoint)
    return tuple(found.values())


def _answers(endpoint: kube.Endpoint, group: Group, seen: Seen) -> bool:
    """Whether a caller that is sent there meets somebody: listed as ready, and its pod not known to be down.

    A slice follows its pod a moment later, and with publishNotReadyAddresses it never does.
    """
    if not endpoint.ready:
        return leaving(endpoint, group)
    name = endpoint.target_ref.name if endpoint.target_ref else ""
    pod = next((one for one in group.pods.items if one.name == name), None)
    if pod is None or ready(pod):
        return True
    trouble = trouble_of(pod, seen.events_of(pod.ref), seen.subject.now)
    return trouble is not None and published(group) and trouble.code in RUNNING


def leaving(endpoint: kube.Endpoint, group: Group) -> bool:
    """On its way out and still serving: kube-proxy falls back on such where nothing is ready (KEP-1669).

    Names of headless Services leave them out, and DNS knows no fallback.
    """
    conditions = endpoint.conditions
    alone = not any(one.ready for slice_ in group.slices.items for one in slice_.endpoints or ())
    headless = group.service is not None and group.service.headless
    return bool(conditions.terminating and conditions.serving) and alone and not headless


def published(group: Group) -> bool:
    """Whether callers are sent to pods that are not ready as well."""
    return group.service is not None and group.service.spec.publish_not_ready_addresses


def _serves(slice_: kube.EndpointSlice, hop: Hop) -> bool:
    if hop.port is None:
        return True
    return any(one.name == hop.port_name and one.protocol == hop.protocol for one in slice_.ports or ())


def _places(group: Group, seen: Seen) -> dict[ObjectRef, tuple[str, ...]]:
    """The hops at which each pod is met on the way that this group stands for."""
    path = seen.subject.path
    within = set(group.hops).union(*(path.downstream(hop) for hop in group.hops))
    found: dict[ObjectRef, list[str]] = {}
    for hop in path.hops:
        if hop.id in within and hop.object is not None and hop.object.kind == "Pod":
            found.setdefault(hop.object, []).append(hop.id)
    return {ref: tuple(ids) for ref, ids in found.items()}


def severity_of(group: Group, stand: Standing, workload: Workload | None, now_ready: int) -> Severity:
    """By what the path asked about suffers: nothing answers, less answers, or enough still does.

    Failing pods beside as many ready ones as the workload wants (a rollout whose old pods still serve) take
    nothing from anybody.
    """
    if stand.down:
        return "error"
    if workload is not None and workload.desired and now_ready >= workload.desired:
        return "info"
    return "warning"


def owner_of(pod: kube.Pod, seen: Seen) -> tuple[ObjectRef, Workload | None]:
    """The topmost workload that a pod belongs to; its nearest known owner, or the pod itself."""
    owner = pod.metadata.controller
    if owner is None:
        return pod.ref, None
    near = ObjectRef(api_version=owner.api_version, kind=owner.kind, namespace=pod.namespace, name=owner.name)
    workload = seen.owners.get(near)
    return (workload.ref if workload else near), workload


def hops_of(pods: Iterable[kube.Pod], stand: Standing, group: Group) -> tuple[str, ...]:
    """The hops of these pods; the group's own where none of them is on the path."""
    ids = [hop for pod in pods for hop in stand.places.get(pod.ref, ())]
    return tuple(dict.fromkeys(ids)) or group.hops


def in_common(failing: Sequence[kube.Pod], others: Sequence[kube.Pod], seen: Seen) -> str:
    """What those that fail share and the others do not have: node, zone, revision, image, age; "" if nothing."""
    if not failing or not others:
        return ""
    for label, told in (
        ("on node", lambda pod: pod.spec.node_name),
        ("in zone", lambda pod: _zone(pod, seen)),
        ("of revision", lambda pod: _revision(pod)),
        ("with image", lambda pod: ", ".join(one.image for one in pod.spec.containers)),
    ):
        values = {told(pod) for pod in failing}
        if len(values) == 1 and (value := next(iter(values))) and value not in {told(pod) for pod in others}:
            return f"what fails is {label} {value}, and nothing else is"
    return _by_age(failing, others)


def _zone(pod: kube.Pod, seen: Seen) -> str:
    node = seen.nodes.get(pod.spec.node_name)
    return node.metadata.labels.get("topology.kubernetes.io/zone", "") if isinstance(node, kube.Node) else ""


def _revision(pod: kube.Pod) -> str:
    labels = pod.metadata.labels
    return labels.get("pod-template-hash") or labels.get("controller-revision-hash", "")


def _by_age(failing: Sequence[kube.Pod], others: Sequence[kube.Pod]) -> str:
    born = [pod.metadata.creation_timestamp for pod in failing]
    before = [pod.metadata.creation_timestamp for pod in others]
    youngest, oldest = min((t for t in born if t), default=None), max((t for t in before if t), default=None)
    if youngest is None or oldest is None or None in born or (youngest - oldest).total_seconds() < 60:
        return ""
    return "what fails is younger than everything that works"


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """One finding for a code and an object: the worse severity, all the hops, all the evidence."""
    order: Sequence[str | None] = ("error", "warning", "info", None)
    kept: dict[tuple[str, ObjectRef], Finding] = {}
    for one in findings:
        known = kept.get((one.code, one.object))
        if known is None:
            kept[(one.code, one.object)] = one
            continue
        worse, other = sorted((known, one), key=lambda f: order.index(f.severity))
        hops = tuple(dict.fromkeys(worse.hops + other.hops))
        kept[(one.code, one.object)] = msgspec.structs.replace(worse, hops=hops)
    return list(kept.values())
