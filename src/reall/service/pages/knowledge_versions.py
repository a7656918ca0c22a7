"""Versions of the knowledge that can be compared: the one at work, those the site keeps, and one that is uploaded."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from reall.api.inputs import File
from reall.base.errors import InvalidKnowledge, WrongUsage
from reall.library.compile import compile_knowledge
from reall.library.diff import Change, changes
from reall.library.files import PACKAGED, fingerprint
from reall.library.knowledge import Knowledge, open_knowledge

AT_WORK = "at work"
UPLOADED = "uploaded"
_KINDS = {".yaml", ".csv", ".json", ".md"}
_MOST_FILES, _MOST_BYTES = 2000, 20_000_000


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What differs between two versions; answers to worked cases stand apart from what is written."""

    old: str
    new: str
    answers: tuple[Change, ...]
    entries: tuple[Change, ...]


def versions(folder: str) -> dict[str, Path]:
    """List the versions of this site by name: the one at work, and each folder below `folder` that holds a VERSION."""
    kept = sorted(path.parent for path in Path(folder).glob("*/VERSION")) if folder else []
    return {AT_WORK: PACKAGED} | {path.name: path for path in kept}


def compare(old: Path | File, new: Path | File) -> Comparison:
    """Compare two versions. Raises `InvalidKnowledge` and `WrongUsage`."""
    with _opened(old) as (old_root, before), _opened(new) as (new_root, after):
        found = changes(old_root, before, new_root, after)
        return Comparison(
            old=_named(before),
            new=_named(after),
            answers=tuple(change for change in found if change.kind == "answer"),
            entries=tuple(change for change in found if change.kind != "answer"),
        )


def _named(knowledge: Knowledge) -> str:
    return f"{knowledge.version} ({knowledge.fingerprint[:8]})"


@contextmanager
def _opened(version: Path | File) -> Iterator[tuple[Path, Knowledge]]:
    if isinstance(version, Path):
        yield version, open_knowledge(version)
        return
    with TemporaryDirectory(prefix="reall-") as folder:
        root = _unpacked(version, Path(folder))
        mark = fingerprint(root)
        # An uploaded schema would be obeyed while reading; the program's own says what may stand in a file.
        shutil.rmtree(root / "schema", ignore_errors=True)
        shutil.copytree(PACKAGED / "schema", root / "schema")
        yield root, compile_knowledge(root, mark)


def _unpacked(file: File, folder: Path) -> Path:
    """Write the files of a zip archive below `folder` and give the folder that holds VERSION."""
    try:
        with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
            wanted = [entry for entry in archive.infolist() if _is_knowledge(entry)]
            if len(wanted) > _MOST_FILES or sum(entry.file_size for entry in wanted) > _MOST_BYTES:
                raise WrongUsage("the archive is larger than a knowledge folder", where=file.name)
            for entry in wanted:
                path = folder / entry.filename
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(archive.read(entry))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        raise WrongUsage(
            f"the archive cannot be read: {error}", where=file.name, next="Pack the knowledge folder as a zip file."
        ) from None
    roots = sorted(folder.rglob("VERSION"), key=lambda path: len(path.parts))
    if not roots:
        raise InvalidKnowledge(
            "the archive holds no knowledge", where=file.name, why="It has no file VERSION.",
            next="Pack the folder that holds VERSION.",
        )  # fmt: skip
    return roots[0].parent


def _is_knowledge(entry: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(entry.filename)
    inside = not path.is_absolute() and ".." not in path.parts and "\\" not in entry.filename
    return inside and not entry.is_dir() and (path.suffix in _KINDS or path.name == "VERSION")
