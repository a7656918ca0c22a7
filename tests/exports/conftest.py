"""Shared by the tests of what ReALL writes for other programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from oracles import NotInstalled, installed
from reall.library.knowledge import Knowledge, open_knowledge
from reall.report.rule_library import write_cql


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return open_knowledge()


@pytest.fixture(scope="session")
def oracles() -> Path:
    try:
        return installed()
    except NotInstalled as error:
        pytest.skip(f"the CQL engine is not here: {error}")


@pytest.fixture(scope="session")
def cql_folder(knowledge: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cql")
    write_cql(knowledge, folder)
    return folder
