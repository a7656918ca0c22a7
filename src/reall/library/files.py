"""Opens the files of the knowledge and checks them against their closed schemas."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from reall.base.documents import Document, read_document
from reall.base.errors import InvalidKnowledge

PACKAGED = Path(__file__).parent.parent / "knowledge"
"""The knowledge that ships inside the package."""


def knowledge_files(root: Path) -> Iterator[Path]:
    """List the files that make up the knowledge, in a fixed order."""
    yield from sorted(
        p for p in root.rglob("*") if (p.is_file() and p.suffix in {".yaml", ".json", ".csv"}) or p.name == "VERSION"
    )


def fingerprint(root: Path) -> str:
    """Give the SHA-256 over the names and contents of all knowledge files."""
    return fingerprint_of((path.relative_to(root).as_posix(), path.read_bytes()) for path in knowledge_files(root))


def fingerprint_of(files: Iterable[tuple[str, bytes]]) -> str:
    """Give the SHA-256 over names and contents of files, which come in the order of `knowledge_files`."""
    digest = hashlib.sha256()
    for name, content in files:
        digest.update(name.encode())
        digest.update(b"\0")
        digest.update(content)
        digest.update(b"\0")
    return digest.hexdigest()


@functools.cache
def _validator(root: Path, schema: str) -> Any:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - 60 ms that a cached start need not pay

    path = root / "schema" / f"{schema}.schema.json"
    return Draft202012Validator(json.loads(path.read_text(encoding="utf-8")))


def open_file(path: Path, schema: str, *, root: Path = PACKAGED) -> Document:
    """Read one knowledge file and check it against `schema/<schema>.schema.json`.

    Raises `InvalidKnowledge` with file and line, also when the file is missing.
    """
    name = str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
    if not path.exists():
        raise InvalidKnowledge("the file is missing", where=name, next="Put it back, or name the right folder.")
    return _checked(path.read_bytes(), name, root, schema)


@functools.lru_cache(maxsize=512)
def _checked(content: bytes, name: str, root: Path, schema: str) -> Document:
    """Read and check once what several checks of the knowledge ask for; YAML takes a second to read."""
    document = read_document(content, name=name, error=InvalidKnowledge)
    # Dates stay dates in the data but are text to the schemas.
    data = json.loads(json.dumps(document.data, default=str))
    errors = sorted(_validator(root, schema).iter_errors(data), key=lambda e: (len(e.absolute_path), str(e.message)))
    if errors:
        worst = max(errors, key=lambda e: len(e.absolute_path))
        place = list(worst.absolute_path)
        raise InvalidKnowledge(
            f"{'.'.join(map(str, place)) or 'the file'}: {worst.message}"[:400],
            where=document.where(*place),
            next=f"See schema/{schema}.schema.json for what may stand here.",
        )
    return Document(data, document.lines, document.name)
