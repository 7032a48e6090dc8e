"""What is taken for granted about manifests that nobody ran: a status, the pods of a workload, a Service's slices.

Each object that something was assumed of carries `ASSUMED_ANNOTATION`, so that every reader can say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from netdoc.cluster.decode import UNREADABLE
from netdoc.cluster.documents import Document
from netdoc.model.kube import CronJob, DaemonSet, Deployment, Job, Pod, ReplicaSet, Service, StatefulSet
from netdoc.model.kube.apps import PodTemplate, Workload
from netdoc.model.kube.discovery import EndpointSlice
from netdoc.model.kube.meta import ASSUMED_ANNOTATION, LabelSelector, Object
from netdoc.predict.endpoints import endpoint_slices
from netdoc.predict.selectors import matches

TRUE = {"status": "True"}

WORKLOADS: tuple[type[Object], ...] = (Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob)

# Kinds whose status says something that their specification cannot.
_STATED = frozenset(
    {
        "Pod",
        "Node",
        "Namespace",
        "Service",
        "Deployment",
        "ReplicaSet",
        "StatefulSet",
        "DaemonSet",
        "Job",
        "PersistentVolumeClaim",
    }
)


def needs_status(document: Document) -> bool:
    return document.kind in _STATED and not document.stated


def with_status(document: Document) -> msgspec.Raw:
    """The document with the status that it would have if all were well, where it has none."""
    if not needs_status(document):
        return document.raw
    try:
        plain = msgspec.json.decode(document.raw)
    except UNREADABLE:
        return document.raw  # named where the object is decoded
    spec, metadata = _map(plain.get("spec")), _map(plain.get("metadata"))
    if document.kind == "Service" and spec.get("type") != "LoadBalancer":
        return document.raw  # only a load balancer's address is said in a Service's status
    annotations = metadata.get("annotations")
    if annotations is None or isinstance(annotations, dict):
        plain["metadata"] = metadata | {"annotations": (annotations or {}) | {ASSUMED_ANNOTATION: "status"}}
    plain["status"] = healthy(document.kind, spec)
    return msgspec.Raw(msgspec.json.encode(plain))


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def healthy(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    """A status in which nothing is wrong. What only a cluster can give (addresses) is left out."""
    match kind:
        case "Pod":
            return {"phase": "Running", "conditions": [{"type": one, **TRUE} for one in ("Ready", "ContainersReady")]}
        case "Node":
            return {"conditions": [{"type": "Ready", **TRUE}]}
        case "Namespace":
            return {"phase": "Active"}
        case "PersistentVolumeClaim":
            return {"phase": "Bound"}
        case "Deployment" | "ReplicaSet" | "StatefulSet":
            count = spec.get("replicas")
            names = ("replicas", "readyReplicas", "updatedReplicas", "availableReplicas")
            return dict.fromkeys(names, 1 if count is None else count)
        case "DaemonSet":
            return dict.fromkeys(("desiredNumberScheduled", "currentNumberScheduled", "numberReady"), 1)
        case "Job":
            return {"active": 1}
    return {}


def stand_ins(workloads: Iterable[Object], pods: Iterable[Pod]) -> Iterator[Pod]:
    """One pod for each workload that has none of its own and would have some."""
    index = PodIndex(pods)
    for one in workloads:
        if one.metadata.controller is None and _runs(one) and not _has_pods(one, index):
            yield _stand_in(one)


def _runs(one: Object) -> bool:
    """Whether pods of the workload are to be expected: its status says so, or nothing does."""
    if isinstance(one, Workload):
        return one.spec.replicas > 0 and (one.assumed or one.status.replicas > 0)
    if isinstance(one, DaemonSet):
        return one.assumed or one.status.current_number_scheduled > 0
    return one.assumed or not isinstance(one, Job) or one.status.active > 0


def _ready(one: Object) -> bool:
    if isinstance(one, Workload):
        return one.assumed or one.status.ready_replicas > 0
    return one.assumed or not isinstance(one, DaemonSet) or one.status.number_ready > 0


def _has_pods(one: Object, pods: PodIndex) -> bool:
    selector = _selector(one)
    return any(matches(selector, pod.metadata.labels) for pod in pods.labelled(one.namespace, selector.match_labels))


def _selector(one: Object) -> LabelSelector:
    given = None if isinstance(one, CronJob) else getattr(getattr(one, "spec", None), "selector", None)
    return given or LabelSelector(match_labels=_template(one).metadata.labels)


def _template(one: Object) -> PodTemplate:
    template: PodTemplate = one.template  # type: ignore[attr-defined]
    return template


def _stand_in(one: Object) -> Pod:
    """The pod as its controller would make it, under a name that says what it is."""
    template = _template(one)
    stateful = isinstance(one, StatefulSet)
    name = f"{one.name}-0" if stateful else f"{one.name}-assumed"
    spec = template.spec
    if isinstance(one, StatefulSet):
        spec = msgspec.structs.replace(spec, hostname=name, subdomain=one.spec.service_name)
    place = one.KIND
    owner = {"apiVersion": place.api_version, "kind": place.kind, "name": one.name, "uid": one.metadata.uid}
    metadata = {
        "name": name,
        "namespace": one.namespace,
        "labels": template.metadata.labels,
        "annotations": template.metadata.annotations | {ASSUMED_ANNOTATION: "pod"},
        "ownerReferences": [owner | {"controller": True}],
    }
    status = healthy("Pod", {})
    if not _ready(one):
        status["conditions"] = [{"type": "Ready", "status": "False"}]
    pod = msgspec.convert({"metadata": metadata, "status": status}, Pod)
    return msgspec.structs.replace(pod, spec=spec)


class PodIndex:
    """Pods by namespace and label, so that a selector looks at few of them."""

    def __init__(self, pods: Iterable[Pod]) -> None:
        self._labelled: dict[tuple[str, str, str], list[Pod]] = {}
        self._within: dict[str, list[Pod]] = {}
        for pod in pods:
            self._within.setdefault(pod.namespace, []).append(pod)
            for key, value in pod.metadata.labels.items():
                self._labelled.setdefault((pod.namespace, key, value), []).append(pod)

    def labelled(self, namespace: str, labels: dict[str, str]) -> list[Pod]:
        """The pods that carry the rarest of these labels; all of the namespace where none is given."""
        found = [self._labelled.get((namespace, *term), []) for term in labels.items()]
        return min(found, key=len, default=self._within.get(namespace, []))


def derived_slices(
    services: Iterable[Service], pods: Iterable[Pod], present: Iterable[EndpointSlice], zones: dict[str, str]
) -> Iterator[EndpointSlice]:
    """The slices of each Service that has none among those present."""
    served = {(one.namespace, one.service) for one in present}
    index = PodIndex(pods)
    for service in services:
        if (service.namespace, service.name) not in served:
            for one in endpoint_slices(service, index.labelled(service.namespace, service.spec.selector), zones):
                marked = msgspec.structs.replace(one.metadata, annotations={ASSUMED_ANNOTATION: "slice"})
                yield msgspec.structs.replace(one, metadata=marked)
