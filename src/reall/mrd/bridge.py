"""From a result to what a case file says: sets, never a bare 0.

Works on the JSON of `reall.mrd/1`, so that results of any method and of any laboratory's own program can
cross.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reall.base.errors import UnusableLaboratoryData
from reall.base.schemas import first_breach
from reall.mrd.read_json import load_json
from reall.mrd.result import SCHEMA, MrdClass, MrdResult

_NEEDED_BY_CLASS = {
    MrdClass.NEGATIVE: "sensitivity_fraction",
    MrdClass.QUANTIFIED: "level_fraction",
    MrdClass.POSITIVE_NOT_QUANTIFIABLE: "interval",
}


def to_case_entry(result: MrdResult | Mapping[str, Any], *, whole_interval: bool = False) -> dict[str, Any]:
    """Give the entry of a case's `mrd` list.

    A quantified level enters as the reported number, because published cut-offs were applied to reported
    numbers; `whole_interval` hands over the confidence interval instead. A sample that was not evaluable
    enters with its time point, method and tissue only: what is not said stays unknown.

    Raises:
        UnusableLaboratoryData: the result does not carry what its class promises.
    """
    content = result.to_json() if isinstance(result, MrdResult) else result
    entry = {key: content[key] for key in ("timepoint", "method", "tissue") if content.get(key) is not None}
    classification = _class_of(content)
    if classification is MrdClass.NOT_EVALUABLE:
        return entry
    needed = _NEEDED_BY_CLASS[classification]
    if content.get(needed) is None:
        raise UnusableLaboratoryData(
            f"The result is {classification} but has no {needed}.",
            where=f"{content.get('method')} at {content.get('timepoint')}, field {needed}",
            why="Without it the level would be a guess.",
            next="Quantify the sample again.",
        )
    entry["detected"] = classification is not MrdClass.NEGATIVE
    entry["level_fraction"] = _level(content, classification, whole_interval)
    if content.get("sensitivity_fraction") is not None:
        entry["assay_sensitivity_fraction"] = content["sensitivity_fraction"]
    return entry


def case_entries(path: str | Path) -> list[dict[str, Any]]:
    """Give the entries for a case of a file written with `--json`: its results at a protocol time point.

    Samples between the time points, as in a course of sequencing, decide nothing and are left out.

    Raises:
        UnusableLaboratoryData: as for `read_results`, or no result names its time point.
    """
    entries = [to_case_entry(result) for result in read_results(path) if result.get("timepoint")]
    if not entries:
        raise UnusableLaboratoryData(
            "No result in the file names its protocol time point.",
            where=f"{path}, field timepoint",
            why="A level decides only at the time point that a protocol names.",
            next="Quantify with --timepoint, e.g. end_of_reinduction_block1, and with --tissue.",
        )
    return entries


def _level(content: Mapping[str, Any], classification: MrdClass, whole_interval: bool) -> float | str:
    if classification is MrdClass.NEGATIVE:
        # Some signal below the limit of a call can leave more open than the sensitivity does.
        highest = max(content["sensitivity_fraction"], (content.get("interval") or (0.0, 0.0))[1])
        return f"<{highest:.6g}"
    if classification is MrdClass.QUANTIFIED and not whole_interval:
        return float(content["level_fraction"])
    low, high = content["interval"]
    return f"{low:.6g}..{high:.6g}" if low > 0 else f"<{high:.6g}"


def _class_of(content: Mapping[str, Any]) -> MrdClass:
    try:
        return MrdClass(str(content.get("class")))
    except ValueError:
        raise UnusableLaboratoryData(
            f"{content.get('class')!r} is not a class of an MRD result.",
            where="field class",
            why="The program must know whether leukaemia was detected.",
            next=f"Use one of: {', '.join(MrdClass)}.",
        ) from None


def read_results(path: str | Path) -> tuple[dict[str, Any], ...]:
    """Read a file written with `--json`: one result, or several under `results`.

    Raises:
        UnusableLaboratoryData: the file is not JSON or not a result of schema reall.mrd/1.
    """
    content = load_json(Path(path), next_step="Write it with reall mrd … --json.")
    results = tuple(_results_in(content))
    for number, result in enumerate(results, start=1):
        _refuse_broken(result, f"{path}, result {number}")
    if not results:
        raise UnusableLaboratoryData("The file holds no result.", where=str(path), next="Name a sample on the plate.")
    return results


def _refuse_broken(result: Mapping[str, Any], where: str) -> None:
    if breach := first_breach(result, "mrd_result"):
        place, message = breach
        raise UnusableLaboratoryData(
            f"This is not a result of schema {SCHEMA}: {message}.",
            where=f"{where}, {place}",
            why="Fields of other schemas may mean something else; levels are fractions of cells, never percent.",
            next="Write it with reall mrd … --json, or compare with knowledge/schema/mrd_result.schema.json.",
        )
    for name in ("interval", "quantitative_range"):
        span = result.get(name)
        if span and not (span[0] <= span[1] and span[1] > 0):
            raise UnusableLaboratoryData(
                f"{span[0]:g} to {span[1]:g} is not an interval that holds a level.",
                where=f"{where}, {name}",
                why="The lower end comes first, and no interval is just zero.",
                next="Write it with reall mrd … --json.",
            )


def _results_in(content: Any) -> Iterator[dict[str, Any]]:
    if isinstance(content, dict) and isinstance(content.get("results"), list):
        yield from (item for item in content["results"] if isinstance(item, dict))
    elif isinstance(content, list):
        yield from (item for item in content if isinstance(item, dict))
    elif isinstance(content, dict):
        yield content
