"""Which facts still matter to a condition, and the smallest sets of them that force an outcome.

The smallest sets are implicants of a diagram (Quine, 1955), found over the diagram as cut down to one case. Each fact
comes with a set of cells rather than a single answer, so that "18 months or more" stays one answer.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from itertools import product

from reall.facts.known import Known
from reall.rules.diagram import Diagrams, Masks
from reall.rules.table import IMPOSSIBLE, KnowledgeBase

Answers = tuple[tuple[int, int], ...]
"""Facts by position, ascending, each with the cells that it must lie in."""

LARGEST_SET = 3
"""Sets of more facts than this are given by one short way through the questions, not searched for exhaustively."""
LARGEST_DIAGRAM = 150
"""The same holds where more nodes than this are left after cutting a diagram down to the case."""
_MOST_SETS = 24


def open_facts(base: KnowledgeBase, diagram: int, masks: Masks) -> tuple[str, ...]:
    """Name the facts whose answer could still change the outcome, in the order of the questions."""
    cut = _Cut(base.diagrams, masks, without=base.diagrams.leaf(IMPOSSIBLE))
    asked = cut.facts(cut.down(diagram))
    return tuple(base.space.axes[at].fact.name for at in asked if base.space.axes[at].fact.name not in base.tables)


def smallest_sets(
    base: KnowledgeBase, diagram: int, masks: Masks, wanted: Callable[[Hashable], bool]
) -> list[dict[str, Known]]:
    """Give the smallest sets of missing facts, with the answers that force a wanted outcome; empty where none can.

    Exact up to `LARGEST_SET` facts and `LARGEST_DIAGRAM` nodes; beyond that, one set that does it and from which no
    fact can be left out. Cost: the nodes cut down to the case, times the sets of that size.
    """
    d = base.diagrams
    cut = _Cut(d, masks)
    search = _Search(cut, cut.down(diagram), lambda leaf: wanted(d.outcome[leaf]), d.leaf(IMPOSSIBLE))
    shortest = search.shortest()
    if not shortest:
        return []
    exact = len(shortest) <= LARGEST_SET and len(cut.asked) <= LARGEST_DIAGRAM
    found = search.all_up_to(len(shortest)) if exact else [shortest]
    fewest = min(map(len, found))
    axes = base.space.axes
    named: dict[tuple[int, ...], Answers] = {}
    for answers in sorted(s for s in found if len(s) == fewest):
        named.setdefault(tuple(at for at, _ in answers), answers)
    return [{axes[at].fact.name: axes[at].known(mask) for at, mask in s} for s in named.values()][:_MOST_SETS]


class _Cut:
    """Diagrams cut down to one case: each restricted node asks one fact, and lists children with their cells.

    `without` is a leaf to leave out, so that a fact that only rules completions out is not asked.
    """

    def __init__(self, diagrams: Diagrams, masks: Masks, without: int = -1) -> None:
        self._d = diagrams
        self._masks = masks
        self._without = without
        self._seen: dict[int, int] = {}
        self.asked: dict[int, tuple[int, dict[int, int]]] = {}

    def down(self, node: int) -> int:
        """Cut a node down: a leaf, or a node of the original diagram that still asks something."""
        d = self._d
        at = d.level[node]
        if at == d.leaf_level:
            return node
        if node not in self._seen:
            cells: dict[int, int] = {}
            for cell, child in enumerate(d.children[node]):
                if self._masks[at] >> cell & 1 and (below := self.down(child)) != self._without:
                    cells[below] = cells.get(below, 0) | 1 << cell
            if len(cells) > 1:
                self.asked[node] = at, cells
            self._seen[node] = node if len(cells) > 1 else next(iter(cells), self._without)
        return self._seen[node]

    def facts(self, root: int) -> list[int]:
        """List, by position, the facts that are asked below a node."""
        found, waiting, seen = set(), [root], {root}
        while waiting:
            node = waiting.pop()
            if node in self.asked:
                at, cells = self.asked[node]
                found.add(at)
                waiting.extend(set(cells) - seen)
                seen |= set(cells)
        return sorted(found)


class _Search:
    """Looks for answers that leave only wanted outcomes; completions that cannot be are no obstacle, and no success."""

    def __init__(self, cut: _Cut, root: int, wanted: Callable[[int], bool], impossible: int) -> None:
        self.cut = cut
        self.root = root
        self.wanted = wanted
        self.impossible = impossible
        self._kept: dict[tuple[int, int], frozenset[Answers]] = {}

    def shortest(self) -> Answers | None:
        """Find one short way to a wanted outcome, then leave out every fact that is not needed."""
        way = self._way(self.root, {})
        if way is None:
            return None
        chosen = dict(way)
        for at in list(chosen):
            rest = {a: mask for a, mask in chosen.items() if a != at}
            if self._forced(self.root, rest, {}):
                chosen = rest
        return tuple(sorted(chosen.items()))

    def _way(self, node: int, seen: dict[int, Answers | None]) -> Answers | None:
        if node not in self.cut.asked:
            return () if self.wanted(node) else None
        if node not in seen:
            at, cells = self.cut.asked[node]
            ways = [(way, mask) for child, mask in cells.items() if (way := self._way(child, seen)) is not None]
            # Of equally short ways the one with the widest answer: it asks least of the child.
            best = min(ways, key=lambda pair: (len(pair[0]), -pair[1].bit_count()), default=None)
            seen[node] = None if best is None else ((at, best[1]), *best[0])
        return seen[node]

    def _forced(self, node: int, given: dict[int, int], seen: dict[int, bool]) -> bool:
        if node not in self.cut.asked:
            return node == self.impossible or self.wanted(node)
        if node not in seen:
            at, cells = self.cut.asked[node]
            allowed = given.get(at, -1)
            seen[node] = all(self._forced(child, given, seen) for child, mask in cells.items() if mask & allowed)
        return seen[node]

    def all_up_to(self, size: int) -> list[Answers]:
        """Find every smallest set of at most `size` facts."""
        return [answers for answers in self._sets(self.root, size) if self._reached(self.root, dict(answers), set())]

    def _reached(self, node: int, given: dict[int, int], seen: set[int]) -> bool:
        if node not in self.cut.asked:
            return self.wanted(node)
        if node in seen:
            return False
        seen.add(node)
        at, cells = self.cut.asked[node]
        allowed = given.get(at, -1)
        return any(self._reached(child, given, seen) for child, mask in cells.items() if mask & allowed)

    def _sets(self, node: int, size: int) -> frozenset[Answers]:
        if node not in self.cut.asked:
            return frozenset([()]) if node == self.impossible or self.wanted(node) else frozenset()
        key = (node, size)
        if key not in self._kept:
            at, cells = self.cut.asked[node]
            found = self._without(list(cells), size)
            if size:
                for child, mask in cells.items():
                    found |= {((at, mask), *rest) for rest in self._sets(child, size - 1)}
            self._kept[key] = _smallest(found)
        return self._kept[key]

    def _without(self, children: list[int], size: int) -> set[Answers]:
        """Find the sets that do not ask this fact: they must do for each of its answers."""
        found: set[Answers] = set(self._sets(children[0], size))
        for child in children[1:]:
            if not found:
                break
            joined = (_join(a, b) for a, b in product(found, self._sets(child, size)))
            found = {j for j in joined if j is not None and len(j) <= size}
        return found


def _join(one: Answers, other: Answers) -> Answers | None:
    joined = dict(one)
    for at, mask in other:
        joined[at] = joined.get(at, mask) & mask
        if not joined[at]:
            return None
    return tuple(sorted(joined.items()))


def _smallest(found: set[Answers]) -> frozenset[Answers]:
    """Drop every set that asks no less, and allows no more, than another one."""
    kept: list[Answers] = []
    for candidate in sorted(found, key=lambda s: (len(s), -sum(mask.bit_count() for _, mask in s))):
        answers = dict(candidate)
        if not any(all(at in answers and answers[at] & ~mask == 0 for at, mask in k) for k in kept):
            kept.append(candidate)
    return frozenset(kept)
