"""The published schema of a registry table, and the commands schema, map and quality from the outside."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from reall.base.errors import ReallError
from reall.cli.cohort import command
from reall.cohort.registry import recognise, registry_columns
from reall.library.knowledge import Knowledge

EXAMPLES = Path(__file__).parents[2] / "examples"
BAD = "case,lineage,sex,testis_biopsy_positive,cns_status\na,B,female,yes,CNS1\nb,T,male,no,CNS3\nc,X,male,,\n"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def lines(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def bad(folder: Path) -> Path:
    (folder / "t.csv").write_text(BAD, encoding="utf-8")
    return folder / "t.csv"


def test_every_column_of_the_schema_is_known_to_the_reader(knowledge: Knowledge) -> None:
    columns = registry_columns(knowledge.vocabulary)
    assert recognise(tuple(columns), knowledge.vocabulary).other == ()
    assert {"case", "patient", "relapse_number", "previous_relapse_date", "mrd_before_hsct_tissue"} <= columns.keys()


def test_the_table_schema() -> None:
    fields = {field["name"]: field for field in json.loads(run("schema", "--json").stdout)["fields"]}
    assert fields["lineage"]["reall:answers"] == ["B", "T", "mature_B"]
    assert fields["relapse_date"]["type"] == "date"
    assert (fields["marrow_blasts_pct"]["unit"], fields["marrow_blasts_pct"]["maximum"]) == ("percent", 100)
    assert "not stated" not in fields["site_class"]["reall:answers"]


@pytest.mark.parametrize(
    ("row", "valid"),
    [
        ({"lineage": "B", "marrow_blasts_pct": 80, "relapse_number": 1, "sex": "male"}, True),
        ({"lineage": "B|T", "marrow_blasts_pct": ">=25", "months_from_diagnosis": "17..19", "bcr_abl1": "no"}, True),
        ({"lineage": "", "marrow_blasts_pct": None, "prior_allo_hsct": True, "other": "passed through"}, True),
        ({"lineage": "C"}, False),
        ({"marrow_blasts_pct": 140}, False),
        ({"marrow_blasts_pct": "many"}, False),
        ({"relapse_number": 1.5}, False),
        ({"bcr_abl1": "1"}, False),
        ({"cns_status": "CNS4"}, False),
    ],
)
def test_the_schema_of_a_row(row: dict[str, object], valid: bool) -> None:
    schema = json.loads(run("schema", "--json-schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert jsonschema.Draft202012Validator(schema).is_valid(row) is valid


def test_the_rows_of_the_example_fit_the_schema() -> None:
    validator = jsonschema.Draft202012Validator(json.loads(run("schema", "--json-schema").stdout))
    with (EXAMPLES / "registry.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            validator.validate(row)


def test_the_schema_for_a_person() -> None:
    said = run("schema").stdout
    assert "  lineage\n      Which lineage is the leukaemia (B = B-cell precursor)? [B | T | mature_B]" in said
    assert "the relapses of one child share `patient`" in said


def test_a_quality_report(tmp_path: Path) -> None:
    done = run("quality", bad(tmp_path))
    assert done.exit_code == 0
    assert "t.csv: 3 rows" in done.stdout
    assert "testis_of_a_girl: Testicular disease in a girl. 1 of 3 rows: 1" in done.stdout
    assert "row_cannot_be_used: A row that cannot be used. 2 of 3 rows: 1, 3" in done.stdout
    assert "Checking" not in done.stdout


def test_a_quality_report_as_files(tmp_path: Path) -> None:
    out, rows = tmp_path / "q.json", tmp_path / "rows.csv"
    done = run("quality", bad(tmp_path), "--json", "--out", out, "--rows", rows)
    report = json.loads(done.stdout)
    assert report == json.loads(out.read_text(encoding="utf-8"))
    assert report["schema"] == "reall.quality/1"
    assert report["rows"] == 3
    testis = next(check for check in report["checks"] if check["check"] == "testis_of_a_girl")
    assert (testis["status"], testis["rows"], testis["first_rows"], testis["severity"]) == ("found", 1, [1], "error")
    listed = lines(rows)
    assert {(row["row"], row["check"]) for row in listed} >= {("1", "testis_of_a_girl"), ("3", "row_cannot_be_used")}
    run("quality", bad(tmp_path), "--out", tmp_path / "q.csv")
    assert len(lines(tmp_path / "q.csv")) == len(report["checks"])


@pytest.mark.parametrize(
    "options",
    [
        ("quality", "--out", "q.txt"),
        ("quality", "--rows", "nowhere/rows.csv"),
        ("quality", "--rows", "t.csv"),
        ("quality", "--map", "none.yaml"),
        ("map", "--out", "nowhere/m.yaml"),
        ("map", "--check", "none.yaml"),
    ],
)
def test_outputs_and_inputs_that_cannot_be(options: tuple[str, ...], tmp_path: Path) -> None:
    verb, option, name = options
    done = run(verb, bad(tmp_path), option, tmp_path / name)
    assert isinstance(done.exception, ReallError)
    assert int(done.exception.exit_code) == 2
    assert lines(tmp_path / "t.csv")


def test_a_draft_and_its_check(tmp_path: Path) -> None:
    records, dictionary, draft = (
        EXAMPLES / "redcap/records.csv",
        EXAMPLES / "redcap/dictionary.csv",
        tmp_path / "m.yaml",
    )
    done = run("map", records, "--dictionary", dictionary, "--out", draft)
    assert done.exit_code == 0
    assert "facts proposed" in done.stderr
    assert not done.stdout
    again = run("map", records, "--dictionary", dictionary, "--out", draft)
    assert isinstance(again.exception, ReallError)  # a draft is somebody's work
    (tmp_path / "dictionary.csv").write_bytes(dictionary.read_bytes())
    checked = run("map", records, "--check", draft)
    assert checked.exit_code == 10
    assert "mrd_eoi: not confirmed" in checked.stdout
    ready = run("map", records, "--check", EXAMPLES / "redcap/mapping.yaml")
    assert ready.exit_code == 0
    assert "Ready to be used with --map." in ready.stdout


def test_the_map_of_assign_and_quality(tmp_path: Path) -> None:
    options = (EXAMPLES / "redcap/records.csv", "--map", EXAMPLES / "redcap/mapping.yaml")
    assigned = run("assign", *options)
    assert assigned.exit_code == 0
    assert "records.csv: 5 rows, 5 assigned, 0 cannot be used" in assigned.stdout
    assert "records.csv: 5 rows" in run("quality", *options).stdout
