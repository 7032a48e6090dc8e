# SPDX-License-Identifier: GPL-2.0-or-later
"""A name as libc looks it up: resolv.conf, the search list, both families, servers in order, retries.

glibc: resolv/res_query.c, res_send.c (resolv.conf(5)). musl: src/network/lookup_name.c, res_msend.c. Neither is
called: what they do is done again here, so that each step can be told.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .connect import elapsed
from .exchange import ask
from .pair import ask_pair
from .parameters import BadParameters, Parameters, flag, number, one_of, text, texts, whole
from .resolvconf import Conf, own_libc, read_conf
from .wire import question

Step = dict[str, Any]
FAMILIES = ("A", "AAAA")
LIBCS = ("glibc", "musl")
TRY_ANOTHER_SERVER = ("SERVFAIL", "NOTIMP", "REFUSED")  # glibc, resolv/res_send.c


def measure(given: Parameters) -> dict[str, Any]:
    """Parameters: name, names (the expansion, in order; derived where absent), libc (this system's where absent),
    nameservers, options, port, search (resolv.conf's where absent), timeout (s), attempts, parallel. Result: the
    steps, which one decided, and the addresses."""
    conf = _conf(given)
    libc = one_of(given, "libc", LIBCS) if "libc" in given else own_libc()
    name = text(given, "name", "")
    names = texts(given, "names") or conf.expand(name, libc)
    for one in names:
        question(one, "A", 0)
    send = _sender(conf, libc, given)
    start = time.monotonic()
    steps: list[Step] = []
    at: int | None = 0 if names else None
    while at is not None:
        steps.append({"name": names[at], **send(names[at])})
        at = _following(names, at, libc, steps[-1], f"{name.removesuffix('.')}.")
    deciding = steps[-1] if steps and steps[-1]["addresses"] else None
    return {
        "libc": libc,
        "conf": conf.told(),
        "steps": steps,
        "decided": len(steps) - 1 if steps else None,
        "addresses": deciding["addresses"] if deciding else [],
        "outcome": _outcome(steps),
        "ms": elapsed(start),
    }


def _conf(given: Parameters) -> Conf:
    servers = texts(given, "nameservers")
    conf = Conf(servers, texts(given, "search"), texts(given, "options")) if servers else read_conf()
    if not conf.nameservers:
        raise BadParameters("no name server: nameservers is empty and /etc/resolv.conf names none")
    return conf


def _sender(conf: Conf, libc: str, given: Parameters) -> Callable[[str], Step]:
    port = whole(given, "port", 53, 1, 65535)
    timeout = number(given, "timeout", conf.timeout(), 0.01, 60.0)
    attempts = whole(given, "attempts", conf.attempts(), 1, 10)
    parallel = flag(given, "parallel", conf.parallel())
    if libc == "musl":
        return lambda name: _musl(name, conf, port, timeout, attempts)
    return lambda name: _glibc(name, conf, port, timeout, attempts, parallel)


def _glibc(name: str, conf: Conf, port: int, timeout: float, attempts: int, parallel: bool) -> Step:
    """Servers in order, the whole round as often as `attempts`; the next one after silence or a server's failure. Where
    both questions were answered, one good answer is enough.

    The wait grows as res_send.c has it: the timeout in the first round, then doubled and shared by the servers.
    """
    tries: list[dict[str, Any]] = []
    servers = conf.rotated()
    for round_ in range(attempts):
        wait = timeout if round_ == 0 else max(1.0, timeout * 2**round_ / len(servers)) if timeout >= 1 else timeout
        for server in servers:
            answers = _both(name, (server, port), wait, parallel, conf)
            tries += answers.values()
            if all(one["ok"] for one in answers.values()) and any(_settles(one) for one in answers.values()):
                return _step(answers, tries)
    return _step(answers, tries)


def _both(name: str, place: tuple[str, int], wait: float, parallel: bool, conf: Conf) -> dict[str, dict[str, Any]]:
    edns, transport = conf.edns(), "tcp" if conf.tcp() else "udp"
    if parallel and not conf.tcp():
        found = ask_pair([place], name, FAMILIES, wait, edns)
    else:
        found = {one: ask(place, question(name, one, edns), transport, wait) for one in FAMILIES}
    for told in found.values():
        if _lame(told):
            told["lame"] = True
    return _told(found, name, place, wait, edns)


def _told(
    found: dict[str, dict[str, Any]], name: str, place: tuple[str, int], wait: float, edns: int = 0
) -> dict[str, dict[str, Any]]:
    """Each with its type and server; what came cut over UDP is asked for again over TCP, of whoever answered."""
    whole: dict[str, dict[str, Any]] = {}
    for kind, told in found.items():
        server = told.get("server", place[0])
        if told.get("truncated") and told["transport"] == "udp" and not told.get("lame"):
            told = {**ask((server, place[1]), question(name, kind, edns), "tcp", wait), "after_truncation": True}
        whole[kind] = {**told, "server": server, "type": kind}
    return whole


def _musl(name: str, conf: Conf, port: int, timeout: float, attempts: int) -> Step:
    """Every server at once, the first useful answer wins; asked again `attempts` times within `timeout`.

    A cut answer is asked for again over TCP, as musl does since 1.2.4 (2023).
    """
    tries: list[dict[str, Any]] = []
    places = [(server, port) for server in conf.nameservers]
    for _ in range(attempts):
        answers = _told(ask_pair(places, name, FAMILIES, timeout / attempts), name, places[0], timeout)
        tries += answers.values()
        if all(one["ok"] for one in answers.values()):
            break
    return _step(answers, tries, "musl")


def _settles(told: dict[str, Any]) -> bool:
    return bool(told["ok"]) and told["rcode"] not in TRY_ANOTHER_SERVER and not told.get("lame")


def _lame(told: dict[str, Any]) -> bool:
    """An answer that glibc takes for none: it holds nothing, from a server without authority or recursion (send_dg)."""
    if told.get("rcode") != "NOERROR" or told["transport"] != "udp" or {"AA", "RA"} & set(told["flags"]):
        return False
    return not (told["answer"] or told["additional"] or told["edns"])


def _step(answers: dict[str, dict[str, Any]], tries: list[dict[str, Any]], libc: str = "glibc") -> Step:
    told = list(answers.values())
    rcode = _rcode(told) if libc == "glibc" else _worst(told)
    data = [record["data"] for one in told for record in one.get("answer", ()) if record["type"] in FAMILIES]
    return {"rcode": rcode, "addresses": data if libc == "glibc" or rcode == "NOERROR" else [], "tries": tries}


def _worst(answers: list[dict[str, Any]]) -> str:
    """To musl the first of both that is no success decides for both (name_from_dns)."""
    return next((code for code in (one.get("rcode", "") for one in answers) if code != "NOERROR"), "NOERROR")


def _rcode(answers: list[dict[str, Any]]) -> str:
    """What the step as a whole says; "" where an answer is missing."""
    codes = ["" if one.get("lame") else one.get("rcode", "") for one in answers]
    for worst in ("NOERROR", "SERVFAIL", "REFUSED"):
        if worst in codes and (worst == "NOERROR" or "" not in codes):
            return worst
    return codes[0] if len(set(codes)) == 1 else ""


def _following(names: tuple[str, ...], at: int, libc: str, step: Step, as_is: str) -> int | None:
    """Which name is asked next; None where this one decides (res_nsearch; musl's name_from_dns_search).

    After silence or a refusal glibc asks for the name as it is, if it has not yet, and for no other.
    """
    after = at + 1 if at + 1 < len(names) else None
    if step["rcode"] == "NXDOMAIN":
        return after
    if libc == "musl" or (step["rcode"] == "NOERROR" and step["addresses"]):
        return None
    if step["rcode"] in ("NOERROR", "SERVFAIL") or names[at] == as_is:
        return after
    last = len(names) - 1
    return last if at < last and names[last] == as_is else None


def _outcome(steps: list[Step]) -> str:
    if not steps:
        return "refused by libc"
    if steps[-1]["addresses"]:
        return "resolved"
    codes = [one["rcode"] for one in steps]
    return next((one for one in ("", "SERVFAIL", "REFUSED", "NOERROR") if one in codes), "NXDOMAIN") or "no answer"
