"""Blocking calls out of asyncio, each in a thread of its own that nobody ever waits for.

asyncio's own pool is joined when the loop and the process end, so one call that hangs would hang the exit.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


async def run_apart(call: Callable[[], T], abandon: Callable[[], None], seconds: float) -> T:
    """What `call` returns or raises; TimeoutError after so many seconds.

    A call that is late, or whose caller is cancelled, is told by `abandon`, and its thread left to itself.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()
    threading.Thread(target=_work, args=(call, loop, future), name="netdoc-request", daemon=True).start()
    try:
        return await asyncio.wait_for(future, seconds)
    except (TimeoutError, asyncio.CancelledError):
        if not future.done() or future.cancelled():
            abandon()
        raise


def _work(call: Callable[[], Any], loop: asyncio.AbstractEventLoop, future: asyncio.Future[Any]) -> None:
    try:
        result, error = call(), None
    except BaseException as raised:  # handed over whole: the caller decides
        result, error = None, raised
    # The loop may be gone by now: then nobody wants to know.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(_settle, future, result, error)


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
