"""Every operation once: plain data in, the contract's plain data out. The command line, REST and MCP only pass on.

This is the Python interface, documented in docs/how-to/python.md. What it gives is what `--json` writes: `written`
turns it into the same bytes. Errors are `reall.base.errors.ReallError`. Modules are imported when first used.
"""

from __future__ import annotations

import importlib
from typing import Any

_WHERE = {
    "assess": "cases",
    "assess_many": "cases",
    "options": "cases",
    "clones": "story",
    "File": "inputs",
    "written": "output",
    "knowledge": "",
    "mrd": "",
}

__all__ = ["File", "assess", "assess_many", "clones", "knowledge", "mrd", "options", "written"]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"reall.api.{_WHERE[name] or name}")
    return getattr(module, name) if _WHERE[name] else module
