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
MUSL_SEARCH_LINE = 254  # characters; a longer search line is not read at all


class Query(msgspec.Struct, frozen=True):
    """One name that is asked, for A and AAAA each. `search` is the domain appended, None for the name as it is."""

    name: str
    search: str | None = None


def expand(name: str, conf: ResolvConf, libc: Libc = "glibc") -> tuple[Query, ...]:
    """The names in the order in which they are asked, as long as none decides (see `following`).

    Empty for what libc refuses without a query: no name at all, an empty label, more than 253 characters.
    The root in a search list, of which musl 1.2.3 makes a malformed query, is passed over for musl.
    """
    bare = name.removesuffix(".")
    if not bare or len(bare) > MAX_NAME or "" in bare.split("."):
        return ()
    as_is = Query(bare + ".")
    if name.endswith("."):
        return (as_is,)
    searched = _searched(bare, conf, libc)
    if bare.count(".") < ndots(conf):
        root = any(one.name == as_is.name for one in searched)  # "." in the search list, which musl passes over
        return searched if root else (*searched, as_is)
    return (as_is,) if libc == "musl" else (as_is, *searched)


def following(asked: tuple[Query, ...], at: int, libc: Libc, rcode: str, answers: int) -> int | None:
    """Which of the names is asked after this outcome of `asked[at]`; None: this one decides.

    `rcode` is "" where no answer came, `answers` counts addresses. musl goes on after NXDOMAIN alone. glibc goes on
    after NXDOMAIN, an answer without addresses and SERVFAIL; after anything else it asks for the name as it is, if it
    has not yet, and no other search domain.
    """
    after = at + 1 if at + 1 < len(asked) else None
    if rcode == "NXDOMAIN":
        return after
    if libc == "musl" or (rcode == "NOERROR" and answers):
        return None
    if rcode in ("NOERROR", "SERVFAIL") or asked[at].search is None:
        return after
    last = len(asked) - 1
    return last if at < last and asked[last].search is None else None


def ndots(conf: ResolvConf) -> int:
    """How many dots make a name that is asked as it is first. At most 15; 1 where nothing is said."""
    value = conf.option("ndots")
    digits = re.match(r"\d+", value, re.ASCII) if value else None
    return min(int(digits[0]), MAX_NDOTS) if digits else 1


def _searched(bare: str, conf: ResolvConf, libc: Libc) -> tuple[Query, ...]:
    if libc == "musl" and len(" ".join(conf.searches)) > MUSL_SEARCH_LINE:
        return ()
    domains = (one for one in conf.searches if libc == "glibc" or one.strip("."))
    names = ((domain, ".".join(part for part in (bare, domain.strip(".")) if part)) for domain in domains)
    return tuple(Query(full + ".", domain) for domain, full in names if len(full) <= MAX_NAME)
