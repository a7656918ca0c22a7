"""Every operation through three doors: command line, Python and REST give the same bytes, one newline at the end."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator

from reall import api
from reall.cli.main import reall
from reall.library.files import PACKAGED
from reall.service.app import create_app
from reall.service.settings import Settings

EXAMPLES = Path(__file__).parents[2] / "examples"
CASES = sorted((EXAMPLES / "cases").iterdir())
MRD = EXAMPLES / "mrd"
PLATE = {"control_gene": "ALB", "curve_dna": "diagnosis DNA", "samples": ["follow-up"]}
PLATE_OPTIONS = ("--control-gene", "ALB", "--curve-dna", "diagnosis DNA", "--sample", "follow-up")
GATES = MRD / "bcp_all_gates.yaml"
COURSE = [MRD / name for name in ("plate_day35.csv", "plate_day70.csv")]


@pytest.fixture(scope="module")
def service():
    """A service that does long work in a thread, so that tests share its imports."""
    settings = Settings(worker_processes=0)
    with TestClient(create_app(settings), base_url=settings.base_url) as client:
        yield client


@pytest.fixture(scope="module")
def description(service):
    return service.get("/api/v1/openapi.json").json()


def said(*words):
    """What the command line writes, byte for byte."""
    done = CliRunner().invoke(reall, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout_bytes


def upload(**files):
    return [(name, (path.name, path.read_bytes())) for name, paths in files.items() for path in paths]


def answered(response, description):
    """The bytes of an answer that keeps to its described schema."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    path = response.request.url.path
    names = [name for name in description["paths"] if _fits(name, path)]
    operation = description["paths"][names[0]][response.request.method.lower()]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    Draft202012Validator({**schema, "components": description["components"]}).validate(response.json())
    return response.content


def _fits(name, path):
    parts, given = name.split("/"), path.split("/")
    return len(parts) == len(given) and all(a == b or a.startswith("{") for a, b in zip(parts, given, strict=True))


def _unnamed(command, case):
    return command.replace(f'"case": "{case.stem}"'.encode(), b'"case": ""', 1)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_assess_through_three_doors(case, service, description):
    """A case without a name of its own has that of its file, where it came as one."""
    command = said("assess", case, "--json")
    kind = "application/json" if case.suffix == ".json" else "application/yaml"
    posted = service.post("/api/v1/assess", content=case.read_bytes(), headers={"content-type": kind})
    content = answered(posted, description)
    assert command == api.written(api.assess(case))
    assert content == (command if b"case:" in case.read_bytes() or kind.endswith("json") else _unnamed(command, case))
    assert service.post("/api/v1/assess", files=upload(case=[case])).content == command


def test_one_system_of_several_cases_through_three_doors(service, description, monkeypatch):
    monkeypatch.chdir(EXAMPLES / "cases")
    names = ["lineage-unknown.yaml", "late-testis.json"]
    command = said("assess", *names, "--system", "ukall_r3", "--json")
    posted = service.post("/api/v1/assess?system=ukall_r3", files=upload(case=[Path(name) for name in names]))
    assert answered(posted, description) == command
    assert api.written(api.assess_many({name: name for name in names}, systems=["ukall_r3"])) == command


def test_a_list_of_cases_names_the_one_that_cannot_be_used(service, description):
    cases = [{"case": "a", "facts": {"lineage": "B"}}, {"facts": {"linage": "B"}}, {"facts": {"lineage": "T"}}]
    content = answered(service.post("/api/v1/assess", json=cases), description)
    told = json.loads(content)
    assert [one["case"] for one in told] == ["a", "case 2", "case 3"]
    assert told[1]["error"]["what"] == "unknown fact 'linage'"
    assert told[1]["error"]["where"] == "the case 2"
    assert content == api.written(
        api.assess_many({"case 1": cases[0], "case 2": cases[1], "case 3": cases[2]})
    ).replace(b'"where": "the case"', b'"where": "the case 2"')


def test_options_through_three_doors(service, description):
    case = EXAMPLES / "cases" / "early-combined-cns.yaml"
    command = said("options", case, "--on", "2026-01-31", "--country", "EU", "--json")
    posted = service.post(
        "/api/v1/options?on=2026-01-31&country=EU",
        content=case.read_bytes(),
        headers={"content-type": "application/yaml"},
    )
    assert answered(posted, description) == command
    assert api.written(api.options(case, on="2026-01-31", country="EU")) == command
    assert (
        service.post("/api/v1/options", data={"on": "2026-01-31", "country": "EU"}, files=upload(case=[case])).content
        == command
    )


def _results(tmp_path):
    files = []
    for day, plate in ((35, COURSE[0]), (70, COURSE[1])):
        file = tmp_path / f"day{day}.json"
        made = api.mrd.rqpcr(
            plate, **PLATE, day=day, timepoint="end_of_reinduction_block1", tissue="marrow", rules="draft"
        )
        file.write_bytes(api.written(made))
        files.append(file)
    return files


def test_laboratory_data_through_three_doors(service, description, tmp_path):
    """Files are named by their last part in every answer, whichever door they came through."""
    results = _results(tmp_path)
    days = tmp_path / "days.csv"
    days.write_text("clonotype,locus,reads_d0,reads_d33\nA,IGH,9000,0\nB,TRG,1000,9000\n")
    plate, droplets, tube = MRD / "plate_day35.csv", MRD / "fstl1_droplets.tsv", MRD / "bcp_all_example.fcs"
    reads = EXAMPLES / "clones" / "SJBALL031.ssm"
    params = reads.with_suffix(".params.json")
    table = [
        (("mrd", "rqpcr", plate, *PLATE_OPTIONS, "--rules", "draft", "--purpose", "therapy_reduction"),
         {"file": [plate]}, {**PLATE, "rules": "draft", "purpose": "therapy_reduction"},
         lambda: api.mrd.rqpcr(plate, **PLATE, rules="draft", purpose="therapy_reduction")),
        (("mrd", "ddpcr", droplets), {"file": [droplets]}, {}, lambda: api.mrd.ddpcr(droplets)),
        (("mrd", "ngs", days, "--track", "A"), {"files": [days]}, {"track": ["A"]},
         lambda: api.mrd.ngs([days], track=["A"])),
        (("mrd", "flow", tube, "--gates", GATES, "--tissue", "marrow"), {"file": [tube], "gates": [GATES]},
         {"tissue": "marrow"}, lambda: api.mrd.flow(tube, gates=GATES, tissue="marrow")),
        (("mrd", "flow", "--counts", "25,1000000", "--cells-counted", "nucleated"), {},
         {"counts": "25,1000000", "cells_counted": "nucleated"},
         lambda: api.mrd.flow(counts="25,1000000", cells_counted="nucleated")),
        (("mrd", "course", *results), {"results": results}, {}, lambda: api.mrd.course(results)),
        (("clones", reads, "--trees", "2"), {"file": [reads], "params": [params]}, {"trees": "2"},
         lambda: api.clones(reads, trees=2)),
    ]  # fmt: skip
    for words, files, texts, python in table:
        command = said(*words, "--json")
        address = "/".join(words[:2]) if words[0] == "mrd" else words[0]
        sent = upload(**files) or _only_texts(texts)
        posted = service.post(f"/api/v1/{address}", data=texts if files else None, files=sent)
        assert answered(posted, description) == command == api.written(python()), words
        if files:
            assert str(tmp_path).encode() not in posted.content


def _only_texts(texts):
    """A form without files that still is multipart."""
    return [(name, (None, value)) for name, value in texts.items()]


@pytest.mark.parametrize(
    ("words", "address", "python"),
    [
        (("list",), "", api.knowledge.about),
        (("list", "systems"), "/systems", lambda: api.knowledge.names("systems")),
        (("list", "facts"), "/facts", lambda: api.knowledge.names("facts")),
        (("list", "outcomes"), "/outcomes", lambda: api.knowledge.names("outcomes")),
        (("show", "lineage"), "/facts/lineage", lambda: api.knowledge.show("lineage")),
        (("show", "ukall_r3"), "/systems/ukall_r3", lambda: api.knowledge.show("ukall_r3")),
        (("show", "blinatumomab"), "/options/blinatumomab", lambda: api.knowledge.show("blinatumomab")),
        (("show", "parker_2010"), "/sources/parker_2010", lambda: api.knowledge.show("parker_2010")),
        (("cite", "parker_2010"), "/sources/parker_2010/uses", lambda: api.knowledge.cite("parker_2010")),
    ],
)
def test_the_knowledge_through_three_doors(words, address, python, service, description):
    got = service.get(f"/api/v1/knowledge{address}")
    assert answered(got, description) == said("knowledge", *words, "--json") == api.written(python())


def test_every_entry_of_the_knowledge_has_an_address(service, description):
    for kind, count in service.get("/api/v1/knowledge").json()["holds"].items():
        entries = service.get(f"/api/v1/knowledge/{kind}").json()["entries"]
        assert len(entries) == count
        for entry in entries[:: max(1, count // 3)]:
            answered(service.get(f"/api/v1/knowledge/{kind}/{entry['id']}"), description)


def test_versions_that_the_site_keeps_are_compared(tmp_path):
    """The same comparison as `reall knowledge diff`: one cut-off moved in a copy."""
    old = tmp_path / "older"
    shutil.copytree(PACKAGED, old)
    file = old / "definitions" / "bfm_time.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("< 18", "< 17", 1), encoding="utf-8")
    assert text != file.read_text(encoding="utf-8")
    site = Settings(worker_processes=0, knowledge_folder=str(tmp_path))
    with TestClient(create_app(site), base_url=site.base_url) as client:
        got = client.get("/api/v1/knowledge/diff?old=older").content
    assert got == said("knowledge", "diff", old, "--json")
    assert any(change["kind"] == "row" for change in json.loads(got)["changes"])


def test_the_knowledge_in_use_differs_in_nothing_from_itself(service, description):
    told = json.loads(answered(service.get("/api/v1/knowledge/diff"), description))
    assert told["changes"] == []
    assert told["old_version"] == told["new_version"]


def test_the_description_in_the_repository_is_fresh(description):
    """After a change: `reall serve --openapi > docs/reference/openapi.json`."""
    page = (EXAMPLES.parent / "docs" / "reference" / "openapi.json").read_bytes()
    assert json.loads(page) == description
    assert CliRunner().invoke(reall, ["serve", "--openapi"]).stdout_bytes == page
