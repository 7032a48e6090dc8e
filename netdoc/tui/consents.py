"""What is run in a container, or opened into a pod, is shown to a person first, and comes about at a yes alone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import msgspec

from netdoc.model.kube.meta import ObjectRef
from netdoc.model.record import Gap
from netdoc.ports import Cluster, Consent, Measurement, Vantage, Vantages
from netdoc.vantage import vantages_of

Answer = Literal["yes", "all", "no"]
"""`all`: yes, and so to whatever else this consent would run in this run."""

Ask = Callable[[Consent, str], Awaitable[Answer]]
"""Shows a command to a person, and returns what they say."""

Tell = Callable[[Consent, str, Answer], None]
"""Hears of each command that was decided on, before it is run."""

WORDS: dict[Consent, str] = {
    "exec": "run commands in the source's container",
    "port-forward": "open a tunnel to each DNS pod",
    "probe": "create test pods",
}


_OWN_DOOR = re.compile(r"\b127\.0\.0\.1:\d+")
"""A listener of netdoc's own on this machine, which has another port each time."""


class _NotYet(Exception):
    """Raised through the vantage that is about to run a command, so that it runs nothing."""

    def __init__(self, command: str) -> None:
        super().__init__(command)
        self.command = command


class Asking:
    """The vantages of a run whose commands are asked for one by one. After a no nothing more of its kind is asked."""

    def __init__(self, cluster: Cluster, consents: frozenset[Consent], ask: Ask, tell: Tell) -> None:
        self._places = vantages_of(cluster, consents, self._show)
        self._ask = ask
        self._tell = tell
        self._one_at_a_time = asyncio.Lock()
        self._granted: set[str] = set()
        self._standing: dict[Consent, Answer] = {}

    def allowed(self, consent: Consent) -> bool:
        return self._places.allowed(consent)

    def here(self) -> Vantage:
        return self._places.here()

    def inside(self, pod: ObjectRef, container: str) -> Vantage:
        return _Gate(self, "exec", self._places.inside(pod, container))

    def through(self, pod: ObjectRef, port: int) -> Vantage:
        return _Gate(self, "port-forward", self._places.through(pod, port))

    async def close(self) -> None:
        await self._places.close()

    def _show(self, command: str) -> None:
        if _same(command) not in self._granted:
            raise _NotYet(command)

    async def grants(self, consent: Consent, command: str) -> bool:
        """Whether it may be run. The very same command is asked for once in a run."""
        async with self._one_at_a_time:
            if _same(command) in self._granted:
                return True
            answer = self._standing.get(consent) or await self._ask(consent, command)
            if answer != "yes":
                self._standing[consent] = answer
            self._tell(consent, command, answer)
            if answer != "no":
                self._granted.add(_same(command))
            return answer != "no"


def _same(command: str) -> str:
    return _OWN_DOOR.sub("", command)


class _Gate(msgspec.Struct, frozen=True):
    """One vantage behind its question."""

    asking: Asking
    consent: Consent
    vantage: Vantage

    @property
    def name(self) -> str:
        return self.vantage.name

    async def measure(self, measurement: Measurement) -> dict[str, Any] | Gap:
        while True:
            try:
                return await self.vantage.measure(measurement)
            except _NotYet as shown:
                if not await self.asking.grants(self.consent, shown.command):
                    return _refused(self.consent, measurement, self.name)


def vantages(cluster: Cluster, consents: frozenset[Consent], ask: Ask, tell: Tell) -> Vantages | None:
    """None where nothing was consented to."""
    return Asking(cluster, consents, ask, tell) if consents else None


def _refused(consent: Consent, measurement: Measurement, vantage: str) -> Gap:
    what = f"{measurement.kind} as {vantage} sees it"
    return Gap(what=what, reason="needs-consent", detail=f"you said no to --{consent}", blocking=False)
