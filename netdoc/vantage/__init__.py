"""Where measurements are made from: this machine, a container by its own tools, a tunnel into a pod."""

from netdoc.vantage.places import Places, vantages_of

__all__ = ["Places", "vantages_of"]
