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
from reall.report.mrd_view import result_shown
from reall.report.mrd_words import change_in_words, fraction_in_words, measurement_in_words


def mrd_page(results: Sequence[Mapping[str, Any]], pictures: Sequence[Sequence[str]] = ()) -> str:
    """Write one page per result as a whole HTML document.

    `pictures` holds the SVG texts of each result, in the order of the results.
    """
    pages = [
        result_shown(result, [_picture(svg) for svg in (pictures[index] if pictures else ())])
        for index, result in enumerate(results)
    ]
    return _environment().get_template("mrd_page.html").render(pages=pages, version=__version__)


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
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    environment.filters["fraction"] = fraction_in_words
    environment.filters["whole"] = "{:,}".format
    environment.filters |= {"said": str, "decimal": str}
    return environment


def _picture(svg: str) -> Markup:
    """SVG without its XML declaration; drawn by our own plots, which escape every label."""
    return Markup(svg[svg.find("<svg") :])


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
