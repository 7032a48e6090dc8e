"""Certificates and kubeconfigs of the cluster: one CA, made anew at each start, by openssl."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tests.lab.parts import API_PORT, API_SERVICE, NODE, Places
from tests.lab.tools import call

_DAYS = "30"


@dataclass(frozen=True)
class _Client:
    """A component that speaks to the API server; RBAC's built-in roles go by these names (Kubernetes docs, PKI)."""

    file: str
    name: str
    group: str | None = None


_CLIENTS = (
    _Client("admin", "kubernetes-admin", "system:masters"),
    _Client("controller-manager", "system:kube-controller-manager"),
    _Client("scheduler", "system:kube-scheduler"),
    _Client("kubelet", f"system:node:{NODE}", "system:nodes"),
    _Client("proxy", "system:kube-proxy"),
    _Client("calico", "calico-node", "system:masters"),
    _Client("apiserver-kubelet", "kube-apiserver-kubelet-client", "system:masters"),
    _Client("front-proxy", "front-proxy-client"),
)
_WITH_KUBECONFIG = ("controller-manager", "scheduler", "kubelet", "proxy", "calico")


def make(places: Places, address: str) -> None:
    """Writes every key and certificate to `places.certs`, and the kubeconfigs. `address` is the node's."""
    places.certs.mkdir(parents=True, exist_ok=True, mode=0o700)
    _authority(places.certs)
    names = [
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
        "localhost",
        NODE,
    ]
    _server(places.certs, "apiserver", "kube-apiserver", names, [API_SERVICE, "127.0.0.1", address])
    _server(places.certs, "kubelet-server", f"system:node:{NODE}", [NODE, "localhost"], ["127.0.0.1", address])
    _server(places.certs, "shop", "jellyfin.lab.example", ["jellyfin.lab.example", "grafana.lab.example"], [])
    for client in _CLIENTS:
        group = f"/O={client.group}" if client.group else ""
        _signed(places.certs, client.file, f"{group}/CN={client.name}", "extendedKeyUsage=clientAuth")
    call(["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", places.certs / "accounts.key"])
    call(["openssl", "ec", "-in", places.certs / "accounts.key", "-pubout", "-out", places.certs / "accounts.pub"])
    server = f"https://{address}:{API_PORT}"
    for name in _WITH_KUBECONFIG:
        _kubeconfig(places, name, places.config / f"{name}.kubeconfig", server)
    _kubeconfig(places, "admin", places.kubeconfig, server)


def _authority(folder: Path) -> None:
    call(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            _DAYS,
            "-subj",
            "/CN=netdoc-lab-ca",
            "-keyout",
            folder / "ca.key",
            "-out",
            folder / "ca.crt",
            "-addext",
            "keyUsage=critical,keyCertSign,cRLSign,digitalSignature",
        ]
    )


def _server(folder: Path, file: str, name: str, names: list[str], addresses: list[str]) -> None:
    san = ",".join([f"DNS:{entry}" for entry in names] + [f"IP:{entry}" for entry in addresses])
    _signed(folder, file, f"/CN={name}", f"extendedKeyUsage=serverAuth\nsubjectAltName={san}")


def _signed(folder: Path, file: str, subject: str, extensions: str) -> None:
    """A key and a certificate signed by the lab's CA."""
    wanted = folder / f"{file}.ext"
    wanted.write_text(f"basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\n{extensions}\n")
    request = call(
        [
            "openssl",
            "req",
            "-new",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            subject,
            "-keyout",
            folder / f"{file}.key",
        ]
    )
    call(
        [
            "openssl",
            "x509",
            "-req",
            "-days",
            _DAYS,
            "-CA",
            folder / "ca.crt",
            "-CAkey",
            folder / "ca.key",
            "-extfile",
            wanted,
            "-out",
            folder / f"{file}.crt",
        ],
        given=request,
    )
    wanted.unlink()


def _kubeconfig(places: Places, client: str, path: Path, server: str) -> None:
    """JSON, which is YAML; certificates by content, so that the file can be copied elsewhere."""
    path.parent.mkdir(parents=True, exist_ok=True)
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "netdoc-lab",
        "clusters": [
            {
                "name": "netdoc-lab",
                "cluster": {"server": server, "certificate-authority-data": _base64(places.certs / "ca.crt")},
            }
        ],
        "users": [
            {
                "name": client,
                "user": {
                    "client-certificate-data": _base64(places.certs / f"{client}.crt"),
                    "client-key-data": _base64(places.certs / f"{client}.key"),
                },
            }
        ],
        "contexts": [{"name": "netdoc-lab", "context": {"cluster": "netdoc-lab", "user": client}}],
    }
    path.write_text(json.dumps(config, indent=1) + "\n")
    path.chmod(0o600)


def _base64(path: Path) -> str:
    return call(["openssl", "base64", "-A", "-in", path]).strip()
