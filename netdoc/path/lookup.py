"""Finds the object that a name means, and the near miss where there is none."""

from __future__ import annotations

from netdoc.model.kube import Namespace
from netdoc.model.kube.meta import Object, ObjectRef
from netdoc.model.path import Absent
from netdoc.model.record import Gap
from netdoc.path.kinds import NAMED, Named, nearest
from netdoc.ports import Cluster

# Kinds whose names are DNS labels (RFC 1035 / 1123): a dot can only be the namespace's.
_NO_DOTS = frozenset({"Service", "Namespace"})


async def find(
    cluster: Cluster, named: Named, name: str, namespace: str = "", *, what: str = "target"
) -> Object | Absent | Gap:
    """The object that `name` means: in `namespace` exactly, or else as the contract reads names.

    A literal name comes first; the last label is split off as a namespace only where no such object is found.
    `what` says in an Absent which of the things asked for is missing ("target" or "source").
    """
    if namespace or not named.namespaced:
        return await _exactly(cluster, named, name, namespace, what)
    home = cluster.where.namespace
    base, _, last = name.rpartition(".")
    if not base:
        return await _exactly(cluster, named, name, home, what)
    literal: Object | Gap | None = None
    if named.kind not in _NO_DOTS:
        assert named.projection is not None
        literal = await cluster.get(named.projection, name, home)
        if isinstance(literal, Object):
            return literal
    found = await _split(cluster, named, name, (base, last), what)
    # Where the literal name could not be read, only an object that is there can tell what was meant.
    return literal if literal is not None and not isinstance(found, Object) else found


async def _split(cluster: Cluster, named: Named, name: str, split: tuple[str, str], what: str) -> Object | Absent | Gap:
    base, last = split
    assert named.projection is not None
    found = await cluster.get(named.projection, base, last)
    if found is not None and not isinstance(found, Gap):
        return found
    namespace = await cluster.get(Namespace, last)
    if namespace is None and named.kind in _NO_DOTS:
        return await absent_namespace(cluster, last)
    if namespace is None:
        return await _exactly(cluster, named, name, cluster.where.namespace, what)
    return found if isinstance(found, Gap) else await _absent(cluster, named, base, last, what)


async def _exactly(cluster: Cluster, named: Named, name: str, namespace: str, what: str) -> Object | Absent | Gap:
    assert named.projection is not None
    found = await cluster.get(named.projection, name, namespace)
    if found is not None:
        return found
    if named.namespaced and await cluster.get(Namespace, namespace) is None:
        return await absent_namespace(cluster, namespace)
    return await _absent(cluster, named, name, namespace, what)


async def absent_namespace(cluster: Cluster, name: str) -> Absent:
    everyone = await cluster.list(Namespace)
    return Absent(
        what="namespace",
        object=ObjectRef(api_version="v1", kind="Namespace", name=name),
        near=nearest(name, (one.name for one in everyone.items)),
    )


async def _absent(cluster: Cluster, named: Named, name: str, namespace: str, what: str) -> Absent:
    assert named.projection is not None
    place = named.projection.KIND
    listing = await cluster.list(named.projection, namespace)
    return Absent(
        what="source" if what == "source" else "target",
        object=ObjectRef(api_version=place.api_version, kind=place.kind, name=name, namespace=namespace),
        near=nearest(name, (one.name for one in listing.items)),
        detail=await _elsewhere(cluster, named, name, namespace) or await _other_kind(cluster, named, name, namespace),
    )


async def _elsewhere(cluster: Cluster, named: Named, name: str, namespace: str) -> str:
    """Where an object of exactly this name does exist, by one narrow list over all namespaces."""
    if not named.namespaced:
        return ""
    assert named.projection is not None
    listing = await cluster.list(named.projection, fields=f"metadata.name={name}")
    others = sorted(one.namespace for one in listing.items if one.namespace != namespace)
    return f"there is one in {', '.join(others[:3])}" if others else ""


async def _other_kind(cluster: Cluster, named: Named, name: str, namespace: str) -> str:
    """A workload of this name and of another kind: `deploy/db` where db is a StatefulSet."""
    for other in NAMED if named.workload else ():
        if other.workload and other.kind not in (named.kind, "ReplicaSet") and other.projection is not None:
            found = await cluster.get(other.projection, name, namespace)
            if isinstance(found, Object):
                return f"there is a {other.kind} of this name"
    return ""
