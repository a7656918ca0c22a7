"""Where a relapse came from: each draw of tree and fractions gives one answer, and the shares of answers are the
probabilities.

In one draw, the founding clone is found by going down the tree as long as one child holds most of the relapse. The last
node on this way that is seen at diagnosis is the last common ancestor that can be pointed to; its share there tells
major from minor. Relapse cells that descend from another clone seen at diagnosis are a second lineage.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logsumexp

from reall.clones.model import Ancestor, Call, CellFraction, Fate, Origin

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reall.clones.calling import CallingRule
    from reall.clones.counts import ClusterReads
    from reall.clones.noise import Draws

CALLS = (Call.MAJOR, Call.MINOR, Call.BELOW_DETECTION, Call.NO_SHARED_ANCESTOR, Call.SEVERAL)
_GRID = 200
_MENTIONED = 0.01


@dataclass(frozen=True, slots=True)
class Pair:
    """Columns and names of the diagnosis and the relapse that are compared."""

    diagnosis: int
    relapse: int
    diagnosis_name: str
    relapse_name: str


@dataclass(frozen=True, slots=True)
class Descent:
    """One draw's answer: the way from the root to the founding clone, its last node seen at diagnosis, and the call."""

    way: tuple[int, ...]
    ancestor: int
    call: Call
    founders: tuple[int, ...]


def descent(
    parents: NDArray[np.int64],
    at_diagnosis: NDArray[np.float64],
    at_relapse: NDArray[np.float64],
    seen_at_diagnosis: NDArray[np.bool_],
    rule: CallingRule,
) -> Descent:
    """Follow the relapse back in one tree; arrays are (K + 1,), fractions of all cells.

    `BELOW_DETECTION` and `NO_SHARED_ANCESTOR` cannot be told apart by one draw: the latter is returned for both.
    """
    leukaemia_then = at_diagnosis[1:][parents[1:] == 0].sum()
    leukaemia_now = at_relapse[1:][parents[1:] == 0].sum()
    way = _way_down(parents, at_relapse, rule.clonal_at_relapse_share * leukaemia_now)
    ancestor = max((k for k in way if seen_at_diagnosis[k]), key=way.index)
    lineages = _lineages(parents, at_relapse, seen_at_diagnosis)
    large = tuple(sorted(k for k, share in lineages.items() if share >= rule.second_clone_share * leukaemia_now))
    if len(large) > 1:
        return Descent(way, ancestor, Call.SEVERAL, tuple(k for k in large if k) or (way[-1],))
    if ancestor == 0:
        return Descent(way, 0, Call.NO_SHARED_ANCESTOR, (way[-1],))
    major = at_diagnosis[ancestor] >= rule.major_clone_share * leukaemia_then
    return Descent(way, ancestor, Call.MAJOR if major else Call.MINOR, (way[-1],))


def _way_down(parents: NDArray[np.int64], at_relapse: NDArray[np.float64], enough: float) -> tuple[int, ...]:
    way = [0]
    while True:
        children = np.flatnonzero(parents == way[-1])
        large = [k for k in children if at_relapse[k] >= enough]
        if not large or enough <= 0:
            return tuple(way)
        way.append(int(max(large, key=lambda k: at_relapse[k])))


def _lineages(
    parents: NDArray[np.int64], at_relapse: NDArray[np.float64], seen_at_diagnosis: NDArray[np.bool_]
) -> dict[int, float]:
    """Relapse cells by the last of their ancestors that is seen at diagnosis."""
    own = at_relapse.copy()
    np.subtract.at(own, parents[1:], at_relapse[1:])
    held: defaultdict[int, float] = defaultdict(float)
    for k in range(1, len(parents)):
        node = k
        while not seen_at_diagnosis[node]:
            node = int(parents[node])
        held[node] += max(0.0, float(own[k]))
    return held


def hidden_ancestor_probability(
    counts: ClusterReads, nodes: tuple[int, ...], diagnosis: int, rule: CallingRule
) -> float:
    """Chance that a line with no cluster seen at diagnosis was there below the limit, rather than not at all.

    Compares, for equal prior weight, the line's reads at diagnosis under error alone and under error plus a fraction
    below the smallest clone called, each order of magnitude as likely as the next. Without reads beyond error the two
    cannot be told apart, and the answer stays near one half.
    """
    variant, other, probability = (array[list(nodes), diagnosis].sum() for array in _weighted(counts))
    total = variant + other
    if total == 0:
        return 0.5
    fraction = np.geomspace(rule.smallest_clone_possible, rule.smallest_clone_called, _GRID)
    chance = np.minimum(
        1.0 - rule.read_error, np.append(rule.read_error + probability / total * fraction, rule.read_error)
    )
    value = variant * np.log(chance) + other * np.log1p(-chance)
    present, absent = logsumexp(value[:-1]) - np.log(_GRID), value[-1]
    return float(1 / (1 + np.exp(absent - present)))


def _weighted(counts: ClusterReads) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    variant, other, probability = counts.pooled
    return variant, other, (variant + other) * probability


def origin_of(counts: ClusterReads, draws: Draws, seen: NDArray[np.bool_], pair: Pair, rule: CallingRule) -> Origin:
    """Call the origin of one relapse from draws; `counts`, `draws` and `seen` (K + 1, S) share their columns.

    Whether a clone was large enough at diagnosis to be seen there is drawn anew with its fraction: a clone near the
    limit is on either side of it in a part of the draws. `seen` tells what the reads show, for words about markers.
    """
    d, r = pair.diagnosis, pair.relapse
    answers = [
        descent(parents, ccf[:, d], ccf[:, r], ccf[:, d] >= rule.smallest_clone_called, rule)
        for parents, ccf in zip(draws.parents, draws.ccf, strict=True)
    ]
    probabilities = _probabilities(counts, answers, d, rule)
    nothing = _nothing_to_compare(seen, pair)
    if nothing:
        probabilities = {Call.UNDECIDED: 1.0}
    call = max(probabilities, key=lambda c: probabilities[c])
    reason = nothing
    if call is not Call.UNDECIDED and probabilities[call] < rule.sure_enough:
        reason = f"no answer reaches {rule.sure_enough:.0%}; the most probable is {call.value}"
        call = Call.UNDECIDED
    ancestors = _ancestors(answers, draws, d)
    founders = Counter(answer.founders for answer in answers).most_common(1)[0][0]
    return Origin(
        relapse=pair.relapse_name,
        diagnosis=pair.diagnosis_name,
        call=call,
        probabilities=probabilities,
        last_ancestor=ancestors[0] if not nothing else None,
        other_ancestors=ancestors[1:],
        founding_clusters=tuple(k for k in founders if k),
        hidden_before={k: float(np.quantile(draws.ccf[:, k, d], 0.95)) for k in founders if k and not seen[k, d]},
        fates=_fates(draws, seen, d, r, rule),
        reason=reason,
    )


def _nothing_to_compare(seen: NDArray[np.bool_], pair: Pair) -> str:
    for column, name in ((pair.diagnosis, pair.diagnosis_name), (pair.relapse, pair.relapse_name)):
        if not seen[1:, column].any():
            return f"no cluster is seen in {name}, so there is no leukaemia to compare"
    return ""


def _probabilities(
    counts: ClusterReads, answers: list[Descent], diagnosis: int, rule: CallingRule
) -> dict[Call, float]:
    tally = Counter(answer.call for answer in answers)
    probabilities = {call: tally[call] / len(answers) for call in CALLS}
    alone = [answer for answer in answers if answer.call is Call.NO_SHARED_ANCESTOR]
    ways = Counter(answer.way for answer in alone)
    hidden = 0.0
    for way, times in ways.items():
        nodes = tuple(k for k in way if k)
        hidden += times * (hidden_ancestor_probability(counts, nodes, diagnosis, rule) if nodes else 0.0)
    probabilities[Call.BELOW_DETECTION] = hidden / len(answers)
    probabilities[Call.NO_SHARED_ANCESTOR] -= hidden / len(answers)
    return probabilities


def _ancestors(answers: list[Descent], draws: Draws, diagnosis: int) -> tuple[Ancestor, ...]:
    """Last ancestors seen at diagnosis, the most probable first, with their fraction there."""
    at = np.array([answer.ancestor for answer in answers])
    found: list[Ancestor] = []
    for node, times in Counter(at.tolist()).most_common():
        if times / len(at) >= _MENTIONED or not found:
            ccf = summarise_draws(draws.ccf[at == node, node, diagnosis])
            found.append(Ancestor(int(node), ccf, times / len(at)))
    return tuple(found)


def summarise_draws(values: NDArray[np.float64]) -> CellFraction:
    """Median and central 95 % interval."""
    low, middle, high = np.quantile(values, (0.025, 0.5, 0.975))
    return CellFraction(float(middle), float(low), float(high))


def _fates(draws: Draws, seen: NDArray[np.bool_], d: int, r: int, rule: CallingRule) -> tuple[Fate, ...]:
    """Lost, gained, stayed or absent, from what is seen; the probability is that the true fractions agree."""
    words = {(True, False): "lost", (False, True): "gained", (True, True): "stayed", (False, False): "absent"}
    fates = []
    for k in range(1, draws.ccf.shape[1]):
        then, now = bool(seen[k, d]), bool(seen[k, r])
        there = draws.ccf[:, k, d] >= rule.smallest_clone_called
        here = draws.ccf[:, k, r] >= rule.smallest_clone_called
        probability = float(((there == then) & (here == now)).mean())
        fates.append(Fate(k, words[then, now] if probability >= rule.sure_enough else "undecided", probability))
    return tuple(fates)
