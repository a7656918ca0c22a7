"""Pictures as SVG that can stand inside a page beside others."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable
from html import escape

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_SALT = "reall"  # ids in the SVG depend on it, not on chance, so that the same data give the same page
_FONT = re.compile(r"(?:(?P<weight>bold|\d+) )?(?P<size>[\d.]+px) (?P<family>.+)")
_DRAWING = threading.Lock()  # matplotlib's settings are the process's own, and a service draws in several threads


def inline_svg(title: str, draw: Callable[[Axes], Axes], *, inches: tuple[float, float]) -> str:
    """Let `draw` fill an Axes of `inches` and give the SVG element, labelled with `title`, with ids of its own."""
    with _DRAWING, mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": _SALT, "font.size": 9}):
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
    body = _without_styles(body)
    return body.replace("<svg ", f'<svg role="img" aria-label="{escape(title, quote=True)}" ', 1)


def _without_styles(svg: str) -> str:
    """Turn style sheets and styles into attributes, which a page that allows no inline style shows too."""
    general = re.search(r"<style[^>]*>\*\{(.*?)\}</style>", svg)
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", svg, flags=re.DOTALL)
    if general:
        svg = svg.replace("<svg ", f"<svg {_attributes(general[1])} ", 1)
    return re.sub(r'style="(.*?)"', lambda found: _attributes(found[1]), svg)


def _attributes(style: str) -> str:
    pairs = [part.split(":", 1) for part in style.split(";") if ":" in part]
    made: dict[str, str] = {}
    for name, value in pairs:
        font = _FONT.fullmatch(value.strip()) if name.strip() == "font" else None
        if font:
            made |= {f"font-{key}": said for key, said in font.groupdict().items() if said}
        else:
            made[name.strip()] = value.strip()
    return " ".join(f'{name}="{value}"' for name, value in made.items())
