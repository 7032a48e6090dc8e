"""The two ports through which the pipeline meets the world, and the recorder around them."""

import msgspec

from netdoc.ports.cluster import Cluster, Listing, Traffic, Where
from netdoc.ports.recorder import Recorder
from netdoc.ports.vantage import Consent, Measurement, NoVantages, Vantage, Vantages

__all__ = [
    "Cluster",
    "Consent",
    "Listing",
    "Measurement",
    "NoVantages",
    "Ports",
    "Recorder",
    "Traffic",
    "Vantage",
    "Vantages",
    "Where",
]


class Ports(msgspec.Struct, frozen=True):
    """What a check may ask of the world."""

    cluster: Cluster
    vantages: Vantages = NoVantages()
