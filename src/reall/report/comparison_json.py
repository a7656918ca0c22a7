"""A comparison as data (`reall.cohort_compare/1`), in words and as table rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from reall import __version__
from reall.cohort.compare.agreement import Agreement, CrossTable, Disagreement, Discrimination
from reall.cohort.compare.kappa import Kappa
from reall.cohort.compare.published import Beside
from reall.cohort.compare.run import Comparison
from reall.cohort.survival.concordance import Concordance
from reall.cohort.survival.reading import Reading
from reall.report.survival_json import estimate_json, reading_json
from reall.report.survival_words import aligned, share_words
from reall.report.to_json import outcome_json
from reall.report.words import PERCENT, spoken

SCHEMA = "reall.cohort_compare/1"


def comparison_json(found: Comparison, reading: Reading) -> dict[str, Any]:
    """Give the whole comparison as plain data."""
    agreement = found.agreement
    return {
        "schema": SCHEMA,
        "reall_version": __version__,
        **reading_json(reading),
        "endpoint": found.endpoint,
        "assumptions": list(reading.assumptions),
        "caveats": list(reading.caveats),
        "notes": list(reading.notes),
        "beside": [_beside(each) for each in found.published.beside],
        "apart": [{"published": outcome_json(a.published), "reason": a.reason} for a in found.published.apart],
        "systems": list(agreement.systems),
        "agreement": [_cross(table) for table in agreement.tables],
        "discrimination": [_discrimination(each) for each in agreement.discrimination],
        "disagreeing": agreement.disagreeing,
        "disagreements": [
            {"row": d.row, "case": d.case, "about": list(d.about), "answers": dict(d.answers)}
            for d in agreement.disagreements
        ],
    }


def _beside(each: Beside) -> dict[str, Any]:
    return {
        "published": outcome_json(each.published),
        "n": each.n,
        "uncertain": each.uncertain,
        "own": estimate_json(each.own),
        "difference": each.difference,
        "interval": list(each.interval) if each.interval else None,
        "interval_of": each.interval_of,
    }


def _cross(table: CrossTable) -> dict[str, Any]:
    return {
        "systems": list(table.systems),
        "rows": list(table.names[0]),
        "columns": list(table.names[1]),
        "counts": table.counts.tolist(),
        "kappa": _kappa(table.kappa) if table.kappa else None,
        "kappa_of": table.kappa_of,
    }


def _kappa(kappa: Kappa) -> dict[str, Any]:
    return {"kappa": kappa.kappa, "interval": list(kappa.interval), "agreed": kappa.agreed, "n": kappa.n}


def _discrimination(each: Discrimination) -> dict[str, Any]:
    return {
        "system": each.system,
        "order": list(each.order),
        "order_status": each.order_status,
        "own_rows": _concordance(each.own_rows) if each.own_rows else None,
        "same_rows": _concordance(each.same_rows) if each.same_rows else None,
        "not_ordered": dict(each.not_ordered),
    }


def _concordance(c: Concordance) -> dict[str, Any]:
    return {
        "c": c.c, "interval": list(c.interval), "standard_error": c.standard_error, "n": c.n, "pairs": c.pairs,
    }  # fmt: skip


BESIDE_COLUMNS = (
    "published", "source", "stratum", "endpoint", "years", "published_pct", "n", "uncertain", "own", "own_low",
    "own_high", "difference", "difference_low", "difference_high", "interval_of",
)  # fmt: skip


def beside_rows(rows: Sequence[Beside]) -> Iterator[Sequence[Any]]:
    """Give one row per published figure beside the registry's own, under `BESIDE_COLUMNS`."""
    for each in rows:
        p, own, ends = each.published, each.own.interval or (None, None), each.interval or (None, None)
        head = (p.id, p.citation.source, p.stratum, p.endpoint, p.years, p.estimate_pct, each.n, each.uncertain)
        yield (*head, each.own.value, *own, each.difference, *ends, each.interval_of)


def disagreement_rows(found: Agreement) -> Iterator[Sequence[Any]]:
    """Give one row per child on whom systems disagree: row, name, what about, and each system's answer."""
    for d in found.disagreements:
        yield (d.row, d.case, "; ".join(d.about), *(d.answers[id_] for id_ in found.systems))


def comparison_lines(found: Comparison, reading: Reading) -> Iterator[str]:
    """Say everything that was found, for a terminal."""
    yield f"{reading.name}, {reading.rows:,} rows, {found.endpoint}. Knowledge {reading.knowledge_version}."
    yield "Not a medical device. Figures of different treatments, years and selections; a difference is no verdict."
    yield ""
    if found.without:
        yield f"{found.without[0].upper()}{found.without[1:]}."
        yield ""
    else:
        yield from _published_lines(found)
    yield from _agreement_lines(found.agreement)
    if not found.without:
        yield "How well each system orders survival (Harrell's C):"
        for each in found.agreement.discrimination:
            yield f"  {each.system}: {discrimination_words(each)}"
        yield ""
    yield f"Systems disagree on {found.agreement.disagreeing:,} of {found.agreement.rows:,} children."
    yield from _some(found.agreement.disagreements)
    for word, texts in (("Assumed", tuple(reading.assumptions)), ("Caveat", reading.caveats)):
        yield from (f"{word}: {text}" for text in texts)


def _published_lines(found: Comparison) -> Iterator[str]:
    yield "Beside published figures of the same end point and clock (own less published, points of percent):"
    numbers = count(1)  # as in the picture of calibration, where figures without an own one have no place
    lines = [[*(_line(b)), str(next(numbers)) if b.own.value is not None else ""] for b in found.published.beside]
    yield from aligned([["", "published", "n", "own", "difference", "rests on", "no."], *lines])
    yield f"Apart: {len(found.published.apart)} published figures, for another end point, clock or arm (see --json)."
    yield ""


def _agreement_lines(found: Agreement) -> Iterator[str]:
    yield "Agreement of systems (kappa over the children whom both group):"
    with_kappa = [table for table in found.tables if table.kappa]
    for table in with_kappa:
        yield f"  {table.systems[0]} and {table.systems[1]}: {kappa_words(table)}"
    yield (
        f"  {len(found.tables) - len(with_kappa)} further pairs have none: no common order of groups, or "
        "one of the two groups nobody or puts all children into one group; their cross tables are in --json."
    )
    yield ""


_LISTED = 10


def _some(disagreements: Sequence[Disagreement]) -> Iterator[str]:
    for d in disagreements[:_LISTED]:
        said = ", ".join(f"{id_} {answer}" for id_, answer in d.answers.items())
        yield f"  row {d.row} {d.case} ({', '.join(d.about)}): {said}"
    if len(disagreements) > _LISTED:
        yield "  ... all of them with --json, or --out FILE.csv --table disagreements."


def _line(each: Beside) -> list[str]:
    p = each.published
    name = f"{p.stratum} ({p.citation.source}, {p.years:g} y)"
    return [
        name,
        f"{p.estimate_pct:g} %",
        f"{each.n:,}",
        share_words(each.own),
        difference_words(each),
        each.interval_of,
    ]


def difference_words(each: Beside) -> str:
    """Write a difference in points of percent."""
    if each.difference is None:
        return "-"
    value = f"{PERCENT * each.difference:+.1f}"
    if each.interval is None:
        return value
    low, high = (f"{PERCENT * end:+.1f}" for end in each.interval)
    return f"{value} ({low} to {high})"


def kappa_words(table: CrossTable) -> str:
    """Write kappa, or why there is none."""
    if table.kappa is None:
        return f"none; {table.kappa_of}"
    k = table.kappa
    return f"{k.kappa:.2f} ({k.interval[0]:.2f} to {k.interval[1]:.2f}), n = {k.n:,}; {table.kappa_of}"


def concordance_words(c: Concordance | None) -> str:
    """Write C with its interval."""
    return f"{c.c:.3f} ({c.interval[0]:.3f}-{c.interval[1]:.3f}), n = {c.n:,}" if c else "none"


def discrimination_words(each: Discrimination) -> str:
    """Write how well one system orders survival, and who is left out."""
    left = ", ".join(f"{many:,} {spoken(name)}" for name, many in each.not_ordered.items())
    draft = "; the order of its groups is a draft" if each.order_status == "draft" else ""
    same = f"; on the children whom all systems group {concordance_words(each.same_rows)}"
    return f"{concordance_words(each.own_rows)}{same}{f'; left out: {left}' if left else ''}{draft}"
