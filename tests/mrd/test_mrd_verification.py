"""Real laboratory data: our numbers beside those of the instruments and of published curves.

Read from ../shared (see data/README.md there); skipped where it is absent.
"""

import math
import os
import re
import warnings
from pathlib import Path

import pytest

from reall.base.errors import UnusableLaboratoryData
from reall.mrd.amplification import CqSettings, call_cq, fill_missing_cq
from reall.mrd.ddpcr import Droplets, describe_wells, droplet_volume, ratio
from reall.mrd.plate import Plate, Role, Well
from reall.mrd.readers import read_plate
from reall.mrd.readers.droplets import read_droplets
from reall.mrd.rqpcr_assay import assess_assay
from reall.mrd.ruleset import load_ruleset
from reall.mrd.standard_curve import fit_curve

SHARED = Path(os.environ.get("REALL_SHARED", Path(__file__).parents[2].parent / "shared"))
QPCR, DPCR = SHARED / "data" / "mrd_qpcr", SHARED / "data" / "mrd_dpcr"
UNTERGASSER = SHARED / "data" / "mrd_untergasser"
pytestmark = pytest.mark.skipif(not QPCR.is_dir(), reason=f"needs the shared data ({SHARED})")


def r_data(name, folder=QPCR):
    rdata = pytest.importorskip("rdata", reason="rdata is a development dependency")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return next(iter(rdata.read_rda(folder / f"{name}.rda").values()))


def dilution_series(name, pattern):
    """Wells of a ten-fold series whose column names count the dilution steps from 1."""
    table = r_data(name)
    cycles = tuple(table["Cycles"].astype(float))
    made = []
    for column in table.columns[1:]:
        step = int(re.match(pattern, str(column)).group(1))
        made.append(
            Well(
                position=str(column),
                sample=f"step {step}",
                target=name,
                role=Role.STANDARD,
                quantity=10.0 ** (1 - step),
                unit="fraction",
                cycles=cycles,
                fluorescence=tuple(table[column].astype(float)),
            )
        )
    return Plate(source=name, wells=tuple(made))


@pytest.mark.parametrize(
    ("name", "pattern", "slope", "r_squared", "wells"),
    [  # slopes and R² of the project's research notes
        ("qpcR_guescini1", r"F(\d+)", -3.557, 0.9989, 84),
        ("qpcR_rutledge", r"X(\d+)", -3.587, 0.9980, 120),
        ("qpcR_boggy", r"F(\d+)", -3.506, 0.9983, 12),
    ],
)
def test_published_dilution_series(name, pattern, slope, r_squared, wells):
    """Tolerance: the last digit quoted."""
    plate = fill_missing_cq(dilution_series(name, pattern))
    curve = fit_curve(plate.wells)
    assert len(curve.wells) == wells
    assert curve.slope == pytest.approx(slope, abs=5e-4)
    assert curve.r**2 == pytest.approx(r_squared, abs=5e-5)


def test_stepone_curve_agrees_with_the_instrument():
    """The file itself stores an efficiency of 93.91181 %."""
    plate = read_plate(QPCR / "RDML_stepone_std.rdml")
    curve = fit_curve(plate.pick(role=Role.STANDARD))
    assert curve.efficiency == pytest.approx(0.9391181, abs=5e-5)


def test_stepone_curve_from_the_amplification_curves():
    """The research notes give -3.464 and 0.9993; tolerance 0.002 in the slope (another threshold)."""
    plate = fill_missing_cq(read_plate(QPCR / "RDML_stepone_std.rdml"), recompute=True)
    curve = fit_curve(plate.pick(role=Role.STANDARD))
    assert curve.slope == pytest.approx(-3.464, abs=2e-3)
    assert curve.r**2 == pytest.approx(0.9993, abs=1e-4)


def test_stepone_curve_with_the_settings_of_the_instrument():
    """RDML_sce.eds, the same run, stores a baseline of cycles 3 to 15 and a threshold of 0.2.

    Tolerance 0.001: with the mean instead of the median of the baseline it is -3.4643.
    """
    settings = CqSettings(baseline_first_cycle=3, baseline_last_cycle=15, threshold=0.2)
    plate = fill_missing_cq(read_plate(QPCR / "RDML_stepone_std.rdml"), settings, recompute=True)
    curve = fit_curve(plate.pick(role=Role.STANDARD))
    assert curve.slope == pytest.approx(-3.464, abs=1e-3)
    assert curve.r**2 == pytest.approx(0.9993, abs=1e-4)
    assert any("threshold: 0.2" in finding.text for finding in plate.findings)


def test_a_project_file_says_what_to_export():
    with pytest.raises(UnusableLaboratoryData, match="project file") as caught:
        read_plate(QPCR / "RDML_sce.eds")
    assert "RDML" in caught.value.next


def test_stepone_unknowns_agree_with_the_instrument():
    """The instrument stored 2484.3098 copies for well A4; tolerance 0.1 %."""
    plate = read_plate(QPCR / "RDML_stepone_std.rdml")
    curve = fit_curve(plate.pick(role=Role.STANDARD))
    (well,) = (well for well in plate.wells if well.position == "A4")
    assert curve.read([well.cq]).value == pytest.approx(2484.3098, rel=1e-3)


def test_vermeulen_assays_within_the_draft_limits():
    """64 assays of five standards in triplicate: 63 pass, ALUsq does not (its curves are empty or flat)."""
    plate = fill_missing_cq(read_plate(QPCR / "rdmlpython_data_vermeulen_std_150000_15.rdml"))
    rules = load_ruleset("draft")
    assays = [assess_assay(plate, target, rules) for target in plate.targets]
    assert len(assays) == 64
    assert [a.target.split("(")[0] for a in assays if not a.accepted] == ["ALUsq"]


def test_inverted_labels_are_noticed():
    """In dil4reps94 the label with the smallest number amplifies first (earliest Cq 21.4)."""
    table = r_data("qpcR_dil4reps94")
    cycles = tuple(table["Cycles"].astype(float))
    chosen = [c for c in map(str, table.columns[1:]) if re.fullmatch(r"F\d+_[1-6]", c)]
    made = tuple(
        Well(
            position=column,
            sample=column,
            target="t",
            role=Role.STANDARD,
            quantity=float(re.match(r"F(\d+)_", column).group(1)),
            unit="copies",
            cycles=cycles,
            fluorescence=tuple(table[column].astype(float)),
        )
        for column in chosen
    )
    assay = assess_assay(fill_missing_cq(Plate(source="dil4reps94", wells=made)), "t", load_ruleset("draft"))
    assert not assay.accepted
    assert any("whole series looks inverted" in finding.look_at for finding in assay.findings)


@pytest.mark.parametrize(
    ("name", "wells", "targets"),
    [  # counted in the files; rdmlpython 1.7.2 refuses those of version 1.4 and the Bio-Rad file
        ("RDML_BioRad_qPCR_melt", 60, 4),
        ("RDML_lc96_bACTXY", 384, 8),
        ("RDML_stepone_std", 24, 1),
        ("rdmlpython_data_vermeulen_std_150000_15", 960, 64),
        ("rdmlpython_large_DNA_dilutions", 582, 6),
        ("rdmlpython_quantification_methods", 180, 20),
        ("rdmlpython_unused_qpcr_dpcr_comparison", 216, 16),
        ("rdmlpython_volume_machine", 172, 3),
    ],
)
def test_every_rdml_file_is_read_whole(name, wells, targets):
    plate = read_plate(QPCR / f"{name}.rdml")
    assert (len(plate.wells), len(plate.targets)) == (wells, targets)


def test_lightcycler_calls_survive():
    """384 instrument Cqs are stored; those that never crossed are written as the number of cycles or -1."""
    plate = read_plate(QPCR / "RDML_lc96_bACTXY.rdml")
    assert sum(well.cq is not None for well in plate.wells) == 320


def test_runs_of_one_file_are_kept_apart():
    plate = read_plate(UNTERGASSER / "volume_machine_cq.tsv")
    assert len(plate.runs) == 3
    assert len(plate.only_run(plate.runs[0]).wells) < len(plate.wells)


def three_digits(value):
    return float(f"{value:.3g}")


def test_droplet_concentrations_equal_the_instruments():
    """63 of 63 positive well-channel rows of a QX100 at three significant digits."""
    plate = read_droplets(DPCR / "dpcR_pds.csv")
    volume, _ = droplet_volume(plate, None)
    rows = [(well, row) for well, row in zip(plate.wells, describe_wells(plate), strict=True) if well.positives]
    assert (volume, len(rows)) == (0.91, 63)
    for well, row in rows:
        assert three_digits(row["copies_per_ul"]) == well.reported


def test_droplet_intervals_are_close_to_the_instruments():
    """Within 1.2 % of each bound; the instrument's algorithm is not published."""
    plate = read_droplets(DPCR / "dpcR_pds.csv")
    for well, row in zip(plate.wells, describe_wells(plate), strict=True):
        if well.positives:
            assert row["interval_per_ul"] == pytest.approx(list(well.reported_interval), rel=0.012)


@pytest.mark.parametrize("name", ["probe", "evagreen"])
def test_newer_droplet_reader(name):
    """QX200 exports carry two decimals; tolerance 0.03 %."""
    plate = read_droplets(UNTERGASSER / f"large_DNA_dilutions_res_dpcr_{name}.tsv")
    compared = 0
    for well, row in zip(plate.wells, describe_wells(plate), strict=True):
        if well.reported:
            assert row["copies_per_ul"] == pytest.approx(well.reported, rel=3e-4, abs=0.005)
            compared += 1
    assert compared == {"probe": 22, "evagreen": 7}[name]


def test_ratios_agree_with_the_instrument():
    """KRAS mutant to wild type in 12 QX200 wells: ratio within rounding, interval within 12 %.

    Only where 30 or more droplets are positive: below that the instrument's interval is symmetric.
    """
    table = r_data("twoddpcr_KRAScountsQS", DPCR)
    mutant = table[table["Target"] == "Mutant"].set_index("Well")
    wild = table[table["Target"] == "WT"].set_index("Well")
    assert len(mutant) == 12
    for name, row in mutant.iterrows():
        other = wild.loc[name]
        target = Droplets(positives=int(row["Positives"]), droplets=int(row["AcceptedDroplets"]))
        reference = Droplets(positives=int(other["Positives"]), droplets=int(other["AcceptedDroplets"]))
        for counts, reported in ((target, row["Concentration"]), (reference, other["Concentration"])):
            digits = 2 if reported < 10 else 3  # as many as the instrument prints
            assert float(f"{counts.concentration(0.85)[0]:.{digits}g}") == reported
        value, (low, high) = ratio(target, reference)
        assert value == pytest.approx(row["Ratio"], abs=6e-4)
        if target.positives >= 30:
            assert low == pytest.approx(row["PoissonRatioMin"], rel=0.12)
            assert high == pytest.approx(row["PoissonRatioMax"], rel=0.12)


def test_qpcr_and_dpcr_of_the_same_dna_agree_within_a_factor_of_two():
    """Human DNA diluted 20 to 0.2 ng, single-copy gene: digital PCR halves as the DNA does."""
    plate = read_droplets(UNTERGASSER / "large_DNA_dilutions_res_dpcr_probe.tsv")
    by_ng = {}
    for well, row in zip(plate.wells, describe_wells(plate), strict=True):
        if re.fullmatch(r"[\d.]+", well.sample) and row["copies_per_ul"]:
            by_ng.setdefault(float(well.sample), []).append(row["copies_per_ul"])
    amounts = sorted(ng for ng in by_ng if ng >= 0.7)
    assert amounts
    per_ng = [sum(by_ng[ng]) / len(by_ng[ng]) / ng for ng in amounts]
    assert max(per_ng) / min(per_ng) < 2


def test_a_silent_curve_has_no_cq():
    cycles = tuple(range(1, 41))
    rising = tuple(1.0 + 50 / (1 + math.exp(-(c - 25) / 1.5)) for c in cycles)
    silent, found = call_cq(
        [
            Well(position="A", sample="s", target="t", role=Role.SAMPLE, cycles=cycles, fluorescence=curve)
            for curve in ((1.0,) * 40, rising)
        ],
        CqSettings(),
    )
    assert silent is None
    assert 20 < found < 25
