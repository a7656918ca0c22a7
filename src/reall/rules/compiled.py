"""The kernels of this room: exact, the same for every row, and free to run in several threads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from reall.base.compiled import cache_folder, compiled, compiled_inside

# Kernels make no arrays, so they need no counting of references (numba's own sorts do without it, too), which would
# take most of their time.
_OPTIONS = {"nogil": True, "_nrt": False}
_FOLDER = cache_folder(sorted(Path(__file__).parent.glob("residual*.py")))


def inner(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that only kernels call."""
    return compiled_inside(function, forceinline=True, **_OPTIONS)


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function and keep the machine code."""
    return compiled(function, _FOLDER, **_OPTIONS)
