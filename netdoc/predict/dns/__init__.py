"""What cluster DNS answers (Zone), what stands in a pod's resolv.conf, and what libc makes of a name with it."""

from netdoc.predict.dns.expansion import Libc, Query, expand, following
from netdoc.predict.dns.options import Options
from netdoc.predict.dns.resolver import ResolvConf, policy_of, resolv_conf_of
from netdoc.predict.dns.zone import Answer, Zone

__all__ = [
    "Answer",
    "Libc",
    "Options",
    "Query",
    "ResolvConf",
    "Zone",
    "expand",
    "following",
    "policy_of",
    "resolv_conf_of",
]
