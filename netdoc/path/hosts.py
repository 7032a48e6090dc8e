"""Host names that are cluster names, read as the calling pod's resolver would read them."""

from __future__ import annotations

from netdoc.model.kube import Namespace, Pod, Service
from netdoc.model.kube.meta import Object
from netdoc.model.path import Absent
from netdoc.model.record import Gap
from netdoc.path.kinds import BY_KIND
from netdoc.path.lookup import absent_namespace, find
from netdoc.path.services import CLUSTER_DOMAIN
from netdoc.ports import Cluster


async def named_by(cluster: Cluster, host: str, home: str) -> Object | Absent | Gap | None:
    """What a host name stands for inside the cluster; None where it is an outside name.

    `home` is the namespace of the pod that asks: its search list is tried as kubelet writes it
    (`home.svc.cluster.local svc.cluster.local cluster.local`), unless the name ends in a dot.
    """
    labels = host.rstrip(".").removesuffix(f".{CLUSTER_DOMAIN}").split(".")
    absolute = host.endswith(".")
    if labels[-1] == "svc":
        return await _absolute(cluster, labels[:-1], home)
    if host.rstrip(".").endswith(f".{CLUSTER_DOMAIN}") or absolute:
        return None
    if len(labels) == 1:
        return await find(cluster, BY_KIND["Service"], labels[0], home)
    return await _short(cluster, labels, home)


async def _absolute(cluster: Cluster, labels: list[str], home: str) -> Object | Absent | Gap | None:
    """`SERVICE.NAMESPACE` or `HOSTNAME.SERVICE.NAMESPACE`, the `svc` being off."""
    if len(labels) == 1:
        return await find(cluster, BY_KIND["Service"], labels[0], home)
    if len(labels) == 2:
        return await _service(cluster, labels[0], labels[1])
    return await _endpoint(cluster, labels[0], labels[-2], labels[-1])


async def _short(cluster: Cluster, labels: list[str], home: str) -> Object | Absent | Gap | None:
    """`web.shop`, `web-0.web` or `web-0.web.shop` where the last label is a namespace or a Service; else outside."""
    if isinstance(await cluster.get(Namespace, labels[-1]), Namespace):
        if len(labels) == 2:
            return await _service(cluster, labels[0], labels[1])
        return await _endpoint(cluster, labels[0], labels[-2], labels[-1])
    found = await cluster.get(Service, labels[-2 if len(labels) > 2 else 0], labels[-1])
    if isinstance(found, Service):
        return found
    if len(labels) == 2 and isinstance(await cluster.get(Service, labels[1], home), Service):
        return await _endpoint(cluster, labels[0], labels[1], home)
    return None


async def _service(cluster: Cluster, name: str, namespace: str) -> Object | Absent | Gap:
    if await cluster.get(Namespace, namespace) is None:
        return await absent_namespace(cluster, namespace)
    return await find(cluster, BY_KIND["Service"], name, namespace)


async def _endpoint(cluster: Cluster, hostname: str, service: str, namespace: str) -> Object | Absent | Gap:
    """A pod of a headless Service by its hostname (StatefulSets name pods so); else the Service itself."""
    found = await _service(cluster, service, namespace)
    if not isinstance(found, Service):
        return found
    pod = await cluster.get(Pod, hostname, namespace)
    return pod if isinstance(pod, Pod) else found
