"""Laboratory pages: each kind of file in, the operation's own answer out; bad files keep the form."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from concurrent.futures import Future
from threading import Event
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from pages_support import EXAMPLES

from reall.api.mrd import ddpcr, flow, ngs, rqpcr
from reall.api.output import written
from reall.api.story import clones
from reall.base.documents import read_document
from reall.base.errors import UnusableCase, WrongUsage
from reall.facts.case import read_case
from reall.library.knowledge import open_knowledge
from reall.service.pages import work
from reall.service.pages.work import Desk

PLATE = EXAMPLES / "mrd" / "plate_day35.csv"
DROPLETS = EXAMPLES / "mrd" / "fstl1_droplets.tsv"
TUBE, GATES = EXAMPLES / "mrd" / "bcp_all_example.fcs", EXAMPLES / "mrd" / "bcp_all_gates.yaml"
READS, PARAMS = EXAMPLES / "clones" / "SJBALL031.ssm", EXAMPLES / "clones" / "SJBALL031.params.json"
BLOCK1 = {"timepoint": "end_of_reinduction_block1", "tissue": "marrow"}
AS_ON_THE_PAGE: dict[str, Any] = {"control_gene": "ALB", "curve_dna": "diagnosis DNA", "rules": "draft", **BLOCK1}


@pytest.fixture(scope="module")
def clonotypes(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Two clonotypes over two days, made up: A vanishes, B grows."""
    path = tmp_path_factory.mktemp("ngs") / "clonotypes.csv"
    path.write_text("clonotype,locus,reads_d0,reads_d33\nA,IGH,9000,0\nB,TRG,1000,9000\n")
    return path


def send(client: TestClient, kind: str, said: Mapping[str, str], files: Mapping[str, Any]) -> Response:
    """Fill in a form and wait until the work is done."""
    answer = client.post(
        f"/laboratory/{kind}",
        data=dict(said),
        files={name: (path.name, path.read_bytes()) for name, path in files.items()},
    )
    return waited(client, answer)


def waited(client: TestClient, answer: Response) -> Response:
    """Ask again until the work is done."""
    for _ in range(480):
        if "<progress" not in answer.text:
            break
        time.sleep(0.25)
        answer = client.get(str(answer.url))
    return answer


def document(client: TestClient, answer: Response) -> bytes:
    assert answer.status_code == 200, answer.text
    return client.get(f"{answer.url}/result.json").content


def test_every_door_gives_the_same_bytes(client: TestClient, clonotypes: Any) -> None:
    """The page's JSON is that of the Python interface, byte for byte."""
    pages = {
        "rqpcr": (AS_ON_THE_PAGE | {"samples": "follow-up", "day": "35"}, {"file": PLATE}),
        "ddpcr": ({}, {"file": DROPLETS}),
        "ngs": ({"track": "A"}, {"files": clonotypes}),
        "flow": ({"rules": "draft", "tissue": "marrow"}, {"file": TUBE, "gates": GATES}),
        "clones": ({"seed": "3"}, {"file": READS, "params": PARAMS}),
    }
    wanted = {
        "rqpcr": rqpcr(PLATE, **AS_ON_THE_PAGE, samples=["follow-up"], day=35.0),
        "ddpcr": ddpcr(DROPLETS),
        "ngs": ngs([clonotypes], track=["A"]),
        "flow": flow(TUBE, gates=GATES, rules="draft", tissue="marrow"),
        "clones": clones(READS, params=PARAMS, seed=3),
    }
    for kind, (said, files) in pages.items():
        got = document(client, send(client, kind, said, files))
        assert _nameless(got) == _nameless(written(wanted[kind])), kind


def _nameless(content: bytes) -> bytes:
    """Leave out the folder of the file, which only the caller of the Python interface names."""
    return re.sub(rb'"[^"]*/([^"/]+\.(?:csv|tsv|fcs|ssm))"', rb'"\1"', content)


def test_a_result_is_shown_with_sentence_pictures_findings_and_the_entry_of_a_case(client: TestClient) -> None:
    page = send(client, "rqpcr", AS_ON_THE_PAGE | {"samples": "follow-up"}, {"file": PLATE})
    assert "<b>Quantified</b>" in page.text
    assert "holds unconfirmed values" in page.text
    pictures = re.findall(r'<img src="([^"]+)" alt="([^"]+)"', page.text)
    assert len(pictures) == 2
    for address, words in pictures:
        picture = client.get(address)
        assert picture.headers["content-type"] == "image/svg+xml"
        assert words
    case = re.search(r'<textarea id="case-text"[^>]*>(.*?)</textarea>', page.text, re.DOTALL)
    assert case is not None
    text = case[1].replace("&#34;", '"')
    known = read_case(
        read_document(text, name="case", error=UnusableCase), open_knowledge().vocabulary, name="case"
    ).known
    level = known["mrd_end_of_reinduction_block1_level_fraction"]
    assert level.point == pytest.approx(6e-4, rel=0.2)  # the true level of the calculated plate, examples/mrd/README.md


def test_the_entry_opens_at_the_board(client: TestClient) -> None:
    page = send(client, "rqpcr", AS_ON_THE_PAGE | {"samples": "follow-up"}, {"file": PLATE})
    text = re.search(r'<textarea id="case-text"[^>]*>(.*?)</textarea>', page.text, re.DOTALL)
    assert text is not None
    board = client.post("/board/load", data={"text": text[1].replace("&#34;", '"')})
    assert board.status_code == 200
    assert 'value="end_of_reinduction_block1"' in board.text


def test_results_over_time_stand_side_by_side(client: TestClient) -> None:
    files = []
    for day in ("35", "70"):
        path = EXAMPLES / "mrd" / f"plate_day{day}.csv"
        got = document(
            client, send(client, "rqpcr", AS_ON_THE_PAGE | {"samples": "follow-up", "day": day}, {"file": path})
        )
        files.append(("results", (f"d{day}.json", got)))
    page = waited(client, client.post("/laboratory/course", files=files))
    assert page.status_code == 200
    assert "powers of ten" in page.text
    german = client.get(str(page.url), headers={"accept-language": "de"}).text
    assert "Zehnerpotenzen" in german
    assert "10⁻⁴ (0,0" in german


@pytest.mark.parametrize(
    ("kind", "said", "files", "where", "what"),
    [
        ("rqpcr", {}, {}, "file", "No file was chosen."),
        ("rqpcr", {"control_gene": "ABL"}, {"file": PLATE}, "plate_day35.csv", "The plate has no target"),
        ("rqpcr", {"day": "0,5"}, {"file": PLATE}, "day", "is not a number"),
        ("rqpcr", {"day": "nan"}, {"file": PLATE}, "day", "is not a number"),
        ("rqpcr", {}, {"file": READS}, "SJBALL031.ssm", ""),
        ("ddpcr", {"target": "X"}, {"file": DROPLETS}, "", "A level needs both"),
        ("flow", {}, {"file": TUBE}, "", "A file needs"),
        ("flow", {}, {"file": GATES, "gates": GATES}, "bcp_all_gates.yaml", ""),
        ("flow", {"counts": "many"}, {}, "--counts", "is not two whole numbers"),
        ("clones", {"seed": "1.5"}, {"file": READS}, "seed", "is not a whole number"),
        ("clones", {}, {"file": GATES}, "bcp_all_gates.yaml", ""),
        ("course", {}, {"results": GATES}, "bcp_all_gates.yaml", ""),
    ],
)
def test_what_cannot_be_used_says_where_and_keeps_the_form(
    client: TestClient, *, kind: str, said: dict[str, str], files: dict[str, Any], where: str, what: str
) -> None:
    page = send(client, kind, said, files)
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    assert f"<dd>{where}" in page.text if where else True
    assert what in page.text
    for text in said.values():
        assert f'value="{text}"' in page.text
    for path in files.values():
        assert path.name in page.text  # kept; it need not be chosen again


def test_two_rule_sets_at_a_time_are_refused(client: TestClient) -> None:
    rules = EXAMPLES / "mrd" / "rules_template.yaml"
    page = send(client, "rqpcr", {"rules": "draft"}, {"file": PLATE, "rules_file": rules})
    assert "Two rule sets were chosen." in page.text
    page = send(client, "rqpcr", {}, {"file": PLATE, "rules_file": rules})
    assert page.status_code == 422, "the template is not signed"


def test_a_name_in_a_file_is_never_markup(client: TestClient, tmp_path: Any) -> None:
    path = tmp_path / "<script>alert(1)</script>.csv"
    try:
        path.write_text("<script>alert(2)</script>\n")
    except OSError:
        path = tmp_path / "x.csv"
        path.write_text("<script>alert(2)</script>\n")
    assert (
        "<script>alert" not in send(client, "rqpcr", {"control_gene": "<script>alert(3)</script>"}, {"file": path}).text
    )


def test_nobody_else_sees_a_result() -> None:
    desk = Desk()
    task = desk.start("rqpcr", "one", {}, lambda: 1)
    assert desk.find(task.id, "one") is task
    assert desk.find(task.id, "another") is None
    assert desk.find("guess", "one") is None
    desk.close()


def test_the_desk_keeps_a_bounded_number_and_drops_the_oldest_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "_KEPT", 3)
    desk, gate = Desk(), Event()
    done = [desk.start("x", "one", {}, lambda: 1) for _ in range(4)]
    assert desk.find(done[0].id, "one") is None
    assert desk.find(done[-1].id, "one") is done[-1]
    monkeypatch.setattr(work, "_QUICK_SECONDS", 0.0)
    for _ in range(3):
        desk.start("x", "one", {}, gate.wait)
    with pytest.raises(WrongUsage, match="too many files"):
        desk.start("x", "one", {}, gate.wait)
    gate.set()
    desk.close()


def test_long_work_does_not_keep_others_waiting(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Event()
    monkeypatch.setattr("reall.service.pages.laboratory.answer", lambda *_: gate.wait())
    page = client.post("/laboratory/flow", data={"counts": "1,2"})
    assert "<progress" in page.text
    assert client.get(f"{page.url}/result.json").status_code == 404
    assert client.get("/knowledge/facts/lineage").status_code == 200
    gate.set()


def test_a_fault_of_ours_is_not_shown_as_a_bad_file() -> None:
    failed: Future[int] = Future()
    failed.set_exception(ZeroDivisionError())
    task = work.Task(id="x", kind="x", owner="x", given={}, answer=failed)
    with pytest.raises(ZeroDivisionError):
        task.error()
