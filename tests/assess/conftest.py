"""What the tests of `reall assess` share: the knowledge, the examples, and a way to run the command in this process."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import pytest
from assess_examples import Ran

from reall.base.documents import read_document
from reall.base.errors import UnusableCase
from reall.cli.main import main
from reall.facts.case import read_case
from reall.library.knowledge import Knowledge, open_knowledge
from reall.stratify.assess import Assessment, assess


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """Give the packaged knowledge."""
    return open_knowledge()


@pytest.fixture(scope="session")
def assessed(knowledge: Knowledge) -> Callable[[str], Assessment]:
    """Assess a case given as text."""

    def run(text: str) -> Assessment:
        document = read_document(text, name="case.yaml", error=UnusableCase)
        return assess(read_case(document, knowledge.vocabulary, name="case"), knowledge)

    return run


@pytest.fixture
def reall(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run `reall` with arguments; standard input as bytes."""

    def run(*arguments: object, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "argv", ["reall", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        written = capsys.readouterr()
        return Ran(code, written.out, written.err)

    return run
