"""Read Gating-ML 2.0 (ISAC): rectangles, polygons, ellipsoids, quadrants, Boolean gates.

Read are the transformations flin, flog, fasinh and logicle and square spectrum matrices. What is not read
(fratio, hyperlog, non-square matrices) is refused by name, never skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from xml.etree import ElementTree as ET

from reall.base.errors import UnusableLaboratoryData
from reall.mrd.flow.compensation import Compensation
from reall.mrd.flow.gates import (
    Axis,
    Combination,
    Ellipsoid,
    Gate,
    GatingScheme,
    Member,
    Polygon,
    Range,
    Rectangle,
)
from reall.mrd.flow.scales import Asinh, Linear, Logarithm, Logicle, Raw, Scale

_BASE = "http://www.isac-net.org/std/Gating-ML/v2.0/"
_GATING, _DATA, _TRANSFORMS = (f"{{{_BASE}{part}}}" for part in ("gating", "datatypes", "transformations"))
_UNCOMPENSATED = "uncompensated"


def parse_gatingml(text: str, *, where: str) -> GatingScheme:
    """Read a Gating-ML document.

    Raises:
        UnusableLaboratoryData: it is not Gating-ML 2.0, or uses something that is not read.
    """
    try:
        root = ET.fromstring(text)
    except ET.ParseError as error:
        raise _unusable(f"The gate file is not well-formed XML: {error}", where) from error
    if root.tag != f"{_GATING}Gating-ML":
        raise _unusable(f"The gate file starts with {root.tag!r}, not with Gating-ML 2.0.", where)
    reader = _Reader(root, where)
    gates = [gate for element in root for gate in reader.gates(element)]
    return GatingScheme(name=where, gates=tuple(gates), compensation=reader.matrix)


class _Reader:
    """Holds the named transformations and the matrix while the gates are read."""

    def __init__(self, root: ET.Element, where: str) -> None:
        self.where = where
        self._scales = {
            self._need(element, _TRANSFORMS, "id"): self._scale(element)
            for element in root.findall(f"{_TRANSFORMS}transformation")
        }
        matrices = root.findall(f"{_TRANSFORMS}spectrumMatrix")
        self._references = {element.get(f"{_TRANSFORMS}id") for element in matrices}
        if len(matrices) > 1:
            raise _unusable("Several spectrum matrices are declared; only one is read.", where)
        self._detector_of_dye: dict[str, str] = {}
        self.matrix = self._read_matrix(matrices[0]) if matrices else None

    def gates(self, element: ET.Element) -> Iterator[Gate]:
        """Give the gates of one element; none when it declares something else."""
        match element.tag.removeprefix(_GATING):
            case "RectangleGate":
                yield self._rectangle(element)
            case "PolygonGate":
                yield self._polygon(element)
            case "EllipsoidGate":
                yield self._ellipsoid(element)
            case "BooleanGate":
                yield self._combination(element)
            case "QuadrantGate":
                yield from self._quadrants(element)

    def _scale(self, element: ET.Element) -> Scale:
        kind = element[0]
        name = kind.tag.removeprefix(_TRANSFORMS)
        parameters = {
            key.removeprefix(_TRANSFORMS).lower(): float(value)
            for key, value in kind.attrib.items()
            if key.startswith(_TRANSFORMS)
        }
        makers: dict[str, Callable[..., Scale]] = {
            "flin": Linear,
            "flog": Logarithm,
            "fasinh": Asinh,
            "logicle": Logicle,
        }
        if name not in makers:
            raise _unusable(f"The transformation {name!r} is not read.", self.where)
        return makers[name](**parameters)

    def _read_matrix(self, element: ET.Element) -> Compensation:
        dyes, detectors = (
            [self._need(one, _DATA, "name") for one in element.findall(f"{_TRANSFORMS}{part}/{_DATA}fcs-dimension")]
            for part in ("fluorochromes", "detectors")
        )
        if len(dyes) == len(detectors):
            self._detector_of_dye = dict(zip(dyes, detectors, strict=True))
        spill = [
            [float(self._need(one, _TRANSFORMS, "value")) for one in row.findall(f"{_TRANSFORMS}coefficient")]
            for row in element.findall(f"{_TRANSFORMS}spectrum")
        ]
        return Compensation.from_spill(detectors, spill, where=self.where)

    def _axis(self, dimension: ET.Element) -> Axis:
        reference = self._need(dimension, _GATING, "compensation-ref")
        if reference not in {_UNCOMPENSATED, "FCS", *self._references}:
            raise _unusable(f"The compensation {reference!r} is not declared.", self.where)
        if reference == "FCS" and self.matrix is not None:
            raise _unusable("Gates under the file's own and under a declared matrix are mixed.", self.where)
        channel = dimension.find(f"{_DATA}fcs-dimension")
        if channel is None:
            raise _unusable("A dimension is not a channel (new dimensions such as ratios are not read).", self.where)
        wanted = dimension.get(f"{_GATING}transformation-ref")
        if wanted is not None and wanted not in self._scales:
            raise _unusable(f"The transformation {wanted!r} is not declared.", self.where)
        name = self._need(channel, _DATA, "name")
        return Axis(
            # Under a declared matrix gates may name the dye instead of its detector.
            detector=self._detector_of_dye.get(name, name) if reference in self._references else name,
            compensated=reference != _UNCOMPENSATED,
            scale=self._scales[wanted] if wanted is not None else Raw(),
        )

    def _name_and_parent(self, element: ET.Element) -> tuple[str, str | None]:
        return self._need(element, _GATING, "id"), element.get(f"{_GATING}parent_id")

    def _rectangle(self, element: ET.Element) -> Rectangle:
        name, parent = self._name_and_parent(element)
        ranges = []
        for dimension in element.findall(f"{_GATING}dimension"):
            low, high = dimension.get(f"{_GATING}min"), dimension.get(f"{_GATING}max")
            ranges.append(
                Range(
                    axis=self._axis(dimension),
                    low=float(low) if low is not None else None,
                    high=float(high) if high is not None else None,
                )
            )
        return Rectangle(name=name, parent=parent, ranges=tuple(ranges))

    def _polygon(self, element: ET.Element) -> Polygon:
        name, parent = self._name_and_parent(element)
        axes = [self._axis(dimension) for dimension in element.findall(f"{_GATING}dimension")]
        corners = [self._coordinates(vertex) for vertex in element.findall(f"{_GATING}vertex")]
        if len(axes) != 2 or len(corners) < 3 or any(len(corner) != 2 for corner in corners):  # noqa: PLR2004
            raise _unusable(f"The polygon {name!r} needs two dimensions and at least three vertices.", self.where)
        return Polygon(name=name, parent=parent, x=axes[0], y=axes[1], corners=tuple((a, b) for a, b in corners))

    def _ellipsoid(self, element: ET.Element) -> Ellipsoid:
        name, parent = self._name_and_parent(element)
        mean = element.find(f"{_GATING}mean")
        covariance = element.find(f"{_GATING}covarianceMatrix")
        distance = element.find(f"{_GATING}distanceSquare")
        if mean is None or covariance is None or distance is None:
            raise _unusable(f"The ellipsoid {name!r} is not complete.", self.where)
        rows = [
            tuple(float(self._need(one, _DATA, "value")) for one in row.findall(f"{_GATING}entry"))
            for row in covariance.findall(f"{_GATING}row")
        ]
        return Ellipsoid(
            name=name,
            parent=parent,
            axes=tuple(self._axis(dimension) for dimension in element.findall(f"{_GATING}dimension")),
            centre=tuple(self._coordinates(mean)),
            covariance=tuple(rows),
            distance_squared=float(self._need(distance, _DATA, "value")),
        )

    def _combination(self, element: ET.Element) -> Combination:
        name, parent = self._name_and_parent(element)
        operator = element.find(f"{_GATING}and")
        kind = "and"
        if operator is None:
            operator, kind = element.find(f"{_GATING}or"), "or"
        negated = False
        if operator is None:
            operator, kind, negated = element.find(f"{_GATING}not"), "and", True
        if operator is None:
            raise _unusable(f"The Boolean gate {name!r} has no and, or, not.", self.where)
        members = tuple(
            Member(
                gate=self._need(one, _GATING, "ref"),
                complement=(one.get(f"{_GATING}use-as-complement") == "true") != negated,
            )
            for one in operator.findall(f"{_GATING}gateReference")
        )
        return Combination(name=name, parent=parent, operator=kind, members=members)

    def _quadrants(self, element: ET.Element) -> Iterator[Rectangle]:
        """A quadrant is a rectangle between the dividers on either side of its position."""
        _, parent = self._name_and_parent(element)
        dividers = {
            self._need(divider, _GATING, "id"): (
                self._axis(divider),
                sorted(float(value.text or "nan") for value in divider.findall(f"{_GATING}value")),
            )
            for divider in element.findall(f"{_GATING}divider")
        }
        for quadrant in element.findall(f"{_GATING}Quadrant"):
            ranges = []
            for position in quadrant.findall(f"{_GATING}position"):
                axis, values = dividers[self._need(position, _GATING, "divider_ref")]
                location = float(self._need(position, _GATING, "location"))
                ranges.append(
                    Range(
                        axis=axis,
                        low=max((value for value in values if value <= location), default=None),
                        high=min((value for value in values if value > location), default=None),
                    )
                )
            yield Rectangle(name=self._need(quadrant, _GATING, "id"), parent=parent, ranges=tuple(ranges))

    def _coordinates(self, element: ET.Element) -> list[float]:
        return [float(self._need(one, _DATA, "value")) for one in element.findall(f"{_GATING}coordinate")]

    def _need(self, element: ET.Element, namespace: str, name: str) -> str:
        value = element.get(f"{namespace}{name}")
        if value is None:
            tag = element.tag.rpartition("}")[2]
            raise _unusable(f"A {tag} lacks its {name}.", self.where)
        return value


def _unusable(what: str, where: str) -> UnusableLaboratoryData:
    return UnusableLaboratoryData(
        what,
        where=where,
        why="A gate that is misread or left out counts other cells.",
        next="Export the gates again as Gating-ML 2.0, or write them in the project's YAML form.",
    )
