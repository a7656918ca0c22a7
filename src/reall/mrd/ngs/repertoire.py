"""Clonotypes of one patient over time, whatever program counted them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise

from reall.base.errors import UnusableLaboratoryData, WrongUsage
from reall.mrd.result import Finding


class Role(StrEnum):
    """Why a clonotype is in the sample. A spiked-in standard is never leukaemia."""

    CLONE = "clone"
    STANDARD = "standard"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One sequenced sample. `reads` counts all reads with a junction, the denominator of every share."""

    label: str
    reads: int
    reads_by_locus: Mapping[str, int] = field(default_factory=dict)
    day: float | None = None


@dataclass(frozen=True, kw_only=True)
class SpikeIn:
    """A standard of known amount: copies put into the tube, and the primer family it stands for."""

    name: str
    family: str
    copies: float


@dataclass(frozen=True, kw_only=True)
class Clonotype:
    """One rearrangement and its reads per sample.

    `id` is unique in the file (Vidjil's window, AIRR's junction), `name` is how people speak of it.
    `variant_of` is the id of a clonotype that somebody has declared to be the same clone. `spike_in` names
    the standard that was recognised.
    """

    id: str
    name: str
    locus: str
    reads: tuple[int, ...]
    role: Role = Role.CLONE
    sequence: str = ""
    v_family: str = ""
    variant_of: str | None = None
    spike_in: str | None = None


@dataclass(frozen=True, kw_only=True)
class Repertoire:
    """All samples of a patient in order of time, and the clonotypes that the file lists."""

    source: str
    samples: tuple[Sample, ...]
    clonotypes: tuple[Clonotype, ...]
    spike_ins: tuple[SpikeIn, ...] = ()
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        """Refuse counts that cannot be."""
        for clonotype in self.clonotypes:
            if len(clonotype.reads) != len(self.samples):
                raise self._unusable(
                    f"{clonotype.name!r} has {len(clonotype.reads)} read counts for {len(self.samples)} samples."
                )
            for reads, sample in zip(clonotype.reads, self.samples, strict=True):
                if not 0 <= reads <= sample.reads:
                    raise self._unusable(
                        f"{clonotype.name!r} has {reads} reads in {sample.label}, which has {sample.reads} in all."
                    )

    def share(self, clonotype: Clonotype, sample: int) -> float:
        """Give the share of all reads of a sample."""
        return clonotype.reads[sample] / self.samples[sample].reads

    def locus_share(self, clonotype: Clonotype, sample: int) -> float | None:
        """Give the share of the reads of the clonotype's locus; None when those were not counted."""
        reads = self.samples[sample].reads_by_locus.get(clonotype.locus, 0)
        return clonotype.reads[sample] / reads if reads else None

    def with_days(self, days: Sequence[float], findings: tuple[Finding, ...] = ()) -> Repertoire:
        """Put the samples on days (as many as samples), which must rise.

        Raises:
            WrongUsage: the number of days differs from the number of samples, or they do not rise.
        """
        if len(days) != len(self.samples):
            raise WrongUsage(
                f"{len(days)} days are given for {len(self.samples)} samples.",
                where="--days",
                why="Every sample needs exactly one day.",
                next="Give the days in the order of the samples: "
                + ", ".join(sample.label for sample in self.samples)
                + ".",
            )
        if any(later <= earlier for earlier, later in pairwise(days)):
            raise WrongUsage(
                f"The days {', '.join(f'{day:g}' for day in days)} do not rise.",
                where="--days",
                why="Growth is read from one sample to the next.",
                next="Give the samples in order of time.",
            )
        samples = tuple(
            replace(sample, day=day, label=f"day {day:g}") for sample, day in zip(self.samples, days, strict=True)
        )
        return replace(self, samples=samples, findings=(*self.findings, *findings))

    def named(self, wanted: str, option: str) -> tuple[Clonotype, ...]:
        """Give the clonotypes with this id or name.

        Raises:
            WrongUsage: there is none.
        """
        found = tuple(one for one in self.clonotypes if wanted in (one.id, one.name))
        if not found:
            raise WrongUsage(
                f"{self.source} lists no clonotype {wanted!r}.",
                where=option,
                why="A marker that is not found would be reported as absent.",
                next="Give the id or the full name as printed under clonotypes.",
            )
        return found

    def _unusable(self, what: str) -> UnusableLaboratoryData:
        return UnusableLaboratoryData(
            what,
            where=self.source,
            why="Shares would be wrong for every clonotype of that sample.",
            next="Export the file again from the program that counted the reads.",
        )


def combine(repertoires: Sequence[Repertoire]) -> Repertoire:
    """Join files of one sample each into one course; clonotypes with the same id are the same."""
    if len(repertoires) == 1:
        return repertoires[0]
    samples = tuple(sample for one in repertoires for sample in one.samples)
    rows: dict[str, Clonotype] = {}
    start = 0
    for one in repertoires:
        for clonotype in one.clonotypes:
            known = rows.get(clonotype.id, replace(clonotype, reads=(0,) * len(samples)))
            reads = list(known.reads)
            reads[start : start + len(one.samples)] = clonotype.reads
            rows[clonotype.id] = replace(known, reads=tuple(reads))
        start += len(one.samples)
    spikes = {spike.name: spike for one in repertoires for spike in one.spike_ins}
    return Repertoire(
        source=" + ".join(one.source for one in repertoires),
        samples=samples,
        clonotypes=tuple(rows.values()),
        spike_ins=tuple(spikes.values()),
        findings=tuple(finding for one in repertoires for finding in one.findings),
    )
