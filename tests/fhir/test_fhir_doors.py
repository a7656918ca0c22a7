"""The doors: `reall convert`, `reall assess` with a record, `POST /fhir/$assess`, `GET /fhir/metadata`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from fhir_records import bundle, child, faults_of, observation, quantity

from reall.cli.main import main
from reall.library.fhir import check_fhir
from reall.library.files import PACKAGED
from reall.library.knowledge import Knowledge
from reall.service.app import create_app
from reall.service.settings import Settings

RECORD = bundle(
    *child(observation("26465-5", quantity(80, "/uL")), observation("26454-9", {"valueString": "few"}, id_="c"))
)
EXAMPLE = Path(__file__).parents[2] / "examples" / "cases" / "ten-lines.yaml"
FHIR = {"Content-Type": "application/fhir+json"}


class Ran:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


def reall(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object) -> Ran:
    monkeypatch.setattr(sys, "argv", ["reall", *map(str, arguments)])
    capsys.readouterr()
    code = 0
    try:
        main()
    except SystemExit as end:
        code = int(end.code or 0)
    written = capsys.readouterr()
    return Ran(code, written.out, written.err)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "record.json"
    path.write_text(json.dumps(RECORD), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(create_app(Settings()), base_url="http://localhost")


def test_convert_writes_the_case_and_tells_what_is_odd(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = reall(monkeypatch, capsys, "convert", file)
    assert (ran.code, json.loads(ran.out)["facts"]["csf_wbc_per_ul"]) == (0, 80)
    assert "warning: Observation/c Observation.valueString: csf_rbc_per_ul is given in words" in ran.err
    reading = json.loads(reall(monkeypatch, capsys, "convert", file, "--to", "reading").out)
    assert reading["schema"] == "reall.fhir_reading/1"


def test_assess_takes_a_record(file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    ran = reall(monkeypatch, capsys, "assess", file, "--json")
    assert json.loads(ran.out)["case"] == "p"
    assert "is a FHIR record; 0 errors, 1 warnings" in ran.err


def test_a_case_goes_to_fhir_and_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    assert reall(monkeypatch, capsys, "convert", EXAMPLE, "--to", "fhir", "--out", out).code == 0
    back = json.loads(reall(monkeypatch, capsys, "convert", out).out)
    assert (back["case"], back["facts"]["months_from_diagnosis"]) == ("ten-lines", 40)


def test_a_record_becomes_a_phenopacket_and_that_a_case(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "packet.json"
    assert reall(monkeypatch, capsys, "convert", file, "--to", "phenopacket", "--out", out).code == 0
    assert json.loads(reall(monkeypatch, capsys, "convert", out).out)["facts"]["lineage"] == "B"
    assert reall(monkeypatch, capsys, "convert", out, "--to", "reading").code == 2


def test_a_folder_of_an_export_gives_a_line_for_each_patient(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "all.ndjson").write_text("\n".join(json.dumps(one) for one in child()), encoding="utf-8")
    ran = reall(monkeypatch, capsys, "convert", tmp_path)
    assert [json.loads(line)["case"] for line in ran.out.splitlines()] == ["p"]
    assert "1 patients; 0 errors" in ran.err


@pytest.mark.parametrize("arguments", [["--to", "fhir"], ["--to", "nothing"]])
def test_wrong_usage_ends_with_2(
    arguments: list[str], file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reall(monkeypatch, capsys, "convert", file, *arguments).code == 2


def test_a_file_that_is_not_there_ends_with_10(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reall(monkeypatch, capsys, "convert", "none.json", "--from", "fhir").code == 10


def test_the_service_assesses_a_record(client: TestClient) -> None:
    answer = client.post("/fhir/$assess", content=json.dumps(RECORD), headers=FHIR)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/fhir+json")
    assert answer.headers["cache-control"] == "no-store"
    made = answer.json()
    kinds = {entry["resource"]["resourceType"] for entry in made["entry"]}
    assert kinds == {"RiskAssessment", "Observation", "DocumentReference", "Provenance", "OperationOutcome"}
    assert faults_of([made]) == [[]]


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/fhir+json", 422),
        (b'{"resourceType": "Bundle", "type": "history"}', "application/fhir+json", 422),
        (b"<Bundle/>", "application/fhir+xml", 415),
    ],
)
def test_the_service_refuses_with_an_operation_outcome(
    content: bytes, kind: str, status: int, client: TestClient
) -> None:
    answer = client.post("/fhir/$assess", content=content, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert faults_of([answer.json()]) == [[]]


def test_the_service_says_what_it_can_do(client: TestClient) -> None:
    answer = client.get("/fhir/metadata")
    assert answer.json()["fhirVersion"] == "4.0.1"
    assert faults_of([answer.json()]) == [[]]


def test_the_mapping_names_facts_sources_and_conditions_that_exist(knowledge: Knowledge) -> None:
    check_fhir(PACKAGED, knowledge.vocabulary, knowledge.sources)
