# SPDX-License-Identifier: GPL-2.0-or-later
"""resolv.conf(5) as glibc and musl take it."""

from __future__ import annotations

import platform
import random
from glob import glob
from pathlib import Path
from typing import Any, NamedTuple

MOST_SERVERS = 3  # both libraries read no more
MOST_NDOTS = 15


class Conf(NamedTuple):
    nameservers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    def option(self, name: str) -> str | None:
        values = [value for key, _, value in (one.partition(":") for one in self.options) if key == name]
        return values[-1] if values else None

    def _number(self, name: str, default: int, most: int) -> int:
        value = self.option(name)
        return min(int(value), most) if value and value.isdecimal() else default

    def timeout(self) -> float:
        """Seconds before a server is given up."""
        return max(1, self._number("timeout", 5, 30))

    def attempts(self) -> int:
        return max(1, self._number("attempts", 2, 5))

    def parallel(self) -> bool:
        """Whether A and AAAA leave together from one socket, which is the default."""
        return self.option("single-request") is None and self.option("single-request-reopen") is None

    def tcp(self) -> bool:
        return self.option("use-vc") is not None

    def edns(self) -> int:
        """The payload that glibc offers with `edns0` (RESOLV_EDNS_BUFFER_SIZE); 0 for none."""
        return 0 if self.option("edns0") is None else 1200

    def rotated(self) -> tuple[str, ...]:
        if self.option("rotate") is None or len(self.nameservers) < 2:
            return self.nameservers
        first = random.randrange(len(self.nameservers))
        return self.nameservers[first:] + self.nameservers[:first]

    def expand(self, name: str, libc: str) -> tuple[str, ...]:
        """The names that are asked in turn. Empty for what libc refuses without a question."""
        bare = name[:-1] if name.endswith(".") else name
        if not bare or len(bare) > 253 or "" in bare.split("."):
            return ()
        if name.endswith("."):
            return (name,)
        searched = tuple(f"{bare}.{one.strip('.')}." if one.strip(".") else f"{bare}." for one in self.search)
        searched = tuple(one for one in searched if len(one) <= 254)
        if bare.count(".") < self._number("ndots", 1, MOST_NDOTS):
            return (*searched, f"{bare}.")
        return (f"{bare}.",) if libc == "musl" else (f"{bare}.", *searched)

    def told(self) -> dict[str, Any]:
        return {"nameservers": list(self.nameservers), "search": list(self.search), "options": list(self.options)}


def own_libc() -> str:
    """Whose rules the programs here follow: musl's where its loader is and Python does not run on glibc."""
    return "musl" if glob("/lib/ld-musl-*.so.1") and platform.libc_ver()[0] != "glibc" else "glibc"


def read_conf(path: str = "/etc/resolv.conf") -> Conf:
    """The file as it stands; nothing where there is none."""
    try:
        lines = Path(path).read_text(errors="replace").splitlines()
    except OSError:
        return Conf()
    servers: list[str] = []
    search: tuple[str, ...] = ()
    options: list[str] = []
    for fields in (line.split() for line in lines):
        if not fields or fields[0][0] in "#;":
            continue
        if fields[0] == "nameserver" and len(fields) > 1:
            servers.append(fields[1])
        elif fields[0] in ("search", "domain"):
            search = tuple(fields[1:])
        elif fields[0] == "options":
            options += fields[1:]
    return Conf(tuple(servers[:MOST_SERVERS]), search, tuple(options))
