"""What is remembered between requests never changes an answer."""

import itertools
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reall import api
from reall.api.cases import Remembering
from reall.base.errors import ReallError
from reall.library.knowledge import open_knowledge
from reall.options.memory import Recent

CASES = sorted((Path(__file__).parents[2] / "examples" / "cases").iterdir())
KNOWLEDGE = open_knowledge()
REMEMBERING = Remembering(KNOWLEDGE)
FACTS = {
    "relapse_number": st.integers(0, 3),
    "lineage": st.sampled_from(["B", "T"]),
    "age_at_relapse_years": st.integers(0, 25) | st.floats(1, 20).map(lambda age: round(age, 1)),
    "months_from_diagnosis": st.integers(1, 90),
    "on_primary_therapy_at_relapse": st.booleans(),
    "marrow_blasts_pct": st.sampled_from([0, 4, 5, 24, 25, 80]),
    "cns_status": st.sampled_from(["CNS1", "CNS2", "CNS3"]),
    "testis_biopsy_positive": st.booleans(),
    "bcr_abl1": st.booleans(),
    "down_syndrome": st.booleans(),
    "prior_allo_hsct": st.booleans(),
    "prior_blinatumomab": st.booleans(),
    "genetics": st.lists(st.sampled_from(["ETV6::RUNX1", "KMT2A-r", "not TP53"]), max_size=2, unique=True),
}
LEVELS = st.sampled_from(["<1e-4", 1e-5, 1e-4, 9.9e-4, 1e-3, 0.02])


def test_the_examples_twice_and_in_turn():
    for case in itertools.chain(CASES, CASES):
        assert REMEMBERING.assess(case) == api.written(api.assess(case))
        assert REMEMBERING.options(case, country="EU") == api.written(api.options(case, country="EU"))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(facts=st.fixed_dictionaries({}, optional=FACTS), level=LEVELS)
def test_any_case_after_any_other(facts, level):
    """Hypothesis shrinks towards cases that share most of their cells, where a wrong memory would show."""
    sample = {"timepoint": "end_of_reinduction_block1", "tissue": "marrow", "level_fraction": level}
    case = {"case": "a", "facts": facts, "mrd": [sample]}
    try:
        expected = api.written(api.assess(case))
    except ReallError:
        return
    assert REMEMBERING.assess(case) == expected


def test_no_more_is_kept_than_allowed():
    """The oldest gives way; what was asked for last stays."""
    kept = Recent(2)
    assert [kept.get(key, lambda key=key: key * 10) for key in (1, 2, 1, 3)] == [10, 20, 10, 30]
    made = []
    assert kept.get(1, lambda: made.append("1 anew") or 0) == 10
    assert kept.get(2, lambda: made.append("2 anew") or 21) == 21
    assert made == ["2 anew"]
