"""The knowledge as one object: vocabulary, compiled rules, systems, sources and published outcomes.

Compiling reads every file, which takes seconds; the result is kept in the user's cache under the fingerprint of the
files and of this program, so that a later start takes milliseconds. A cache that cannot be written is done without.
"""

from __future__ import annotations

import csv
import functools
import hashlib
import os
import pickle
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from reall import __version__
from reall.base.errors import InvalidKnowledge
from reall.facts.vocabulary import Vocabulary
from reall.library.files import PACKAGED, fingerprint
from reall.library.quality import QualityCheck
from reall.library.tables import System
from reall.library.therapy import Therapy
from reall.rules.table import Citation, KnowledgeBase


@dataclass(frozen=True, kw_only=True)
class Source:
    """One entry of the bibliography; fields that nobody saw are empty."""

    key: str
    title: str
    status: str
    authors: tuple[str, ...] = ()
    journal: str = ""
    year: int | None = None
    volume: str = ""
    pages: str = ""
    doi: str = ""
    pmid: str = ""
    url: str = ""
    seen: str = ""
    note: str = ""

    def __str__(self) -> str:
        who = f"{self.authors[0]}{' et al.' if len(self.authors) > 1 else ''}: " if self.authors else ""
        rest = ", ".join(str(part) for part in (self.journal, self.year) if part)
        link = f" doi:{self.doi}" if self.doi else f" PMID {self.pmid}" if self.pmid else ""
        return f"{who}{self.title}{'. ' + rest if rest else ''}.{link}"


@dataclass(frozen=True, kw_only=True)
class PublishedOutcome:
    """One row of the published outcomes: what was estimated, in whom, with which uncertainty. Percent as printed."""

    id: str
    citation: Citation
    cohort: str
    era: str
    clock_start: str
    stratum: str
    arm: str
    applies_when: str
    system: str
    n: int | None
    endpoint: str
    years: float | None
    estimate_pct: float | None
    se_pct: float | None
    ci_low_pct: float | None
    ci_high_pct: float | None
    ci_level_pct: float | None
    note: str


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """Everything taken from papers, with the version that is printed with each answer."""

    version: str
    fingerprint: str
    vocabulary: Vocabulary
    systems: Mapping[str, System]
    base: KnowledgeBase
    sources: Mapping[str, Source]
    outcomes: tuple[PublishedOutcome, ...]
    therapy: Therapy
    quality: tuple[QualityCheck, ...] = ()

    @cached_property
    def outcomes_by_condition(self) -> tuple[tuple[int, tuple[PublishedOutcome, ...]], ...]:
        """Published rows by the diagram of the condition under which they apply; rows without one are left out."""
        groups: dict[int, list[PublishedOutcome]] = {}
        for row in self.outcomes:
            if (diagram := self.base.questions.get(f"outcome {row.id}")) is not None:
                groups.setdefault(diagram, []).append(row)
        return tuple((diagram, tuple(rows)) for diagram, rows in groups.items())

    @cached_property
    def derived_ids(self) -> tuple[str, ...]:
        """The ids of the definitions."""
        return tuple(id_ for id_, system in self.systems.items() if system.table.derived)

    @cached_property
    def system_ids(self) -> tuple[str, ...]:
        """The ids of the published systems."""
        return tuple(id_ for id_, system in self.systems.items() if not system.table.derived)

    @cached_property
    def transplant_ids(self) -> Mapping[str, str]:
        """Each transplant rule's public id, to the id of its table."""
        return {t.id.removeprefix("transplant_"): t.id for s in self.systems.values() for t in s.transplant}


@functools.cache
def open_knowledge(root: Path = PACKAGED) -> Knowledge:
    """Give the knowledge below `root`, from the cache where it is fresh.

    Raises `InvalidKnowledge` with file and line when a file breaks its schema or a rule cannot be read.
    """
    mark = fingerprint(root)
    cache = _cache_file(mark)
    kept = _read_cache(cache)
    if kept is not None:
        return kept
    from reall.library.compile import compile_knowledge  # noqa: PLC0415 - YAML, schemas and SQL, only when needed

    knowledge = compile_knowledge(root, mark)
    _write_cache(cache, knowledge)
    return knowledge


def cache_folder() -> Path:
    """Give the folder in which this user's copies of what can be made again are kept; it may not exist yet."""
    folder = os.environ.get("REALL_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(folder).expanduser() / "reall"


def _cache_file(mark: str) -> Path:
    program = hashlib.sha256(_program_text()).hexdigest()[:12]
    return cache_folder() / f"knowledge-{__version__}-{program}-{mark[:24]}.bin"


@functools.cache
def _program_text() -> bytes:
    """Take the program's own text into the key, so that a changed class never meets an old cache."""
    here = Path(__file__).parent.parent
    files = [*here.glob("rules/*.py"), *here.glob("facts/*.py"), *here.glob("library/*.py")]
    return b"".join(path.read_bytes() for path in sorted(files))


def _read_cache(path: Path) -> Knowledge | None:
    """Read the cache if it is whole and this user's own; anything else counts as absent."""
    try:
        if path.stat().st_uid != os.getuid():
            return None
        digest, body = path.read_bytes().split(b"\n", 1)
        if hashlib.sha256(body).hexdigest().encode() != digest:
            return None
        loaded = pickle.loads(body)
    except (OSError, ValueError, pickle.UnpicklingError, AttributeError, ImportError, EOFError):
        return None
    return loaded if isinstance(loaded, Knowledge) else None


def _write_cache(path: Path, knowledge: Knowledge) -> None:
    """Write aside, then rename, so that a reader never meets half a file. The cache is only a convenience."""
    body = pickle.dumps(knowledge, protocol=pickle.HIGHEST_PROTOCOL)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as aside:
            aside.write(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
        Path(aside.name).replace(path)
    except OSError:
        return


def read_csv(path: Path, columns: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    """Read a knowledge table whose columns are fixed; each row comes with its line.

    Raises `InvalidKnowledge` when a column is missing or unknown, or a row is too short or too long.
    """
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream, strict=True)
        if tuple(reader.fieldnames or ()) != columns:
            raise InvalidKnowledge(f"the columns are {reader.fieldnames}", where=path.name, next=f"Use {columns}.")
        rows = []
        for row in reader:
            if None in row or None in row.values():
                raise InvalidKnowledge(
                    "a row has too few or too many fields", where=f"{path.name}, line {reader.line_num}"
                )
            rows.append((reader.line_num, row))
        return rows
