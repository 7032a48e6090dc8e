"""Which checks and playbooks are installed. Reads packages' metadata: call it beside the screen."""

from __future__ import annotations

import msgspec


class Installed(msgspec.Struct, frozen=True):
    """Ids. A package whose list cannot be read has none."""

    checks: frozenset[str] = frozenset()
    playbooks: tuple[str, ...] = ()


def read_installed() -> Installed:
    from netdoc.engine.plugins import Listed, listed

    checks = frozenset(one.id for one in listed("netdoc.checks") if isinstance(one, Listed))
    books = tuple(one.id for one in listed("netdoc.playbooks") if isinstance(one, Listed))
    return Installed(checks, books)
