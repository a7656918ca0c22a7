"""Small pictures as plain SVG: no drawing library, no style of their own, so that a page's light and dark colours hold.

Colours are classes that the page's stylesheet knows (`ink`, `soft`, `grid`, `mark`, `band`, `pale`).
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, tostring

_PLAIN = {
    "ink": {"fill": "#1a1c20"},
    "soft": {"fill": "#4d535c"},
    "grid": {"stroke": "#c9ced6"},
    "mark": {"fill": "#0b4f6c", "stroke": "#0b4f6c"},
    "band": {"fill": "#9cc3d3", "stroke": "#9cc3d3"},
    "pale": {"fill": "none", "stroke": "#9aa2ad"},
    "cut": {"stroke": "#a12622"},
    "cut-words": {"fill": "#a12622"},
}
"""How each class looks where no stylesheet reaches."""


def drawing(title: str, *, width: float, height: float, words: str = "") -> Element:
    """Begin a picture that says in words what it shows; `words` is its longer description."""
    return Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {width:g} {height:g}",
            "width": f"{width:g}",
            "height": f"{height:g}",
            "role": "img",
            "aria-label": f"{title}. {words}" if words else title,
            "class": "picture",
            "font-family": "system-ui, sans-serif",
            "font-size": "11",
        },
    )


def line(  # noqa: PLR0917 - two ends in their usual order
    svg: Element, x1: float, y1: float, x2: float, y2: float, kind: str, *, width: float = 1, dash: str = ""
) -> None:
    """Draw a straight line."""
    attributes = {"x1": _n(x1), "y1": _n(y1), "x2": _n(x2), "y2": _n(y2), "stroke-width": _n(width)}
    if dash:
        attributes["stroke-dasharray"] = dash
    SubElement(svg, "line", {**attributes, **_kind(kind)})


def box(  # noqa: PLR0917 - corner and size in their usual order
    svg: Element, x: float, y: float, width: float, height: float, kind: str, *, round_: float = 0
) -> None:
    """Draw a rectangle."""
    attributes = {"x": _n(x), "y": _n(y), "width": _n(width), "height": _n(height), "rx": _n(round_)}
    SubElement(svg, "rect", {**attributes, **_kind(kind)})


def dot(svg: Element, x: float, y: float, radius: float, kind: str) -> None:
    """Draw a filled circle."""
    SubElement(svg, "circle", {"cx": _n(x), "cy": _n(y), "r": _n(radius), **_kind(kind)})


def shape(svg: Element, path: str, kind: str) -> None:
    """Draw a closed shape given as an SVG path."""
    SubElement(svg, "path", {"d": path, **_kind(kind)})


def text(
    svg: Element, x: float, y: float, words: str, kind: str = "ink", *, anchor: str = "start", bold: bool = False
) -> None:
    """Write words; `anchor` is start, middle or end."""
    attributes = {"x": _n(x), "y": _n(y), "text-anchor": anchor}
    if bold:
        attributes["font-weight"] = "600"
    SubElement(svg, "text", {**attributes, **_kind(kind)}).text = words


def finished(svg: Element) -> str:
    """Give the picture as an SVG element."""
    return tostring(svg, encoding="unicode")


def _kind(kind: str) -> dict[str, str]:
    return {"class": kind, **_PLAIN[kind]}


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
