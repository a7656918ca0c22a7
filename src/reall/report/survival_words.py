"""Survival in words and aligned lines, for the screen and the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reall.cohort.survival.cox import Cox
from reall.cohort.survival.kaplan_meier import Estimate
from reall.cohort.survival.log_rank import Test
from reall.cohort.survival.reading import Reading
from reall.cohort.survival.result import Survival
from reall.report.words import PERCENT, spoken

ENDPOINTS = {"OS": "Overall survival", "EFS": "Event-free survival", "DFS": "Disease-free survival"}
_SMALLEST_P = 0.0001


def title(found: Survival) -> str:
    """Name what is shown: end point, clock, strata."""
    by = f", by {' and '.join(spoken(name) for name in found.by)}" if found.by != ("all",) else ""
    return f"{ENDPOINTS[found.endpoint]} from {found.clock_start}{by}"


def share_words(estimate: Estimate) -> str:
    """Write a share with its interval in percent.

    >>> share_words(Estimate(years=5, value=0.377, interval=(0.321, 0.432), standard_error=0.03, at_risk=77,
    ...                      events=195, censored=0))
    '37.7 % (32.1-43.2)'
    """
    if estimate.value is None:
        return "not reached"
    value = f"{_percent(estimate.value)} %"
    if estimate.interval is None:
        return value
    low, high = map(_percent, estimate.interval)
    return f"{value} ({low}-{high})"


def _percent(share: float) -> str:
    """Write a share in percent, rounded as its three decimals are."""
    return f"{PERCENT * round(share, 3):.1f}"


def p_words(p: float) -> str:
    """Write a p value.

    >>> p_words(0.0349), p_words(1e-17)
    ('p = 0.035', 'p < 0.0001')
    """
    return f"p < {_SMALLEST_P:g}" if p < _SMALLEST_P else f"p = {p:.2g}"


def test_words(test: Test) -> str:
    """Write a test."""
    return f"chi² = {test.chi2:.2f}, {test.df} df, {p_words(test.p)}"


def years_words(value: float | None) -> str:
    """Write a time in years; what was not reached is said."""
    return "not reached" if value is None else f"{value:.2f} y"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Set columns under each other, two spaces apart.

    >>> aligned([["a", "1"], ["bcd", "2"]])
    ['a    1', 'bcd  2']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def survival_lines(found: Survival, reading: Reading, cox: Cox | None = None) -> Iterator[str]:
    """Say everything that was found, for a terminal."""
    yield f"{title(found)}: {reading.name}, {reading.rows:,} rows"
    yield f"Knowledge {reading.knowledge_version}. Not a medical device."
    yield ""
    yield from aligned(list(_table(found)))
    for cause in (cause for cause in found.strata[0].incidence if _happened(found, cause)):
        yield ""
        yield f"Cumulative incidence: {spoken(cause)}"
        yield from aligned(list(_incidence(found, cause)))
    yield from _tests(found)
    if cox is not None:
        yield ""
        yield from cox_lines(cox)
    yield from _remarks(found, reading)


def _table(found: Survival) -> Iterator[list[str]]:
    yield ["", "n", "events", "median", *(f"{years:g} y" for years in found.at), f"at risk ({_times(found)})"]
    for each in found.strata:
        at_risk = " / ".join(f"{e.at_risk:,}" for e in each.estimates)
        shares = [share_words(e) if each.n else "no outcome" for e in each.estimates]
        yield [each.stratum.name, f"{each.n:,}", f"{each.events:,}", years_words(each.median_years), *shares, at_risk]


def _times(found: Survival) -> str:
    return " / ".join(f"{years:g}" for years in found.at) + " y"


def _happened(found: Survival, cause: str) -> bool:
    return any(e.events for each in found.strata for e in each.incidence[cause])


def _incidence(found: Survival, cause: str) -> Iterator[list[str]]:
    yield ["", *(f"{years:g} y" for years in found.at)]
    for each in found.strata:
        yield [each.stratum.name, *(share_words(e) for e in each.incidence[cause])]


def _tests(found: Survival) -> Iterator[str]:
    if found.log_rank:
        yield ""
        yield f"Log-rank ({', '.join(found.compared)}): {test_words(found.log_rank)}"
    for cause, test in found.by_cause.items():
        yield f"  {spoken(cause)} alone, other events as censored: {test_words(test)}"


def cox_lines(cox: Cox) -> Iterator[str]:
    """Say what a Cox model found."""
    yield f"Cox model against {cox.reference}: {cox.n:,} children, {cox.events:,} events"
    rows = [["", "hazard ratio", "", "proportional hazards"]]
    for term in cox.terms:
        ratio = f"{term.hazard_ratio:.2f} ({term.interval[0]:.2f}-{term.interval[1]:.2f})"
        check = p_words(term.nonproportional_p) if term.nonproportional_p is not None else "not checked"
        rows.append([term.name, ratio, p_words(term.p), check])
    yield from aligned(rows)
    if any(term.nonproportional_p is not None for term in cox.terms):
        yield "  A small p in the last column: the ratio changes with time, and one number does not describe it."
    if cox.nonproportional:
        yield f"  all terms together: {test_words(cox.nonproportional)}"
    for reason, many in cox.left_out.items():
        yield f"  left out: {many:,}, {reason}"
    for note in cox.notes:
        yield f"  {note}"


def _remarks(found: Survival, reading: Reading) -> Iterator[str]:
    for word, of in (("not counted", "without"), ("before the landmark", "before_landmark")):
        lines = [
            f"  {each.stratum.name}: {reasons_words(getattr(each, of))}" for each in found.strata if getattr(each, of)
        ]
        if lines:
            yield ""
            yield f"{word[0].upper()}{word[1:]}:"
            yield from lines
    if reading.assumptions:
        yield ""
        yield "Assumptions declared for this run:"
        for text, rows in reading.assumptions.items():
            yield f"  {text}: fills {rows:,} rows" if rows is not None else f"  {text}"
    for word, texts in (("Caveats", found.caveats), ("Notes", reading.notes)):
        if texts:
            yield ""
            yield f"{word}:"
            yield from (f"  {text}" for text in texts)


def reasons_words(reasons: Mapping[str, int]) -> str:
    """Say how many children fall under each reason.

    >>> reasons_words({"the time is not known": 2})
    '2, the time is not known'
    """
    return "; ".join(f"{many:,}, {reason}" for reason, many in reasons.items())
