"""From the fields of a laboratory form to the operation, its answer and its pictures."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reall.api.inputs import File
from reall.api.mrd import course, ddpcr, rqpcr
from reall.api.mrd_flow import counts_in, read_flow
from reall.api.mrd_ngs import read_ngs
from reall.api.parameters import results_of
from reall.api.story import Telling, clones_answer, tell_clones
from reall.base.errors import WrongUsage
from reall.plots.clone_pictures import clone_pictures
from reall.plots.mrd_pictures import (
    picture_of_clonotypes,
    picture_of_course,
    picture_of_gates,
    pictures_of_result,
)
from reall.report.clones_page import Picture
from reall.service.pages.laboratory_forms import CHECK, FILE, FILES, NAMES, NUMBER, Field, Form

Given = Mapping[str, Any]
"""What a form holds, by field: text, a file, several files, or True."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_WHOLE = {"data_set", "seed"}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What an operation gave: its document, the results in it, the pictures of each, and the story of clones."""

    document: dict[str, Any]
    results: tuple[Mapping[str, Any], ...] = ()
    drawings: tuple[tuple[Picture, ...], ...] = ()
    story: Telling | None = None
    name: str = ""

    @property
    def all_drawings(self) -> tuple[Picture, ...]:
        """Every picture, in the order of the page."""
        return tuple(drawing for drawings in self.drawings for drawing in drawings)


def answer(form: Form, given: Given) -> Answer:
    """Do what a form asks for. Raises `ReallError`."""
    return _WORK[form.id](
        {f.name: value for f in form.every_field if (value := _value(f, given.get(f.name))) is not None}
    )


def _value(field: Field, given: Any) -> Any:
    if given in (None, "", ()):
        return None
    if field.kind in {FILE, FILES, CHECK}:
        return given
    text = str(given).strip()
    if field.kind == NAMES:
        return [line.strip() for line in text.splitlines() if line.strip()] or None
    return _number(field.name, text) if field.kind == NUMBER and text else text or None


def _number(name: str, text: str) -> float | int:
    if not _NUMBER.fullmatch(text):
        raise WrongUsage(
            f"{text!r} is not a number.", where=name, next="Write it with a decimal point, as 0.5 or 1e-4."
        )
    number = float(text)
    if name not in _WHOLE:
        return number
    if not number.is_integer():
        raise WrongUsage(f"{text!r} is not a whole number.", where=name)
    return int(number)


def _with_rules(said: dict[str, Any]) -> dict[str, Any]:
    file = said.pop("rules_file", None)
    if file is not None and said.get("rules"):
        raise WrongUsage(
            "Two rule sets were chosen.", where="rules", next="Choose the draft or your own file, not both."
        )
    return said | ({"rules": file} if file is not None else {})


def _needs(said: Mapping[str, Any], name: str) -> None:
    if name not in said:
        raise WrongUsage("No file was chosen.", where=name, next="Choose the file and send the form again.")


def _rqpcr(said: dict[str, Any]) -> Answer:
    _needs(said, "file")
    return _pcr(rqpcr(**_with_rules(said)))


def _ddpcr(said: dict[str, Any]) -> Answer:
    _needs(said, "file")
    return _pcr(ddpcr(**_with_rules(said)))


def _pcr(document: dict[str, Any]) -> Answer:
    results = tuple(results_of(document))
    if "plate" in document and not any(result.get("wells") for result in results):
        results = ({**results[0], "wells": document["plate"]}, *results[1:])  # concentrations alone
    drawings = tuple(tuple(pictures_of_result(result)) for result in results)
    return Answer(document=document, results=results, drawings=drawings)


def _ngs(said: dict[str, Any]) -> Answer:
    _needs(said, "files")
    nothing = dict.fromkeys(
        ("days", "days_table", "analysis", "cells", "dna_ng", "timepoint", "tissue", "rules", "purpose")
    )
    empty: dict[str, Any] = {**nothing, "track": (), "standard": (), "vidjil_compatible": False}
    reading = read_ngs(**(empty | _with_rules(said)))
    drawn = (picture_of_clonotypes(reading.course), *pictures_of_result(reading.document))
    return Answer(document=reading.document, results=(reading.document,), drawings=(drawn,))


def _flow(said: dict[str, Any]) -> Answer:
    nothing = dict.fromkeys(
        ("file", "gates", "counts", "cells_counted", "data_set", "trust_offsets", "timepoint", "tissue", "day", "rules")
    )
    empty: dict[str, Any] = {**nothing, "purpose": None}
    if "counts" in said:
        said["counts"] = counts_in(said["counts"])
    if "file" not in said and "counts" not in said:
        _needs(said, "file")
    with read_flow(**(empty | _with_rules(said))) as reading:
        document = reading.result.to_json()
        gates = (
            () if reading.tube is None or reading.scheme is None else (picture_of_gates(reading.tube, reading.scheme),)
        )
    return Answer(document=document, results=(document,), drawings=((*gates, *pictures_of_result(document)),))


def _course(said: dict[str, Any]) -> Answer:
    _needs(said, "results")
    document = course(said.pop("results"), **said)
    return Answer(document=document, drawings=((picture_of_course(document),),))


def _clones(said: dict[str, Any]) -> Answer:
    _needs(said, "file")
    chosen: dict[str, Any] = {"clusters": "auto", "seed": 1, "sex": "unknown", "format": "auto", "genome": "hg19"}
    nothing: dict[str, Any] = dict.fromkeys(("params", "roles", "roles_table", "signatures", "contexts"))
    file: File = said["file"]
    telling = tell_clones(**(nothing | chosen | said))
    name = file.name.split(".", 1)[0]
    drawn = clone_pictures(telling.story)
    return Answer(document=clones_answer(telling, None), drawings=(drawn,), story=telling, name=name)


_WORK: dict[str, Callable[[dict[str, Any]], Answer]] = {
    "rqpcr": _rqpcr,
    "ddpcr": _ddpcr,
    "ngs": _ngs,
    "flow": _flow,
    "course": _course,
    "clones": _clones,
}
