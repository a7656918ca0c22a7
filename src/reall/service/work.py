"""Long work in processes of their own: bounded in number, in waiting and in time, so that short answers stay short."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TypeVar

import anyio
import anyio.to_process
import anyio.to_thread

from reall.base.errors import ReallError

Answer = TypeVar("Answer")


class TooBusy(ReallError):
    """The service has as much long work as it takes at a time."""

    code = "reall/too-busy"


class TookTooLong(ReallError):
    """The work was stopped after the time that the site allows."""

    code = "reall/took-too-long"


@dataclass(frozen=True, kw_only=True)
class Workers:
    """Runs importable functions on picklable arguments; with no process, in a thread, which cannot be stopped.

    `seconds` is the longest time one piece of work may take, `waiting` how many may wait for their turn.
    """

    processes: int
    seconds: float
    waiting: int = 16

    @cached_property
    def _limiter(self) -> anyio.CapacityLimiter:
        return anyio.CapacityLimiter(max(self.processes, 1))

    async def run(self, function: Callable[..., Answer], *args: object, **named: object) -> Answer:
        """Run a function. Raises what it raises, `TooBusy` and `TookTooLong`."""
        if self._limiter.statistics().tasks_waiting >= self.waiting:
            raise TooBusy("the service is busy with other work", next="Ask again in a minute.")
        job = partial(function, *args, **named)
        with anyio.move_on_after(self.seconds):
            if self.processes:
                return await anyio.to_process.run_sync(job, cancellable=True, limiter=self._limiter)
            return await anyio.to_thread.run_sync(job, limiter=self._limiter)
        raise TookTooLong(
            f"the work was stopped after {self.seconds:g} seconds",
            next="Ask for less at a time, or use the command line, which waits.",
        )
