"""`reall options` as a user meets it: text, JSON by contract, page, bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from reall.base.errors import ReallError, UnusableCase, WrongUsage
from reall.cli.options import command

CASE = """
case: example-1
facts:
  relapse_number: 1
  lineage: B
  diagnosis_date: 2016-03-01
  treatment_end_date: 2018-05-20
  relapse_date: 2019-07-10
  on_primary_therapy_at_relapse: no
  age_at_relapse_years: 9
  marrow_blasts_pct: 80
  cns_status: CNS1
  testis_biopsy_positive: no
  other_em_sites: []
  prior_allo_hsct: no
  bcr_abl1: no
  down_syndrome: no
  prior_blinatumomab: no
  genetics: [ETV6::RUNX1]
exposures:
  - {agent: daunorubicin, cumulative_mg_m2: 120}
"""
OPTION_KEYS = {"id", "purpose", "status", "because", "missing", "settling_sets", "would_change_if", "cautions", "label",
               "evidence", "knowledge_status"}  # fmt: skip


@pytest.fixture
def case(tmp_path: Path) -> str:
    path = tmp_path / "case.yaml"
    path.write_text(CASE, encoding="utf-8")
    return str(path)


def run(*args: str, **more: object) -> str:
    result = CliRunner().invoke(command, list(args), **more)
    if isinstance(result.exception, ReallError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_json_keeps_the_contract(case):
    data = json.loads(run(case, "--json", "--on", "2019-05-01", "--country", "us"))
    assert (data["schema"], data["on"], data["country"]) == ("reall.options/1", "2019-05-01", "US")
    for option in data["options"]:
        assert set(option) >= OPTION_KEYS
        assert option["status"] in {"eligible", "not_eligible", "undetermined"}
        assert all({"criterion", "verdict", "facts", "source", "at"} <= set(reason) for reason in option["because"])
        assert bool(option["missing"]) == (option["status"] == "undetermined")
    assert [t["words"] for t in data["anthracyclines"]["totals"]] == ["72 mg/m²", "60 mg/m²", "120 mg/m²", "72 mg/m²"]


def test_standard_input_gives_the_same_answer(case):
    assert run("-", "--json", "--on", "2020-01-01", input=CASE) == run(case, "--json", "--on", "2020-01-01")


def test_the_screen_names_statuses_missing_facts_and_never_ranks(case):
    text = run(case, "--on", "2026-11-21")
    assert "REINDUCTION" in text
    assert "CD19 status would settle" in text
    assert "Not a medical device" in " ".join(text.split())
    assert "recommended" not in text


def test_the_page_stands_alone_and_escapes_what_the_case_says(tmp_path: Path):
    path = tmp_path / "case.yaml"
    path.write_text(CASE.replace("example-1", '"<script>alert(1)</script>"'), encoding="utf-8")
    page = tmp_path / "page.html"
    run(str(path), "--html", str(page))
    text = page.read_text(encoding="utf-8")
    assert "<script" not in text
    assert "http://" not in text.replace("http-equiv", "")
    assert text.count('id="option-') == len(set(text.split('id="option-')[1:]))


@pytest.mark.parametrize("facts", [CASE, "case: example-1\nfacts: {}\n"], ids=["usual", "nothing known"])
def test_the_first_printed_page_is_one_sheet(tmp_path, facts):
    """WeasyPrint lays the page out; the second printed page starts with the first purpose in full."""
    pypdf = pytest.importorskip("pypdf")
    weasyprint = pytest.importorskip("weasyprint")
    path, page, pdf = tmp_path / "case.yaml", tmp_path / "page.html", tmp_path / "page.pdf"
    path.write_text(facts, encoding="utf-8")
    run(str(path), "--html", str(page))
    weasyprint.HTML(filename=str(page)).write_pdf(str(pdf))
    first, second = (pypdf.PdfReader(str(pdf)).pages[i].extract_text() for i in (0, 1))
    assert "What can be given: example-1" in first
    assert "Trials" in first
    assert second.lstrip().startswith("Reinduction")


@pytest.mark.parametrize(
    ("args", "error", "words"),
    [
        (["--on", "yesterday"], WrongUsage, "is not a day"),
        (["--country", "Atlantis"], WrongUsage, "no label of"),
    ],
)
def test_wrong_usage(case, args, error, words):
    with pytest.raises(error, match=words):
        run(case, *args)


def test_a_file_that_is_not_there_and_facts_that_contradict(case, tmp_path):
    with pytest.raises(UnusableCase, match="cannot be read"):
        run(str(tmp_path / "missing.yaml"))
    path = tmp_path / "bad.yaml"
    path.write_text("facts: {sex: female, testis_biopsy_positive: yes}", encoding="utf-8")
    with pytest.raises(UnusableCase, match="contradict"):
        run(str(path))
