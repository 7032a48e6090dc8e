"""What is about to be run is shown first: printed on the command line, put to a person in the app."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

Show = Callable[[str], Awaitable[None] | None]
"""Is told what is about to be run, and waited for where it waits itself. What it raises keeps it from being run."""


async def shown(show: Show, command: str) -> None:
    waits = show(command)
    if waits is not None:
        await waits
