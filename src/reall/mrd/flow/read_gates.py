"""Read gates from the project's YAML form (`reall.gates/1`) or from Gating-ML 2.0, by content."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from reall.base.errors import UnusableLaboratoryData
from reall.base.schemas import first_breach
from reall.mrd.flow.compensation import Compensation
from reall.mrd.flow.gates import (
    Axis,
    Combination,
    Ellipsoid,
    Gate,
    GatingScheme,
    LevelDefinition,
    Member,
    Polygon,
    Range,
    Rectangle,
)
from reall.mrd.flow.gatingml import parse_gatingml
from reall.mrd.flow.scales import Asinh, Linear, Logarithm, Logicle, Raw, Scale

_SCALES: Mapping[str, Callable[..., Scale]] = {
    "linear": Linear,
    "logarithm": Logarithm,
    "asinh": Asinh,
    "logicle": Logicle,
}


def read_gates(path: Path) -> GatingScheme:
    """Open a gate file.

    Raises:
        UnusableLaboratoryData: the file is missing, is neither YAML nor Gating-ML, breaks the schema, or
            uses a channel, scale or gate that it does not declare.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, f"The gate file cannot be read: {error}") from error
    if text.lstrip().startswith("<"):
        return parse_gatingml(text, where=str(path))
    try:
        content = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise _unusable(path, f"The gate file is not YAML: {error}") from error
    if breach := first_breach(content, "gates"):
        raise _unusable(path, ": ".join(breach))
    return _to_scheme(content, path)


def _to_scheme(content: Mapping[str, Any], path: Path) -> GatingScheme:
    axes = _axes(content, path)
    level = content.get("level")
    matrix = content.get("compensation", "file")
    return GatingScheme(
        name=content["name"],
        gates=tuple(_gate(row, axes, path) for row in content["gates"]),
        compensation=None
        if matrix == "file"
        else Compensation.from_spill(matrix["detectors"], matrix["spill"], where=f"{path}, compensation"),
        level=LevelDefinition(
            targets=tuple(level["targets"]),
            denominator=level["denominator"],
            cells_counted=level["cells_counted"],
        )
        if level
        else None,
        notes=tuple(content.get("notes", ())),
    )


def _axes(content: Mapping[str, Any], path: Path) -> dict[str, Axis]:
    scales: dict[str, Scale] = {}
    for name, row in content.get("scales", {}).items():
        parameters = {key: float(value) for key, value in row.items() if key != "kind"}
        try:
            scales[name] = _SCALES[row["kind"]](**parameters)
        except ValueError as error:
            raise _unusable(path, f"scales.{name}: {error}") from error
    axes = {}
    for name, row in content["channels"].items():
        wanted = row.get("scale")
        if wanted is not None and wanted not in scales:
            raise _unusable(path, f"channels.{name} uses the scale {wanted!r}, which is not declared.")
        axes[name] = Axis(
            detector=row["detector"],
            compensated=row["compensated"],
            scale=scales[wanted] if wanted is not None else Raw(),
        )
    return axes


def _gate(row: Mapping[str, Any], axes: Mapping[str, Axis], path: Path) -> Gate:
    name, parent, complement = row["name"], row.get("parent"), row.get("complement", False)

    def axis(channel: str) -> Axis:
        if channel not in axes:
            raise _unusable(path, f"The gate {name!r} uses the channel {channel!r}, which is not declared.")
        return axes[channel]

    match row["kind"]:
        case "rectangle":
            ranges = tuple(
                Range(axis=axis(channel), low=low, high=high) for channel, (low, high) in row["bounds"].items()
            )
            return Rectangle(name=name, parent=parent, complement=complement, ranges=ranges)
        case "polygon":
            x, y = (axis(channel) for channel in row["channels"])
            corners = tuple((float(a), float(b)) for a, b in row["corners"])
            return Polygon(name=name, parent=parent, complement=complement, x=x, y=y, corners=corners)
        case "ellipsoid":
            return _ellipsoid(row, tuple(axis(channel) for channel in row["channels"]), path)
        case operator:
            return Combination(
                name=name,
                parent=parent,
                complement=complement,
                operator=operator,
                members=tuple(
                    Member(gate=one.removeprefix("not "), complement=one.startswith("not ")) for one in row["of"]
                ),
            )


def _ellipsoid(row: Mapping[str, Any], axes: tuple[Axis, ...], path: Path) -> Ellipsoid:
    size = len(axes)
    covariance = row["covariance"]
    if len(row["centre"]) != size or len(covariance) != size or any(len(line) != size for line in covariance):
        raise _unusable(path, f"The gate {row['name']!r} needs {size} centre values and {size} × {size} covariances.")
    return Ellipsoid(
        name=row["name"],
        parent=row.get("parent"),
        complement=row.get("complement", False),
        axes=axes,
        centre=tuple(map(float, row["centre"])),
        covariance=tuple(tuple(map(float, line)) for line in covariance),
        distance_squared=float(row["distance_squared"]),
    )


def _unusable(path: Path, what: str) -> UnusableLaboratoryData:
    return UnusableLaboratoryData(
        what,
        where=str(path),
        why="A gate that is misread counts other cells.",
        next="Compare with examples/mrd/bcp_all_gates.yaml and knowledge/schema/gates.schema.json.",
    )
