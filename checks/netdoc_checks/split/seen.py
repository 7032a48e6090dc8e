"""What was seen of a name from two sides. Plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_address, ip_network
from typing import Annotated, Any, Literal

import msgspec

from netdoc.api import Gap, ObjectRef, Subject, kube
from netdoc_checks.families import within_families

CODES = ("dns.split-horizon-mismatch", "dns.stale-address", "dns.wrong-address")

PRIVATE = tuple(
    ip_network(one)
    for one in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),  # RFC 1918
        *("100.64.0.0/10", "fc00::/7"),  # RFC 6598, RFC 4193
        *("127.0.0.0/8", "169.254.0.0/16", "::1/128", "fe80::/10"),  # loopback and link-local
    )
)


def private(address: str) -> bool:
    """Whether nobody on the Internet can reach it."""
    try:
        one = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return any(one in network for network in PRIVATE if network.version == one.version)


TELLING = ("timeout", "refused", "rejected", "unreachable", "reset")
"""Kinds of failure that say something of the other end or of the way; others are the measuring tool's own."""
NO_ROUTE = "ENETUNREACH"  # who measures has no way to that family of addresses, or to anywhere (connect(2))


class Parameters(msgspec.Struct, frozen=True):
    """`outside`: who is asked for the outside view in place of this machine's resolver."""

    outside: Annotated[str, msgspec.Meta(description="Resolver to ask for the outside view: IP or IP:PORT.")] = ""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A name as one side sees it. `server` was asked, from `vantage`; `ttl` is in seconds, where it was told.

    `pinned` is the text from which the view follows, where nobody was asked. `gap`: it is not known.
    """

    place: Literal["inside", "outside"]
    vantage: str = ""
    server: str = ""
    addresses: tuple[str, ...] = ()
    failure: str = ""
    detail: str = ""
    ttl: int | None = None
    pinned: str = ""
    command: str = ""
    gap: Gap | None = None

    @property
    def lacks(self) -> bool:
        """Whether it says that the name does not exist, or has no address."""
        return self.failure in ("not-found", "no-address")


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Whose an address is. `balanced`: it is a load balancer's in front of the object.

    `gone`: it lies among the cluster's own addresses, and nobody has it.
    """

    object: ObjectRef | None = None
    balanced: bool = False
    gone: bool = False
    gap: Gap | None = None

    @property
    def nobody(self) -> bool:
        """Nobody's here; it may be somebody's elsewhere."""
        return self.object is None and not self.gone and self.gap is None


class Tried(msgspec.Struct, frozen=True):
    """Connections from the caller to one place."""

    address: str
    port: int
    tries: tuple[dict[str, Any], ...]

    @property
    def failed(self) -> int:
        return sum(1 for one in self.tries if not one["ok"])

    @property
    def dead(self) -> bool:
        """Whether every try failed, and each in a way that tells of the other end."""
        failures = [one["failure"] for one in self.tries if not one["ok"]]
        telling = [one for one in failures if one["kind"] in TELLING and one.get("errno") != NO_ROUTE]
        return bool(self.tries) and len(telling) == len(self.tries)

    @property
    def alive(self) -> bool:
        return bool(self.tries) and not self.failed

    @property
    def said(self) -> str:
        if not self.failed:
            return f"{len(self.tries)} of {len(self.tries)} connected"
        told = next(one["failure"] for one in self.tries if not one["ok"])
        return f"{self.failed} of {len(self.tries)} failed: {told.get('detail') or told['kind']}"


class Ruling(msgspec.Struct, frozen=True):
    """What decides over the name inside: a line of the Corefile, by its plugin, or the pod's own hostAliases."""

    by: Literal["hosts", "rewrite", "forward", "hostAliases"]
    text: str
    line: int = 0

    @property
    def words(self) -> str:
        return f"line {self.line} of the Corefile" if self.line else "hostAliases of the pod"


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One caller: its own view, what decides over it where that is known, and the other view.

    `service` is what the name should lead to, `published` where an annotation of it says so; `tried` are connections
    to the addresses of the own view, `beside` to others of the Service.
    """

    hop: str
    who: str
    own: View
    other: View
    ruling: Ruling | None = None
    object: ObjectRef | None = None
    pod: kube.Pod | None = None
    internet: bool = False
    service: kube.Service | None = None
    published: bool = False
    tried: tuple[Tried, ...] = ()
    beside: tuple[Tried, ...] = ()

    @property
    def reachable(self) -> tuple[str, ...]:
        """The addresses of the own view to which the caller has a way."""
        return self.within(self.own.addresses)

    def within(self, addresses: Iterable[str]) -> tuple[str, ...]:
        """Those of the caller's own families; of whoever is no pod none are known."""
        return within_families(self.pod, addresses) if self.pod is not None else tuple(addresses)

    def answers(self, address: str) -> bool | None:
        """Whether connections to an address of the own view stand; None where that was not tried, or is mixed."""
        found = [one for one in self.tried if one.address == address]
        if not found:
            return None
        return True if found[0].alive else False if found[0].dead else None


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """`cases` is empty where no name outside the cluster was asked about."""

    subject: Subject
    name: str = ""
    cases: tuple[Case, ...] = ()
    holders: Mapping[str, Holder] = {}

    def holder(self, address: str) -> Holder:
        return self.holders.get(address, Holder(gap=Gap(what=f"whose {address} is", reason="incomplete")))
