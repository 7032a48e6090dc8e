"""Requests to an API server: guarded, at most eight at once, tried again within bounds, slower when asked to be."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

import msgspec

import netdoc
from netdoc.cluster import guard
from netdoc.cluster.decode import UNREADABLE
from netdoc.cluster.kubeconfig import Access, LiveOptions
from netdoc.cluster.session import Answer, Call, Failure, Session
from netdoc.cluster.threads import run_apart
from netdoc.ports.cluster import Traffic

AT_ONCE = 8
TRIES = 4
TIMEOUTS = 2  # of these tries, how many may end by time
BACKOFF = 0.1  # seconds, doubled with each try, with jitter
SLOW = 0.25  # seconds between requests, once the server has asked twice to be spared
_NO_TIMEOUT = 3600.0  # what --request-timeout 0 comes to: every wait has an end
SKEW = timedelta(seconds=60)

Sleep = Callable[[float], Awaitable[None]]


class _Status(msgspec.Struct):
    message: str = ""


class _Tries(msgspec.Struct):
    """What one request has been through. `end` is on the monotonic clock."""

    end: float
    count: int = 0
    timeouts: int = 0
    turned_away: int = 0
    renewed: bool = False


class Transport:
    """Sends requests for one run, each with `timeout` seconds. `notes` is what the user should be told aloud."""

    def __init__(self, access: Access, options: LiveOptions, sleep: Sleep = asyncio.sleep) -> None:
        self._access = access
        self._session = Session(access)
        self.timeout = options.request_timeout or _NO_TIMEOUT
        self._secrets = options.secrets
        self._headers = _headers(access, options)
        self._sleep = sleep
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._gap = 0.0
        self._next = 0.0
        self._answered = False
        self._down: Failure | None = None
        self._ahead: timedelta | None = None
        self.notes: list[str] = list(access.notes)
        self.requests = 0
        self.bytes = 0

    @property
    def traffic(self) -> Traffic:
        return Traffic(requests=self.requests, bytes=self.bytes)

    def close(self) -> None:
        self._session.close()

    @property
    def access(self) -> Access:
        return self._access

    def server_time(self) -> datetime | None:
        """The time by the server's last Date header, carried on by this machine's clock."""
        return None if self._ahead is None else datetime.now(UTC) + self._ahead

    async def get(self, path: str, query: guard.Query = ()) -> Answer:
        """The answer to a read, whatever it says of what was asked. Raises Failure, and guard.Refused at once."""
        return await self.request("GET", path, query)

    async def request(self, method: str, path: str, query: guard.Query = (), body: bytes | None = None) -> Answer:
        guard.check(method, path, query, secrets=self._secrets)
        if self._down is not None:
            raise self._down
        url = self._access.server + path + (f"?{urlencode(query)}" if query else "")
        try:
            return await self._persist(method, url, body)
        except Failure as failure:
            if not self._answered:
                self._down = failure  # a server that never answered is not waited for again and again
            raise

    # Trying again

    async def _persist(self, method: str, url: str, body: bytes | None) -> Answer:
        """One request and its further tries, within twice the request's time."""
        tries = _Tries(end=time.monotonic() + 2 * self.timeout)
        while True:
            answer, generation = None, self._session.generation
            try:
                answer = await self._once(method, url, body)
                failure = _failed(answer)
            except Failure as error:
                failure = error
            if failure is None and answer is not None:
                return answer
            assert failure is not None
            if answer is not None and answer.status == 401 and not tries.renewed:
                tries.renewed = True
                self._session.forget(generation)
                continue
            delay = self._delay(tries, answer, failure)
            if delay is None:
                raise failure
            await self._sleep(delay)

    def _delay(self, tries: _Tries, answer: Answer | None, failure: Failure) -> float | None:
        """How long to wait before another try; None where none would help or there is no time for one."""
        tries.count += 1
        tries.timeouts += failure.reason == "timeout"
        if answer is not None and answer.status == 429:
            tries.turned_away += 1
            self._slow_down(tries.turned_away)
        if not failure.again or tries.count >= TRIES or tries.timeouts >= TIMEOUTS:
            return None
        if failure.reason == "timeout" and not self._answered:
            return None
        jitter = 0.5 + random.random()
        delay = _retry_after(answer) or BACKOFF * float(2**tries.count) * jitter
        return delay if time.monotonic() + delay < tries.end else None

    def _slow_down(self, turned_away: int) -> None:
        if turned_away >= 2 and not self._gap:
            self._gap = SLOW
            self.notes.append("the API server is overloaded (429 twice for one request): netdoc asks more slowly")

    async def _turn(self) -> None:
        """Wait for this request's turn, where the server has asked to be spared."""
        if self._gap:
            now = time.monotonic()
            at = max(now, self._next)
            self._next = at + self._gap
            await self._sleep(at - now)

    async def _once(self, method: str, url: str, body: bytes | None) -> Answer:
        async with self._gate:
            await self._turn()
            headers = self._headers + ([("Content-Type", "application/json")] if body is not None else [])
            deadline = time.monotonic() + self.timeout
            call = Call(method=method, url=url, headers=headers, body=body, deadline=deadline)
            self.requests += 1
            try:
                answer = await run_apart(lambda: self._session.send(call), call.abandon, self.timeout)
            except TimeoutError:
                detail = f"no answer in {self.timeout:g}s from {self._access.server}"
                raise Failure("timeout", detail, again=True) from None
        self.bytes += len(answer.body)
        self._answered = True
        self._down = None
        self._set_clock(answer)
        return answer

    def _set_clock(self, answer: Answer) -> None:
        try:
            told = parsedate_to_datetime(answer.headers.get("date", ""))
        except ValueError:
            return
        told = told if told.tzinfo else told.replace(tzinfo=UTC)
        ahead = told - datetime.now(UTC)
        if self._ahead is None and abs(ahead) > SKEW:
            way = "behind" if ahead > timedelta() else "ahead of"
            self.notes.append(f"this machine's clock is {abs(ahead).total_seconds():.0f}s {way} the API server's")
        self._ahead = ahead


def _accepted(options: LiveOptions) -> str:
    """Names alone are a hundredth of the objects (Kubernetes API concepts, "metadata-only fetches")."""
    metadata = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,"
    return f"{metadata}application/json" if options.metadata_only else "application/json"


def _headers(access: Access, options: LiveOptions) -> list[tuple[str, str]]:
    agent = f"netdoc/{netdoc.__version__}" + (f" run/{options.run}" if options.run else "")
    headers = [("User-Agent", agent), ("Accept", _accepted(options)), ("Accept-Encoding", "gzip")]
    if access.as_user:
        headers.append(("Impersonate-User", access.as_user))
    return headers + [("Impersonate-Group", group) for group in access.as_groups]


def _failed(answer: Answer) -> Failure | None:
    """What a status says about the server or the credential, and not about what was asked."""
    if answer.status == 401:
        return Failure("forbidden", "the credential is not accepted (401): it may have expired")
    if answer.status == 429:
        return Failure("unreachable", "the API server turns requests away, it is overloaded (429)", again=True)
    if answer.status >= 500:
        return Failure("unreachable", f"the API server fails ({answer.status}): {message_of(answer)}", again=True)
    if 300 <= answer.status < 400:
        return Failure("unreachable", f"the API server redirects ({answer.status}) to another place")
    return None


def message_of(answer: Answer) -> str:
    """The server's own words (metav1.Status), or the beginning of what it sent."""
    try:
        said = msgspec.json.decode(answer.body, type=_Status).message
    except UNREADABLE:
        said = answer.body[:200].decode("utf-8", "replace").strip()
    return said or "it says nothing"


def _retry_after(answer: Answer | None) -> float | None:
    """Retry-After in seconds (RFC 9110, 10.2.3); the API server never sends a date."""
    text = answer.headers.get("retry-after", "") if answer is not None else ""
    return float(text) if text.isdecimal() and int(text) < 3600 else None
