"""What a run may read: the checks' own reads, those of the path, and those of what changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from netdoc.engine.check import Check, Kubectl, Read, Subject
from netdoc.model import kube
from netdoc.model.record import Ask
from netdoc.model.target import SourceSpec, Target
from netdoc.path import resolve
from netdoc.ports import Cluster, Ports, Recorder

# The resolver looks targets, callers and addresses up by these.
PATH_READS = (
    Read(kube.Service),
    Read(kube.EndpointSlice, ("list",)),
    Read(kube.Pod),
    Read(kube.Namespace),
    Read(kube.Node),
    Read(kube.Deployment),
    Read(kube.ReplicaSet),
    Read(kube.StatefulSet),
    Read(kube.DaemonSet),
    Read(kube.Job),
    Read(kube.CronJob),
)
CHANGE_READS = (
    Read(kube.Deployment),
    Read(kube.ReplicaSet),
    Read(kube.StatefulSet),
    Read(kube.DaemonSet),
    Read(kube.ControllerRevision, ("list",)),
    Read(kube.NetworkPolicy, ("list",)),
    Read(kube.ConfigMapMeta, ("get",)),
    Read(kube.Event, ("list",)),
)


class Rule(msgspec.Struct, frozen=True, order=True):
    """One rule of a role: an API group's resource and the verbs on it."""

    group: str
    resource: str
    verbs: tuple[str, ...]
    namespaced: bool = True


def rules_for(checks: Iterable[Check]) -> tuple[Rule, ...]:
    """The least rules under which a diagnosis with these checks sees everything. Secrets are never among them."""
    verbs: dict[tuple[str, str, bool], set[str]] = {}
    reads = [*PATH_READS, *CHANGE_READS, *(read for check in checks for read in check.reads)]
    for read in reads:
        place = read.kind.KIND
        for verb in read.verbs:
            resource = f"{place.plural}/log" if verb == "log" else place.plural
            if place.plural != "secrets":
                verbs.setdefault((place.group, resource, place.namespaced), set()).add("get" if verb == "log" else verb)
    return tuple(
        Rule(group, resource, tuple(sorted(found)), namespaced)
        for (group, resource, namespaced), found in sorted(verbs.items())
    )


def readers_of_secrets(checks: Iterable[Check]) -> list[Check]:
    return [check for check in checks if any(read.kind.KIND.plural == "secrets" for read in check.reads)]


async def secrets_for(
    cluster: Cluster, target: Target, sources: tuple[SourceSpec, ...], checks: Sequence[Check]
) -> dict[str, list[str]]:
    """The Secrets that these checks ask for on the way to a target, by namespace: the names, not what is in them."""
    recorder = Recorder(cluster)
    path = await resolve(recorder, target, sources)
    subject = Subject(path=path, kubectl=Kubectl(recorder.where.context), now=await recorder.now())
    for check in checks:
        parameters = msgspec.convert({}, check.parameters)
        await check.observe(Ports(recorder), msgspec.structs.replace(subject, parameters=parameters))
    found: dict[str, list[str]] = {}
    for name, namespace in sorted({(r.ask.name, r.ask.namespace) for r in recorder.records if _of_secret(r.ask)}):
        found.setdefault(namespace, []).append(name)
    return found


def _of_secret(ask: Ask) -> bool:
    return (ask.verb, ask.resource, ask.group) == ("get", "secrets", "")
