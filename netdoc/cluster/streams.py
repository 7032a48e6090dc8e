"""Streams into pods: a command in a container, a tunnel to a port. Each only with the consent that names it.

The kubernetes package's stream functions swap a method of the ApiClient that they are given, so that a request made
beside them with the same client goes astray (kubernetes-client/python#928): each stream has a client of its own.
"""

# mypy: disable-error-code="no-untyped-call"
from __future__ import annotations

import contextlib
import socket
import time
from typing import Any

import msgspec

from netdoc.cluster.guard import Refused
from netdoc.cluster.kubeconfig import Access
from netdoc.cluster.threads import run_apart
from netdoc.model.kube.meta import ObjectRef
from netdoc.model.record import Gap
from netdoc.ports.vantage import Consent, needs

MOST_OUTPUT = 4 << 20  # bytes of a command's output that are read
CHUNK = 32 << 10  # bytes of a command's input that are sent at once
STDOUT, STDERR, STATUS = 1, 2, 3  # channels (k8s.io/apimachinery, remotecommand)
_POLL = 0.2  # seconds between looks at the deadline


class Output(msgspec.Struct, frozen=True):
    """What a command wrote, and its exit code."""

    stdout: str
    stderr: str
    code: int


class Tunnel:
    """One connection into a pod: `socket` is a half of a socket pair, whose other half the client's thread serves."""

    def __init__(self, wrapped: Any, opened: Any) -> None:
        self.socket: socket.socket = wrapped._socket
        self._opened = opened

    def end(self) -> None:
        """Close both. The client leaves its connection open where the server ends it first."""
        self.socket.close()
        connection = self._opened.websocket.sock
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()


class _Detail(msgspec.Struct):
    reason: str = ""
    message: str = ""


class _Details(msgspec.Struct):
    causes: list[_Detail] = []


class _Status(msgspec.Struct):
    """metav1.Status on the error channel: Success, or NonZeroExitCode with the code among the causes."""

    status: str = ""
    reason: str = ""
    message: str = ""
    details: _Details | None = None


class Streams:
    """Opens streams for one run."""

    def __init__(self, access: Access, consents: frozenset[Consent], timeout: float = 10.0) -> None:
        self._access = access
        self._consents = consents
        self._timeout = timeout

    async def run(
        self, pod: ObjectRef, container: str, command: list[str], seconds: float, given: str = ""
    ) -> Output | Gap:
        """Run a command in a container. It is left to itself when its time is over.

        `given` is its standard input, sent as soon as it has written something: a connection that is written to while
        it ends cannot be read to its end, which would say why. Its end is not told (only version 5 of the protocol
        can): the command knows by itself when to stop reading.
        """
        what = f"run {command[0]} in {pod.namespace}/{pod.name}"
        if (gap := self._refusal("exec", what)) is not None:
            return gap
        box: list[Any] = []
        try:
            return await run_apart(
                lambda: _run(self._client(), pod, container, command, given.encode(), seconds, box),
                lambda: _abandon(box),
                seconds + self._timeout,
            )
        except TimeoutError:
            return Gap(what=what, reason="timeout", detail=f"it did not end within {seconds:g} s")
        except Exception as error:
            return _gap(what, error)

    async def tunnel(self, pod: ObjectRef, port: int) -> Tunnel | Gap:
        """A connection to the port on localhost inside the pod."""
        what = f"open a tunnel to {pod.namespace}/{pod.name}:{port}"
        if (gap := self._refusal("port-forward", what)) is not None:
            return gap
        try:
            return await run_apart(lambda: _forward(self._client(), pod, port), lambda: None, self._timeout)
        except TimeoutError:
            return Gap(what=what, reason="timeout", detail=f"it did not open within {self._timeout:g} s")
        except Exception as error:
            return _gap(what, error)

    def _refusal(self, consent: Consent, what: str) -> Gap | None:
        if consent not in self._consents:
            return needs(consent, what)
        if self._access.as_user:  # the client does not pass impersonation on to a stream: it would run as oneself
            return Gap(what=what, reason="not-supported", detail="--as does not reach streams", blocking=False)
        return None

    def _client(self) -> Any:
        from kubernetes.client import ApiClient, Configuration

        configuration = Configuration()
        self._access.load(configuration, self._timeout)
        return ApiClient(configuration)


def _abandon(box: list[Any]) -> None:
    for one in box:
        one.close()


def _core(client: Any) -> Any:
    from kubernetes.client import CoreV1Api

    return CoreV1Api(client)


def _run(
    client: Any, pod: ObjectRef, container: str, command: list[str], given: bytes, seconds: float, box: list[Any]
) -> Output:
    from kubernetes.stream import stream

    opened = stream(
        _core(client).connect_get_namespaced_pod_exec,
        pod.name,
        pod.namespace,
        container=container,
        command=command,
        stdin=bool(given),
        stdout=True,
        stderr=True,
        tty=False,
        _preload_content=False,
        binary=True,
        _request_timeout=seconds,
    )
    box.append(opened)
    try:
        return _talk(opened, given, time.monotonic() + seconds)
    finally:
        opened.close()
        opened.sock.shutdown()  # the client leaves the socket open where the server said goodbye first


def _talk(opened: Any, given: bytes, deadline: float) -> Output:
    held: dict[int, bytearray] = {channel: bytearray() for channel in (STDOUT, STDERR, STATUS)}
    while opened.is_open():
        if time.monotonic() > deadline:
            raise TimeoutError
        opened.update(timeout=_POLL)
        for channel, text in held.items():
            if opened.peek_channel(channel):
                text += opened.read_channel(channel)
        if given and held[STDOUT] and not held[STATUS]:
            _write(opened, given)
            given = b""
        if len(held[STDOUT]) + len(held[STDERR]) > MOST_OUTPUT:
            raise Refused(f"its output is larger than {MOST_OUTPUT >> 20} MiB")
    for channel, text in held.items():
        text += opened.read_channel(channel) or b""
    out, err = (held[one].decode("utf-8", "replace") for one in (STDOUT, STDERR))
    return Output(out, err, _code(bytes(held[STATUS])))


def _write(opened: Any, given: bytes) -> None:
    """In pieces: one large write can break the connection."""
    for at in range(0, len(given), CHUNK):
        opened.write_stdin(given[at : at + CHUNK])


def _code(status: bytes) -> int:
    """The exit code. Raises OSError where the command never ran: no such program, no such container."""
    if not status:
        raise OSError("the connection ended before the command did")
    told = msgspec.json.decode(status, type=_Status)
    if told.status == "Success":
        return 0
    for cause in told.details.causes if told.details else ():
        if cause.reason == "ExitCode" and cause.message.isdecimal():
            return int(cause.message)
    raise FileNotFoundError(told.message or told.reason or "the command did not run")


def _forward(client: Any, pod: ObjectRef, port: int) -> Tunnel:
    from kubernetes.stream import portforward

    opened = portforward(_core(client).connect_get_namespaced_pod_portforward, pod.name, pod.namespace, ports=str(port))
    return Tunnel(opened.socket(port), opened)


def _gap(what: str, error: Exception) -> Gap:
    """A refusal, or a stream that did not open. What the runtime says of a program that is not there is no refusal."""
    text = str(getattr(error, "reason", "") or error)
    if "403" in text or "Forbidden" in text:
        return Gap(what=what, reason="forbidden", detail="may not create pods/exec or pods/portforward")
    if isinstance(error, FileNotFoundError):
        return Gap(what=what, reason="not-installed", detail=text[:300], blocking=False)
    return Gap(what=what, reason="unreachable", detail=text[:300])
