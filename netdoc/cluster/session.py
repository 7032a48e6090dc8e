"""One request to an API server, blocking: connections and credential from the kubernetes package, the body ours.

A body is read as it arrives and given up at the deadline, since the client's own timeout is for each read.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec
import urllib3
from kubernetes.client import Configuration
from kubernetes.client.rest import RESTClientObject
from kubernetes.config.config_exception import ConfigException
from urllib3 import exceptions as http

from netdoc.cluster.kubeconfig import Access
from netdoc.cluster.plugin import PluginTimeout
from netdoc.model.finding import Reason

MAX_BODY = 512 << 20
_CHUNK = 1 << 16


class Answer(msgspec.Struct, frozen=True):
    """What the server answered, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Failure(Exception):
    """Why there is no answer. `again` says whether another try may help."""

    def __init__(self, reason: Reason, detail: str, *, again: bool = False) -> None:
        super().__init__(detail)
        self.reason: Reason = reason
        self.detail = detail
        self.again = again


class Call(msgspec.Struct, kw_only=True):
    """One request under way. `deadline` is on the monotonic clock; `abandon` wakes whoever reads its body."""

    method: str
    url: str
    headers: list[tuple[str, str]]
    body: bytes | None
    deadline: float
    response: Any = None
    abandoned: bool = False

    @property
    def left(self) -> float:
        return max(self.deadline - time.monotonic(), 0.001)

    def abandon(self) -> None:
        self.abandoned = True
        if self.response is not None:
            with contextlib.suppress(Exception):
                self.response.shutdown()


class Session:
    """The connections to one server as one user. The credential is loaded at the first request, and when it expires."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._lock = threading.Lock()
        self._configuration: Configuration | None = None
        self._pool: Any = None
        self.generation = 0

    def forget(self, generation: int) -> bool:
        """Load the credential anew for the next request; False where that has happened since `generation`."""
        with self._lock:
            if generation != self.generation:
                return False
            self.generation += 1
            self._configuration = None
            return True

    def close(self) -> None:
        if self._pool is not None:
            self._pool.clear()

    def send(self, call: Call) -> Answer:
        """Raises Failure."""
        try:
            pool, credential = self._ready(call)
            return _exchange(pool, call, credential)
        except Failure:
            raise
        except Exception as error:  # whatever a client library raises is a failed request, never a crash
            raise failure_of(error, call) from error

    def _ready(self, call: Call) -> tuple[Any, str]:
        if not self._lock.acquire(timeout=call.left):
            raise Failure("timeout", "the credential did not come in time")
        try:
            if self._configuration is None:
                self._configuration, self._pool = self._load(call.left)
            credential = self._configuration.get_api_key_with_prefix("BearerToken")
            return self._pool, credential or ""
        finally:
            self._lock.release()

    def _load(self, timeout: float) -> tuple[Configuration, Any]:
        configuration = Configuration()
        self._access.load(configuration, timeout)
        configuration.connection_pool_maxsize = 8
        if not configuration.verify_ssl:
            # Said once and aloud by the source (Access.notes), not with every request.
            urllib3.disable_warnings(http.InsecureRequestWarning)
        return configuration, RESTClientObject(configuration).pool_manager


def _exchange(pool: Any, call: Call, credential: str) -> Answer:
    headers = urllib3.HTTPHeaderDict(call.headers)
    if credential:
        headers["Authorization"] = credential
    response = pool.request(
        call.method,
        call.url,
        headers=headers,
        body=call.body,
        timeout=urllib3.Timeout(connect=call.left, read=call.left),
        retries=False,
        redirect=False,  # a credential is not carried elsewhere
        preload_content=False,
    )
    call.response = response
    try:
        body = _body(response, call)
    except BaseException:
        response.close()
        raise
    response.release_conn()
    return Answer(response.status, {key.lower(): value for key, value in response.headers.items()}, body)


def _body(response: Any, call: Call) -> bytes:
    body = bytearray()
    while chunk := response.read1(_CHUNK, decode_content=True):
        body += chunk
        if len(body) > MAX_BODY:
            raise Failure("incomplete", f"the answer is larger than {MAX_BODY >> 20} MiB")
        if call.abandoned or time.monotonic() > call.deadline:
            raise Failure("timeout", "the answer did not end in time", again=True)
    expected = response.length_remaining
    if expected:
        raise http.IncompleteRead(len(body), expected)
    return bytes(body)


def failure_of(error: Exception, call: Call) -> Failure:
    """What an exception of the client's libraries means."""
    where = "{0.scheme}://{0.netloc}".format(urlsplit(call.url))
    match error:
        case PluginTimeout():
            return Failure("timeout", str(error))
        case ConfigException():
            return Failure("unreachable", str(error))
        case http.SSLError():
            return Failure("unreachable", f"TLS with {where} fails: {error}")
        case http.ProxyError():
            return Failure("unreachable", f"the proxy to {where} fails: {error}", again=True)
        case http.NameResolutionError():
            return Failure("unreachable", f"the name in {where} does not resolve", again=True)
        case http.NewConnectionError():
            return Failure("unreachable", f"no connection to {where}: {_last(error)}", again=True)
        case http.ConnectTimeoutError() | http.ReadTimeoutError() | TimeoutError():
            return Failure("timeout", f"{where} did not answer in time", again=True)
        case http.ProtocolError() if _is_short(error):
            return Failure("incomplete", "the answer was cut short", again=True)
        case http.HTTPError() | OSError():
            return Failure("unreachable", f"the connection to {where} broke: {_last(error)}", again=True)
    return Failure("unreachable", f"{where}: {type(error).__name__}: {error}")


def _is_short(error: Exception) -> bool:
    return isinstance(error, http.IncompleteRead) or any(isinstance(one, http.IncompleteRead) for one in error.args)


def _last(error: Exception) -> str:
    """The innermost words of an error: `Connection refused`."""
    words = str(error).rpartition(": ")[2].strip("'\")(")
    return re.sub(r"^\[Errno \d+\] ", "", words) or type(error).__name__
