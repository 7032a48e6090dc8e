"""What each consent must be allowed beyond reading."""

from __future__ import annotations

from netdoc.engine.reads import Rule
from netdoc.ports.vantage import Consent

# A stream is a WebSocket, which begins with a GET and opens a connection: API servers before 1.35 ask for `get` alone,
# later ones for `create` too (KEP-4006, AuthorizePodWebsocketUpgradeCreatePermission).
_VERBS = ("create", "get")

RULES: dict[Consent, Rule] = {
    "exec": Rule("", "pods/exec", _VERBS),
    "port-forward": Rule("", "pods/portforward", _VERBS),
}
