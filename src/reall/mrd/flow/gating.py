"""Apply gates to events: count them, and say which events they hold.

Fast path: a bound on a scale becomes a bound on linear values (see `scales.Scale.threshold`), so rectangles
transform no event at all. A polygon first drops what lies outside its bounding box in linear values; only the
rest is transformed, and only on the polygon's own two channels. Compensation is computed for the channels and
events that a gate asks for. The answer is the same, event for event, as transforming everything first.

Events come in pieces that fit the processor's cache; memory does not grow with the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reall.base.errors import UnusableLaboratoryData
from reall.mrd.flow import compensation as spill
from reall.mrd.flow.compensation import Compensation
from reall.mrd.flow.fcs import FcsFile
from reall.mrd.flow.gates import (
    Axis,
    Combination,
    Ellipsoid,
    Gate,
    GatingScheme,
    Polygon,
    Range,
    Rectangle,
    axes_of,
)
from reall.mrd.flow.scales import Scale

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]  # rising positions of events within a piece

_MOST = 0.5  # above this share of a piece it is cheaper to compute a channel for all of its events


@dataclass(frozen=True, kw_only=True)
class GateCount:
    """How many events a gate holds, and how many its parent."""

    name: str
    parent: str | None
    events: int
    parent_events: int


@dataclass(frozen=True, kw_only=True)
class Gated:
    """The counts of every gate in declared order, and the events of the gates that were asked for.

    `places` are positions in the file, rising; `union` the number of events in at least one target gate, and
    `outside_denominator` how many of them the denominator gate does not hold.
    """

    total_events: int
    counts: tuple[GateCount, ...]
    places: Mapping[str, Places]
    union: int
    outside_denominator: int

    def events(self, gate: str) -> int:
        """Give the count of one gate."""
        return next(count.events for count in self.counts if count.name == gate)


def apply_gates(
    file: FcsFile, scheme: GatingScheme, *, keep: Iterable[str] = (), events_per_piece: int = 32_768
) -> Gated:
    """Count the events of every gate.

    `keep` names gates whose events are wanted, not only counted.

    Raises:
        UnusableLaboratoryData: a gate names a channel that the file lacks, or needs a compensation that
            neither the gates nor the file hold.
    """
    plan = _plan(file, scheme)
    counts = {gate.name: 0 for gate in scheme.gates}
    kept: dict[str, list[Places]] = {name: [] for name in keep}
    union = outside = total = 0
    for stored in file.pieces(events_per_piece):
        piece = _Piece(file, stored, plan)
        held = _gate_piece(piece, scheme.gates, plan)
        for name, places in held.items():
            counts[name] += len(places)
        for name, parts in kept.items():
            parts.append(held[name] + total)
        if scheme.level is not None:
            leukaemic = np.unique(np.concatenate([held[name] for name in scheme.level.targets]))
            union += len(leukaemic)
            outside += len(np.setdiff1d(leukaemic, held[scheme.level.denominator], assume_unique=True))
        total += piece.events
    return Gated(
        total_events=total,
        counts=tuple(
            GateCount(
                name=gate.name,
                parent=gate.parent,
                events=counts[gate.name],
                parent_events=total if gate.parent is None else counts[gate.parent],
            )
            for gate in scheme.gates
        ),
        places={name: np.concatenate(parts) if parts else np.empty(0, np.intp) for name, parts in kept.items()},
        union=union,
        outside_denominator=outside,
    )


def scaled_values(file: FcsFile, scheme: GatingScheme, axes: Sequence[Axis]) -> Floats:
    """Give the scale values of all events on some axes (events × axes), for plots."""
    plan = _plan(file, scheme, axes)
    rows = []
    for stored in file.pieces():
        piece = _Piece(file, stored, plan)
        rows.append(np.column_stack([axis.scale.transform(piece.values(axis, None)) for axis in axes]))
    return np.concatenate(rows) if rows else np.empty((0, len(axes)))


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """Everything that can be settled before the first event is read."""

    channel: Mapping[str, int]  # detector or marker → position in the file
    overlap_channels: tuple[int, ...]
    unmixing: Floats
    unmixing_column: Mapping[int, int]  # position in the file → column of `unmixing`
    linear_bounds: Mapping[tuple[Scale, float], float]


def _plan(file: FcsFile, scheme: GatingScheme, axes: Sequence[Axis] = ()) -> _Plan:
    wanted = [*axes, *(axis for gate in scheme.gates for axis in axes_of(gate))]
    channel = {axis.detector: _find_channel(file, axis.detector) for axis in wanted}
    matrix = scheme.compensation
    compensated = [axis for axis in wanted if axis.compensated]
    if compensated and matrix is None:
        matrix = spill.from_keywords(file.keywords, where=str(file.path))
    if compensated and matrix is None:
        raise UnusableLaboratoryData(
            f"The gates ask for compensated {compensated[0].detector}, and the file holds no spillover matrix.",
            where=str(file.path),
            why="Uncompensated events would fall into other gates.",
            next="Give the matrix in the gate file, or declare the channels compensated: no.",
        )
    overlap = tuple(_find_channel(file, name) for name in matrix.detectors) if compensated and matrix else ()
    columns = {place: column for column, place in enumerate(overlap)}
    for axis in compensated:
        _refuse_outside_matrix(file, axis, channel[axis.detector], columns, matrix)
    return _Plan(
        channel=channel,
        overlap_channels=overlap,
        unmixing=matrix.unmixing if compensated and matrix else np.empty((0, 0)),
        unmixing_column=columns,
        linear_bounds={
            (axis.scale, bound): axis.scale.threshold(bound) for gate in scheme.gates for axis, bound in _bounds(gate)
        },
    )


def _refuse_outside_matrix(
    file: FcsFile, axis: Axis, place: int, columns: Mapping[int, int], matrix: Compensation | None
) -> None:
    if place not in columns:
        raise UnusableLaboratoryData(
            f"The channel {axis.detector!r} is to be compensated and is not in the spillover matrix.",
            where=str(file.path),
            why=f"The matrix covers {', '.join(matrix.detectors if matrix else ())}.",
            next="Declare the channel compensated: no, or give the full matrix.",
        )


def _find_channel(file: FcsFile, name: str) -> int:
    """Look for a detector name first, then for a marker name; both must be unique to be accepted."""
    for names in ([one.detector for one in file.channels], [one.marker for one in file.channels]):
        if names.count(name) == 1:
            return names.index(name)
    raise UnusableLaboratoryData(
        f"The file has no single channel named {name!r}.",
        where=str(file.path),
        why="A gate must meet exactly one detector ($PnN) or marker ($PnS).",
        next="The channels are: "
        + ", ".join(f"{one.detector} ({one.marker})" if one.marker else one.detector for one in file.channels)
        + ".",
    )


def _bounds(gate: Gate) -> list[tuple[Axis, float]]:
    """Give the bounds of a rectangle, or of a polygon's bounding box."""
    if isinstance(gate, Rectangle):
        return [(r.axis, bound) for r in gate.ranges for bound in (r.low, r.high) if bound is not None]
    if isinstance(gate, Polygon):
        corners = np.array(gate.corners)
        lowest, highest = corners.min(axis=0), corners.max(axis=0)
        # One step above the highest corner: the box must not lose a point that lies on the edge.
        beyond = np.nextafter(highest, np.inf)
        return [
            (gate.x, float(lowest[0])),
            (gate.x, float(beyond[0])),
            (gate.y, float(lowest[1])),
            (gate.y, float(beyond[1])),
        ]
    return []


class _Piece:
    """A piece of the file, with the linear values of its channels computed once and only when asked for."""

    def __init__(self, file: FcsFile, stored: npt.NDArray[np.void], plan: _Plan) -> None:
        self.events = len(stored)
        self._file, self._stored, self._plan = file, stored, plan
        self._linear: dict[int, Floats] = {}
        self._compensated: dict[int, Floats] = {}
        self._overlap: Floats | None = None

    def values(self, axis: Axis, places: Places | None) -> Floats:
        """Give the linear values of an axis, for some events or (None) for all."""
        channel = self._plan.channel[axis.detector]
        if axis.compensated:
            return self._compensate(channel, places)
        values = self._column(channel)
        return values if places is None else values[places]

    def _column(self, channel: int) -> Floats:
        if channel not in self._linear:
            self._linear[channel] = self._file.column(self._stored, channel)
        return self._linear[channel]

    def _compensate(self, channel: int, places: Places | None) -> Floats:
        known = self._compensated.get(channel)
        if known is None:
            if self._overlap is None:
                self._overlap = np.stack([self._column(one) for one in self._plan.overlap_channels])
            weights = self._plan.unmixing[:, self._plan.unmixing_column[channel]]
            if places is not None and len(places) < _MOST * self.events:
                return _weighted_sum(weights, self._overlap[:, places])
            known = _weighted_sum(weights, self._overlap)
            self._compensated[channel] = known
        return known if places is None else known[places]


def _weighted_sum(weights: Floats, rows: Floats) -> Floats:
    """Add up weighted rows one after the other.

    A matrix product would order the additions by the size of the array, and the last bit of an event's value would
    depend on how many events it is computed with.
    """
    total: Floats = weights[0] * rows[0]
    for weight, row in zip(weights[1:], rows[1:], strict=True):
        total += weight * row
    return total


def _gate_piece(piece: _Piece, gates: Sequence[Gate], plan: _Plan) -> dict[str, Places]:
    everything = np.arange(piece.events)
    held: dict[str, Places] = {}
    for gate in gates:
        parent = everything if gate.parent is None else held[gate.parent]
        inside = _select(piece, gate, parent, held, plan)
        held[gate.name] = np.setdiff1d(parent, inside, assume_unique=True) if gate.complement else inside
    return held


def _select(piece: _Piece, gate: Gate, parent: Places, held: Mapping[str, Places], plan: _Plan) -> Places:
    match gate:
        case Rectangle():
            return _in_ranges(piece, gate.ranges, parent, plan)
        case Polygon():
            return _in_polygon(piece, gate, parent, plan)
        case Ellipsoid():
            return _in_ellipsoid(piece, gate, parent)
        case Combination():
            return _in_combination(gate, parent, held)
        case _:
            raise TypeError(f"not a gate: {gate!r}")


def _in_ranges(piece: _Piece, ranges: Sequence[Range], places: Places, plan: _Plan) -> Places:
    for one in ranges:
        values = piece.values(one.axis, places)
        inside = np.ones(len(places), dtype=bool)
        if one.low is not None:
            inside &= values >= plan.linear_bounds[one.axis.scale, one.low]
        if one.high is not None:
            inside &= values < plan.linear_bounds[one.axis.scale, one.high]
            inside &= _on_scale(one.axis.scale, values)
        places = places[inside]
    return places


def _on_scale(scale: Scale, values: Floats) -> npt.NDArray[np.bool_] | bool:
    """Keep values off where the scale is not defined: below the lowest value with a scale value."""
    return values >= scale.lowest if np.isfinite(scale.lowest) else True


def _in_polygon(piece: _Piece, gate: Polygon, places: Places, plan: _Plan) -> Places:
    (_, x_low), (_, x_high), (_, y_low), (_, y_high) = _bounds(gate)
    box = (Range(axis=gate.x, low=x_low, high=x_high), Range(axis=gate.y, low=y_low, high=y_high))
    places = _in_ranges(piece, box, places, plan)
    x = gate.x.scale.transform(piece.values(gate.x, places))
    y = gate.y.scale.transform(piece.values(gate.y, places))
    return places[points_in_polygon(x, y, gate.corners)]


def points_in_polygon(x: Floats, y: Floats, corners: Sequence[tuple[float, float]]) -> npt.NDArray[np.bool_]:
    """Tell which points lie inside a polygon, by the even-odd rule.

    A ray to the right crosses an edge whose lower end it reaches and whose upper end lies above it.
    """
    inside = np.zeros(len(x), dtype=bool)
    for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]], strict=True):
        rises = by > ay
        spans = (ay <= y) & (y < by) if rises else (by <= y) & (y < ay)
        side = (bx - ax) * (y - ay) - (x - ax) * (by - ay)
        inside ^= spans & (side > 0 if rises else side < 0)
    return inside


def _in_ellipsoid(piece: _Piece, gate: Ellipsoid, places: Places) -> Places:
    values = np.column_stack([axis.scale.transform(piece.values(axis, places)) for axis in gate.axes])
    offset = values - np.array(gate.centre)
    distance = np.sum(offset @ np.linalg.inv(np.array(gate.covariance)) * offset, axis=1)
    inside: Places = places[distance <= gate.distance_squared]
    return inside


def _in_combination(gate: Combination, parent: Places, held: Mapping[str, Places]) -> Places:
    selected = [
        np.isin(parent, held[member.gate], assume_unique=True, invert=member.complement) for member in gate.members
    ]
    together = np.logical_and.reduce(selected) if gate.operator == "and" else np.logical_or.reduce(selected)
    return parent[together]
