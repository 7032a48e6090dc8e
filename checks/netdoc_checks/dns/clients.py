"""Judges the callers' resolvers by their pods' dnsPolicy and dnsConfig, as the kubelet makes resolv.conf of them. Pure.

Sources: Kubernetes, "DNS for Services and Pods"; pkg/kubelet/network/dns. The API's default policy is ClusterFirst.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

from netdoc.api import Evidence, Finding, Fix, Gap, ObjectRef, dns, kube
from netdoc_checks.caches import NODE_LOCAL
from netdoc_checks.dns.seen import DOMAIN, Client, Seen
from netdoc_checks.proof import edit, field_of

PUBLIC = frozenset(("app", "cloud", "com", "dev", "edu", "gov", "info", "io", "net", "org"))
"""Top-level domains that are also likely names of namespaces; the list need not be whole."""


def judge_clients(seen: Seen) -> Iterable[Finding]:
    """One finding for each workload whose resolver does not lead to the cluster's names."""
    told: set[tuple[ObjectRef, str]] = set()
    for client in seen.clients:
        for finding in (_policy(client, seen), _hijack(client, seen)):
            if finding is not None and (finding.object, finding.code) not in told:
                told.add((finding.object, finding.code))
                yield finding


def _policy(client: Client, seen: Seen) -> Finding | None:
    """Only where the name is the cluster's own: outside names resolve by any resolver."""
    if not _asks_for_a_cluster_name(seen):
        return None
    match dns.policy_of(client.pod):
        case "Default":
            return _on_the_node(client, seen)
        case "None":
            return _by_hand(client, seen)
    return None


def _asks_for_a_cluster_name(seen: Seen) -> bool:
    path = seen.subject.path
    return path.object is not None and path.object.kind in ("Service", "Pod", "StatefulSet", "Namespace")


def _on_the_node(client: Client, seen: Seen) -> Finding:
    """The node's resolver knows no name of the cluster."""
    spec, owner = client.pod.spec, client.owner
    on_host = spec.dns_policy != "Default"
    field = "spec.dnsPolicy"
    observed = f"{spec.dns_policy}, with hostNetwork: true" if on_host else spec.dns_policy
    expected = "ClusterFirstWithHostNet" if spec.host_network else "ClusterFirst"
    title = f"{owner.kind.lower()}/{owner.name} asks its node's resolver, which knows no name of the cluster"
    why = "ClusterFirst means the node's resolver for a pod on the host's network" if on_host else ""
    return _finding(
        client, seen, title, why, field_of(client.pod.ref, seen.subject, field, observed, expected), expected
    )


def _by_hand(client: Client, seen: Seen) -> Finding | None:
    """dnsPolicy None: all that resolv.conf says stands in dnsConfig."""
    conf = dns.resolv_conf_of(client.pod, (), DOMAIN)
    who = f"{client.owner.kind.lower()}/{client.owner.name}"
    good = {*seen.server.addresses, *NODE_LOCAL}
    if not good.intersection(conf.nameservers) and isinstance(seen.server.service, kube.Service):
        return _foreign(client, conf.nameservers, who, seen)
    if not any(one.rstrip(".").endswith(DOMAIN) for one in conf.searches) and not _absolute(seen):
        title = f"{who} has no search domains of the cluster: short names like web.shop do not resolve"
        shown = " ".join(conf.searches) or "none"
        expected = f"{client.pod.namespace}.svc.{DOMAIN} svc.{DOMAIN} {DOMAIN}"
        proof = field_of(client.pod.ref, seen.subject, "spec.dnsConfig.searches", shown, expected)
        return _finding(client, seen, title, "dnsPolicy is None", proof, "ClusterFirst", _severity(seen))
    return None


def _foreign(client: Client, nameservers: tuple[str, ...], who: str, seen: Seen) -> Finding:
    """None of the nameservers is cluster DNS: nobody's, somebody else's, or one outside that may forward."""
    named = ", ".join(nameservers) or "none"
    nobody = [one for one in nameservers if _nobody(one, seen)]
    if not nameservers:
        title = f"{who} has no nameserver at all"
    elif nobody:
        title = f"{who} asks {nobody[0]}, an address of the cluster's that nobody has"
    else:
        title = f"{who} asks {named}, which is not cluster DNS"
    expected = " ".join(seen.server.addresses[:1])
    proof = field_of(client.pod.ref, seen.subject, "spec.dnsConfig.nameservers", named, expected)
    proven = not nameservers or len(nobody) == len(nameservers)
    return _finding(client, seen, title, "dnsPolicy is None", proof, "ClusterFirst", proven=proven)


def _nobody(address: str, seen: Seen) -> bool:
    """In the Services' range, as far as it shows, and no Service has it. A refused read proves nothing."""
    if seen.holders.get(address, Gap(what="", reason="incomplete")) is not None:
        return False
    service = seen.server.service
    known = service.cluster_addresses if isinstance(service, kube.Service) else ()
    return any(_near(address, one) for one in known)


def _near(address: str, other: str) -> bool:
    """The same /16 (IPv4), /108 (IPv6): the usual size of a Service range."""
    try:
        one, two = ip_address(address), ip_address(other)
    except ValueError:
        return False
    if one.version != two.version:
        return False
    shift = 16 if one.version == 4 else 20
    return int(one) >> shift == int(two) >> shift


def _absolute(seen: Seen) -> bool:
    """Whether the name typed needs no search list."""
    host = seen.subject.path.target.host
    return host.endswith(".") or ".svc." in host


def _severity(seen: Seen) -> str:
    """A short name was asked for, and does not resolve; else it may be that long names are used."""
    return "error" if seen.subject.path.target.host else "warning"


def _finding(
    client: Client,
    seen: Seen,
    title: str,
    detail: str,
    proof: Evidence,
    wanted: str,
    severity: str = "error",
    proven: bool = True,
) -> Finding:
    return Finding(
        code="dns.pod-policy",
        title=title,
        detail=detail,
        object=client.owner,
        hops=(client.hop,),
        severity="warning" if severity == "warning" else "error",
        proven=proven,
        evidence=(proof,),
        fix=Fix(summary=f"set dnsPolicy: {wanted} in the pod template", commands=(edit(client.owner, seen.subject),)),
    )


def _hijack(client: Client, seen: Seen) -> Finding | None:
    """A namespace called like a public domain takes that domain's names: the search list comes first.

    Source: Kubernetes, "Namespaces", Namespaces and DNS.
    """
    path = seen.subject.path
    host, object_ = path.target.host.lower(), path.object
    if (
        object_ is None
        or object_.kind != "Service"
        or host.endswith(".")
        or dns.policy_of(client.pod) != "ClusterFirst"
    ):
        return None
    labels = host.split(".")
    if len(labels) < 2 or labels[-1] not in PUBLIC or object_.namespace != labels[-1]:
        return None
    ref = ObjectRef(api_version="v1", kind="Namespace", name=object_.namespace)
    return Finding(
        code="dns.search-hijack",
        title=f"{host} leads to the Service {object_.name} of namespace {object_.namespace}, before any outside name",
        detail="the search list of pods is tried first: svc.cluster.local makes a cluster name of it",
        object=object_,
        hops=(client.hop,),
        severity="warning",
        evidence=(field_of(ref, seen.subject, "metadata.name", object_.namespace, "no public top-level domain"),),
        fix=Fix(summary=f"ask for {host}. with a dot at the end, or rename the namespace"),
    )
