"""What was measured, from whom to where. Plain data."""

from __future__ import annotations

import statistics
from typing import Any

import msgspec

from netdoc.api import Gap, Hop, Listing, ObjectRef, Subject, kube
from netdoc_checks.families import is_address

Conf = dict[str, list[str]]
"""A resolv.conf: nameservers, search, options."""


class Lookup(msgspec.Struct, frozen=True):
    """A name as the container's own libc resolved it."""

    name: str
    result: dict[str, Any] | Gap

    @property
    def tries(self) -> tuple[dict[str, Any], ...]:
        return tuple(self.result["tries"]) if isinstance(self.result, dict) else ()

    @property
    def failed(self) -> tuple[dict[str, Any], ...]:
        return tuple(one for one in self.tries if not one["ok"])

    @property
    def conf(self) -> Conf:
        """The container's resolv.conf, which comes with the lookup."""
        found: Conf = self.result.get("conf", {}) if isinstance(self.result, dict) else {}
        return found

    @property
    def addresses(self) -> frozenset[str]:
        found = (str(address) for one in self.tries for address in one.get("addresses", ()))
        return frozenset(one for one in found if is_address(one))


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One DNS question to one server, each repetition from a socket of its own. `gap`: it could not be asked."""

    name: str
    server: str
    type: str = "A"
    transport: str = "udp"
    edns: int = 0
    rounds: tuple[dict[str, Any], ...] = ()
    gap: Gap | None = None

    @property
    def answers(self) -> tuple[dict[str, Any], ...]:
        return tuple(one for one in self.rounds if one["ok"])

    @property
    def lost(self) -> tuple[dict[str, Any], ...]:
        return tuple(one for one in self.rounds if not one["ok"])

    @property
    def silent(self) -> bool:
        """Asked twice at least, and no answer came: one lost packet proves nothing."""
        return len(self.rounds) > 1 and not self.answers

    @property
    def rcode(self) -> str:
        """What all answers say; "" where there is none, or they disagree."""
        codes = {str(one["rcode"]) for one in self.answers}
        return codes.pop() if len(codes) == 1 else ""

    @property
    def addresses(self) -> frozenset[str]:
        records = (record for one in self.answers for record in one.get("answer", ()))
        return frozenset(str(record["data"]) for record in records if record["type"] in ("A", "AAAA"))

    @property
    def truncated(self) -> bool:
        return bool(self.answers) and all(one.get("truncated") for one in self.answers)

    @property
    def size(self) -> int:
        """Octets of the longest answer."""
        return max((int(one.get("size", 0)) for one in self.answers), default=0)

    @property
    def times(self) -> tuple[float, ...]:
        """Milliseconds of each answer that was timed: not every tool tells."""
        return tuple(float(one["ms"]) for one in self.answers if "ms" in one)

    @property
    def median(self) -> float:
        """Milliseconds to an answer; 0 where none came, or none that was timed."""
        return statistics.median(self.times) if self.times else 0.0

    def joined(self, other: Asked | None) -> Asked:
        """The same question asked again."""
        return self if other is None else msgspec.structs.replace(self, rounds=self.rounds + other.rounds)


class Resolver(msgspec.Struct, frozen=True, kw_only=True):
    """One nameserver of a pod's resolv.conf. `cluster`: its address is the DNS Service's.

    `name` is the full name over UDP; `tcp` and `edns` the same over TCP and with a large EDNS size. Of a name outside
    the cluster `control` is one inside, and `upstream` what is asked where the name fails: the zone of its upstreams.
    `six` is the name's AAAA, where libc found nothing although its A is answered.
    """

    address: str
    name: Asked
    cluster: bool = False
    control: Asked | None = None
    tcp: Asked | None = None
    edns: Asked | None = None
    upstream: Asked | None = None
    six: Asked | None = None

    @property
    def answers(self) -> bool:
        """Whether the server answers anything."""
        return any(one.answers for one in (self.name, self.control, self.tcp) if one is not None)


class Pair(msgspec.Struct, frozen=True):
    """A and AAAA of several names, from one socket together and each from its own: how many answers got lost."""

    names: int
    lost: int
    names_apart: int
    lost_apart: int

    @property
    def race(self) -> bool:
        """Two packets of one socket at once lose one of them, and packets that leave apart do not."""
        return self.lost > 1 and self.names_apart > 1 and not self.lost_apart


class Server(msgspec.Struct, frozen=True):
    """One DNS pod asked at its own address, from the source. `allowed` is what the policies say of that."""

    pod: kube.Pod
    asked: Asked
    allowed: bool | None = None


class Row(msgspec.Struct, frozen=True):
    """The tries of one place. `allowed` is what the policies say of this caller and it, None where unknown."""

    hop: Hop
    address: str
    port: int
    tries: tuple[dict[str, Any], ...]
    allowed: bool | None = None
    owner: ObjectRef | None = None

    @property
    def failed(self) -> tuple[dict[str, Any], ...]:
        return tuple(one for one in self.tries if not one["ok"])

    @property
    def dead(self) -> bool:
        return bool(self.tries) and len(self.failed) == len(self.tries)

    @property
    def flaky(self) -> bool:
        return 0 < len(self.failed) < len(self.tries)


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """One pod that stands for the source, and what it measured. `gap` says why nothing could be connected.

    `conf` is its resolv.conf, `resolvers` are the nameservers in their order. Where something is wrong with them there
    is more: `pair`, each DNS pod by itself (`servers`), the `steps` that libc takes through the search list, and the
    upstreams to which policies let cluster DNS send nothing (`shut`).
    """

    pod: kube.Pod
    hop: str
    owner: ObjectRef
    vantage: str
    lookup: Lookup | None = None
    conf: Conf = {}
    resolvers: tuple[Resolver, ...] = ()
    pair: Pair | None = None
    servers: tuple[Server, ...] = ()
    steps: tuple[dict[str, Any], ...] = ()
    shut: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    gap: Gap | None = None

    @property
    def resolver(self) -> Resolver | None:
        """The nameserver that counts: the first that answers, else the first."""
        return next((one for one in self.resolvers if one.answers), next(iter(self.resolvers), None))

    @property
    def who(self) -> str:
        return f"{self.owner.kind.lower()}/{self.owner.name}"


class Tunnel(msgspec.Struct, frozen=True):
    """One DNS pod asked by itself for a name, through a tunnel."""

    pod: kube.Pod
    vantage: str
    name: str
    result: dict[str, Any] | Gap

    @property
    def asked(self) -> Asked:
        rounds = tuple(self.result["rounds"]) if isinstance(self.result, dict) else ()
        return Asked(name=self.name, server=self.pod.name, transport="tcp", rounds=rounds)


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """`asked`: there is consent to measure in the source's containers.

    `service` is the target where it is one; with its `slices` and `namespace` it is what cluster DNS answers from.
    """

    subject: Subject
    asked: bool = True
    callers: tuple[Caller, ...] = ()
    tunnels: tuple[Tunnel, ...] = ()
    dns: kube.Service | None = None
    dns_owner: ObjectRef | None = None
    config: kube.ConfigMap | None = None
    service: kube.Service | None = None
    slices: Listing[kube.EndpointSlice] = Listing()
    namespace: kube.Namespace | None = None

    @property
    def corefile(self) -> str | None:
        return self.config.data.get("Corefile") if self.config is not None else None


def in_rotation(pod: kube.Pod) -> bool:
    """Whether a DNS pod takes questions, as its Ready condition has it; where nothing tells, it does."""
    told = kube.condition(pod.status.conditions, "Ready")
    return told is None or told.status == "True"
