"""Real name servers of Debian's packages, run on loopback in a folder of their own, and ended by their process.

Where they are missing they are installed if that is allowed (CI=true or NETDOC_LAB_INSTALL=1, as root); a developer's
machine without them skips, with the line that installs them. In CI nothing skips.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rcode
import msgspec
import pytest

from tests.lab.parts import LabError
from tests.lab.tools import require

PACKAGES = {"named": "bind9", "unbound": "unbound", "nsd": "nsd", "knotd": "knot", "setpriv": "util-linux"}
READY, ENDING = 30.0, 10.0  # seconds for the first answer, and for a process to end
_WITH_US = ("setpriv", "--pdeathsig", "KILL")
_PATH = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"


class Server(msgspec.Struct, frozen=True):
    """Where a server answers: its port on 127.0.0.1, and its folder."""

    program: str
    port: int
    folder: Path


def program(name: str) -> Path:
    """The daemon's file. Skips the test where it is not installed and may not be; in CI that is an error."""
    if (found := shutil.which(name, path=_PATH)) is not None:
        return Path(found)
    lock = Path(tempfile.gettempdir()) / f"netdoc-test-servers-{os.getuid()}.lock"
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # tests run beside each other, and apt-get does not
        try:
            require(PACKAGES)
        except LabError:
            if os.environ.get("CI") == "true":
                raise
            pytest.skip(f"no {name} here: apt-get install {PACKAGES[name]}")
    found = shutil.which(name, path=_PATH)
    assert found is not None
    return Path(found)


@contextlib.contextmanager
def running(name: str, write: Callable[[Server], list[str]], folder: Path, asked: str) -> Iterator[Server]:
    """The server, once it answers for the name `asked` on 127.0.0.1.

    `write` puts the configuration into the folder and returns the arguments of a process that stays in front.
    """
    binary = folder / name
    shutil.copy2(program(name), binary)  # AppArmor confines the packaged path to the packaged configuration
    for attempt in range(3):
        server = Server(name, free_port(), folder)
        log = folder / f"{name}.{attempt}.log"
        with log.open("w") as sink:
            command = [*_WITH_US, str(binary), *write(server)]
            process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink)
        try:
            if _answers(process, server, asked):
                yield server
                return
        finally:
            _end(process)
    raise AssertionError(f"{name} did not answer: {log.read_text()[-2000:]}")


def _answers(process: subprocess.Popen[bytes], server: Server, asked: str) -> bool:
    """Asks until an answer comes. False where the process ended: its port may have been taken meanwhile."""
    end = time.monotonic() + READY
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError, dns.exception.DNSException):
            answer = dns.query.udp(dns.message.make_query(asked, "SOA"), "127.0.0.1", 0.2, server.port)
            assert answer.rcode() != dns.rcode.SERVFAIL, f"{server.program} does not serve {asked}: see {server.folder}"
            return True
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(ENDING)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port that is free for UDP and TCP now, on the loopback addresses that the servers listen on."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as tcp, contextlib.ExitStack() as stack:
            port: int = tcp.getsockname()[1]
            with contextlib.suppress(OSError):
                for host in ("127.0.0.1", "127.0.0.2"):
                    udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                    udp.bind((host, port))
                return port
