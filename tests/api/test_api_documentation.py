"""The Python page shows what the program does."""

import doctest
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_examples_of_the_python_page_hold(monkeypatch):
    monkeypatch.chdir(ROOT)
    failed, tried = doctest.testfile(str(ROOT / "docs/how-to/python.md"), module_relative=False, encoding="utf-8")
    assert tried > 10
    assert failed == 0
