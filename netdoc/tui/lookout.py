"""Looks at the cluster beside the screen: whether it answers, and the names that completion offers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Literal

from netdoc.tui.aside import Aside
from netdoc.tui.start import Place

if TYPE_CHECKING:
    from netdoc.ports import Consent

State = Literal["asking", "ready", "none", "failed"]


class Lookout:
    """One place, opened once. What it lists is asked once: a kind in a namespace, never a whole cluster."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.state: State = "asking"
        self.label = place.label
        self.namespace = place.namespace
        self.problem = ""
        self.mend = ""
        self._aside = Aside("lookout")
        self._recorder: object | None = None
        self._cluster: object | None = None

    def opened(self) -> Awaitable[None]:
        """Opens it beside the screen; what came of it stands in `state`."""
        return asyncio.wrap_future(self._aside.start(self._open()))

    def names(self, kind: str, namespace: str) -> Awaitable[tuple[tuple[str, ...], str]]:
        """(names, why there are none to be had) of a kind in a namespace."""
        return asyncio.wrap_future(self._aside.start(self._names(kind, namespace)))

    def refused(self, consent: Consent, namespace: str) -> Awaitable[str]:
        """Why a consent would be of no use in a namespace, as the cluster says; "" where nothing is against it."""
        return asyncio.wrap_future(self._aside.start(self._refused(consent, namespace)))

    def close(self) -> None:
        self._aside.end()

    async def _open(self) -> None:
        from netdoc.ports import Recorder
        from netdoc.tui.contexts import is_configured
        from netdoc.tui.opening import NotOpened, open_place, see

        try:
            if not is_configured(self.place):
                raise NotOpened("there is no kubeconfig", "try the embedded network (f3) or open a snapshot (f2)")
            cluster = open_place(self.place, "lookout")
            where = cluster.where
            self.label = {"demo": f"demo {where.scenario}", "snapshot": f"snapshot {where.path}"}.get(
                where.type, f"context {where.context or where.server}"
            )
            self.namespace = where.namespace
            await see(cluster)
            self._cluster = cluster
            self._recorder = Recorder(cluster)
            self.state = "ready"
        except NotOpened as error:
            self.problem, self.mend = str(error), error.mend
            self.state = "none" if "no kubeconfig" in self.problem else "failed"

    async def _refused(self, consent: Consent, namespace: str) -> str:
        """The kubernetes client opens streams by GET; a server may want more, and then says so itself."""
        from netdoc.cluster import LiveCluster
        from netdoc.cluster.review import may

        if not isinstance(self._cluster, LiveCluster):
            return ""
        if self.place.as_user:
            return "--as does not reach into pods"
        resource = {"exec": "pods/exec", "port-forward": "pods/portforward"}.get(consent, "pods")
        allowed = await may(self._cluster, "get", resource, "", namespace)
        return f"you may not get {resource} in {namespace} (RBAC)" if allowed is False else ""

    async def _names(self, kind: str, namespace: str) -> tuple[tuple[str, ...], str]:
        from netdoc.path.kinds import BY_ALIAS
        from netdoc.ports import Recorder

        named = BY_ALIAS.get(kind)
        if not isinstance(self._recorder, Recorder) or named is None or named.projection is None:
            return (), ""
        listing = await self._recorder.list(named.projection, namespace if named.namespaced else "")
        gap = listing.gap.what if listing.gap is not None and listing.gap.blocking else ""
        return tuple(sorted(item.name for item in listing.items)), gap
