"""Decision points: the time point, method and tissue for which a protocol defined its MRD cut-off.

A level is compared only with a cut-off that was defined for its method and tissue; everything else is shown as not
comparable, with the reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

# Words under which laboratories report one and the same method.
_METHODS = {
    "rq-pcr": ("rq-pcr", "rqpcr", "qpcr", "ig/tr rq-pcr"),
    "flow cytometry": ("flow cytometry", "flow", "fcm", "mfc"),
    "ddpcr": ("ddpcr", "dpcr", "digital pcr"),
    "ngs": ("ngs",),
}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A level against one cut-off. `answer`: below, at_or_above, open or not_comparable; `why` in words."""

    point: str
    cut_off_fraction: float
    answer: str
    why: str
    source: str
    at: str
    status: str

    def to_json(self) -> dict[str, Any]:
        """Give the parts by name."""
        return {
            "decision_point": self.point,
            "cut_off_fraction": self.cut_off_fraction,
            "answer": self.answer,
            "why": self.why,
            "source": self.source,
            "at": self.at,
            "status": self.status,
        }


@dataclass(frozen=True, kw_only=True)
class DecisionPoint:
    """One published cut-off and what it was defined for.

    `timepoints` are all names of its time point; method and tissue are None where the source names none.
    """

    name: str
    timepoints: tuple[str, ...]
    cut_off_fraction: float
    method: str | None
    tissue: str | None
    source: str
    at: str
    status: str

    def at_timepoint(self, timepoint: str | None) -> bool:
        """Tell whether a laboratory's time point is this one, under any of its names."""
        return timepoint is not None and re.sub(r"[\s-]+", "_", timepoint.strip().lower()) in self.timepoints

    def judge(
        self,
        *,
        timepoint: str | None,
        method: str,
        tissue: str,
        level: float | None,
        interval: tuple[float, float] | None,
    ) -> Verdict:
        """Compare a level: a reported number as reported, a set only where all of it lies on one side."""
        answer, why = self._compare(method=method, tissue=tissue, level=level, interval=interval)
        return Verdict(
            point=f"{self.name} ({timepoint})",
            cut_off_fraction=self.cut_off_fraction,
            answer=answer,
            why=why,
            source=self.source,
            at=self.at,
            status=self.status,
        )

    def _compare(
        self, *, method: str, tissue: str, level: float | None, interval: tuple[float, float] | None
    ) -> tuple[str, str]:
        cut = self.cut_off_fraction
        if self.method and canonical_method(method) != canonical_method(self.method):
            return "not_comparable", f"the cut-off was defined for {self.method}, this is {method}"
        if self.tissue and tissue != self.tissue:
            return "not_comparable", f"the cut-off was defined for {self.tissue}, this is {tissue}"
        if interval is None:
            return "open", "the sample was not evaluable"
        low, high = interval
        reaches = low < cut <= high
        if level is not None:
            caution = "; its confidence interval reaches across the cut-off" if reaches else ""
            return ("at_or_above" if level >= cut else "below"), f"level {level:.2g}{caution}"
        if reaches:
            return "open", f"only known to lie between {low:.2g} and {high:.2g}"
        return ("at_or_above" if low >= cut else "below"), f"between {low:.2g} and {high:.2g}"


def canonical_method(method: str) -> str:
    """One name per method.

    >>> canonical_method("qPCR")
    'rq-pcr'
    """
    word = method.strip().lower()
    named = (name for name, words in _METHODS.items() if any(re.match(rf"{each}\b", word) for each in words))
    return next(named, word)
