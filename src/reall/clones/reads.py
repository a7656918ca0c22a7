"""Read counts in the Pairtree `.ssm` format with its params file, and the checks that every reader's counts must
pass."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reall.base.errors import UnusableLaboratoryData
from reall.clones.model import Finding, Reads, Role, Sample, Variant
from reall.clones.roles import sample_from_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

_COLUMNS = ("id", "name", "var_reads", "total_reads", "var_read_prob")
_MOST_VARIANTS = 1_000_000
_MOST_READS = 1e9


def _refuse(what: str, where: str, why: str, next_step: str) -> UnusableLaboratoryData:
    return UnusableLaboratoryData(what, where=where, why=why, next=next_step)


def checked(reads: Reads, rows: Sequence[str] = (), clusters_from: str = "") -> Reads:
    """Check counts from any reader, and add what a reader of the story must know about them.

    `rows` names the place of each variant in its file (`line 3`), `clusters_from` the file of the given clusters, for
    messages.
    Raises `UnusableLaboratoryData` (exit 12) naming file, line and field.
    """
    source = reads.source
    places = tuple(rows) or tuple(f"variant {i + 1}" for i in range(len(reads.variants)))
    if not reads.variants:
        raise _refuse("no variants", source, "There is nothing to tell a story from.", "Give at least one variant.")
    if len(reads.variants) > _MOST_VARIANTS:
        raise _refuse(
            f"{len(reads.variants)} variants are more than the limit of {_MOST_VARIANTS}",
            source,
            "The counts must fit into memory.",
            "Keep the coding or the well covered variants.",
        )
    _check_unique([s.name for s in reads.samples], "sample", source, ())
    _check_unique([v.id for v in reads.variants], "id", source, places)
    _check_numbers(reads, places)
    if reads.given_clusters is not None:
        ids = {variant.id for variant in reads.variants}
        _check_clusters(reads.given_clusters, reads.garbage, ids, clusters_from or source)
    return replace(
        reads,
        variant_reads=np.ascontiguousarray(reads.variant_reads, dtype=np.int64),
        total_reads=np.ascontiguousarray(reads.total_reads, dtype=np.int64),
        read_probability=np.ascontiguousarray(reads.read_probability, dtype=np.float64),
        findings=reads.findings + _role_findings(reads.samples) + _probability_findings(reads.read_probability),
    )


def _check_unique(names: Sequence[str], field: str, source: str, places: Sequence[str]) -> None:
    seen: dict[str, int] = {}
    for i, name in enumerate(names):
        if name in seen:
            where = f"{source}, {places[i] if places else f'{field} {i + 1}'}, field {field}"
            raise _refuse(
                f"{field} {name!r} occurs twice",
                where,
                "Counts could not be told apart.",
                f"Give every {field} its own name.",
            )
        seen[name] = i


def _check_numbers(reads: Reads, places: Sequence[str]) -> None:
    variant, total, probability = reads.variant_reads, reads.total_reads, reads.read_probability
    probability_wrong = ~((probability > 0) & (probability <= 1))
    for field, wrong, what, repair in (
        ("var_reads", variant < 0, "negative variant reads", "Counts start at 0."),
        ("total_reads", total < 0, "negative total reads", "Counts start at 0."),
        ("var_reads", variant > total, "more variant reads than total reads", "Total reads include the variant reads."),
        ("var_read_prob", probability_wrong, "a read probability outside (0, 1]", "A pure diploid sample has 0.5."),
    ):
        if wrong.any():
            i, s = np.argwhere(wrong)[0]
            raise _refuse(
                f"{what} in sample {reads.samples[s].name!r}",
                f"{reads.source}, {places[i]}, field {field}",
                "Such counts cannot come from a sequencer.",
                repair,
            )


def _check_clusters(clusters: Sequence[Sequence[str]], garbage: Sequence[str], ids: set[str], source: str) -> None:
    home: dict[str, str] = {}
    groups = [(f"clusters[{i}]", members) for i, members in enumerate(clusters)] + [("garbage", garbage)]
    for field, members in groups:
        where = f"{source}, field {field}"
        if not members and field != "garbage":
            raise _refuse("an empty cluster", where, "A subclone needs a mutation.", "Leave the empty cluster out.")
        for name in members:
            if name not in ids:
                raise _refuse(
                    f"the cluster names {name!r}, which is not among the variants",
                    where,
                    "Its reads are not known.",
                    "Correct the id, or add the variant to the reads.",
                )
            if name in home:
                raise _refuse(
                    f"{name!r} is in {home[name]} and in {field}",
                    where,
                    "A mutation arises once.",
                    "Keep it in one cluster.",
                )
            home[name] = field
    if not clusters:
        raise _refuse(
            "no clusters given", f"{source}, field clusters", "There is no tree without nodes.", "Use --clusters infer."
        )


_STATE_ROLES = "Where a name hides its role, state it: --roles 'NAME=diagnosis, NAME=relapse'."


def _role_findings(samples: Sequence[Sample]) -> tuple[Finding, ...]:
    roles = {sample.role for sample in samples}
    found = []
    if len(samples) == 1:
        text = "one sample only: trees are told, but a relapse cannot be followed to its origin"
        found.append(Finding("one-sample", "warning", text))
    for role in (Role.DIAGNOSIS, Role.RELAPSE):
        if role not in roles:
            text = f"no {role.value} sample: trees are told, the origin of a relapse is not. {_STATE_ROLES}"
            found.append(Finding(f"no-{role.value}-sample", "warning", text))
    return tuple(found)


def _probability_findings(probability: NDArray[np.float64]) -> tuple[Finding, ...]:
    high = int((probability >= 0.9).any(axis=1).sum())
    low = int((probability < 0.2).any(axis=1).sum())
    found = []
    if high:
        text = f"{high} variants have a read probability near 1: X or Y in a boy, or loss of the other allele"
        found.append(Finding("one-copy", "note", text))
    if low:
        text = (
            f"{low} variants have a read probability below 0.2: extra normal copies, or a variant lost with its allele"
        )
        found.append(Finding("low-read-probability", "warning", text))
    return tuple(found)


def read_ssm(path: Path, params: Path | None = None) -> Reads:
    """Read a `.ssm` file and its params (default: `X.params.json` beside it, if there).

    Raises `UnusableLaboratoryData` (exit 12) with file, line and field.
    """
    where = params or (path.with_suffix(".params.json") if path.with_suffix(".params.json").exists() else None)
    settings = _read_params(where) if where else {}
    rows, names, values = _read_table(path)
    width = len(values[0][0]) if values else 0
    given = settings.get("samples")
    if given is None:
        given = [f"sample {i + 1}" for i in range(width)]
    for place, fields in zip(rows, values, strict=True):
        for field, column in zip(_COLUMNS[2:], fields, strict=True):
            if len(column) != len(given):
                raise _refuse(
                    f"{len(column)} values for {len(given)} samples",
                    f"{path}, {place}, field {field}",
                    "It is not known which sample a value belongs to.",
                    f"Give one value per sample, in the order of the params file ({where or 'none found'}).",
                )
    arrays = [
        np.array([fields[i] for fields in values], dtype=float).reshape(len(values), len(given)) for i in range(3)
    ]
    clusters = settings.get("clusters")
    reads = Reads(
        samples=tuple(_sample(name, settings) for name in given),
        variants=tuple(_variant(identifier, name) for identifier, name in names),
        variant_reads=arrays[0].astype(np.int64),
        total_reads=arrays[1].astype(np.int64),
        read_probability=arrays[2],
        given_clusters=None if clusters is None else tuple(tuple(members) for members in clusters),
        garbage=tuple(settings.get("garbage", ())),
        source=path.name,
    )
    return checked(reads, rows, str(where or path))


def _sample(name: str, settings: dict[str, Any]) -> Sample:
    """Take role, day and purity from the params file where it has them, else the role from the name."""
    guess = sample_from_name(name)
    role = settings.get("roles", {}).get(name)
    if role is not None and role not in set(Role):
        raise _refuse(
            f"{role!r} is not a role of a sample",
            f"params, field roles[{name!r}]",
            "The story depends on what each sample is.",
            "Use one of: " + ", ".join(Role) + ".",
        )
    return Sample(
        name=name,
        role=Role(role) if role else guess.role,
        number=guess.number,
        grown_from=guess.grown_from,
        day=settings.get("days", {}).get(name),
        purity=settings.get("purity", {}).get(name),
    )


def _variant(identifier: str, name: str) -> Variant:
    """Take chromosome and position from names such as `10_104857106`."""
    place = re.fullmatch(r"(?:chr)?(\d{1,2}|X|Y)_(\d+)", name)
    if place is None:
        return Variant(identifier, name)
    return Variant(identifier, name, chromosome=place.group(1), position=int(place.group(2)))


def _read_params(path: Path) -> dict[str, Any]:
    try:
        params = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _refuse("cannot be read", str(path), str(error.strerror), "Check the path.") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise _refuse("is not JSON", str(path), str(error), "Correct the file at the place named.") from error
    if not isinstance(params, dict):
        raise _refuse(
            "is not a JSON object", str(path), "Samples and clusters are named fields.", "See the .ssm format."
        )
    for field, (fits, form) in _PARAMS.items():
        if params.get(field) is not None and not fits(params[field]):
            raise _refuse(f"is not {form}", f"{path}, field {field}", "It cannot be read.", "See the .ssm format.")
    return {field: value for field, value in params.items() if value is not None}


def _are_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _are_groups(value: object) -> bool:
    return isinstance(value, list) and all(_are_names(item) for item in value)


def _are_roles(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())


def _are_days(value: object) -> bool:
    return isinstance(value, dict) and all(_is_number(item) for item in value.values())


def _are_shares(value: object) -> bool:
    return isinstance(value, dict) and all(_is_number(item) and 0 < item <= 1 for item in value.values())


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


_PARAMS: dict[str, tuple[Callable[[object], bool], str]] = {
    "samples": (_are_names, "a list of names"),
    "clusters": (_are_groups, "a list of lists of variant ids"),
    "garbage": (_are_names, "a list of variant ids"),
    "roles": (_are_roles, "an object with a role for each sample name"),
    "days": (_are_days, "an object with a day for each sample name"),
    "purity": (_are_shares, "an object with a share above 0, at most 1, for each sample name"),
}


def _read_table(path: Path) -> tuple[list[str], list[tuple[str, str]], list[list[list[float]]]]:
    """Read ids, names and the three columns of numbers, with the line of each."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise _refuse("cannot be read", str(path), str(error.strerror), "Check the path.") from error
    except UnicodeDecodeError as error:
        raise _refuse("is not text", str(path), str(error), "Give the tab-separated .ssm file.") from error
    header = lines[0].split("\t") if lines else []
    missing = [column for column in _COLUMNS if column not in header]
    if missing:
        raise _refuse(
            f"the header has no column {', '.join(missing)}",
            f"{path}, line 1",
            "The columns are found by name.",
            "Add it.",
        )
    at = [header.index(column) for column in _COLUMNS]
    rows, names, values = [], [], []
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        fields = line.split("\t")
        if len(fields) < len(header):
            raise _refuse(
                f"{len(fields)} fields instead of {len(header)}",
                f"{path}, line {number}",
                "A field is missing.",
                "Add it.",
            )
        rows.append(f"line {number}")
        names.append((fields[at[0]], fields[at[1]]))
        values.append(
            [_numbers(fields[i], column, path, number) for i, column in zip(at[2:], _COLUMNS[2:], strict=True)]
        )
    return rows, names, values


def _numbers(text: str, field: str, path: Path, line: int) -> list[float]:
    out = []
    for part in text.split(","):
        try:
            value = float(part)
        except ValueError:
            value = math.nan
        whole = abs(value) <= _MOST_READS and (field == "var_read_prob" or value == round(value))
        if not whole:
            raise _refuse(
                f"{part!r} is not a {'number' if field == 'var_read_prob' else 'count'}",
                f"{path}, line {line}, field {field}",
                "A missing count is not zero reads.",
                "Give the count, or leave the variant out.",
            )
        out.append(value)
    return out
