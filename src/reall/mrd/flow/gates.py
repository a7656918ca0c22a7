"""Gates as the laboratory declares them.

A gate selects events of its parent. Rectangles are half-open (lower bound inside, upper bound outside), as
Gating-ML 2.0 says. Polygons follow the even-odd rule of Gating-ML; a point on an edge counts as its left or
lower neighbour would. Bounds, vertices and ellipsoids are given on the scale of their channel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reall.base.errors import UnusableLaboratoryData
from reall.mrd.flow.compensation import Compensation
from reall.mrd.flow.scales import Raw, Scale


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One channel as a gate sees it: detector ($PnN) or marker ($PnS), compensated or not, on a scale."""

    detector: str
    compensated: bool
    scale: Scale = field(default_factory=Raw)


@dataclass(frozen=True, kw_only=True)
class Range:
    """`low` <= value < `high` on one axis; None leaves that side open."""

    axis: Axis
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class Gate:
    """What all gates share. `parent` None means all events; `complement` selects what lies outside."""

    name: str
    parent: str | None = None
    complement: bool = False


@dataclass(frozen=True, kw_only=True)
class Rectangle(Gate):
    """Events inside every range (one range = an interval, two = a rectangle, more = a box)."""

    ranges: tuple[Range, ...]


@dataclass(frozen=True, kw_only=True)
class Polygon(Gate):
    """Events inside a polygon of at least three corners."""

    x: Axis
    y: Axis
    corners: tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class Ellipsoid(Gate):
    """Events whose squared Mahalanobis distance from `centre` is at most `distance_squared`."""

    axes: tuple[Axis, ...]
    centre: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    distance_squared: float


@dataclass(frozen=True, kw_only=True)
class Member:
    """A gate inside a combination, or what lies outside it."""

    gate: str
    complement: bool = False


@dataclass(frozen=True, kw_only=True)
class Combination(Gate):
    """Events in all (`and`) or in any (`or`) of other gates."""

    operator: str
    members: tuple[Member, ...]


@dataclass(frozen=True, kw_only=True)
class LevelDefinition:
    """Which gates hold the leukaemic cells, and what they are counted against.

    An event in several target gates counts once. `cells_counted` says in words what the denominator gate
    holds (`nucleated cells`, `mononuclear cells`).
    """

    targets: tuple[str, ...]
    denominator: str
    cells_counted: str


@dataclass(frozen=True, kw_only=True)
class GatingScheme:
    """All gates of a tube, parents before children, with the compensation they were drawn under.

    `compensation` is a matrix, None for "as stored in the file", or absent when no gate is compensated.
    """

    name: str
    gates: tuple[Gate, ...]
    compensation: Compensation | None = None
    level: LevelDefinition | None = None
    notes: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Refuse unknown or circular parents and doubled names, and order the gates."""
        object.__setattr__(self, "gates", _ordered(self.gates, self.name))
        if self.level is not None:
            known = {gate.name for gate in self.gates}
            for name in (*self.level.targets, self.level.denominator):
                if name not in known:
                    raise _unusable(f"The level refers to a gate {name!r} that is not declared.", self.name)


def axes_of(gate: Gate) -> tuple[Axis, ...]:
    """Give the axes that a gate looks at; none for combinations."""
    match gate:
        case Rectangle():
            return tuple(one.axis for one in gate.ranges)
        case Polygon():
            return (gate.x, gate.y)
        case Ellipsoid():
            return gate.axes
        case _:
            return ()


def _needs(gate: Gate) -> list[str]:
    members = [member.gate for member in gate.members] if isinstance(gate, Combination) else []
    return [*members, *([gate.parent] if gate.parent is not None else [])]


def _ordered(gates: Sequence[Gate], scheme: str) -> tuple[Gate, ...]:
    by_name: Mapping[str, Gate] = {gate.name: gate for gate in gates}
    if len(by_name) != len(gates):
        names = [gate.name for gate in gates]
        doubled = sorted({name for name in names if names.count(name) > 1})
        raise _unusable(f"Two gates have the same name: {', '.join(doubled)}.", scheme)
    placed: dict[str, Gate] = {}
    waiting = list(gates)
    while waiting:
        # One at a time, so that the declared order is kept wherever parents allow it.
        ready = next((gate for gate in waiting if all(need in placed for need in _needs(gate))), None)
        if ready is None:
            gate = waiting[0]
            missing = [need for need in _needs(gate) if need not in by_name]
            reason = f"refers to {missing[0]!r}, which is not declared" if missing else "is its own ancestor"
            raise _unusable(f"The gate {gate.name!r} {reason}.", scheme)
        placed[ready.name] = ready
        waiting.remove(ready)
    return tuple(placed.values())


def _unusable(what: str, scheme: str) -> UnusableLaboratoryData:
    return UnusableLaboratoryData(
        what,
        where=f"gates {scheme!r}",
        why="Every gate needs a name of its own and a parent that exists.",
        next="Correct the gate file.",
    )
