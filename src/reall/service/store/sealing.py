"""What every record shares: an id, and a salted hash that the audit log repeats."""

from __future__ import annotations

import hashlib
import secrets

from reall.service.store.errors import NotInStore, NotKeepable

LONGEST_TEXT = 20_000
_KEPT_CONTROLS = "\n\r\t"


def new_id(kind: str) -> str:
    """Give a random id such as `case-5f0c…`; it tells nothing about whom it stands for."""
    return f"{kind}-{secrets.token_hex(8)}"


def new_salt() -> str:
    """Give a random salt. Without it, the hash of a short record could be found by trying all likely ones."""
    return secrets.token_hex(16)


def seal(salt: str, content: bytes) -> str:
    """Give the salted SHA-256 that binds a record to its audit entry."""
    return hashlib.sha256(salt.encode() + content).hexdigest()


def utf8(name: str, text: str) -> bytes:
    """Give the bytes of a text. Raises `NotKeepable` for a lone surrogate, which no file can hold."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as bad:
        raise NotKeepable(f"{name} is not text at character {bad.start + 1}", next="Correct it there.") from None


def keepable(name: str, text: str, *, needed: bool = False) -> str:
    """Give a text of a person back. Raises `NotKeepable` when it is empty though needed, too long, or no plain text."""
    utf8(name, text)
    if needed and not text.strip():
        raise NotKeepable(f"{name} is empty", next="Say it in a few words.")
    if len(text) > LONGEST_TEXT:
        raise NotKeepable(f"{name} has {len(text):,} characters", next=f"Write at most {LONGEST_TEXT:,}.")
    odd = next((c for c in text if ord(c) < ord(" ") and c not in _KEPT_CONTROLS), None)
    if odd is not None:
        raise NotKeepable(f"{name} holds the control character U+{ord(odd):04X}", next="Remove it.")
    return text


MOST_VERSION = 2**31 - 1
"""The greatest number of a version that every database can be asked for."""


def not_in_store(kind: str, id_: str, version: int | None = None) -> NotInStore:
    """Say that a record is not there."""
    which = f"{kind} {id_!r}" if version is None else f"version {version} of {kind} {id_!r}"
    return NotInStore(f"the store has no {which}", next="Check the id; `reall audit list` shows what was kept.")
