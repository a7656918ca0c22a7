"""The CQL engine by others, and cases as it takes them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oracles import installed
from reall.facts.vocabulary import NOT_STATED
from reall.rules.cql import library_name, stated
from reall.rules.table import KnowledgeBase


@dataclass(frozen=True)
class Run:
    """What an engine answered, one entry per case, and the seconds that it says it took."""

    answers: list[dict[str, Any]]
    compile_seconds: float
    answer_seconds: float


def run_cql(files: Sequence[Path], cases: Iterable[Sequence[Any]]) -> Run:
    """Answer cases, each `[library, parameters]` or `[library, parameters, definitions]`."""
    command = ["node", "run_cql.mjs", *(str(file.resolve()) for file in files)]
    given = "\n".join(json.dumps(case) for case in cases)
    done = subprocess.run(command, cwd=installed(), input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(done.stderr)
    seconds = json.loads(done.stderr.splitlines()[-1])
    return Run([json.loads(line) for line in done.stdout.splitlines()], seconds["compile"], seconds["answer"])


def cql_case(base: KnowledgeBase, table: str, values: Mapping[str, Any]) -> list[Any]:
    """Write a case for the library of a table, which answers that table only."""
    given = {
        stated(name) if name in base.tables else name: value for name, value in values.items() if value != NOT_STATED
    }
    return [library_name(table), given, [table]]
