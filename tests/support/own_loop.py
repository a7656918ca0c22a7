"""Runs a coroutine in a thread of its own: a browser that other tests hold open keeps an event loop in this one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import anyio

T = TypeVar("T")


def run_alone(start: Callable[[], Awaitable[T]]) -> T:
    """Give what the coroutine gives, or raise what it raises."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(anyio.run, start).result()
