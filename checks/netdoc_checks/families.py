"""IPv4 and IPv6: a pod without an address of a family has no way to any address of it (KEP-563, dual-stack)."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

from netdoc.api import kube


def within_families(pod: kube.Pod, addresses: Iterable[str]) -> tuple[str, ...]:
    """Those of a family in which the pod has an address; all of them where its own addresses are not told."""
    six = {":" in one for one in pod.addresses} or {True, False}
    return tuple(one for one in addresses if (":" in one) in six)


def is_address(text: str) -> bool:
    """What a container's tools say is theirs: an answer may be anything."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text
