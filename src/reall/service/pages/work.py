"""Work that takes longer than a request should: done in threads of its own, its answer kept for a while in memory.

An answer is reached by a random id and only by whoever asked for it. Files and answers are not kept on disk; the oldest
answers make room for new ones, and all are gone when the service stops.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from starlette.datastructures import FormData, UploadFile

from reall.api.inputs import File
from reall.base.errors import ReallError, WrongUsage

_AT_A_TIME = 2
_KEPT = 40
_KEPT_SECONDS = 3600.0
_QUICK_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True)
class Task:
    """One piece of work: what was asked (`given`, shown again in its form) and the answer once it is there."""

    id: str
    kind: str
    owner: str
    given: Mapping[str, Any]
    answer: Future[Any]
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Seconds since the work was asked for."""
        return time.monotonic() - self.started

    def error(self) -> ReallError | None:
        """Give the error that a finished task ended with; another exception is a fault of ours and raised."""
        failed = self.answer.exception()
        if failed is None or isinstance(failed, ReallError):
            return failed
        raise failed


async def files_in(sent: FormData, name: str) -> tuple[File, ...]:
    """Read the files that were chosen for one field of a form."""
    files = [file for file in sent.getlist(name) if isinstance(file, UploadFile) and file.filename]
    return tuple([File(file.filename or "", await file.read()) for file in files])


class Desk:
    """Takes tasks, works on a few at a time, and keeps what came out."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=_AT_A_TIME, thread_name_prefix="work")
        self._tasks: dict[str, Task] = {}
        self._lock = Lock()

    def start(self, kind: str, owner: str, given: Mapping[str, Any], work: Callable[[], Any]) -> Task:
        """Begin, and wait a moment so that quick work is already done. Raises `WrongUsage` when too much waits."""
        with self._lock:
            self._clear()
            if len(self._tasks) >= _KEPT:
                raise WrongUsage("too many files are being worked on", next="Try again in a minute.")
            task = Task(
                id=secrets.token_urlsafe(18), kind=kind, owner=owner, given=given, answer=self._pool.submit(work)
            )
            self._tasks[task.id] = task
        wait([task.answer], timeout=_QUICK_SECONDS)
        return task

    def find(self, id_: str, owner: str) -> Task | None:
        """Give a task to its owner; to anybody else there is none."""
        with self._lock:
            task = self._tasks.get(id_)
        return task if task is not None and task.owner == owner else None

    def close(self) -> None:
        """Stop taking work; what has not begun is dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _clear(self) -> None:
        """Drop what is old, then the oldest of what is done until there is room for one more."""
        done = [task for task in self._tasks.values() if task.answer.done()]
        old = [task for task in done if task.seconds > _KEPT_SECONDS]
        surplus = max(0, len(self._tasks) - len(old) - _KEPT + 1)
        for task in (*old, *[task for task in done if task not in old][:surplus]):
            del self._tasks[task.id]
