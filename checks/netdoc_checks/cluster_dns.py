"""Where the Service of cluster DNS may be: kubeadm, k3s, EKS, GKE and AKS call it kube-dns, others otherwise."""

from __future__ import annotations

from netdoc.api import Cluster, Gap, kube

PLACES = (
    ("kube-system", "kube-dns"),
    ("kube-system", "coredns"),
    ("kube-system", "rke2-coredns-rke2-coredns"),
    ("openshift-dns", "dns-default"),
)


async def dns_service(cluster: Cluster) -> kube.Service | Gap | None:
    """The first that exists of the places where it may be; a refusal of the usual one is the answer."""
    namespace, name = PLACES[0]
    usual = await cluster.get(kube.Service, name, namespace)
    if usual is not None:
        return usual
    for namespace, name in PLACES[1:]:
        found = await cluster.get(kube.Service, name, namespace)
        if isinstance(found, kube.Service):
            return found
    return None
