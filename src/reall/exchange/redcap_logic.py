"""Branching logic of REDCap: whether a field is shown for a record.

Read are comparisons of fields with constants joined by `and`, `or`, `not` and parentheses, which is what data
dictionaries mostly hold. Functions, smart variables and fields of other events are not; where logic cannot be read,
whether a field was shown is not known.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

from sqlglot import exp, parse_one
from sqlglot.errors import ParseError, TokenError

_FIELD = re.compile(r"\[([a-z][a-z0-9_]*)(?:\(([^()\[\]]+)\))?\]", re.IGNORECASE)


def checkbox_column(field: str, code: str) -> str:
    """Name the export column of one box: the code in lower case, everything but letters and digits as `_`.

    >>> checkbox_column("sites", "-1")
    'sites____1'
    """
    return f"{field}___{re.sub(r'[^a-z0-9]', '_', code.lower())}"


@functools.lru_cache(maxsize=4096)
def read_logic(text: str) -> exp.Expr | None:
    """Parse branching logic; None where it uses more than is read here."""
    columns = _FIELD.sub(lambda m: f'"{checkbox_column(m[1], m[2]) if m[2] else m[1]}"', text)
    if "[" in columns:
        return None
    quoted = re.sub(r"'([^']*)'|\"([^\"]*)\"(?=\s*(?:and\b|or\b|\)|$))", _constant, columns, flags=re.IGNORECASE)
    try:
        tree = parse_one(quoted.replace("!=", "<>"))
    except (ParseError, TokenError):
        return None
    return tree if _readable(tree) else None


def _constant(found: re.Match[str]) -> str:
    """Leave a quoted column alone, and write a constant in single quotes."""
    single, double = found[1], found[2]
    if single is not None:
        return f"'{single}'"
    return found[0] if re.fullmatch(r"[a-z][a-z0-9_]*", double) and not double.isdigit() else f"'{double}'"


_JOINTS = (exp.And, exp.Or, exp.Not, exp.Paren)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)


def _readable(node: exp.Expr) -> bool:
    if isinstance(node, _JOINTS):
        return all(_readable(part) for part in node.iter_expressions())
    sides = [node.args.get("this"), node.args.get("expression")]
    return (
        isinstance(node, _COMPARISONS)
        and isinstance(sides[0], exp.Column)
        and isinstance(sides[1], exp.Literal | exp.Neg | exp.Column)
    )


def shown(text: str, record: Mapping[str, str]) -> bool | None:
    """Say whether a field with this logic is shown for a record; None where that cannot be known.

    A blank compares as the empty text, as REDCap has it, and as no number.

    >>> shown("[sex] = '1' and [age] >= 10", {"sex": "1", "age": "9"})
    False
    """
    if not text.strip():
        return True
    tree = read_logic(text.strip())
    if tree is None or any(column.name not in record for column in tree.find_all(exp.Column)):
        return None
    return _holds(tree, record)


def _holds(node: exp.Expr, record: Mapping[str, str]) -> bool:
    match node:
        case exp.Paren():
            return _holds(node.this, record)
        case exp.Not():
            return not _holds(node.this, record)
        case exp.And():
            return _holds(node.left, record) and _holds(node.right, record)
        case exp.Or():
            return _holds(node.left, record) or _holds(node.right, record)
    return _compare(node, _value(node.this, record), _value(node.expression, record))


def _value(node: exp.Expr, record: Mapping[str, str]) -> str:
    if isinstance(node, exp.Column):
        return record[node.name]
    return f"-{node.this.name}" if isinstance(node, exp.Neg) else str(node.name)


def _compare(node: exp.Expr, left: str, right: str) -> bool:
    try:
        numbers = float(left), float(right)
    except ValueError:
        return left == right if isinstance(node, exp.EQ) else left != right if isinstance(node, exp.NEQ) else False
    a, b = numbers
    holds: dict[type[exp.Expr], bool] = {
        exp.EQ: a == b, exp.NEQ: a != b, exp.LT: a < b, exp.LTE: a <= b, exp.GT: a > b, exp.GTE: a >= b,
    }  # fmt: skip
    return holds[type(node)]
