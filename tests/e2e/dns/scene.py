"""Names on a real cluster: an application, and clients with resolvers of their own.

What a lookup in each comes to, and what netdoc says of it: from the objects, measured in the client, and from a
snapshot of that moment.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from tests.calling import causes, netdoc
from tests.e2e.conftest import CALLER, IMAGE
from tests.e2e.kube import Kube, Object
from tests.e2e.room import Room, application, room

HOME, SERVICE = "kube-system", "kube-dns"
BRISK = [{"name": "timeout", "value": "1"}, {"name": "attempts", "value": "1"}]  # or silence costs half a minute
MEASURED = ("--exec", "--repeat", "1", "--timeout", "120s")
PATIENCE = 60.0  # seconds until a lookup ends as it should

# libc's own lookup, over and over until it ends as it should: an address, `nameless` (the name does not exist) or
# `unanswered`. As often in a row as asked for: each time from another port, so with luck by another server.
LOOK = """
import socket, sys, threading, time
name, wanted, often, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
def look():
    try:
        return socket.getaddrinfo(name, 80, socket.AF_INET, socket.SOCK_STREAM)[0][4][0]
    except socket.gaierror as error:
        return {socket.EAI_NONAME: "nameless", socket.EAI_AGAIN: "unanswered"}.get(error.errno, str(error))
end, met, got = time.monotonic() + seconds, 0, ""
while met < often and time.monotonic() < end:
    got = look()
    met = met + 1 if got == wanted else 0
    if not met:
        threading.Event().wait(0.2)  # between two tries
print(got)
sys.exit(0 if met >= often else 1)
"""


class Said(msgspec.Struct, frozen=True):
    """A report, and how the program ended."""

    report: dict[str, Any]
    exit: int

    @property
    def roots(self) -> list[tuple[str, str, str, str]]:
        return causes(self.report)

    def explained(self, code: str) -> set[str]:
        """The codes of everything that the first finding of this code explains, directly or through others."""
        found = {one["id"]: one for one in self.report["findings"]}
        known = {next(one["id"] for one in found.values() if one["code"] == code)}
        while more := {id_ for id_, one in found.items() if known & set(one.get("explainedBy", ()))} - known:
            known |= more
        return {found[one]["code"] for one in known} - {code}


class Scene:
    """The application `web` and its clients, in a namespace of their own."""

    def __init__(self, place: Room, folder: Path) -> None:
        self.place, self.kube, self.namespace, self.folder = place, place.kube, place.namespace, folder
        self.address = self._service(place.namespace, "web")
        self._saved = 0

    def _service(self, namespace: str, name: str) -> str:
        found = self.kube.get("Service", name, namespace)
        assert found is not None
        address: str = found["spec"]["clusterIP"]
        return address

    def look(self, client: str, name: str, wanted: str, often: int = 1) -> None:
        """Fails unless the client's lookups come to this, in the end."""
        command = ["python3", "-c", LOOK, name, wanted, str(often), str(PATIENCE)]
        code, got = self.kube.exec(self.namespace, client, command, PATIENCE + 30)
        assert code == 0, f"{client}: {name} should come to {wanted}, and comes to {got}"

    def live(self, client: str, target: str, *options: str) -> Said:
        return self._said(client, target, "--kubeconfig", self.kube.kubeconfig, *options)

    def measured(self, client: str, target: str) -> Said:
        return self.live(client, target, *MEASURED)

    def save(self) -> Path:
        """A snapshot of this moment."""
        self._saved += 1
        file = self.folder / f"{self._saved}.tar.gz"
        done = netdoc("snapshot", "save", str(file), "-A", "--kubeconfig", self.kube.kubeconfig)
        assert done.code == 0, done.err
        return file

    def saved(self, client: str, target: str, file: Path) -> Said:
        return self._said(client, target, "--snapshot", str(file))

    def _said(self, client: str, target: str, *options: str) -> Said:
        source = ("--from", f"pod/{client}.{self.namespace}")
        done = netdoc("diagnose", target, *source, *options, "--no-journal", "-o", "json")
        assert done.out, done.err
        return Said(done.json, done.code)


@contextmanager
def scene(kube: Kube, name: str, folder: Path, clients: Sequence[Object]) -> Iterator[Scene]:
    """Once everything is ready. In the clients' strings NAMESPACE is that of the scene."""
    with room(kube, name) as place:
        place.put(*application(), *json.loads(json.dumps(clients).replace("NAMESPACE", place.namespace)))
        for one in ("web", *(one["metadata"]["name"] for one in clients)):
            place.wait_ready(one)
        yield Scene(place, folder)


def client(name: str, **spec: Any) -> Object:
    """A pod that does nothing, with a resolver as the spec has it, but brisk."""
    config = spec.pop("dnsConfig", {})
    box = {"name": "main", "image": IMAGE, "imagePullPolicy": "IfNotPresent", "command": ["python3", "-c", CALLER]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "terminationGracePeriodSeconds": 1,
            "containers": [box],
            **spec,
            "dnsConfig": {**config, "options": [*config.get("options", ()), *BRISK]},
        },
    }


def dns_address(kube: Kube) -> str:
    found = kube.get("Service", SERVICE, HOME)
    assert found is not None, f"there is no Service {SERVICE}"
    address: str = found["spec"]["clusterIP"]
    return address


def nobodys(kube: Kube) -> str:
    """An address in the Services' range that no Service has."""
    taken = {address for one in kube.items("Service") for address in one["spec"].get("clusterIPs", ())}
    near = ipaddress.ip_network(f"{dns_address(kube)}/24", strict=False)
    return next(str(one) for one in reversed(list(near.hosts())) if str(one) not in taken)


def dead(kube: Kube) -> str:
    """An address in the pods' range that no pod has: handed out last."""
    return str(ipaddress.ip_network(kube.items("Node")[0]["spec"]["podCIDR"])[-2])


def expect(said: Said, code: str, kind: str, name: str, *, measured: bool = False) -> None:
    """The cause stands alone and first, of the right object; measured, what was measured is explained by it."""
    report = said.report
    told = f"{said.roots}\n{report['headline']}\n{report.get('notChecked')}"
    assert [(one[0], one[1], one[3]) for one in said.roots] == [(code, kind, name)], told
    assert (report["status"], said.exit) == ("fail", 1), told
    assert report["basis"] == ("measured" if measured else "configuration"), told
    if measured:
        assert {"dns.nxdomain", "dns.timeout", "dns.servfail"} & said.explained(code), told


def silent(said: Said, *, measured: bool = False) -> None:
    report = said.report
    assert (report["findings"], report["status"], said.exit) == ([], "pass", 0), report["headline"]
    assert report["basis"] == ("measured" if measured else "configuration")
