"""Addresses and blocks of them. Addresses that lie in the same blocks are one to every policy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
    summarize_address_range,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Family = int  # 4 or 6

WIDTH = {4: 32, 6: 128}
_LEADING_ZEROS = re.compile(r"(^|\.)0+(?=\d)")


@lru_cache(maxsize=65536)
def parse_address(text: str) -> Address:
    """An address; leading zeros in IPv4 are dropped, as the API does for stored objects (ParseIPSloppy).

    Raises ValueError.
    """
    return ip_address(_LEADING_ZEROS.sub(r"\1", text) if ":" not in text else text)


@lru_cache(maxsize=65536)
def parse_network(text: str) -> Network:
    """A CIDR block; bits beyond the prefix are ignored (net.ParseCIDR). Raises ValueError without a prefix length."""
    address, slash, length = text.partition("/")
    if not slash or not (length.isascii() and length.isdecimal()):
        raise ValueError(f"{text!r} is not a CIDR block")
    return ip_network((parse_address(address), int(length)), strict=False)


Block = tuple[str, frozenset[str]]  # a CIDR and what is cut out of it (networking/v1 IPBlock)


def block(cidr: str, excepts: Iterable[str] = ()) -> Block:
    return cidr, frozenset(excepts)


def within(address: Address, cidr: str) -> bool:
    network = parse_network(cidr)
    return network.version == address.version and address in network


def block_holds(one: Block, address: Address) -> bool:
    cidr, excepts = one
    return within(address, cidr) and not any(within(address, cut) for cut in excepts)


def holds_whole_family(one: Block, family: Family) -> bool:
    cidr, excepts = one
    network = parse_network(cidr)
    return network.version == family and network.prefixlen == 0 and not excepts


class BlockIndex:
    """The blocks of a policy set, and which of them an address lies in (as bits by position)."""

    def __init__(self, blocks: Iterable[Block]) -> None:
        self.blocks = tuple(dict.fromkeys(blocks))
        self.position = {one: where for where, one in enumerate(self.blocks)}
        self._by_prefix: dict[Family, dict[int, dict[int, int]]] = {4: {}, 6: {}}
        self._excepted: dict[Family, dict[int, dict[int, int]]] = {4: {}, 6: {}}
        for where, (cidr, excepts) in enumerate(self.blocks):
            _enter(self._by_prefix, cidr, where)
            for cut in excepts:
                _enter(self._excepted, cut, where)

    def signature(self, address: Address) -> int:
        """The blocks that hold the address."""
        value, family = int(address), address.version
        return _collect(self._by_prefix[family], value, family) & ~_collect(self._excepted[family], value, family)

    def families(self) -> frozenset[Family]:
        return frozenset(parse_network(cidr).version for cidr, _ in self.blocks)

    def cells(self, family: Family) -> Iterator[tuple[int, Address, Address]]:
        """The whole family as ranges that lie in the same blocks: signature, first and last address."""
        kind = IPv4Address if family == 4 else IPv6Address
        cuts = sorted({0} | set(self._cuts(family)))
        ends = [*(cut - 1 for cut in cuts[1:]), (1 << WIDTH[family]) - 1]
        held: tuple[int, int, int] | None = None
        for first, last in zip(cuts, ends, strict=True):
            signature = self.signature(kind(first))
            if held is not None and held[0] == signature:
                held = (signature, held[1], last)
                continue
            if held is not None:
                yield held[0], kind(held[1]), kind(held[2])
            held = (signature, first, last)
        if held is not None:
            yield held[0], kind(held[1]), kind(held[2])

    def _cuts(self, family: Family) -> Iterator[int]:
        for cidr, excepts in self.blocks:
            for text in (cidr, *excepts):
                network = parse_network(text)
                if network.version == family:
                    yield int(network.network_address)
                    after = int(network.broadcast_address) + 1
                    if after < 1 << WIDTH[family]:
                        yield after


def _enter(table: dict[Family, dict[int, dict[int, int]]], cidr: str, where: int) -> None:
    network = parse_network(cidr)
    shift = WIDTH[network.version] - network.prefixlen
    prefixes = table[network.version].setdefault(shift, {})
    prefix = int(network.network_address) >> shift
    prefixes[prefix] = prefixes.get(prefix, 0) | 1 << where


def _collect(table: dict[int, dict[int, int]], value: int, family: Family) -> int:
    found = 0
    for shift, prefixes in table.items():
        found |= prefixes.get(value >> shift, 0)
    return found


def networks_of(first: Address, last: Address) -> Iterator[str]:
    """The fewest CIDR blocks that make up the range."""
    return (str(network) for network in summarize_address_range(first, last))
