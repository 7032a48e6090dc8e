"""Every key that can be changed, by the id of its binding."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from textual.binding import Binding, BindingType


class Key(msgspec.Struct, frozen=True):
    """A binding as the settings show it."""

    id: str
    keys: str
    text: str


def all_keys() -> tuple[Key, ...]:
    """Those of the app, of its screens and of its lists."""
    from netdoc.tui.app import NetdocApp
    from netdoc.tui.screens.checks import ChecksScreen
    from netdoc.tui.screens.consent import ConsentScreen
    from netdoc.tui.screens.findings import FindingsScreen
    from netdoc.tui.screens.home import HomeScreen
    from netdoc.tui.screens.measure import MeasureScreen
    from netdoc.tui.screens.run import RunScreen
    from netdoc.tui.widgets.reader import Reader
    from netdoc.tui.widgets.rows import Rows
    from netdoc.tui.widgets.tick import Tick

    screens = (RunScreen, HomeScreen, FindingsScreen, ChecksScreen, MeasureScreen, ConsentScreen)
    owners = (NetdocApp, *screens, Rows, Reader, Tick)
    return tuple(key for owner in owners for key in _keys(owner.BINDINGS))


def _keys(bindings: list[BindingType]) -> Iterator[Key]:
    for one in bindings:
        if isinstance(one, Binding) and one.id:
            yield Key(one.id, one.key, one.description)
