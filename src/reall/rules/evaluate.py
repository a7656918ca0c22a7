"""The answer of a table for one case: which outcomes remain, why, and which facts would settle it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from reall.rules.diagram import FALSE, TRUE, Restriction
from reall.rules.table import IMPOSSIBLE, Citation, Compiled, KnowledgeBase, Line, Outcome, Remark

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
class Finding:
    """What a table says of one case.

    `status` is determined, undetermined, not_eligible, silent or unconfirmed. `possible` lists the outcomes that some
    completion of the case reaches; `missing` the facts that could still change the answer, the most decisive first.
    """

    table: str
    status: str
    value: str | None
    possible: tuple[str, ...]
    because: tuple[Reason, ...] = ()
    missing: tuple[str, ...] = ()
    settles: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    excluded_by: str | None = None
    conflicts: tuple[Remark, ...] = ()
    cautions: tuple[Remark, ...] = ()
    needs: str | None = None

    @property
    def knowledge_status(self) -> str:
        """The least confirmed status among the rows that the answer rests on."""
        statuses = [reason.citation.status for reason in self.because] or ["transcribed"]
        return min(statuses, key=_STATUS_ORDER.index)


Masks = Sequence[int]


def outcomes(base: KnowledgeBase, compiled: Compiled, masks: Masks) -> list[Outcome]:
    """List the outcomes that some possible completion reaches, in the order of the table's values."""
    d = base.diagrams
    reached = [d.outcome[leaf] for leaf in d.reachable(compiled.outcome, masks)]
    found = [o for o in reached if isinstance(o, Outcome) and o is not IMPOSSIBLE]
    order = list(compiled.table.values)
    found.sort(key=lambda o: (o.kind != "value", order.index(o.detail) if o.detail in order else 0, str(o)))
    return found


def evaluate(base: KnowledgeBase, table: str, masks: Masks) -> Finding | None:
    """Answer a table for one case, given as one mask per fact. None: the facts contradict each other.

    Exact: an outcome is possible if and only if some completion of the unknown facts, allowed by the background,
    reaches it. Cost: one walk of the table's diagram, and where the answer is open one more per fact that matters.
    """
    compiled = base.compiled[table]
    found = outcomes(base, compiled, masks)
    if not found:
        return None
    kinds = {outcome.kind for outcome in found}
    settled = len(found) == 1 or (len(kinds) == 1 and kinds != {"value"})
    if settled and kinds == {"value"}:
        finding = _determined(base, compiled, masks, found[0])
    elif settled:
        finding = _not_answered(base, compiled, masks, found)
    else:
        finding = _open(base, compiled, masks, found)
    return _with_remarks(base, compiled, masks, finding)


def _with_remarks(base: KnowledgeBase, compiled: Compiled, masks: Masks, finding: Finding) -> Finding:
    """Add the conflicts and cautions whose condition may hold."""
    conflicts, cautions = (
        tuple(remark for remark, diagram in group if TRUE in base.diagrams.reachable(diagram, masks))
        for group in (compiled.conflicts, compiled.cautions)
    )
    return replace(finding, conflicts=conflicts, cautions=cautions) if conflicts or cautions else finding


def _determined(base: KnowledgeBase, compiled: Compiled, masks: Masks, outcome: Outcome) -> Finding:
    if compiled.table.derived and not masks[base.space.position[compiled.table.id]] >> len(compiled.table.values):
        because: tuple[Reason, ...] = (_stated(compiled, outcome.detail),)
    else:
        because = _reasons(base, compiled, masks, {outcome.detail})
    return Finding(
        table=compiled.table.id, status="determined", value=outcome.detail, possible=(outcome.detail,),
        because=because
    )  # fmt: skip


def _stated(compiled: Compiled, value: str) -> Reason:
    citation = Citation(source="case", at="stated in the case, taken as final", status="double-checked")
    return Reason(row="stated", value=value, words="stated in the case", facts=(compiled.table.id,), citation=citation)


def _reasons(base: KnowledgeBase, compiled: Compiled, masks: Masks, values: set[str]) -> tuple[Reason, ...]:
    """Give the rows that certainly hold; where none does alone, those that may."""
    certain: list[Reason] = []
    open_ones: list[Reason] = []
    for line in compiled.rules:
        if line.row.value in values:
            reached = base.diagrams.reachable(line.within, masks)
            if TRUE in reached:
                (open_ones if FALSE in reached else certain).append(_reason(line))
    return tuple(certain or open_ones)


def _reason(line: Line) -> Reason:
    row = line.row
    return Reason(row=row.id, value=row.value, words=row.words, facts=line.facts, citation=row.citation)


def _not_answered(base: KnowledgeBase, compiled: Compiled, masks: Masks, found: list[Outcome]) -> Finding:
    """Every completion ends without a group for the same kind of reason."""
    kind = found[0].kind
    upstream: Compiled | None = compiled
    because: list[Reason] = []
    while upstream is not None and not because:
        failed = [line for line in upstream.criteria if line.row.status_if_not == kind]
        because += [_reason(line) for line in failed if TRUE not in base.diagrams.reachable(line.within, masks)]
        if kind == "silent":
            silent = upstream.silent
            because += [_reason(line) for line in silent if FALSE not in base.diagrams.reachable(line.within, masks)]
        upstream = base.compiled.get(upstream.table.inherits)
    excluded_by = None
    if kind == "not_eligible":
        excluded_by = because[0].value if because else found[0].detail
    return Finding(
        table=compiled.table.id, status=kind, value=None, possible=tuple(str(o) for o in found),
        because=tuple(because), excluded_by=excluded_by
    )  # fmt: skip


def _open(base: KnowledgeBase, compiled: Compiled, masks: Masks, found: list[Outcome]) -> Finding:
    missing, settles = what_would_settle(base, compiled.outcome, masks)
    tests = {base.space.axes[base.space.position[name]].fact.confirmatory for name in missing}
    unconfirmed = bool(missing) and "" not in tests
    values = {outcome.detail for outcome in found if outcome.kind == "value"}
    return Finding(
        table=compiled.table.id,
        status="unconfirmed" if unconfirmed else "undetermined",
        value=None,
        possible=tuple(str(outcome) for outcome in found),
        because=_reasons(base, compiled, masks, values),
        missing=missing,
        settles=settles,
        needs=min(tests) if unconfirmed else None,
    )


def what_would_settle(
    base: KnowledgeBase, diagram: int, masks: Masks
) -> tuple[tuple[str, ...], dict[str, dict[str, tuple[str, ...]]]]:
    """Order the facts that still matter by how much they settle, with the outcomes after each answer.

    A fact comes first when more of its possible answers leave one outcome, then when fewer outcomes are left on
    average; ties keep the order of the questions. An answer that is only "not stated" is not a question.
    """
    cut_down = Restriction(base.diagrams, diagram, masks, base.diagrams.leaf(IMPOSSIBLE))
    scored: list[tuple[tuple[float, float], str]] = []
    settles: dict[str, dict[str, tuple[str, ...]]] = {}
    for at in cut_down.facts():
        axis = base.space.axes[at]
        answers: dict[str, tuple[str, ...]] = {}
        counts = []
        for cell in range(axis.size):
            left = cut_down.leaves(at, cell) if masks[at] >> cell & 1 else set()
            if left:
                known = str(axis.known(1 << cell))
                answers[known] = tuple(sorted(str(base.diagrams.outcome[leaf]) for leaf in left))
                counts.append(len(left))
        if axis.fact.name not in base.tables:
            share = sum(n == 1 for n in counts) / len(counts)
            scored.append(((-share, sum(counts) / len(counts)), axis.fact.name))
            settles[axis.fact.name] = answers
    scored.sort(key=lambda pair: pair[0])
    return tuple(name for _, name in scored), settles
