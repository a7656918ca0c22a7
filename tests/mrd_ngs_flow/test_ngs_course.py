"""Clonotypes over time: the LIL-L3 patient, Vidjil's golden values, readers, and what may never happen."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ngs_flow_data import ROOT, shared
from ruamel.yaml import YAML

from reall.base.errors import UnusableLaboratoryData, WrongUsage
from reall.mrd.ngs.course import SampleFacts, follow
from reall.mrd.ngs.read import open_repertoire
from reall.mrd.ngs.read_vidjil import read_vidjil
from reall.mrd.ngs.repertoire import Clonotype, Repertoire, Role, Sample
from reall.mrd.ngs.settings import load_settings
from reall.mrd.ngs.spikes import normalise, vidjil_normalised_reads
from reall.mrd.ngs.variants import edits_between
from reall.mrd.result import MrdClass
from reall.mrd.ruleset import load_ruleset

SETTINGS = load_settings()
DRAFT = load_ruleset("draft")
RELAPSE_CLONE = "TRGV2*01 0/CCGGAGG/0 TRGJP1*01"
LIL_L3 = "vidjil_lil_l3/demo_lil_l3_tutorial.vidjil"


@pytest.fixture(scope="module")
def lil_l3():
    return follow(open_repertoire([shared(LIL_L3)], days="0,48,90,263,308"))


@pytest.mark.parametrize(
    ("day", "percent_of_all_reads"),
    # the table lil_l3_clonotypes_by_day.csv (reads / all reads with a junction)
    [("day 0", 0.280), ("day 48", None), ("day 263", 0.745), ("day 308", 52.9)],
)
def test_the_relapse_clone_was_small_vanished_and_came_back(lil_l3, day, percent_of_all_reads):
    clone = next(one for one in lil_l3.to_json()["clonotypes"] if one["clonotype"] == RELAPSE_CLONE)
    share = clone["fractions"][day]
    if percent_of_all_reads is None:
        assert share is None
        assert clone["reads"][day] == 0
    else:
        assert 100 * share == pytest.approx(percent_of_all_reads, rel=2e-3)


def test_the_relapse_clone_alerts_six_weeks_before_relapse(lil_l3):
    """At day 263 it is the only alert: 45 days before the relapse that all tracked markers miss."""
    answer = lil_l3.to_json()
    at_263 = [alert for alert in answer["alerts"] if alert["at"] == "day 263"]
    assert [(alert["clonotype"], alert["kind"]) for alert in at_263] == [(RELAPSE_CLONE, "growing_untracked_clone")]
    assert answer["alerts"][0] == at_263[0]
    assert {alert["at"] for alert in answer["alerts"]} == {"day 263", "day 308"}


def test_the_doubling_time_of_the_relapse_clone(lil_l3):
    """mrd.md gives 16.9 days from shares of the locus; the interval of shares of all reads holds it."""
    low, high = lil_l3.alerts[0].doubling_days
    assert low < 16.9 < high


def test_the_dominant_clones_of_the_diagnosis_vanish(lil_l3):
    """Six markers are proposed, 2.4 to 9.7 % at diagnosis, at most 3 reads at day 263 and 1.2e-4 at relapse."""
    assert len(lil_l3.markers) == 6
    for marker in lil_l3.markers:
        assert lil_l3.repertoire.share(marker, 0) > 0.02
        assert marker.reads[3] == 0
        assert marker.reads[4] <= 116  # mrd.md section 6
    assert RELAPSE_CLONE not in {marker.name for marker in lil_l3.markers}


def test_the_spiked_standards_are_known_from_the_analysis_file_and_never_alert(lil_l3):
    standards = [one for one in lil_l3.repertoire.clonotypes if one.role is Role.STANDARD]
    # the two that README names: TRGV3 and IGHV3-9, largest in the poorest sample (day 263)
    largest = sorted(standards, key=lambda one: -max(one.reads))[:2]
    assert {one.name.split("*")[0] for one in largest} == {"TRGV3", "IGHV3-9"}
    assert not {alert.clonotype.id for alert in lil_l3.alerts} & {one.id for one in standards}


def test_a_tracked_clone_does_not_alert():
    course = follow(open_repertoire([shared(LIL_L3)], days="0,48,90,263,308"), track=[RELAPSE_CLONE])
    assert RELAPSE_CLONE not in {alert.clonotype.name for alert in course.alerts}
    assert course.to_json()["target"] == RELAPSE_CLONE
    assert course.to_json()["level_fraction"] == pytest.approx(0.529, rel=1e-3)


def test_days_come_from_the_table_the_option_or_the_sampling_dates():
    """The three ways agree; only the dates of the file leave a finding. Run dates (2020) are never used."""
    table = str(shared("vidjil_lil_l3/lil_l3_clonotypes_by_day.csv"))
    for days in ("0,48,90,263,308", table, None):
        repertoire = open_repertoire([shared(LIL_L3)], days=days)
        assert [sample.day for sample in repertoire.samples] == [0, 48, 90, 263, 308]
        assert any(finding.rule == "days" for finding in repertoire.findings) == (days is None)


@pytest.mark.parametrize(
    ("days", "says"),
    [("0,48", "2 days are given for 5 samples"), ("0,48,90,263,263", "do not rise"), ("a,b", "does not hold days")],
)
def test_days_that_do_not_fit_are_refused(days, says):
    with pytest.raises(WrongUsage, match=says):
        open_repertoire([shared(LIL_L3)], days=days)


def test_the_table_by_day_alone_raises_the_same_alert():
    """Without sequences and tags there are more alerts (standards among them), but the relapse clone is there."""
    table = shared("vidjil_lil_l3/lil_l3_clonotypes_by_day.csv")
    course = follow(open_repertoire([table]), standards=["TRGV3*01 8/TCTGAC/5 TRGJ1*02"])
    alerts = {alert.clonotype.name: course.repertoire.samples[alert.sample].label for alert in course.alerts}
    assert alerts[RELAPSE_CLONE] == "day 263"
    # 5,517 reads are 0.28043 % in the table, of 1,967,338 in the .vidjil file
    assert course.repertoire.samples[0].reads == pytest.approx(1_967_338, rel=1e-5)


def vidjil_file(tmp_path, clones, germline, labels):
    content = {
        "reads": {"segmented": [sum(germline.values())], "germline": {name: [n] for name, n in germline.items()}},
        "clones": [{"id": f"c{n}", "seg_stat": {}, **clone} for n, clone in enumerate(clones)],
        "config": {"labels": labels},
    }
    path = tmp_path / "spikes.vidjil"
    path.write_text(json.dumps(content))
    return path


IGH_SPIKES = [
    {"name": f"VH{family}-{copies}", "family": f"VH{family}", "copies": str(copies)}
    for family in range(1, 8)
    for copies in ((40, 160) if family in (4, 7) else (10, 40, 160))
]


def test_vidjils_first_golden_value(tmp_path):
    """0.3739975328 for 2 reads: Vidjil, tools/tests/should-get-tests/spike-normalization.should-get, file 2
    (rebuilt from its counts: VH4-C 16,303 and VH2-C 25,527 reads of 160 copies; IGH 693,999 + 4,408)."""
    path = vidjil_file(
        tmp_path,
        [
            {"germline": "IGH", "reads": [2]},
            {"germline": "IGH", "reads": [16303], "label": "VH4-160", "name": "IGHV4-59*07 0/AG/0"},
            {"germline": "IGH", "reads": [25527], "label": "VH2-160", "name": "IGHV2-26*01 3/AGGGACCT/3"},
            {"germline": "TRG", "reads": [1]},
        ],
        {"IGH": 693999, "IGH+": 4408, "IGL": 1, "TRD": 2, "TRD+": 2, "TRG": 112, "unexpected": 2},
        IGH_SPIKES,
    )
    values = vidjil_normalised_reads(read_vidjil(path), 0, SETTINGS)
    assert values["c0"] == pytest.approx(0.3739975328711452, rel=1e-12)
    assert set(values) == {"c0", "c1", "c2"}  # the prevalent locus only


def test_vidjils_second_golden_value():
    """195.5076337269 for 269 reads: the same tests, file 3, kept with its answer as issue_mrd.vidjil."""
    path = shared("vidjil_lil_l3/issue_mrd.vidjil")
    expected = {row["id"]: row["normalized_reads"][0] for row in json.loads(path.read_text())["clones"] if "mrd" in row}
    values = vidjil_normalised_reads(read_vidjil(path), 0, SETTINGS)
    assert values == pytest.approx(expected, rel=1e-12)
    assert pytest.approx(min(values.values()), abs=1e-10) == 195.5076337269


def test_a_diagnostic_sample_is_not_normalised():
    """File 1 of the same tests has no standard: no normalised reads there, none here."""
    assert vidjil_normalised_reads(read_vidjil(shared("vidjil_lil_l3/input-spike-norm-1.vidjil")), 0, SETTINGS) == {}


def test_the_line_over_all_families_reproduces_vidjils_older_output():
    """output-spike-norm.vidjil: reads × copies per read / 100,000 for every clone, one line for all families."""
    repertoire = read_vidjil(shared("vidjil_lil_l3/input-spike-norm.vidjil"))
    fitted = normalise(repertoire, 0, SETTINGS)
    rows = json.loads(shared("vidjil_lil_l3/output-spike-norm.vidjil").read_text())["clones"]
    expected = {row["id"]: row["normalized_reads"][0] for row in rows}
    ours = {one.id: one.reads[0] * fitted.universal.copies_per_read / 100_000 for one in repertoire.clonotypes}
    assert ours == pytest.approx(expected, rel=1e-9)


def test_a_family_without_a_line_of_its_own_falls_back_and_says_why(tmp_path):
    """VH1 lies on a line; VH2 has one amount, VH3 no reads, VH4 reads that do not follow the amounts."""
    amounts = {"VH1": (10, 40, 160), "VH2": (40,), "VH3": (10, 160), "VH4": (10, 40, 160)}
    labels = [{"name": f"{f}_{c}", "family": f, "copies": c} for f, copies in amounts.items() for c in copies]
    reads = {"VH1_10": 100, "VH1_40": 400, "VH1_160": 1600, "VH2_40": 380, "VH4_10": 500, "VH4_40": 10, "VH4_160": 400}
    clones = [{"germline": "IGH", "reads": [n], "label": name} for name, n in reads.items()]
    fitted = normalise(read_vidjil(vidjil_file(tmp_path, clones, {"IGH": 50_000}, labels)), 0, SETTINGS)
    assert fitted.by_family["VH1"].copies_per_read == pytest.approx(0.1)
    assert set(fitted.by_family) == {"VH1"}
    assert fitted.fallbacks == {
        "VH2": "1 amount(s)",
        "VH3": "0 reads at most",
        "VH4": fitted.fallbacks["VH4"],
    }
    assert re.match(r"r² 0\.\d+", fitted.fallbacks["VH4"])


def test_standards_and_cells_turn_reads_into_a_level(tmp_path):
    """100 reads at 0.1 copies per read are 10 copies; in 100,000 cells 1e-4 (hand calculation)."""
    labels = [{"name": f"VH1_{c}", "family": "VH1", "copies": c} for c in (10, 40, 160)]
    clones = [{"germline": "IGH", "reads": [10 * c], "label": f"VH1_{c}"} for c in (10, 40, 160)]
    clones.append({"germline": "IGH", "reads": [100], "name": "IGHV1-2*02 x IGHJ4*02"})
    repertoire = read_vidjil(vidjil_file(tmp_path, clones, {"IGH": 50_000}, labels))
    result = follow(repertoire, track=["c3"], facts=SampleFacts(cells=[100_000])).results[0]
    assert result.level_fraction == pytest.approx(1e-4)
    assert result.denominator == "cell equivalents of DNA"
    # exact line, so only the chance of drawing 10 copies is left: 4.80 to 18.39 (Garwood)
    assert result.interval == (pytest.approx(4.795e-5, rel=1e-3), pytest.approx(18.39e-5, rel=1e-3))


@pytest.mark.parametrize(
    ("reads", "cells", "reading"),
    [
        (0, 100_000, "negative"),
        (0, None, "not_evaluable"),  # reads are copies of copies: without cells no sensitivity
        (50, 100_000, "positive_not_quantifiable"),  # a share of reads is not a share of cells
    ],
)
def test_the_draft_rule_set_calls_only_what_it_can(reads, cells, reading):
    course = follow(
        one_clone(reads, 500_000), track=["c"], facts=SampleFacts(cells=[cells] if cells else None), ruleset=DRAFT
    )
    result = course.results[0]
    assert str(result.classification) == reading
    if reading == "negative":
        assert result.sensitivity_fraction == 3e-5  # 3.0 cells of 100,000
        assert result.interval == (0.0, 3e-5)


def one_clone(reads, total, *more):
    counts = (reads, *more)
    samples = tuple(Sample(label=f"s{n}", reads=total, reads_by_locus={"IGH": total}) for n in range(len(counts)))
    return Repertoire(
        source="made", samples=samples, clonotypes=(Clonotype(id="c", name="c", locus="IGH", reads=counts),)
    )


@settings(max_examples=60, deadline=None)
@given(reads=st.integers(0, 2000), total=st.integers(2000, 3_000_000), cells=st.none() | st.integers(1000, 10**6))
def test_negative_never_means_zero(reads, total, cells):
    for rules in (None, DRAFT):
        course = follow(
            one_clone(reads, total), track=["c"], facts=SampleFacts(cells=[cells] if cells else None), ruleset=rules
        )
        (result,) = course.results
        assert result.level_fraction is None or result.level_fraction > 0
        assert result.interval[1] > 0
        shares = course.to_json()["clonotypes"][0]["fractions"].values()
        assert all(share is None or share > 0 for share in shares)


@settings(max_examples=60, deadline=None)
@given(
    reads=st.integers(0, 500), total=st.integers(1000, 10**6), factor=st.integers(2, 20), cells=st.integers(1000, 10**6)
)
def test_deeper_sequencing_and_more_cells_never_widen_the_interval(reads, total, factor, cells):
    for rules in (None, DRAFT):
        few = follow(one_clone(reads, total), track=["c"], facts=SampleFacts(cells=[cells]), ruleset=rules).results[0]
        many = follow(
            one_clone(reads, total * factor), track=["c"], facts=SampleFacts(cells=[cells * factor]), ruleset=rules
        ).results[0]
        assert many.interval[1] - many.interval[0] <= few.interval[1] - few.interval[0] + 1e-15
        if few.sensitivity_fraction is not None:
            assert many.sensitivity_fraction <= few.sensitivity_fraction


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 5000), min_size=2, max_size=5))
def test_a_clone_that_never_grows_never_alerts(reads):
    """Falling or level counts in equal samples: nothing to say, whatever their size."""
    falling = sorted(reads, reverse=True)
    assert follow(one_clone(falling[0], 10_000, *falling[1:]), track=[]).alerts == ()


@pytest.mark.parametrize(
    ("reads", "standard", "alerts"),
    [
        ((50, 0, 5000), None, True),
        ((50, 0, 5000), (1000, 1000, 1000), True),
        # everything rises a hundredfold with the standard: a poor sample, not growth
        ((50, 20, 5000), (1000, 1000, 100_000), False),
        # seen in 5 reads before: may be carried over, and 0.5 % is no marker yet
        ((5, 0, 5000), None, False),
        # never seen, but 4 % of its locus now: would be a marker by itself
        ((0, 0, 40_000), None, True),
        ((50, 0, 1500), None, False),  # 0.15 % of all reads
    ],
)
def test_when_a_clone_alerts(reads, standard, alerts):
    clones = [Clonotype(id="c", name="c", locus="IGH", reads=reads)]
    if standard:
        clones.append(Clonotype(id="s", name="s", locus="TRG", reads=standard, role=Role.STANDARD))
    total = {"IGH": 1_000_000, "TRG": 0}
    samples = tuple(Sample(label=f"s{n}", reads=1_000_000, reads_by_locus=total) for n in range(3))
    course = follow(Repertoire(source="made", samples=samples, clonotypes=tuple(clones)))
    assert bool(course.alerts) is alerts


def test_a_sequencing_variant_of_a_marker_does_not_alert():
    """One base inserted into a large marker makes a small clone that rises with it."""
    window = "ACGTTGCATGCCATTGACCTAGGATCCAGTTCAGGACTTACGGATCCAAT"
    variant = window[1:25] + "T" + window[25:]
    samples = tuple(Sample(label=f"s{n}", reads=1_000_000, reads_by_locus={"IGH": 1_000_000}) for n in range(3))
    clones = (
        Clonotype(id=window, name="m", locus="IGH", reads=(100_000, 500, 400_000)),
        Clonotype(id=variant, name="v", locus="IGH", reads=(60, 0, 9_000)),
    )
    repertoire = Repertoire(source="made", samples=samples, clonotypes=clones)
    assert follow(repertoire, track=["m"]).alerts == ()


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [
        ("ACGTACGTTGCA", "ACGTACGTTGCA", 0),
        ("ACGTACGTTGCA", "ACGTTCGTTGCA", 1),  # substituted
        ("ACGTACGTTGCA", "CGTACGGTTGCA", 1),  # inserted, and shifted by one
        ("ACGTACGTTGCA", "TTTTTTTTTTTT", 4),  # more than three
        ("ACGTACGT", "ACGTACGTACGTACGTACG", 4),  # lengths too far apart
    ],
)
def test_edits_between_windows(one, other, edits):
    assert edits_between(one, other, most=3) == edits_between(other, one, most=3) == edits


AIRR = """sequence_id\tlocus\tv_call\tj_call\tjunction\tjunction_aa\tduplicate_count\tsample_id
s1\tIGH\tIGHV3-9*01\tIGHJ6*02\tTGTGCACCC\tCAP\t900\tday 0
s2\tIGH\tIGHV3-9*01\tIGHJ6*02\tTGTGCACCC\tCAP\t100\tday 0
s3\tTRG\tTRGV2*01\tTRGJP1*01\tTGTGCCACC\tCAT\t20\tday 0
s4\tTRG\tTRGV2*01\tTRGJP1*01\tTGTGCCACC\tCAT\t5000\tday 33
"""


def test_an_airr_table_gives_clonotypes_by_locus_and_junction(tmp_path):
    """Rows of one junction are added; samples are told apart by sample_id."""
    (tmp_path / "a.tsv").write_text(AIRR)
    repertoire = open_repertoire([tmp_path / "a.tsv"], days="0,33")
    assert {one.id: one.reads for one in repertoire.clonotypes} == {
        "IGH TGTGCACCC": (1000, 0),
        "TRG TGTGCCACC": (20, 5000),
    }
    assert [sample.reads for sample in repertoire.samples] == [1020, 5000]
    assert follow(repertoire, track=["IGH TGTGCACCC"]).alerts[0].clonotype.name == "TRGV2*01 CAT TRGJP1*01"


def test_one_airr_table_per_time_point_is_the_same_course(tmp_path):
    lines = AIRR.splitlines(keepends=True)
    (tmp_path / "d0.tsv").write_text("".join(lines[:4]))
    (tmp_path / "d33.tsv").write_text(lines[0] + lines[4])
    repertoire = open_repertoire([tmp_path / "d0.tsv", tmp_path / "d33.tsv"], days="0,33")
    assert {one.id: one.reads for one in repertoire.clonotypes} == {
        "IGH TGTGCACCC": (1000, 0),
        "TRG TGTGCCACC": (20, 5000),
    }


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.vidjil", '{"reads": {"segmented": [10', "may be truncated"),
        ("a.vidjil", "[]", "no JSON object"),
        ("a.vidjil", '{"clones": []}', "not a .vidjil result"),
        ("a.vidjil", '{"reads": {"segmented": [0]}, "clones": []}', "0 reads with a junction"),
        ("a.vidjil", '{"reads": {"segmented": [5]}, "clones": [{"id": "A", "reads": [1, 2]}]}', "not one whole number"),
        ("a.vidjil", '{"reads": {"segmented": [5]}, "clones": [{"reads": [1]}]}', "'id' is a required property"),
        ("a.vidjil", '{"reads": {"segmented": [5]}, "clones": [{"id": "A", "reads": [9]}]}', "9 reads in sample 1"),
        ("a.tsv", AIRR.replace("duplicate_count", "count"), "not an AIRR table"),
        ("a.tsv", AIRR.replace("5000", ""), "line 5, duplicate_count"),
        ("a.tsv", AIRR.replace("5000", "-3"), "not a whole number"),
        ("a.tsv", AIRR.splitlines()[0] + "\n", "has no rows"),
        ("a.csv", "clonotype,reads\nx,3\n", "reads_d<day>"),
        ("a.csv", "clonotype,reads_d0\nx,\n", "line 2, reads_d0"),
        ("a.bam", "", "are not read"),
    ],
)
def test_files_that_cannot_be_used_are_refused(tmp_path, name, content, says):
    (tmp_path / name).write_text(content)
    with pytest.raises(UnusableLaboratoryData) as refused:
        open_repertoire([tmp_path / name])
    assert says in str(refused.value)


def test_a_marker_that_is_not_listed_is_refused_not_called_absent():
    with pytest.raises(WrongUsage, match="no clonotype 'IGHV9'"):
        follow(one_clone(5, 100), track=["IGHV9"])


def test_three_reads_of_two_million_do_not_say_more_than_the_cells():
    """LIL-L3 has a marker of 3 reads in 1,892,104 at day 48. In 100,000 cells one cell gives 19 reads, so the level
    may be that of up to 5.57 cells (Garwood, one cell): 5.57e-5, not the 4.6e-6 of the reads alone."""
    (result,) = follow(one_clone(3, 1_892_104), track=["c"], facts=SampleFacts(cells=[100_000])).results
    assert result.interval == (0.0, pytest.approx(5.57e-5, rel=1e-3))
    assert "about 19" in result.findings[0].text


def test_a_sample_is_negative_only_when_every_marker_is():
    """Marker a is gone at the second sample, marker b left 40 reads: the sample is read as b, and says both."""
    samples = tuple(Sample(label=f"day {n}", reads=500_000, day=n) for n in (0, 33))
    clones = (
        Clonotype(id="a", name="a", locus="IGH", reads=(200_000, 0)),
        Clonotype(id="b", name="b", locus="TRG", reads=(100_000, 40)),
    )
    course = follow(
        Repertoire(source="made", samples=samples, clonotypes=clones),
        track=["a", "b"],
        facts=SampleFacts(cells=[100_000], timepoint="end_of_induction"),
        ruleset=DRAFT,
    )
    last = course.to_json()
    assert (last["timepoint"], last["day"]) == ("end_of_induction", 33)
    assert (last["class"], last["target"]) == ("positive_not_quantifiable", "b (decisive of 2 markers)")
    assert [one["results"][1]["class"] for one in last["markers"]] == ["negative", "positive_not_quantifiable"]
    assert [one["day"] for one in last["results"]] == [0, 33]


def test_no_marker_at_all_is_said():
    course = follow(one_clone(5, 10_000))
    assert course.last_result().classification is MrdClass.NOT_EVALUABLE
    assert course.last_result().findings[-1].rule == "no marker"


def test_the_shipped_settings_keep_their_schema():
    """Every row has its source or is a draft."""
    knowledge = ROOT / "src/reall/knowledge"
    schema = json.loads((knowledge / "schema/mrd_ngs.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(
        YAML(typ="safe", pure=True).load((knowledge / "mrd/ngs.yaml").read_text())
    )
