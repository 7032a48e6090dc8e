"""Opens the cluster that a place names: live, a snapshot or the embedded network."""

from __future__ import annotations

from netdoc.cluster.errors import ClusterError
from netdoc.ports import Cluster
from netdoc.tui.start import Place


class NotOpened(Exception):
    """A place that cannot be opened: what is wrong, and the mend."""

    def __init__(self, message: str, mend: str = "") -> None:
        super().__init__(message)
        self.mend = mend


def open_place(place: Place, run: str) -> Cluster:
    """May read files and run for a while: never call it on the screen's loop. Raises NotOpened."""
    try:
        if place.demo:
            return _demo(place)
        if place.snapshot:
            from netdoc.cluster import open_snapshot

            return open_snapshot(place.snapshot, namespace=place.namespace)
        return _live(place, run)
    except ClusterError as error:
        raise NotOpened(error.message, error.hint) from error


async def see(cluster: Cluster) -> None:
    """Sees that a live cluster answers and takes the credential. Raises NotOpened."""
    connect = getattr(cluster, "connect", None)
    if connect is None:
        return
    try:
        await connect()
    except ClusterError as error:
        raise NotOpened(error.message, error.hint) from error


def digest_of(place: Place) -> str:
    """Of a snapshot or the demo, which no journal keeps; "" for a live cluster."""
    from netdoc.demo.digest import of_scenario
    from netdoc.journal.digests import of_input

    return of_input(place.snapshot, place.demo, of_scenario)


def _demo(place: Place) -> Cluster:
    from netdoc.demo import UnknownScenario, open_demo

    try:
        return open_demo(place.demo, namespace=place.namespace)
    except UnknownScenario as error:
        raise NotOpened(str(error), "netdoc demo --list names them") from error


def _live(place: Place, run: str) -> Cluster:
    from netdoc.cluster import LiveOptions, open_live

    return open_live(
        LiveOptions(
            kubeconfig=place.kubeconfig,
            context=place.context,
            namespace=place.namespace,
            as_user=place.as_user,
            as_groups=place.as_groups,
            request_timeout=place.request_timeout.total_seconds(),
            run=run,
        )
    )
