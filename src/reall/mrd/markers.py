"""Markers between diagnosis and relapse (kept, lost, gained), and which targets to choose."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from reall.base.errors import UnusableLaboratoryData
from reall.mrd.readers.sheet import read_records

_PRESENCE = {
    "yes": True,
    "present": True,
    "no": False,
    "absent": False,
    "": None,
    "unknown": None,
    "not done": None,
}
_COMPARED = {
    (True, True): "kept",
    (True, False): "lost",
    (False, True): "gained",
    (False, False): "absent in both",
}


@dataclass(frozen=True, kw_only=True)
class Marker:
    """One rearrangement: presence is None where it was not looked for. `monoclonal` likewise."""

    name: str
    kind: str
    at_diagnosis: bool | None = None
    at_relapse: bool | None = None
    monoclonal: bool | None = None
    sensitivity: float | None = None

    @property
    def fate(self) -> str:
        """kept, lost, gained, absent in both, or unknown."""
        if self.at_diagnosis is None or self.at_relapse is None:
            return "unknown"
        return _COMPARED[self.at_diagnosis, self.at_relapse]


def read_markers(path: str | Path) -> tuple[Marker, ...]:
    """Read a CSV with `marker`, `kind` and any of `diagnosis`, `relapse`, `monoclonal`, `sensitivity`.

    Raises:
        UnusableLaboratoryData: a column or an answer is not understood.
    """
    rows = read_records(Path(path))
    if not {"marker", "kind"} <= set(rows[0]):
        raise UnusableLaboratoryData(
            "The columns marker and kind are needed.",
            where=str(path),
            why="Stability depends on the kind of rearrangement.",
            next="Columns: marker, kind, diagnosis, relapse, monoclonal, sensitivity.",
        )
    return tuple(_marker(row, f"{path}, row {number}") for number, row in enumerate(rows, start=2))


def _marker(row: Mapping[str, str | None], where: str) -> Marker:
    def presence(name: str) -> bool | None:
        word = (row.get(name) or "").strip().lower()
        if word not in _PRESENCE:
            raise UnusableLaboratoryData(
                f"{word!r} is not an answer.",
                where=f"{where}, {name}",
                next="Write yes, no, or leave it empty.",
            )
        return _PRESENCE[word]

    text = (row.get("sensitivity") or "").strip()
    try:
        sensitivity = float(text.replace(",", ".")) if text else None
    except ValueError:
        sensitivity = math.nan
    if sensitivity is not None and not 0 < sensitivity < 1:
        raise UnusableLaboratoryData(
            f"{text!r} is not a sensitivity.",
            where=f"{where}, sensitivity",
            why="It is a fraction of cells between 0 and 1; 0.01 % is 1e-4.",
            next="Correct it, or leave it empty.",
        )
    return Marker(
        name=(row.get("marker") or "").strip(),
        kind=(row.get("kind") or "").strip(),
        at_diagnosis=presence("diagnosis"),
        at_relapse=presence("relapse"),
        monoclonal=presence("monoclonal"),
        sensitivity=sensitivity,
    )


@lru_cache(maxsize=1)
def _stability() -> Mapping[str, Any]:
    text = (resources.files("reall") / "knowledge" / "mrd" / "target_stability.yaml").read_text(encoding="utf-8")
    content: Mapping[str, Any] = YAML(typ="safe", pure=True).load(text)
    return content


def preserved_share(kind: str) -> float | None:
    """The share of such targets still found at relapse in the published series; None for an unknown kind.

    >>> preserved_share("IGK-Kde")
    0.9
    """
    word = kind.strip().lower()
    for name, row in _stability()["types"].items():
        if word == name.lower() or word in row["names"]:
            return float(row["preserved"])
    return None


def compare_markers(markers: Sequence[Marker]) -> dict[str, Any]:
    """Say what became of each marker, with the published stability of its kind."""
    rows = [
        {"marker": m.name, "kind": m.kind, "fate": m.fate, "published_preserved": preserved_share(m.kind)}
        for m in markers
    ]
    fates = [m.fate for m in markers]
    return {
        "markers": rows,
        "kept": fates.count("kept"),
        "lost": fates.count("lost"),
        "gained": fates.count("gained"),
        "unknown": fates.count("unknown"),
        **_citation(),
    }


def order_targets(markers: Sequence[Marker], *, needed_sensitivity: float | None = None) -> list[dict[str, Any]]:
    """Order candidate targets by what is published about their stability, and give the reasons.

    Targets that miss the needed sensitivity come last; among the others monoclonal before oligoclonal, then
    the more stable kind, then the better sensitivity. What is unknown comes after what is known to be good.
    """

    def key(marker: Marker) -> tuple[bool, int, float, float]:
        clonality = {True: 0, None: 1, False: 2}[marker.monoclonal]
        misses = needed_sensitivity is not None and (marker.sensitivity or 0.0) > needed_sensitivity
        return misses, clonality, -(preserved_share(marker.kind) or 0.0), marker.sensitivity or 1.0

    ordered = []
    for marker in sorted(markers, key=key):
        share, reasons = preserved_share(marker.kind), []
        reasons.append(f"{share:.0%} of {marker.kind} targets preserved" if share else f"{marker.kind}: not published")
        if marker.monoclonal is not None:
            name = "monoclonal" if marker.monoclonal else "oligoclonal"
            reasons.append(f"{name}: {_stability()['clonality'][name]:.0%} preserved")
        enough = None
        if needed_sensitivity is not None and marker.sensitivity is not None:
            enough = marker.sensitivity <= needed_sensitivity
            reasons.append(
                f"sensitivity {marker.sensitivity:g} {'meets' if enough else 'misses'} {needed_sensitivity:g}"
            )
        ordered.append({"marker": marker.name, "kind": marker.kind, "meets_sensitivity": enough, "because": reasons})
    return ordered


def advice_on_choice(markers: Sequence[Marker]) -> list[str]:
    """What to remember when choosing: two loci at least, none of them alone."""
    loci = {marker.kind.split("-")[0].split(" ")[0].upper() for marker in markers}
    advice = []
    if len(markers) < 2:  # noqa: PLR2004 - "two" is the rule itself
        advice.append("Only one target: its loss at relapse would read as negative.")
    elif len(loci) < 2:  # noqa: PLR2004
        advice.append("All targets lie in one locus: choose a second locus, so that one event cannot lose both.")
    return advice


def _citation() -> dict[str, str]:
    content = _stability()
    return {"source": content["source"], "at": content["at"], "knowledge_status": content["status"]}
