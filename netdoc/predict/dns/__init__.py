"""What cluster DNS answers, and what a pod asks it."""

from netdoc.predict.dns.options import Options
from netdoc.predict.dns.zone import Answer, Zone

__all__ = ["Answer", "Options", "Zone"]
