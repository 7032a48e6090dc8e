"""What the Corefile tells the `kubernetes` plugin (CoreDNS plugin/kubernetes/setup.go)."""

from __future__ import annotations

from typing import Literal

import msgspec

PodMode = Literal["disabled", "insecure", "verified"]


class Options(msgspec.Struct, frozen=True):
    """The defaults are those of kubeadm's Corefile, which most clusters have. Zones are names in lower case.

    `servers` are the addresses of the CoreDNS pods: the zone's NS records name the Services in front of them.
    Where none are given, the endpoints of the Service kube-dns are taken.
    """

    zones: tuple[str, ...] = ("cluster.local.", "in-addr.arpa.", "ip6.arpa.")
    pods: PodMode = "insecure"
    endpoint_pod_names: bool = False
    noendpoints: bool = False
    ignore_empty_service: bool = False
    zonal: bool = False
    namespaces: frozenset[str] = frozenset()  # none: all
    labels: str = ""  # selector of Services, EndpointSlices and pods
    namespace_labels: str = ""
    fallthrough: tuple[str, ...] = ("in-addr.arpa.", "ip6.arpa.")
    multicluster: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
