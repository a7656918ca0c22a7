"""Copy number and purity to the variant read probability; expected values are worked out by hand from the formula."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reall.clones.copy_number import Copies, Sex, normal_copies, variant_read_probability

# purity, tumour copies, normal copies, mutated copies, probability: p*m / (p*C + (1-p)*N)
CASES = [
    (1.0, 2, 2, 1, 1 / 2),  # heterozygous, pure
    (0.8, 2, 2, 1, 0.8 / 2),
    (None, 2, 2, 1, 1 / 2),  # unknown purity: cells taken as pure
    (1.0, 3, 2, 2, 2 / 3),  # gained copy carries the variant
    (1.0, 3, 2, 1, 1 / 3),
    (0.5, 1, 2, 1, 0.5 / 1.5),  # other copy lost in the leukaemia
    (1.0, 1, 1, 1, 1.0),  # X in a boy
    (0.9, 2, 2, 2, 0.9),  # copy-neutral loss of heterozygosity: 1.8 / 2
    (0.9, 0, 2, None, 0.0),  # both copies deleted: the variant cannot be read
    (0.9, 1, 2, 0, 0.0),  # the mutated copy deleted
]


@pytest.mark.parametrize(("purity", "tumour", "normal", "mutated", "expected"), CASES)
def test_the_probability_follows_from_copies_and_purity(purity, tumour, normal, mutated, expected):
    copies = Copies(tumour=tumour, normal=normal, mutated=mutated)
    assert variant_read_probability(copies, purity) == pytest.approx(expected)
    assert copies.lost == (expected == 0)


@pytest.mark.parametrize(
    ("chromosome", "sex", "copies"),
    [
        ("1", Sex.UNKNOWN, 2),
        ("chrX", Sex.FEMALE, 2),
        ("X", Sex.MALE, 1),
        ("Y", Sex.MALE, 1),
        ("Y", Sex.FEMALE, 0),
        ("X", Sex.UNKNOWN, None),
        (None, Sex.UNKNOWN, 2),
    ],
)
def test_normal_copies_depend_on_the_sex_for_x_and_y_only(chromosome, sex, copies):
    assert normal_copies(chromosome, sex) == copies


@given(
    st.floats(0.01, 1), st.integers(1, 8), st.integers(1, 2), st.integers(1, 8)
)  # any biology a laboratory could report
def test_the_probability_is_one_and_never_exceeds_the_mutated_share(purity, tumour, normal, mutated):
    mutated = min(mutated, tumour)
    probability = variant_read_probability(Copies(tumour=tumour, normal=normal, mutated=mutated), purity)
    assert 0 < probability <= mutated / tumour + 1e-12
