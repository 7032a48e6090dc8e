"""What the check has seen: plain data from which everything is judged."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from netdoc.api import Gap, Listing, ObjectRef, Subject, kube

AnyWorkload = kube.Deployment | kube.StatefulSet | kube.DaemonSet | kube.ReplicaSet | kube.Job | kube.CronJob


class Workload(msgspec.Struct, frozen=True, kw_only=True):
    """A topmost workload with what its controller made of it: the ReplicaSets of a Deployment, newest first."""

    object: AnyWorkload
    replica_sets: tuple[kube.ReplicaSet, ...] = ()

    @property
    def ref(self) -> ObjectRef:
        return self.object.ref

    @property
    def template_labels(self) -> Mapping[str, str]:
        return self.object.template.metadata.labels

    @property
    def desired(self) -> int:
        """How many pods it asks for. A Job or CronJob serves nobody on purpose: none is expected of it."""
        match self.object:
            case kube.DaemonSet():
                return self.object.status.desired_number_scheduled
            case kube.CronJob() | kube.Job():
                return 0
            case _:
                return self.object.spec.replicas


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The pods that should answer together: behind a Service, or named by the target itself.

    `hops` are the hops at which the group is asked (a Service's ports, or the pods' own). `nearby` is read only
    where the selector takes no pod: the pods of the namespace, to find the label that was meant.
    """

    hops: tuple[str, ...]
    pods: Listing[kube.Pod]
    service: kube.Service | None = None
    slices: Listing[kube.EndpointSlice] = Listing()
    nearby: Listing[kube.Pod] = Listing()
    workloads: tuple[Workload, ...] = ()
    workload_gap: Gap | None = None
    named: ObjectRef | None = None

    @property
    def living(self) -> tuple[kube.Pod, ...]:
        """The pods that count: not finished, not on their way out."""
        return tuple(pod for pod in self.pods.items if not pod.finished and not pod.metadata.deletion_timestamp)


class Agent(msgspec.Struct, frozen=True):
    """A node's own network pod, and what it is there for."""

    pod: kube.Pod
    role: str


class Unread(msgspec.Struct, frozen=True):
    """A read that did not tell all, and the hop that cannot be judged without it."""

    hop: str
    gap: Gap


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """Everything observed. Mappings are keyed by the name that the judgement asks with.

    `unread` are refusals that no part of the judgement meets by itself. `events_gap`: no event is not "no event".
    """

    subject: Subject
    groups: tuple[Group, ...] = ()
    clients: tuple[kube.Pod, ...] = ()
    owners: Mapping[ObjectRef, Workload] = {}
    nodes: Mapping[str, kube.Node | Gap | None] = {}
    agents: Mapping[str, tuple[Agent, ...]] = {}
    events: Mapping[ObjectRef, tuple[kube.Event, ...]] = {}
    logs: Mapping[tuple[ObjectRef, str], str | Gap] = {}
    holders: Mapping[str, tuple[kube.Pod, ...]] = {}
    aliases: Mapping[str, kube.Service | Gap | None] = {}
    rivals: tuple[kube.Service, ...] = ()
    unread: tuple[Unread, ...] = ()
    events_gap: Gap | None = None

    def events_of(self, ref: ObjectRef) -> tuple[kube.Event, ...]:
        """Newest last."""
        return self.events.get(ref, ())
