"""Shared by the tests of records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reall.exchange.fhir.findings import Reading
from reall.exchange.fhir.mapping import CodeMap
from reall.exchange.fhir.read import read_resource, read_resources
from reall.library.fhir import codes_of
from reall.library.knowledge import Knowledge, open_knowledge


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return open_knowledge()


@pytest.fixture(scope="session")
def codes(knowledge: Knowledge) -> CodeMap:
    return codes_of(knowledge)


@pytest.fixture(scope="session")
def read(knowledge: Knowledge, codes: CodeMap) -> Callable[..., Reading]:
    """Read resources of one patient, or one Bundle."""

    def run(*resources: Any) -> Reading:
        if len(resources) == 1 and resources[0].get("resourceType") == "Bundle":
            return read_resource(resources[0], codes, knowledge.vocabulary, name="record.json")
        return read_resources(resources, codes, knowledge.vocabulary)

    return run
