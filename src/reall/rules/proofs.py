"""Proofs over all completions of a table at once, done on its diagrams: a fault is a set of cells that is not empty.

No completion is enumerated; the diagrams of two rows are combined, and a fault exists exactly where the result is not
`FALSE`. Each fault names file and row, and describes completions that show it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import prod

from reall.facts.known import BEFORE, Edge, Interval, Known, one_of
from reall.facts.vocabulary import NOT_STATED
from reall.rules.cells import edges_of
from reall.rules.condition import All, Among, AnyOf, Atom, Compare, Condition, InOrder, Not
from reall.rules.diagram import FALSE, TRUE, Walk
from reall.rules.evaluate import evaluate
from reall.rules.table import GAP, Compiled, KnowledgeBase, Outcome, Row

_ALWAYS, _NEVER = All(()), AnyOf(())


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something that a proof or a check found wrong: its kind, where it stands, and completions that show it."""

    kind: str
    where: str
    what: str
    table: str = ""
    rows: tuple[str, ...] = ()
    witness: str = ""

    def __str__(self) -> str:
        shown = f" Seen with: {self.witness}." if self.witness else ""
        return f"{self.where}: {self.kind}: {self.what}.{shown}"


def prove(base: KnowledgeBase, table: str, *, every_condition: bool = True) -> list[Fault]:
    """List every fault of one table, those of its worked cases left out (see `cut_offs_without_case`).

    `every_condition` asks that each comparison changes its row somewhere. It is too much for criteria that quote their
    source in full, though the published group that they also name implies some of them.
    """
    proof = _Proof(base, base.compiled[table])
    return [*proof.faults(), *(proof.idle_rows() if every_condition else ())]


def cells(base: KnowledgeBase, table: str) -> int:
    """Count the product of the cells of all facts that a table depends on."""
    diagram = base.compiled[table].raw
    return prod(base.diagrams.sizes[at] for at in base.diagrams.support(diagram))


def nothing_known(base: KnowledgeBase) -> tuple[int, ...]:
    """Give the masks of a case that states nothing, so that definitions decide by themselves."""
    return tuple(base.space.masks({id_: one_of(NOT_STATED) for id_, table in base.tables.items() if table.derived}))


@dataclass(frozen=True)
class _Proof:
    base: KnowledgeBase
    compiled: Compiled

    def faults(self) -> Iterator[Fault]:
        yield from self.gap()
        yield from self.contradictions()
        yield from self.dead_rows()
        yield from self.dead_remarks()
        yield from self.groups_without_row()
        yield from self.group_for_nothing_known()

    def idle_rows(self) -> Iterator[Fault]:
        """Find comparisons that never matter to their row."""
        for row in (*self.rows, *(line.row for line in self.compiled.criteria)):
            yield from self.idle_conditions(row)

    @property
    def rows(self) -> tuple[Row, ...]:
        return tuple(line.row for line in (*self.compiled.rules, *self.compiled.silent))

    @cached_property
    def applies(self) -> int:
        """The completions that the table answers: every criterion holds, and the table it inherits from answers."""
        d, holds = self.base.diagrams, TRUE
        for line in self.compiled.criteria:
            holds = d.both(holds, line.holds)
        if inherits := self.compiled.table.inherits:
            holds = d.both(holds, d.where(self.base.compiled[inherits].raw, _is_value))
        return holds

    def fault(self, kind: str, what: str, rows: Sequence[Row] = (), shown_by: int = FALSE) -> Fault:
        table = self.compiled.table
        return Fault(
            kind=kind,
            what=what,
            table=table.id,
            rows=tuple(row.id for row in rows),
            where=rows[0].where if rows else table.where,
            witness=in_words(self.base, shown_by),
        )

    def gap(self) -> Iterator[Fault]:
        gap = within_background(self.base, self.base.diagrams.where(self.compiled.raw, GAP.__eq__))
        if gap != FALSE:
            table = self.compiled.table.id
            what = f"{table} gives these children no answer; add a rule, or a `silent` row with its source"
            yield self.fault("gap", what, shown_by=gap)

    def contradictions(self) -> Iterator[Fault]:
        d = self.base.diagrams
        lines = [*((line, line.row.value) for line in self.compiled.rules), *((s, None) for s in self.compiled.silent)]
        for (one, value), (other, other_value) in combinations(lines, 2):
            if value != other_value:
                overlap = within_background(self.base, d.both(d.both(one.holds, other.holds), self.applies))
                if overlap != FALSE:
                    said, also = value or "silent", other_value or "silent"
                    what = f"row {one.row.id} says {said} and row {other.row.id} says {also}"
                    yield self.fault("contradiction", what, (one.row, other.row), overlap)

    def dead_rows(self) -> Iterator[Fault]:
        d = self.base.diagrams
        for line in (*self.compiled.rules, *self.compiled.silent):
            if within_background(self.base, d.both(line.holds, self.applies)) == FALSE:
                yield self.fault("dead row", f"row {line.row.id} never fires", (line.row,))
        for line in self.compiled.criteria:
            if within_background(self.base, d.opposite(line.holds)) == FALSE:
                yield self.fault("dead row", f"criterion {line.row.id} excludes nobody", (line.row,))

    def dead_remarks(self) -> Iterator[Fault]:
        for remark, diagram in (*self.compiled.conflicts, *self.compiled.cautions):
            if within_background(self.base, diagram) == FALSE:
                yield Fault(
                    kind="dead row",
                    what=f"remark {remark.id} is never shown",
                    table=self.compiled.table.id,
                    rows=(remark.id,),
                    where=remark.where,
                )

    def groups_without_row(self) -> Iterator[Fault]:
        """A definition's group may be there only to be stated, and a table that inherits may have one answer only."""
        table = self.compiled.table
        if not table.derived and not table.inherits:
            for value in sorted(set(table.values) - {row.value for row in table.rules}):
                yield self.fault("group without row", f"no row of {table.id} gives {value}")

    def group_for_nothing_known(self) -> Iterator[Fault]:
        finding = evaluate(self.base, self.compiled.table.id, nothing_known(self.base), explain=False)
        if finding is None or finding.status not in {"undetermined", "unconfirmed"}:
            answer = finding.value or finding.status if finding else "impossible"
            what = f"{self.compiled.table.id} answers {answer} for a child about whom nothing is known"
            yield self.fault("group for nothing known", what)

    def idle_conditions(self, row: Row) -> Iterator[Fault]:
        """Modified condition/decision coverage, without background: one comparison alone must change its row.

        Background is left out because a condition that it implies may be written for the reader.
        """
        d = self.base.diagrams
        for atom, changes in decisive(self.base, self.compiled.table.id, row.id):
            holds = self.base.build(atom)
            for side, name in ((holds, "true"), (d.opposite(holds), "false")):
                if _existing(self.base, d.both(changes, side)) == FALSE:
                    what = f"`{text(atom)}` in row {row.id} changes nothing where it is {name}"
                    yield self.fault("condition without effect", what, (row,))
            yield from self._idle_answers(row, atom, changes)

    def _idle_answers(self, row: Row, atom: Atom, changes: int) -> Iterator[Fault]:
        d = self.base.diagrams
        if isinstance(atom, Among) and len(atom.answers) > 1:
            for answer in sorted(atom.answers, key=str):
                one = self.base.build(Among(atom.fact, frozenset({answer})))
                if _existing(self.base, d.both(changes, one)) == FALSE:
                    what = f"{answer!r} in `{text(atom)}` of row {row.id} changes nothing"
                    yield self.fault("condition without effect", what, (row,))


def _is_value(outcome: object) -> bool:
    return isinstance(outcome, Outcome) and outcome.kind == "value"


def within_background(base: KnowledgeBase, condition: int) -> int:
    """Keep the completions that the background allows."""
    return base.diagrams.both(condition, base.possible(set(base.diagrams.support(condition))))


def _existing(base: KnowledgeBase, condition: int) -> int:
    """Keep the cells that hold a value, whatever the background says."""
    d = base.diagrams
    for level in d.support(condition):
        condition = d.both(condition, d.cells(level, base.space.axes[level].everything))
    return condition


def decisive(base: KnowledgeBase, table: str, row: str) -> Iterator[tuple[Atom, int]]:
    """Give each comparison of a row with the completions in which it alone decides whether the row holds."""
    d = base.diagrams
    condition = base.condition_of(table, row)
    for atom, put in _occurrences(condition) if condition is not None else ():
        yes, no = base.build(put(_ALWAYS)), base.build(put(_NEVER))
        yield atom, d.choose(yes, d.opposite(no), no)


Put = Callable[[Condition], Condition]


def _occurrences(condition: Condition) -> Iterator[tuple[Atom, Put]]:
    """Give every comparison of a condition, with a function that puts something else in its place."""
    match condition:
        case Not(part):
            for atom, put in _occurrences(part):
                yield atom, lambda new, put=put: Not(put(new))  # type: ignore[misc]
        case All(parts) | AnyOf(parts):
            for i, part in enumerate(parts):
                for atom, put in _occurrences(part):
                    yield atom, _inside(type(condition), parts, i, put)
        case _:
            yield condition, lambda new: new


def _inside(kind: type[All] | type[AnyOf], parts: tuple[Condition, ...], at: int, put: Put) -> Put:
    return lambda new: kind((*parts[:at], put(new), *parts[at + 1 :]))


def text(atom: Atom) -> str:
    """Write a comparison as a rule would.

    >>> text(Among("site", frozenset({"skin", "eye"})))
    "site IN ('eye', 'skin')"
    """
    match atom:
        case Compare(fact, operator, constant):
            return f"{fact} {operator} {constant:g}"
        case InOrder(smaller, larger):
            return f"{smaller} <= {larger}"
        case Among(fact, answers) if answers == {True}:
            return fact
        case Among(fact, answers):
            listed = ", ".join(sorted(repr(a) for a in answers))
            return f"{fact} = {listed}" if len(answers) == 1 else f"{fact} IN ({listed})"


def in_words(base: KnowledgeBase, condition: int) -> str:
    """Describe some completions in which a condition holds, as widely as possible; nothing where it never does."""
    d = base.diagrams
    allowed = base.possible(set(d.support(condition)))
    found = d.witness(d.both(condition, allowed))
    if found is None:
        return ""
    masks = list(base.space.everything)
    for at, cell in found.items():
        masks[at] = 1 << cell
    implied = d.either(condition, d.opposite(allowed))
    for at in found:
        masks[at] = _widened(base, implied, masks, at)
    told = [at for at in found if masks[at] != base.space.everything[at] and not _only_not_stated(base, at, masks[at])]
    return ", ".join(_fact_in_words(base, at, masks[at]) for at in told) or "any child"


def _widened(base: KnowledgeBase, implied: int, masks: list[int], at: int) -> int:
    """Take in every further cell of one fact with which the condition still holds for certain."""

    def certain(mask: int) -> bool:
        return FALSE not in base.diagrams.reachable(implied, [*masks[:at], mask, *masks[at + 1 :]])

    axis, mask = base.space.axes[at], masks[at]
    if certain(axis.everything):
        return axis.everything
    start = mask.bit_length() - 1
    for cells_on_one_side in (range(start + 1, axis.size), range(start - 1, -1, -1)):
        for cell in cells_on_one_side:
            wider = mask | 1 << cell
            if axis.everything >> cell & 1 and certain(wider):
                mask = wider
            elif axis.fact.numeric:
                break
    return mask


def _only_not_stated(base: KnowledgeBase, at: int, mask: int) -> bool:
    fact = base.space.axes[at].fact
    return fact.name in base.tables and fact.answers[mask.bit_length() - 1] == NOT_STATED and not mask & (mask - 1)


def _fact_in_words(base: KnowledgeBase, at: int, mask: int) -> str:
    axis = base.space.axes[at]
    known = str(axis.known(mask))
    return f"{axis.fact.name} {known}" if known.startswith(("<", ">")) else f"{axis.fact.name} = {known}"


# --- Cut-offs and worked cases ----------------------------------------------------------------------------------------


def cut_offs_without_case(base: KnowledgeBase, table: str, cases: Sequence[Mapping[str, Known]]) -> list[Fault]:
    """List the cut-offs of a table that no worked case shows from one of their two sides.

    A case counts where a comparison with the cut-off may by itself decide a row. One side is the cut-off itself (a
    number exactly at it), the other the neighbouring cell. `cases` are those that expect an answer of this table.
    """
    return [
        _unshown(table, cut_off.row, fact, constant, side)
        for (fact, constant), cut_off in _cut_offs(base, table, cases).items()
        for side in _sides_left(base, fact, constant, cut_off)
    ]


@dataclass(frozen=True)
class _CutOff:
    """A constant that a fact is compared with: the first row that does, its edges, and what the cases have there."""

    row: Row
    edges: set[Edge]
    shown: list[Known]


def _cut_offs(
    base: KnowledgeBase, table: str, cases: Sequence[Mapping[str, Known]]
) -> dict[tuple[str, float], _CutOff]:
    walks = [(known, Walk(base.diagrams, _stated(base, known))) for known in cases]
    compiled = base.compiled[table]
    found: dict[tuple[str, float], _CutOff] = {}
    for line in (*compiled.rules, *compiled.criteria, *compiled.silent):
        for atom, changes in decisive(base, table, line.row.id):
            if isinstance(atom, Compare):
                axis = base.space.axes[base.space.position[atom.fact]]
                cut_off = found.setdefault((atom.fact, atom.constant), _CutOff(line.row, set(), []))
                cut_off.edges.update(edges_of(atom, axis.fact))
                turning = (known for known, walk in walks if atom.fact in known and TRUE in walk.leaves(changes))
                cut_off.shown.extend(known[atom.fact] for known in turning)
    return found


def _unshown(table: str, row: Row, fact: str, constant: float, side: str) -> Fault:
    what = f"no worked case of {table} has {fact} {side} {constant:g} and turns on it"
    return Fault(kind="cut-off without case", what=what, table=table, rows=(row.id,), where=row.where)


def _sides_left(base: KnowledgeBase, fact: str, constant: float, cut_off: _CutOff) -> Iterator[str]:
    axis = base.space.axes[base.space.position[fact]]
    if not any(isinstance(value, Interval) and value.point == constant for value in cut_off.shown):
        yield "exactly at"
    for edge in sorted(cut_off.edges):
        if edge in axis.cuts:
            below = axis.cuts.index(edge)
            constant_is_above = edge == (constant, BEFORE)
            beside = 1 << (below if constant_is_above else below + 1)
            if beside & axis.everything and not any(axis.mask(value) == beside for value in cut_off.shown):
                yield "just below" if constant_is_above else "just above"


def _stated(base: KnowledgeBase, known: Mapping[str, Known]) -> list[int]:
    masks = list(nothing_known(base))
    for name, value in known.items():
        if name in base.space.position:
            at = base.space.position[name]
            masks[at] = base.space.axes[at].mask(value)
    return masks
