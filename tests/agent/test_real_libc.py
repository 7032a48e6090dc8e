"""The replayed lookup beside this system's real one: the same questions in the same order, the same addresses.

The real one is Python's getaddrinfo in a mount namespace whose resolv.conf names a server on loopback.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import pytest

from tests.agent.conftest import Ask, Bare
from tests.agent.servers import Reply, answering_at, by_name, framed, records, silent

ADDRESS = "127.0.0.77"  # libc asks port 53 alone
SEARCH = ["a.example", "b.example"]
LOOKUP = """\
import socket, sys
try:
    print(*sorted({one[4][0] for one in socket.getaddrinfo(sys.argv[1], None, type=socket.SOCK_STREAM)}))
except OSError:
    print()
"""
WITH = 'mount --bind $1 /etc/resolv.conf && exec $2 -I -c "$3" $4'

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or platform.libc_ver()[0] != "glibc" or not Path("/etc/resolv.conf").is_file(),
    reason="a resolv.conf of one's own needs root, and these rules are glibc's",
)


CODES = ("NXDOMAIN", "NOERROR", "SERVFAIL", "REFUSED", "FORMERR")
LAME = (("NXDOMAIN", 0), ("NOERROR", 0))  # neither an authority nor one that recurses


class Heard:
    """A server that keeps the names it was asked for, each once, in order."""

    def __init__(self, reply: Reply) -> None:
        self.names: list[str] = []
        self._reply = reply

    def __call__(self, query: dns.message.Message, octets: bytes) -> list[bytes]:
        name = query.question[0].name.to_text()
        if name not in self.names:
            self.names.append(name)
        return self._reply(query, octets)


@contextlib.contextmanager
def serving(reply: Reply) -> Iterator[Heard]:
    heard = Heard(reply)
    try:
        server = answering_at(ADDRESS, 53, heard, framed(heard))
        with server:
            yield heard
    except PermissionError:
        pytest.skip("port 53 on loopback cannot be had")


def really(name: str, conf: Path) -> list[str]:
    command = ["unshare", "--mount", "sh", "-c", WITH, "sh", str(conf), sys.executable, LOOKUP, name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        pytest.skip(f"no mount namespace here: {done.stderr.strip()}")
    return done.stdout.split()


def of(rcode: str, flags: int) -> Reply:
    return silent if rcode == "silent" else records(rcode=rcode, flags=flags)


@pytest.mark.parametrize("agent", [Bare], indirect=True)  # who reads the messages makes no difference here
@pytest.mark.parametrize(("first", "flags"), [*((one, dns.flags.RA) for one in (*CODES, "silent")), *LAME])
@pytest.mark.parametrize(("name", "ndots"), [("web", 5), ("web", 1), ("web.shop", 5), ("web.shop", 1), ("web.", 5)])
async def test_the_same_names_are_asked_and_the_same_addresses_found(
    ask: Ask, tmp_path: Path, name: str, ndots: int, first: str, flags: int
) -> None:
    """What the first name of the search list, or the name as it is, answers decides how it goes on."""
    held = {
        "web.a.example.": of(first, flags),
        "web.b.example.": records("10.43.7.9", "fd00::9"),
        "web.shop.": of(first, flags),
        "web.shop.a.example.": of(first, flags),
        "web.shop.b.example.": records("10.43.7.10"),
        "web.": records("10.9.9.9"),
    }
    options = [f"ndots:{ndots}", "timeout:1", "attempts:1"]
    conf = tmp_path / "resolv.conf"
    conf.write_text(f"nameserver {ADDRESS}\nsearch {' '.join(SEARCH)}\noptions {' '.join(options)}\n")
    with serving(by_name(held, records(rcode="NXDOMAIN"))) as heard:
        addresses = await asyncio.to_thread(really, name, conf)
        asked, heard.names = heard.names, []
        result: Any = await ask("libc", name=name, nameservers=[ADDRESS], search=SEARCH, options=options, libc="glibc")
    assert isinstance(result, dict), result
    assert (heard.names, sorted(set(result["addresses"]))) == (asked, addresses)
