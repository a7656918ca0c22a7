"""The one-page laboratory report of an MRD result: words, numbers, curve, every rule that was used or broken.

Takes results in the form of `reall.mrd/1` and pictures as SVG text; decides nothing.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reall import __version__
from reall.base.errors import WrongUsage

_HEADLINE = {
    "negative": "Not detected",
    "positive_not_quantifiable": "Detected, not quantifiable",
    "quantified": "Quantified",
    "not_evaluable": "Not evaluable",
}
_PURPOSE = {
    "therapy_reduction": "therapy reduction (avoids false negatives)",
    "therapy_intensification": "therapy intensification (avoids false positives)",
    None: "not chosen; both readings were made",
}
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def fraction_in_words(value: float | None) -> str:
    """A level as scientific number and percent; a dash when it is unknown.

    >>> fraction_in_words(5.13e-4)
    '5.1 × 10⁻⁴ (0.051 %)'
    """
    if value is None:
        return "–"
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.1e}".split("e")
    percent = f"{value * 100:.2g}"
    return f"{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPT)} ({float(percent):g} %)"


def result_in_words(result: Mapping[str, Any]) -> str:
    """One sentence that cannot be misread: a negative names its sensitivity, a level its interval."""
    interval = result.get("interval")
    match result["class"]:
        case "negative":
            shown = fraction_in_words(result["sensitivity_fraction"])
            if result.get("alerts"):
                return f"None of the tracked clones was detected ({shown} or more would have been), but others grow."
            return f"No leukaemia was detected; {shown} or more would have been. It does not mean zero."
        case "positive_not_quantifiable":
            low, high = interval or (None, None)
            above = f"above {fraction_in_words(low)}" if low else f"at most {fraction_in_words(high)}"
            return f"Leukaemia was detected outside the quantitative range: {above}."
        case "quantified":
            return f"{fraction_in_words(result['level_fraction'])}, between {_span(interval)}."
    level = result.get("level_fraction")
    measured = f" Measured without a call: {fraction_in_words(level)}, between {_span(interval)}." if level else ""
    possible = f" What the sample allows: between {_span(interval)}." if interval and not level else ""
    return f"No positive or negative call was made.{measured}{possible}"


def _span(interval: Sequence[float] | None) -> str:
    return " and ".join(fraction_in_words(end) for end in interval) if interval else "–"


def mrd_page(results: Sequence[Mapping[str, Any]], pictures: Sequence[Sequence[str]] = ()) -> str:
    """Write one page per result as a whole HTML document.

    `pictures` holds the SVG texts of each result, in the order of the results.
    """
    pages = [
        {
            "result": result,
            "headline": _HEADLINE[result["class"]],
            "sentence": result_in_words(result),
            "purpose": _PURPOSE[result.get("purpose")] if result.get("ruleset") else "no rule set, no call",
            "pictures": [_picture(svg) for svg in (pictures[index] if pictures else ())],
            "wells": result.get("wells", []),
            "findings": sorted(result.get("findings", []), key=lambda f: _ORDER.get(f["severity"], len(_ORDER))),
        }
        for index, result in enumerate(results)
    ]
    return _environment().get_template("mrd_page.html").render(pages=pages, version=__version__)


def measurement_in_words(measurement: Mapping[str, Any]) -> str:
    """One measurement of a course on one line."""
    interval, kind = measurement["interval"], _HEADLINE[measurement["class"]].lower()
    if measurement["level_fraction"]:
        return f"{kind}: {fraction_in_words(measurement['level_fraction'])}, between {_span(interval)}"
    if interval and interval[0]:
        return f"{kind}, between {_span(interval)}"
    return f"{kind}, below {fraction_in_words(interval[1])}" if interval else kind


def change_in_words(change: Mapping[str, Any]) -> str:
    """What happened between two samples, with open ends said as such."""
    low, high = change["log_reduction"]
    days = f"day {change['from_day']:g} to {change['to_day']:g}"
    if change["kind"] == "fall":
        amount = f"{low:.1f} to {high:.1f}" if high is not None else f"at least {low:.1f}"
        return f"{days}: fell by {amount} powers of ten"
    if change["kind"] == "rise":
        amount = f"{-high:.1f} to {-low:.1f}" if low is not None else f"at least {-high:.1f}"
        return f"{days}: rose by {amount} powers of ten; {_doubling(change['doubling_days'])}"
    growth = change["doubling_days"]
    return f"{days}: fall or rise not shown" + (f"; if it grew, {_doubling(growth)}" if growth else "")


def _doubling(span: Sequence[float | None]) -> str:
    shortest, longest = span
    if not shortest:
        return f"doubling in at most {longest:.1f} days" if longest else "doubling time open"
    if longest is None:
        return f"doubling in {shortest:.1f} days or more"
    return f"doubling in {shortest:.1f} to {longest:.1f} days"


def mrd_course_page(course: Mapping[str, Any], picture: str) -> str:
    """Write a course with its picture as a whole HTML document."""
    template = _environment().get_template("mrd_course.html")
    words = {"measurement": measurement_in_words, "change": change_in_words}
    return template.render(course=course, picture=_picture(picture), words=words, version=__version__)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reall.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    environment.filters["fraction"] = fraction_in_words
    return environment


def _picture(svg: str) -> Markup:
    """SVG without its XML declaration; drawn by our own plots, which escape every label."""
    return Markup(svg[svg.find("<svg") :])


_ORDER = {"blocking": 0, "rejected": 1, "warning": 2, "note": 3}


def html_to_pdf(html: str) -> bytes:
    """Print a page to PDF.

    Raises:
        WrongUsage: the Debian libraries that WeasyPrint needs are not installed.
    """
    with warnings.catch_warnings():
        # WeasyPrint announces optional libraries of the future as warnings; they do not concern this page.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            # Loaded on demand: it is slow to import and needs libraries of the operating system.
            weasyprint = importlib.import_module("weasyprint")
        except OSError as error:
            raise WrongUsage(
                f"PDF cannot be written: {error}.",
                why="WeasyPrint needs the text libraries of the operating system.",
                next="Install libpango-1.0-0 and libpangoft2-1.0-0 (Debian), or print --html from a browser.",
            ) from error
        pdf: bytes = weasyprint.HTML(string=html).write_pdf()
    return pdf
