"""What a run may read: the checks' own reads, those of the path, and those of what changed."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from netdoc.engine.check import Check, Read
from netdoc.model import kube

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
