"""Pictures as SVG that can stand inside a page beside others."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from html import escape

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_SALT = "reall"  # ids in the SVG depend on it, not on chance, so that the same data give the same page


def inline_svg(title: str, draw: Callable[[Axes], Axes], *, inches: tuple[float, float]) -> str:
    """Let `draw` fill an Axes of `inches` and give the SVG element, labelled with `title`, with ids of its own."""
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": _SALT, "font.size": 9}):
        figure = Figure(figsize=inches, layout="constrained")
        draw(figure.subplots())
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    prefix = re.sub(r"\W+", "-", title.lower())
    body = svg[svg.index("<svg") :]
    body = re.sub(r'\bid="', f'id="{prefix}-', body)
    body = re.sub(r'(url\(#|href="#)', rf"\g<1>{prefix}-", body)
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    return body.replace("<svg ", f'<svg role="img" aria-label="{escape(title, quote=True)}" ', 1)
