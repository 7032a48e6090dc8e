"""Small clusters written by hand, and one way to ask them that holds both evaluation paths to one answer."""

import msgspec

from netdoc.model.kube import Namespace, NetworkPolicy, Node, Pod, Service
from netdoc.model.kube.policy import AdminNetworkPolicy, BaselineAdminNetworkPolicy, ClusterNetworkPolicy
from netdoc.predict.policy import PolicySet, UnknownEnd, evaluate


def pod(name, labels=None, ip="", *, ports=(), node="", host=False, phase="Running", init=(), ips=()):
    """`namespace/name`; ports as (name, number) or (name, number, protocol)."""
    namespace, _, short = name.rpartition("/")
    addresses = [{"ip": one} for one in (*([ip] if ip else []), *ips)]
    return msgspec.convert(
        {
            "metadata": {"name": short, "namespace": namespace or "default", "labels": labels or {}},
            "spec": {
                "containers": [{"name": "c", "ports": [container_port(*one) for one in ports]}],
                "initContainers": list(init),
                "nodeName": node,
                "hostNetwork": host,
            },
            "status": {"phase": phase, "podIPs": addresses},
        },
        Pod,
    )


def container_port(name, number, protocol=None):
    found = {"name": name, "containerPort": number}
    return found | {"protocol": protocol} if protocol else found


def namespace(name, **labels):
    return msgspec.convert({"metadata": {"name": name, "labels": labels}}, Namespace)


def node(name, ip, **labels):
    addresses = [{"type": "InternalIP", "address": ip}]
    return msgspec.convert({"metadata": {"name": name, "labels": labels}, "status": {"addresses": addresses}}, Node)


def service(name, selector, *ports, ip=""):
    space, _, short = name.rpartition("/")
    spec = {"selector": selector, "ports": list(ports), "clusterIP": ip}
    return msgspec.convert({"metadata": {"name": short, "namespace": space}, "spec": spec}, Service)


def np(name="p", space="x", **spec):
    return msgspec.convert({"metadata": {"name": name, "namespace": space}, "spec": spec}, NetworkPolicy)


def from_(*peers, ports=None):
    return {"from": list(peers)} | ({"ports": ports} if ports is not None else {})


def to(*peers, ports=None):
    return {"to": list(peers)} | ({"ports": ports} if ports is not None else {})


def pods(**labels):
    return {"podSelector": {"matchLabels": labels}}


def spaces(**labels):
    return {"namespaceSelector": {"matchLabels": labels}}


def block(cidr, *excepts):
    return {"ipBlock": {"cidr": cidr} | ({"except": list(excepts)} if excepts else {})}


EVERYBODY = {"namespaces": {}}


def cnp(name, tier="Admin", priority=10, subject=None, **rules):
    spec = {"tier": tier, "priority": priority, "subject": subject or EVERYBODY, **rules}
    return msgspec.convert({"metadata": {"name": name}, "spec": spec}, ClusterNetworkPolicy)


def anp(name, priority=10, subject=None, **rules):
    spec = {"priority": priority, "subject": subject or EVERYBODY, **rules}
    return msgspec.convert({"metadata": {"name": name}, "spec": spec}, AdminNetworkPolicy)


def banp(subject=None, **rules):
    return msgspec.convert(
        {"metadata": {"name": "default"}, "spec": {"subject": subject or EVERYBODY, **rules}},
        BaselineAdminNetworkPolicy,
    )


A = pod("x/a", {"app": "a"}, "10.0.0.1", node="n1")
B = pod("x/b", {"app": "b"}, "10.0.0.2", node="n2")
C = pod("y/c", {"app": "c"}, "10.0.0.3", node="n1")
TRIO = [A, B, C]


def build(*policies, cluster=TRIO, namespaces=(), **more):
    plain = [one for one in policies if isinstance(one, NetworkPolicy)]
    admin = [one for one in policies if not isinstance(one, NetworkPolicy)]
    return PolicySet.build(cluster, namespaces, plain, admin, **more)


def end(policies, text):
    """`namespace/pod`, a node's name, or an address."""
    if "/" in text:
        return policies.pod(*text.split("/"))
    try:
        return policies.node(text)
    except UnknownEnd:
        return policies.address(text)


def verdict(policies, source, destination, port=80, protocol="TCP"):
    first, second = end(policies, source), end(policies, destination)
    found = evaluate(policies, first, second, port, protocol)
    assert policies.allowed(first, second, port, protocol) is found.allowed
    return found


def ask(policies, source, destination, port=80, protocol="TCP"):
    return verdict(policies, source, destination, port, protocol).allowed
