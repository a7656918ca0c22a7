"""Knowledge pages: everything is there, at addresses that stay; two versions compared."""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Callable
from html import unescape

import pytest
from fastapi.testclient import TestClient
from pages_support import every_page

from reall.library.files import PACKAGED, knowledge_files
from reall.library.knowledge import open_knowledge
from reall.service.pages.knowledge_entries import SECTIONS, entries, search

KNOWLEDGE = open_knowledge()
EVERYTHING = list(entries(KNOWLEDGE))
MOST_BYTES = 200_000


def words_of(html: str) -> str:
    """Give the text of a page on one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_every_entry_with_a_page_has_it(client: TestClient) -> None:
    """The address is built from the id alone, so that a link from the board stays true. Of the sources, some."""
    some = [e for e in EVERYTHING if e.own_page and e.section != "sources"]
    some += [e for e in EVERYTHING if e.section == "sources"][::12]
    missing = [e.address for e in some if client.get(e.address).status_code != 200]
    assert missing == []


def test_every_entry_without_a_page_has_its_place_on_the_list(client: TestClient) -> None:
    for section in SECTIONS:
        page = client.get(f"/knowledge/{section}").text
        places = [e.id for e in EVERYTHING if e.section == section and not e.own_page]
        assert len(places) == len(set(places)), section
        assert [id_ for id_ in places if f'id="{id_}"' not in page] == []


def test_nothing_of_the_knowledge_is_left_out() -> None:
    counts = {section: sum(e.section == section for e in EVERYTHING) for section in SECTIONS}
    therapy = KNOWLEDGE.therapy
    wanted = {
        "systems": KNOWLEDGE.system_ids, "definitions": KNOWLEDGE.derived_ids, "transplant": KNOWLEDGE.transplant_ids,
        "facts": {*KNOWLEDGE.vocabulary.statable, *KNOWLEDGE.vocabulary.inputs}, "options": therapy.options,
        "agents": therapy.agents, "regimens": therapy.regimens, "trials": therapy.trials,
        "evidence": therapy.evidence, "outcomes": KNOWLEDGE.outcomes, "sources": KNOWLEDGE.sources,
    }  # fmt: skip
    assert {section: counts[section] for section in wanted} == {key: len(group) for key, group in wanted.items()}
    assert all(counts.values())


def test_a_system_shows_its_rules_as_sql_and_in_words_with_source_conflicts_departures_and_cases(
    client: TestClient,
) -> None:
    page = words_of(client.get("/knowledge/systems/ukall_r3").text)
    system = KNOWLEDGE.systems["ukall_r3"]
    for row in (*system.table.rules, *system.table.applies_to, *system.transplant[0].rules):
        assert " ".join(row.when.split()) in page
        assert row.citation.source in page
    for remark in (*system.table.conflicts, *system.table.cautions):
        assert " ".join(remark.words.split()) in page
    assert "lineage: T-lineage ALL" in page
    assert "Where our reading departs from the source" in page
    assert "Worked cases" in page


def test_a_draft_is_marked_where_it_stands(client: TestClient) -> None:
    drafts = [e for e in EVERYTHING if e.section == "values" and e.status == "draft"]
    page = client.get("/knowledge/values").text
    assert drafts
    assert page.count('class="draft"') == len(drafts)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("blinatumomab", "/knowledge/agents/blinatumomab"),
        ("UKALL R3", "/knowledge/systems/ukall_r3"),
        ("ukall_r3 intermediate", "/knowledge/systems/ukall_r3"),
        ("parker_2010", "/knowledge/sources/parker_2010"),
        ("lineage", "/knowledge/facts/lineage"),
    ],
)
def test_the_search_finds_by_name_title_and_words(client: TestClient, asked: str, found: str) -> None:
    assert f'href="{found}"' in client.get("/knowledge", params={"q": asked}).text


def test_the_search_says_when_nothing_is_found_and_shows_what_was_asked_as_text(client: TestClient) -> None:
    page = client.get("/knowledge", params={"q": "<script>alert(1)</script>"}).text
    assert "Nothing holds all these words." in page
    assert "<script>alert" not in page
    assert search("   ", EVERYTHING) == []


@pytest.mark.parametrize(
    "path", ["/knowledge/nothing", "/knowledge/systems/nothing", "/knowledge/outcomes/x", "/knowledge/compare/x"]
)
def test_what_is_not_there_is_not_found(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_every_page_is_light(client: TestClient) -> None:
    """Document, style sheet and script together, uncompressed, without pictures: under 200 kB."""
    shared = sum(len(client.get(f"/static/{name}").content) for name in ("reall.css", "htmx.min.js"))
    sizes = {path: shared + len(client.get(path).content) for path in every_page()}
    assert {path: size for path, size in sizes.items() if size >= MOST_BYTES} == {}


def archive(change: Callable[[str, str], str], root: str = "knowledge/") -> bytes:
    """Pack the knowledge as a zip, each file after `change(name, text)`."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for path in knowledge_files(PACKAGED):
            name = path.relative_to(PACKAGED).as_posix()
            made.writestr(f"{root}{name}", change(name, path.read_text(encoding="utf-8")))
    return packed.getvalue()


def compared(client: TestClient, content: bytes) -> tuple[int, str]:
    """Compare an uploaded archive with the version at work, and wait for the answer."""
    data = {"old": "uploaded", "new": "at work"}
    answer = client.post("/knowledge/compare", data=data, files={"file": ("older.zip", content)})
    for _ in range(240):
        if "<progress" not in answer.text:
            break
        time.sleep(0.25)
        answer = client.get(str(answer.url))
    return answer.status_code, words_of(answer.text)


def test_a_moved_cut_off_shows_the_row_and_the_cases_that_get_another_answer(client: TestClient) -> None:
    """UKALL R3 decides from 1e-4 on; with 1e-3 in the older version the case between the two changes its answer."""

    def change(name: str, text: str) -> str:
        if name == "VERSION":
            return "2020.1.0\n"
        return text.replace(">= 1e-4", ">= 1e-3") if name == "systems/ukall_r3/system.yaml" else text

    status, page = compared(client, archive(change))
    assert status == 200
    assert "From 2020.1.0" in page
    assert "systems/ukall_r3/cases.yaml" in page
    assert "Worked cases that get another answer (0)" not in page
    assert "transplant_ukall_r3 /" in page


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no archive", "the archive cannot be read"),
        (archive(lambda _, text: text, "../"), "the archive holds no knowledge"),
        (
            archive(lambda name, text: "id: [" if name == "definitions/bfm_time.yaml" else text),
            "definitions/bfm_time.yaml",
        ),
    ],
)
def test_an_archive_that_cannot_be_used_is_refused_with_its_place(
    client: TestClient, content: bytes, said: str
) -> None:
    status, page = compared(client, content)
    assert status == 422
    assert said in page


def test_without_an_archive_the_form_says_what_is_missing(client: TestClient) -> None:
    answer = client.post("/knowledge/compare", data={"old": "uploaded", "new": "at work"})
    assert answer.status_code == 422
    assert "no archive was uploaded" in answer.text
