"""The results of a repertoire: every marker at every time point, all clonotypes, and the alerts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from reall.base.errors import WrongUsage
from reall.mrd.combine import combine_targets
from reall.mrd.intervals import detection_limit, fraction_interval, poisson_interval
from reall.mrd.ngs.alerts import GrowthAlert, growing_untracked_clones
from reall.mrd.ngs.repertoire import Clonotype, Repertoire, Role
from reall.mrd.ngs.settings import Settings, load_settings
from reall.mrd.ngs.spikes import ALL_FAMILIES, Line, Normalisation, normalise
from reall.mrd.ngs.variants import find_leaders
from reall.mrd.result import (
    Finding,
    MrdClass,
    MrdResult,
    Purpose,
    Severity,
    no_rule_set_finding,
    significant,
)
from reall.mrd.ruleset import RuleSet

METHOD = "NGS"
OF_READS = "analysed reads"
OF_CELLS = "cell equivalents of DNA"


@dataclass(frozen=True, kw_only=True)
class NgsCourse:
    """One patient's clonotypes over time.

    `results` holds one reading per sample over all markers, in order of time; `by_marker` the results of each
    marker in the same order.
    """

    repertoire: Repertoire
    markers: tuple[Clonotype, ...]
    by_marker: tuple[tuple[MrdResult, ...], ...]
    results: tuple[MrdResult, ...]
    alerts: tuple[GrowthAlert, ...]

    def to_json(self) -> dict[str, Any]:
        """Give the reading of the last sample as `reall.mrd/1`, with everything else beside it."""
        return self.last_result().to_json() | {
            "alerts": [alert.to_json(self.repertoire) for alert in self.alerts],
            "clonotypes": self._clonotypes(),
            "results": [result.to_json() for result in self.results],
            "markers": [
                {"target": marker.name, "target_id": marker.id, "results": [one.to_json() for one in results]}
                for marker, results in zip(self.markers, self.by_marker, strict=True)
            ],
            "samples": [
                {"label": sample.label, "day": sample.day, "reads": sample.reads} for sample in self.repertoire.samples
            ],
        }

    def last_result(self) -> MrdResult:
        """Give the reading of the last sample; findings say which growing clones it leaves out."""
        last = self.results[-1]
        return replace(last, findings=(*last.findings, *self._alert_findings()))

    def _alert_findings(self) -> list[Finding]:
        return [
            Finding(
                rule="growing_untracked_clone",
                severity=Severity.WARNING,
                text=alert.to_json(self.repertoire)["text"],
            )
            for alert in self.alerts
        ]

    def _clonotypes(self) -> list[dict[str, Any]]:
        tracked = {one.id for one in self.markers}
        samples = self.repertoire.samples
        largest_first = sorted(
            self.repertoire.clonotypes,
            key=lambda one: -max(self.repertoire.share(one, place) for place in range(len(samples))),
        )
        return [
            {
                "clonotype": one.name,
                "id": one.id,
                "locus": one.locus,
                "role": "marker" if one.id in tracked else str(one.role),
                # Not seen is not zero: null, with the number of reads beside it.
                "fractions": {
                    sample.label: self.repertoire.share(one, place) if one.reads[place] else None
                    for place, sample in enumerate(samples)
                },
                "reads": {sample.label: one.reads[place] for place, sample in enumerate(samples)},
            }
            for one in largest_first
        ]


@dataclass(frozen=True, kw_only=True)
class SampleFacts:
    """What is known of the samples: cell equivalents of DNA (one number for all, or one each), and labels.

    `timepoint` is the protocol time point of the last sample.
    """

    cells: Sequence[float] | None = None
    timepoint: str | None = None
    tissue: str | None = None
    purpose: Purpose | None = None


def follow(
    repertoire: Repertoire,
    *,
    track: Sequence[str] = (),
    standards: Sequence[str] = (),
    facts: SampleFacts | None = None,
    ruleset: RuleSet | None = None,
) -> NgsCourse:
    """Follow the markers through all samples and watch the rest.

    `track` and `standards` name clonotypes by id or name; without `track` the dominant clonotypes of the first
    sample are proposed.

    Raises:
        WrongUsage: a named clonotype is not listed, or the number of `cells` does not fit.
    """
    known, settings = facts or SampleFacts(), load_settings(ruleset)
    repertoire = _with_standards(repertoire, standards)
    markers = _markers(repertoire, track, settings)
    count = len(repertoire.samples)
    cells = _cells_per_sample(known.cells, count)
    lines = [normalise(repertoire, place, settings) for place in range(count)]
    timepoints = [*[None] * (count - 1), known.timepoint]
    by_marker = tuple(
        tuple(
            replace(
                _result(repertoire, marker, place, cells=cells[place], lines=lines[place], ruleset=ruleset),
                timepoint=timepoints[place],
                tissue=known.tissue,
                purpose=known.purpose,
            )
            for place in range(count)
        )
        for marker in markers
    )
    findings = (*repertoire.findings, *(() if track else (_proposal_finding(markers),)))
    readings = (_reading([results[place] for results in by_marker], ruleset) for place in range(count))
    return NgsCourse(
        repertoire=repertoire,
        markers=markers,
        by_marker=by_marker,
        results=tuple(
            replace(one, timepoint=timepoint, day=sample.day, findings=(*findings, *one.findings))
            for one, timepoint, sample in zip(readings, timepoints, repertoire.samples, strict=True)
        ),
        alerts=growing_untracked_clones(repertoire, markers, settings),
    )


def _reading(results: Sequence[MrdResult], ruleset: RuleSet | None) -> MrdResult:
    """Read one sample over all markers: the highest level; negative only when every marker is."""
    if not results:
        finding = Finding(
            rule="no marker",
            severity=Severity.BLOCKING,
            text="No clonotype is tracked, and none of the first sample is large enough to be proposed.",
            look_at="Name the markers with --track.",
        )
        return MrdResult(method=METHOD, classification=MrdClass.NOT_EVALUABLE, findings=(finding,))
    if ruleset is not None:
        read = combine_targets(results, None)
        decisive = read.details.get("decisive_target", read.target)
    else:
        read = max(results, key=lambda one: (one.level_fraction or 0.0, _upper_limit(one)))
        decisive = read.target
    among = f" (decisive of {len(results)} markers)" if len(results) > 1 else ""
    return replace(read, target=f"{decisive}{among}")


def _with_standards(repertoire: Repertoire, standards: Sequence[str]) -> Repertoire:
    ids = {one.id for name in standards for one in repertoire.named(name, "--standard")}
    clonotypes = tuple(replace(one, role=Role.STANDARD) if one.id in ids else one for one in repertoire.clonotypes)
    return replace(repertoire, clonotypes=clonotypes)


def _markers(repertoire: Repertoire, track: Sequence[str], settings: Settings) -> tuple[Clonotype, ...]:
    """Tracked clonotypes as named (the largest of equal names), or the dominant ones of the first sample."""
    if track:
        chosen = (max(repertoire.named(name, "--track"), key=lambda one: max(one.reads)) for name in track)
        return tuple({one.id: one for one in chosen}.values())
    smallest = settings["marker_locus_share_min"]
    dominant = [
        one
        for one in repertoire.clonotypes
        if one.role is Role.CLONE and (repertoire.locus_share(one, 0) or 0.0) >= smallest
    ]
    follows = find_leaders(dominant, dominant, settings, reads_max_share=1.0)
    return tuple(sorted((one for one in dominant if one.id not in follows), key=lambda one: -one.reads[0]))


def _proposal_finding(markers: Sequence[Clonotype]) -> Finding:
    return Finding(
        rule="marker_locus_share_min",
        severity=Severity.NOTE,
        text=f"No marker was named; the {len(markers)} dominant clonotypes of the first sample are followed.",
        look_at="Name the markers of the laboratory with --track.",
    )


def _cells_per_sample(cells: Sequence[float] | None, samples: int) -> list[float | None]:
    if cells is None:
        return [None] * samples
    if len(cells) not in {1, samples}:
        raise WrongUsage(
            f"{len(cells)} cell numbers are given for {samples} samples.",
            where="cells",
            why="Every sample needs its own, or all the same.",
            next="Give one number, or one for each sample in order.",
        )
    return list(cells) if len(cells) == samples else [cells[0]] * samples


def _result(
    repertoire: Repertoire,
    marker: Clonotype,
    place: int,
    *,
    cells: float | None,
    lines: Normalisation | None,
    ruleset: RuleSet | None,
) -> MrdResult:
    sample, reads = repertoire.samples[place], marker.reads[place]
    share = MrdResult(
        method=METHOD,
        classification=MrdClass.NOT_EVALUABLE,
        sample=repertoire.source,
        day=sample.day,
        target=marker.name,
        level_fraction=significant(reads / sample.reads) if reads else None,
        interval=_interval_of_reads(reads, sample.reads, cells),
        cells=cells,
        denominator=OF_READS,
        findings=_less_than_a_cell(reads, sample.reads, cells),
        details={"reads": reads, "sample_reads": sample.reads, "locus": marker.locus, "target_id": marker.id},
    )
    measured = share
    if lines is not None and cells is not None:
        measured = _in_cells(share, reads, cells, *lines.line_for(marker))
    if ruleset is None:
        return replace(measured, findings=(*measured.findings, no_rule_set_finding()))
    return _classify(measured, reads, cells, ruleset)


def _interval_of_reads(reads: int, total: int, cells: float | None) -> tuple[float, float]:
    """Limits of the share: the chance of drawing the reads, and of drawing the cells where those are known.

    However deep the sequencing, it cannot say more than the cells that were put in.
    """
    low, high = fraction_interval(reads, total)
    if cells is None:
        return low, high
    fewest, most = math.floor(significant(low * cells)), math.ceil(significant(high * cells)) if reads else 0
    drawn = fraction_interval(fewest, cells)[0], fraction_interval(most, cells)[1]
    return min(low, drawn[0]), max(high, drawn[1])


def _less_than_a_cell(reads: int, total: int, cells: float | None) -> tuple[Finding, ...]:
    if cells is None or not 0 < reads * cells < total:
        return ()
    text = f"{reads} reads are fewer than one cell gives here (about {total / cells:.0f})."
    return (
        Finding(
            rule="less than a cell",
            severity=Severity.WARNING,
            text=text,
            look_at="Carry-over from another sample of the run; look for the same sequence there.",
        ),
    )


def _in_cells(share: MrdResult, reads: int, cells: float, family: str, line: Line) -> MrdResult:
    """Turn reads into copies per cell. The interval joins the line's with the chance of drawing the copies."""
    copies = reads * line.copies_per_read
    fewest, most = (significant(reads * limit) for limit in line.interval)
    low = poisson_interval(math.floor(fewest))[0]
    high = poisson_interval(math.ceil(most))[1] if math.isfinite(most) else cells
    text = f"Copies from spiked-in standards, family {family} ({line.points} amounts" + (
        f", r² {line.r_squared:.3f})." if line.r_squared is not None else ")."
    )
    return replace(
        share,
        level_fraction=significant(min(1.0, copies / cells)) if reads else None,
        interval=(min(1.0, low / cells), min(1.0, high / cells)),
        denominator=OF_CELLS,
        details={**share.details, "copies": copies if reads else None, "normalised_by": family},
        findings=(
            *share.findings,
            Finding(
                rule="spike-ins",
                severity=Severity.WARNING if family == ALL_FAMILIES else Severity.NOTE,
                text=text,
            ),
        ),
    )


def _classify(measured: MrdResult, reads: int, cells: float | None, ruleset: RuleSet) -> MrdResult:
    """Call a sample: negative needs cells, quantified needs copies per cell and a quantification limit."""
    judged = replace(measured, ruleset=ruleset.label, knowledge_status=ruleset.status("ngs"))
    fewest = ruleset.optional("ngs", "reads_min")
    total = measured.details["sample_reads"]
    if fewest is not None and total < fewest.value:
        return _blocked(judged, "ngs.reads_min", f"The sample has {total} reads; needed are {fewest.quote()}.")
    if cells is None:
        return _blocked(
            judged,
            "ngs.lod_cells",
            "The number of cells in the tube is unknown, so the sensitivity is unknown: reads are copies of "
            "copies, not cells.",
        )
    lod, loq = ruleset.limit("ngs", "lod_cells"), ruleset.optional("ngs", "loq_cells")
    sensitivity = max(min(1.0, lod.value / cells), detection_limit(total))
    judged = replace(
        judged,
        sensitivity_fraction=sensitivity,
        quantitative_range=(min(1.0, loq.value / cells), 1.0) if loq else None,
    )
    if reads == 0:
        return replace(
            judged,
            classification=MrdClass.NEGATIVE,
            interval=(0.0, sensitivity),
            interval_meaning="not detected: below the sensitivity",
        )
    copies = judged.details.get("copies")
    if loq is not None and copies is not None and copies >= loq.value:
        return replace(judged, classification=MrdClass.QUANTIFIED)
    if loq is None:
        reason = "no quantification limit (ngs.loq_cells) in the rule set"
    elif copies is None:
        reason = "a share of reads is not a share of cells; standards of known amount are needed"
    else:
        reason = f"below {loq.quote()}"
    return _not_quantifiable(judged, reason)


def _not_quantifiable(judged: MrdResult, reason: str) -> MrdResult:
    ends = [limits[place] for limits, place in ((judged.interval, 1), (judged.quantitative_range, 0)) if limits]
    finding = Finding(rule="ngs.loq_cells", severity=Severity.NOTE, text=f"Positive, not quantifiable: {reason}.")
    return replace(
        judged,
        classification=MrdClass.POSITIVE_NOT_QUANTIFIABLE,
        level_fraction=None,
        interval=(0.0, max(ends)),
        interval_meaning="above 0, up to the quantification limit or the 95 % upper limit if that is higher",
        findings=(*judged.findings, finding),
    )


def _blocked(judged: MrdResult, rule: str, text: str) -> MrdResult:
    finding = Finding(
        rule=rule,
        severity=Severity.BLOCKING,
        text=text,
        look_at="Give the cell equivalents with --cells, or the DNA in the tube with --dna-ng.",
    )
    return replace(judged, findings=(*judged.findings, finding))


def _upper_limit(result: MrdResult) -> float:
    return result.interval[1] if result.interval else 0.0
