"""Compile numeric kernels once per machine and keep the machine code.

The first call after installation compiles (seconds); later starts load the result. The cache lies in the user's
cache folder (`REALL_CACHE_DIR`, else `XDG_CACHE_HOME` or `~/.cache`), because an installed package may be read-only,
and in the folder for temporary files where no home can be written. Its name carries a digest of the kernels' source:
machine code of one module holds inlined code of the others, which a check of one file's date would miss.

Importing this module loads numba, which takes longer than to answer one case: only rooms for many rows or heavy
numbers do so.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numba as _numba

# Typed as unknown: numba's hints lack a setting and two options that its manual names.
numba: Any = _numba


def cache_folder(sources: Sequence[Path]) -> str:
    """Find a folder for kernels made from some files; raises nothing, the last resort is that for temporary files."""
    digest = _digest(sources)
    named = os.environ.get("REALL_CACHE_DIR")
    wide = os.environ.get("XDG_CACHE_HOME")
    candidates = [Path(named)] if named else []
    candidates += [Path(wide) / "reall"] if wide else []
    home = os.environ.get("HOME")
    candidates += [Path(home) / ".cache" / "reall"] if home else []
    for candidate in candidates:
        folder = candidate / f"kernels-{digest}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return str(folder)
        except OSError:
            continue
    folder = Path(tempfile.gettempdir()) / f"reall-{os.getuid() if hasattr(os, 'getuid') else 0}-{digest}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return str(folder)


def _digest(sources: Sequence[Path]) -> str:
    text = b"".join(path.read_bytes() for path in sources if path.exists())
    return hashlib.sha256(text + numba.__version__.encode()).hexdigest()[:16]


def compiled_inside(function: Callable[..., Any], **options: bool) -> Callable[..., Any]:
    """Compile a function that only kernels call; it is kept inside them and needs no way in from Python."""
    made: Callable[..., Any] = numba.njit(
        error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True, **options
    )(function)
    return made


def compiled(function: Callable[..., Any], folder: str, **options: bool) -> Callable[..., Any]:
    """Compile a numeric function with numba and keep the machine code in a folder."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = folder
    try:
        made: Callable[..., Any] = numba.njit(cache=True, error_model="numpy", no_cfunc_wrapper=True, **options)(
            function
        )
    finally:
        numba.config.CACHE_DIR = before
    return made
