"""What holds for every test: nothing of whoever runs them leaks in, and nothing leaves this machine."""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from hypothesis import settings

from tests.lab.turns import turn

# A shared machine is slow at times: what a law says does not depend on how long it takes to say it.
settings.register_profile("netdoc", deadline=None)
settings.load_profile("netdoc")

_SENDING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_FREE = ("tests/lab/", "tests/e2e/")  # these talk inside network namespaces of their own
_THEIRS = frozenset({"NO_COLOR", "COLUMNS", "KUBECONFIG", "FORCE_COLOR"})
_OF_TESTS = frozenset({"NETDOC_UPDATE_GOLDEN"})
_guarding = False


def _leaves(address: Any) -> bool:
    if not isinstance(address, tuple):
        return False  # a Unix socket
    try:
        return not ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback
    except ValueError:
        return address[0] not in ("", "localhost")


def _guard(event: str, arguments: tuple[Any, ...]) -> None:
    if _guarding and event in _SENDING and _leaves(arguments[1]):
        raise AssertionError(f"a test tried to reach {arguments[1]}: only loopback is a target")


sys.addaudithook(_guard)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """A test on a cluster takes its turn before its clock starts, and keeps it to the end of its fixtures.

    It is alone where it uses a fixture of that name.
    """
    if item.get_closest_marker("lab") is None:
        return (yield)
    with turn(alone="alone" in getattr(item, "fixturenames", ())):
        return (yield)


@pytest.fixture(autouse=True)
def this_machine_alone(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that would send a packet elsewhere fails."""
    global _guarding
    _guarding = not request.node.nodeid.startswith(_FREE)
    yield
    _guarding = False


@pytest.fixture(autouse=True)
def plain_surroundings(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No option, width, colour or journal of whoever runs the tests; the lab's own variables say where it is."""
    if request.node.nodeid.startswith(_FREE):
        return
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / "state"))
    for name in list(os.environ):
        if name in _THEIRS or (name.startswith("NETDOC_") and name not in _OF_TESTS):
            monkeypatch.delenv(name)
