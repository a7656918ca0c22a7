"""Published outcomes of the child's strata, in words and as one small picture; each figure alone."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

from reall.library.knowledge import PublishedOutcome

WIDTH_INCHES, ROW_INCHES, MARGIN_INCHES = 7.0, 0.2, 0.5
DRAWN = 12
"""Figures in the picture; the list below it is complete."""


def outcome_words(row: PublishedOutcome) -> str:
    """Say one figure with n, end point, years, interval with its level, era and where the clock starts."""
    parts = [f"{row.estimate_pct:g} %" if row.estimate_pct is not None else "not printed"]
    if row.ci_low_pct is not None and row.ci_high_pct is not None:
        level = f"{row.ci_level_pct:g} % interval" if row.ci_level_pct is not None else "interval, level not printed,"
        parts.append(f"({level} {row.ci_low_pct:g} to {row.ci_high_pct:g})")
    elif row.se_pct is not None:
        parts.append(f"± {row.se_pct:g} (SE)")
    when = f" at {row.years:g} years" if row.years is not None else ""
    n = f", n = {row.n}" if row.n is not None else ", n not printed"
    more = "".join(f"; {text}" for text in (row.era, f"clock from {row.clock_start}" if row.clock_start else "") if text)
    return f"{row.endpoint}{when} {' '.join(parts)}{n}: {row.stratum}, {row.cohort}{more}"


def picture(rows: Sequence[PublishedOutcome]) -> str:
    """Give the small picture as the address of an image inside the page; empty where nothing can be drawn."""
    drawn = [row for row in rows if row.estimate_pct is not None][:DRAWN]
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
