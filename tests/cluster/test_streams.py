"""Streams open with their own consent alone, and tell how a command ended."""

from __future__ import annotations

import json
from typing import Any

import pytest

from netdoc.cluster import streams
from netdoc.cluster.kubeconfig import Access
from netdoc.cluster.streams import Output, Streams
from netdoc.model.kube.meta import ObjectRef
from netdoc.model.record import Gap
from netdoc.ports import Consent

POD = ObjectRef(api_version="v1", kind="Pod", namespace="shop", name="web-0")


def access(as_user: str = "") -> Access:
    def load(configuration: Any, seconds: float) -> None:
        raise AssertionError("nothing may be opened")

    return Access(context="test", server="https://192.0.2.2", namespace="default", load=load, as_user=as_user)


@pytest.mark.parametrize("consents", [frozenset(), frozenset({"port-forward"}), frozenset({"probe"})])
async def test_no_command_runs_without_its_consent(consents: frozenset[Consent]) -> None:
    told = await Streams(access(), consents).run(POD, "web", ["id"], 1.0)
    assert isinstance(told, Gap)
    assert (told.reason, told.blocking) == ("needs-consent", False)


async def test_no_tunnel_opens_with_the_consent_to_commands() -> None:
    told = await Streams(access(), frozenset({"exec"})).tunnel(POD, 53)
    assert isinstance(told, Gap)
    assert told.reason == "needs-consent"


async def test_nobody_elses_rights_are_used_in_place_of_those_asked_for() -> None:
    told = await Streams(access("somebody"), frozenset({"exec"})).run(POD, "web", ["id"], 1.0)
    assert isinstance(told, Gap)
    assert "--as" in told.detail


async def test_a_stream_that_does_not_open_is_a_gap() -> None:
    told = await Streams(access(), frozenset({"exec"})).run(POD, "web", ["id"], 1.0)
    assert isinstance(told, Gap)
    assert told.reason == "unreachable"


class Socket:
    """What the client hands out: frames by channel, then the end."""

    def __init__(self, *frames: tuple[int, bytes]) -> None:
        self._frames = list(frames)
        self._held: dict[int, bytes] = {}
        self.written: list[bytes] = []

    def is_open(self) -> bool:
        return bool(self._frames)

    def update(self, timeout: float = 0) -> None:
        channel, data = self._frames.pop(0)
        self._held[channel] = self._held.get(channel, b"") + data

    def write_stdin(self, data: bytes) -> None:
        self.written.append(data)

    def peek_channel(self, channel: int, timeout: float = 0) -> bytes:
        return self._held.get(channel, b"")

    def read_channel(self, channel: int, timeout: float = 0) -> bytes:
        return self._held.pop(channel, b"")


def status(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


def exit_of(code: str) -> bytes:
    causes = {"causes": [{"reason": "ExitCode", "message": code}]}
    return status(status="Failure", reason="NonZeroExitCode", details=causes)


@pytest.mark.parametrize(("end", "code"), [(status(status="Success"), 0), (exit_of("1"), 1), (exit_of("124"), 124)])
def test_a_command_that_ran(end: bytes, code: int) -> None:
    split = "ä".encode()
    opened = Socket((1, b"a" + split[:1]), (2, b"oh"), (1, split[1:]), (3, end))
    assert streams._talk(opened, b"", float("inf")) == Output("aä", "oh", code)


def test_input_follows_the_first_output_in_pieces_and_once() -> None:
    opened = Socket((2, b"a warning"), (1, b"ready"), (1, b"done"), (3, status(status="Success")))
    given = bytes(range(256)) * 300
    assert streams._talk(opened, given, float("inf")).stdout == "readydone"
    assert b"".join(opened.written) == given
    assert max(map(len, opened.written)) <= 32 << 10


def test_a_program_that_is_not_there_is_given_nothing() -> None:
    """Written to while it ends, the connection could not be read to its end, and nobody would know why."""
    opened = Socket((3, status(status="Failure", message='exec: "python3": executable file not found in $PATH')))
    with pytest.raises(FileNotFoundError):
        streams._talk(opened, b"program", float("inf"))
    assert opened.written == []


@pytest.mark.parametrize(
    "end",
    [status(status="Failure", message='exec: "sh": executable file not found in $PATH'),
     exit_of("none"), status(status="Failure", reason="InternalError")],
)  # fmt: skip
def test_a_command_that_never_ran(end: bytes) -> None:
    with pytest.raises(FileNotFoundError):
        streams._talk(Socket((3, end)), b"", float("inf"))


def test_a_connection_that_ended_first() -> None:
    with pytest.raises(OSError, match="ended before"):
        streams._talk(Socket((1, b"half")), b"", float("inf"))


def test_a_command_that_does_not_end() -> None:
    with pytest.raises(TimeoutError):
        streams._talk(Socket((1, b"x")), b"", 0.0)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (FileNotFoundError("no sh"), "not-installed"),
        (OSError("Handshake status 403 Forbidden"), "forbidden"),
        (OSError("Connection refused"), "unreachable"),
    ],
)
def test_a_refusal_is_told_from_a_program_that_is_not_there(error: Exception, reason: str) -> None:
    assert streams._gap("run", error).reason == reason
