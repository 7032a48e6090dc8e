"""What the lab is made of: versions, places, ranges, and the Debian packages that bring the tools."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

KUBERNETES = "v1.36.3"
COREDNS = "v1.15.0"
CALICO = "v3.28.5"
TRAEFIK = "3.7.15"
# The module proxy lacks Traefik's newest patch releases; the CRDs are the same throughout 3.7.
TRAEFIK_MODULE = "github.com/traefik/traefik/v3@v3.7.13"
# Calico 3.28.5 under the only name by which the module proxy serves it.
CALICO_MODULE = "github.com/projectcalico/calico@v1.11.0-cni-plugin.0.20250813170300-a0db560f0520"

NODE = "lab"
POD_RANGE = "10.42.0.0/16"
NODE_POD_RANGE = "10.42.0.0/24"
SERVICE_RANGE = "10.43.0.0/16"
API_SERVICE = "10.43.0.1"
DNS_SERVICE = "10.43.0.10"
OUTER_DNS = "10.42.255.53"  # the resolver "outside", an address on lo: what CoreDNS forwards to
MTU = 1450
API_PORT = 6443

PYTHON_IMAGE = "docker.io/library/python:3-slim"
PAUSE_IMAGE = "registry.k8s.io/pause:3.10"
COREDNS_IMAGE = f"registry.k8s.io/coredns/coredns:{COREDNS}"
TRAEFIK_IMAGE = f"docker.io/library/traefik:v{TRAEFIK}"

HERE = Path(__file__).resolve().parent
MANIFESTS = HERE / "manifests"
CNI_PLUGINS = Path("/usr/lib/cni")
KUBERNETES_COMMANDS = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "kubectl",
)
CALICO_COMMANDS = ("calico", "calico-ipam", "calico-felix")

# command or file -> the Debian package that brings it
RUN_TOOLS = {
    "containerd": "containerd",
    "ctr": "containerd",
    "containerd-shim-runc-v2": "containerd",
    "runc": "runc",
    str(CNI_PLUGINS / "portmap"): "containernetworking-plugins",
    str(CNI_PLUGINS / "host-local"): "containernetworking-plugins",
    "iptables-nft": "iptables",
    "ip6tables-nft": "iptables",
    "nft": "nftables",
    "conntrack": "conntrack",
    "ipset": "ipset",
    "ip": "iproute2",
    "sysctl": "procps",
    "mount": "mount",
    "openssl": "openssl",
}
BUILD_TOOLS = {
    "go": "golang-go (1.26 or newer; Debian 12's own is too old)",
    "debootstrap": "debootstrap",
    "cc": "gcc",
    "/usr/include/stdio.h": "libc6-dev",
}


class LabError(Exception):
    """The lab cannot do what was asked; the message says what to do about it."""


@dataclass(frozen=True)
class Places:
    """Where the lab keeps its things: `state` lives from up to down, `cache` outlives both."""

    state: Path
    cache: Path

    @property
    def bin(self) -> Path:
        return self.state / "bin"

    @property
    def run(self) -> Path:
        """Pid files, and what the machine looked like before."""
        return self.state / "run"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def certs(self) -> Path:
        return self.state / "certs"

    @property
    def config(self) -> Path:
        return self.state / "config"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's."""
        return self.state / "kubeconfig"

    @property
    def containerd_socket(self) -> Path:
        return self.state / "containerd.sock"

    @property
    def kubectl(self) -> Path:
        return self.bin / "kubectl"


def places() -> Places:
    """The two directories, from the environment or the defaults.

    Raises LabError for a state directory that it would be a disaster to remove.
    """
    state = Path(os.environ.get("NETDOC_LAB_STATE") or "/var/lib/netdoc-lab").resolve()
    cache = Path(os.environ.get("NETDOC_LAB_CACHE") or Path.home() / ".cache/netdoc-lab").resolve()
    if len(state.parts) < 3 or state == Path.home() or cache.is_relative_to(state):
        raise LabError(f"NETDOC_LAB_STATE={state}: must be a directory of the lab's own, it is removed by down")
    return Places(state, cache)
