"""Read `.vidjil` files (JSON), with the `.analysis` file in which people tagged and grouped the clonotypes.

Format: Vidjil documentation, vidjil-format.md. Loci are Vidjil's "germlines". Dates in `run_timestamp` are
run dates and never used as days.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from reall.base.errors import UnusableLaboratoryData
from reall.base.schemas import first_breach
from reall.mrd.ngs.repertoire import Clonotype, Repertoire, Role, Sample, SpikeIn
from reall.mrd.read_json import load_json
from reall.mrd.result import Finding, Severity

_STANDARD = "standard"  # the tag name that people give to spiked-in clones
_NEXT = "Export the .vidjil file again."
_PLAIN_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def read_vidjil(path: Path, *, analysis: Path | None = None) -> Repertoire:
    """Read one file with one or more samples.

    `analysis` defaults to the file of the same name ending in `.analysis`, when there is one.

    Raises:
        UnusableLaboratoryData: not JSON (truncated), not a `.vidjil` file, or counts that do not fit.
    """
    content = _load(path)
    if breach := first_breach(content, "vidjil"):
        raise _unusable(f"{path}, {breach[0]}", f"This is not a .vidjil result: {breach[1]}.")
    clones = content["clones"]
    samples = _samples(content, path)
    beside = analysis or path.with_suffix(".analysis")
    tags = _read_analysis(beside) if analysis is not None or beside.is_file() else _Tags()
    spike_ins = _spike_ins(content)
    known = {spike.name for spike in spike_ins}
    clonotypes = tuple(
        _clonotype(row, f"{path}, clone {number}", samples=len(samples), known_spikes=known, tags=tags)
        for number, row in enumerate(clones, start=1)
    )
    listed = {clonotype.id for clonotype in clonotypes}
    return Repertoire(
        source=path.name,
        samples=samples,
        clonotypes=_led_by_the_largest(clonotypes),
        spike_ins=spike_ins,
        findings=tuple(tags.findings(listed)),
    )


def sampling_days(path: Path) -> tuple[float, ...] | None:
    """Give the days between the sampling dates of the file, counted from the first; None when it has none.

    Only plain dates under samples.timestamp count: a time of day betrays the moment of the computer run.
    """
    stamps = _load(path).get("samples", {}).get("timestamp") or []
    if len(stamps) < 2 or not all(_PLAIN_DATE.fullmatch(str(stamp)) for stamp in stamps):  # noqa: PLR2004
        return None
    try:
        dates = [date.fromisoformat(stamp) for stamp in stamps]
    except ValueError as error:
        raise _unusable(path, f"A sampling date is no date: {error}.") from None
    days = tuple(float((one - dates[0]).days) for one in dates)
    return days if all(a < b for a, b in pairwise(days)) else None


def _load(path: Path) -> dict[str, Any]:
    content = load_json(path, next_step=_NEXT)
    if not isinstance(content, dict):
        raise _unusable(path, "The file holds no JSON object; it is not a .vidjil result.")
    return content


def _samples(content: Mapping[str, Any], path: Path) -> tuple[Sample, ...]:
    totals = content["reads"]["segmented"]
    loci = content["reads"].get("germline", {})
    names = content.get("samples", {}).get("names") or []
    for number, total in enumerate(totals, start=1):
        if total <= 0:
            raise _unusable(path, f"Sample {number} has {total!r} reads with a junction; nothing was sequenced.")
    for locus, counts in loci.items():
        if len(counts) != len(totals):
            raise _unusable(path, f"reads.germline.{locus} has {len(counts)} numbers for {len(totals)} samples.")
    return tuple(
        Sample(
            label=names[place] if place < len(names) and names[place] else f"sample {place + 1}",
            reads=total,
            reads_by_locus={locus: counts[place] for locus, counts in loci.items()},
        )
        for place, total in enumerate(totals)
    )


def _clonotype(row: Mapping[str, Any], where: str, *, samples: int, known_spikes: set[str], tags: _Tags) -> Clonotype:
    reads, identity = row["reads"], row["id"]
    if len(reads) != samples:
        raise _unusable(where, f"The reads are {reads!r}, not one whole number for each of {samples} samples.")
    name = row.get("name") or identity
    label = row.get("label")
    is_standard = label in known_spikes or identity in tags.standards
    sequence = row.get("sequence")
    return Clonotype(
        id=identity,
        name=name,
        locus=row.get("germline", "unknown"),
        reads=tuple(reads),
        role=Role.STANDARD if is_standard else Role.CLONE,
        sequence=sequence if isinstance(sequence, str) and sequence else identity,
        v_family=_v_family(row.get("name") or ""),
        variant_of=tags.leader.get(identity),
        spike_in=label if label in known_spikes else None,
    )


def _led_by_the_largest(clonotypes: Sequence[Clonotype]) -> tuple[Clonotype, ...]:
    """People group clonotypes in any order; the largest of a group speaks for it."""
    largest: dict[str, Clonotype] = {}
    for one in clonotypes:
        group = one.variant_of or one.id
        if group not in largest or max(one.reads) > max(largest[group].reads):
            largest[group] = one
    return tuple(
        replace(one, variant_of=leader.id if leader.id != one.id else None)
        for one in clonotypes
        if (leader := largest[one.variant_of or one.id])
    )


def _v_family(name: str) -> str:
    """Give IGHV4 for IGHV4-59*07 …: letters, digits, up to the first other character."""
    match = re.match(r"[A-Za-z]+\d*", name)
    return match.group() if match else ""


def _spike_ins(content: Mapping[str, Any]) -> tuple[SpikeIn, ...]:
    """Standards declared in the configuration, or on the clones themselves (older files)."""
    declared = (content.get("config") or {}).get("labels") or []
    rows: Sequence[Mapping[str, Any]] = declared or [
        {"name": row["label"], "copies": row["copies"]}
        for row in content["clones"]
        if "label" in row and "copies" in row
    ]
    return tuple(
        SpikeIn(
            name=row["name"],
            family=row.get("family") or row["name"].rpartition("_")[0],
            copies=float(row["copies"]),
        )
        for row in rows
        if "copies" in row
    )


class _Tags:
    """What people noted in the .analysis file: standards, and clonotypes grouped under a leader."""

    def __init__(self, source: str = "", standards: frozenset[str] = frozenset(), clusters: Sequence[Any] = ()) -> None:
        self.leader = {member: group[0] for group in clusters if group for member in group[1:]}
        # Whoever tags a clone means its whole group.
        tagged_leaders = {self.leader.get(one, one) for one in standards}
        followers = {member for member, leader in self.leader.items() if leader in tagged_leaders}
        self.standards = standards | tagged_leaders | followers
        self._named, self._source = standards, source

    def findings(self, listed: set[str]) -> list[Finding]:
        """Say which file was used, and which tagged clonotypes the result file does not list."""
        if not self._source:
            return []
        absent = sorted(self._named - listed)
        found = len(self._named & listed)
        text = f"{self._source}: {found} clonotypes are tagged as spiked-in standards and taken as such."
        if absent:
            text += f" Tagged, but not listed in the result file: {', '.join(absent)}."
        return [Finding(rule="analysis file", severity=Severity.NOTE, text=text)]


def _read_analysis(path: Path) -> _Tags:
    content = _load(path)
    names = content.get("tags", {}).get("names", {})
    standard_tags = {str(tag) for tag, name in names.items() if str(name).strip().lower().startswith(_STANDARD)}
    tagged = {row["id"] for row in content.get("clones", []) if str(row.get("tag")) in standard_tags and "id" in row}
    return _Tags(path.name, frozenset(tagged), content.get("clusters") or ())


def _unusable(where: Path | str, what: str) -> UnusableLaboratoryData:
    return UnusableLaboratoryData(
        what,
        where=str(where),
        why="A part of the clonotypes would pass for all of them.",
        next=_NEXT,
    )
