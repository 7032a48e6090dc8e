"""The servers, started once for the tests of a process; and the agent that asks them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.agent.conftest import Ask, agent, ask
from tests.servers import configs
from tests.servers.daemons import Server, running

__all__ = ["Ask", "agent", "ask"]

# What the load balancer and the Service of the embedded network's traefik have, in names that are right and wrong.
BALANCER, SERVICE = "203.0.113.10", "10.43.24.140"
VIEWS = {
    "outside": f"""
web A 198.51.100.7
both A 198.51.100.8
public A 198.51.100.9
right A {BALANCER}
alias CNAME right
hidden A {BALANCER}
gone A {BALANCER}
old A {BALANCER}
office A 192.168.20.60
elsewhere CNAME right.elsewhere.example.
""",
    "inside": f"""
web A 10.43.7.9
both A 198.51.100.8
private A 10.43.7.10
right A {SERVICE}
alias CNAME right
gone A 10.43.24.141
old A 203.0.113.77
office A 192.168.20.60
elsewhere A {SERVICE}
""",
}
Start = Callable[[str, configs.Write, str], Server]


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Starts a server; all of them end with the session."""
    with contextlib.ExitStack() as stack:

        def starting(name: str, write: configs.Write, asked: str) -> Server:
            folder: Path = tmp_path_factory.mktemp(name)
            return stack.enter_context(running(name, write, folder, asked))

        yield starting


@pytest.fixture(scope="session", params=["named", "nsd", "knotd"])
def authority(request: pytest.FixtureRequest, start: Start) -> Server:
    """The zone shop.example as each of three programs serves it."""
    write: dict[str, configs.Write] = {"named": configs.bind, "nsd": configs.nsd, "knotd": configs.knot}
    return start(request.param, write[request.param], configs.ZONE)


@pytest.fixture(scope="session")
def views(start: Start) -> Server:
    """BIND with an outside view, asked on 127.0.0.1, and an inside view, asked on 127.0.0.2 at the same port."""
    server = start(
        "named", configs.split({one: {configs.ZONE: VIEWS[one]} for one in ("inside", "outside")}), configs.ZONE
    )
    start("unbound", configs.inside(server), "ready.example")
    return server
