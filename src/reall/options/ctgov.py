"""Studies of ClinicalTrials.gov (version 2 JSON): what can be read structurally, and the rest for a person.

Only age and sex are structured there. The eligibility text is kept and shown as "check by hand"; no rule reads it.
A study of unknown status is unknown, and one that is not yet recruiting is not open.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from reall.base.errors import UnusableCase
from reall.facts.case import Case
from reall.facts.known import Choices, Interval
from reall.options.lookup import NO, UNKNOWN, YES
from reall.options.trials import together

_STATUS = {
    "RECRUITING": "recruiting",
    "NOT_YET_RECRUITING": "not_yet_recruiting",
    "ENROLLING_BY_INVITATION": "by_invitation",
    "ACTIVE_NOT_RECRUITING": "active_not_recruiting",
    "COMPLETED": "closed",
    "TERMINATED": "closed",
    "WITHDRAWN": "closed",
    "SUSPENDED": "closed",
}
_YEARS = {"year": 1.0, "month": 1 / 12, "week": 7 / 365.25, "day": 1 / 365.25}
Part = TypeVar("Part", dict[str, Any], list[Any])
_AGE = re.compile(r"^\s*(\d+)\s*(year|month|week|day)s?\s*$", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Study:
    """One imported study. Ages in years; the upper age is included in full ("17 Years" means below 18)."""

    nct: str
    title: str
    acronym: str
    status: str
    status_as_of: str
    conditions: tuple[str, ...]
    sites: tuple[str, ...]
    minimum_age_years: float | None
    maximum_age_years: float | None
    sex: str
    eligibility_text: str


@dataclass(frozen=True, kw_only=True)
class StudyAnswer:
    """A study for one child, by age and sex only. `by_hand` is the eligibility text; a yes is never a full yes."""

    study: Study
    match: str
    because: Mapping[str, str]
    by_hand: str


def read_study(text: str | bytes, *, name: str) -> Study:
    """Read one study in the JSON of api/v2/studies. Raises `UnusableCase` when it is not one."""
    try:
        data = json.loads(text)
        protocol = data["protocolSection"]
        identity = protocol["identificationModule"]
        nct = identity["nctId"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UnusableCase(
            "this is no study of ClinicalTrials.gov",
            where=name,
            why="It has no protocolSection.identificationModule.nctId.",
            next="Download it from https://clinicaltrials.gov/api/v2/studies/NCT….",
        ) from error
    status, rules, conditions, contacts = (
        _part(protocol, key, dict, name)
        for key in ("statusModule", "eligibilityModule", "conditionsModule", "contactsLocationsModule")
    )
    locations = _part(contacts, "locations", list, name)
    return Study(
        nct=nct,
        title=identity.get("officialTitle") or identity.get("briefTitle", ""),
        acronym=identity.get("acronym", ""),
        status=_STATUS.get(str(status.get("overallStatus", "")), UNKNOWN),
        status_as_of=status.get("statusVerifiedDate", ""),
        conditions=tuple(map(str, _part(conditions, "conditions", list, name))),
        sites=tuple(_sites([place for place in locations if isinstance(place, dict)])),
        minimum_age_years=_age(rules.get("minimumAge"), name),
        maximum_age_years=_age(rules.get("maximumAge"), name),
        sex=str(rules.get("sex", "ALL")).lower(),
        eligibility_text=rules.get("eligibilityCriteria", ""),
    )


def _part(within: Any, key: str, kind: type[Part], name: str) -> Part:
    """Give a part of the study, empty where it is left out. Raises `UnusableCase` where it is of another kind."""
    found = within.get(key) if isinstance(within, dict) else None
    if found is None:
        return kind()
    if not isinstance(found, kind):
        raise UnusableCase(f"{key} is not in the form of api/v2", where=name, next="Download the study again.")
    return found


def _sites(locations: Sequence[Mapping[str, Any]]) -> list[str]:
    keys = ("facility", "city", "country")
    return [", ".join(str(place[key]) for key in keys if place.get(key)) for place in locations]


def _age(text: Any, name: str) -> float | None:
    if not text or str(text).strip().upper() == "N/A":
        return None
    found = _AGE.match(str(text))
    if found is None:
        raise UnusableCase(f"{text!r} is no age", where=name, next='Ages read like "1 Year" or "6 Months".')
    return float(found[1]) * _YEARS[found[2].lower()]


def answer_study(study: Study, case: Case) -> StudyAnswer:
    """Compare age at relapse and sex with what the study asks; everything else is for a person."""
    because = {"age": _age_verdict(study, case), "sex": _sex_verdict(study, case)}
    return StudyAnswer(
        study=study, match=together(list(because.values())), because=because, by_hand=study.eligibility_text
    )


def _age_verdict(study: Study, case: Case) -> str:
    low, high = study.minimum_age_years, study.maximum_age_years
    if low is None and high is None:
        return YES
    known = case.known.get("age_at_relapse_years")
    if not isinstance(known, Interval):
        return UNKNOWN
    youngest, oldest = known.low[0], known.high[0]
    above_low = low is None or youngest >= low
    below_high = high is None or oldest < high + 1
    outside = (low is not None and oldest < low) or (high is not None and youngest >= high + 1)
    if above_low and below_high:
        return YES
    return NO if outside else UNKNOWN


def _sex_verdict(study: Study, case: Case) -> str:
    if study.sex == "all":
        return YES
    known = case.known.get("sex")
    if not isinstance(known, Choices) or study.sex not in known.answers:
        return NO if isinstance(known, Choices) else UNKNOWN
    return YES if known.point == study.sex else UNKNOWN
