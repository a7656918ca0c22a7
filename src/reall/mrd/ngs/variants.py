"""Which clonotypes are sequencing variants of a larger one.

A read error makes a new clonotype one or two bases away from a large clone. Such a variant rises and falls
with its clone and says nothing of its own.
"""

from __future__ import annotations

from collections.abc import Iterable

from reall.mrd.ngs.repertoire import Clonotype
from reall.mrd.ngs.settings import Settings


def edits_between(one: str, other: str, *, most: int) -> int:
    """Count the edits that turn one sequence into the other, free at both ends; `most` + 1 when there are more.

    Both are windows on the same place of the genome, so they may be shifted by up to `most` bases.

    >>> edits_between("ACGTACGTTGCA", "CGTACGATTGCAT", most=3)
    1
    """
    if abs(len(one) - len(other)) > 2 * most:
        return most + 1
    beyond = most + 1
    previous = dict.fromkeys(range(beyond), 0)
    best = beyond
    for row in range(1, len(one) + 1):
        current: dict[int, int] = {}
        for column in range(max(0, row - 2 * most), min(len(other), row + 2 * most) + 1):
            if column == 0:
                current[0] = 0 if row <= most else beyond
                continue
            differ = one[row - 1] != other[column - 1]
            current[column] = min(
                previous.get(column - 1, beyond) + differ,
                previous.get(column, beyond) + 1,
                current.get(column - 1, beyond) + 1,
            )
        if row >= len(one) - most:
            best = min(best, current.get(len(other), beyond))
        if min(current.values(), default=beyond) > most:
            return beyond
        previous = current
    ends = (value for column, value in previous.items() if column >= len(other) - most)
    return min(best, min(ends, default=beyond), beyond)


def find_leaders(
    clonotypes: Iterable[Clonotype],
    leaders: Iterable[Clonotype],
    settings: Settings,
    *,
    reads_max_share: float | None = None,
) -> dict[str, Clonotype]:
    """Give, by id, the leader of every clonotype that is a variant of one of `leaders`.

    A variant was declared by a person, or has the same locus and either the same name or at most
    `variant_edits_max` edits, and reaches at most `reads_max_share` (`variant_reads_max_share` unless told)
    of its leader's reads in the sample where the variant is largest.
    """
    most = settings["variant_reads_max_share"] if reads_max_share is None else reads_max_share
    largest_first = sorted(leaders, key=lambda one: -max(one.reads))
    by_id = {leader.id: leader for leader in largest_first}
    found: dict[str, Clonotype] = {}
    for clonotype in clonotypes:
        if clonotype.variant_of in by_id:
            found[clonotype.id] = by_id[clonotype.variant_of]
            continue
        leader = next((one for one in largest_first if _is_variant(clonotype, one, settings, most)), None)
        if leader is not None:
            found[clonotype.id] = leader
    return found


def _is_variant(clonotype: Clonotype, leader: Clonotype, settings: Settings, reads_max_share: float) -> bool:
    if clonotype.id == leader.id or clonotype.locus != leader.locus:
        return False
    peak = max(range(len(clonotype.reads)), key=lambda sample: clonotype.reads[sample])
    if clonotype.reads[peak] > reads_max_share * leader.reads[peak]:
        return False
    if clonotype.name == leader.name:
        return True
    one, other = _window(clonotype), _window(leader)
    most = int(settings["variant_edits_max"])
    return bool(one and other) and edits_between(one, other, most=most) <= most


def _window(clonotype: Clonotype) -> str:
    """The bases around the junction: Vidjil's id is that window, AIRR's junction stands in `sequence`."""
    is_window = len(clonotype.id) > 0 and set(clonotype.id) <= set("ACGTN")
    return clonotype.id if is_window else clonotype.sequence
