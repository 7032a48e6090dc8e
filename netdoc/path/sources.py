"""Who calls: the object behind SOURCE and the pods that stand for it."""

from __future__ import annotations

from netdoc.model.kube import Node, Pod
from netdoc.model.kube.meta import LabelSelector, Object, ObjectRef
from netdoc.model.path import Absent, Hop, Source
from netdoc.model.record import Gap
from netdoc.model.target import SourceSpec
from netdoc.path.graph import Graph, object_id
from netdoc.path.kinds import BY_KIND
from netdoc.path.lookup import find
from netdoc.ports import Cluster, Listing

_GENERATED = frozenset(
    {
        "pod-template-hash",
        "controller-revision-hash",
        "pod-template-generation",
        "statefulset.kubernetes.io/pod-name",
        "apps.kubernetes.io/pod-index",
    }
)


async def add_source(cluster: Cluster, graph: Graph, spec: SourceSpec) -> Source:
    """Adds the client's hop. Where the source is absent or unread, the graph says so."""
    if spec.kind in ("Any", "Internet", "Here", "IP"):
        return _plain(graph, spec)
    found = await find(cluster, BY_KIND[spec.kind], spec.name, spec.namespace, what="source")
    if isinstance(found, Absent):
        graph.absent.append(found)
        return _plain(graph, spec)
    if isinstance(found, Gap):
        source = _plain(graph, spec)
        graph.could_not_read(source.hop, found)
        return source
    listing = await _pods(cluster, found)
    hop = graph.add(Hop(id=f"client/{object_id(found.ref)}", kind="client", object=found.ref))
    if listing.gap is not None and listing.gap.blocking:
        graph.could_not_read(hop, listing.gap)
    addresses = found.addresses if isinstance(found, Node) else ()
    return Source(spec=spec, hop=hop, object=found.ref, pods=_representatives(listing.items), addresses=addresses)


def _plain(graph: Graph, spec: SourceSpec) -> Source:
    name = f"{spec.kind.lower()}/{spec.name}" if spec.name and spec.kind != "IP" else spec.name or spec.kind.lower()
    addresses = (spec.name,) if spec.kind == "IP" else ()
    return Source(
        spec=spec, hop=graph.add(Hop(id=f"client/{name}", kind="client", addresses=addresses)), addresses=addresses
    )


async def _pods(cluster: Cluster, found: Object) -> Listing[Pod]:
    """The pods that the object stands for: itself, a namespace's, a workload's. A node is none of its pods."""
    if isinstance(found, Pod):
        return Listing((found,))
    if isinstance(found, Node):
        return Listing()
    if found.KIND.kind == "Namespace":
        return await cluster.list(Pod, found.name)
    return await workload_pods(cluster, found)


async def workload_pods(cluster: Cluster, workload: Object) -> Listing[Pod]:
    """A workload's living pods, by its own selector; a Job's and CronJob's by the label their controller sets."""
    labels = selector_text(getattr(getattr(workload, "spec", None), "selector", None))
    if not labels:
        labels = f"job-name={workload.name}" if workload.KIND.kind == "Job" else ""
    if not labels:
        return Listing()
    listing = await cluster.list(Pod, workload.namespace, labels=labels)
    return Listing(tuple(pod for pod in listing.items if not pod.finished), listing.gap)


def selector_text(selector: LabelSelector | None) -> str:
    """A label selector as the API takes it in a query (labels.Parse)."""
    if selector is None:
        return ""
    terms = [f"{key}={value}" for key, value in sorted(selector.match_labels.items())]
    return ",".join(terms + [_term(one.key, one.operator, one.values) for one in selector.match_expressions])


def _term(key: str, operator: str, values: tuple[str, ...]) -> str:
    match operator:
        case "Exists":
            return key
        case "DoesNotExist":
            return f"!{key}"
        case _:
            return f"{key} {operator.lower()} ({','.join(values)})"


def _representatives(pods: tuple[Pod, ...]) -> tuple[ObjectRef, ...]:
    """One pod for each distinct set of labels and each node: what any policy or route could tell apart."""
    chosen: dict[object, ObjectRef] = {}
    for pod in sorted(pods, key=lambda one: one.name):
        if pod.finished:
            continue
        labels = frozenset((k, v) for k, v in pod.metadata.labels.items() if k not in _GENERATED)
        chosen.setdefault((pod.namespace, labels, pod.spec.node_name), pod.ref)
    return tuple(chosen.values())
