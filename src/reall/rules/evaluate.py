"""The answer of a table for one case: which outcomes remain, why, and which facts would settle it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reall.rules.diagram import FALSE, TRUE, Walk
from reall.rules.table import IMPOSSIBLE, Citation, Compiled, KnowledgeBase, Line, Outcome, Remark, Table

STATED = "stated"
"""The id of the reason behind an answer that the case itself states."""

_STATUS_ORDER = ("draft", "transcribed", "double-checked", "superseded")


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One row that bears on the answer, with the facts it names."""

    row: str
    value: str
    words: str
    facts: tuple[str, ...]
    citation: Citation


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A finding without its reasons: what a registry stores for each row."""

    status: str
    value: str | None
    possible: tuple[str, ...]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a table says of one case.

    `status` is determined, undetermined, not_eligible, silent or unconfirmed. `possible` lists the outcomes that some
    completion of the case reaches; `missing` the facts that could still change the answer, the most decisive first.
    """

    table: str
    answer: Answer
    because: tuple[Reason, ...] = ()
    settles: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    excluded_by: str | None = None
    conflicts: tuple[Remark, ...] = ()
    cautions: tuple[Remark, ...] = ()
    needs: str | None = None

    @property
    def status(self) -> str:
        """How far the answer is known."""
        return self.answer.status

    @property
    def value(self) -> str | None:
        """The answer, where it is determined."""
        return self.answer.value

    @property
    def possible(self) -> tuple[str, ...]:
        """The outcomes that remain."""
        return self.answer.possible

    @property
    def missing(self) -> tuple[str, ...]:
        """The facts that could still change the answer, the most decisive first."""
        return self.answer.missing

    @property
    def knowledge_status(self) -> str:
        """The least confirmed status among the rows that the answer rests on."""
        statuses = [reason.citation.status for reason in self.because] or ["transcribed"]
        return min(statuses, key=_STATUS_ORDER.index)


Masks = Sequence[int]


def order(table: Table, found: Iterable[Outcome]) -> list[Outcome]:
    """Put outcomes in the order of the table's values, then those without a value."""
    values = list(table.values)
    return sorted(found, key=lambda o: (o.kind != "value", values.index(o.detail) if o.kind == "value" else 0, str(o)))


def settled(found: Sequence[Outcome]) -> Answer | None:
    """Give the answer when all outcomes that remain are one value, or end without a group for one kind of reason."""
    kinds = {outcome.kind for outcome in found}
    if len(kinds) > 1 or (kinds == {"value"} and len(found) > 1):
        return None
    possible = tuple(str(outcome) for outcome in found)
    if kinds == {"value"}:
        return Answer(status="determined", value=found[0].detail, possible=possible)
    return Answer(status=found[0].kind, value=None, possible=possible)


def outcomes(base: KnowledgeBase, compiled: Compiled, walk: Walk) -> list[Outcome]:
    """List the outcomes that some possible completion reaches."""
    reached = [base.diagrams.outcome[leaf] for leaf in walk.leaves(compiled.outcome)]
    return order(compiled.table, (o for o in reached if isinstance(o, Outcome) and o != IMPOSSIBLE))


def evaluate(base: KnowledgeBase, table: str, masks: Masks | Walk, *, explain: bool = True) -> Finding | None:
    """Answer a table for one case, given as one mask per fact. None: the facts contradict each other.

    Exact: an outcome is possible if and only if some completion of the unknown facts, allowed by the background,
    reaches it. Cost: one walk of the table's diagram, and where the answer is open one more per fact that matters.
    Without `explain`, reasons, conflicts and cautions are left out. A `Walk` shared by several tables saves time.
    """
    compiled = base.compiled[table]
    walk = masks if isinstance(masks, Walk) else Walk(base.diagrams, masks)
    found = outcomes(base, compiled, walk)
    if not found:
        return None
    answer, settles, needs = settled(found), {}, None
    if answer is None:
        settles = answers_that_settle(base, compiled, walk)
        answer = open_answer(base, compiled, found, tuple(settles))
        needs = _needs(base, settles) if answer.status == "unconfirmed" else None
    if not explain:
        return Finding(table=table, answer=answer, settles=settles, needs=needs)
    because, excluded_by = _because(base, compiled, walk, found)
    stated = any(reason.row == STATED for reason in because)
    return Finding(
        table=table,
        answer=answer,
        because=because,
        settles=settles,
        excluded_by=excluded_by,
        conflicts=_concerning(compiled.conflicts, walk, stated=stated),
        cautions=_concerning(compiled.cautions, walk, stated=stated),
        needs=needs,
    )


def _needs(base: KnowledgeBase, missing: Iterable[str]) -> str:
    """Name the confirmatory test that an unconfirmed answer waits for."""
    return min(base.space.axes[base.space.position[name]].fact.confirmatory for name in missing)


def _concerning(remarks: Iterable[tuple[Remark, int]], walk: Walk, *, stated: bool) -> tuple[Remark, ...]:
    """Give the remarks whose condition may hold; to a stated answer, only those that do hold.

    A definition that the case states is final, so remarks on how it would have been reached do not concern it.
    """
    reached = ((remark, walk.leaves(diagram)) for remark, diagram in remarks)
    return tuple(remark for remark, leaves in reached if TRUE in leaves and not (stated and FALSE in leaves))


def _because(
    base: KnowledgeBase, compiled: Compiled, walk: Walk, found: list[Outcome]
) -> tuple[tuple[Reason, ...], str | None]:
    """Give the rows that the answer rests on, and the fact that excludes the child, if one does."""
    kinds = {outcome.kind for outcome in found}
    if "value" in kinds:
        table = compiled.table
        if table.derived and not walk.masks[base.space.position[table.id]] >> len(table.values):
            return (_stated(compiled, " or ".join(o.detail for o in found)),), None
        return _reasons(compiled, walk, {o.detail for o in found if o.kind == "value"}), None
    if len(kinds) > 1:
        return (), None
    because = _not_answered(base, compiled, walk, found[0].kind)
    if kinds == {"silent"}:
        return because, None
    certain = [found[0].detail] if len(found) == 1 else [reason.value for reason in because]
    return because, certain[0] if certain else found[0].detail


def _stated(compiled: Compiled, value: str) -> Reason:
    citation = Citation(source="case", at="stated in the case, taken as final", status="double-checked")
    return Reason(row=STATED, value=value, words="stated in the case", facts=(compiled.table.id,), citation=citation)


def _reasons(compiled: Compiled, walk: Walk, values: set[str]) -> tuple[Reason, ...]:
    """Give the rows that certainly hold; where none does alone, those that may."""
    certain: list[Reason] = []
    open_ones: list[Reason] = []
    for line in compiled.rules:
        if line.row.value in values:
            reached = walk.leaves(line.within)
            if TRUE in reached:
                (open_ones if FALSE in reached else certain).append(_reason(line))
    return tuple(certain or open_ones)


def _reason(line: Line) -> Reason:
    row = line.row
    return Reason(row=row.id, value=row.value, words=row.words, facts=line.facts, citation=row.citation)


def _not_answered(base: KnowledgeBase, compiled: Compiled, walk: Walk, kind: str) -> tuple[Reason, ...]:
    """Give the criteria that fail, or the gaps that are met, in the table that it inherits from or in itself."""
    for upstream in (base.compiled.get(compiled.table.inherits), compiled):
        if upstream is None:
            continue
        failed = [line for line in upstream.criteria if line.row.status_if_not == kind]
        because = [_reason(line) for line in failed if TRUE not in walk.leaves(line.within)]
        if kind == "silent":
            silent = upstream.silent
            because += [_reason(line) for line in silent if FALSE not in walk.leaves(line.within)]
        if because:
            return tuple(because)
    return ()


def open_answer(base: KnowledgeBase, compiled: Compiled, found: Sequence[Outcome], missing: tuple[str, ...]) -> Answer:
    """Give the answer where several outcomes remain: unconfirmed when only tests that the definition asks for lack.

    Inputs that give a missing fact are named beside it, derived facts that could be stated instead after them all.
    """
    facts = [base.space.axes[base.space.position[name]].fact for name in missing]
    named = [name for fact in facts for name in (fact.name, *fact.given_by)]
    tests = {fact.confirmatory for fact in facts}
    return Answer(
        status="unconfirmed" if missing and "" not in tests else "undetermined",
        value=None,
        possible=tuple(str(outcome) for outcome in found),
        missing=(*dict.fromkeys(named), *compiled.statable_instead(missing)),
    )


def answers_that_settle(base: KnowledgeBase, compiled: Compiled, walk: Walk) -> dict[str, dict[str, tuple[str, ...]]]:
    """Give the facts that still matter, the most decisive first, with the outcomes left after each possible answer."""
    d, axes = base.diagrams, base.space.axes
    ranked = ranked_questions(base, compiled, walk)
    words = {
        bits: tuple(sorted(str(d.outcome[leaf]) for leaf in d.leaves_of(bits)))
        for bits in {bits for _, answers in ranked for bits in answers.values()}
    }
    return {
        axes[at].fact.name: {axes[at].words(cell): words[bits] for cell, bits in answers.items()}
        for at, answers in ranked
    }


def ranked_questions(base: KnowledgeBase, compiled: Compiled, walk: Walk) -> list[tuple[int, dict[int, int]]]:
    """Order the facts that still matter, by position, by how much they settle; each possible cell with what it leaves.

    Facts that the table's rows rest on come before those that bear on it only through the background. Among them, a
    fact comes first when a larger share of what its answers can lead to is a single outcome, then when fewer
    outcomes are left on average; ties keep the order of the questions. Answers that lead to the same count once.
    A fact that only tells the possible from the impossible changes nothing, and is none of them.
    """
    impossible = base.diagrams.leaf(IMPOSSIBLE)
    possible = ~base.diagrams.leaf_bit[impossible]
    cut = walk.restricted
    facts = cut.facts(cut.cut(compiled.outcome, without=impossible))
    scored: list[tuple[tuple[bool, float, float, int], dict[int, int]]] = []
    for at, by_cell in cut.outcomes_left(cut.cut(compiled.outcome), facts).items():
        left = {cell: bits & possible for cell, bits in by_cell.items() if bits & possible}
        sizes = [bits.bit_count() for bits in set(left.values())]
        settled_share = sizes.count(1) / len(sizes)
        scored.append(((at not in compiled.direct, -settled_share, sum(sizes) / len(sizes), at), left))
    return [(score[-1], left) for score, left in sorted(scored, key=lambda pair: pair[0])]
