"""What an operation is given: a path, a file's content, or for cases plain data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Any

from reall.base.documents import MAXIMUM_BYTES, Document, read_document
from reall.base.errors import ReallError, UnusableCase, WrongUsage


@dataclass(frozen=True, slots=True)
class File:
    """A file that was handed over: its name, of which the ending tells the kind, and its content."""

    name: str
    content: bytes


Source = str | Path | File
"""A file of raw data: a path, or its name and content."""

CaseInput = str | Path | bytes | File | Document | Mapping[str, Any]
"""A case: a path, the text of a file, or the named facts themselves."""

NAMELESS = "the case"
"""Name, in messages, of a case that came without a file."""


def case_document(case: CaseInput) -> Document:
    """Read a case. Raises `UnusableCase` when there is no such file, or when it is not well-formed."""
    if isinstance(case, Document):
        return case
    if isinstance(case, Mapping):
        return Document(dict(case), {}, NAMELESS)
    file = File(NAMELESS, case) if isinstance(case, bytes) else read_file(case)
    return read_document(file.content, name=file.name, error=UnusableCase)


def named_after(case: CaseInput) -> str:
    """Give the name of a case that has none of its own: that of its file, without the ending; else nothing."""
    if isinstance(case, str | Path):
        return PurePath(case).stem
    return PurePath(case.name).stem if isinstance(case, File) else ""


def cases_in(document: Document) -> dict[str, Document]:
    """Take a list of cases apart, each under its number, so that errors name it. Raises `UnusableCase` for no list."""
    if not isinstance(document.data, list) or not document.data:
        raise UnusableCase("this is no list of cases", where=document.name, next="Write at least one case.")
    return {f"case {at + 1}": _part(document, at) for at in range(len(document.data))}


def _part(document: Document, at: int) -> Document:
    lines = {place[1:]: line for place, line in document.lines.items() if place[0] == at and len(place) > 1}
    return Document(document.data[at], lines, f"{document.name} {at + 1}")


_HEAD = 65_536


def is_record(source: Source) -> bool:
    """Tell whether a file is a FHIR resource rather than a case."""
    if isinstance(source, File):
        return _looks_like_fhir(source.content)
    try:
        with Path(source).open("rb") as stream:
            return _looks_like_fhir(stream.read(_HEAD))
    except OSError:
        return False


def _looks_like_fhir(content: bytes) -> bool:
    head = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return head == b"{" and b'"resourceType"' in content


def read_file(source: Source) -> File:
    """Read a file, no further than a case may be long. Raises `UnusableCase` where there is none."""
    if isinstance(source, File):
        return source
    try:
        with Path(source).open("rb") as stream:
            return File(str(source), stream.read(MAXIMUM_BYTES + 1))
    except OSError as error:
        raise UnusableCase(
            f"the file cannot be read: {error.strerror}", where=str(source), next="Check the path and the permissions."
        ) from None


@contextmanager
def on_disk(source: Source) -> Iterator[Path]:
    """Give a path that readers can open; content that was handed over lies in a private folder as long as it is read.

    Errors then name the file as it was handed over, not the folder.
    """
    if not isinstance(source, File):
        yield Path(source)
        return
    name = PurePath(source.name.replace("\\", "/")).name
    if not name or "\0" in name:
        raise WrongUsage("a file was handed over without a name", next="Name it: the ending tells its kind.")
    with TemporaryDirectory(prefix="reall-") as folder:
        path = Path(folder) / name
        path.write_bytes(source.content)
        try:
            yield path
        except ReallError as error:
            for part in ("what", "where", "why", "next"):
                setattr(error, part, getattr(error, part).replace(f"{folder}/", ""))
            raise


@contextmanager
def all_on_disk(sources: Iterable[Source | None]) -> Iterator[list[Path | None]]:
    """Give a path for each source, and None for each that was not given."""
    with ExitStack() as stack:
        yield [None if source is None else stack.enter_context(on_disk(source)) for source in sources]
