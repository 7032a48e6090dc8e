"""A run with somebody in front of it: the step that is under way can be passed over."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager

from netdoc.engine.ledger import Step
from netdoc.engine.run import Run
from netdoc.engine.walk import Done


class Guided(Run):
    """What a step that was passed over would have told stays unknown: it never counts as well."""

    _step_task: asyncio.Future[Done] | None = None
    _passing = False

    def skip(self) -> None:
        if self._step_task is not None and not self._step_task.done():
            self._passing = True
            self._step_task.cancel()

    def waiting(self) -> AbstractContextManager[None]:
        """While a person decides, the run's time stands still."""
        return self._clock

    async def run_step(self, work: Step) -> Done:
        self._step_task = asyncio.ensure_future(super().run_step(work))
        try:
            return await self._step_task
        except asyncio.CancelledError:
            if not self._passing:
                raise
            self._passing = False
            return Done("unknown")
