"""Watch the clones that nobody tracks: a relapse may come from a clone that was small at diagnosis.

A clonotype alerts at the first sample in which it has grown beyond doubt since its lowest earlier sample: the
lower limit of its share now is at least `growth_alert_min_fold` times the upper limit then, and the same holds
against the spiked-in standards, where there are any (in a poor sample every clone gains share, and so do the
standards). It must have been seen before and hold `growth_alert_min_fraction` of all reads, or be large enough
to be a marker itself. Markers, standards and sequencing variants of any of them never alert.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from reall.mrd.intervals import fraction_interval, poisson_interval
from reall.mrd.ngs.repertoire import Clonotype, Repertoire, Role
from reall.mrd.ngs.settings import Settings
from reall.mrd.ngs.variants import find_leaders

GROWING_UNTRACKED_CLONE = "growing_untracked_clone"


@dataclass(frozen=True, kw_only=True)
class GrowthAlert:
    """A growing clone that is not a tracked marker. Samples are positions; `fold_at_least` is a lower limit."""

    clonotype: Clonotype
    sample: int
    lowest_sample: int
    fold_at_least: float
    fold_against_standards_at_least: float | None
    doubling_days: tuple[float, float] | None
    variants: int = 0

    def to_json(self, repertoire: Repertoire) -> dict[str, Any]:
        """Give the alert in the form of `reall.mrd/1`."""
        one, samples = self.clonotype, repertoire.samples
        shares = {
            sample.label: repertoire.share(one, place) if one.reads[place] else None
            for place, sample in enumerate(samples)
        }
        return {
            "clonotype": one.name,
            "kind": GROWING_UNTRACKED_CLONE,
            "at": samples[self.sample].label,
            "id": one.id,
            "locus": one.locus,
            "reads": one.reads[self.sample],
            "fraction": repertoire.share(one, self.sample),
            "interval": list(fraction_interval(one.reads[self.sample], samples[self.sample].reads)),
            "lowest_at": samples[self.lowest_sample].label,
            "fold_at_least": self.fold_at_least,
            "fold_against_standards_at_least": self.fold_against_standards_at_least,
            "doubling_days": list(self.doubling_days) if self.doubling_days else None,
            "fractions": shares,
            "variants_not_listed": self.variants,
            "text": f"{one.name} is not tracked and has grown at least {self.fold_at_least:.0f}-fold since "
            f"{samples[self.lowest_sample].label}: {repertoire.share(one, self.sample):.3%} of all reads at "
            f"{samples[self.sample].label}. Consider tracking it.",
        }


def growing_untracked_clones(
    repertoire: Repertoire, markers: Collection[Clonotype], settings: Settings
) -> tuple[GrowthAlert, ...]:
    """Give the alerts, earliest first, then largest share first."""
    standards = [one for one in repertoire.clonotypes if one.role is Role.STANDARD]
    known = {one.id for one in (*standards, *markers)}
    untracked = [one for one in repertoire.clonotypes if one.id not in known]
    found = [alert for one in untracked if (alert := _first_growth(repertoire, one, standards, settings)) is not None]
    grown = [alert.clonotype for alert in found]
    follows = find_leaders(grown, [*standards, *markers, *grown], settings)
    kept = [alert for alert in found if alert.clonotype.id not in follows]
    counted = [
        GrowthAlert(**{**vars(alert), "variants": _followers(alert.clonotype, untracked, settings)}) for alert in kept
    ]
    return tuple(sorted(counted, key=lambda alert: (alert.sample, -repertoire.share(alert.clonotype, alert.sample))))


def _followers(leader: Clonotype, clonotypes: Sequence[Clonotype], settings: Settings) -> int:
    return len(find_leaders(clonotypes, [leader], settings))


def _first_growth(
    repertoire: Repertoire, one: Clonotype, standards: Sequence[Clonotype], settings: Settings
) -> GrowthAlert | None:
    totals = [sample.reads for sample in repertoire.samples]
    limits = [fraction_interval(reads, total) for reads, total in zip(one.reads, totals, strict=True)]
    spiked = [sum(standard.reads[place] for standard in standards) for place in range(len(totals))]
    for sample in range(1, len(totals)):
        lowest = min(range(sample), key=lambda place: limits[place][1])
        fold = limits[sample][0] / limits[lowest][1]
        against = _fold_against_standards(one, sample, lowest, spiked)
        grown = min(fold, against if against is not None else math.inf) >= settings["growth_alert_min_fold"]
        if grown and _is_worth_an_alert(repertoire, one, sample, settings):
            return GrowthAlert(
                clonotype=one,
                sample=sample,
                lowest_sample=lowest,
                fold_at_least=fold,
                fold_against_standards_at_least=against,
                doubling_days=_doubling_days(repertoire, one, sample),
            )
    return None


def _fold_against_standards(one: Clonotype, sample: int, lowest: int, spiked: Sequence[int]) -> float | None:
    if not (spiked[sample] and spiked[lowest]):
        return None
    now = poisson_interval(one.reads[sample])[0] / spiked[sample]
    then = poisson_interval(one.reads[lowest])[1] / spiked[lowest]
    return now / then


def _is_worth_an_alert(repertoire: Repertoire, one: Clonotype, sample: int, settings: Settings) -> bool:
    seen_before = max(one.reads[:sample]) >= settings["growth_alert_seen_before_reads"]
    if seen_before and repertoire.share(one, sample) >= settings["growth_alert_min_fraction"]:
        return True
    of_locus = repertoire.locus_share(one, sample)
    return of_locus is not None and of_locus >= settings["marker_locus_share_min"]


def _doubling_days(repertoire: Repertoire, one: Clonotype, sample: int) -> tuple[float, float] | None:
    """Doubling time since the sample before, from the shares' limits; None without days or certain growth."""
    earlier, later = repertoire.samples[sample - 1], repertoire.samples[sample]
    if earlier.day is None or later.day is None:
        return None
    low_then, high_then = fraction_interval(one.reads[sample - 1], earlier.reads)
    low_now, high_now = fraction_interval(one.reads[sample], later.reads)
    if low_now <= high_then:
        return None
    days = later.day - earlier.day
    fastest = days / math.log2(high_now / low_then) if low_then > 0 else 0.0
    return fastest, days / math.log2(low_now / high_then)
