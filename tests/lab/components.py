"""The programs of the node: the command line and configuration of each, and why it is so."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.build import Built
from tests.lab.parts import (
    API_PORT,
    CALICO_COMMANDS,
    CNI_PLUGINS,
    DNS_SERVICE,
    HERE,
    KUBERNETES_COMMANDS,
    MTU,
    NODE,
    NODE_POD_RANGE,
    OUTER_DNS,
    PAUSE_IMAGE,
    POD_RANGE,
    SERVICE_RANGE,
    Places,
)
from tests.lab.processes import GROUP

# Loopback addresses of the lab's own, so that nothing else's port is in the way.
LOOPBACK = "127.0.0.42"
ETCD = f"http://{LOOPBACK}:2379"
REGISTRY_PORT = 5000
FELIX_PORT = 9099
FELIX_HEALTH = f"http://{LOOPBACK}:{FELIX_PORT}/readiness"
PROXY_PORT = 10256
PROXY_HEALTH = f"http://{LOOPBACK}:{PROXY_PORT}/healthz"


@dataclass(frozen=True)
class Component:
    """A program to start, by its name in logs and pid files."""

    name: str
    command: tuple[str | Path, ...]
    env: Mapping[str, str] = field(default_factory=dict)


def write_configuration(places: Places, address: str, names: Mapping[str, str]) -> None:
    """Every file that a component reads. `names`, below lab.example, and
    their addresses are what the resolver outside knows."""
    config = places.config
    for folder in (config / "cni", config / "registry/_default", places.state / "volume-plugins"):
        folder.mkdir(parents=True, exist_ok=True)
    (config / "containerd.toml").write_text(_containerd(places))
    registry = f"http://{LOOPBACK}:{REGISTRY_PORT}"
    (config / "registry/_default/hosts.toml").write_text(
        f'server = "{registry}"\n[host."{registry}"]\n  capabilities = ["pull", "resolve"]\n'
    )
    (config / "cni/10-calico.conflist").write_text(json.dumps(_cni(places), indent=1))
    (config / "resolv.conf").write_text(f"nameserver {OUTER_DNS}\n")
    (config / "kubelet.yaml").write_text(json.dumps(_kubelet(places, address), indent=1))
    (config / "proxy.yaml").write_text(json.dumps(_proxy(places), indent=1))
    zone = config / "lab.example.zone"
    records = "".join(f"{name} 60 IN A {where}\n" for name, where in names.items())
    zone.write_text(_ZONE % {"address": OUTER_DNS} + records)
    (config / "Corefile").write_text(_COREFILE % {"address": OUTER_DNS, "zone": zone})
    calico = Path("/var/lib/calico")
    calico.mkdir(parents=True, exist_ok=True)
    (calico / "nodename").write_text(NODE)  # without it every pod stays in ContainerCreating


_COREFILE = """lab.example {
    bind %(address)s
    file %(zone)s
    errors
}
. {
    bind %(address)s
    template ANY ANY {
        rcode NXDOMAIN
        authority ". 60 IN SOA a.root-servers.net. nstld.verisign-grs.com. 1 60 60 60 60"
    }
    errors
}
"""
_ZONE = """$ORIGIN lab.example.
@ 60 IN SOA ns admin 1 60 60 60 60
@ 60 IN NS ns
ns 60 IN A %(address)s
"""


def _containerd(places: Places) -> str:
    """containerd 1.6. `restrict_oom_score_adj`: containers may not ask for more than this machine's rights give."""
    return f"""version = 2
root = "{places.state}/containerd"
state = "{places.state}/containerd-state"
oom_score = 0
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.internal.v1.opt",
  "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "{places.containerd_socket}"
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  sandbox_image = "{PAUSE_IMAGE}"
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{places.bin}"
    conf_dir = "{places.config}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      Root = "{places.state}/runc"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{places.config}/registry"
"""


def _cni(places: Places) -> dict[str, object]:
    calico = {
        "type": "calico",
        "datastore_type": "kubernetes",
        "nodename": NODE,
        "mtu": MTU,
        "log_level": "WARNING",
        "log_file_path": f"{places.logs}/cni.log",
        "policy": {"type": "k8s"},
        "ipam": {"type": "host-local", "subnet": NODE_POD_RANGE, "dataDir": f"{places.state}/cni-addresses"},
        "kubernetes": {"kubeconfig": f"{places.config}/calico.kubeconfig"},
    }
    portmap = {"type": "portmap", "snat": True, "capabilities": {"portMappings": True}}
    return {"cniVersion": "0.3.1", "name": "k8s-pod-network", "plugins": [calico, portmap]}


# KubeletConfiguration v1beta1, what does not depend on places.
_KUBELET = {
    "apiVersion": "kubelet.config.k8s.io/v1beta1",
    "kind": "KubeletConfiguration",
    "authorization": {"mode": "Webhook"},
    "cgroupDriver": "cgroupfs",
    "cgroupRoot": f"/{GROUP}",
    "failCgroupV1": False,  # it refuses v1 by default
    "failSwapOn": False,
    "oomScoreAdj": 0,
    "clusterDNS": [DNS_SERVICE],
    "clusterDomain": "cluster.local",
    "healthzBindAddress": LOOPBACK,
    "maxPods": 230,  # of the 253 addresses of the node's range
    "registryPullQPS": 0,
    "eventRecordQPS": 0,
    "serializeImagePulls": False,
    # The disk is shared with others: only a full one evicts pods or images.
    "evictionHard": {
        "memory.available": "50Mi",
        "nodefs.available": "200Mi",
        "imagefs.available": "200Mi",
        "nodefs.inodesFree": "1%",
    },
    "imageGCHighThresholdPercent": 99,
    "imageGCLowThresholdPercent": 98,
    "nodeStatusUpdateFrequency": "5s",
    "nodeLeaseDurationSeconds": 20,  # renewed every 5 s, for the controllers' 25 s of grace
    "syncFrequency": "10s",  # how soon a changed ConfigMap reaches its volume
    "configMapAndSecretChangeDetectionStrategy": "Watch",
    "featureGates": {"ReduceDefaultCrashLoopBackOffDecay": True},  # first wait 1 s, not 10: faults show sooner
}


def _kubelet(places: Places, address: str) -> dict[str, object]:
    authentication = {
        "x509": {"clientCAFile": f"{places.certs}/ca.crt"},
        "webhook": {"enabled": True},
        "anonymous": {"enabled": False},
    }
    return {
        **_KUBELET,
        "address": address,
        "authentication": authentication,
        "tlsCertFile": f"{places.certs}/kubelet-server.crt",
        "tlsPrivateKeyFile": f"{places.certs}/kubelet-server.key",
        "containerRuntimeEndpoint": f"unix://{places.containerd_socket}",
        "resolvConf": f"{places.config}/resolv.conf",
        "podLogsDir": f"{places.logs}/pods",
        "volumePluginDir": f"{places.state}/volume-plugins",
    }


def _proxy(places: Places) -> dict[str, object]:
    """KubeProxyConfiguration v1alpha1; conntrack limits 0: the machine's own stay."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clientConnection": {"kubeconfig": f"{places.config}/proxy.kubeconfig"},
        "clusterCIDR": POD_RANGE,
        "hostnameOverride": NODE,
        "oomScoreAdj": 0,
        "bindAddress": "0.0.0.0",
        "healthzBindAddress": f"{LOOPBACK}:{PROXY_PORT}",
        "metricsBindAddress": f"{LOOPBACK}:10249",
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        "nftables": {"minSyncPeriod": "100ms"},
    }


def etcd(places: Places) -> Component:
    """Without fsync: what a crash loses is a cluster of a minute ago."""
    peer = f"http://{LOOPBACK}:2380"
    return Component(
        "etcd",
        (
            places.bin / "etcd",
            "--name=lab",
            f"--data-dir={places.state}/etcd",
            "--unsafe-no-fsync",
            f"--listen-client-urls={ETCD}",
            f"--advertise-client-urls={ETCD}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=lab={peer}",
            "--log-level=warn",
        ),
    )


def api_server(places: Places, address: str) -> Component:
    """`requestheader-allowed-names` is needed because both kinds of client certificate come from one CA."""
    certs = places.certs
    return Component(
        "kube-apiserver",
        (
            places.bin / "kube-apiserver",
            f"--etcd-servers={ETCD}",
            f"--advertise-address={address}",
            f"--secure-port={API_PORT}",
            f"--service-cluster-ip-range={SERVICE_RANGE}",
            "--allow-privileged=true",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--event-ttl=1h",
            "--enable-aggregator-routing=true",
            "--profiling=false",
            f"--cert-dir={certs}",
            f"--client-ca-file={certs}/ca.crt",
            f"--tls-cert-file={certs}/apiserver.crt",
            f"--tls-private-key-file={certs}/apiserver.key",
            f"--kubelet-certificate-authority={certs}/ca.crt",
            f"--kubelet-client-certificate={certs}/apiserver-kubelet.crt",
            f"--kubelet-client-key={certs}/apiserver-kubelet.key",
            "--kubelet-preferred-address-types=InternalIP",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={certs}/accounts.pub",
            f"--service-account-signing-key-file={certs}/accounts.key",
            f"--requestheader-client-ca-file={certs}/ca.crt",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            f"--proxy-client-cert-file={certs}/front-proxy.crt",
            f"--proxy-client-key-file={certs}/front-proxy.key",
        ),
    )


def controller_manager(places: Places) -> Component:
    certs, kubeconfig = places.certs, places.config / "controller-manager.kubeconfig"
    return Component(
        "kube-controller-manager",
        (
            places.bin / "kube-controller-manager",
            f"--kubeconfig={kubeconfig}",
            f"--authentication-kubeconfig={kubeconfig}",
            f"--authorization-kubeconfig={kubeconfig}",
            f"--bind-address={LOOPBACK}",
            "--leader-elect=false",
            "--allocate-node-cidrs=true",
            f"--cluster-cidr={POD_RANGE}",
            f"--service-cluster-ip-range={SERVICE_RANGE}",
            f"--cert-dir={certs}",
            f"--root-ca-file={certs}/ca.crt",
            f"--service-account-private-key-file={certs}/accounts.key",
            f"--cluster-signing-cert-file={certs}/ca.crt",
            f"--cluster-signing-key-file={certs}/ca.key",
            "--use-service-account-credentials=true",
            "--node-monitor-grace-period=25s",
            "--kube-api-qps=200",
            "--kube-api-burst=400",
            "--profiling=false",
        ),
    )


def scheduler(places: Places) -> Component:
    kubeconfig = places.config / "scheduler.kubeconfig"
    return Component(
        "kube-scheduler",
        (
            places.bin / "kube-scheduler",
            f"--kubeconfig={kubeconfig}",
            f"--authentication-kubeconfig={kubeconfig}",
            f"--authorization-kubeconfig={kubeconfig}",
            f"--bind-address={LOOPBACK}",
            "--leader-elect=false",
            f"--cert-dir={places.certs}",
            "--kube-api-qps=200",
            "--kube-api-burst=400",
            "--profiling=false",
        ),
    )


def containerd(places: Places) -> Component:
    return Component("containerd", ("containerd", "--config", places.config / "containerd.toml"))


def registry(places: Places) -> Component:
    return Component("registry", (sys.executable, HERE / "registry.py", LOOPBACK, str(REGISTRY_PORT)))


def resolver(places: Places) -> Component:
    """The resolver outside of the cluster, to which CoreDNS forwards."""
    return Component("resolver", (places.bin / "coredns", "-conf", places.config / "Corefile"))


def kubelet(places: Places, address: str) -> Component:
    return Component(
        "kubelet",
        (
            places.bin / "kubelet",
            f"--config={places.config}/kubelet.yaml",
            f"--root-dir={places.state}/kubelet",
            f"--kubeconfig={places.config}/kubelet.kubeconfig",
            f"--cert-dir={places.state}/kubelet-certs",
            f"--hostname-override={NODE}",
            f"--node-ip={address}",
            f"--node-labels=topology.kubernetes.io/zone={NODE}-a",
            "--v=1",
        ),
    )


def proxy(places: Places) -> Component:
    return Component("kube-proxy", (places.bin / "kube-proxy", f"--config={places.config}/proxy.yaml"))


def felix(places: Places, device: str) -> Component:
    """Felix ends itself with 129 when the machine's MTU changes, and wants to be started again."""
    again = 'while "$0"; code=$?; [ "$code" = 129 ]; do echo "felix: started again"; done; exit "$code"'
    env = {
        "KUBECONFIG": f"{places.config}/calico.kubeconfig",
        "FELIX_DATASTORETYPE": "kubernetes",
        "FELIX_FELIXHOSTNAME": NODE,
        "FELIX_IPTABLESBACKEND": "NFT",
        "FELIX_IPV6SUPPORT": "false",
        "FELIX_DEFAULTENDPOINTTOHOSTACTION": "ACCEPT",
        "FELIX_USAGEREPORTINGENABLED": "false",
        "FELIX_IPINIPENABLED": "false",
        "FELIX_MTUIFACEPATTERN": f"^{device}$",
        "FELIX_LOGFILEPATH": "none",
        "FELIX_LOGSEVERITYSYS": "none",
        "FELIX_LOGSEVERITYSCREEN": "Warning",
        "FELIX_HEALTHENABLED": "true",
        "FELIX_HEALTHHOST": LOOPBACK,
        "FELIX_HEALTHPORT": str(FELIX_PORT),
    }
    return Component("felix", ("/bin/sh", "-c", again, places.bin / "calico-felix"), env)


def all_of(places: Places, device: str, address: str) -> dict[str, Component]:
    """Every program by its name; `device` and `address` are those of the node."""
    made = (
        etcd(places),
        api_server(places, address),
        controller_manager(places),
        scheduler(places),
        containerd(places),
        registry(places),
        resolver(places),
        kubelet(places, address),
        proxy(places),
        felix(places, device),
    )
    return {part.name: part for part in made}


def link_programs(places: Places, built: Built) -> None:
    """The programs in `places.bin`, beside CNI's own plugins; the multi-call binaries under each of their names.

    Hard links where the file system allows: a later build may take the cache's file away from a running lab.
    """
    places.bin.mkdir(parents=True, exist_ok=True)
    for plugin in CNI_PLUGINS.iterdir():
        (places.bin / plugin.name).symlink_to(plugin)
    ours = {"coredns": built.coredns}
    ours |= dict.fromkeys(KUBERNETES_COMMANDS, built.kubernetes) | dict.fromkeys(CALICO_COMMANDS, built.calico)
    for name, program in ours.items():
        try:
            os.link(program, places.bin / name)
        except OSError:
            shutil.copy(program, places.bin / name)
