"""A registry's report: one self-contained page for reading, printing and sharing, with small counts hidden.

The page asks for nothing outside itself and allows no script. Pictures are handed over as SVG. Text from tables is
untrusted and always escaped. Everything that follows from a count goes through `cohort.small_cells` first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reall import __version__
from reall.base.errors import UnusableCase
from reall.cohort.compare.agreement import CrossTable
from reall.cohort.compare.published import Beside
from reall.cohort.compare.run import Comparison
from reall.cohort.shared_survival import SharedStratum, SharedSurvival, joined, shared_survival
from reall.cohort.small_cells import hidden_of, rounded, share, tellable
from reall.cohort.survival.concordance import Concordance
from reall.cohort.survival.kaplan_meier import Estimate
from reall.cohort.survival.reading import Reading
from reall.cohort.survival.result import Survival
from reall.report.comparison_json import concordance_words
from reall.report.survival_words import p_words, share_words, title
from reall.report.view import DISCLAIMER
from reall.report.words import PERCENT, spoken

HIDDEN = "–"
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One data-quality check that found something: how grave, what, in how many rows."""

    severity: str
    title: str
    rows: int


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """One question of survival, its picture, and its lines."""

    shared: SharedSurvival
    title: str
    picture: Markup
    lines: tuple[tuple[str, ...], ...]
    incidence: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]
    test: str


@dataclass(frozen=True, kw_only=True)
class SharedCross:
    """One cross table with small counts hidden; the last row and column are sums."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    kappa: str


@dataclass(frozen=True, kw_only=True)
class RegistryReport:
    """Everything that the page says, before pictures are drawn."""

    reading: Reading
    comparison: Comparison
    shared: tuple[SharedSurvival, ...]
    limit: int
    nobody: tuple[str, ...]

    def may_be_drawn(self) -> Comparison:
        """Give the comparison with those figures alone that may be shared, in whole percent."""
        beside = tuple(_blunt(b, self.limit) for b in self.comparison.published.beside if _may_stand(b, self.limit))
        return replace(self.comparison, published=replace(self.comparison.published, beside=beside))


def prepare(comparison: Comparison, questions: Sequence[Survival], reading: Reading, limit: int) -> RegistryReport:
    """Decide what may be shown. Raises `UnusableCase` for a registry smaller than the limit.

    Questions in which no stratum is determined are named and left out.
    """
    if reading.rows < limit:
        raise UnusableCase(
            f"the table holds fewer than {limit} rows",
            where=reading.name,
            why="Nothing can be shared of it.",
            next="Use --min-cell 1 for a report that stays in your own house.",
        )
    kept = [q for q in questions if any(s.stratum.status == "determined" for s in q.strata)]
    return RegistryReport(
        reading=reading,
        comparison=comparison,
        shared=shared_survival(kept, limit, [_sizes_hidden(q, limit) for q in kept]),
        limit=limit,
        nobody=tuple(" and ".join(q.by) for q in questions if q not in kept),
    )


def _sizes_hidden(question: Survival, limit: int) -> dict[str, bool]:
    """Tell whose size is hidden; the same sizes are hidden in every table of the page."""
    strata = joined(question)
    return _hidden_by_name({s.stratum.name: s.rows for s in strata}, limit)


def _hidden_by_name(sizes: Mapping[str, int], limit: int) -> dict[str, bool]:
    names = sorted(sizes)  # the same order everywhere, so that equal sizes are decided alike
    hidden = hidden_of(np.array([sizes[name] for name in names], dtype=np.int64), limit)
    return dict(zip(names, hidden.tolist(), strict=True))


def registry_page(
    report: RegistryReport, pictures: Sequence[str], others: Sequence[tuple[str, str]], findings: Sequence[Finding] = ()
) -> str:
    """Lay the page out. `pictures`: an SVG (or nothing) per question; `others`: further ones, each with a heading."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    limit, reading = report.limit, report.reading
    chapters = [_chapter(s, Markup(p), limit) for s, p in zip(report.shared, pictures, strict=True)]
    agreement = report.comparison.agreement
    stand = [b for b in report.comparison.published.beside if _may_stand(b, limit)]
    return environment.get_template("registry.html.j2").render(
        version=__version__,
        disclaimer=DISCLAIMER,
        report=report,
        reading=reading,
        chapters=chapters,
        others=[(heading, Markup(svg)) for heading, svg in others],
        beside=[_beside(i, b, limit) for i, b in enumerate(stand, start=1)],
        apart=Counter(a.reason for a in report.comparison.published.apart),
        crosses=[_cross(t, limit) for t in agreement.tables if _says_something(t)],
        discrimination=[
            (d.system, concordance_words(d.own_rows) if limit <= 1 else _about_c(d.own_rows))
            for d in agreement.discrimination
            if d.own_rows
        ],
        disagreeing=_part(agreement.disagreeing, agreement.rows, limit),
        assumptions=[(t, None if n is None else _part(n, reading.rows, limit)) for t, n in reading.assumptions.items()],
        unusable=_part(reading.unusable, reading.rows, limit),
        findings=[(f.severity, f.title, _few(f.rows, limit)) for f in findings],
        hidden=HIDDEN,
    )


def _part(count: int, total: int, limit: int) -> str:
    """Write a part of the rows, whose total is known."""
    if tellable(count, total, limit):
        return f"{count:,}"
    return f"fewer than {limit}" if count < limit else f"all but fewer than {limit}"


def _few(count: int, limit: int) -> str:
    return f"fewer than {limit}" if 0 < count < limit else f"{count:,}"


def _chapter(shared: SharedSurvival, picture: Markup, limit: int) -> Chapter:
    found = shared.survival
    strata = (shared.all, *shared.strata) if len(shared.strata) > 1 else shared.strata
    causes = [c for c in shared.all.incidence if any(e.events for each in found.strata for e in each.incidence[c])]
    test = ""
    if found.log_rank and not any(s.determined and s.rows is None for s in shared.strata):
        test = f"Log-rank between {', '.join(found.compared)}: {p_words(found.log_rank.p)}."
    return Chapter(
        shared=shared,
        title=title(found),
        picture=picture,
        lines=tuple(_line(s, limit) for s in strata),
        incidence=tuple(
            (spoken(c), tuple((s.name, *(_share(e, limit) for e in s.incidence[c])) for s in strata)) for c in causes
        ),
        test=test,
    )


def _line(each: SharedStratum, limit: int) -> tuple[str, ...]:
    shares = [
        f"{_share(e, limit)}{'' if r is None else f'; {r:,}'}"
        for e, r in zip(each.estimates, each.at_risk, strict=True)
    ]
    return (each.name, _count(each.rows), _count(each.n), _count(each.events), *shares)


def _count(count: int | None) -> str:
    return HIDDEN if count is None else f"{count:,}"


def _share(estimate: Estimate | None, limit: int = 1) -> str:
    if estimate is None:
        return HIDDEN
    if limit <= 1 or estimate.value is None:
        return share_words(estimate)
    value = f"{PERCENT * estimate.value:.0f} %"
    if estimate.interval is None:
        return value
    return f"{value} ({PERCENT * estimate.interval[0]:.0f}-{PERCENT * estimate.interval[1]:.0f})"


def _may_stand(each: Beside, limit: int) -> bool:
    """Tell whether a stratum's own figure may be told: enough children, events, and children without one."""
    if each.difference is None:
        return False
    events = each.own.events
    return limit <= 1 or min(each.n, events, each.n - events) >= limit


def _blunt(each: Beside, limit: int) -> Beside:
    """Round what is drawn; without a limit it stays as it is."""
    if limit <= 1 or each.difference is None:
        return each
    own = replace(each.own, value=None if each.own.value is None else round(each.own.value, 2))
    ends = (round(each.interval[0], 2), round(each.interval[1], 2)) if each.interval else None
    return replace(each, own=own, difference=round(each.difference, 2), interval=ends)


def _beside(number: int, each: Beside, limit: int) -> tuple[str, ...]:
    """Write one published figure beside the own; strata overlap, so that exact sizes would give small ones away."""
    p = each.published
    interval = f" ({PERCENT * each.interval[0]:+.0f} to {PERCENT * each.interval[1]:+.0f})" if each.interval else ""
    about = "" if limit <= 1 else "about "
    return (
        f"{number}. {p.stratum}",
        f"{p.cohort} ({p.citation.source}, {p.citation.at})",
        f"{p.years:g}",
        f"{p.estimate_pct:g} %",
        f"{about}{rounded(each.n, 2 * limit if limit > 1 else 1):,}",
        _share(each.own, limit),
        f"{PERCENT * (each.difference or 0.0):+.0f}{interval}",
    )


def _says_something(table: CrossTable) -> bool:
    return min(table.counts.shape) > 1 and all(_groups(names) for names in table.names)


def _groups(names: Iterable[str]) -> bool:
    return any(name not in {"undetermined", "not eligible", "silent", "unconfirmed", "unusable"} for name in names)


def _cross(table: CrossTable, limit: int) -> SharedCross:
    sizes = [
        _hidden_by_name(dict(zip(names, table.counts.sum(axis=1 - axis).tolist(), strict=True)), limit)
        for axis, names in enumerate(table.names)
    ]
    hidden = [np.array([sizes[axis][name] for name in names]) for axis, names in enumerate(table.names)]
    seen = share(table.counts, limit, hidden[0], hidden[1])
    rows = []
    for i, name in enumerate(table.names[0]):
        cells = [_count(int(n)) if s else HIDDEN for n, s in zip(table.counts[i], seen.shown[i], strict=True)]
        rows.append((name, *cells, _count(int(table.counts[i].sum())) if seen.rows_shown[i] else HIDDEN))
    sums = [_count(int(n)) if s else HIDDEN for n, s in zip(table.counts.sum(axis=0), seen.columns_shown, strict=True)]
    kappa = (
        f"{table.kappa.kappa:.2f} ({table.kappa.interval[0]:.2f} to {table.kappa.interval[1]:.2f})"
        if table.kappa
        else ""
    )
    return SharedCross(
        title=f"{table.systems[0]} (rows) and {table.systems[1]} (columns)",
        columns=(*table.names[1], "all"),
        rows=(*rows, ("all", *sums, f"{int(table.counts.sum()):,}")),
        kappa=f"Kappa {kappa}, {table.kappa_of}." if kappa else "",
    )


def _about_c(c: Concordance | None) -> str:
    """Write C without the number of children, which would stand beside other numbers of them."""
    return concordance_words(c).split(", n =")[0]
