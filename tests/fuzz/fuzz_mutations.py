"""Small damages to a file, the same for the same seed: what transfers, editors and spreadsheets do, and worse."""

from __future__ import annotations

import random
import re

_PIECES = (
    b"", b"0", b"-1", b"1e999", b"nan", b"NaN", b"Infinity", b"null", b"true", b"[]", b"{}", b'""', b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\r", b"\n", b"\t", b",", b";", b'"', b"'", b"&a", b"*a", b"!!python/object", b"<<", b": ", b"- ",
    b"2019-02-30", b"0001-01-01", b"99999999999999999999", b"1_000", b"0x10", b"..", b"\xc3\x28", "٣".encode(),
)  # fmt: skip
_WORD = re.compile(rb"[A-Za-z0-9_.:+-]+")


def mutated(content: bytes, rng: random.Random) -> bytes:
    """Damage a file in one to four places."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        content = rng.choice(_DAMAGES)(content, rng)
    return content


def _flip(content: bytes, rng: random.Random) -> bytes:
    if not content:
        return content
    at = rng.randrange(len(content))
    return content[:at] + bytes([content[at] ^ 1 << rng.randrange(8)]) + content[at + 1 :]


def _cut(content: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(content) + 1)
    return content[:start] if rng.random() < 0.3 else content[:start] + content[start + rng.randrange(1, 40) :]


def _insert(content: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(content) + 1)
    return content[:at] + rng.choice(_PIECES) + content[at:]


def _replace_word(content: bytes, rng: random.Random) -> bytes:
    words = list(_WORD.finditer(content))
    if not words:
        return content
    word = rng.choice(words)
    other = rng.choice(_PIECES) if rng.random() < 0.5 else rng.choice(words)[0]
    return content[: word.start()] + other + content[word.end() :]


def _repeat_line(content: bytes, rng: random.Random) -> bytes:
    lines = content.split(b"\n")
    at = rng.randrange(len(lines))
    return b"\n".join([*lines[:at], *[lines[at]] * rng.choice((0, 2, 3)), *lines[at + 1 :]])


_DAMAGES = (_flip, _cut, _insert, _replace_word, _replace_word, _repeat_line)
