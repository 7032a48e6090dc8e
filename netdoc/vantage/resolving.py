"""libc's sequence for a name, replayed by a container's own dig or nslookup: each name of the search list in turn."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from netdoc.model.record import Gap
from netdoc.predict.dns import Libc, Query, ResolvConf, expand, following
from netdoc.predict.dns.resolver import MAX_NAMESERVERS, parse
from netdoc.vantage.asked import Asked, asked
from netdoc.vantage.nslookup import is_address

SCRIPT = r"""
for f in /lib/ld-musl-* /lib*/ld-linux*; do if [ -e "$f" ]; then echo "# $f"; fi; done
cat /etc/resolv.conf
echo "# hosts"; cat /etc/hosts
"""
SHOWN = "sh: cat /etc/resolv.conf /etc/hosts; which of /lib/ld-musl-* and /lib*/ld-linux* there are"
HOSTS = "# hosts\n"
# What getaddrinfo says of each outcome (getaddrinfo(3); glibc, nss/getaddrinfo.c).
KINDS = {"NXDOMAIN": "not-found", "refused by libc": "not-found", "NOERROR": "no-address", "SERVFAIL": "no-answer",
         "no answer": "no-answer"}  # fmt: skip
FAMILIES = ("A", "AAAA")
ANOTHER_SERVER = ("SERVFAIL", "NOTIMP", "REFUSED")  # glibc, resolv/res_send.c
Rounds = tuple[str, list[dict[str, Any]]]
Ask = Callable[[Sequence[Asked]], Awaitable[Rounds | Gap]]
"""Asks the questions of one server one after the other; the tool, and what each told."""


async def replay(given: Mapping[str, Any], said: str, ask: Ask) -> dict[str, Any] | Gap:
    """What the agent's measurement `libc` tells, by what SCRIPT said. Each server is asked once.

    Raises ValueError for a name that no tool can be asked for, where there is no server to ask, and for questions that
    are to leave together: a tool asks one after the other.
    """
    if given.get("parallel"):
        raise ValueError("a container's tools ask for A and AAAA one after the other")
    if not isinstance(given.get("name", ""), str):
        raise ValueError(f"name must be a string, not {given['name']!r}")
    conf, libc = _conf(given, said), _libc(given, said)
    names = tuple(Query(one) for one in given.get("names", ())) or expand(given["name"], conf, libc)
    servers = conf.nameservers[:MAX_NAMESERVERS]
    if not servers:
        raise ValueError("no name server: nameservers is empty and /etc/resolv.conf names none")
    steps: list[dict[str, Any]] = []
    tool = ""
    at: int | None = 0 if names else None
    while at is not None:
        found = await _step(given, names[at].name, servers, libc, ask)
        if isinstance(found, Gap):
            return found
        tool, step = found
        steps.append(step)
        at = following(names, at, libc, step["rcode"], len(step["addresses"]))
    return {**_told(steps, conf, libc), "tool": tool}


def _conf(given: Mapping[str, Any], said: str) -> ResolvConf:
    if not given.get("nameservers"):
        return parse(said.partition(HOSTS)[0])
    return ResolvConf(*(tuple(given.get(key, ())) for key in ("nameservers", "search", "options")))


def named(name: str, said: str, replayed: dict[str, Any] | Gap) -> dict[str, Any] | Gap:
    """What the agent's measurement `getaddrinfo` tells, where nothing in the container asks its libc: by its hosts
    file, else by the sequence replayed."""
    listed = _listed(name, said)
    if isinstance(replayed, Gap) and not listed:
        return replayed
    addresses, outcome = listed, ""
    conf, tool = {}, "hosts"
    if isinstance(replayed, dict):
        addresses, outcome = listed or list(dict.fromkeys(replayed["addresses"])), replayed["outcome"]
        conf, tool = replayed["conf"], replayed["tool"]
    told: dict[str, Any] = {"ok": True, "addresses": addresses}
    if not addresses:
        told = {"ok": False, "failure": {"kind": KINDS.get(outcome, "failed"), "detail": outcome}}
    return {"attempts": 1, "failures": int(not addresses), "tries": [told], "conf": conf, "tool": tool}


def _listed(name: str, said: str) -> list[str]:
    """The addresses that hosts(5) has for the name as it was given."""
    rows = (line.partition("#")[0].split() for line in said.partition(HOSTS)[2].splitlines())
    wanted = name.removesuffix(".").lower()
    return [row[0] for row in rows if wanted in (one.lower() for one in row[1:]) and is_address(row[0])]


def _libc(given: Mapping[str, Any], said: str) -> Libc:
    """As it was asked for; else the container's: musl's where its loader is, and glibc's is not."""
    loaders = [line for line in said.splitlines() if line.startswith("# /lib")]
    own = bool(loaders) and not any("ld-linux" in one for one in loaders)
    return "musl" if given.get("libc", "musl" if own else "glibc") == "musl" else "glibc"


async def _step(
    given: Mapping[str, Any], name: str, servers: Sequence[str], libc: Libc, ask: Ask
) -> tuple[str, dict[str, Any]] | Gap:
    """The servers in order, until one settles both families."""
    tries: list[dict[str, Any]] = []
    tool = ""
    for server in servers:
        place = {key: given[key] for key in ("port", "timeout") if key in given}
        questions = [asked({**place, "name": name, "type": one, "server": server}) for one in FAMILIES]
        found = await ask(questions)
        if isinstance(found, Gap):
            return found
        tool, told = found
        told = [{**one, "type": kind, "server": server} for kind, one in zip(FAMILIES, told, strict=False)]
        told = [{**one, "lame": True} if libc == "glibc" and _lame(one) else one for one in told]
        tries += told
        if all(one["ok"] for one in told) and any(_settles(one) for one in told):
            break
    last = tries[-len(FAMILIES) :]
    rcode = _rcode(last, libc)
    data = [record["data"] for one in last for record in one.get("answer", ()) if record["type"] in FAMILIES]
    addresses = data if libc == "glibc" or rcode == "NOERROR" else []
    return tool, {"name": name, "rcode": rcode, "addresses": addresses, "tries": tries}


def _settles(told: dict[str, Any]) -> bool:
    return told["ok"] and told["rcode"] not in ANOTHER_SERVER and not told.get("lame")


def _lame(told: dict[str, Any]) -> bool:
    """An answer that glibc takes for none: it holds nothing, from a server without authority or recursion (send_dg).
    nslookup tells no flags: then it is taken for one."""
    if told.get("rcode") != "NOERROR" or "flags" not in told or {"AA", "RA"} & set(told["flags"]):
        return False
    return not (told["answer"] or told["additional"] or told["edns"])


def _rcode(told: Sequence[dict[str, Any]], libc: Libc) -> str:
    """What the step as a whole says; "" where an answer is missing. To musl the first that is no success decides."""
    codes = ["" if one.get("lame") else one.get("rcode", "") for one in told]
    if libc == "musl":
        return next((code for code in codes if code != "NOERROR"), "NOERROR")
    for worst in ("NOERROR", "SERVFAIL", "REFUSED"):
        if worst in codes and (worst == "NOERROR" or "" not in codes):
            return worst
    return codes[0] if len(set(codes)) == 1 else ""


def _told(steps: list[dict[str, Any]], conf: ResolvConf, libc: Libc) -> dict[str, Any]:
    addresses = steps[-1]["addresses"] if steps else []
    told_conf = {"nameservers": list(conf.nameservers), "search": list(conf.searches), "options": list(conf.options)}
    return {
        "libc": libc,
        "conf": told_conf,
        "steps": steps,
        "decided": len(steps) - 1 if steps else None,
        "addresses": addresses,
        "outcome": _outcome(steps, addresses),
    }


def _outcome(steps: Sequence[dict[str, Any]], addresses: Sequence[str]) -> str:
    if not steps:
        return "refused by libc"
    if addresses:
        return "resolved"
    codes = [one["rcode"] for one in steps]
    return next((one for one in ("", "SERVFAIL", "REFUSED", "NOERROR") if one in codes), "NXDOMAIN") or "no answer"
