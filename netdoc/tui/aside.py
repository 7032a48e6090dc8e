"""A loop of its own, in a thread of its own: whatever works there, the screen goes on being drawn."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Aside:
    """Runs coroutines beside the app. The thread is a daemon: leaving the app never waits for a cluster."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=f"netdoc-{name}", daemon=True)
        self._thread.start()

    def start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Begins it there. Await the answer from the app with `asyncio.wrap_future`."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def call(self, function: Any, *arguments: Any) -> None:
        """Calls a function in the loop's thread; after the end it is not called any more."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *arguments)

    def end(self, seconds: float = 0.0) -> None:
        """Cancels what is under way and waits at most so long for it."""
        self.call(self._stop)
        if seconds:
            self._thread.join(seconds)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            left = asyncio.gather(*asyncio.all_tasks(self._loop), return_exceptions=True)
            self._loop.run_until_complete(left)
        finally:
            self._loop.close()

    def _stop(self) -> None:
        self._loop.stop()
