"""The messages of all pages, gathered from templates and program.

`python tests/service/pages_catalogue.py` writes messages.pot anew, adds what is new to every catalogue (untranslated)
and takes out what is no longer used.
"""

from __future__ import annotations

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

import reall

SOURCE = Path(reall.__file__).parent
MESSAGES = SOURCE / "service" / "messages"
_METHODS = [("**/templates/**", "jinja2"), ("**.py", "python")]
_KEYWORDS = {**DEFAULT_KEYWORDS, "translatable": None, "say": None}
_OPTIONS = {"**/templates/**": {"newstyle_gettext": "true", "trim_blocks": "true", "lstrip_blocks": "true"}}
_NOTE = "# Words of the pages. How to change them: docs/how-to/web.md. No clinician has read a translation yet."


def gathered() -> Catalog:
    """Give every message, with the files it stands in."""
    catalog = Catalog(charset="utf-8", fuzzy=False)
    places: dict[tuple[str | tuple[str, ...], str | None], set[str]] = {}
    rows = extract_from_dir(SOURCE, method_map=_METHODS, keywords=_KEYWORDS, options_map=_OPTIONS)
    for name, _, message, _, context in rows:
        places.setdefault((message, context), set()).add(name)
    for (message, context), names in places.items():
        catalog.add(message, locations=[(name, 1) for name in sorted(names)], context=context)
    return catalog


def catalogue(language: str) -> Catalog:
    """Read the catalogue of a language."""
    with (MESSAGES / f"{language}.po").open("rb") as stream:
        return read_po(stream, locale=language)


def _written(catalog: Catalog, path: Path) -> None:
    """Write a catalogue with the headers that mean something; a day in it would make every writing differ."""
    body = io.BytesIO()
    write_po(body, catalog, width=118, include_lineno=False, omit_header=True)
    heads = ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"]
    if catalog.locale is not None:
        heads += [f"Language: {catalog.locale}", f"Plural-Forms: {catalog.plural_forms}"]
    head = "".join(f'"{line}\\n"\n' for line in heads)
    path.write_text(f'{_NOTE}\nmsgid ""\nmsgstr ""\n{head}\n{body.getvalue().decode()}', encoding="utf-8")


if __name__ == "__main__":
    found = gathered()
    for path in MESSAGES.glob("*.po"):
        known = catalogue(path.stem)
        renewed = Catalog(locale=path.stem, charset="utf-8", fuzzy=False)
        for message in found:
            if message.id:
                before = known.get(message.id, message.context)
                text = before.string if before else ("", "") if isinstance(message.id, tuple) else ""
                renewed.add(message.id, text, message.locations, context=message.context)
        _written(renewed, path)
    _written(found, MESSAGES / "messages.pot")
