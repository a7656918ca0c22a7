"""Cases kept from the board page: versions, decisions, assessments given again; each step in the audit log."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from board_support import BETWEEN_CUT_OFFS, Fields
from fastapi.testclient import TestClient

from reall.service.app import create_app
from reall.service.settings import Settings
from reall.service.store.store import Store

LEVEL = "mrd.0.level_fraction"


@pytest.fixture(scope="module")
def keeping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Give the application with a store in a new file."""
    file = tmp_path_factory.mktemp("store") / "cases.db"
    settings = Settings(database_url=f"sqlite:///{file}")
    with TestClient(create_app(settings), base_url=settings.base_url) as one:
        yield one


@pytest.fixture
def store(keeping: TestClient) -> Store:
    """Give its store."""
    found: Store = keeping.app.state.parts.store  # type: ignore[attr-defined]
    return found


@pytest.fixture
def case(keeping: TestClient) -> str:
    """Save the first example as a new case and give its id."""
    page = Fields(keeping.post("/board/example", data={"example": BETWEEN_CUT_OFFS}).text)
    saved = keeping.post("/cases", data=page.fields, follow_redirects=False)
    assert saved.status_code == 303
    found = re.fullmatch(r"/cases/([^#]+)#kept", saved.headers["location"])
    assert found, saved.headers["location"]
    return found[1]


def _actions(store: Store, target: str = "") -> list[str]:
    return [entry.action for entry in store.audit_entries(target=target or None)]


def test_the_address_of_a_case_holds_nothing_of_it(case: str) -> None:
    assert "late" not in case
    assert "marrow" not in case


def test_a_changed_case_is_the_next_version_and_the_first_stays(keeping: TestClient, store: Store, case: str) -> None:
    page = Fields(keeping.get(f"/cases/{case}").text)
    assert page.fields[LEVEL] == "5e-4"
    keeping.post("/cases", data={**page.fields, LEVEL: "1e-3"})
    assert Fields(keeping.get(f"/cases/{case}").text).fields[LEVEL] == "1e-3"
    assert Fields(keeping.get(f"/cases/{case}/versions/1").text).fields[LEVEL] == "5e-4"
    assert (
        _actions(store, case)
        == ["case.saved", "case.read", "case.saved", "case.read", "case.read", "case.read"][
            : len(_actions(store, case))
        ]
    )
    # Saving leads back to the case, which is one more reading.
    assert _actions(store, case) == ["case.saved", "case.read", "case.saved", "case.read", "case.read", "case.read"]


def test_a_change_made_from_an_older_version_is_refused_and_stays_in_the_form(keeping: TestClient, case: str) -> None:
    page = Fields(keeping.get(f"/cases/{case}").text)
    keeping.post("/cases", data={**page.fields, LEVEL: "1e-3"})
    late = keeping.post("/cases", data={**page.fields, LEVEL: "2e-3"})
    assert late.status_code == 409
    assert "Nothing was kept:" in late.text
    assert Fields(late.text).fields[LEVEL] == "2e-3"


def test_a_case_that_cannot_be_used_is_not_saved(keeping: TestClient, store: Store, case: str) -> None:
    page = Fields(keeping.get(f"/cases/{case}").text)
    assert keeping.post("/cases", data={**page.fields, LEVEL: "5e-"}).status_code == 422
    assert len(store.history(case)) == 1


def test_a_what_if_is_never_saved(keeping: TestClient, store: Store, case: str) -> None:
    page = Fields(keeping.get(f"/cases/{case}").text)
    keeping.post("/cases", data={**page.fields, "whatif.lineage": "T"})
    assert "lineage: B" in store.case(case).document
    assert "T" not in re.findall(r"lineage: (\w)", store.case(case).document)


def test_a_decision_is_recorded_and_amended_without_losing_the_first(
    keeping: TestClient, store: Store, case: str
) -> None:
    said = {"who": "board of the ward", "when": "2026-11-20", "what": "wait for the second marrow", "follow_up": ""}
    keeping.post(f"/cases/{case}/decisions", data={**said, "version": "1"})
    (decision,) = store.decisions(case)
    assert (decision.who, decision.decided_on, decision.case_version) == (said["who"], dt.date(2026, 11, 20), 1)
    more = {**said, "follow_up": "MRD was below 1e-4", "decision": decision.decision_id, "expected": "1"}
    keeping.post(f"/cases/{case}/decisions", data=more)
    assert [d.follow_up for d in store.decision_history(decision.decision_id)] == ["", "MRD was below 1e-4"]
    assert "MRD was below 1e-4" in Fields(keeping.get(f"/cases/{case}").text).text


def test_a_decision_with_a_wrong_day_stays_in_its_form(keeping: TestClient, store: Store, case: str) -> None:
    said = {"who": "the board", "when": "20.11.2026", "what": "a long text that took time to write", "follow_up": ""}
    refused = keeping.post(f"/cases/{case}/decisions", data={**said, "version": "1"})
    assert refused.status_code == 422
    assert said["what"] in refused.text
    assert store.decisions(case) == ()


def test_a_kept_assessment_is_given_again_byte_for_byte(keeping: TestClient, store: Store, case: str) -> None:
    keeping.post(f"/cases/{case}/assessments", data={"version": "1", "country": "US"})
    (kept,) = store.assessments(case)
    page = Fields(keeping.get(f"/cases/{case}").text)
    assert kept.content.decode() == keeping.post("/board/assessment.json", data=page.fields).text
    again = keeping.post(f"/cases/{case}/reruns", data={"assessment": kept.assessment_id})
    assert "the same, byte for byte" in again.text


def test_reports_and_files_of_a_kept_case_are_in_the_log_whose_head_they_print(
    keeping: TestClient, store: Store, case: str
) -> None:
    page = Fields(keeping.get(f"/cases/{case}").text)
    report = keeping.post("/board/report", data=page.fields).text
    head = str(store.audit_head())
    assert f"Audit log {head}" in report
    keeping.post("/board/case.yaml", data=page.fields)
    assert _actions(store, case)[-2:] == ["report.printed", "case.exported"]
    assert store.verify_audit(head).faults == ()


def test_a_withdrawn_case_keeps_its_versions(keeping: TestClient, case: str) -> None:
    keeping.post(f"/cases/{case}/withdrawal", data={"version": "1"})
    assert "This case was withdrawn" in keeping.get(f"/cases/{case}").text
    assert Fields(keeping.get(f"/cases/{case}/versions/1").text).fields[LEVEL] == "5e-4"
    assert "withdrawn" in Fields(keeping.get("/cases").text).text


def test_what_is_not_there_is_not_found(keeping: TestClient, client: TestClient) -> None:
    assert keeping.get("/cases/case-that-is-not-there").status_code == 404
    assert client.get("/cases").status_code == 404, "a service without a store keeps no cases"
    assert "Nothing is kept here" in client.get("/board").text


def test_no_value_of_the_case_is_in_the_log(keeping: TestClient, store: Store, case: str, tmp_path: Path) -> None:
    said = " ".join(f"{entry.target} {entry.detail} {entry.by}" for entry in store.audit_entries())
    assert not any(value in said for value in ("5e-4", "0.0005", "late-marrow", "2019-07-10"))


@pytest.mark.parametrize("version", ["0", "7", "2147483648", "9" * 30, "9" * 5000, "-1", "abc"])
def test_a_version_that_cannot_be_there_is_not_found(keeping: TestClient, case: str, version: str) -> None:
    found = keeping.get(f"/cases/{case}/versions/{version}", headers={"Accept": "text/html"})
    assert found.status_code == 404
    assert "This request was not answered" in found.text


@pytest.mark.parametrize("version", ["", "9" * 30, "9" * 5000, "x"])
def test_a_form_that_names_no_version_keeps_nothing(keeping: TestClient, store: Store, case: str, version: str) -> None:
    before = store.history(case)
    for what in ("withdrawal", "assessments", "decisions"):
        said = {"version": version, "who": "board", "what": "discussed", "when": "2026-11-20"}
        assert keeping.post(f"/cases/{case}/{what}", data=said).status_code in {404, 409}
    assert store.history(case) == before
    assert (store.decisions(case), store.assessments(case)) == ((), ())
