"""The board's form: a field for every fact, unknown everywhere, nothing lost on the way in and out."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from board_support import BETWEEN_CUT_OFFS, EXAMPLES, Fields
from click.testing import CliRunner
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reall.base.documents import Document, read_document
from reall.base.errors import UnusableCase
from reall.cli.assess import command as assess
from reall.facts.case import read_case
from reall.library.knowledge import open_knowledge
from reall.service.pages.board_reading import read_sheet
from reall.service.pages.board_sheet import as_yaml, from_document, from_form, to_data
from reall.service.pages.forms import groups

KNOWLEDGE = open_knowledge()
VOCABULARY = KNOWLEDGE.vocabulary
EXAMPLE_FILES = sorted(EXAMPLES.iterdir())


def _document(text: str) -> Document:
    return read_document(text, name="case.yaml", error=UnusableCase)


def _loaded(client: TestClient, text: str) -> str:
    return client.post("/board/load", data={"text": text}).text


def test_every_fact_and_input_has_one_field_and_it_starts_unknown(client: TestClient) -> None:
    """A fact added to the vocabulary appears on the form by itself; a group's members are facts with fields."""
    expected = {*VOCABULARY.statable, *(n for n, entry in VOCABULARY.inputs.items() if entry.kind != "group")}
    offered = [field.name for group in groups(VOCABULARY, {}) for field in group.fields]
    assert sorted(offered) == sorted(expected)
    page = Fields(client.get("/board").text)
    given = {name.removeprefix("fact."): text for name, text in page.fields.items() if name.startswith("fact.")}
    assert given == dict.fromkeys(expected, "")


def test_sections_name_facts_that_exist() -> None:
    named = [name for section in VOCABULARY.sections for name in section.names]
    assert len(named) == len(set(named))
    assert set(named) <= {*VOCABULARY.statable, *VOCABULARY.inputs}


def test_ids_of_the_page_are_unique(client: TestClient) -> None:
    ids = Fields(client.post("/board/example", data={"example": BETWEEN_CUT_OFFS}).text).ids
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("file", EXAMPLE_FILES, ids=lambda file: file.stem)
def test_a_loaded_case_gives_the_assessment_of_the_command_line_byte_for_byte(client: TestClient, file: Path) -> None:
    """Loaded into the form, sent as a browser sends it, and taken away: the bytes of `reall assess CASE --json`."""
    page = Fields(client.post("/board/load", files={"file": (file.name, file.read_bytes())}).text)
    taken = client.post("/board/assessment.json", data=page.fields)
    assert taken.status_code == 200
    assert taken.text == CliRunner().invoke(assess, [str(file), "--json"]).output


@pytest.mark.parametrize("file", EXAMPLE_FILES, ids=lambda file: file.stem)
@pytest.mark.parametrize("ending", ["yaml", "json"])
def test_a_case_taken_away_is_the_case_loaded(client: TestClient, file: Path, ending: str) -> None:
    page = Fields(client.post("/board/load", files={"file": (file.name, file.read_bytes())}).text)
    taken = client.post(f"/board/case.{ending}", data=page.fields)
    assert "attachment" in taken.headers["content-disposition"]
    before = read_case(_document(file.read_text(encoding="utf-8")), VOCABULARY, name=file.stem)
    after = read_case(_document(taken.text), VOCABULARY)
    assert (after.name, after.known, after.mrd, after.exposures) == (
        before.name, before.known, before.mrd, before.exposures,
    )  # fmt: skip


# The first example as fields; a full case answers quicker than one about which little is known.
FIRST = from_document(_document(EXAMPLE_FILES[0].read_text(encoding="utf-8")), VOCABULARY)
FILLED = {f"fact.{name}": text for name, text in FIRST.facts.items()}

# What a person may type or load, and what the form says beside the field.
WRONG = [
    ("lineage", "Q", "'Q' is no answer to this question"),
    ("marrow_blasts_pct", "180", "180 is outside what is possible"),
    ("marrow_blasts_pct", "many", "'many' is not a number"),
    ("diagnosis_date", "2019-13-01", "'2019-13-01' is not a date"),
    ("previous_cr", "perhaps", "'perhaps' is neither yes nor no"),
    ("mrd_end_of_reinduction_block1_level_fraction", "5", "5 is outside what is possible"),
]


@pytest.mark.parametrize(("name", "text", "said"), WRONG)
def test_a_wrong_entry_is_named_beside_its_field_and_stays(client: TestClient, name: str, text: str, said: str) -> None:
    """The rest is still answered; the wrong field counts as unknown, and the page says so."""
    form = {**FILLED, f"fact.{name}": text}
    page = Fields(client.post("/board", data=form).text)
    assert page.fields[f"fact.{name}"] == text
    assert said in page.text
    assert "1 entry cannot be used and counts as unknown" in page.text
    assert "First relapse" in page.text
    live = client.post("/board/answers", data=form).text
    assert f'id="e-fact-{name}"' in live
    assert client.post("/board/assessment.json", data=form).status_code == 422
    assert client.post("/board/report", data=form).status_code == 422


def test_a_fault_that_is_gone_is_taken_from_the_page(client: TestClient) -> None:
    live = client.post("/board/answers", data={**FILLED, "faults": "fact.lineage mrd.0"}).text
    assert '<p class="fault" id="e-fact-lineage" hx-swap-oob="true"></p>' in live
    assert '<p class="fault" id="e-mrd-0" hx-swap-oob="true"></p>' in live


def test_facts_that_contradict_each_other_are_both_marked(client: TestClient) -> None:
    page = client.post("/board", data={"fact.diagnosis_date": "2019-10-01", "fact.relapse_date": "2018-10-10"}).text
    assert "There is no answer, because the facts contradict each other." in page
    for name in ("diagnosis_date", "relapse_date"):
        marked = page.split(f'id="e-fact-{name}">')[1].split("</p>")[0]
        assert "comes before" in marked


UNREADABLE = [
    ("facts: {lineage: B", "well-formed"),
    ("facts: {linage: B}", "linage"),
    ("", "empty"),
    ("facts: {lineage: B}\nmrd: 3\n", "line 2"),
    ("facts: &x {lineage: B}\n", "YAML references"),
    ("facts: {csf: {blasts: yes}, csf_blasts: no}", "given twice"),
]


@pytest.mark.parametrize(("text", "said"), UNREADABLE)
def test_a_text_that_no_field_can_hold_stays_as_it_is_with_its_fault(client: TestClient, text: str, said: str) -> None:
    page = _loaded(client, text)
    assert said in page
    kept = page.split('<textarea id="text"')[1].split(">", 1)[1].split("</textarea>")[0]
    assert Fields(kept).text == text


ODD = [
    ("facts: {lineage: [B, T]}", "lineage", "B|T"),
    ("facts: {lineage: 7}", "lineage", "7"),
    ("facts: {other_em_sites: []}", "other_em_sites", "none"),
    ("facts: {genetics: [KMT2A-r, not TP53_mutation]}", "genetics", "KMT2A-r\nnot TP53_mutation"),
    ("facts: {mrd_before_hsct_level_fraction: <1e-4}", "mrd_before_hsct_level_fraction", "<1e-4"),
    ("facts: {csf: {wbc_per_ul: 25}}", "csf_wbc_per_ul", "25"),
    ("facts: {lineage: null}", "lineage", ""),
]


@pytest.mark.parametrize(("text", "name", "expected"), ODD)
def test_whatever_a_file_holds_stands_in_its_field(client: TestClient, text: str, name: str, expected: str) -> None:
    assert Fields(_loaded(client, text)).fields[f"fact.{name}"] == expected


def test_the_page_holds_no_inline_style_and_no_inline_script(client: TestClient) -> None:
    """So that the strict policy of the service can forbid both."""
    page = client.post("/board/example", data={"example": BETWEEN_CUT_OFFS}).text
    assert re.findall(r"<[^>]*\s(?:style|on\w+)=[^>]*>|<style|<script(?! src=)", page) == []
    assert re.findall(r'(?:src|action)="(?!/)', page) == []


def test_page_and_pictures_are_light(client: TestClient) -> None:
    """Under 200 kB without pictures for a case with its facts known."""
    page = client.post("/board/example", data={"example": BETWEEN_CUT_OFFS}).text
    assert len(re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL).encode()) < 200_000


def test_numbers_children_and_curve_show_the_same_figures(client: TestClient) -> None:
    """Each figure in words stands, number for number, in its picture of 100 children and in the curve."""
    page = client.post("/board/example", data={"example": BETWEEN_CUT_OFFS}).text
    part = page[page.index('<ol class="fared">') :]
    listed = part[: part.index("</ol>")]
    in_words = re.findall(r"<p><strong>(.*?)</strong></p>", listed)
    children = re.findall(r'aria-label="Picture of 100 children\. ([\d.]+) of 100: (.*?)"', listed)
    curve = re.search(r'aria-label="Published figures over the years\. (.*?)"', part)
    assert curve
    assert in_words
    assert [words for _, words in children] == in_words
    assert curve[1] == "; ".join(f"{i}: {words}" for i, words in enumerate(in_words, start=1))
    for percent, words in children:
        assert f" {percent} %" in words


def test_every_citation_leads_to_an_entry_of_the_bibliography(client: TestClient) -> None:
    page = client.post("/board/example", data={"example": BETWEEN_CUT_OFFS}).text
    cited = set(re.findall(r'href="#(s\d+)"', page))
    entries = set(re.findall(r'<li id="(s\d+)"', page))
    assert len(cited) > 20
    assert cited == entries
    assert 'href="https://doi.org/' in page


def test_rows_are_added_and_removed_without_losing_others(client: TestClient) -> None:
    form = {
        **FILLED, "mrd.0.level_fraction": "5e-4", "mrd.1.level_fraction": "", "mrd.2.level_fraction": "<1e-5",
        "do": "remove mrd.1",
    }  # fmt: skip
    page = Fields(client.post("/board", data=form).text)
    assert [page.fields[f"mrd.{i}.level_fraction"] for i in (0, 1)] == ["5e-4", "<1e-5"]
    more = Fields(client.post("/board", data={**page.fields, "do": "add mrd"}).text)
    assert [more.fields[f"mrd.{i}.level_fraction"] for i in (0, 1, 2)] == ["5e-4", "<1e-5", ""]


def test_what_a_user_writes_is_never_markup(client: TestClient) -> None:
    nasty = "<script>alert(1)</script>"
    names = ("case", "fact.lineage", "fact.genetics", "mrd.0.timepoint", "mrd.0.method", "exposures.0.agent")
    form = {**FILLED, **dict.fromkeys(names, nasty)}
    assert nasty not in client.post("/board", data=form).text
    assert nasty not in _loaded(client, nasty)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(level=st.floats(0, 1), blasts=st.floats(0, 100), genes=st.lists(st.sampled_from(["iAMP21", "not TP53"])))
def test_no_number_changes_on_its_way_through_the_form(level: float, blasts: float, genes: list[str]) -> None:
    """File to fields to file: the same sets of values, in YAML and in JSON."""
    data = {
        "facts": {"marrow_blasts_pct": blasts, "genetics": genes},
        "mrd": [{"timepoint": "before_hsct", "tissue": "marrow", "level_fraction": level}],
    }
    sheet = from_document(Document(data, {}, ""), VOCABULARY)
    again = to_data(sheet, VOCABULARY)
    expected = read_case(Document(data, {}, ""), VOCABULARY)
    for text in (as_yaml(again), json.dumps(again)):
        back = read_case(_document(text), VOCABULARY)
        assert (back.known, back.mrd) == (expected.known, expected.mrd)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts=st.dictionaries(st.sampled_from(sorted(VOCABULARY.statable)), st.text(max_size=12), max_size=3))
def test_nothing_that_is_typed_breaks_the_page(texts: dict[str, str]) -> None:
    """Every text is either read or refused beside its field; a sheet is never refused as a whole."""
    given = {f"fact.{name}": text for name, text in texts.items()}
    sheet = from_form({**FILLED, **given}, VOCABULARY)
    reading = read_sheet(sheet, KNOWLEDGE)
    assert reading.assessment is not None or reading.contradiction is not None
