"""Stores for the tests: every test of a record runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from postgresql_server import Server, programs
from store_examples import DAY, TERMS, case_file

from reall.library.knowledge import Knowledge, open_knowledge
from reall.service.store.records import KeptAssessment
from reall.service.store.replay import answer
from reall.service.store.store import Store, open_store


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """Start a server, or skip."""
    at = programs()
    if at is None:
        pytest.skip("no PostgreSQL server is installed (Debian: postgresql)")
    server = Server(at)
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """Name the database of this run."""
    return str(request.param)


@pytest.fixture
def address(engine_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the address of a place where there is no store yet."""
    if engine_name == "sqlite":
        return f"sqlite:///{tmp_path / 'store.sqlite'}"
    server: Server = request.getfixturevalue("postgresql")
    return server.new_place()


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    """Open a new store."""
    with open_store(address) as opened:
        yield opened


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """Open the knowledge."""
    return open_knowledge()


@pytest.fixture
def kept(store: Store, knowledge: Knowledge) -> KeptAssessment:
    """Keep one of everything: a case, its assessment with the knowledge, and a decision with an amendment."""
    case = store.save_case(None, case_file(), by="anna")
    content = answer(case.document, knowledge, TERMS)
    made = store.keep_assessment(case.case_id, 1, content, knowledge, terms=TERMS, by="anna")
    decided = store.record_decision(
        case.case_id,
        who="board",
        when=DAY,
        what="wait for MRD",
        case_version=1,
        assessment_id=made.assessment_id,
        by="anna",
    )
    store.amend_decision(decided.decision_id, who="board", when=DAY, what="MRD came", expected=1, by="anna")
    return made
