"""A dozen listening pods in three namespaces of a real cluster, and every connection between them tried."""

from __future__ import annotations

import contextlib
import json
import random
import uuid
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

from websocket import WebSocketException

from tests.e2e.kube import Kube, Object, TooLate

PREFIX = "netdoc-pol-"
IMAGE = "docker.io/library/python:3-slim"
TCP = (80, 81, 443, 8080)
UDP = (53, 8080)
SENTINEL_PORTS = (9000, 9001)
PODS = 12
TRIES = 5  # of a command whose stream is lost
PATIENCE = 120.0  # seconds until the pods run, or a set of policies is in force

SERVER = """
import asyncio, signal, sys
class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport): self.transport = transport
    def datagram_received(self, data, address): self.transport.sendto(data, address)
async def main():
    loop = asyncio.get_running_loop()
    for text in sys.argv[1:]:
        protocol, _, port = text.partition(":")
        if protocol == "TCP":
            await asyncio.start_server(lambda reader, writer: writer.close(), "0.0.0.0", int(port), backlog=256)
        else:
            await loop.create_datagram_endpoint(Echo, ("0.0.0.0", int(port)))
    await loop.create_future()
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
asyncio.run(main())
"""

# All at once; prints for each destination whether it was reached. A datagram is sent again until the time is up.
CALLER = """
import select, socket, sys, time
seconds, asked = float(sys.argv[1]), [one.split(",") for one in sys.argv[2:]]
poll, waiting, got = select.epoll(), {}, ["0"] * len(asked)
for at, (host, port, protocol) in enumerate(asked):
    one = socket.socket(socket.AF_INET, socket.SOCK_STREAM if protocol == "TCP" else socket.SOCK_DGRAM)
    one.setblocking(False)
    one.connect_ex((host, int(port)))
    waiting[one.fileno()] = (at, one, protocol)
    poll.register(one, select.EPOLLOUT if protocol == "TCP" else select.EPOLLIN)
end, next_send = time.monotonic() + seconds, 0.0
while waiting and (now := time.monotonic()) < end:
    if now >= next_send:
        next_send = now + 0.3
        for at, one, protocol in waiting.values():
            if protocol == "UDP":
                try: one.send(b"x")
                except OSError: pass
    for fd, event in poll.poll(min(next_send, end) - now if min(next_send, end) > now else 0):
        at, one, protocol = waiting[fd]
        error = one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if protocol == "UDP" and error: continue
        got[at] = "0" if error else "1"
        poll.unregister(fd)
        del waiting[fd]
        one.close()
print("".join(got))
"""

Question = tuple[str, str, int, str]  # source and destination pod (namespace/name), port, protocol


class World:
    """The pods, until `close`. Their labels, port names and namespaces' labels are drawn from the seed.

    `sidecars`: some ports are named by native sidecars alone. Calico 3.28 does not see those, so that its packets
    contradict the API there (projectcalico/calico#8885).
    """

    def __init__(self, kube: Kube, seed: int, *, sidecars: bool = False) -> None:
        self.kube = kube
        self.sidecars = sidecars
        self.chance = random.Random(seed)
        token = uuid.uuid4().hex[:5]
        self.namespaces = [f"{PREFIX}{letter}-{token}" for letter in "xyz"]
        self._beside = f"{PREFIX}sentinel-{token}"  # no drawn policy is here
        self._all = [*self.namespaces, self._beside]
        self.pods: list[Object] = []
        self._round = 0
        self._policies: list[Object] = []
        self._pool = ThreadPoolExecutor(PODS + 1)

    def open(self) -> None:
        for at, name in enumerate(self._all):
            labels = {"team": "abcd"[at], **({"env": self.chance.choice("ab")} if at else {})}
            self.kube.create(_namespaced("v1", "Namespace", name, "", {"labels": labels}))
        for name in self._all:
            self.kube.wait("ServiceAccount", name, bool, monotonic() + PATIENCE, "a service account")
        wanted = [self._pod(at) for at in range(PODS)]
        for document in (*wanted, self._plain("sentinel", SENTINEL_PORTS), self._plain("watcher", ())):
            self.kube.create(document)
        deadline = monotonic() + PATIENCE
        for name in self._all:
            self.kube.wait("Pod", name, _all_run, deadline, f"pods of {name} run")
        found = [one for name in self._all for one in self.kube.items("Pod", name)]
        self.pods = [one for one in found if one["metadata"]["name"].startswith("p")]
        self.watcher = next(one for one in found if one["metadata"]["name"] == "watcher")
        self.sentinel = next(one for one in found if one["metadata"]["name"] == "sentinel")
        self._settle(lambda: self.reached(self.everything()), all, "every pod listens, before any policy")

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        for name in self._all:
            self.kube.delete(_namespaced("v1", "Namespace", name, "", {}))

    def _pod(self, at: int) -> Object:
        """One listening pod; the same port name is another number, or protocol, on others."""
        names = [
            {"name": "http", "containerPort": self.chance.choice((80, 8080)), "protocol": "TCP"},
            {"name": "dns", "containerPort": 53, "protocol": self.chance.choice(("UDP", "UDP", "TCP"))},
        ]
        labels = {key: self.chance.choice("ab") for key in ("app", "tier") if self.chance.random() < 0.8}
        pod = self._server(f"p{at}", self.namespaces[at % 3], TCP, UDP, labels)
        if self.sidecars and at % 4 == 3:  # a native sidecar names the ports of the whole pod
            sidecar = {**pod["spec"]["containers"][0], "name": "sidecar", "restartPolicy": "Always", "ports": names}
            pod["spec"]["initContainers"] = [sidecar]
            pod["spec"]["containers"][0] |= {"command": ["python3", "-c", SERVER]}
        else:
            pod["spec"]["containers"][0]["ports"] = self.chance.sample(names, self.chance.choice((1, 2)))
        return pod

    def _server(
        self, name: str, namespace: str, tcp: tuple[int, ...], udp: tuple[int, ...], labels: dict[str, str]
    ) -> Object:
        ports = [*(f"TCP:{one}" for one in tcp), *(f"UDP:{one}" for one in udp)]
        container: Object = {
            "name": "main",
            "image": IMAGE,
            "imagePullPolicy": "IfNotPresent",
            "command": ["python3", "-c", SERVER, *ports],
            "resources": {"requests": {"cpu": "5m", "memory": "8Mi"}},
        }
        spec = {"terminationGracePeriodSeconds": 1, "containers": [container]}
        return _namespaced("v1", "Pod", name, namespace, {"labels": labels}) | {"spec": spec}

    def _plain(self, name: str, ports: tuple[int, ...]) -> Object:
        return self._server(name, self._beside, ports, (), {"part": name, "round": "0"})

    # --- policies -------------------------------------------------------------------------------------------

    def put(self, policies: list[Object]) -> None:
        """Replaces the policies, and returns once the last of them is in force, and so all before it."""
        old, self._policies = self._policies, []
        self._round += 1
        for document in old:
            self.kube.delete(document)
        for document in policies:
            self.kube.create(document)
        open_port, shut = SENTINEL_PORTS if self._round % 2 else SENTINEL_PORTS[::-1]
        mark = self._mark(open_port)
        self.kube.create(mark)
        self._policies = [*policies, mark]
        self.kube.patch(self.sentinel | {"kind": "Pod"}, {"metadata": {"labels": {"round": str(self._round)}}})
        place, asker = self.sentinel["status"]["podIP"], self.watcher
        asked = [(place, open_port, "TCP"), (place, shut, "TCP")]
        self._settle(lambda: self._call(asker, asked, 0.5), lambda got: got == [True, False], "the set is in force")

    def _mark(self, port: int) -> Object:
        """Admits one port to the pod that bears this round's label: seen only after policies and labels have come."""
        spec = {"podSelector": {"matchLabels": {"round": str(self._round)}}, "ingress": [{"ports": [{"port": port}]}]}
        name = f"round-{self._round}"
        return _namespaced("networking.k8s.io/v1", "NetworkPolicy", name, self._beside, {}) | {"spec": spec}

    def _settle(self, look: Any, holds: Any, what: str) -> None:
        deadline = monotonic() + PATIENCE
        while not holds(got := look()):
            if monotonic() > deadline:
                raise TooLate(f"{what}: not after {PATIENCE:.0f} s: {got}")

    # --- packets --------------------------------------------------------------------------------------------

    def everything(self) -> list[Question]:
        """Every pair of pods, a pod with itself too, on every port."""
        ids = [_id(one) for one in self.pods]
        ports = [*((one, "TCP") for one in TCP), *((one, "UDP") for one in UDP)]
        return [(a, b, port, protocol) for a in ids for b in ids for port, protocol in ports]

    def reached(self, asked: list[Question], seconds: float = 1.0) -> list[bool]:
        """Whether each was reached, by a connection or a datagram that comes back; one command for each source."""
        by_id = {_id(one): one for one in self.pods}
        mine: dict[str, list[int]] = {}
        for at, question in enumerate(asked):
            mine.setdefault(question[0], []).append(at)

        def ask(source: str) -> list[bool]:
            wanted = [(by_id[asked[at][1]]["status"]["podIP"], asked[at][2], asked[at][3]) for at in mine[source]]
            return self._call(by_id[source], wanted, seconds)

        found: dict[int, bool] = {}
        for source, got in zip(mine, self._pool.map(ask, mine), strict=True):
            found.update(zip(mine[source], got, strict=True))
        return [found[at] for at in range(len(asked))]

    def _call(self, pod: Object, wanted: list[tuple[str, int, str]], seconds: float) -> list[bool]:
        command = ["python3", "-SIc", CALLER, str(seconds), *(f"{host},{port},{way}" for host, port, way in wanted)]
        code, said = self._exec(pod, command, seconds + 60)
        words = said.strip()
        assert code == 0, said
        assert len(words) == len(wanted), said
        return [one == "1" for one in words]

    def _exec(self, pod: Object, command: list[str], seconds: float) -> tuple[int, str]:
        """A stream that is lost on the way has said nothing about the connections: the command runs again."""
        for _ in range(TRIES - 1):
            with contextlib.suppress(WebSocketException, OSError):
                return self.kube.exec(pod["metadata"]["namespace"], pod["metadata"]["name"], command, seconds)
        return self.kube.exec(pod["metadata"]["namespace"], pod["metadata"]["name"], command, seconds)


def _namespaced(version: str, kind: str, name: str, namespace: str, metadata: Object) -> Object:
    where = {"namespace": namespace} if namespace else {}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **where, **metadata}}


def _id(pod: Object) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"


def _all_run(pods: list[Object]) -> bool:
    """Every container runs, those of native sidecars too."""
    return bool(pods) and all(
        one.get("status", {}).get("podIP")
        and any(c["type"] == "Ready" and c["status"] == "True" for c in one["status"].get("conditions", ()))
        for one in pods
    )


def show(documents: list[Object]) -> str:
    return "\n".join(json.dumps(one, sort_keys=True) for one in documents)
