"""The kernels of this room: arithmetic may be reordered, but not between two runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from reall.base.compiled import cache_folder, compiled, compiled_inside

_KERNELS = (
    "fitting.py",
    "screening.py",
    "moves.py",
    "search.py",
    "neighbours.py",
    "enumeration.py",
    "sampling.py",
    "workspace.py",
)
_FOLDER = cache_folder([Path(__file__).parent / name for name in _KERNELS])


def inner(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that only kernels call."""
    return compiled_inside(function, fastmath=True)


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a numeric function and keep the machine code."""
    return compiled(function, _FOLDER, fastmath=True)
