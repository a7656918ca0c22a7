"""The condition language: a small subset of SQL, parsed by sqlglot and checked against the facts.

Allowed are comparisons of a fact with a constant, `IN`, `BETWEEN`, `AND`, `OR`, `NOT`, parentheses, and a yes/no fact
on its own. Two number facts may be compared with each other only in background conditions. Everything else is refused
with the place: there is no `ELSE`, no `IS NULL`, no function and no arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp, parse_one
from sqlglot.errors import ParseError, TokenError

from reall.base.errors import InvalidKnowledge
from reall.facts.known import Answer
from reall.facts.vocabulary import Fact, nearest
from reall.rules.condition import All, Among, AnyOf, Compare, Condition, InOrder, Not

_OPERATORS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_TURNED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True)
class _Reader:
    text: str
    facts: Mapping[str, Fact]
    where: str
    background: bool

    def refuse(self, what: str, node: exp.Expr | None = None, next_step: str = "") -> InvalidKnowledge:
        place = self.where
        if node is not None and (column := _column_of(node, self.text)):
            place = f"{place}, column {column}"
        return InvalidKnowledge(f"{what} in {self.text!r}", where=place, next=next_step)

    def read(self, node: exp.Expr) -> Condition:  # noqa: PLR0911 - one return per form of the language
        match node:
            case exp.Paren():
                return self.read(node.this)
            case exp.And() | exp.Or():
                kind = All if isinstance(node, exp.And) else AnyOf
                parts: list[Condition] = []
                for side in (node.left, node.right):
                    part = self.read(side)
                    parts.extend(part.parts if isinstance(part, kind) else [part])
                return kind(tuple(parts))
            case exp.Not():
                return Not(self.read(node.this))
            case exp.In():
                return self._membership(node)
            case exp.Between():
                return All(
                    (
                        self._comparison(node.this, ">=", node.args["low"]),
                        self._comparison(node.this, "<=", node.args["high"]),
                    )
                )
            case exp.Column():
                return self._flag(node)
        if type(node) in _OPERATORS:
            return self._comparison(node.this, _OPERATORS[type(node)], node.expression)
        raise self.refuse(
            f"{type(node).__name__.upper()} is not part of the rule language",
            node,
            "Use comparisons with constants, IN, BETWEEN, AND, OR, NOT and parentheses.",
        )

    def _fact(self, node: exp.Expr) -> Fact:
        if not isinstance(node, exp.Column) or node.table:
            raise self.refuse("a fact's name is expected", node)
        name = node.name
        if name not in self.facts:
            raise self.refuse(f"there is no fact {name!r}", node, nearest(name, self.facts))
        return self.facts[name]

    def _flag(self, node: exp.Column) -> Among:
        fact = self._fact(node)
        if fact.kind != "yes_no":
            raise self.refuse(f"{fact.name!r} is a {fact.kind} and needs a comparison", node)
        return Among(fact.name, frozenset({True}))

    def _comparison(self, left: exp.Expr, operator: str, right: exp.Expr) -> Condition:
        if not isinstance(left, exp.Column) and isinstance(right, exp.Column):
            left, right, operator = right, left, _TURNED[operator]
        fact = self._fact(left)
        if isinstance(right, exp.Column):
            return self._order(fact, operator, self._fact(right), left)
        if fact.numeric:
            return Compare(fact.name, operator, self._number(fact, right))
        if operator not in {"=", "<>"}:
            raise self.refuse(f"{fact.name!r} is a {fact.kind} and cannot be compared with {operator}", left)
        answer = self._answer(fact, right)
        chosen = Among(fact.name, frozenset({answer}))
        return chosen if operator == "=" else Not(chosen)

    def _order(self, fact: Fact, operator: str, other: Fact, node: exp.Expr) -> InOrder:
        if not (self.background and fact.kind == other.kind == "number" and fact.unit == other.unit):
            raise self.refuse(
                f"{fact.name!r} is compared with another fact",
                node,
                "A rule compares a fact with a constant.",
            )
        if operator == "<=":
            return InOrder(fact.name, other.name)
        if operator == ">=":
            return InOrder(other.name, fact.name)
        raise self.refuse("two facts may only be compared with <= or >=", node)

    def _membership(self, node: exp.In) -> Condition:
        fact = self._fact(node.this)
        if not node.expressions:
            raise self.refuse("IN needs a list of constants", node)
        if fact.numeric:
            return AnyOf(tuple(Compare(fact.name, "=", self._number(fact, each)) for each in node.expressions))
        return Among(fact.name, frozenset(self._answer(fact, each) for each in node.expressions))

    def _number(self, fact: Fact, node: exp.Expr) -> float:
        sign = 1
        if isinstance(node, exp.Neg):
            sign, node = -1, node.this
        if not isinstance(node, exp.Literal) or node.is_string:
            raise self.refuse(f"{fact.name!r} is a number and needs a number", node)
        value = sign * float(node.name)
        if not fact.minimum <= value <= fact.maximum:
            raise self.refuse(
                f"{value:g} is outside the range of {fact.name!r} ({fact.minimum:g} to {fact.maximum:g} {fact.unit})",
                node,
            )
        if fact.kind == "count" and value != int(value):
            raise self.refuse(f"{fact.name!r} is a whole number, {value:g} is not", node)
        return value

    def _answer(self, fact: Fact, node: exp.Expr) -> Answer:
        if fact.kind == "yes_no":
            if isinstance(node, exp.Boolean):
                return bool(node.this)
            raise self.refuse(f"{fact.name!r} is yes or no: write it alone, or with TRUE or FALSE", node)
        if not isinstance(node, exp.Literal) or not node.is_string:
            raise self.refuse(f"{fact.name!r} is a category and needs a text in quotes", node)
        if node.name not in fact.answers:
            allowed = ", ".join(str(a) for a in fact.answers)
            raise self.refuse(f"{node.name!r} is no answer of {fact.name!r}", node, f"Allowed are {allowed}.")
        return str(node.name)


def _column_of(node: exp.Expr, text: str) -> int:
    starts = [int(leaf.meta["start"]) for leaf in node.walk() if "start" in leaf.meta]
    return min(starts) + 1 if starts else text.find(node.name) + 1 if node.name else 0


def read_condition(text: str, facts: Mapping[str, Fact], *, where: str = "", background: bool = False) -> Condition:
    """Parse and check one condition.

    Raises `InvalidKnowledge` with file, row (both from `where`) and column when the text is outside the subset, names
    an unknown fact, or compares a fact with a constant of the wrong type or outside its range.
    """
    try:
        tree = parse_one(text)
    except ParseError as error:
        detail = error.errors[0] if error.errors else {}
        place = f"{where}, column {detail['col']}" if detail.get("col") else where
        why = str(detail.get("description", ""))
        raise InvalidKnowledge(f"{text!r} is not a condition", where=place, why=why) from None
    except TokenError:
        raise InvalidKnowledge(f"{text!r} is not a condition", where=where) from None
    return _Reader(text, facts, where, background).read(tree)
