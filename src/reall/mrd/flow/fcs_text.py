"""The outer parts of an FCS data set: HEADER, TEXT, and the numbers in TEXT."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reall.base.errors import UnusableLaboratoryData

VERSIONS = ("FCS2.0", "FCS3.0", "FCS3.1", "FCS3.2")
_HEADER_BYTES = 58
_DOUBLED = "\0"  # stands for a doubled delimiter while TEXT is split; no instrument writes it


def read_header(path: Path, start: int) -> tuple[str, list[int]]:
    """Give the version and the six byte offsets (TEXT, events, analysis: first and last), 0 where blank."""
    with path.open("rb") as file:
        file.seek(start)
        raw = file.read(_HEADER_BYTES)
    version = raw[:6].decode("ascii", errors="replace")
    if version not in VERSIONS:
        raise unusable(
            path,
            f"Byte {start} does not start an FCS data set (found {version!r}).",
            next=f"Give a file of {VERSIONS[0]} to {VERSIONS[-1]}.",
        )
    if len(raw) < _HEADER_BYTES:
        raise unusable(path, f"The HEADER ends after {len(raw)} of {_HEADER_BYTES} bytes; the file is truncated.")
    fields = [raw[place : place + 8].decode("ascii", errors="replace").strip() for place in range(10, 58, 8)]
    try:
        return version, [int(field) if field else 0 for field in fields]
    except ValueError as error:
        raise unusable(path, f"The HEADER holds {fields}, which are not six byte offsets.") from error


def read_keywords(path: Path, start: int) -> dict[str, str]:
    """Read the TEXT segment: keyword without $ in small letters → value."""
    _, (text_first, text_last, *_rest) = read_header(path, start)
    size = path.stat().st_size
    if start + text_last >= size:
        raise unusable(
            path,
            f"The TEXT segment should end at byte {start + text_last}; the file has {size} bytes.",
            why="The file is truncated, and its keywords are not complete.",
            next="Copy or export it again.",
        )
    if text_first < _HEADER_BYTES or text_last <= text_first:
        raise unusable(path, f"The HEADER puts the TEXT segment at bytes {text_first} to {text_last}.")
    with path.open("rb") as file:
        file.seek(start + text_first)
        segment = file.read(text_last - text_first + 1)
    try:
        text = segment.decode("utf-8")
    except UnicodeDecodeError:
        text = segment.decode("latin-1")  # older instruments; every byte is a letter there
    for escaped in (True, False):
        keywords = _split_text(text, escaped=escaped)
        if keywords is not None:
            return keywords
    raise unusable(
        path,
        "The TEXT segment is not a list of keywords and values with $PAR and $DATATYPE.",
        why="Without them the events have no meaning.",
        next="Export the file again from the cytometer.",
    )


def _split_text(text: str, *, escaped: bool) -> dict[str, str] | None:
    """Split TEXT at its delimiter; None when the result cannot be right.

    The standard writes a delimiter inside a value twice (`escaped`). Some programs leave values empty instead,
    which looks the same, so the second reading is tried when the first lacks what every file must have.
    """
    delimiter, body = text[0], text[1:].rstrip()
    body = body.removesuffix(delimiter)
    if escaped:
        body = body.replace(delimiter * 2, _DOUBLED)
    parts = [part.replace(_DOUBLED, delimiter) for part in body.split(delimiter)]
    keywords = {
        key.strip().lower().removeprefix("$"): value for key, value in zip(parts[::2], parts[1::2], strict=False)
    }
    complete = len(parts) % 2 == 0 and {"par", "datatype"} <= keywords.keys()
    return keywords if complete else None


def integer_in(path: Path, keywords: Mapping[str, str], name: str, *, absent: int | None = None) -> int:
    """Give a keyword as a whole number; `absent` when it is missing or blank."""
    return int(number_in(path, keywords, name, absent=absent))


def number_in(path: Path, keywords: Mapping[str, str], name: str, *, absent: float | None = None) -> float:
    """Give a keyword as a number; `absent` when it is missing or blank."""
    text = keywords.get(name, "").strip()
    if not text and absent is not None:
        return absent
    try:
        return float(text)
    except ValueError as error:
        raise unusable(path, f"${name.upper()} is {text!r}, not a number.", next="Export the file again.") from error


def unusable(path: Path, what: str, *, why: str = "", next: str = "") -> UnusableLaboratoryData:  # noqa: A002
    """Make the error that every fault of a file ends in."""
    return UnusableLaboratoryData(what, where=str(path), why=why, next=next)
