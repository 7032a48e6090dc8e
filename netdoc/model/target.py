"""What the user asked about: a target and its callers, as typed and as understood."""

from __future__ import annotations

from typing import Literal

import msgspec

Protocol = Literal["TCP", "UDP", "SCTP"]

Failure = Literal["timeout", "refused", "reset", "no-route", "nxdomain", "dns", "tls", "http", "other"]
"""The kind of failure that a pasted error tells."""


class Port(msgspec.Struct, frozen=True):
    """A port as typed: a number or a name, with a protocol where one was given."""

    number: int | None = None
    name: str = ""
    protocol: Protocol | None = None

    def __str__(self) -> str:
        text = str(self.number) if self.number is not None else self.name
        return f"{text}/{self.protocol.lower()}" if self.protocol and self.protocol != "TCP" else text


class PastedError(msgspec.Struct, frozen=True):
    """What an error line says beside its target: how it failed, with which HTTP status, seen by whom."""

    text: str
    failure: Failure
    status: int | None = None
    pod: str = ""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What cannot be reached, parsed and not yet looked up.

    `kind` is the API kind (`Service`), or `URL`, `Host`, `IP`. `name` is as typed: `web.shop` may be a Service of
    that name or `web` in `shop`, which only a lookup tells. `exact` marks NAMESPACE/KIND/NAME.
    """

    input: str
    kind: str
    name: str = ""
    namespace: str = ""
    exact: bool = False
    host: str = ""
    port: Port | None = None
    url: str = ""
    error: PastedError | None = None


class SourceSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Who calls, parsed and not yet looked up. `kind` is an API kind, or `IP`, `Internet`, `Here`, `Any`."""

    input: str = ""
    kind: str = "Any"
    name: str = ""
    namespace: str = ""
    exact: bool = False
    guessed: bool = False
