"""One MRD result as a page shows it: headline, sentence, pictures, findings in order of weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from reall.report.mrd_words import HEADLINE, purpose_in_words, result_in_words
from reall.report.speech import ENGLISH, Speech

_ORDER = {"blocking": 0, "rejected": 1, "warning": 2, "note": 3}


@dataclass(frozen=True, kw_only=True)
class ResultShown:
    """A result of `reall.mrd/1` with its words and pictures, for the template `mrd_result.html`."""

    result: Mapping[str, Any]
    headline: str
    sentence: str
    purpose: str
    pictures: Sequence[Markup]
    wells: Sequence[Mapping[str, Any]]
    findings: Sequence[Mapping[str, Any]]


def result_shown(result: Mapping[str, Any], pictures: Sequence[Markup], speech: Speech = ENGLISH) -> ResultShown:
    """Gather what a page shows of a result."""
    headline = HEADLINE[result["class"]]
    return ResultShown(
        result=result,
        headline=speech.say(headline),
        sentence=result_in_words(result, speech),
        purpose=purpose_in_words(result, speech),
        pictures=pictures,
        wells=result.get("wells", []),
        findings=sorted(result.get("findings", []), key=lambda f: _ORDER.get(f["severity"], len(_ORDER))),
    )
