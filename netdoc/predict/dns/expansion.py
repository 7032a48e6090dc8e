"""The names that libc asks for in turn: search list and ndots, as glibc and musl do it.

glibc: resolv/res_query.c and res_init.c. musl: src/network/lookup_name.c and resolvconf.c.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from netdoc.predict.dns.resolver import ResolvConf

Libc = Literal["glibc", "musl"]

MAX_NDOTS = 15  # both
MAX_NAME = 253  # characters without the trailing dot
MUSL_SEARCH_LINE = 255  # a longer search line is not read at all


class Query(msgspec.Struct, frozen=True):
    """One name that is asked, for A and AAAA each. `search` is the domain appended, None for the name as it is."""

    name: str
    search: str | None = None


def expand(name: str, conf: ResolvConf, libc: Libc = "glibc") -> tuple[Query, ...]:
    """The names in the order in which they are asked, as long as none decides (see `goes_on`).

    Empty for what libc refuses without a query: no name at all, an empty label, more than 253 characters.
    """
    bare = name.removesuffix(".")
    if not bare or len(bare) > MAX_NAME or "" in bare.split("."):
        return ()
    as_is = Query(bare + ".")
    if name.endswith("."):
        return (as_is,)
    searched = _searched(bare, conf, libc)
    if bare.count(".") < ndots(conf):
        return (*searched, as_is) if as_is.name not in [one.name for one in searched] else searched
    if libc == "musl":
        return (as_is,)
    return (as_is, *(one for one in searched if one.name != as_is.name))


def goes_on(libc: Libc, rcode: str, answers: int) -> bool:
    """Whether libc asks for the next name after this outcome; else it is the deciding one.

    After a name that exists without an address glibc goes on and musl does not; after SERVFAIL glibc goes on too.
    """
    if rcode == "NXDOMAIN":
        return True
    if libc == "musl":
        return False
    return rcode == "SERVFAIL" or (rcode == "NOERROR" and not answers)


def ndots(conf: ResolvConf) -> int:
    """How many dots make a name that is asked as it is first. At most 15; 1 where nothing is said."""
    value = conf.option("ndots")
    digits = re.match(r"\d+", value, re.ASCII) if value else None
    return min(int(digits[0]), MAX_NDOTS) if digits else 1


def _searched(bare: str, conf: ResolvConf, libc: Libc) -> tuple[Query, ...]:
    if libc == "musl" and len(" ".join(conf.searches)) > MUSL_SEARCH_LINE:
        return ()
    names = ((domain, ".".join(part for part in (bare, domain.strip(".")) if part)) for domain in conf.searches)
    return tuple(Query(full + ".", domain) for domain, full in names if len(full) <= MAX_NAME)
