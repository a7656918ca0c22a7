"""What speaks for a column being a certain column of a registry table: its name, its label, its values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from reall.base.units import CONVERSIONS
from reall.cohort.cells_of_text import MISSING_WORDS
from reall.cohort.mapping.seen import SeenColumn
from reall.exchange.mapped import TICKED, UNTICKED, reading
from reall.exchange.mapping import DATE_FORMATS, UNDECIDED, UNKNOWN, ColumnMapping, Entry
from reall.exchange.redcap import MARKS
from reall.facts.table_schema import TableColumn
from reall.facts.vocabulary import Vocabulary

EXACT, NAMED, HINTED = 3, 2, 1
"""How well a name speaks: it is the column's own, another name for it, or it holds all words of one."""
_MOST_CODES = 40
_UNIT_WORDS: Mapping[str, str] = {
    "pct": "percent", "percent": "percent", "prozent": "percent", "days": "days", "day": "days", "tage": "days",
    "weeks": "weeks", "months": "months", "monate": "months", "mo": "months", "years": "years", "jahre": "years",
    "fraction": "fraction",
}  # fmt: skip
_NUMBER = re.compile(r"[<>=]*\s*(-?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?)")


def words_of(text: str) -> tuple[str, ...]:
    """Split a name into words, without accents and case.

    >>> words_of("MRD_TP1 (%)"), words_of("dateOfBirth")
    (('mrd', 'tp1', 'percent'), ('date', 'of', 'birth'))
    """
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).replace("%", " percent ")
    plain = unicodedata.normalize("NFKD", apart.lower().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue"))
    return tuple(re.findall(r"[a-z0-9]+", plain))


@dataclass(frozen=True, kw_only=True)
class Guess:
    """One column taken for a target: how strongly the name speaks, and what the values ask for."""

    target: TableColumn
    strength: int
    reasons: tuple[str, ...]
    doubts: tuple[str, ...] = ()
    codes: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""
    dates: str = ""

    @property
    def sure(self) -> bool:
        """Whether name and values agree and leave no doubt."""
        return self.strength >= NAMED and not self.doubts


def guess(column: SeenColumn, targets: Mapping[str, TableColumn], vocabulary: Vocabulary) -> list[Guess]:
    """Give what a column may be, the best first."""
    found = []
    for target in targets.values():
        strength, reason = _named(column, target, vocabulary.names.columns.get(target.name, ()))
        if strength:
            found.append(_with_values(column, target, strength, reason, vocabulary))
    return sorted(found, key=lambda g: (-g.strength, len(g.doubts)))


def _named(column: SeenColumn, target: TableColumn, others: tuple[str, ...]) -> tuple[int, str]:
    """Compare name and label with a target's own name and its other names."""
    if column.name == target.name:
        return EXACT, "the name is that of the fact"
    own = words_of(target.name)
    for said, what in ((column.name, "name"), (column.label, "label")):
        words = words_of(said)
        bare = tuple(word for word in words if word not in _UNIT_WORDS)
        if words == own:
            return EXACT, f"the {what} is that of the fact"
        for other in others:
            if words_of(other) in {words, bare}:
                return NAMED, f"the {what} is also called {other!r}"
    for said, what in ((column.name, "name"), (column.label, "label")):
        for other in sorted(others, key=len, reverse=True):
            wanted = words_of(other)
            if len(wanted) > 1 and set(wanted) <= set(words_of(said)):
                return HINTED, f"the {what} holds the words {other!r}"
    return 0, ""


def _with_values(column: SeenColumn, target: TableColumn, strength: int, reason: str, vocabulary: Vocabulary) -> Guess:
    made = Guess(target=target, strength=strength, reasons=(reason,))
    values = [text for text in column.values if text.lower() not in MISSING_WORDS]
    if not values and not column.labels:
        made = _doubting(made, "the column is empty in the rows seen")
    elif target.kind == "date":
        made = _as_date(made, values)
    elif target.numeric:
        made = _as_number(made, column, values)
    elif target.kind in {"yes_no", "category"}:
        made = _as_answer(made, column, values, vocabulary)
    else:
        made = _as_text(made, column, values, vocabulary)
    if column.name in MARKS:
        made = _doubting(made, "REDCap numbers repetitions, not relapses")
    doubt = vocabulary.names.doubts.get(target.name)
    return _doubting(made, doubt) if doubt and column.name != target.name else made


def _as_text(made: Guess, column: SeenColumn, values: list[str], vocabulary: Vocabulary) -> Guess:
    if made.target.name == "case" and len(values) < sum(column.values.values()):
        return _doubting(made, "some values stand in several rows: it may be the patient")
    if made.target.name == "genetics":
        strange = [v for v in values if v.lower().removeprefix("not ") not in vocabulary.genetics_by_name]
        return _doubting(made, f"{strange[0]!r} is no name that the rules use") if strange else made
    return made


def _doubting(guess_: Guess, *doubts: str) -> Guess:
    return replace(guess_, doubts=(*guess_.doubts, *doubts))


def _as_date(made: Guess, values: list[str]) -> Guess:
    fitting = [form for form in DATE_FORMATS if form != "excel" and all(_reads(v, made.target, form) for v in values)]
    if not fitting:
        return _doubting(made, f"{values[0]!r} is no date that is known here" if values else "no date is seen")
    if len(fitting) > 1:
        return _doubting(replace(made, dates=fitting[0]), f"the dates also read as {' or '.join(fitting[1:])}")
    iso = fitting[0] == "YYYY-MM-DD"
    reasons = (*made.reasons, f"every value is a date {fitting[0]}")
    return replace(made, dates="" if iso else fitting[0], reasons=reasons)


def _reads(text: str, target: TableColumn, form: str) -> bool:
    entry = Entry(members={}, target=target, codes={}, dates=form)
    return not reading(text, entry, ColumnMapping(name="", entries=(), missing=frozenset()))[1]


def _as_number(made: Guess, column: SeenColumn, values: list[str]) -> Guess:
    read = [_NUMBER.fullmatch(v) or _NUMBER.match(v) for v in values]
    numbers = [float(found[1].replace(",", ".")) for found in read if found]
    doubts = [f"{v!r} is not a number" for v, found in zip(values, read, strict=True) if not found][:1]
    units = CONVERSIONS.get(made.target.unit, {})
    hinted = [_UNIT_WORDS[w] for w in (*words_of(column.name), *words_of(column.label)) if w in _UNIT_WORDS]
    unit = next((u for u in hinted if u in units), "")
    own = next(iter(units), "")
    if numbers and min(numbers) < made.target.minimum:
        doubts.append(f"{min(numbers):g} is not possible: a code for missing? Then list it under `missing`")
    elif numbers and not unit:
        unit, said = _unit_by_size(made.target, numbers)
        doubts += [said] if said else []
        if not unit and len(units) > 1 and made.strength < EXACT:
            doubts.append(f"the unit is not written; {own} is assumed (others: {', '.join(list(units)[1:])})")
    reasons = (*made.reasons, f"the name says {unit}") if unit in hinted else made.reasons
    return replace(made, unit="" if unit == own else unit, reasons=reasons, doubts=tuple(doubts))


def _unit_by_size(target: TableColumn, numbers: list[float]) -> tuple[str, str]:
    """Doubt the unit where numbers are impossible for the fact, or look like another unit."""
    highest = max(numbers)
    if target.unit == "fraction of cells" and highest > target.maximum:
        return "percent", f"values reach {highest:g}, so that they are no fractions: percent?"
    if target.unit == "percent" and 0 < highest <= 1:
        return "fraction", f"no value exceeds {highest:g}: fractions?"
    if highest > target.maximum and "days" in CONVERSIONS.get(target.unit, {}):
        return "days", f"values reach {highest:g}: days?"
    if highest > target.maximum:
        return "", f"values reach {highest:g}, which is not possible for {target.name}"
    return "", ""


def _as_answer(made: Guess, column: SeenColumn, values: list[str], vocabulary: Vocabulary) -> Guess:
    seen = list(dict.fromkeys([*column.labels, *values]))
    if len(seen) > _MOST_CODES:
        return _doubting(made, f"{len(seen)} different values are too many for answers")
    answers = ["yes", "no"] if made.target.kind == "yes_no" else [str(a) for a in made.target.answers]
    codes = {text: _answer(column.labels.get(text, text), answers, made.target, vocabulary) for text in seen}
    open_ones = [text for text, meaning in codes.items() if meaning == UNDECIDED]
    doubts = [f"what {', '.join(map(repr, open_ones))} means is not known"] if open_ones else []
    if made.target.kind == "yes_no" and set(open_ones) <= TICKED | UNTICKED:
        codes |= {t: "yes" if t in TICKED else "no" for t in open_ones}
        doubts = [f"{' and '.join(sorted(open_ones))} are taken for yes and no"] if open_ones else []
    as_it_stands = all(text == meaning for text, meaning in codes.items())
    reason = "every value is an answer" if as_it_stands else "codes are read by their labels" if column.labels else ""
    reasons = (*made.reasons, reason) if reason and not doubts else made.reasons
    return replace(made, codes={} if as_it_stands else codes, reasons=reasons, doubts=(*made.doubts, *doubts))


def _answer(label: str, answers: list[str], target: TableColumn, vocabulary: Vocabulary) -> str:
    """Find the one answer that a label means; `?` where there is none."""
    words = "".join(words_of(label))
    if words in {"".join(words_of(name)) for name in vocabulary.names.answers[UNKNOWN]}:
        return UNKNOWN
    for answer in answers:
        names = [answer, (target.words or {}).get(answer, answer), *vocabulary.names.answers.get(answer, ())]
        if words in {"".join(words_of(name)) for name in names}:
            return answer
    return UNDECIDED
