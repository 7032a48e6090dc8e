"""Split DNS: one name, two views. A part of the check `dns`: is the caller's own view right, held against the other?

A private answer inside and a public one outside is right. Wrong are a view that lacks the name, an address that the
object behind the name no longer has, another object's, and the load balancer's where a connection from inside does
not turn around.
"""

from netdoc_checks.split.judge import judge
from netdoc_checks.split.observe import observe
from netdoc_checks.split.rules import RULES
from netdoc_checks.split.seen import CODES, Parameters, Seen

__all__ = ["CODES", "RULES", "Parameters", "Seen", "judge", "observe"]
