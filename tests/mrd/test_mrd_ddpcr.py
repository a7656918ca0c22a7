"""Digital PCR: counts worked out by hand, calls under the draft, and what must be refused."""

import math

import pytest

from reall.base.errors import UnusableLaboratoryData
from reall.mrd.ddpcr import Droplets, DropletSettings, droplet_volume, merge, quantify_droplets, ratio
from reall.mrd.plate import Role
from reall.mrd.readers.droplets import DropletPlate, DropletWell
from reall.mrd.result import MrdClass
from reall.mrd.ruleset import load_ruleset

DRAFT = load_ruleset("draft")
SETTINGS = DropletSettings(target="IGH", reference="ALB")
DROPLETS = 15_000


def well(position, target, positives, *, role=Role.SAMPLE, droplets=DROPLETS, sample="FU", **more):
    return DropletWell(
        position=position,
        sample=sample,
        target=target,
        role=role,
        positives=positives,
        negatives=droplets - positives,
        **more,
    )


def plate(target_counts, *, background=(0, 0, 0), albumin=7_500, water=0):
    wells = [well(f"A{i}", "IGH", k) for i, k in enumerate(target_counts)]
    wells += [well(f"A{i}", "ALB", albumin) for i, _ in enumerate(target_counts)]
    wells += [well(f"B{i}", "IGH", k, role=Role.BACKGROUND, sample="MNC") for i, k in enumerate(background)]
    wells.append(well("C0", "IGH", water, role=Role.NO_TEMPLATE, sample="water"))
    return DropletPlate(source="by hand", wells=tuple(wells))


def read(made, rules=DRAFT, settings=SETTINGS):
    return quantify_droplets(made, "FU", settings, rules=rules)


def test_half_of_the_droplets_positive_means_ln_2_copies_each():
    counts = Droplets(positives=7_500, droplets=15_000)
    assert counts.copies_per_droplet == pytest.approx(math.log(2))
    assert counts.concentration(0.85)[0] == pytest.approx(math.log(2) / 0.85e-3)


def test_cells_are_half_the_albumin_copies():
    """3 wells x 15,000 droplets x ln 2 copies / 2 copies per cell = 15,596 cells."""
    assert read(plate((20, 20, 20))).cells == pytest.approx(45_000 * math.log(2) / 2, rel=1e-6)


def test_the_level_is_target_copies_per_cell():
    result = read(plate((20, 20, 20)))
    expected = -math.log1p(-60 / 45_000) / (math.log(2) / 2)
    assert result.classification is MrdClass.QUANTIFIED
    assert result.level_fraction == pytest.approx(expected)
    assert result.interval[0] < expected < result.interval[1]


def test_a_diluted_reference_counts_more_cells():
    once = read(plate((20, 20, 20)))
    tenfold = read(plate((20, 20, 20)), settings=DropletSettings(target="IGH", reference="ALB", reference_dilution=10))
    assert tenfold.cells == pytest.approx(10 * once.cells)
    assert tenfold.level_fraction == pytest.approx(once.level_fraction / 10)


CALLS = [
    # droplets in three merged wells, background droplets, class
    ((0, 0, 0), (0, 0, 0), MrdClass.NEGATIVE),
    ((1, 1, 0), (0, 0, 0), MrdClass.NEGATIVE),  # the draft asks for 3
    ((1, 1, 1), (0, 0, 0), MrdClass.POSITIVE_NOT_QUANTIFIABLE),
    ((3, 3, 3), (0, 0, 0), MrdClass.POSITIVE_NOT_QUANTIFIABLE),
    ((4, 3, 3), (0, 0, 0), MrdClass.QUANTIFIED),  # the draft asks for 10
    # background of 3 in as many droplets: the limit of the blank is 6 (Poisson 95 % of 3)
    ((2, 2, 2), (1, 1, 1), MrdClass.NEGATIVE),
    ((3, 2, 2), (1, 1, 1), MrdClass.POSITIVE_NOT_QUANTIFIABLE),
]


@pytest.mark.parametrize(("counts", "background", "classification"), CALLS)
def test_merged_wells_are_called_against_the_background(counts, background, classification):
    result = read(plate(counts, background=background))
    assert result.classification is classification
    assert (result.level_fraction is not None) == (classification is MrdClass.QUANTIFIED)
    assert result.interval[1] > 0


def test_nothing_positive_has_an_upper_bound_of_three_copies():
    result = read(plate((0, 0, 0)), rules=None)
    assert result.classification is MrdClass.NOT_EVALUABLE
    assert result.level_fraction is None
    assert result.interval[0] == 0
    assert result.interval[1] == pytest.approx(3.0 / result.cells, rel=0.02)


def test_sensitivity_asks_for_the_droplets_that_a_call_needs():
    """Three droplets with 95 % probability need 6.30 expected ones."""
    result = read(plate((0, 0, 0)))
    assert result.sensitivity_fraction == pytest.approx(6.2958 / result.cells, rel=1e-4)
    assert "sensitivity of only" in " ".join(f.text for f in result.findings)


def test_without_background_wells_there_is_no_call():
    result = read(plate((20, 20, 20), background=()))
    assert result.classification is MrdClass.NOT_EVALUABLE
    assert result.level_fraction is not None


def test_water_with_droplets_is_reported():
    result = read(plate((20, 20, 20), water=2))
    assert "2 positive droplets for IGH in the water control C0" in " ".join(f.text for f in result.findings)


def test_contaminated_water_raises_the_limit_of_the_blank():
    """12 droplets in the water well are 36 in three wells: 20 are no longer positive."""
    assert read(plate((7, 7, 6))).classification is MrdClass.QUANTIFIED
    assert read(plate((7, 7, 6), water=12)).classification is MrdClass.NEGATIVE


def test_more_copies_than_cells_is_said():
    result = read(plate((7_500,), albumin=750))
    assert result.level_fraction == 1.0
    assert "more than one" in " ".join(f.text for f in result.findings)


def test_a_poor_well_is_left_out_and_named():
    made = plate((20, 20, 20))
    made = DropletPlate(source="by hand", wells=(*made.wells, well("A9", "IGH", 5, droplets=900)))
    result = read(made)
    assert result.details["droplets"]["target"]["positives"] == 60
    assert "Well A9 (IGH) has only 900 accepted droplets" in " ".join(f.text for f in result.findings)


def test_wells_merged_by_the_instrument_are_not_counted_twice():
    made = plate((20, 20, 20))
    merged = well("M01", "IGH", 60, droplets=45_000, merged_by_instrument=True)
    result = read(DropletPlate(source="by hand", wells=(*made.wells, merged)))
    assert result.details["droplets"]["target"]["positives"] == 60


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (plate((20,), albumin=0), "No droplet is positive for the reference"),
        (plate((20,), albumin=DROPLETS), "Every droplet is positive for the reference"),
        (plate((DROPLETS,)), "Every droplet is positive for the target"),
        (plate(()), "No usable well of 'FU' for 'IGH'"),
    ],
)
def test_what_cannot_be_measured_is_refused(made, words):
    with pytest.raises(UnusableLaboratoryData, match=words):
        read(made)


def test_no_accepted_droplet_is_not_a_negative():
    with pytest.raises(UnusableLaboratoryData, match="not a negative result"):
        merge([well("A1", "IGH", 0, droplets=0)])


@pytest.mark.parametrize(
    ("reported", "volume", "words"),
    [
        (-math.log1p(-0.5) / 0.85e-3, 0.85, "QX200"),
        (-math.log1p(-0.5) / 0.91e-3, 0.91, "QX100"),
        (500.0, None, "no known"),
    ],
)
def test_the_droplet_volume_follows_from_the_reported_concentration(reported, volume, words):
    made = DropletPlate(source="by hand", wells=(well("A1", "ALB", 7_500, reported=reported),))
    found, findings = droplet_volume(made, None)
    assert found == volume
    assert words in findings[0].text


def test_the_ratio_interval_is_exact_in_the_limit_of_many_droplets():
    """With 10,000 positives each, log-delta and MOVER agree to a percent."""
    counts = Droplets(positives=10_000, droplets=1_000_000)
    value, (low, high) = ratio(counts, counts)
    half = 1.96 * math.sqrt(2 / 10_000)
    assert value == 1
    assert (low, high) == (pytest.approx(math.exp(-half), rel=1e-3), pytest.approx(math.exp(half), rel=1e-3))
