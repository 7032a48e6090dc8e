"""The kinds that netdoc has a projection of, by every name that kubectl and file names know them by."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from netdoc.model import kube
from netdoc.model.kube.meta import Kind, Object

SHORT = {
    "po": "Pod",
    "svc": "Service",
    "no": "Node",
    "ns": "Namespace",
    "ev": "Event",
    "cm": "ConfigMap",
    "pvc": "PersistentVolumeClaim",
    "quota": "ResourceQuota",
    "deploy": "Deployment",
    "rs": "ReplicaSet",
    "sts": "StatefulSet",
    "ds": "DaemonSet",
    "cj": "CronJob",
    "netpol": "NetworkPolicy",
    "ing": "Ingress",
}

# Groups that Kubernetes itself serves: every cluster has them, and a 404 for one is a fault, not an option.
BUILT_IN_GROUPS = frozenset(
    {
        "",
        "apps",
        "batch",
        "autoscaling",
        "policy",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "networking.k8s.io",
        "rbac.authorization.k8s.io",
        "storage.k8s.io",
        "scheduling.k8s.io",
    }
)

# Where kinds lived before they moved, and their second home: the same objects under another group.
_SAME_GROUP = {
    ("extensions", "Deployment"): "apps",
    ("extensions", "ReplicaSet"): "apps",
    ("extensions", "DaemonSet"): "apps",
    ("extensions", "Ingress"): "networking.k8s.io",
    ("extensions", "NetworkPolicy"): "networking.k8s.io",
    ("events.k8s.io", "Event"): "",
}


@cache
def projections() -> tuple[type[Object], ...]:
    """Every projection of a top-level kind in the model: Kubernetes' own first, and of one kind the widest first."""
    rooms = [importlib.import_module(f"{kube.__name__}.{one.name}") for one in pkgutil.iter_modules(kube.__path__)]
    found = {
        value
        for room in rooms
        for value in vars(room).values()
        if isinstance(value, type) and issubclass(value, Object) and "KIND" in vars(value)
    }
    return tuple(sorted(found, key=_rank))


def _rank(one: type[Object]) -> tuple[bool, str, str, int, str]:
    place = one.KIND
    foreign = place.group not in BUILT_IN_GROUPS
    return foreign, place.plural, place.group, -len(one.__struct_fields__), one.__name__


@cache
def _by_name() -> dict[str, type[Object]]:
    names: dict[str, type[Object]] = {}
    for one in projections():
        for name in (one.KIND.kind.lower(), one.KIND.plural, f"{one.KIND.plural}.{one.KIND.group}"):
            names.setdefault(name, one)
    shorts = {name: names[kind.lower()] for name, kind in SHORT.items() if kind.lower() in names}
    return names | shorts


def projection_of(name: str) -> type[Object] | None:
    """The projection that a kind, plural or short name means; None where netdoc has none."""
    plain = name.lower().replace("-", "")
    return _by_name().get(plain) or _by_name().get(plain.removesuffix("s"))


def home_group(api_version: str, kind: str) -> str:
    """The group under which a kind is served today."""
    group = api_version.rpartition("/")[0]
    return _SAME_GROUP.get((group, kind), group)


def kind_name(group: str, kind: str) -> str:
    """A kind in a snapshot, by its resource where netdoc knows that: of a stranger the plural is not known."""
    known = next((one.KIND for one in projections() if (one.KIND.group, one.KIND.kind) == (group, kind)), None)
    if known is not None:
        return resource_name(known)
    return f"{kind} ({group})" if group else kind


def resource_name(kind: Kind) -> str:
    """`networkpolicies.networking.k8s.io`, as RBAC and kubectl write a resource."""
    return f"{kind.plural}.{kind.group}" if kind.group else kind.plural
