"""The MRD results of one patient over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from reall.api.inputs import Source, all_on_disk, on_disk
from reall.base.errors import WrongUsage
from reall.library.knowledge import Knowledge, open_knowledge
from reall.mrd.bridge import read_results
from reall.mrd.course import follow, measurement_from
from reall.mrd.decision_points import DecisionPoint
from reall.mrd.markers import compare_markers, read_markers


def course(
    results: Sequence[Source],
    *,
    days: Sequence[str] = (),
    markers: Source | None = None,
    knowledge: Knowledge | None = None,
) -> dict[str, Any]:
    """Follow MRD through result files of `reall.mrd/1`; methods stand side by side and are never converted.

    `days` gives or corrects the day of each file, in their order; an empty text keeps the day that the file holds.
    `markers` is a CSV with marker, kind, diagnosis, relapse. Raises `UnusableLaboratoryData` and `WrongUsage`.
    """
    if days and len(days) != len(results):
        raise WrongUsage(f"{len(days)} days for {len(results)} files", where="days", next="Give one for each, or none.")
    measurements = []
    for place, source in enumerate(results):
        day = day_in(days[place]) if days and days[place] else None
        with on_disk(source) as path:
            measurements += [measurement_from(result, day=day) for result in read_results(path)]
    content: dict[str, Any] = follow(measurements, decision_points(knowledge or open_knowledge())).to_json()
    with all_on_disk([markers]) as [markers_path]:
        if markers_path is not None:
            content["markers"] = compare_markers(read_markers(markers_path))
    return content


def day_in(text: str, where: str = "days") -> float:
    """Read a day. Raises `WrongUsage`."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise WrongUsage(f"{text!r} is not a day.", where=where, next="Write FILE@DAY with a number.")
    return number


def decision_points(knowledge: Knowledge) -> list[DecisionPoint]:
    """Give every cut-off of every published system, under all names of its time point."""
    names = {f"mrd_{t.name}_level_fraction": (t.name, *t.also) for t in knowledge.vocabulary.timepoints}
    return [
        DecisionPoint(
            name=f"{system_id}: {point.id}",
            timepoints=names[point.fact],
            cut_off_fraction=point.cut_off_fraction,
            method=point.method or None,
            tissue=point.tissue or None,
            source=point.citation.source,
            at=point.citation.at,
            status=point.citation.status,
        )
        for system_id, system in knowledge.systems.items()
        for point in system.decision_points
        if point.fact in names
    ]
