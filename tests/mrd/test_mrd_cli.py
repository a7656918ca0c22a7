"""`reall mrd` from the command line: JSON, text, pages, exit codes."""

import csv
import ctypes.util
import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from rqpcr_plates import plate

from reall.base.errors import ReallError
from reall.cli import main as cli
from reall.cli.main import reall
from reall.report import mrd_page

OPTIONS = ["--control-gene", "ALB", "--curve-genomes", "100000", "--tissue", "marrow"]


def write_plate(path, made):
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["well", "sample", "target", "role", "cq", "quantity", "unit"])
        for w in made.wells:
            cq = "" if w.cq is None else f"{w.cq:.4f}"
            rows.writerow([w.position, w.sample, w.target, w.role, cq, w.quantity or "", w.unit])
    return str(path)


@pytest.fixture
def follow_up(tmp_path):
    return write_plate(tmp_path / "plate.csv", plate(level=5e-4))


def run(*arguments):
    return CliRunner().invoke(reall, ["mrd", *map(str, arguments)], catch_exceptions=False)


def test_help_names_every_method():
    out = run("--help").output
    for method in ("rqpcr", "ddpcr", "ngs", "flow", "course", "design"):
        assert method in out


def test_json_holds_the_contract(follow_up):
    done = run("rqpcr", follow_up, *OPTIONS, "--rules", "draft", "--purpose", "therapy_reduction", "--json")
    found = json.loads(done.stdout)
    assert done.exit_code == 0
    assert set(found) >= {
        "schema", "method", "timepoint", "tissue", "purpose", "target", "class", "level_fraction", "interval",
        "sensitivity_fraction", "quantitative_range", "cells", "denominator", "findings", "curve", "ruleset",
        "knowledge_status",
    }  # fmt: skip
    assert found["schema"] == "reall.mrd/1"
    assert found["class"] == "quantified"
    assert found["level_fraction"] == pytest.approx(5e-4, rel=1e-4)
    assert set(found["curve"]) >= {"slope", "intercept", "r_squared", "efficiency"}
    assert (found["ruleset"], found["knowledge_status"]) == ("draft 0.1", "draft")


def test_without_rules_there_is_no_call(follow_up):
    found = json.loads(run("rqpcr", follow_up, *OPTIONS, "--json").stdout)
    assert found["class"] == "not_evaluable"
    assert "no rule set chosen" in {finding["rule"] for finding in found["findings"]}


def test_standard_input(follow_up):
    text = Path(follow_up).read_bytes()
    done = CliRunner().invoke(reall, ["mrd", "rqpcr", "-", *OPTIONS, "--json"], input=text, catch_exceptions=False)
    assert json.loads(done.stdout)["level_fraction"] == pytest.approx(5e-4, rel=1e-4)


def test_text_says_what_it_means(tmp_path):
    silent = write_plate(tmp_path / "silent.csv", plate(sample_cqs=(None,) * 3))
    out = run("rqpcr", silent, *OPTIONS, "--rules", "draft").stdout
    assert "It does not mean zero" in out
    assert "draft 0.1 (draft)" in out


def test_a_layout_without_roles_can_be_completed(tmp_path):
    made = plate(level=5e-4)
    file = tmp_path / "bare.csv"
    lines = ["sample,target,task,cq"]
    lines += [f"{w.sample},{w.target},unknown,{'' if w.cq is None else w.cq}" for w in made.wells if w.target == "IGH"]
    file.write_text("\n".join(lines), encoding="utf-8")
    standards = [part for p in range(1, 6) for part in ("--standard", f"dx 1e-{p}={10.0**-p}")]
    found = json.loads(run("rqpcr", file, *standards, "--background", "MNC", "--sample", "FU", "--json").stdout)
    assert found["curve"]["slope"] == pytest.approx(-3.4)
    assert found["quantity"]["value"] == pytest.approx(5e-4, rel=1e-4)


def test_the_page_shows_curve_level_and_caution(follow_up, tmp_path):
    html = tmp_path / "page.html"
    done = run("rqpcr", follow_up, *OPTIONS, "--rules", "draft", "--html", html)
    assert done.exit_code == 0
    text = html.read_text(encoding="utf-8")
    assert "unconfirmed values" in text
    assert text.count("<svg") == 2


def test_the_report_of_one_sample_is_one_printed_page(follow_up, tmp_path):
    pypdf = pytest.importorskip("pypdf", reason="pypdf is a development dependency")
    if ctypes.util.find_library("pango-1.0") is None:
        pytest.skip("the text libraries for PDF (libpango) are not installed")
    pdf = tmp_path / "page.pdf"
    run("rqpcr", follow_up, *OPTIONS, "--rules", "draft", "--pdf", pdf)
    assert len(pypdf.PdfReader(pdf).pages) == 1


def test_a_missing_pdf_library_is_explained(follow_up, tmp_path, monkeypatch):
    def absent(name):
        raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.setattr(mrd_page.importlib, "import_module", absent)
    with pytest.raises(ReallError, match="libpangoft2"):
        mrd_page.html_to_pdf("<p>x</p>")


def test_a_name_in_the_data_cannot_become_markup(tmp_path):
    made = plate(level=5e-4, target="<script>alert(1)</script>")
    file = write_plate(tmp_path / "plate.csv", made)
    page = tmp_path / "page.html"
    run("rqpcr", file, *OPTIONS, "--html", page)
    assert "<script>" not in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["rqpcr", "absent.rdml"], 12, "cannot be read"),
        (["rqpcr", "{plate}", "--target", "TRB"], 2, "no target 'TRB'"),
        (["rqpcr", "{plate}", "--run", "7"], 12, "no run '7'"),
        (["rqpcr", "{plate}", "--background", "nobody"], 12, "No well is labelled 'nobody'"),
        (["rqpcr", "{plate}", "--standard", "dx=5"], 2, "is not NAME=FRACTION"),
        (["rqpcr", "{plate}", "--rules", "absent.yaml"], 11, "rule set cannot be read"),
        (["ddpcr", "{plate}"], 12, "columns well, target, positives, negatives"),
        (["course", "{plate}"], 12, "cannot be read as JSON"),
    ],
)
def test_exit_codes(monkeypatch, capsys, follow_up, arguments, code, words):  # noqa: PLR0917 - fixtures and table
    monkeypatch.setattr(sys, "argv", ["reall", "mrd", *(a.format(plate=follow_up) for a in arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == code
    assert words in capsys.readouterr().err


DROPLETS = "Well,Sample,TypeAssay,Assay,Concentration,Positives,Negatives,AcceptedDroplets\n" + "".join(
    f"{row}0{i},{sample},{kind},{target},No Call,{k},{15_000 - k},15000\n"
    for i in (1, 2, 3)
    for row, sample, kind, target, k in (
        ("A", "FU", "Ch1Unknown", "IGH", 20),
        ("A", "FU", "Ch2Unknown", "ALB", 7_500),
        ("B", "MNC", "Ch1Unknown", "IGH", 0),
    )
)


def test_ddpcr(tmp_path):
    file = tmp_path / "qx.csv"
    file.write_text(DROPLETS, encoding="utf-8")
    naming = ["--target", "IGH", "--reference", "ALB", "--background", "MNC", "--rules", "draft"]
    found = json.loads(run("ddpcr", file, *naming, "--json").stdout)
    assert (found["class"], found["method"], found["sample"]) == ("quantified", "ddPCR", "FU")
    assert found["cells"] == pytest.approx(15_596, rel=1e-3)
    page = tmp_path / "page.html"
    run("ddpcr", file, *naming, "--html", page)
    assert "Copies per µL" in page.read_text(encoding="utf-8")
    assert len(json.loads(run("ddpcr", file, "--json").stdout)["plate"]) == 9


def test_one_bad_sample_leaves_the_others_their_results(tmp_path):
    file = tmp_path / "qx.csv"
    lost = "C01,lost,Ch1Unknown,IGH,No Call,3,14997,15000\nC01,lost,Ch2Unknown,ALB,No Call,0,15000,15000\n"
    file.write_text(DROPLETS + lost, encoding="utf-8")
    naming = ["--target", "IGH", "--reference", "ALB", "--background", "MNC", "--rules", "draft", "--json"]
    good, bad = json.loads(run("ddpcr", file, *naming).stdout)["results"]
    assert (good["class"], bad["class"]) == ("quantified", "not_evaluable")
    assert "No droplet is positive for the reference gene" in bad["findings"][0]["text"]


def test_course(tmp_path):
    files = []
    for day, made in ((33, plate(level=5e-3)), (78, plate(sample_cqs=(None,) * 3)), (120, plate(level=2e-6))):
        file = tmp_path / f"d{day}.json"
        source = write_plate(tmp_path / f"d{day}.csv", made)
        done = run("rqpcr", source, *OPTIONS, "--rules", "draft", "--day", day, "--json")
        file.write_text(done.stdout, encoding="utf-8")
        files.append(file)
    found = json.loads(run("course", *files, "--json").stdout)
    (series,) = found["series"]
    assert [m["class"] for m in series["measurements"]] == [
        "quantified",
        "negative",
        "positive_not_quantifiable",
    ]
    assert series["changes"][0]["log_reduction"][1] is None
    text = run("course", *files).stdout
    assert "fell by at least 2.6 powers of ten" in text
    assert "positive on day 120" in text
    page, picture = tmp_path / "c.html", tmp_path / "c.svg"
    run("course", *files, "--html", page, "--svg", picture)
    assert "<svg" in page.read_text(encoding="utf-8")
    assert run("course", f"{files[0]}@40", "--json").exit_code == 0


def test_design(tmp_path):
    assert json.loads(run("design", "cells", "--level", "1e-4", "--json").stdout)["cells"] == 29_958
    plan = json.loads(run("design", "dna", "--ng", 600, "--wells", 3, "--json").stdout)
    assert plan["cells"] == pytest.approx(3 * 92_879, abs=2)  # 6.46 pg per genome
    file = tmp_path / "m.csv"
    file.write_text("marker,kind,monoclonal\nA,IGH,yes\nB,IGK-Kde,yes\n", encoding="utf-8")
    assert run("design", "targets", file).stdout.startswith("1. B")
