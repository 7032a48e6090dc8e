"""What is run in a container, or opened into a pod, is shown to a person first, and comes about at a yes alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
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


_asking_for: ContextVar[Consent] = ContextVar("consent")
"""The consent that the measurement under way needs."""


class _Refused(Exception):
    """Raised through the vantage that was about to run a command, so that it runs nothing."""


class Asking:
    """The vantages of a run whose commands are asked for one by one. After a no nothing more of its kind is asked."""

    def __init__(self, cluster: Cluster, consents: frozenset[Consent], ask: Ask, tell: Tell) -> None:
        self._consents = consents
        self._places = vantages_of(cluster, consents, self._show)
        self._ask = ask
        self._tell = tell
        self._one_at_a_time = asyncio.Lock()
        self._granted: set[str] = set()
        self._standing: dict[Consent, Answer] = {}

    def allowed(self, consent: Consent) -> bool:
        return self._places.allowed(consent)

    def here(self) -> Vantage:
        """Of one's own machine a consent to measure is enough, whichever it is; the demo shows that too."""
        return _Gate(next(iter(sorted(self._consents))), self._places.here())

    def inside(self, pod: ObjectRef, container: str) -> Vantage:
        return _Gate("exec", self._places.inside(pod, container))

    def through(self, pod: ObjectRef, port: int) -> Vantage:
        return _Gate("port-forward", self._places.through(pod, port))

    async def close(self) -> None:
        await self._places.close()

    async def _show(self, command: str) -> None:
        """Comes back once it may be run. The very same command is asked for once in a run. Raises _Refused."""
        consent = _asking_for.get()
        async with self._one_at_a_time:
            if command in self._granted:
                return
            answer = self._standing.get(consent) or await self._ask(consent, command)
            if answer != "yes":
                self._standing[consent] = answer
            self._tell(consent, command, answer)
            if answer == "no":
                raise _Refused
            self._granted.add(command)


class _Gate(msgspec.Struct, frozen=True):
    """One vantage behind its question."""

    consent: Consent
    vantage: Vantage

    @property
    def name(self) -> str:
        return self.vantage.name

    async def measure(self, measurement: Measurement) -> dict[str, Any] | Gap:
        _asking_for.set(self.consent)
        try:
            return await self.vantage.measure(measurement)
        except _Refused:
            return _refused(self.consent, measurement, self.name)


def vantages(cluster: Cluster, consents: frozenset[Consent], ask: Ask, tell: Tell) -> Vantages | None:
    """None where nothing was consented to."""
    return Asking(cluster, consents, ask, tell) if consents else None


def _refused(consent: Consent, measurement: Measurement, vantage: str) -> Gap:
    what = f"{measurement.kind} as {vantage} sees it"
    return Gap(what=what, reason="needs-consent", detail=f"you said no to --{consent}", blocking=False)
