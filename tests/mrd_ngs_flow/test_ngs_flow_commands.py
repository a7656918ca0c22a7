"""The two commands as a user calls them: JSON, words, pages, exit codes."""

from __future__ import annotations

import io
import json
import sys

import pytest
from ngs_flow_data import ROOT, shared

from reall.base.errors import UnusableLaboratoryData
from reall.cli.main import main
from reall.mrd.bridge import case_entries
from reall.mrd.result import MrdClass, MrdResult
from reall.report.mrd_page import mrd_page

EXAMPLE = str(ROOT / "examples/mrd/bcp_all_example.fcs")
GATES = str(ROOT / "examples/mrd/bcp_all_gates.yaml")


@pytest.fixture
def reall(monkeypatch, capsys):
    """Give a function that runs `reall …` and returns exit code, stdout and stderr."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["reall", *map(str, words)])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_the_lil_l3_patient_in_json(reall):
    """The contract: clonotypes with fractions per time point, alerts with clonotype, kind and at."""
    folder = shared("vidjil_lil_l3")
    table = folder / "lil_l3_clonotypes_by_day.csv"
    words = ("mrd", "ngs", folder / "demo_lil_l3_tutorial.vidjil", "--days", table, "--timepoint", "relapse", "--json")
    code, out, _ = reall(*words)
    answer = json.loads(out)
    assert (code, answer["timepoint"], answer["day"]) == (0, "relapse", 308)
    assert (answer["schema"], answer["method"], answer["class"]) == ("reall.mrd/1", "NGS", "not_evaluable")
    first = answer["alerts"][0]
    assert (first["clonotype"], first["kind"], first["at"]) == (
        "TRGV2*01 0/CCGGAGG/0 TRGJP1*01",
        "growing_untracked_clone",
        "day 263",
    )
    assert list(answer["clonotypes"][0]["fractions"]) == ["day 0", "day 48", "day 90", "day 263", "day 308"]
    assert [(result["timepoint"], result["day"]) for result in answer["results"]] == [
        (None, 0),
        (None, 48),
        (None, 90),
        (None, 263),
        ("relapse", 308),
    ]
    assert len(answer["markers"]) == 6


def test_the_alert_stands_first_in_words(reall):
    code, out, _ = reall("mrd", "ngs", shared("vidjil_lil_l3/demo_lil_l3_tutorial.vidjil"))
    assert code == 0
    assert out.startswith("ALERT day 263: TRGV2*01 0/CCGGAGG/0 TRGJP1*01 is not tracked")


def test_vidjils_numbers_are_added_on_request(reall):
    path = shared("vidjil_lil_l3/issue_mrd.vidjil")
    code, out, _ = reall("mrd", "ngs", path, "--vidjil-compatible", "--json")
    (sample,) = json.loads(out)["vidjil_normalized_reads"]
    assert code == 0
    assert round(min(sample["normalized_reads"].values()), 10) == 195.5076337270


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (("--cells", "0"), 2, "at least one cell"),
        (("--cells", "0.01"), 2, "at least one cell"),
        (("--cells", "nan"), 2, "at least one cell"),
        (("--dna-ng", "1e-3"), 2, "at least one cell"),
        (("--days", "0,nan,90,263,308"), 2, "does not hold days"),
        (("--cells", "100,200"), 2, "one for each of 5 samples"),
        (("--cells", "100", "--dna-ng", "600"), 2, "not both"),
        (("--track", "IGHV9"), 2, "no clonotype 'IGHV9'"),
        (("--days", "0,1"), 2, "2 days are given for 5 samples"),
        (("--rules", "absent.yaml"), 11, "cannot be read"),
    ],
)
def test_what_ngs_refuses(reall, options, code, says):
    got, _, error = reall("mrd", "ngs", shared("vidjil_lil_l3/demo_lil_l3_tutorial.vidjil"), *options)
    assert (got, says in error) == (code, True), error


def test_the_example_tube_in_json(reall):
    code, out, _ = reall("mrd", "flow", EXAMPLE, "--gates", GATES, "--rules", "draft", "--tissue", "marrow", "--json")
    answer = json.loads(out)
    assert code == 0
    assert (answer["class"], answer["target_events"], answer["cells"]) == ("quantified", 65, 4600)
    assert (answer["denominator"], answer["tissue"]) == ("nucleated cells", "marrow")
    assert answer["level_fraction"] == pytest.approx(65 / 4600, rel=1e-8)
    assert {gate["name"]: gate["events"] for gate in answer["gates"]}["blasts CD19 negative"] == 25


def test_the_gates_in_words_are_a_tree(reall):
    code, out, _ = reall("mrd", "flow", EXAMPLE, "--gates", GATES)
    assert code == 0
    assert "          blasts CD19 negative" in out
    assert "No rule set chosen" in out


def test_straight_from_counts(reall):
    """25 events of a million under the draft limits 20 and 50: detected, not quantifiable."""
    words = ("mrd", "flow", "--counts", "25,1000000", "--cells-counted", "nucleated", "--rules", "draft", "--json")
    code, out, _ = reall(*words)
    answer = json.loads(out)
    assert (code, answer["class"], answer["interval"]) == (0, "positive_not_quantifiable", [0.0, 5e-5])


def test_both_commands_read_standard_input(reall, monkeypatch):
    """`-` is a file like any other; its kind is told by its first bytes."""
    for content, words, field, value in (
        ((ROOT / "examples/mrd/bcp_all_example.fcs").read_bytes(), ("flow", "-", "--gates", GATES), "cells", 4600),
        (
            b'{"reads": {"segmented": [9]}, "clones": [{"id": "A", "reads": [9]}]}',
            ("ngs", "-", "--track", "A"),
            "reads",
            9,
        ),
    ):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        code, out, error = reall("mrd", *words, "--json")
        assert code == 0, error
        assert json.loads(out)[field] == value


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ((), 2, "either FILE with --gates, or --counts"),
        ((EXAMPLE,), 2, "needs --gates"),
        ((EXAMPLE, "--counts", "1,2"), 2, "either FILE"),
        (("--counts", "1"), 2, "not two whole numbers"),
        (("--counts", "0,0"), 12, "0 cells were counted"),
        ((EXAMPLE, "--gates", GATES, "--data-set", "2"), 12, "no data set 2"),
        ((GATES, "--gates", GATES), 12, "does not start an FCS data set"),
        ((EXAMPLE, "--gates", EXAMPLE), 12, "cannot be read"),
    ],
)
def test_what_flow_refuses(reall, words, code, says):
    got, _, error = reall("mrd", "flow", *words)
    assert (got, says in error) == (code, True), error


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("kind: polygon", "kind: hexagon"), "gates"),
        (("scale: dye", "scale: die"), "scale 'die', which is not declared"),
        (("parent: singlets", "parent: singlet"), "'singlet', which is not declared"),
        (("bounds: {DNA dye:", "bounds: {DNA:"), "channel 'DNA', which is not declared"),
        (("cells_counted: nucleated cells", "cells_counted: cells"), "level.cells_counted"),
        (("denominator: nucleated", "denominator: everything"), "'everything' that is not declared"),
        (("m: 4.5", "m: 0.5"), "no logicle has"),
        (("schema: reall.gates/1", "schema: reall.gates/2"), "schema"),
        (("gates:", "gates: ["), "not YAML"),
    ],
)
def test_a_gate_file_with_a_slip_is_refused_with_its_place(reall, tmp_path, change, says):
    text = (ROOT / "examples/mrd/bcp_all_gates.yaml").read_text()
    assert change[0] in text
    (tmp_path / "gates.yaml").write_text(text.replace(*change))
    code, _, error = reall("mrd", "flow", EXAMPLE, "--gates", tmp_path / "gates.yaml")
    assert (code, says in error) == (12, True), error


def test_leukaemic_events_outside_the_denominator_are_refused(reall, tmp_path):
    """The 40 blasts with CD19 are no part of the CD19-negative cells."""
    text = (ROOT / "examples/mrd/bcp_all_gates.yaml").read_text()
    (tmp_path / "gates.yaml").write_text(text.replace("denominator: nucleated", "denominator: CD19 negative"))
    code, _, error = reall("mrd", "flow", EXAMPLE, "--gates", tmp_path / "gates.yaml")
    assert (code, "40 of 65 leukaemic events lie outside the gate 'CD19 negative'" in error) == (12, True), error


def test_gates_without_a_level_give_no_level(reall, tmp_path):
    text = (ROOT / "examples/mrd/bcp_all_gates.yaml").read_text()
    (tmp_path / "gates.yaml").write_text(text[: text.index("level:")])
    code, _, error = reall("mrd", "flow", EXAMPLE, "--gates", tmp_path / "gates.yaml")
    assert code == 12
    assert "which the cells counted" in error


def test_pictures_and_pages_are_written(reall, tmp_path):
    """One page each, with the gates and the course on it."""
    flow, ngs = tmp_path / "flow.html", tmp_path / "ngs.html"
    assert reall("mrd", "flow", EXAMPLE, "--gates", GATES, "--html", flow, "--plot", tmp_path / "g.svg")[0] == 0
    assert flow.read_text().count("<svg") == 2
    assert "blasts CD19 negative" in (tmp_path / "g.svg").read_text()
    table = tmp_path / "t.csv"
    table.write_text("clonotype,locus,reads_d0,reads_d33\nA,IGH,9000,0\nB,TRG,1000,9000\n")
    assert reall("mrd", "ngs", table, "--html", ngs, "--plot", tmp_path / "n.png")[0] == 0
    assert ngs.read_text().count("<svg") == 2
    assert (tmp_path / "n.png").stat().st_size > 10_000


def test_only_the_sample_at_a_time_point_enters_a_case(reall, tmp_path):
    """The four samples before it have no protocol time point; a file without any is refused."""
    result = tmp_path / "ngs.json"
    named = ("--timepoint", "end_of_reinduction_block1", "--tissue", "marrow", "--cells", "100000", "--rules", "draft")
    for options, entries in ((named, 1), ((), 0)):
        _, out, _ = reall("mrd", "ngs", shared("vidjil_lil_l3/demo_lil_l3_tutorial.vidjil"), *options, "--json")
        result.write_text(out, encoding="utf-8")
        if entries:
            (entry,) = case_entries(result)
            assert (entry["timepoint"], entry["detected"]) == ("end_of_reinduction_block1", True)
        else:
            with pytest.raises(UnusableLaboratoryData, match="time point"):
                case_entries(result)


def test_the_page_shows_growing_clones_above_the_answer():
    alert = {"clonotype": "x", "kind": "growing_untracked_clone", "at": "day 263", "text": "x has grown."}
    result = {
        **MrdResult(method="NGS", classification=MrdClass.NEGATIVE, sensitivity_fraction=3e-5).to_json(),
        "alerts": [alert],
    }
    html = mrd_page([result])
    assert html.index("x has grown.") < html.index("Not detected")
    assert "No leukaemia was detected" not in html
    assert "None of the tracked clones was detected" in html
