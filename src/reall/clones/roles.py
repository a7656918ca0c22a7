"""What each sample stands for: read from `--roles`, from a table, or from the sample's own name."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from reall.base.errors import WrongUsage
from reall.clones.model import Role, Sample

_NAMES = (  # what a sample name begins with, longest first
    (Role.DIAGNOSIS, r"pre-?diagnosis|diagnosis|diag|dx|d"),
    (Role.REMISSION, r"remission|rem|cr|eoi|eoc|mrd"),
    (Role.RELAPSE, r"relapse|rel|rl|r"),
)
_SHAPE = (
    "Write NAME=ROLE, comma separated, such as "
    "'D=diagnosis, CR=remission, R1=relapse 1 day=420 purity=0.9, X1=xenograft of relapse', or give a table with "
    "the columns sample, role, number, grown_from, day, purity."
)


def sample_from_name(name: str) -> Sample:
    """Guess role and number from a name such as `D`, `R2`, `Relapse Xeno 3`; `other` where nothing fits.

    >>> sample_from_name("R2").role, sample_from_name("R2").number
    (<Role.RELAPSE: 'relapse'>, 2)
    >>> sample_from_name("Relapse Xeno 3").grown_from
    <Role.RELAPSE: 'relapse'>
    """
    plain = name.strip().lower()
    digits = re.search(r"(\d+)", plain)
    number = int(digits[1]) if digits else 1
    for role, pattern in _NAMES:
        if re.match(rf"(?:{pattern})(?![a-z])", plain):
            if "xeno" in plain or "pdx" in plain:
                return Sample(name, Role.XENOGRAFT, number, role)
            return Sample(name, role, number)
    if "xeno" in plain or "pdx" in plain:
        return Sample(name, Role.XENOGRAFT, number)
    return Sample(name, Role.OTHER, number)


def read_roles(text: str) -> dict[str, Sample]:
    """Read `--roles`: an existing file is a table, anything else a list of NAME=ROLE. Raises `WrongUsage`."""
    return roles_in_table(Path(text)) if names_a_table(text) else roles_in_words(text)


def names_a_table(text: str) -> bool:
    """Say whether a text is the path of a file rather than roles."""
    return "=" not in text and Path(text).is_file()


def roles_in_words(text: str) -> dict[str, Sample]:
    """Read a list of NAME=ROLE; a text that comes from elsewhere never opens a file. Raises `WrongUsage`."""
    samples: dict[str, Sample] = {}
    for part in text.split(","):
        name, equals, rest = part.strip().partition("=")
        if not equals or not name.strip() or not rest.strip():
            raise _wrong(f"{part.strip()!r} does not name a sample and its role.")
        samples[name.strip()] = _sample(name.strip(), rest.strip())
    return samples


def with_roles(names: Iterable[str], given: Mapping[str, Sample]) -> dict[str, Sample]:
    """Give every sample a role: the one stated, else the one its name suggests. Raises `WrongUsage` for a stranger."""
    samples = {name: given.get(name) or sample_from_name(name) for name in names}
    strangers = [name for name in given if name not in samples]
    if strangers:
        raise _wrong(f"The input has no sample {strangers[0]!r}; it has {', '.join(samples)}.")
    return samples


def restate(samples: tuple[Sample, ...], given: Mapping[str, Sample]) -> tuple[Sample, ...]:
    """Replace samples of an input by those stated, keeping a purity the input knew."""
    stated = with_roles([sample.name for sample in samples], given)
    return tuple(
        replace(stated[sample.name], purity=stated[sample.name].purity or sample.purity)
        if sample.name in given
        else sample
        for sample in samples
    )


def _sample(name: str, text: str) -> Sample:
    found = re.fullmatch(
        r"(?P<role>[a-z]+)(?:\s+of\s+(?P<of>[a-z]+))?(?:\s+(?P<number>\d+))?(?P<rest>(?:\s+\w+=[\w.+-]+)*)",
        text.lower(),
    )
    if found is None:
        raise _wrong(f"{text!r} is not a role.")
    extra = dict(pair.split("=") for pair in found["rest"].split())
    if extra.keys() - {"day", "purity"}:
        raise _wrong(f"{text!r}: only day and purity may follow a role.")
    return Sample(
        name,
        _role(found["role"]),
        int(found["number"] or 1),
        _role(found["of"]) if found["of"] else None,
        _number(extra.get("day")),
        _purity(extra.get("purity")),
    )


def roles_in_table(path: Path) -> dict[str, Sample]:
    """Read a table with sample, role, number, grown_from, day, purity. Raises `WrongUsage`."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise _wrong(f"{path.name} cannot be read as text.") from None
    delimiter = "\t" if "\t" in text else ","
    samples = {}
    for row in csv.DictReader(text.splitlines(), delimiter=delimiter):
        if None in row:
            raise _wrong(f"{path.name} has a row with more cells than columns.")
        cells = {key: (value or "").strip() for key, value in row.items() if key}
        if not cells.get("sample") or not cells.get("role"):
            raise _wrong(f"{path.name} has a row without sample or role.")
        samples[cells["sample"]] = Sample(
            cells["sample"],
            _role(cells["role"].lower()),
            _count(cells.get("number")),
            _role(cells["grown_from"].lower()) if cells.get("grown_from") else None,
            _number(cells.get("day")),
            _purity(cells.get("purity")),
        )
    return samples


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise _wrong(f"{text!r} is not a role; roles are {', '.join(Role)}.") from None


def _number(text: str | None) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _wrong(f"{text!r} is not a number.")
    return value


def _count(text: str | None) -> int:
    value = _number(text)
    if value is None:
        return 1
    if value < 1 or value != int(value):
        raise _wrong(f"{text!r} is not the number of a sample.")
    return int(value)


def _purity(text: str | None) -> float | None:
    value = _number(text)
    if value is not None and not 0 < value <= 1:
        raise _wrong(f"Purity {value:g} is not in (0, 1].")
    return value


def _wrong(what: str) -> WrongUsage:
    return WrongUsage(what, where="--roles", next=_SHAPE)
