"""The two ports through which the pipeline meets the world, and the recorder around them."""

import msgspec

from netdoc.ports.cluster import Cluster, Listing, Traffic, Where
from netdoc.ports.recorder import Recorder
from netdoc.ports.vantage import Measurement, Vantage

__all__ = ["Cluster", "Listing", "Measurement", "Ports", "Recorder", "Traffic", "Vantage", "Where"]


class Ports(msgspec.Struct, frozen=True):
    """What a check may ask of the world."""

    cluster: Cluster
    vantages: tuple[Vantage, ...] = ()
