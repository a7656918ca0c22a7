"""Gives an assessment again from what was kept: the case file, the knowledge and the terms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from reall import __version__
from reall.base.documents import read_document
from reall.base.errors import ReallError, UnusableCase
from reall.facts.case import read_case
from reall.library.knowledge import Knowledge
from reall.options.eligibility import answer_options
from reall.report.options_json import option_json
from reall.report.to_json import assessment_json, dumps
from reall.service.store.cases import refuse_withdrawal
from reall.service.store.errors import NotKeepable, StoreVersion
from reall.service.store.records import AnswerTerms, CaseVersion, KeptAssessment, Rerun, in_words
from reall.stratify.assess import assess


def answer(document: str, knowledge: Knowledge, terms: AnswerTerms) -> bytes:
    """Give the assessment of a case file as the bytes that every door hands over: JSON and one newline.

    Raises `UnusableCase` when the case file cannot be assessed under this knowledge.
    """
    case = read_case(
        read_document(document, name="the case", error=UnusableCase), knowledge.vocabulary, name=terms.name
    )
    assessment = assess(case, knowledge, only=terms.systems)
    answers = answer_options(case, assessment.masks, knowledge, on=terms.on, country=terms.country)
    return dumps(assessment_json(assessment, [option_json(each) for each in answers])).encode() + b"\n"


def must_give(content: bytes, case: CaseVersion, knowledge: Knowledge, terms: AnswerTerms) -> None:
    """Raise `NotKeepable` unless the case gives these very bytes; what cannot be given again must not look kept."""
    refuse_withdrawal(case)
    again = answer(case.document, knowledge, terms)
    if again != content:
        places = in_words(differences(content, again))
        raise NotKeepable(
            f"version {case.version} of {case.case_id} does not give this assessment; different: {places}",
            why="It could never be given again as it was shown.",
            next="Hand over the version that was assessed, with the same day, country and systems.",
        )


def rerun(kept: KeptAssessment, document: str, knowledge: Knowledge) -> Rerun:
    """Give a kept assessment again and compare.

    Raises `StoreVersion` when this version of the program cannot answer under knowledge so old.
    """
    try:
        again = answer(document, knowledge, kept.terms)
    except ReallError as error:
        raise StoreVersion(
            f"{kept.assessment_id} cannot be given again by ReALL {__version__}: {error.what}",
            why=f"It was given by ReALL {kept.program_version}.",
            next=f"Install ReALL {kept.program_version} for this; what was shown then is kept as it was.",
        ) from error
    return Rerun(kept=kept, again=again, program_version=__version__, differences=differences(kept.content, again))


def differences(one: bytes, other: bytes) -> tuple[str, ...]:
    """Name the places (JSON pointers) where two JSON documents differ; none when they say the same."""
    try:
        return tuple(_differing(json.loads(one), json.loads(other), ""))
    except ValueError:
        return ("/",)


def _differing(one: Any, other: Any, at: str) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            place = f"{at}/{key.replace('~', '~0').replace('/', '~1')}"
            if key in one and key in other:
                yield from _differing(one[key], other[key], place)
            else:
                yield place
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for i, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from _differing(left, right, f"{at}/{i}")
    elif type(one) is not type(other) or one != other:
        yield at or "/"
