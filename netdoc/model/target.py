"""What the user asked about: a target and its callers, as typed and as understood."""

from __future__ import annotations

from typing import Literal

import msgspec

Protocol = Literal["TCP", "UDP", "SCTP"]

Failure = Literal["timeout", "refused", "reset", "no-route", "nxdomain", "dns", "tls", "http", "other"]
"""The kind of failure that a pasted error tells.

`nxdomain`: the name does not exist, and the line says so. `dns`: the lookup failed in another way, or the line does
not say how. `http`: something answered with an error status in the name of the target.
"""


class Port(msgspec.Struct, frozen=True):
    """A port as typed: a number or a name, with a protocol where one was given."""

    number: int | None = None
    name: str = ""
    protocol: Protocol | None = None

    def __str__(self) -> str:
        text = str(self.number) if self.number is not None else self.name
        return f"{text}/{self.protocol.lower()}" if self.protocol and self.protocol != "TCP" else text


class PastedError(msgspec.Struct, frozen=True, kw_only=True):
    """What an error line says beside its target: how it failed, with which HTTP status, seen by whom.

    `address` is where the caller's packets went, where the line names the target and tells its address too.
    `resolver` is who answered, or did not, when the lookup failed. `pod` and `namespace` are the writer's of the
    line: a guess, since a line may speak of another pod than the one that wrote it.
    """

    text: str
    failure: Failure
    status: int | None = None
    address: str = ""
    resolver: str = ""
    pod: str = ""
    namespace: str = ""


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
    """Who calls, parsed and not yet looked up. `kind` is an API kind, or `IP`, `Internet`, `Here`, `Any`.

    `guessed` where nobody named it: it was read from a pasted line. What is only guessed is never said to be missing.
    """

    input: str = ""
    kind: str = "Any"
    name: str = ""
    namespace: str = ""
    exact: bool = False
    guessed: bool = False
