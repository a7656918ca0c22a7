"""The smallest settling sets, against a naive search over all answers (Hypothesis)."""

from __future__ import annotations

from itertools import combinations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from reall.facts.vocabulary import Fact
from reall.library.therapy import criteria_table
from reall.library.therapy_rows import Criterion
from reall.rules.settle import open_facts, smallest_sets
from reall.rules.table import Citation, KnowledgeBase

NAMES = ("a", "b", "c", "d")
FACTS = {n: Fact(name=n, question=f"{n}?", kind="yes_no", answers=(False, True)) for n in NAMES}

atoms = st.sampled_from([*NAMES, *(f"NOT {n}" for n in NAMES)])
conditions = st.recursive(
    atoms,
    lambda inner: st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(lambda three: f"({' '.join(three)})"),
    max_leaves=5,
)


def base_of(musts):
    citation = Citation(source="test", at="here")
    criteria = tuple(Criterion(id=f"c{i}", must=m, words=m, citation=citation) for i, m in enumerate(musts))
    return KnowledgeBase(FACTS, (), [criteria_table("option_test", "Test", criteria, "option", "test")])


def truth(musts, values):
    python = [m.replace("NOT", "not").replace("AND", "and").replace("OR", "or") for m in musts]
    return all(eval(m, {}, dict(values)) for m in python)


def naive(musts, known):
    """Every smallest set of unknown facts with answers after which all completions are eligible."""
    unknown = [n for n in NAMES if n not in known]
    for size in range(1, len(unknown) + 1):
        found = set()
        for chosen in combinations(unknown, size):
            for answers in product([False, True], repeat=size):
                given_ = {**known, **dict(zip(chosen, answers, strict=True))}
                rest = [n for n in NAMES if n not in given_]
                worlds = [
                    {**given_, **dict(zip(rest, w, strict=True))} for w in product([False, True], repeat=len(rest))
                ]
                if all(truth(musts, w) for w in worlds):
                    found.add(chosen)
        if found:
            return found
    return set()


@settings(max_examples=120, deadline=None)
@given(st.lists(conditions, min_size=1, max_size=3), st.dictionaries(st.sampled_from(NAMES), st.booleans(), max_size=2))
def test_the_smallest_sets_are_those_of_a_naive_search(musts, known):
    base = base_of(musts)
    masks = [1 << known[a.fact.name] if a.fact.name in known else a.everything for a in base.space.axes]
    diagram = base.compiled["option_test"].outcome
    unknown = [n for n in NAMES if n not in known]
    worlds = [{**known, **dict(zip(unknown, w, strict=True))} for w in product([False, True], repeat=len(unknown))]
    expected = set() if all(truth(musts, w) for w in worlds) else naive(musts, known)
    found = smallest_sets(base, diagram, masks, lambda o: getattr(o, "kind", "") == "value")
    # Up to three facts the search is exhaustive; a set of four is all there are.
    assert {tuple(one) for one in found} == expected


@settings(max_examples=60, deadline=None)
@given(st.lists(conditions, min_size=1, max_size=3))
def test_open_facts_are_those_that_change_some_answer(musts):
    base = base_of(musts)
    masks = [a.everything for a in base.space.axes]
    found = set(open_facts(base, base.compiled["option_test"].rules[0].within, masks))
    worlds = [dict(zip(NAMES, w, strict=True)) for w in product([False, True], repeat=len(NAMES))]
    matters = {n for n in NAMES for w in worlds if truth(musts, w) != truth(musts, {**w, n: not w[n]})}
    assert found == matters
