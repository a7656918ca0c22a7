"""Take gates that FlowKit has read (here from a FlowJo workspace) into the project's own form.

FlowKit is a development dependency: it is the yardstick, not a part of the program.
"""

from __future__ import annotations

import flowkit
from flowkit._models.transforms import _wsp_transforms as flowjo

from reall.mrd.flow.compensation import Compensation
from reall.mrd.flow.gates import Axis, Gate, GatingScheme, Polygon, Range, Rectangle
from reall.mrd.flow.scales import Asinh, Linear, Logarithm, Logicle, PointByPoint, Raw, Scale


def scale_from(transform: object) -> Scale:
    """Give the project's scale for one of FlowKit's transformations."""
    kinds = flowkit.transforms
    match transform:
        case None:
            return Raw()
        case flowjo.WSPBiexTransform():
            table = transform._lut_func
            return PointByPoint(table.x, table.y)
        case kinds.LinearTransform():
            return Linear(transform.param_t, transform.param_a)
        case kinds.LogTransform():
            return Logarithm(transform.param_t, transform.param_m)
        case kinds.AsinhTransform():
            return Asinh(transform.param_t, transform.param_m, transform.param_a)
        case kinds.LogicleTransform():
            return Logicle(transform.param_t, transform.param_w, transform.param_m, transform.param_a)
        case _:
            raise TypeError(f"no scale for {transform!r}")


def scheme_from(strategy: flowkit.GatingStrategy, name: str) -> GatingScheme:
    """Give the project's scheme for a FlowKit strategy; gate names must be unique."""
    scales = {None: Raw()} | {key: scale_from(one) for key, one in strategy.transformations.items()}

    def axis(dimension) -> Axis:
        return Axis(
            detector=dimension.id,
            compensated=dimension.compensation_ref not in (None, "uncompensated"),
            scale=scales[dimension.transformation_ref],
        )

    gates: list[Gate] = []
    for gate_name, path in strategy.get_gate_ids():
        gate = strategy.get_gate(gate_name, path)
        common = {
            "name": gate_name,
            "parent": path[-1] if path[-1] != "root" else None,
            "complement": gate.use_complement,
        }
        if isinstance(gate, flowkit.gates.RectangleGate):
            ranges = tuple(Range(axis=axis(one), low=one.min, high=one.max) for one in gate.dimensions)
            gates.append(Rectangle(**common, ranges=ranges))
        else:
            x, y = (axis(one) for one in gate.dimensions)
            corners = tuple((float(a), float(b)) for a, b in gate.vertices)
            gates.append(Polygon(**common, x=x, y=y, corners=corners))
    matrices = list(strategy.comp_matrices.values())
    matrix = Compensation.from_spill(matrices[0].detectors, matrices[0].matrix, where=name) if matrices else None
    return GatingScheme(name=name, gates=tuple(gates), compensation=matrix)
