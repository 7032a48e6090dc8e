"""The kinds that can be named on the command line, by every name that kubectl knows them by."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import msgspec

from netdoc.model import kube
from netdoc.model.kube.meta import Object


class Named(msgspec.Struct, frozen=True):
    """A kind as users name it. `projection` is None for kinds that this version does not diagnose."""

    kind: str
    aliases: tuple[str, ...]
    projection: type[Object] | None = None
    namespaced: bool = True
    workload: bool = False


NAMED: tuple[Named, ...] = (
    Named("Service", ("svc", "service", "services"), kube.Service),
    Named("Pod", ("po", "pod", "pods"), kube.Pod),
    Named("Deployment", ("deploy", "deployment", "deployments"), kube.Deployment, workload=True),
    Named("StatefulSet", ("sts", "statefulset", "statefulsets"), kube.StatefulSet, workload=True),
    Named("DaemonSet", ("ds", "daemonset", "daemonsets"), kube.DaemonSet, workload=True),
    Named("ReplicaSet", ("rs", "replicaset", "replicasets"), kube.ReplicaSet, workload=True),
    Named("Job", ("job", "jobs"), kube.Job, workload=True),
    Named("CronJob", ("cj", "cronjob", "cronjobs"), kube.CronJob, workload=True),
    Named("Node", ("no", "node", "nodes"), kube.Node, namespaced=False),
    Named("Namespace", ("ns", "namespace", "namespaces"), kube.Namespace, namespaced=False),
    Named("Ingress", ("ing", "ingress", "ingresses")),
    Named("IngressRoute", ("ingressroute", "ingressroutes")),
    Named("Gateway", ("gtw", "gateway", "gateways")),
    Named("HTTPRoute", ("httproute", "httproutes")),
    Named("Certificate", ("cert", "certs", "certificate", "certificates")),
)

BY_ALIAS = {alias: named for named in NAMED for alias in named.aliases}
BY_KIND = {named.kind: named for named in NAMED}
ROUTE_KINDS = frozenset({"Ingress", "IngressRoute", "Gateway", "HTTPRoute"})
SOURCE_KINDS = frozenset(named.kind for named in NAMED if named.workload) | {"Pod", "Namespace", "Node"}


def nearest(name: str, candidates: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """The candidates that a typing mistake would turn into `name`, the nearest first."""
    return tuple(difflib.get_close_matches(name, sorted(set(candidates)), n=most, cutoff=0.6))
