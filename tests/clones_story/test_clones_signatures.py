"""The share of a signature: recovered from drawn counts, wide where mutations are few, absent where it is absent."""

import numpy as np
import pytest

from reall.base.errors import UnusableLaboratoryData
from reall.clones.signatures import CONTEXTS, fit_signatures, read_spectra


@pytest.fixture
def reference():
    """Six made-up spectra; the real ones are the user's to supply."""
    rng = np.random.default_rng(7)
    return {name: rng.dirichlet(np.full(96, 0.2)) for name in ("SBS1", "SBS2", "SBS5", "SBS13", "SBS18", "SBS87")}


def drawn(reference, share, mutations, seed):
    mixture = share * reference["SBS87"] + (1 - share) * (0.6 * reference["SBS1"] + 0.4 * reference["SBS5"])
    return np.random.default_rng(seed).multinomial(mutations, mixture).astype(float)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.8])
def test_the_share_is_recovered_within_its_interval(reference, share):
    """95 % intervals, 20 draws: at least 16 must cover (19 expected; fewer has chance below 1 in 300)."""
    covered = 0
    for seed in range(20):
        fit = fit_signatures(drawn(reference, share, 300, seed), reference)
        covered += fit.share.low <= share + 1e-9 and share <= fit.share.high
        assert sum(fit.shares.values()) == pytest.approx(1)
    assert covered >= 16


def test_few_mutations_give_a_wide_interval(reference):
    widths = []
    for mutations in (10, 1000):
        share = fit_signatures(drawn(reference, 0.4, mutations, 1), reference).share
        widths.append(share.high - share.low)
    assert widths[0] > 3 * widths[1]


def test_the_test_asks_for_the_signature_only_when_it_is_there(reference):
    assert fit_signatures(drawn(reference, 0.3, 300, 3), reference).without < 1e-6
    assert fit_signatures(drawn(reference, 0.0, 300, 3), reference).without > 0.05


def test_counts_and_reference_are_read_from_tables(tmp_path, reference):
    path = tmp_path / "reference.txt"
    header = "Type\t" + "\t".join(reference)
    rows = [f"{c}\t" + "\t".join(f"{reference[n][i]:.9f}" for n in reference) for i, c in enumerate(CONTEXTS)]
    path.write_text("\n".join([header, *rows]) + "\n")
    read = read_spectra(path)
    np.testing.assert_allclose(read["SBS87"], reference["SBS87"], atol=1e-9)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda rows: rows[:-1], "missing"),
        (lambda rows: [*rows, rows[-1]], "twice"),
        (lambda rows: [rows[0].replace("A[C>A]A,1", "A[C>A]A,-1"), *rows[1:]], "no number"),
        (lambda rows: [rows[0].replace("A[C>A]A", "A[C>C]A"), *rows[1:]], "not one of the 96"),
    ],
)
def test_a_table_that_is_not_96_contexts_is_refused(tmp_path, change, what):
    path = tmp_path / "counts.csv"
    path.write_text("\n".join(["Type,relapse", *change([f"{context},1" for context in CONTEXTS])]))
    with pytest.raises(UnusableLaboratoryData, match=what):
        read_spectra(path)


def test_no_mutation_and_no_such_signature_are_refused(reference):
    with pytest.raises(UnusableLaboratoryData, match="no mutation"):
        fit_signatures(np.zeros(96), reference)
    with pytest.raises(UnusableLaboratoryData, match="SBS99"):
        fit_signatures(np.ones(96), reference, signature="SBS99")
