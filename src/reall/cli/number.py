"""Numbers on the command line: finite ones only, since NaN passes every comparison with a limit."""

from __future__ import annotations

import math
from typing import Any

import click


class Number(click.FloatRange):
    """A finite number, between limits where there are any."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read the number."""
        read = super().convert(value, param, ctx)
        if not math.isfinite(read):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return read


ABOVE_ZERO = Number(min=0, min_open=True)
