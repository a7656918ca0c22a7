"""RQ-PCR from well to result, on plates whose truth can be worked out on paper (see rqpcr_plates)."""

from dataclasses import replace

import pytest
from rqpcr_plates import CURVE_GENOMES, albumin_cq, around, plate, target_cq, wells

from reall.base.errors import UnusableLaboratoryData
from reall.mrd.combine import combine_targets
from reall.mrd.plate import Plate, Role
from reall.mrd.result import MrdClass, Purpose, Severity
from reall.mrd.rqpcr import quantify_plate, sample_sensitivity
from reall.mrd.rqpcr_dna import RunSettings
from reall.mrd.ruleset import load_ruleset

DRAFT = load_ruleset("draft")
SETTINGS = RunSettings(control_gene="ALB", curve_genomes=CURVE_GENOMES)
REDUCE, INTENSIFY = Purpose.THERAPY_REDUCTION, Purpose.THERAPY_INTENSIFICATION
LATE_BACKGROUND = (37.0, 38.0, None, None, None, None)


def read(made, purpose=REDUCE, rules=DRAFT, settings=SETTINGS):
    return quantify_plate(made, settings, rules=rules, purpose=purpose).results[0]


def said(result, severity=None):
    return " ".join(f.text for f in result.findings if severity is None or f.severity is severity)


@pytest.mark.parametrize(
    ("level", "genomes"),
    [(0.05, 100_000), (5e-3, 20_000), (5e-4, 100_000), (5e-4, 20_000), (3e-5, 100_000)],
)
def test_the_level_is_the_one_put_in(level, genomes):
    """The truth is the line of the plate; less DNA shifts target and albumin alike."""
    result = read(plate(level=level, genomes=genomes))
    assert result.classification is MrdClass.QUANTIFIED
    assert result.level_fraction == pytest.approx(level, rel=1e-6)
    assert result.interval[0] < level < result.interval[1]
    assert result.cells == pytest.approx(3 * genomes)


CALLS = [
    # what is on the plate, reading for reduction, reading for intensification
    ({"level": 5e-4}, MrdClass.QUANTIFIED, MrdClass.QUANTIFIED),
    ({"sample_cqs": (None, None, None)}, MrdClass.NEGATIVE, MrdClass.NEGATIVE),
    # below the lowest point 1e-5, but not more than 4 cycles behind it
    ({"level": 2e-6}, MrdClass.POSITIVE_NOT_QUANTIFIABLE, MrdClass.POSITIVE_NOT_QUANTIFIABLE),
    # 41.2 lies more than 4 cycles behind the latest well of 1e-5 (37.1)
    ({"sample_cqs": (41.2, None, None)}, MrdClass.NEGATIVE, MrdClass.NEGATIVE),
    # background from 37.0: 35.9 lies 1.1 cycles before it
    (
        {"sample_cqs": (35.9, None, None), "background": LATE_BACKGROUND},
        MrdClass.POSITIVE_NOT_QUANTIFIABLE,
        MrdClass.NEGATIVE,
    ),
    ({"sample_cqs": (36.1, None, None), "background": LATE_BACKGROUND}, MrdClass.NEGATIVE, MrdClass.NEGATIVE),
    # replicates more than 1.5 cycles apart
    (
        {"sample_cqs": (30.0, 31.0, 31.6)},
        MrdClass.POSITIVE_NOT_QUANTIFIABLE,
        MrdClass.POSITIVE_NOT_QUANTIFIABLE,
    ),
    ({"sample_cqs": (30.0, 31.0, 31.5)}, MrdClass.QUANTIFIED, MrdClass.QUANTIFIED),
    # above the most concentrated standard
    ({"level": 0.5}, MrdClass.POSITIVE_NOT_QUANTIFIABLE, MrdClass.POSITIVE_NOT_QUANTIFIABLE),
]


@pytest.mark.parametrize(("made", "reduction", "intensification"), CALLS)
def test_one_sample_may_read_differently_for_the_two_purposes(made, reduction, intensification):
    assert read(plate(**made), REDUCE).classification is reduction
    assert read(plate(**made), INTENSIFY).classification is intensification


@pytest.mark.parametrize(("made", "reduction", "intensification"), CALLS)
def test_without_a_purpose_only_agreeing_readings_are_given(made, reduction, intensification):
    result = read(plate(**made), purpose=None)
    agreed = reduction is intensification
    assert result.classification is (reduction if agreed else MrdClass.NOT_EVALUABLE)
    assert ("read this sample differently" in said(result)) is not agreed


def test_without_a_rule_set_there_is_a_level_but_no_call():
    result = read(plate(level=5e-4), rules=None, purpose=None)
    assert result.classification is MrdClass.NOT_EVALUABLE
    assert "no rule set chosen" in {finding.rule for finding in result.findings}
    assert result.level_fraction == pytest.approx(5e-4)
    assert result.curve.slope == pytest.approx(-3.4)
    assert result.sensitivity_fraction is None


def test_without_a_rule_set_silence_is_a_set_not_a_zero():
    result = read(plate(sample_cqs=(None, None, None)), rules=None, purpose=None)
    assert result.level_fraction is None
    assert result.interval == (0.0, pytest.approx(1e-5))


@pytest.mark.parametrize(
    ("background", "quantitative_from", "sensitivity"),
    [
        ((None,) * 6, 1e-5, 1e-5),
        # 1e-5 lies at 36.9-37.1: never 3 cycles before 39, but its first well 2.1 cycles before
        ((39.0, None, None, None, None, None), 1e-4, 1e-5),
        # not even 1 cycle before 37.5
        ((37.5, None, None, None, None, None), 1e-4, 1e-4),
    ],
)
def test_background_limits_range_and_sensitivity(background, quantitative_from, sensitivity):
    result = read(plate(sample_cqs=(None, None, None), background=background))
    assert result.quantitative_range[0] == quantitative_from
    assert result.sensitivity_fraction == sensitivity
    assert result.interval == (0.0, sensitivity)


@pytest.mark.parametrize(
    ("genomes", "sensitivity", "warned"),
    [(100_000, 1e-5, False), (10_000, 1e-4, False), (5_000, 2e-4, True)],
)
def test_less_dna_means_less_sensitivity(genomes, sensitivity, warned):
    """1e-5 of 100,000 genomes per curve well; a tenth of the DNA shows ten times less."""
    result = read(plate(sample_cqs=(None, None, None), genomes=genomes))
    assert result.classification is MrdClass.NEGATIVE
    assert result.sensitivity_fraction == pytest.approx(sensitivity)
    assert ("sensitivity of only" in said(result)) is warned


def test_cells_cannot_be_outdone_by_the_curve():
    """3 x 5,000 cells show one leukaemic cell with 95 % probability from 3.0 / 15,000 = 2.0e-4."""
    result = read(plate(sample_cqs=(None,) * 3, genomes=5_000, lowest=6))
    assert result.sensitivity_fraction == pytest.approx(2.0e-4, rel=2e-3)
    assert "one leukaemic cell" in said(result)


def test_the_worked_example_of_sample_sensitivity():
    """europeanmedical.info: 10 copies / 2.34e4 control copies = 4.27e-4."""
    assert sample_sensitivity(10, 2.34e4) == pytest.approx(4.27e-4, rel=1e-3)
    with pytest.raises(ValueError, match="above 0"):
        sample_sensitivity(10, 0)


def without(made: Plate, **names) -> Plate:
    kept = [w for w in made.wells if not all(getattr(w, key) == value for key, value in names.items())]
    return replace(made, wells=tuple(kept))


def changed(made: Plate, change, **names) -> Plate:
    touched = [change(w) if all(getattr(w, k) == v for k, v in names.items()) else w for w in made.wells]
    return replace(made, wells=tuple(touched))


SPOILT = [
    # what went wrong, what the finding says, class
    (lambda p: without(p, sample="FU", target="ALB"), "no usable DNA, or no well", MrdClass.NOT_EVALUABLE),
    (
        lambda p: changed(p, lambda w: replace(w, cq=None), sample="FU", target="ALB"),
        "no usable DNA",
        MrdClass.NOT_EVALUABLE,
    ),
    (
        lambda p: changed(p, lambda w: replace(w, cq=20 + 1.3 * (w.cq - 20)), role=Role.STANDARD, target="ALB"),
        "The standard curve of ALB is not accepted",
        MrdClass.NOT_EVALUABLE,
    ),
    (lambda p: without(p, role=Role.BACKGROUND), "no well of polyclonal DNA", MrdClass.NOT_EVALUABLE),
    (lambda p: without(p, sample="FU", target="IGH"), "FU: no well for IGH is in use", MrdClass.NOT_EVALUABLE),
    (
        lambda p: changed(p, lambda w: replace(w, cq=20 + 1.3 * (w.cq - 20)), role=Role.STANDARD, target="IGH"),
        "the slope is -4.420",
        MrdClass.NOT_EVALUABLE,
    ),
    (
        lambda p: changed(p, lambda w: replace(w, quantity=1e-6 / w.quantity), role=Role.STANDARD, target="IGH"),
        "the smaller quantity amplifies first",
        MrdClass.NOT_EVALUABLE,
    ),
    (
        lambda p: changed(p, lambda w: replace(w, cq=w.cq + (2 if w.position.endswith("2") else 0)), sample="dx 1e-3"),
        "The point 0.001 is outside the quantitative range: replicates differ by 2.20 cycles",
        None,
    ),
    (
        lambda p: changed(p, lambda w: replace(w, quantity=0.0), sample="dx 1e-3"),
        "without a quantity above 0",
        None,
    ),
    (
        lambda p: changed(p, lambda w: replace(w, excluded="bubble"), position="FU-IGH-0"),
        "Only 2 wells",
        MrdClass.QUANTIFIED,
    ),
]


@pytest.mark.parametrize(("spoil", "words", "classification"), SPOILT)
def test_what_went_wrong_is_named(spoil, words, classification):
    results = quantify_plate(spoil(plate(level=5e-4)), SETTINGS, rules=DRAFT, purpose=REDUCE).results
    assert words in said(results[0])
    if classification:
        assert results[0].classification is classification


@pytest.mark.parametrize(
    ("made", "classification"),
    [
        # water as early as the sample: its positive wells prove nothing
        ({"level": 5e-4, "water": (31.0, None)}, MrdClass.NOT_EVALUABLE),
        # water far later than the sample
        ({"level": 5e-2, "water": (39.0, None)}, MrdClass.QUANTIFIED),
        # a silent sample stays negative beside contaminated water
        ({"sample_cqs": (None,) * 3, "water": (31.0, None)}, MrdClass.NEGATIVE),
    ],
)
def test_contaminated_water(made, classification):
    result = read(plate(**made))
    assert result.classification is classification
    assert "control without template amplified" in said(result)


def test_swapped_neighbours_are_suspected():
    made = plate(level=5e-4)
    swap = {"dx 1e-3": 1e-4, "dx 1e-4": 1e-3}
    made = changed(
        made, lambda w: replace(w, quantity=swap.get(w.sample, w.quantity)), target="IGH", role=Role.STANDARD
    )
    assert "Swapped labels" in " ".join(f.look_at for f in read(made).findings)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (RunSettings(curve_genomes=1e5), "No control gene was named"),
        (RunSettings(control_gene="ALB"), "amount of DNA in the wells of the IGH curve is unknown"),
    ],
)
def test_what_the_file_cannot_say_must_be_said(settings, words):
    result = read(plate(level=5e-4), settings=settings)
    assert result.classification is MrdClass.NOT_EVALUABLE
    assert words in said(result, Severity.BLOCKING)
    assert result.level_fraction is None


def test_control_gene_standards_in_nanograms_or_copies_count_the_same_cells():
    """646 pg are 100 diploid genomes of 6.46 pg and 200 copies of a single-copy gene."""
    by_genomes = read(plate(level=5e-4))
    for unit, per_genome in (("ng", 6.46e-3), ("copies", 2.0)):
        made = changed(
            plate(level=5e-4),
            lambda w, unit=unit, per=per_genome: replace(w, quantity=w.quantity * per, unit=unit),
            target="ALB",
            role=Role.STANDARD,
        )
        assert read(made).cells == pytest.approx(by_genomes.cells)


def test_the_curve_dna_may_be_measured_by_its_own_control_gene():
    made = plate(level=5e-4)
    extra = wells("dx dna", "ALB", Role.SAMPLE, around(albumin_cq(CURVE_GENOMES)))
    made = replace(made, wells=(*made.wells, *extra))
    result = read(made, settings=RunSettings(control_gene="ALB", curve_dna="dx dna"))
    assert result.level_fraction == pytest.approx(5e-4)


def test_runs_and_units_must_not_be_mixed():
    made = plate(level=5e-4)
    two_runs = changed(made, lambda w: replace(w, run="second"), sample="dx 1e-2")
    with pytest.raises(UnusableLaboratoryData, match="2 runs"):
        read(two_runs)
    two_units = changed(made, lambda w: replace(w, unit="copies"), sample="dx 1e-2")
    with pytest.raises(UnusableLaboratoryData, match="different units"):
        read(two_units)


# ---------------------------------------------------------------- two targets


def two_targets(first, second):
    a, b = plate(**first), plate(target="TRG", **second)
    extra = tuple(w for w in b.wells if w.target == "TRG")
    results = quantify_plate(replace(a, wells=(*a.wells, *extra)), SETTINGS, rules=DRAFT, purpose=REDUCE).results
    return combine_targets(results, DRAFT)


SILENT = {"sample_cqs": (None, None, None)}


@pytest.mark.parametrize(
    ("first", "second", "classification", "level"),
    [
        ({"level": 5e-4}, {"level": 2e-4}, MrdClass.QUANTIFIED, 5e-4),  # the highest counts
        ({"level": 2e-6}, {"level": 2e-4}, MrdClass.QUANTIFIED, 2e-4),  # quantified outweighs positive
        ({"level": 2e-6}, SILENT, MrdClass.POSITIVE_NOT_QUANTIFIABLE, None),
        (SILENT, SILENT, MrdClass.NEGATIVE, None),
    ],
)
def test_two_targets_give_one_answer(first, second, classification, level):
    result = two_targets(first, second)
    assert result.classification is classification
    assert result.level_fraction == (pytest.approx(level) if level else None)
    assert result.target == "IGH + TRG"


def test_negative_by_two_targets_holds_with_the_weaker_sensitivity():
    result = two_targets(SILENT, SILENT | {"background": (37.5,) * 6})
    assert (result.sensitivity_fraction, result.interval) == (1e-4, (0.0, 1e-4))


def test_negative_needs_every_target_to_be_evaluable():
    result = two_targets(SILENT, SILENT | {"background": ()})
    assert result.classification is MrdClass.NOT_EVALUABLE


def test_negative_by_one_target_is_marked():
    result = combine_targets([read(plate(**SILENT))], DRAFT)
    assert result.classification is MrdClass.NEGATIVE
    assert "Negative by 1 target only" in said(result)


def test_a_curve_in_copies_needs_no_curve_input():
    made = plate(genomes=50_000, sample_cqs=around(target_cq(1e-3)))
    made = changed(
        made, lambda w: replace(w, quantity=w.quantity * 1e5, unit="copies"), target="IGH", role=Role.STANDARD
    )
    result = read(made, settings=RunSettings(control_gene="ALB"))
    assert result.level_fraction == pytest.approx(100 / 50_000)  # 100 copies in 50,000 cells
