"""Host names that are cluster names, read as the calling pod's resolver would read them."""

from __future__ import annotations

import msgspec

from netdoc.model.kube import Endpoint, EndpointSlice, Namespace, Node, Pod, Service
from netdoc.model.kube.discovery import SERVICE_NAME_LABEL
from netdoc.model.kube.meta import Object, ObjectRef
from netdoc.model.path import Absent
from netdoc.model.record import Gap
from netdoc.path.addresses import owner_of
from netdoc.path.kinds import BY_KIND, nearest
from netdoc.path.lookup import absent_namespace, find
from netdoc.path.places import address_of
from netdoc.path.services import CLUSTER_DOMAIN
from netdoc.ports import Cluster
from netdoc.predict.dns.expansion import expand
from netdoc.predict.dns.resolver import ResolvConf, policy_of, resolv_conf_of

Meant = Object | Absent | Gap | None
Labels = tuple[str, ...]

_ZONE = tuple(CLUSTER_DOMAIN.split("."))


class Home(msgspec.Struct, frozen=True):
    """Where a name is read: the caller's namespace, and the search list of its resolver."""

    namespace: str
    searches: tuple[str, ...]


def home_of(namespace: str, pod: Pod | None = None) -> Home:
    """The search list that the kubelet writes (`NS.svc.DOMAIN svc.DOMAIN DOMAIN`), after the pod's own one."""
    own = (f"{namespace}.svc.{CLUSTER_DOMAIN}", f"svc.{CLUSTER_DOMAIN}", CLUSTER_DOMAIN)
    if pod is None or policy_of(pod) == "Default":
        return Home(namespace, own)
    given = resolv_conf_of(pod, ("0.0.0.0",), CLUSTER_DOMAIN).searches
    return Home(namespace, tuple(dict.fromkeys(given + own)))


async def named_by(cluster: Cluster, host: str, home: Home) -> Meant:
    """What a host name stands for inside the cluster; None where it is an outside name.

    The names that the resolver would ask for are tried in its order. A Gap that does not block says that it may be a
    cluster name, and very likely is none.
    """
    gap: Gap | None = None
    conf = ResolvConf(searches=home.searches, options=("ndots:5",))
    for query in expand(host, conf):
        found = await _at(cluster, _below(query.name), searched=query.search is not None)
        if isinstance(found, Object):
            return found
        if isinstance(found, Gap) and (gap is None or not gap.blocking):
            gap = found
    return gap or await _missing(cluster, host, home)


def _below(name: str) -> Labels | None:
    """The labels below the cluster's zone, those of an SRV name's port left out; None outside the zone."""
    labels = tuple(name.rstrip(".").split("."))
    if labels[-len(_ZONE) :] != _ZONE:
        return None
    below = labels[: -len(_ZONE)]
    return below[2:] if len(below) > 2 and below[0].startswith("_") and below[1].startswith("_") else below


async def _at(cluster: Cluster, below: Labels | None, *, searched: bool) -> Object | Gap | None:
    """The object at a name of the cluster's zone, as the Kubernetes DNS specification lays them out."""
    match below:
        case (service, namespace, "svc"):
            return await cluster.get(Service, service, namespace)
        case (endpoint, service, namespace, "svc"):
            found = await _endpoint(cluster, endpoint, service, namespace)
            lenient = isinstance(found, Gap) and searched
            return msgspec.structs.replace(found, blocking=False) if lenient and isinstance(found, Gap) else found
        case (dashed, namespace, "pod"):
            return await _dashed(cluster, dashed, namespace)
    return None


async def _endpoint(cluster: Cluster, name: str, service: str, namespace: str) -> Object | Gap | None:
    """The pod behind an endpoint's name: its hostname, or its address with dashes. Hand-kept ones are the Service's."""
    found = await cluster.get(Service, service, namespace)
    if not isinstance(found, Service):
        return found
    listing = await _slices(cluster, found)
    for one in (endpoint for slice_ in listing for endpoint in slice_.endpoints or ()):
        if name == one.hostname or name in (_with_dashes(address) for address in one.addresses):
            return await _pod_of(cluster, one, found)
    pod = await cluster.get(Pod, name, namespace)  # not yet listed, or listed without its hostname
    if isinstance(pod, Pod):
        return pod if pod.spec.subdomain == service else None
    return pod


async def _slices(cluster: Cluster, service: Service) -> tuple[EndpointSlice, ...]:
    labels = f"{SERVICE_NAME_LABEL}={service.name}"
    return (await cluster.list(EndpointSlice, service.namespace, labels=labels)).items


async def _pod_of(cluster: Cluster, endpoint: Endpoint, service: Service) -> Object:
    ref = endpoint.target_ref
    if ref is None or ref.kind != "Pod":
        return service
    pod = await cluster.get(Pod, ref.name, ref.namespace or service.namespace)
    return pod if isinstance(pod, Pod) else service


async def _dashed(cluster: Cluster, dashed: str, namespace: str) -> Object | Gap | None:
    address = _without_dashes(dashed)
    held = await owner_of(cluster, address) if address else None
    if isinstance(held, Gap):
        return held
    if held is None or isinstance(held, Absent) or not isinstance(held.object, Pod):
        return None
    return held.object if held.object.namespace == namespace else None


def _with_dashes(address: str) -> str:
    return address.replace(".", "-").replace(":", "-")


def _without_dashes(text: str) -> str:
    """`10-42-0-7` and `fd00-10--7` as the addresses that they stand for; "" for anything else."""
    return address_of(text.replace("-", ".")) or address_of(text.replace("-", ":"))


async def _missing(cluster: Cluster, host: str, home: Home) -> Meant:
    """What was meant by a name that leads to nothing here; None where an outside name was."""
    labels = tuple(host.rstrip(".").split("."))
    in_zone = labels[-len(_ZONE) :] == _ZONE
    below = labels[: -len(_ZONE)] if in_zone else labels
    if below and below[-1] == "svc" and len(below) > 2 and (in_zone or not host.endswith(".")):
        return await _no_service(cluster, below[:-1])
    if in_zone:
        return _no_such_shape(host, below)
    if host.endswith("."):
        return None
    if len(labels) == 1:
        node = await cluster.get(Node, host)
        return node if isinstance(node, Node) else await find(cluster, BY_KIND["Service"], host, home.namespace)
    if "svc" in labels[2:]:
        return await _other_domain(cluster, labels)
    return await _near(cluster, labels, home)


async def _no_service(cluster: Cluster, labels: Labels) -> Object | Absent | Gap:
    """`..SERVICE.NAMESPACE`: the namespace, the Service or the endpoint is missing."""
    service, namespace = labels[-2], labels[-1]
    if await cluster.get(Namespace, namespace) is None:
        return await absent_namespace(cluster, namespace)
    found = await find(cluster, BY_KIND["Service"], service, namespace)
    if not isinstance(found, Service) or len(labels) == 2:
        return found
    return await _no_endpoint(cluster, labels[0], found)


async def _no_endpoint(cluster: Cluster, name: str, service: Service) -> Absent:
    slices = await _slices(cluster, service)
    names = [one.hostname for slice_ in slices for one in slice_.endpoints or () if one.hostname]
    return Absent(
        what="target",
        object=ObjectRef(api_version="v1", kind="Pod", name=name, namespace=service.namespace),
        near=nearest(name, names),
        detail=f"svc/{service.name} has no endpoint of this name",
    )


def _no_such_shape(host: str, below: Labels) -> Absent:
    """A name of the zone that can stand for nothing, most often because `svc` is missing."""
    name = host.rstrip(".")
    meant = f"; there is {'.'.join((*below[:2], 'svc', *_ZONE))}" if len(below) == 2 and below[-1] != "pod" else ""
    ref = ObjectRef(api_version="v1", kind="Service", name=name)
    return Absent(what="target", object=ref, detail=f"{name} is no name of cluster DNS{meant}")


async def _other_domain(cluster: Cluster, labels: Labels) -> Meant:
    """`web.shop.svc.` of another domain than the usual: clusters may have one of their own."""
    place = labels.index("svc", 2)
    found = await cluster.get(Service, labels[place - 2], labels[place - 1])
    return found if isinstance(found, Service) else None


async def _near(cluster: Cluster, labels: Labels, home: Home) -> Meant:
    """Names of two or three labels that miss a Service by little; else they are outside names."""
    if len(labels) == 2:
        if isinstance(await cluster.get(Namespace, labels[1]), Namespace):
            return await find(cluster, BY_KIND["Service"], labels[0], labels[1])
        if (namespace := await _misspelt(cluster, labels)) is not None:
            return namespace
        own = await cluster.get(Service, labels[1], home.namespace)
        return await _no_endpoint(cluster, labels[0], own) if isinstance(own, Service) else None
    if len(labels) == 3 and isinstance(own := await cluster.get(Service, labels[1], labels[2]), Service):
        return await _no_endpoint(cluster, labels[0], own)
    return None


async def _misspelt(cluster: Cluster, labels: Labels) -> Absent | None:
    """The namespace, where a near one holds a Service of this name: `web.shpo`."""
    absent = await absent_namespace(cluster, labels[1])
    for name in absent.near:
        if isinstance(await cluster.get(Service, labels[0], name), Service):
            return absent
    return None
