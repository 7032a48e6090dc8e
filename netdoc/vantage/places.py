"""The vantages of a run, each opened when it is first asked. Consents decide which there are."""

from __future__ import annotations

from collections.abc import Callable

from netdoc.cluster.streams import Streams
from netdoc.model.kube.meta import ObjectRef
from netdoc.model.record import Gap
from netdoc.ports import Cluster
from netdoc.ports.vantage import Consent, NoVantages, Nowhere, Vantage, Vantages, needs
from netdoc.vantage.agent import LocalAgent
from netdoc.vantage.here import Here
from netdoc.vantage.inside import Inside
from netdoc.vantage.showing import Show
from netdoc.vantage.through import Through


def vantages_of(cluster: Cluster, consents: frozenset[Consent], show: Show = lambda text: None) -> Vantages:
    """From where this cluster can be measured. A source of objects may bring vantages of its own, as the demo does."""
    own: Callable[[frozenset[Consent], Show], Vantages] | None = getattr(cluster, "vantages", None)
    if own is not None:
        return own(consents, show)
    streams: Callable[[frozenset[Consent]], Streams] | None = getattr(cluster, "streams", None)
    return Places(streams(consents) if streams is not None else None, consents, show)


class Places:
    def __init__(self, streams: Streams | None, consents: frozenset[Consent], show: Show = lambda text: None) -> None:
        self._streams = streams
        self._consents = consents
        self._show = show
        self._agent = LocalAgent()
        self._vantages: dict[tuple[str, ...], Vantage] = {}

    def allowed(self, consent: Consent) -> bool:
        return consent in self._consents

    def here(self) -> Vantage:
        return self._kept(("here",), lambda: Here(self._agent))

    def inside(self, pod: ObjectRef, container: str) -> Vantage:
        streams = self._streams
        if streams is None or "exec" not in self._consents:
            return self._without(
                "exec", NoVantages().inside(pod, container), f"measure from {pod.namespace}/{pod.name}"
            )
        return self._kept(
            ("exec", pod.namespace, pod.name, container), lambda: Inside(streams, pod, container, self._show)
        )

    def through(self, pod: ObjectRef, port: int) -> Vantage:
        streams = self._streams
        if streams is None or "port-forward" not in self._consents:
            what = f"ask {pod.namespace}/{pod.name}:{port} by itself"
            return self._without("port-forward", NoVantages().through(pod, port), what)
        return self._kept(
            ("port-forward", pod.namespace, pod.name, str(port)),
            lambda: Through(streams, pod, port, self._agent, self._show),
        )

    async def close(self) -> None:
        await self._agent.close()

    def _kept(self, key: tuple[str, ...], make: Callable[[], Vantage]) -> Vantage:
        if key not in self._vantages:
            self._vantages[key] = make()
        return self._vantages[key]

    def _without(self, consent: Consent, refused: Vantage, what: str) -> Vantage:
        """Without consent; or with it, where there is no cluster to open a stream to."""
        if consent not in self._consents:
            return Nowhere(refused.name, needs(consent, what))
        detail = "there is no live cluster to reach into"
        return Nowhere(refused.name, Gap(what=what, reason="not-supported", detail=detail, blocking=False))
