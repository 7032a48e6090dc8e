"""Reads the neighbourhood of a path for what was written lately. The answers are shared with the checks' reads."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from netdoc.model import kube
from netdoc.model.kube.apps import Workload
from netdoc.model.kube.discovery import SERVICE_NAME_LABEL
from netdoc.model.kube.meta import Object, ObjectRef
from netdoc.model.path import Path
from netdoc.path.sources import selector_text
from netdoc.ports import Cluster

T = TypeVar("T")
AnyWorkload = Workload | kube.DaemonSet

MOST_PODS = 60  # pods beyond these belong to the same few workloads
MOST_MAPS = 20
# Events that tell of a change and of nothing else that is told: evictions, and what controllers did to scale.
TELLING = ("Evicted", "ScalingReplicaSet", "SuccessfulDelete")


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """What was read: everything that a change could have been made to."""

    now: datetime
    since: timedelta
    pods: tuple[kube.Pod, ...] = ()
    workloads: tuple[AnyWorkload, ...] = ()
    replica_sets: tuple[kube.ReplicaSet, ...] = ()
    revisions: tuple[kube.ControllerRevision, ...] = ()
    services: tuple[kube.Service, ...] = ()
    slices: tuple[kube.EndpointSlice, ...] = ()
    nodes: tuple[kube.Node, ...] = ()
    policies: tuple[kube.NetworkPolicy, ...] = ()
    config_maps: tuple[kube.ConfigMapMeta, ...] = ()
    events: tuple[kube.Event, ...] = ()


async def observe_changes(cluster: Cluster, path: Path, since: timedelta) -> Around:
    """Everything around the path that may have changed. What may not be read stands in the record as a gap."""
    services, pods = await asyncio.gather(_services(cluster, path), _pods(cluster, path))
    selected = await _all(_selected(cluster, one) for one in services)
    everyone = {pod.ref: pod for pod in (*pods, *(pod for listing in selected for pod in listing))}
    mine = tuple(everyone.values())[:MOST_PODS]
    workloads = await _workloads(cluster, mine, services)
    replica_sets, revisions = await asyncio.gather(_replica_sets(cluster, workloads), _revisions(cluster, workloads))
    slices = await _all(_slices(cluster, one) for one in services)
    nodes = await _all(cluster.get(kube.Node, name) for name in _node_names(path, mine))
    policies = await _all(cluster.list(kube.NetworkPolicy, one) for one in _namespaces(path))
    maps = await _all(cluster.get(kube.ConfigMapMeta, name, ns) for ns, name in _map_names(mine, workloads))
    places = sorted({one.namespace for one in (*mine, *workloads)})
    events = await _all(cluster.list(kube.Event, one, fields=f"reason={why}") for one in places for why in TELLING)
    return Around(
        now=await cluster.now(),
        since=since,
        pods=mine,
        workloads=workloads,
        replica_sets=replica_sets,
        revisions=revisions,
        services=services,
        slices=tuple(one for found in slices for one in found),
        nodes=tuple(one for one in nodes if isinstance(one, kube.Node)),
        policies=tuple(one for listing in policies for one in listing.items),
        config_maps=tuple(one for one in maps if isinstance(one, kube.ConfigMapMeta)),
        events=tuple(one for listing in events for one in listing.items),
    )


async def _all(work: Iterable[Awaitable[T]]) -> list[T]:
    return list(await asyncio.gather(*work))


async def _services(cluster: Cluster, path: Path) -> tuple[kube.Service, ...]:
    refs = dict.fromkeys(hop.object for hop in path.hops if hop.object is not None and hop.object.kind == "Service")
    found = await _all(cluster.get(kube.Service, ref.name, ref.namespace) for ref in refs)
    return tuple(one for one in found if isinstance(one, kube.Service))


async def _pods(cluster: Cluster, path: Path) -> tuple[kube.Pod, ...]:
    """Pods that stand on the path by themselves; those behind a Service come with its selector."""
    behind = {id_ for hop in path.of_kind("service") for id_ in path.downstream(hop.id)}
    refs = [hop.object for hop in path.of_kind("pod") if hop.id not in behind and hop.object is not None]
    found = await _all(cluster.get(kube.Pod, ref.name, ref.namespace) for ref in refs if ref.kind == "Pod")
    return tuple(one for one in found if isinstance(one, kube.Pod))


async def _selected(cluster: Cluster, service: kube.Service) -> tuple[kube.Pod, ...]:
    if not service.spec.selector:
        return ()
    return (await cluster.list(kube.Pod, service.namespace, labels=_text(service.spec.selector))).items


async def _slices(cluster: Cluster, service: kube.Service) -> tuple[kube.EndpointSlice, ...]:
    labels = f"{SERVICE_NAME_LABEL}={service.name}"
    return (await cluster.list(kube.EndpointSlice, service.namespace, labels=labels)).items


async def _workloads(
    cluster: Cluster, pods: tuple[kube.Pod, ...], services: tuple[kube.Service, ...]
) -> tuple[AnyWorkload, ...]:
    """The owners of the pods; for a Service without pods, the workloads whose template it selects."""
    owners = {(pod.namespace, owner.kind, owner.name) for pod in pods if (owner := pod.metadata.controller)}
    found = [one for key in sorted(owners) if (one := await _owner(cluster, *key)) is not None]
    for service in services:
        if service.spec.selector and not any(_takes(service, pod.metadata.labels, pod.namespace) for pod in pods):
            found += await _templates(cluster, service)
    return tuple({one.ref: one for one in found}.values())


def _takes(service: kube.Service, labels: dict[str, str], namespace: str) -> bool:
    return namespace == service.namespace and service.spec.selector.items() <= labels.items()


async def _owner(cluster: Cluster, namespace: str, kind: str, name: str) -> AnyWorkload | None:
    kinds: dict[str, type[Object]] = {
        "ReplicaSet": kube.ReplicaSet,
        "StatefulSet": kube.StatefulSet,
        "DaemonSet": kube.DaemonSet,
    }
    if kind not in kinds:
        return None
    found = await cluster.get(kinds[kind], name, namespace)
    if isinstance(found, kube.ReplicaSet) and (owner := found.metadata.controller) and owner.kind == "Deployment":
        found = await cluster.get(kube.Deployment, owner.name, namespace)
    return found if isinstance(found, Workload | kube.DaemonSet) else None


async def _templates(cluster: Cluster, service: kube.Service) -> list[AnyWorkload]:
    """The workloads whose template the Service selects, and the Deployments of which it selected an earlier one."""
    kinds: tuple[type[Object], ...] = (kube.Deployment, kube.StatefulSet, kube.DaemonSet)
    listings = await _all(cluster.list(kind, service.namespace) for kind in kinds)
    everyone = [one for listing in listings for one in listing.items if isinstance(one, Workload | kube.DaemonSet)]
    past = await cluster.list(kube.ReplicaSet, service.namespace, labels=_text(service.spec.selector))
    former = {owner.name for one in past.items if (owner := one.metadata.controller) and owner.kind == "Deployment"}
    return [
        one
        for one in everyone
        if _takes(service, one.template.metadata.labels, one.namespace)
        or (isinstance(one, kube.Deployment) and one.name in former)
    ]


def _text(labels: dict[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


async def _replica_sets(cluster: Cluster, workloads: tuple[AnyWorkload, ...]) -> tuple[kube.ReplicaSet, ...]:
    deployments = [one for one in workloads if isinstance(one, kube.Deployment)]
    found = await _all(
        cluster.list(kube.ReplicaSet, one.namespace, labels=selector_text(one.spec.selector)) for one in deployments
    )
    return tuple(one for listing in found for one in listing.items)


async def _revisions(cluster: Cluster, workloads: tuple[AnyWorkload, ...]) -> tuple[kube.ControllerRevision, ...]:
    """StatefulSets and DaemonSets keep their earlier templates as ControllerRevisions."""
    keepers = [one for one in workloads if isinstance(one, kube.StatefulSet | kube.DaemonSet)]
    found = await _all(
        cluster.list(kube.ControllerRevision, one.namespace, labels=selector_text(one.spec.selector)) for one in keepers
    )
    return tuple(one for listing in found for one in listing.items)


def _node_names(path: Path, pods: tuple[kube.Pod, ...]) -> list[str]:
    on_path = {hop.object.name for hop in path.of_kind("node") if hop.object is not None}
    return sorted(on_path | {pod.spec.node_name for pod in pods if pod.spec.node_name})[:12]


def _namespaces(path: Path) -> list[str]:
    """Where a policy could stand that gates this path: the sources' namespaces and the target's."""
    refs: list[ObjectRef | None] = [path.object, *(source.object for source in path.sources)]
    refs += [hop.object for hop in path.of_kind("pod")]
    return sorted({ref.namespace for ref in refs if ref is not None and ref.namespace})


def _map_names(pods: tuple[kube.Pod, ...], workloads: tuple[AnyWorkload, ...]) -> list[tuple[str, str]]:
    """ConfigMaps that the pods refer to, by name: metadata alone is read of them."""
    specs = [(pod.namespace, pod.spec) for pod in pods]
    specs += [(one.namespace, one.template.spec) for one in workloads]
    return sorted({(namespace, name) for namespace, spec in specs for name in maps_in(spec) if name})[:MOST_MAPS]


def maps_in(spec: kube.PodSpec) -> Iterable[str]:
    """The ConfigMaps that a pod refers to."""
    for volume in spec.volumes:
        if volume.config_map is not None:
            yield volume.config_map.name
        for source in volume.projected.sources if volume.projected else ():
            if source.config_map is not None and source.config_map.name != "kube-root-ca.crt":
                yield source.config_map.name
    for container in (*spec.init_containers, *spec.containers):
        yield from (one.config_map_ref.name for one in container.env_from if one.config_map_ref)
        for env in container.env:
            if env.value_from is not None and env.value_from.config_map_key_ref is not None:
                yield env.value_from.config_map_key_ref.name
