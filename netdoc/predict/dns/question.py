"""What a name below the cluster's zone asks for (CoreDNS plugin/kubernetes/parse.go)."""

from __future__ import annotations

import msgspec

from netdoc.predict.dns.names import Labels

ZONE_ANCHOR = "_zone"
PIN, PREFER = "pin", "prefer"


class NoSuchName(Exception):
    """The name does not exist: NXDOMAIN, unless the plugin is told to fall through."""


class Question(msgspec.Struct, frozen=True):
    """The parts of a name. An empty `branch` is the zone itself, `svc` or `pod`; empty parts match anything."""

    branch: str = ""  # svc or pod
    namespace: str = ""
    object: str = ""  # a Service's name, or a pod's address with dashes
    endpoint: str = ""
    port: str = ""
    protocol: str = ""
    zone: str = ""  # topology zone, with the option `zonal` alone
    prefer: bool = False


def read(below: Labels, zonal: bool = False) -> Question:
    """Read the labels below the zone; raises NoSuchName for shapes that stand for nothing.

    The underscores of SRV names are optional, and a name with port and protocol answers address queries too:
    both are CoreDNS's doing, not the specification's.
    """
    if not below or below in (("svc",), ("pod",)):
        return Question()
    branch = below[-1]
    if branch not in ("svc", "pod"):
        raise NoSuchName
    namespace, object_ = below[-2], below[-3] if len(below) > 2 else ""
    rest = below[:-3]
    if len(rest) > 2:
        zone, prefer = _zonal(rest, branch, zonal)
        return Question(branch, namespace, object_, zone=zone, prefer=prefer)
    if len(rest) == 2:
        return Question(branch, namespace, object_, port=rest[0].removeprefix("_"), protocol=rest[1].removeprefix("_"))
    return Question(branch, namespace, object_, endpoint=rest[0] if rest else "")


def _zonal(rest: Labels, branch: str, zonal: bool) -> tuple[str, bool]:
    """ZONE.pin|prefer._zone.SERVICE...: a topology zone may itself hold dots."""
    if not zonal or branch != "svc" or rest[-1] != ZONE_ANCHOR or rest[-2] not in (PIN, PREFER):
        raise NoSuchName
    return ".".join(rest[:-2]), rest[-2] == PREFER
