"""The pictures of the board page, from the case and from published rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reall.base.dates import months_between
from reall.base.errors import UnusableCase
from reall.facts.case import Case
from reall.facts.known import Choices, Interval
from reall.facts.mrd import MrdSample
from reall.facts.reading import read_date
from reall.library.knowledge import Knowledge, PublishedOutcome
from reall.library.tables import DecisionPoint
from reall.plots.icon_array import Share, icon_array
from reall.plots.mrd_samples import CutOff, Level, mrd_samples
from reall.plots.published import span
from reall.plots.published_curve import Figure, published_curve
from reall.plots.timeline import Moment, Stretch, timeline
from reall.report.outcomes import estimate_words, few
from reall.report.view import short_name
from reall.report.words import label, power, spoken
from reall.service.pages.board_sheet import Sheet

SHOWN_OUTCOMES = 6
_EARLIER = ("prior_allo_hsct", "prior_blinatumomab", "prior_inotuzumab", "prior_cd19_car_t", "prior_cranial_radiation")
_NAMES_LONG = 26


@dataclass(frozen=True, kw_only=True)
class Course:
    """The line of time, and what belongs on it but has no date."""

    picture: str
    undated: tuple[str, ...]


def course(case: Case, sheet: Sheet, knowledge: Knowledge) -> Course:
    """Draw treatment, remission, relapse and dated samples, in months from diagnosis."""
    dates = {name: value for name, value in case.inputs.items() if isinstance(value, dt.date)}
    relapse = _months(case, "months_from_diagnosis")
    end_after = _months(case, "months_after_end_of_primary_therapy")
    remission = _months(case, "months_of_first_cr")
    end = None if relapse is None or end_after is None else relapse - end_after
    moments = [Moment(words=_dated("diagnosis", dates.get("diagnosis_date")), at=0.0, main=True)]
    stretches = []
    if relapse is not None:
        moments.append(Moment(words=_dated("relapse", dates.get("relapse_date")), at=relapse, main=True))
        on_therapy = case.known.get("on_primary_therapy_at_relapse")
        until = relapse if end is None and isinstance(on_therapy, Choices) and on_therapy.point is True else end
        if until is not None:
            stretches.append(Stretch(words="primary therapy", begin=0.0, end=max(until, 0.0)))
        if remission is not None:
            stretches.append(Stretch(words="first remission", begin=relapse - remission, end=relapse, kind="pale"))
    sampled, unplaced = _samples(case, sheet, dates, relapse)
    drawn = timeline(stretches, [*moments, *sampled]) if relapse is not None or sampled else ""
    return Course(picture=drawn, undated=(*unplaced, *_undated(case, knowledge)))


def _months(case: Case, name: str) -> float | None:
    known = case.known.get(name)
    return known.point if isinstance(known, Interval) else None


def _dated(words: str, day: dt.date | None) -> str:
    return f"{words} {day}" if day else words


def _samples(
    case: Case, sheet: Sheet, dates: dict[str, dt.date], relapse: float | None
) -> tuple[list[Moment], list[str]]:
    placed, unplaced = [], []
    for sample, row in zip(case.mrd, sheet.mrd, strict=True):
        name = f"MRD {spoken(sample.timepoint) if sample.timepoint else sample.method}".strip()
        day = _date(row.get("date", ""))
        if day is not None and "diagnosis_date" in dates:
            placed.append(Moment(words=f"{name} {day}", at=months_between(dates["diagnosis_date"], day)))
        elif day is not None and "relapse_date" in dates and relapse is not None:
            placed.append(Moment(words=f"{name} {day}", at=relapse + months_between(dates["relapse_date"], day)))
        else:
            unplaced.append(name)
    return placed, unplaced


def _date(text: str) -> dt.date | None:
    try:
        return read_date(text)
    except UnusableCase:
        return None  # the date of a sample decides nothing; the row shows it as it was written


def _undated(case: Case, knowledge: Knowledge) -> Iterator[str]:
    for exposure in case.exposures:
        yield f"{exposure.agent} {exposure.cumulative_mg_m2:g} mg/m²"
    for name in _EARLIER:
        known = case.known.get(name)
        if isinstance(known, Choices) and known.point is True:
            yield label(name, knowledge)


@dataclass(frozen=True, kw_only=True)
class CutOffLine:
    """One cut-off with the decision points of the systems that use it."""

    fraction: str
    points: tuple[tuple[str, DecisionPoint], ...]


@dataclass(frozen=True, kw_only=True)
class MrdPicture:
    """The results of the case against the cut-offs."""

    picture: str
    cut_offs: tuple[CutOffLine, ...]


def mrd_picture(case: Case, knowledge: Knowledge) -> MrdPicture | None:
    """Draw the MRD results; None where there is none."""
    if not case.mrd:
        return None
    points: dict[float, list[tuple[str, DecisionPoint]]] = {}
    for system in knowledge.systems.values():
        for point in system.decision_points:
            points.setdefault(point.cut_off_fraction, []).append((short_name(system.table.title), point))
    lines = [
        CutOff(fraction=cut, words=_cut_words(cut, [n for n, _ in found])) for cut, found in sorted(points.items())
    ]
    return MrdPicture(
        picture=mrd_samples([_level(sample) for sample in case.mrd], lines),
        cut_offs=tuple(CutOffLine(fraction=power(cut), points=tuple(found)) for cut, found in sorted(points.items())),
    )


def _cut_words(cut: float, names: Sequence[str]) -> str:
    unique = list(dict.fromkeys(names))
    first, more = unique[0], len(unique) - 1
    return f"{power(cut)}  {first[:_NAMES_LONG]}{f' + {more}' if more else ''}"


def _level(sample: MrdSample) -> Level:
    where = ", ".join(part for part in (sample.method, sample.tissue) if part)
    name = spoken(sample.decides_at.name) if sample.decides_at else spoken(sample.timepoint) or "time point not stated"
    return Level(
        words=tuple(part for part in (name, where) if part),
        low=sample.level.low[0],
        high=sample.level.high[0],
        point=sample.level.point,
        sensitivity=sample.sensitivity_fraction,
    )


@dataclass(frozen=True, kw_only=True)
class OutcomePicture:
    """One published figure: its number, the row, its words and its picture of 100 children."""

    number: int
    row: PublishedOutcome
    words: str
    picture: str


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """The same published figures in words, as children and over the years, and the rest of the rows."""

    shown: tuple[OutcomePicture, ...]
    curve: str
    others: tuple[PublishedOutcome, ...]


def outcomes(rows: Sequence[PublishedOutcome]) -> Outcomes:
    """Choose at most six survival figures, one of each system or source, and draw them; list all others."""
    chosen = [row for row in few(rows, SHOWN_OUTCOMES) if row.estimate_pct is not None]
    shown, figures = [], []
    for number, row in enumerate(chosen, start=1):
        low, high, _ = span(row)
        percent = row.estimate_pct or 0.0
        words = estimate_words(row)
        share = Share(words=f"{percent:g} of 100: {words}", of_100=percent, low=low, high=high)
        shown.append(OutcomePicture(number=number, row=row, words=words, picture=icon_array(share)))
        if row.years is not None:
            figures.append(Figure(number=number, words=words, years=row.years, percent=percent, low=low, high=high))
    return Outcomes(
        shown=tuple(shown), curve=published_curve(figures), others=tuple(row for row in rows if row not in chosen)
    )
