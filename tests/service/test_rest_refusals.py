"""Refusals of the REST door: the status, and the same code, what, why and next as the command line."""

import json
import sys
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from own_loop import run_alone

from reall.base.errors import ReallError
from reall.cli import main as cli
from reall.service.app import create_app
from reall.service.settings import Settings
from reall.service.work import TookTooLong, Workers

PLATE = Path(__file__).parents[2] / "examples" / "mrd" / "plate_day35.csv"
PARTS = {"type", "title", "status", "detail", "code", "what", "where", "why", "next"}
YAML = {"content-type": "application/yaml"}


@pytest.fixture(scope="module")
def service():
    settings = Settings(worker_processes=0)
    with TestClient(create_app(settings), base_url=settings.base_url) as client:
        yield client


def refused(response, status, code):
    """A problem with all its parts."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    problem = response.json()
    assert set(problem) == PARTS
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"] == f"/api/v1/problems/{code.removeprefix('reall/')}"
    assert problem["what"] in problem["detail"]
    return problem


@pytest.mark.parametrize(
    "case",
    [
        {"facts": {"linage": "B"}},
        {"facts": {"lineage": "C"}},
        {"facts": {"marrow_blasts_pct": 800}},
        {"facts": {"relapse_date": "2019-02-30"}},
        {"facts": {"relapse_date": "2016-03-01", "diagnosis_date": "2018-03-01"}},
        {"facts": {"bcr_abl1": "perhaps"}},
        {"facts": []},
        {"lineage": "B"},
        {"schema": "reall.case/2"},
        {"case": {"name": "x"}},
        {"mrd": [{"timepoint": "end_of_reinduction_block1", "level": 0.1}]},
        {"mrd": [{"timepoint": 5}]},
        {"mrd": [{"level_fraction": 5}]},
        {"exposures": [{"agent": "daunorubicin", "cumulative_mg_m2": -1}]},
        {"exposures": [{"agent": 7, "cumulative_mg_m2": 1}]},
    ],
    ids=json.dumps,
)
def test_an_unusable_case_is_refused_as_on_the_command_line(case, service, tmp_path, monkeypatch, capsys):
    """`where` names the file there and "the case" here."""
    file = tmp_path / "case.json"
    file.write_text(json.dumps(case))
    monkeypatch.setattr(sys, "argv", ["reall", "assess", str(file), "--json"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    error = json.loads(capsys.readouterr().err)["error"]
    problem = refused(service.post("/api/v1/assess", json=case), 422, "reall/unusable-case")
    assert ended.value.code == 10
    assert {part: problem[part] for part in ("code", "what", "why", "next")} == {
        part: error[part] for part in ("code", "what", "why", "next")
    }
    assert problem["where"] == error["where"].replace(str(file), "the case")


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"", "application/json", 400, "reall/unusable-case"),
        (b"{", "application/json", 400, "reall/unusable-case"),
        (b"facts: {lineage: B}", "application/json", 400, "reall/unusable-case"),
        (b'{"facts": {"lineage": NaN}}', "application/json", 400, "reall/unusable-case"),
        (b'{"facts": {}, "facts": {}}', "application/json", 400, "reall/unusable-case"),
        (b"facts: {lineage: &x B, sex: *x}", "application/yaml", 400, "reall/unusable-case"),
        (b"\xff", "application/yaml", 400, "reall/unusable-case"),
        (b"[]", "application/json", 422, "reall/unusable-case"),
        (b"7", "application/json", 422, "reall/unusable-case"),
        (b"{}", "text/plain", 415, "reall/unsupported-media-type"),
        (b"{}", "", 415, "reall/unsupported-media-type"),
        (b" " * 4_000_001, "application/json", 413, "reall/too-large"),
    ],
)
def test_bodies_that_are_none(content, kind, status, code, service):
    for address in ("assess", "options"):
        refused(service.post(f"/api/v1/{address}", content=content, headers={"content-type": kind}), status, code)


def test_addresses_methods_and_kinds_of_answer(service):
    refused(service.get("/api/v1/nothing"), 404, "reall/not-found")
    refused(service.get("/api/v1/knowledge/systems/ukall_r2"), 404, "reall/not-found")
    refused(service.get("/api/v1/knowledge/poems"), 404, "reall/not-found")
    refused(service.get("/api/v1/knowledge/sources/nobody/uses"), 404, "reall/not-found")
    refused(service.get("/api/v1/knowledge/diff?old=1066.1"), 404, "reall/not-found")
    assert refused_allow(service.put("/api/v1/assess")) == "OPTIONS, POST"
    assert refused_allow(service.post("/api/v1/knowledge")) == "GET, HEAD, OPTIONS"
    asked = service.options("/api/v1/knowledge/systems")
    assert (asked.status_code, asked.headers["allow"], asked.content) == (204, "GET, HEAD, OPTIONS", b"")
    head, got = service.head("/api/v1/knowledge"), service.get("/api/v1/knowledge")
    assert head.content == b""
    assert head.headers["content-length"] == str(len(got.content))
    refused(service.get("/api/v1/knowledge", headers={"accept": "text/html"}), 406, "reall/not-acceptable")
    refused(service.get("/api/v1/knowledge?version=2"), 422, "reall/wrong-usage")


def refused_allow(response):
    refused(response, 405, "reall/method-not-allowed")
    return response.headers["allow"]


@pytest.mark.parametrize(
    ("texts", "what"),
    [
        ({"day": "nan"}, "day: Input should be a finite number"),
        ({"curve_ng": "0"}, "curve_ng: Input should be greater than 0"),
        ({"control_unit": "grams"}, "control_unit: Input should be 'genomes', 'copies' or 'ng'"),
        ({"target": "IGH"}, "there is no field 'target'"),
        ({"rules": "/etc/passwd"}, "rules: Input should be 'draft'"),
        ({"tissue": ["marrow", "blood"]}, "tissue is given 2 times"),
        ({"targets": ["TRB"]}, "The plate has no target 'TRB'."),
    ],
)
def test_fields_that_cannot_be(texts, what, service):
    posted = service.post("/api/v1/mrd/rqpcr", data=texts, files={"file": (PLATE.name, PLATE.read_bytes())})
    assert refused(posted, 422, "reall/wrong-usage")["what"] == what


def test_a_text_never_opens_a_file_of_the_server(service, tmp_path):
    """Days, roles and rule sets may be files on the command line; here a path is only a text."""
    table = tmp_path / "days.csv"
    table.write_text("day\n0\n33\n")
    reads = b"clonotype,locus,reads_d0,reads_d33\nA,IGH,9000,0\n"
    posted = service.post("/api/v1/mrd/ngs", data={"days": str(table)}, files={"files": ("a.csv", reads)})
    refused(posted, 422, "reall/wrong-usage")
    roles = tmp_path / "roles"
    roles.write_text("sample,role\nD,diagnosis\n")
    posted = service.post("/api/v1/clones", data={"roles": str(roles)}, files={"file": ("a.csv", reads)})
    assert "does not name a sample and its role" in refused(posted, 422, "reall/wrong-usage")["what"]


def test_a_file_is_named_as_it_was_handed_over(service):
    posted = service.post("/api/v1/mrd/rqpcr", files={"file": ("../../plate.csv", b"\x00")})
    assert refused(posted, 422, "reall/unusable-laboratory-data")["where"].startswith("plate.csv")
    assert "/tmp" not in posted.text
    as_text = service.post("/api/v1/mrd/rqpcr", files=[("file", (None, "A1,sample"))])
    assert refused(as_text, 422, "reall/wrong-usage")["what"] == "file is a text where a file is needed"
    many = service.post("/api/v1/mrd/course", files=[("results", ("a.json", b"{}"))] * 17)
    assert refused(many, 422, "reall/wrong-usage")["what"] == "results has 17 files"
    missing = service.post("/api/v1/mrd/rqpcr", files=[("run", (None, "1"))])
    assert refused(missing, 422, "reall/wrong-usage")["what"] == "the file 'file' is missing"


def test_a_fault_of_the_program_tells_nothing_of_the_case(monkeypatch, caplog):
    settings = Settings(worker_processes=0)
    with TestClient(create_app(settings), base_url=settings.base_url, raise_server_exceptions=False) as client:
        parts = client.app.state.parts

        def fail(*_, **__):
            raise RuntimeError("canary-7f3a")

        monkeypatch.setattr(type(parts.answers), "assess", fail)
        posted = client.post("/api/v1/assess", json={"case": "canary-7f3a"})
    refused(posted, 500, "reall/accident")
    assert "canary-7f3a" not in posted.text
    assert "canary-7f3a" not in caplog.text


def _sleeps(seconds):
    import time  # noqa: PLC0415 - runs in a process of its own

    time.sleep(seconds)


def test_long_work_is_stopped_in_time_and_the_next_is_done():
    """Boundary: the work takes 30 s, the site allows 0.2 s; the process is ended, not waited for."""

    async def ask():
        with pytest.raises(TookTooLong):
            await Workers(processes=1, seconds=0.2).run(_sleeps, 30)
        return await Workers(processes=1, seconds=60).run(abs, -7)

    assert run_alone(ask) == 7


def test_an_error_crosses_from_a_worker_whole():
    """What, where, why and next survive the way between processes."""

    async def ask():
        settings = Settings(worker_processes=1)
        from reall.service.rest.laboratory import perform  # noqa: PLC0415

        workers = Workers(processes=settings.worker_processes, seconds=100)
        await workers.run(perform, "mrd/flow", {"counts": "1,2", "file": None, "rules": "nowhere.yaml"})

    with pytest.raises(ReallError) as error:
        run_alone(ask)
    assert error.value.where == "nowhere.yaml"
    assert error.value.next
