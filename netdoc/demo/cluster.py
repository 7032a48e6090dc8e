"""The embedded network as a Cluster that brings vantages of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdoc.cluster import SnapshotCluster
from netdoc.ports import Consent, Vantages

if TYPE_CHECKING:
    from netdoc.vantage.showing import Show


class DemoCluster(SnapshotCluster):
    """Objects from files, and packets on this machine's loopback, where they are consented to."""

    def vantages(self, consents: frozenset[Consent], show: Show) -> Vantages:
        """Nothing is loaded and nothing listens before there is consent and something is measured."""
        from netdoc.ports import NoVantages

        if not consents:
            return NoVantages()
        from netdoc.demo.vantages import DemoVantages

        return DemoVantages(self.holdings, consents, show)
