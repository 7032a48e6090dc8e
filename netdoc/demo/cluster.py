"""The embedded network as a Cluster that brings vantages of its own."""

from __future__ import annotations

from collections.abc import Callable

from netdoc.cluster import SnapshotCluster
from netdoc.ports import Consent, Vantages


class DemoCluster(SnapshotCluster):
    """Objects from files, and packets on this machine's loopback, where they are consented to."""

    def vantages(self, consents: frozenset[Consent], show: Callable[[str], None]) -> Vantages:
        """Nothing is loaded and nothing listens before there is consent and something is measured."""
        from netdoc.ports import NoVantages

        if not consents:
            return NoVantages()
        from netdoc.demo.vantages import DemoVantages

        return DemoVantages(self.holdings, consents, show)
