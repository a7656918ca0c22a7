"""Compile the kernels of this room once per machine and keep the machine code.

The first call after installation compiles (seconds); later starts load the result. The cache lies in the user's
cache folder
(`REALL_CACHE_DIR`, else `XDG_CACHE_HOME` or `~/.cache`), because an installed package may be read-only, and in the
folder for
temporary files where no home can be written. Its name carries a digest of the kernels' source: machine code of one
module holds inlined code of the others, which a check of one file's date would miss.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba as _numba

# Typed as unknown: numba's hints lack a setting and two options that its manual names.
numba: Any = _numba

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


def _digest() -> str:
    here = Path(__file__).parent
    text = b"".join((here / name).read_bytes() for name in _KERNELS if (here / name).exists())
    return hashlib.sha256(text + numba.__version__.encode()).hexdigest()[:16]


def _cache_folder() -> Path:
    """Find a folder that can be written; raises nothing, the last resort is the folder for temporary files."""
    named = os.environ.get("REALL_CACHE_DIR")
    wide = os.environ.get("XDG_CACHE_HOME")
    candidates = [Path(named)] if named else []
    candidates += [Path(wide) / "reall"] if wide else []
    home = os.environ.get("HOME")
    candidates += [Path(home) / ".cache" / "reall"] if home else []
    for candidate in candidates:
        folder = candidate / f"kernels-{_digest()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    folder = Path(tempfile.gettempdir()) / f"reall-{os.getuid() if hasattr(os, 'getuid') else 0}-{_digest()}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


_FOLDER = str(_cache_folder())


def inner(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that only kernels call; it is kept inside them and needs no way in from Python."""
    compiled: Callable[..., Any] = numba.njit(
        fastmath=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True
    )(function)
    return compiled


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a numeric function with numba, cached; arithmetic may be reordered, but not between two runs."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = _FOLDER
    try:
        compiled: Callable[..., Any] = numba.njit(
            cache=True, fastmath=True, error_model="numpy", no_cfunc_wrapper=True
        )(function)
    finally:
        numba.config.CACHE_DIR = before
    return compiled
