"""A qPCR plate as every reader delivers it: wells with sample, target, role, Cq or amplification curve."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from reall.base.errors import UnusableLaboratoryData
from reall.mrd.result import Finding


class Role(StrEnum):
    """What a well is for."""

    STANDARD = "standard"  # a dilution with a known quantity
    SAMPLE = "sample"  # the follow-up DNA
    BACKGROUND = "background"  # polyclonal mononuclear-cell DNA without the leukaemic rearrangement
    NO_TEMPLATE = "no_template"  # water
    OTHER = "other"  # positive controls, calibrators: kept, not used


@dataclass(frozen=True, kw_only=True)
class Well:
    """One reaction.

    `cq` is in cycles, None when the reaction never crossed (not detected). `quantity` belongs to standards;
    its `unit` is one of `fraction` (of diagnostic DNA), `genomes` (genome equivalents), `copies` or `ng`, or
    whatever the file said. `cycles` and `fluorescence` hold the amplification curve where the file has one.
    """

    position: str
    sample: str
    target: str
    role: Role
    cq: float | None = None
    quantity: float | None = None
    unit: str = ""
    run: str = ""
    excluded: str = ""
    cycles: tuple[float, ...] = ()
    fluorescence: tuple[float, ...] = ()

    @property
    def used(self) -> bool:
        """Tell whether the well takes part; `excluded` says why not."""
        return not self.excluded


@dataclass(frozen=True, kw_only=True)
class Plate:
    """All wells of one file, in the order of the file, with what the reader noticed."""

    source: str
    wells: tuple[Well, ...]
    findings: tuple[Finding, ...] = ()
    instrument: str = ""

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets in order of appearance."""
        return tuple(dict.fromkeys(well.target for well in self.wells))

    @property
    def runs(self) -> tuple[str, ...]:
        """The runs in order of appearance; one file may hold several experiments."""
        return tuple(dict.fromkeys(well.run for well in self.wells))

    def samples(self, target: str) -> tuple[str, ...]:
        """The follow-up samples measured for a target, in order of appearance."""
        picked = (well.sample for well in self.wells if well.target == target and well.role is Role.SAMPLE)
        return tuple(dict.fromkeys(picked))

    def pick(self, *, target: str | None = None, role: Role | None = None, sample: str | None = None) -> list[Well]:
        """The wells in use that match every given name."""
        return [
            well
            for well in self.wells
            if well.used
            and (target is None or well.target == target)
            and (role is None or well.role is role)
            and (sample is None or well.sample == sample)
        ]

    def only_run(self, run: str) -> Plate:
        """Keep one run.

        Raises:
            UnusableLaboratoryData: the file has no such run.
        """
        if run not in self.runs:
            raise UnusableLaboratoryData(
                f"There is no run {run!r}.",
                where=self.source,
                why="Each run has its own standard curve.",
                next=f"Choose one of: {', '.join(self.runs)}.",
            )
        return replace(self, wells=tuple(well for well in self.wells if well.run == run))

    def with_roles(self, *, background: Iterable[str] = (), standards: dict[str, float] | None = None) -> Plate:
        """Say which samples are background DNA or standards, where the instrument's export cannot say it.

        Raises:
            UnusableLaboratoryData: a named sample is not on the plate.
        """
        known = {well.sample for well in self.wells}
        background, standards = set(background), standards or {}
        missing = sorted((background | set(standards)) - known)
        if missing:
            raise UnusableLaboratoryData(
                f"No well is labelled {', '.join(repr(name) for name in missing)}.",
                where=self.source,
                why="A background or a standard that is silently ignored would change every call.",
                next=f"The plate has: {', '.join(sorted(known))}.",
            )

        def assign(well: Well) -> Well:
            if well.sample in background:
                return replace(well, role=Role.BACKGROUND)
            if well.sample in standards:
                return replace(well, role=Role.STANDARD, quantity=standards[well.sample], unit="fraction")
            return well

        return replace(self, wells=tuple(map(assign, self.wells)))
