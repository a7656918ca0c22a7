"""Published outcomes of the child's strata, in words and as one small picture; each figure alone."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

from reall.library.knowledge import PublishedOutcome
from reall.report.outcomes import estimate_words, in_order

WIDTH_INCHES, ROW_INCHES, MARGIN_INCHES = 7.0, 0.2, 0.5
DRAWN = 12
"""Figures in the picture; the list below it is complete."""


def outcome_words(row: PublishedOutcome) -> str:
    """Say one figure with n, end point, years, interval with its level, era and where the clock starts."""
    era = f"; {row.era}" if row.era else ""
    clock = f"; clock from {row.clock_start}" if row.clock_start else ""
    return f"{estimate_words(row)}: {row.stratum}, {row.cohort}{era}{clock}"


def picture(rows: Sequence[PublishedOutcome]) -> str:
    """Give the small picture as the address of an image inside the page; empty where nothing can be drawn."""
    drawn = [row for row in in_order(rows) if row.estimate_pct is not None][:DRAWN]
    if not drawn:
        return ""
    # Drawing is slow to load and only the page needs it.
    from matplotlib.figure import Figure  # noqa: PLC0415

    from reall.plots.published import draw_published  # noqa: PLC0415

    figure = Figure(figsize=(WIDTH_INCHES, MARGIN_INCHES + ROW_INCHES * len(drawn)), layout="constrained")
    draw_published(figure.add_subplot(), drawn)
    stream = io.BytesIO()
    figure.savefig(stream, format="svg", metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(stream.getvalue()).decode()
