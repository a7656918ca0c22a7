"""What if some facts were different: the answers to a changed copy of a case, which is never kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reall.base.documents import Document
from reall.base.errors import UnusableCase
from reall.facts.case import Case, read_case
from reall.facts.derive import derive
from reall.facts.known import Interval, Known
from reall.library.knowledge import Knowledge
from reall.service.pages.board_sheet import value
from reall.stratify.assess import Assessment, assess

PREFIX = "whatif."


@dataclass(frozen=True, kw_only=True)
class WhatIf:
    """The facts changed, by name, and what then holds; `fault` says why it cannot hold. An empty text is unknown."""

    changes: Mapping[str, str]
    assessment: Assessment | None = None
    fault: UnusableCase | None = None


def changes_from_form(form: Mapping[str, str], knowledge: Knowledge) -> dict[str, str]:
    """Read which facts are to be different."""
    names = knowledge.vocabulary.statable
    return {
        key.removeprefix(PREFIX): text.strip()
        for key, text in form.items()
        if key.startswith(PREFIX) and key.removeprefix(PREFIX) in names
    }


def what_if(case: Case, changes: Mapping[str, str], knowledge: Knowledge) -> WhatIf | None:
    """Answer the case as if the facts were as in `changes`; None where nothing is changed."""
    if not changes:
        return None
    try:
        changed = changed_case(case, changes, knowledge)
        return WhatIf(changes=changes, assessment=assess(changed, knowledge))
    except UnusableCase as fault:
        return WhatIf(changes=changes, fault=fault)


def changed_case(case: Case, changes: Mapping[str, str], knowledge: Knowledge) -> Case:
    """Put the changed facts in the place of what the case states, or what its dates and samples give.

    What follows from a changed fact is derived anew; everything else stays. Raises `UnusableCase` for a value that a
    fact cannot have.
    """
    facts = knowledge.vocabulary.facts
    stated = {name: value(name, text, knowledge.vocabulary) for name, text in changes.items() if text}
    given = read_case(Document({"facts": stated}, {}, ""), knowledge.vocabulary).known
    known: dict[str, Known] = {name: known for name, known in case.known.items() if name not in changes}
    for name, fact in facts.items():
        convention = fact.unless_stated.fact if fact.unless_stated is not None else ""
        if changes.keys() & {*fact.derived_from, convention}:
            known.pop(name, None)
    known |= {name: given[name] for name in stated}
    # Dates would give the old values again; counts and cell numbers still give what was not changed.
    inputs = {name: entry for name, entry in case.inputs.items() if isinstance(entry, Interval)}
    known, notes = derive(known, inputs, "", knowledge.vocabulary)
    for name in changes.keys() - stated.keys():
        known.pop(name, None)
    changed_points = {facts[name].mrd_timepoint for name in changes if name in facts} - {""}
    samples = tuple(s for s in case.mrd if s.decides_at is None or s.decides_at.name not in changed_points)
    return replace(case, known=known, notes=tuple(notes), mrd=samples)
