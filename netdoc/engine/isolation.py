"""A stranger's code in a thread and loop of its own: one that raises, blocks or never ends costs itself alone.

A thread cannot be killed. It is left to itself when its time is over, asks nothing more of the world (the bridge
is closed), and ends with the process.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

import msgspec

from netdoc.engine.check import Check, Subject
from netdoc.model.finding import CausalRule, Code, Finding, Judgement, Unjudged
from netdoc.model.kube.meta import ObjectRef
from netdoc.model.record import Gap
from netdoc.ports import Cluster, Listing, Ports, Traffic, Where
from netdoc.ports.cluster import K

T = TypeVar("T")

MOST = 10_000
"""Judgements of one check. A generator without end is cut off here."""
IMPORTING = 5.0
"""Seconds that a stranger's package may take to be imported."""


class Blocked(Exception):
    """It did not come back in time."""


def apart(work: Callable[[], T], seconds: float = IMPORTING) -> T:
    """What `work` returns or raises, run in a thread of its own. Raises Blocked when the time is over."""
    done = threading.Event()
    box: list[tuple[bool, Any]] = []
    threading.Thread(target=_fill, args=(work, box, done.set), name="netdoc-plugin", daemon=True).start()
    if not done.wait(seconds):
        raise Blocked(f"did not come back within {seconds:g} s")
    value: T = _opened(box)
    return value


async def apart_async(work: Callable[[], T], seconds: float) -> T:
    """The same, while the loop goes on."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    box: list[tuple[bool, Any]] = []

    def tell() -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone: nobody waits any more
            loop.call_soon_threadsafe(done.set)

    threading.Thread(target=_fill, args=(work, box, tell), name="netdoc-plugin", daemon=True).start()
    try:
        await asyncio.wait_for(done.wait(), seconds)
    except TimeoutError:
        raise Blocked(f"did not come back within {seconds:g} s") from None
    value: T = _opened(box)
    return value


def _fill(work: Callable[[], Any], box: list[tuple[bool, Any]], tell: Callable[[], None]) -> None:
    try:
        box.append((True, work()))
    except BaseException as error:  # also SystemExit: a plugin does not end netdoc
        box.append((False, error))
    tell()


def _opened(box: list[tuple[bool, Any]]) -> Any:
    well, value = box[0]
    if well:
        return value
    if isinstance(value, Exception):
        raise value
    raise RuntimeError(f"it raised {type(value).__name__}") from value


async def run_apart(check: Check, ports: Ports, subject: Subject, seconds: float) -> tuple[Judgement, ...]:
    """Both halves of a stranger's check. Raises Blocked, Nonsense, or what the check raises."""
    bridge = Bridge(ports.cluster, asyncio.get_running_loop())

    def work() -> tuple[Any, ...]:
        seen = asyncio.run(_observed(check, Ports(bridge, ports.vantages), subject))
        return tuple(islice(_iterable(check.judge(seen)), MOST + 1))

    try:
        judgements = await apart_async(work, seconds)
    finally:
        bridge.closed = True
    return sound(check, judgements)


async def _observed(check: Check, ports: Ports, subject: Subject) -> Any:
    return await check.observe(ports, subject)


class Nonsense(Exception):
    """A check returned what is no judgement."""


def _iterable(value: Any) -> Iterable[Any]:
    if value is None or isinstance(value, str | bytes | msgspec.Struct) or not hasattr(value, "__iter__"):
        raise Nonsense(f"judge returned {type(value).__name__}, not findings")
    return value  # type: ignore[no-any-return]


def sound(check: Check, judgements: tuple[Any, ...]) -> tuple[Judgement, ...]:
    """The judgements, each built again by its declared types. Raises Nonsense for one that does not fit."""
    if len(judgements) > MOST:
        raise Nonsense(f"judge returned more than {MOST} judgements")
    codes = {one.code if isinstance(one, Code) else one for one in check.codes}
    return tuple(_sound(one, codes) for one in judgements)


def _sound(judgement: Any, codes: set[str]) -> Judgement:
    if not isinstance(judgement, Finding | Unjudged):
        raise Nonsense(f"judge returned {type(judgement).__name__} among the findings")
    try:
        # Structs do not check what they are built from; to go once through plain data does.
        plain = msgspec.json.encode(judgement)
        checked = msgspec.json.decode(plain, type=type(judgement))
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError, OverflowError) as error:
        raise Nonsense(f"a {type(judgement).__name__} is malformed: {error}") from error
    if isinstance(checked, Finding) and checked.code not in codes:
        raise Nonsense(f"it reports {checked.code}, which is none of its codes")
    return checked


def declared(value: Any) -> Check:
    """A stranger's check, whose own statements fit their types. Raises TypeError."""
    if not isinstance(value, Check):
        raise TypeError(f"it is {type(value).__name__}, not a netdoc.api.Check")
    named = (value.id, value.title, value.step, *value.hops, *value.consents)
    if not all(isinstance(one, str) for one in named) or not value.id:
        raise TypeError("its id, title, hops and consents must be text")
    if not all(isinstance(one, str | Code) for one in value.codes):
        raise TypeError("its codes must be names or netdoc.api.Code")
    if not (isinstance(value.parameters, type) and issubclass(value.parameters, msgspec.Struct)):
        raise TypeError("its parameters must be a msgspec.Struct class")
    if not callable(value.observe) or not callable(value.judge):
        raise TypeError("observe and judge must be functions")
    for each in (*value.rules, *(one for one in value.codes if isinstance(one, Code))):
        kind = CausalRule if not isinstance(each, Code) else Code
        msgspec.convert(msgspec.to_builtins(each), kind)
    return value


class Bridge:
    """The Cluster as a stranger's loop sees it: every question is asked on the engine's own loop."""

    def __init__(self, cluster: Cluster, home: asyncio.AbstractEventLoop) -> None:
        self._cluster = cluster
        self._home = home
        self.closed = False

    @property
    def where(self) -> Where:
        return self._cluster.where

    @property
    def traffic(self) -> Traffic:
        return self._cluster.traffic

    async def now(self) -> datetime:
        return await self._over(self._cluster.now())

    async def get(self, kind: type[K], name: str, namespace: str = "") -> K | Gap | None:
        return await self._over(self._cluster.get(kind, name, namespace))

    async def list(self, kind: type[K], namespace: str = "", *, labels: str = "", fields: str = "") -> Listing[K]:
        return await self._over(self._cluster.list(kind, namespace, labels=labels, fields=fields))

    async def log(self, pod: ObjectRef, container: str, *, previous: bool = False, lines: int = 20) -> str | Gap:
        return await self._over(self._cluster.log(pod, container, previous=previous, lines=lines))

    async def close(self) -> None:
        """The cluster is the engine's to close."""

    async def _over(self, question: Awaitable[T]) -> T:
        if self.closed or self._home.is_closed():
            if isinstance(question, Coroutine):
                question.close()
            raise Blocked("the time of this check is over")
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_awaited(question), self._home))


async def _awaited(question: Awaitable[T]) -> T:
    return await question
