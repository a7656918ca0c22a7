"""By what survival is shown: a table's answer, a fact (numbers with cut-points), or a column of the user's own.

Every row gets a stratum. What is not determined is a stratum of its own, with the answers that remain possible.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pyarrow as pa

from reall.base.errors import WrongUsage
from reall.cohort import outcome_columns as oc
from reall.cohort.answer_columns import UNUSABLE
from reall.cohort.cells_of_text import distinct
from reall.cohort.columns import Flags
from reall.cohort.facts_of_rows import FactsOfRows
from reall.cohort.survival.counts import Ints
from reall.facts.known import BEFORE, Choices
from reall.facts.vocabulary import NOT_STATED, Fact
from reall.library.knowledge import Knowledge
from reall.rules.cells import Axis

DETERMINED, UNDETERMINED = "determined", "undetermined"
_WITHOUT_VALUE = ("not_eligible", "silent", "unconfirmed")
MOST_STRATA = 200
"""Distinct texts of a user's column beyond which it is no stratum but a list of children."""
_TRANSPLANT = re.compile(r"transplant|hsct|(^|[^a-z])(hct|sct|bmt)([^a-z]|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Stratum:
    """A value, or what remains possible where there is none. `status` is as in a finding, or `unusable`."""

    status: str
    value: str = ""
    possible: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name it: the value, or the status with what remains.

        >>> Stratum("undetermined", possible=("S2", "S4")).name
        'undetermined (S2 or S4)'
        """
        if self.status == DETERMINED:
            return self.value
        words = self.status.replace("_", " ")
        left = " or ".join(_option(option, self.status) for option in self.possible)
        return f"{words} ({left})" if left else words


def _option(option: str, status: str) -> str:
    """Say an outcome that remains; one without a value names the fact behind it.

    >>> _option("not_eligible:lineage", "undetermined"), _option("not_eligible:lineage", "not_eligible")
    ('not eligible: lineage', 'lineage')
    """
    kind, _, fact = option.partition(":")
    if kind not in _WITHOUT_VALUE:
        return option
    return fact if kind == status else f"{kind.replace('_', ' ')}: {fact}"


ALL = Stratum(DETERMINED, "all")


@dataclass(frozen=True, kw_only=True)
class By:
    """One question by which rows are grouped. `kind` is `all`, `table`, `fact`, `cut`, `column` or `given`."""

    name: str
    kind: str
    values: tuple[str, ...] = ()
    axis: Axis | None = None

    @property
    def needs_facts(self) -> bool:
        """Whether the facts of the rows must be read."""
        return self.kind in {"fact", "cut"}


EVERYBODY = By(name="all", kind="all", values=("all",))


def read_by(name: str, cuts: Sequence[float], columns: Iterable[str], knowledge: Knowledge) -> By:
    """Say what a name on the command line groups by: a table's id, a fact, or a column of the table.

    Raises `WrongUsage` for an unknown name, a number without cut-points, and for a treatment after the relapse,
    which no curve from relapse may be split by.
    """
    columns = tuple(columns)
    table = _table_of(name, knowledge)
    if table is not None:
        _no_cuts(name, cuts)
        return By(
            name=table_id(name, knowledge) or name, kind="table", values=tuple(knowledge.base.tables[table].values)
        )
    fact = knowledge.vocabulary.facts.get(name) or knowledge.vocabulary.statable.get(name)
    if fact is not None:
        return by_fact(fact, cuts)
    refuse_treatment(name)
    if name in columns and not oc.is_outcome(name):
        _no_cuts(name, cuts)
        return By(name=name, kind="column")
    known = [
        *knowledge.systems,
        *(f"transplant.{id_}" for id_ in knowledge.transplant_ids),
        *knowledge.vocabulary.facts,
    ]
    close = difflib.get_close_matches(name, [*known, *columns], n=1)
    raise WrongUsage(
        f"{name!r} is neither a system, a definition, a fact nor a column of the table",
        where="--by",
        next=f"Did you mean {close[0]!r}?" if close else "See docs/reference for the names.",
    )


def refuse_treatment(name: str) -> None:
    """Refuse to split curves from relapse by what comes after it. Raises `WrongUsage` for a transplant."""
    if name not in oc.OUTCOME_COLUMNS and not _TRANSPLANT.search(name):
        return
    raise WrongUsage(
        f"survival from relapse cannot be split by {name!r}",
        where="--by",
        why="A child must live and stay in remission until the transplant to be counted as transplanted, so that the "
        "transplanted seem to do better even where the transplant changes nothing (immortal time).",
        next=f"Use --landmark DAY with --by {oc.TRANSPLANT}: groups by what was done before that day, and counts from "
        f"it; or --time-varying: a Cox model in which a child is untransplanted until the day of transplant. Both need "
        f"the columns {oc.TRANSPLANT} and {oc.TRANSPLANT_TIME}_days.",
    )


def table_id(name: str, knowledge: Knowledge) -> str | None:
    """Give the columns' prefix of a table's answers; a transplant rule may be named without `transplant.`."""
    if name in knowledge.systems:
        return name
    public = name.removeprefix("transplant.")
    return f"transplant.{public}" if public in knowledge.transplant_ids else None


def _table_of(name: str, knowledge: Knowledge) -> str | None:
    prefix = table_id(name, knowledge)
    if prefix is None or not prefix.startswith("transplant."):
        return prefix
    return knowledge.transplant_ids[prefix.removeprefix("transplant.")]


def _no_cuts(name: str, cuts: Sequence[float]) -> None:
    if cuts:
        raise WrongUsage(f"{name!r} is not a number, so that there is nothing to cut", where="--cut")


def by_fact(fact: Fact, cuts: Sequence[float]) -> By:
    """Group by a fact. Raises `WrongUsage` for a number without cut-points."""
    if not fact.numeric:
        _no_cuts(fact.name, cuts)
        answers = tuple(_said(answer) for answer in fact.answers if answer != NOT_STATED)
        return By(name=fact.name, kind="fact", values=answers, axis=Axis(fact))
    if not cuts:
        raise WrongUsage(
            f"{fact.name!r} is a number{f' ({fact.unit})' if fact.unit else ''}",
            where="--by",
            why="ReALL chooses no cut-points: those that the data suggest are too good to be true.",
            next="Give cut-points, such as --cut 18,36; a child exactly at one belongs to the upper group.",
        )
    axis = Axis(fact, tuple((cut, BEFORE) for cut in sorted(set(cuts))))
    return By(name=fact.name, kind="cut", values=_ranges(sorted(set(cuts))), axis=axis)


def _ranges(cuts: Sequence[float]) -> tuple[str, ...]:
    """Name the half-open pieces between cut-points.

    >>> _ranges([18, 36])
    ('< 18', '18 to < 36', '>= 36')
    """
    middle = [f"{low:g} to < {high:g}" for low, high in pairwise(cuts)]
    return (f"< {cuts[0]:g}", *middle, f">= {cuts[-1]:g}")


def _said(answer: str | bool) -> str:
    return answer if isinstance(answer, str) else "yes" if answer else "no"


@dataclass
class Strata:
    """Numbers the strata of some questions together, over all batches of a table."""

    by: tuple[By, ...]
    _numbers: dict[tuple[Stratum, ...], int] = field(default_factory=dict)

    def of(
        self,
        rows: pa.RecordBatch,
        facts: FactsOfRows | None,
        bad: Flags,
        given: tuple[tuple[Stratum, ...], Ints] | None = None,
    ) -> Ints:
        """Give each row the number of its stratum; `given` are strata that were worked out elsewhere."""
        together = np.zeros(rows.num_rows, dtype=np.int64)
        found: list[tuple[Stratum, ...]] = [()]
        for by in self.by:
            strata, codes = _strata_of(by, rows, facts, bad) if given is None else given
            pair = together * len(strata) + codes
            present = np.flatnonzero(np.bincount(pair, minlength=len(found) * len(strata)))
            place = np.zeros(len(found) * len(strata), dtype=np.int64)
            place[present] = np.arange(len(present))
            found = [(*found[p // len(strata)], strata[p % len(strata)]) for p in present.tolist()]
            together = place[pair]
        numbers = [self._numbers.setdefault(key, len(self._numbers)) for key in found]
        return np.array(numbers, dtype=np.int64)[together]

    def in_order(self) -> list[tuple[int, Stratum]]:
        """Give every stratum met: values in the order of their table, then what is not determined."""

        def key(item: tuple[tuple[Stratum, ...], int]) -> tuple[bool, tuple[tuple[int, str], ...]]:
            parts = item[0]
            settled = all(part.status == DETERMINED for part in parts)
            return not settled, tuple(_rank(by, part) for by, part in zip(self.by, parts, strict=True))

        return [(number, _joined(parts)) for parts, number in sorted(self._numbers.items(), key=key)]


def _rank(by: By, stratum: Stratum) -> tuple[int, str]:
    place = by.values.index(stratum.value) if stratum.value in by.values else len(by.values)
    return place + (stratum.status != DETERMINED), stratum.name


def _joined(parts: tuple[Stratum, ...]) -> Stratum:
    """Make one stratum of the answers to several questions.

    >>> _joined((Stratum("determined", "B"), Stratum("undetermined", possible=("S2", "S4")))).name
    'undetermined (B, S2 or B, S4)'
    """
    if len(parts) == 1:
        return parts[0]
    if all(part.status == DETERMINED for part in parts):
        return Stratum(DETERMINED, ", ".join(part.value for part in parts))
    possible = [""]
    for part in parts:
        options = (part.value,) if part.status == DETERMINED else part.possible or (part.status,)
        possible = [f"{before}, {option}" if before else option for before in possible for option in options]
    status = next(part.status for part in parts if part.status != DETERMINED)
    return Stratum(status, possible=tuple(possible))


def _strata_of(by: By, rows: pa.RecordBatch, facts: FactsOfRows | None, bad: Flags) -> tuple[Sequence[Stratum], Ints]:
    match by.kind:
        case "all":
            return [ALL], np.zeros(rows.num_rows, dtype=np.int64)
        case "table":
            return _answers(by.name, rows)
        case "column":
            strata, codes = _texts(by.name, rows)
        case _:
            if facts is None:
                raise TypeError("facts are needed")
            strata, codes = strata_of_fact(by, facts)
    return [*strata, Stratum(UNUSABLE)], np.where(bad, len(strata), codes)


def _answers(prefix: str, rows: pa.RecordBatch) -> tuple[list[Stratum], Ints]:
    """Group by a table's answer columns."""
    parts = [distinct(rows.column(f"{prefix}.{part}")) for part in ("status", "value", "possible")]
    packed = np.zeros(rows.num_rows, dtype=np.int64)
    for values, codes in parts:
        packed = packed * len(values) + codes
    found, codes = np.unique(packed, return_inverse=True)
    strata = []
    for number in found.tolist():
        texts = []
        for values, _ in reversed(parts):
            number, place = divmod(number, len(values))  # noqa: PLW2901 - unpacking one key
            texts.append(values[place])
        possible, value, status = texts
        names = () if status == DETERMINED else tuple(part for part in (possible or "").split("|") if part)
        strata.append(Stratum(status or "unknown", value or "", names))
    return strata, codes.astype(np.int64)


def _texts(column: str, rows: pa.RecordBatch) -> tuple[list[Stratum], Ints]:
    """Group by a column of the user's own."""
    values, codes = distinct(rows.column(column))
    if len(values) > MOST_STRATA:
        raise WrongUsage(
            f"{column!r} holds more than {MOST_STRATA} different values", where="--by", next="Group them first."
        )
    strata = [Stratum("unknown") if value is None else Stratum(DETERMINED, str(value)) for value in values]
    return strata, codes.astype(np.int64)


def strata_of_fact(by: By, facts: FactsOfRows) -> tuple[list[Stratum], Ints]:
    """Group by what is known of a fact: one value, or the several that remain."""
    axis = by.axis
    if axis is None:
        raise TypeError("a fact has an axis")
    if by.kind == "cut":
        numbers = facts.numbers.get(by.name)
        if numbers is None:
            return [Stratum("unknown")], np.zeros(facts.rows, dtype=np.int64)
        column = numbers.cells(axis)
        full = axis.everything
        strata = [_of_mask(mask, by.values, full) for mask in column.masks]
        return strata, np.asarray(column.codes, dtype=np.int64)
    picked = facts.picked.get(by.name)
    if picked is None:
        return [Stratum("unknown")], np.zeros(facts.rows, dtype=np.int64)
    return [_of_choices(known, by.values) for known in picked.sets], np.asarray(picked.codes, dtype=np.int64)


def _of_mask(mask: int, names: tuple[str, ...], everything: int) -> Stratum:
    if mask == everything:
        return Stratum("unknown")
    found = tuple(name for i, name in enumerate(names) if mask >> i & 1)
    return Stratum(DETERMINED, found[0]) if len(found) == 1 else Stratum(UNDETERMINED, possible=found)


def _of_choices(known: Choices | None, names: tuple[str, ...]) -> Stratum:
    if known is None:
        return Stratum("unknown")
    said = {_said(answer) for answer in known.answers}
    found = tuple(name for name in names if name in said)
    if len(found) == len(names):
        return Stratum("unknown")
    return Stratum(DETERMINED, found[0]) if len(found) == 1 else Stratum(UNDETERMINED, possible=found)
