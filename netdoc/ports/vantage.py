"""The Vantage port: where packets leave from. On screen "seen from"."""

from __future__ import annotations

from typing import Any, Literal, Protocol

import msgspec

from netdoc.model.kube.meta import ObjectRef
from netdoc.model.record import Gap

Consent = Literal["exec", "port-forward", "probe"]


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to measure: its kind (`dns`, `tcp` ...) and what that kind needs to know."""

    kind: str
    parameters: dict[str, Any]


class Vantage(Protocol):
    """A place from which to measure. What it cannot do is a gap, never a failed measurement."""

    @property
    def name(self) -> str:
        """As evidence cites it: `here`, `exec:shop/web-0`, `port-forward:..`, `pod/..`, `node/..`."""
        ...

    async def measure(self, measurement: Measurement) -> dict[str, Any] | Gap: ...


class Vantages(Protocol):
    """The places that a run may measure from. One that needs a consent that was not given answers with a gap."""

    def allowed(self, consent: Consent) -> bool:
        """Whether this run may measure so; a run that is judged again has what it had."""
        ...

    def here(self) -> Vantage: ...

    def inside(self, pod: ObjectRef, container: str) -> Vantage:
        """In the container, by its own tools. Needs the consent `exec`."""
        ...

    def through(self, pod: ObjectRef, port: int) -> Vantage:
        """Through a tunnel that dials localhost inside the pod. Needs the consent `port-forward`."""
        ...

    async def close(self) -> None: ...


class Nowhere(msgspec.Struct, frozen=True):
    """The vantage that cannot measure, and why."""

    name: str
    gap: Gap

    async def measure(self, measurement: Measurement) -> dict[str, Any] | Gap:
        return self.gap


class NoVantages:
    """Nothing may be measured: offline, or without any consent."""

    def allowed(self, consent: Consent) -> bool:
        return False

    def here(self) -> Vantage:
        return Nowhere("here", _not_here("measure from here"))

    def inside(self, pod: ObjectRef, container: str) -> Vantage:
        return Nowhere(f"exec:{pod.namespace}/{pod.name}", needs("exec", f"measure from {pod.namespace}/{pod.name}"))

    def through(self, pod: ObjectRef, port: int) -> Vantage:
        what = f"ask {pod.namespace}/{pod.name}:{port} by itself"
        return Nowhere(f"port-forward:{pod.namespace}/{pod.name}:{port}", needs("port-forward", what))

    async def close(self) -> None:
        return None


def needs(consent: Consent, what: str) -> Gap:
    return Gap(what=what, reason="needs-consent", detail=f"--{consent} allows it", blocking=False)


def _not_here(what: str) -> Gap:
    return Gap(what=what, reason="not-supported", detail="there is nothing to measure in a record", blocking=False)
