"""Who calls: the object behind SOURCE and the pods that stand for it."""

from __future__ import annotations

import re
from itertools import zip_longest

import msgspec

from netdoc.model.kube import CronJob, Job, Node, Pod
from netdoc.model.kube.meta import LabelSelector, Object
from netdoc.model.path import Absent, Hop, Source
from netdoc.model.record import Gap
from netdoc.model.target import SourceSpec
from netdoc.path.addresses import caller_at
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
        # What Jobs write on their pods; each run has its own.
        "controller-uid",
        "job-name",
        "batch.kubernetes.io/controller-uid",
        "batch.kubernetes.io/job-name",
        "batch.kubernetes.io/job-completion-index",
    }
)
# How controllers name pods: NAME-HASH-RANDOM, NAME-RANDOM, NAME-ORDINAL; and who does.
_POD_NAMES = (
    (re.compile(r"(?P<owner>.+)-[a-z0-9]{1,10}-[a-z0-9]{5}"), ("Deployment",)),
    (re.compile(r"(?P<owner>.+)-[a-z0-9]{5}"), ("DaemonSet", "ReplicaSet", "Job")),
    (re.compile(r"(?P<owner>.+)-\d{1,10}"), ("StatefulSet",)),
)


class Caller(msgspec.Struct, frozen=True):
    """A source, and one of its pods: what its resolver would do."""

    source: Source
    pod: Pod | None = None


async def add_source(cluster: Cluster, graph: Graph, spec: SourceSpec) -> Caller:
    """Adds the client's hop. Where the source is absent or unread, the graph says so."""
    found = await _found(cluster, spec)
    if isinstance(found, Absent):
        source = _plain(graph, spec)
        graph.is_absent(found, source.hop)
        return Caller(source)
    if isinstance(found, Gap):
        source = _plain(graph, spec)
        graph.could_not_read(source.hop, found)
        return Caller(source)
    return Caller(_plain(graph, spec)) if found is None else await _known(cluster, graph, spec, found)


async def _found(cluster: Cluster, spec: SourceSpec) -> Object | Absent | Gap | None:
    if spec.kind in ("Any", "Internet", "Here"):
        return None
    if spec.kind == "IP":
        return await caller_at(cluster, spec.name)
    if spec.guessed:
        return await _guessed(cluster, spec)
    return await find(cluster, BY_KIND[spec.kind], spec.name, spec.namespace, what="source")


async def _guessed(cluster: Cluster, spec: SourceSpec) -> Object | None:
    """The pod of a pasted line, wherever it is; else, since pods are replaced, the workload that named it so.

    What cannot be found this way is nobody's fault: the source is then unknown, and never said to be missing.
    """
    pod = await cluster.get(Pod, spec.name, spec.namespace)
    if isinstance(pod, Pod):
        return pod
    if not spec.namespace:
        same = await cluster.list(Pod, fields=f"metadata.name={spec.name}")
        if len(same.items) == 1:
            return same.items[0]
    return await _named_after(cluster, spec)


async def _named_after(cluster: Cluster, spec: SourceSpec) -> Object | None:
    for form, kinds in _POD_NAMES:
        match = form.fullmatch(spec.name)
        for kind in kinds if match is not None else ():
            projection = BY_KIND[kind].projection
            assert projection is not None
            assert match is not None
            found = await cluster.get(projection, match["owner"], spec.namespace)
            if isinstance(found, Object):
                return found
    return None


async def _known(cluster: Cluster, graph: Graph, spec: SourceSpec, found: Object) -> Caller:
    listing = await _pods(cluster, found)
    address = (spec.name,) if spec.kind == "IP" else found.addresses if isinstance(found, Node) else ()
    name = spec.name if spec.kind == "IP" else object_id(found.ref)
    hop = graph.add(Hop(id=f"client/{name}", kind="client", object=found.ref, addresses=address))
    if listing.gap is not None and listing.gap.blocking:
        graph.could_not_read(hop, listing.gap)
    chosen = _representatives(listing.items)
    refs = tuple(pod.ref for pod in chosen)
    source = Source(spec=spec, hop=hop, object=found.ref, pods=refs, addresses=address)
    return Caller(source, chosen[0] if chosen else None)


def _plain(graph: Graph, spec: SourceSpec) -> Source:
    """A client that is no object of the cluster, or none that was found."""
    kind = "Any" if spec.guessed else spec.kind
    name = f"{kind.lower()}/{spec.name}" if spec.name and kind not in ("IP", "Any") else kind.lower()
    if kind == "IP":
        name = spec.name
    addresses = (spec.name,) if kind == "IP" else ()
    hop = graph.add(Hop(id=f"client/{name}", kind="client", addresses=addresses))
    return Source(spec=_any_client(spec) if spec.guessed else spec, hop=hop, addresses=addresses)


def _any_client(spec: SourceSpec) -> SourceSpec:
    """Nobody of the guessed name is left: any client is meant, and that is said."""
    name = f"{spec.name}.{spec.namespace}" if spec.namespace else spec.name
    return SourceSpec(input=f"any client (pod {name} of the pasted line was not found)", kind="Any", guessed=True)


async def _pods(cluster: Cluster, found: Object) -> Listing[Pod]:
    """The pods that the object stands for: itself, a namespace's, a workload's. A node is none of its pods."""
    if isinstance(found, Pod):
        return Listing((found,))
    if isinstance(found, Node):
        return Listing()
    if found.KIND.kind == "Namespace":
        return _living(await cluster.list(Pod, found.name))
    return await workload_pods(cluster, found, finished=isinstance(found, Job | CronJob))


async def workload_pods(cluster: Cluster, workload: Object, *, finished: bool = False) -> Listing[Pod]:
    """A workload's living pods, by its own selector; a Job's by the label that its controller sets.

    Between its runs a Job or CronJob has no living pods; with `finished` those of past runs stand for the next.
    """
    if isinstance(workload, CronJob):
        listing, labels = await _runs(cluster, workload)
    else:
        labels = selector_text(getattr(getattr(workload, "spec", None), "selector", None))
        labels = labels or (f"job-name={workload.name}" if isinstance(workload, Job) else "")
        listing = Listing()
    if not labels:
        return listing
    pods = await cluster.list(Pod, workload.namespace, labels=labels)
    living = _living(pods)
    return pods if finished and not living.items else living


async def _runs(cluster: Cluster, cron: CronJob) -> tuple[Listing[Pod], str]:
    """A selector for the pods of a CronJob's Jobs; without one, why."""
    jobs = await cluster.list(Job, cron.namespace)
    mine = [job.name for job in jobs.items if _is_of(job, cron)]
    return Listing(gap=jobs.gap), f"job-name in ({','.join(mine)})" if mine else ""


def _is_of(job: Job, cron: CronJob) -> bool:
    owner = job.metadata.controller
    return owner is not None and owner.kind == "CronJob" and owner.name == cron.name


def _living(listing: Listing[Pod]) -> Listing[Pod]:
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


def _representatives(pods: tuple[Pod, ...]) -> tuple[Pod, ...]:
    """One pod for each distinct set of labels and each node: what any policy or route could tell apart.

    Each set of labels comes once before any comes twice: who looks at a few of many pods sees every kind.
    """
    chosen: dict[object, dict[str, Pod]] = {}
    for pod in sorted(pods, key=lambda one: (one.namespace, one.name)):
        labels = frozenset((k, v) for k, v in pod.metadata.labels.items() if k not in _GENERATED)
        chosen.setdefault((pod.namespace, labels), {}).setdefault(pod.spec.node_name, pod)
    rounds = zip_longest(*(tuple(one.values()) for one in chosen.values()))
    return tuple(pod for pods in rounds for pod in pods if pod is not None)
