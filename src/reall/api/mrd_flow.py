"""Flow cytometry: gates applied as declared, or counts, to the level with its limits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any, Literal

from reall.api.inputs import File, Source, all_on_disk
from reall.api.parameters import PurposeName, RuleChoice, chosen_purpose, finite, one_of
from reall.base.errors import WrongUsage
from reall.mrd.flow.fcs import TRUST, FcsFile, read_fcs
from reall.mrd.flow.gates import GatingScheme
from reall.mrd.flow.gating import apply_gates
from reall.mrd.flow.level import Counts, SampleLabel, level_from_counts, level_from_gates
from reall.mrd.flow.read_gates import read_gates
from reall.mrd.result import MrdResult
from reall.mrd.ruleset import RuleSet, load_ruleset

CELLS = {"nucleated": "nucleated cells", "mononuclear": "mononuclear cells"}


@dataclass(frozen=True, kw_only=True)
class FlowReading:
    """The result, with the events and the gates it came from; None where only counts were given."""

    result: MrdResult
    tube: FcsFile | None = None
    scheme: GatingScheme | None = None


def flow(
    file: Source | None = None,
    *,
    gates: Source | None = None,
    counts: str | None = None,
    cells_counted: Literal["nucleated", "mononuclear"] | None = None,
    data_set: int | None = None,
    trust_offsets: Literal["header", "text"] | None = None,
    timepoint: str | None = None,
    tissue: str | None = None,
    day: float | None = None,
    rules: RuleChoice | None = None,
    purpose: PurposeName | None = None,
) -> dict[str, Any]:
    """Count the events of an FCS file in declared gates, or take `counts`, and give the level, as `reall.mrd/1`.

    The parameters are those of `reall mrd flow`, described in docs/how-to/mrd-ngs-flow.md; `counts` is
    `target,total`. Raises `UnusableLaboratoryData`, `InvalidKnowledge` for the rule set, `WrongUsage`.
    """
    with read_flow(
        file,
        gates=gates,
        counts=None if counts is None else counts_in(counts),
        cells_counted=cells_counted,
        data_set=data_set,
        trust_offsets=trust_offsets,
        timepoint=timepoint,
        tissue=tissue,
        day=day,
        rules=rules,
        purpose=purpose,
    ) as reading:
        return reading.result.to_json()


def counts_in(text: str) -> tuple[int, int]:
    """Read `target,total`. Raises `WrongUsage`."""
    parts = text.split(",")
    if len(parts) != 2 or not all(part.strip().isdecimal() for part in parts):  # noqa: PLR2004 - a pair
        raise WrongUsage(f"{text!r} is not two whole numbers as in 25,1000000", where="--counts")
    return int(parts[0]), int(parts[1])


@contextmanager
def read_flow(
    file: Source | None,
    *,
    gates: Source | None,
    counts: tuple[int, int] | None,
    cells_counted: str | None,
    data_set: int | None,
    trust_offsets: str | None,
    timepoint: str | None,
    tissue: str | None,
    day: float | None,
    rules: RuleChoice | None,
    purpose: str | None,
) -> Iterator[FlowReading]:
    """Give the result itself, for a caller that draws the gates while the file is open. Raises as `flow` does."""
    if (counts is None) == (file is None):
        raise WrongUsage(
            "Give either FILE with --gates, or --counts target,total.",
            why="A level comes from one source.",
            next="For example: reall mrd flow --counts 25,1000000 --cells-counted nucleated.",
        )
    finite(day=day)
    one_of("cells_counted", cells_counted, list(CELLS))
    one_of("trust_offsets", trust_offsets, TRUST)
    name = PurePath(file.name if isinstance(file, File) else file).name if file is not None else None
    label = SampleLabel(sample=name, timepoint=timepoint, tissue=tissue, day=day, purpose=chosen_purpose(purpose))
    with all_on_disk([file, gates, rules]) as [path, gates_path, chosen_rules]:
        ruleset = load_ruleset(chosen_rules)
        if path is None:
            assert counts is not None
            yield FlowReading(result=_from_counts(counts, cells_counted, ruleset, label))
            return
        if gates_path is None:
            raise WrongUsage(
                "A file needs --gates.",
                why="The program does not gate by itself.",
                next="Start from examples/mrd/bcp_all_gates.yaml and draw the gates of your laboratory.",
            )
        tube = read_fcs(path, data_set=data_set, trust=trust_offsets)
        scheme = read_gates(gates_path)
        yield FlowReading(result=_from_gates(tube, scheme, ruleset, label, data_set or 1), tube=tube, scheme=scheme)


def _from_gates(
    tube: FcsFile, scheme: GatingScheme, ruleset: RuleSet | None, label: SampleLabel, data_set: int
) -> MrdResult:
    result = level_from_gates(tube, scheme, apply_gates(tube, scheme), ruleset, label=label)
    extra = {"data_set": data_set, "fcs_version": tube.version}
    return replace(result, details={**result.details, **extra})


def _from_counts(
    counts: tuple[int, int], cells_counted: str | None, ruleset: RuleSet | None, label: SampleLabel
) -> MrdResult:
    said = CELLS[cells_counted] if cells_counted else None
    return level_from_counts(Counts(target_events=counts[0], cells=counts[1], cells_counted=said), ruleset, label=label)
