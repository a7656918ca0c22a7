"""Multi-valued decision diagrams over cells (Srinivasan et al., ICCAD 1990, after Bryant 1986).

A node asks one fact and has one child per cell of it; equal nodes are shared, and a node whose children are all equal
is left out. A leaf holds an outcome; the leaves `TRUE` and `FALSE` make a condition. Walking a diagram along every
cell still possible gives exactly the outcomes that some completion of the case reaches. Cost of a walk: at most the
nodes of the diagram; of combining two: at most the product of their nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import cached_property

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
        self.leaves: list[int] = [FALSE, TRUE]
        self.leaf_bit: dict[int, int] = {FALSE: 1, TRUE: 2}
        self._nodes: dict[tuple[int, tuple[int, ...]], int] = {}
        self._leaves: dict[Hashable, int] = {}
        self._chosen: dict[tuple[int, int, int], int] = {}

    def __getstate__(self) -> dict[str, object]:
        """Leave behind what can be worked out again when a knowledge base is stored: a start reads half as much."""
        return self.__dict__ | {"_chosen": {}, "_nodes": {}}

    def leaf(self, outcome: Hashable) -> int:
        """Give the leaf of an outcome."""
        if outcome not in self._leaves:
            made = self._leaves[outcome] = self._add(self.leaf_level, ())
            self.outcome[made] = outcome
            self.leaf_bit[made] = 1 << len(self.leaves)
            self.leaves.append(made)
        return self._leaves[outcome]

    def _add(self, level: int, children: tuple[int, ...]) -> int:
        self.level.append(level)
        self.children.append(children)
        return len(self.level) - 1

    def node(self, level: int, children: tuple[int, ...]) -> int:
        """Give the node that asks the fact at `level`; none is made where the answer does not matter."""
        if children.count(children[0]) == len(children):
            return children[0]
        if not self._nodes:
            self._nodes = {key: n for n, key in enumerate(zip(self.level, self.children, strict=True)) if key[1]}
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

    def reachable(self, diagram: int, masks: Masks) -> frozenset[int]:
        """Give the leaves that some completion reaches."""
        return Walk(self, masks).leaves(diagram)

    def leaves_of(self, bits: int) -> frozenset[int]:
        """Give the leaves that some bits stand for."""
        found = []
        while bits:
            lowest = bits & -bits
            found.append(self.leaves[lowest.bit_length() - 1])
            bits ^= lowest
        return frozenset(found)

    def nodes_by_level(self, diagram: int) -> dict[int, list[int]]:
        """List the nodes of a diagram by the fact, by position, that they ask."""
        found: dict[int, list[int]] = {}
        waiting, seen = [diagram], {diagram}
        while waiting:
            node = waiting.pop()
            if self.level[node] != self.leaf_level:
                found.setdefault(self.level[node], []).append(node)
                below = set(self.children[node]) - seen
                seen |= below
                waiting.extend(below)
        return found

    def leaves_below(self, diagram: int) -> list[int]:
        """List the leaves of a diagram, each once."""
        if self.level[diagram] == self.leaf_level:
            return [diagram]
        nodes = (node for _, level in sorted(self.nodes_by_level(diagram).items()) for node in level)
        children = dict.fromkeys(child for node in nodes for child in self.children[node])
        return [child for child in children if self.level[child] == self.leaf_level]

    def support(self, diagram: int) -> list[int]:
        """List the facts, by position, that the diagram asks anywhere."""
        return sorted(self.nodes_by_level(diagram))

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


class Walk:
    """All that one case can reach. Diagrams share nodes, so what was found below one serves the others."""

    def __init__(self, diagrams: Diagrams, masks: Masks) -> None:
        """Note which facts are known to lie in one cell."""
        self.masks = masks
        self._d = diagrams
        self._only = [-1 if mask & (mask - 1) else mask.bit_length() - 1 for mask in masks]
        self._only.append(-1)  # a leaf asks nothing
        self._below: dict[int, int] = {}
        self._leaves: dict[int, frozenset[int]] = {}

    def leaves(self, diagram: int) -> frozenset[int]:
        """Give the leaves that some completion reaches."""
        bits = self._below.get(diagram) or self._bits(diagram)
        leaves = self._leaves.get(bits)
        if leaves is None:
            leaves = self._leaves[bits] = self._d.leaves_of(bits)
        return leaves

    def first_open(self, node: int) -> int:
        """Go down from a node as far as the facts that are asked lie in one cell."""
        level, children, only = self._d.level, self._d.children, self._only
        while (cell := only[level[node]]) >= 0:
            node = children[node][cell]
        return node

    def _bits(self, node: int) -> int:
        """Give the leaves below a node as bits, and keep them."""
        below, node_asking = self._below, self.first_open(node)
        found = below.get(node_asking, 0)
        if not found:
            at = self._d.level[node_asking]
            if at == self._d.leaf_level:
                found = self._d.leaf_bit[node_asking]
            else:
                mask, last = self.masks[at], -1
                for child in self._d.children[node_asking]:
                    if mask & 1 and child != last:  # neighbouring cells mostly lead to the same node
                        found |= below.get(child) or self._bits(child)
                        last = child
                    mask >>= 1
            below[node_asking] = found
        below[node] = found
        return found

    @cached_property
    def restricted(self) -> Restricted:
        """The diagrams cut down to this case."""
        return Restricted(self._d, self)


class Restricted:
    """Diagrams cut down to what is still possible about a case; they ask only what still matters to it.

    Equal restricted nodes are one. A node lists its children, each with the cells (bits) that lead there.
    """

    def __init__(self, diagrams: Diagrams, walk: Walk) -> None:
        """Start empty."""
        self._d = diagrams
        self._walk = walk
        self._asked: dict[int, tuple[int, tuple[tuple[int, int], ...]]] = {}
        self._ids: dict[tuple[int, tuple[tuple[int, int], ...]], int] = {}
        self._cut: dict[tuple[int, int], int] = {}
        self._bits: dict[int, int] = {}

    def cut(self, diagram: int, *, without: int = -1) -> int:
        """Cut a diagram down and give its root; children that are the leaf `without` are left out."""
        node = self._walk.first_open(diagram)
        if self._d.level[node] == self._d.leaf_level:
            return node
        key = (node, without)
        found = self._cut.get(key)
        if found is None:
            at = self._d.level[node]
            parts: dict[int, int] = {}
            mask, cell, last, child = self._walk.masks[at], 1, -1, -1
            for below in self._d.children[node]:
                if mask & cell:
                    if below != last:  # neighbouring cells mostly lead to the same node
                        last, child = below, self.cut(below, without=without)
                    if child != without:
                        parts[child] = parts.get(child, 0) | cell
                cell <<= 1
            found = self._share(at, tuple(parts.items())) if len(parts) > 1 else next(iter(parts), without)
            self._cut[key] = found
        return found

    def _share(self, at: int, parts: tuple[tuple[int, int], ...]) -> int:
        """Number restricted nodes from -2 downward, apart from the leaves."""
        key = (at, parts)
        found = self._ids.get(key)
        if found is None:
            found = self._ids[key] = -2 - len(self._ids)
            self._asked[found] = key
        return found

    def _below(self, root: int) -> list[tuple[int, tuple[tuple[int, int], ...]]]:
        """List the nodes from a root on: the fact that each asks, and its children."""
        found, waiting, seen = [], [root], {root}
        while waiting:
            node = self._asked.get(waiting.pop())
            if node is not None:
                found.append(node)
                for child, _ in node[1]:
                    if child not in seen:
                        seen.add(child)
                        waiting.append(child)
        return found

    def facts(self, root: int) -> list[int]:
        """List, by position, the facts that a cut diagram asks."""
        return sorted({at for at, _ in self._below(root)})

    def outcomes_left(self, root: int, facts: Sequence[int]) -> dict[int, dict[int, int]]:
        """Give, by fact and cell, the outcomes left (bits, `Diagrams.leaf_bit`) once that fact lies in that cell.

        `facts` are positions, ascending. Cost: one pass over the cut diagram.
        """
        left: dict[int, dict[int, int]] = {at: {} for at in facts}
        always = dict.fromkeys(facts, 0)  # ways that never ask a fact
        for at, parts in self._below(root):
            for child, cells in parts:
                bits = self._leaves_below(child)
                if at in left:
                    by_cell = left[at]
                    for cell in range(cells.bit_length()):
                        if cells >> cell & 1:
                            by_cell[cell] = by_cell.get(cell, 0) | bits
                end = self._asked[child][0] if child < -1 else self._d.leaf_level
                for passed in facts:
                    if at < passed < end:
                        always[passed] |= bits
        return {at: {cell: by_cell[cell] | always[at] for cell in sorted(by_cell)} for at, by_cell in left.items()}

    def _leaves_below(self, node: int) -> int:
        if node >= 0:
            return self._d.leaf_bit[node]
        found = self._bits.get(node)
        if found is None:
            found = 0
            for child, _ in self._asked[node][1]:
                found |= self._leaves_below(child)
            self._bits[node] = found
        return found
