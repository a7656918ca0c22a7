"""Multi-valued decision diagrams over cells (Srinivasan et al., ICCAD 1990, after Bryant 1986).

A node asks one fact and has one child per cell of it; equal nodes are shared, and a node whose children are all equal
is left out. A leaf holds an outcome; the leaves `TRUE` and `FALSE` make a condition. Walking a diagram along every
cell still possible gives exactly the outcomes that some completion of the case reaches. Cost of a walk: at most the
nodes of the diagram; of combining two: at most the product of their nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

FALSE, TRUE = 0, 1
Masks = Sequence[int]


class Diagrams:
    """All nodes of one knowledge base; a node is known by its number, a leaf's variable is `len(sizes)`."""

    def __init__(self, sizes: Sequence[int]) -> None:
        """Start with the two leaves of conditions; `sizes` counts the cells of each fact, in order."""
        self.sizes = list(sizes)
        self.leaf_level = len(sizes)
        self.level: list[int] = [self.leaf_level, self.leaf_level]
        self.children: list[tuple[int, ...]] = [(), ()]
        self.outcome: dict[int, Hashable] = {FALSE: False, TRUE: True}
        self._nodes: dict[tuple[int, tuple[int, ...]], int] = {}
        self._leaves: dict[Hashable, int] = {}
        self._chosen: dict[tuple[int, int, int], int] = {}

    def __getstate__(self) -> dict[str, object]:
        """Leave the memory of combinations behind when a knowledge base is stored."""
        return self.__dict__ | {"_chosen": {}}

    def leaf(self, outcome: Hashable) -> int:
        """Give the leaf of an outcome."""
        if outcome not in self._leaves:
            self._leaves[outcome] = self._add(self.leaf_level, ())
            self.outcome[self._leaves[outcome]] = outcome
        return self._leaves[outcome]

    def _add(self, level: int, children: tuple[int, ...]) -> int:
        self.level.append(level)
        self.children.append(children)
        return len(self.level) - 1

    def node(self, level: int, children: tuple[int, ...]) -> int:
        """Give the node that asks the fact at `level`; none is made where the answer does not matter."""
        if children.count(children[0]) == len(children):
            return children[0]
        key = (level, children)
        if key not in self._nodes:
            self._nodes[key] = self._add(level, children)
        return self._nodes[key]

    def cells(self, level: int, mask: int) -> int:
        """Give the condition that a fact lies in one of some cells."""
        return self.node(level, tuple(mask >> i & 1 for i in range(self.sizes[level])))

    def choose(self, test: int, yes: int, no: int) -> int:
        """Give `yes` where the condition `test` holds and `no` where it does not."""
        if test <= TRUE:
            return yes if test == TRUE else no
        if yes == no:
            return yes
        key = (test, yes, no)
        if key not in self._chosen:
            level = min(self.level[test], self.level[yes], self.level[no])
            tests, ayes, noes = (self._spread(n, level) for n in key)
            made = tuple(map(self.choose, tests, ayes, noes))
            self._chosen[key] = self.node(level, made)
        return self._chosen[key]

    def _spread(self, node: int, level: int) -> tuple[int, ...]:
        return self.children[node] if self.level[node] == level else (node,) * self.sizes[level]

    def both(self, a: int, b: int) -> int:
        """Give the condition that both hold."""
        return self.choose(a, b, FALSE)

    def either(self, a: int, b: int) -> int:
        """Give the condition that at least one holds."""
        return self.choose(a, TRUE, b)

    def opposite(self, a: int) -> int:
        """Give the condition that it does not hold."""
        return self.choose(a, FALSE, TRUE)

    def where(self, diagram: int, test: Callable[[Hashable], bool]) -> int:
        """Turn a diagram of outcomes into the condition that the outcome passes a test."""
        seen: dict[int, int] = {}

        def turn(node: int) -> int:
            if node not in seen:
                if self.level[node] == self.leaf_level:
                    seen[node] = TRUE if test(self.outcome[node]) else FALSE
                else:
                    seen[node] = self.node(self.level[node], tuple(map(turn, self.children[node])))
            return seen[node]

        return turn(diagram)

    def reachable(self, diagram: int, masks: Masks) -> set[int]:
        """Give the leaves that some completion reaches."""
        level, children, leaf_level = self.level, self.children, self.leaf_level
        found: set[int] = set()
        seen: set[int] = set()
        waiting = [diagram]
        while waiting:
            node = waiting.pop()
            at = level[node]
            while at != leaf_level:
                mask = masks[at]
                if mask & (mask - 1):
                    break
                node = children[node][mask.bit_length() - 1]
                at = level[node]
            if at == leaf_level:
                found.add(node)
            elif node not in seen:
                seen.add(node)
                waiting.extend({child for i, child in enumerate(children[node]) if masks[at] >> i & 1})
        return found

    def support(self, diagram: int) -> list[int]:
        """List the facts, by position, that the diagram asks anywhere."""
        seen: set[int] = set()
        waiting = [diagram]
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                waiting.extend(self.children[node])
        return sorted({self.level[n] for n in seen} - {self.leaf_level})

    def witness(self, condition: int) -> dict[int, int] | None:
        """Give one cell per asked fact that makes a condition hold; None where nothing does."""
        if condition == FALSE:
            return None
        found: dict[int, int] = {}
        while self.level[condition] != self.leaf_level:
            at = self.level[condition]
            cell = next(i for i, child in enumerate(self.children[condition]) if child != FALSE)
            found[at], condition = cell, self.children[condition][cell]
        return found


class Restriction:
    """A diagram cut down to what is still possible about one case; it asks only what still matters."""

    def __init__(self, diagrams: Diagrams, diagram: int, masks: Masks, impossible: int) -> None:
        """Cut `diagram` down; the leaf `impossible` marks completions that background rules out."""
        self._diagrams = diagrams
        self._impossible = impossible
        self._nodes: dict[tuple[int, tuple[tuple[int, int], ...]], int] = {}
        self.asked: dict[int, tuple[int, list[tuple[int, int]]]] = {}
        self._seen: dict[int, int] = {}
        self._bits: dict[int, int] = {}
        self._leaf_bit: dict[int, int] = {}
        self._next = -1
        self._masks = masks
        self.root = self._cut(diagram)

    def _cut(self, node: int) -> int:
        d = self._diagrams
        at = d.level[node]
        if at == d.leaf_level:
            return node
        if node not in self._seen:
            mask = self._masks[at]
            parts = [(i, self._cut(child)) for i, child in enumerate(d.children[node]) if mask >> i & 1]
            possible = [(i, child) for i, child in parts if child != self._impossible]
            if len({child for _, child in possible}) <= 1:
                self._seen[node] = possible[0][1] if possible else self._impossible
            else:
                self._seen[node] = self._share(at, possible)
        return self._seen[node]

    def _share(self, at: int, parts: list[tuple[int, int]]) -> int:
        key = (at, tuple(parts))
        if key not in self._nodes:
            self._nodes[key] = self._next
            self.asked[self._next] = (at, parts)
            self._next -= 1
        return self._nodes[key]

    def facts(self) -> list[int]:
        """List, by position, the facts whose answer could still change the outcome."""
        return sorted({at for at, _ in self.asked.values()})

    def leaves(self, at: int | None = None, cell: int = 0) -> set[int]:
        """Give the outcomes still possible, optionally once the fact at a position is known to lie in a cell.

        Only the nodes above that fact are walked; below them the outcomes of each node are kept as bits.
        """
        if at is None:
            return self._outcomes(self._reach(self.root))
        found, waiting, seen = 0, [self.root], set()
        while waiting:
            node = waiting.pop()
            if node in seen:
                continue
            seen.add(node)
            level, parts = self.asked.get(node, (at + 1, []))
            if level > at:
                found |= self._reach(node)
            elif level == at:
                found |= next((self._reach(child) for i, child in parts if i == cell), 0)
            else:
                waiting.extend(child for _, child in parts)
        return self._outcomes(found)

    def _reach(self, node: int) -> int:
        """Give the leaves below a node as bits."""
        if node not in self._bits:
            if node in self.asked:
                bits = 0
                for _, child in self.asked[node][1]:
                    bits |= self._reach(child)
                self._bits[node] = bits
            else:
                self._leaf_bit.setdefault(node, 1 << len(self._leaf_bit))
                self._bits[node] = self._leaf_bit[node]
        return self._bits[node]

    def _outcomes(self, bits: int) -> set[int]:
        return {leaf for leaf, bit in self._leaf_bit.items() if bits & bit and leaf != self._impossible}
