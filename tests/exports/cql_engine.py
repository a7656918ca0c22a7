"""The CQL engine and the FHIR validator by others: npm packages, installed once into the user's cache by the lock file."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reall.facts.vocabulary import NOT_STATED
from reall.library.knowledge import cache_folder
from reall.rules.cql import library_name, stated
from reall.rules.table import KnowledgeBase

ORACLES = Path(__file__).parents[1] / "oracles"
INSTALL_SECONDS = 300


class NotInstalled(Exception):
    """The engine is not here; the text says why."""


def installed() -> Path:
    """Give a folder that holds the packages and our scripts. Raises `NotInstalled`."""
    if not (shutil.which("node") and shutil.which("npm")):
        raise NotInstalled("node and npm are not installed")
    mark = hashlib.sha256((ORACLES / "package-lock.json").read_bytes()).hexdigest()[:16]
    folder = cache_folder() / f"oracles-{mark}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for path in ORACLES.iterdir():
            if path.is_file():
                shutil.copy(path, folder)
        if not (folder / "done").exists():
            _install(folder)
    return folder


def _install(folder: Path) -> None:
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=INSTALL_SECONDS)
    except subprocess.SubprocessError as error:
        raise NotInstalled(f"npm ci failed: {type(error).__name__}") from error
    (folder / "done").touch()


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
