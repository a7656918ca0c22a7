"""Gates: against FlowJo's stored counts, against FlowKit event for event, and by hand."""

from __future__ import annotations

import re

import flowkit
import numpy as np
import pytest
from flowkit_bridge import scheme_from
from flowutils.gating import points_in_polygon as reference
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from ngs_flow_data import ROOT, shared

from reall.base.errors import UnusableLaboratoryData
from reall.mrd.flow.compensation import Compensation, from_keywords
from reall.mrd.flow.fcs import read_fcs
from reall.mrd.flow.gates import (
    Axis,
    Combination,
    Ellipsoid,
    GatingScheme,
    LevelDefinition,
    Member,
    Polygon,
    Range,
    Rectangle,
)
from reall.mrd.flow.gating import apply_gates, points_in_polygon, scaled_values
from reall.mrd.flow.read_gates import read_gates
from reall.mrd.flow.scales import Logicle

X, Y = Axis(detector="FSC-A", compensated=False), Axis(detector="CD19", compensated=False)


@pytest.fixture(scope="module")
def flowjo():
    """The workspace as FlowKit reads and gates it, and the same gates here."""
    fcs, wsp = shared("mrd_flow/FlowSOM_68983.fcs"), shared("mrd_flow/FlowSOM_gating.wsp")
    workspace = flowkit.Workspace(str(wsp), fcs_samples=[flowkit.Sample(str(fcs))], find_fcs_files_from_wsp=False)
    (sample_id,) = workspace.get_sample_ids()
    workspace.analyze_samples(sample_id=sample_id)
    scheme = scheme_from(workspace._sample_data_lut[sample_id]["gating_strategy"], "FlowSOM")
    file = read_fcs(fcs)
    gated = apply_gates(file, scheme, keep=[gate.name for gate in scheme.gates])
    stored = dict(re.findall(r'<Population name="([^"]+)".*?count="(\d+)"', wsp.read_text()))
    return workspace, sample_id, file, gated, {name: int(count) for name, count in stored.items()}


def test_every_gate_holds_the_same_events_as_in_flowkit(flowjo):
    """15 gates, 19,225 events, FlowJo's biexponential scale: no event differs."""
    workspace, sample_id, file, gated, _ = flowjo
    assert len(gated.counts) == 15
    for count in gated.counts:
        ours = np.zeros(file.events, dtype=bool)
        ours[gated.places[count.name]] = True
        np.testing.assert_array_equal(ours, workspace.get_gate_membership(sample_id, count.name), count.name)


def test_the_counts_meet_those_that_flowjo_stored(flowjo):
    """11 of 15 gates within 3 events. The other four (scatter and what hangs on it) lie 12 or 13 of 19,000 off,
    as FlowKit's do: FlowJo bins scatter before it compares."""
    *_, gated, stored = flowjo
    off = {count.name: abs(count.events - stored[count.name]) for count in gated.counts}
    assert sum(difference <= 3 for difference in off.values()) == 11
    assert max(off.values()) == 13


def test_the_cells_that_flowsom_published_are_found(flowjo):
    """FlowSOM_gatingResult.csv labels each event with its last gate; B, NK, NK T, CD8 and gamma-delta T cells agree
    exactly, CD4 T cells to 5 events in 7,487 (the file resolves the overlap of CD4 and DN gates differently)."""
    *_, gated, _ = flowjo
    rows = shared("mrd_flow/FlowSOM_gatingResult.csv").read_text().split("\n")
    published = {name: rows.count(f'"{name}"') for name in ("B cells", "NK cells", "NK T cells", "gd T cells")}
    assert {name: gated.events(name) for name in published} == published
    assert abs(gated.events("CD4 T cells") - rows.count('"CD4 T cells"')) <= 5


def test_gating_ml_counts_as_flowkit_does(tmp_path):
    """Rectangle, polygon, ellipsoid, quadrants, and, or, not; logicle, asinh, linear; compensated by the file."""
    fcs = shared("mrd_flow/100715.fcs")
    document = tmp_path / "gates.xml"
    document.write_text(GATING_ML)
    report = flowkit.parse_gating_xml(str(document)).gate_sample(flowkit.Sample(str(fcs))).report
    expected = dict(zip(report["gate_name"], report["count"], strict=True))
    gated = apply_gates(read_fcs(fcs), read_gates(document))
    ours = {count.name: count.events for count in gated.counts}
    assert ours == {name: expected[name] for name in ours}
    assert set(ours) >= {"cells", "T", "round", "CD4_only", "both", "either", "neither"}
    assert min(ours.values()) > 0


def test_a_declared_spectrum_matrix_compensates_as_in_flowkit(tmp_path):
    """A 2 × 2 matrix in the document; the gate names the dyes, the matrix knows their detectors."""
    fcs = shared("mrd_flow/100715.fcs")
    (tmp_path / "gates.xml").write_text(SPECTRUM_MATRIX)
    report = flowkit.parse_gating_xml(str(tmp_path / "gates.xml")).gate_sample(flowkit.Sample(str(fcs))).report
    scheme = read_gates(tmp_path / "gates.xml")
    assert apply_gates(read_fcs(fcs), scheme).events("bright") == report["count"][0] > 1000
    assert scheme.compensation.detectors == ("R780-A", "G710-A")


SPECTRUM_MATRIX = """<?xml version="1.0"?>
<gating:Gating-ML xmlns:gating="http://www.isac-net.org/std/Gating-ML/v2.0/gating"
 xmlns:transforms="http://www.isac-net.org/std/Gating-ML/v2.0/transformations"
 xmlns:data-type="http://www.isac-net.org/std/Gating-ML/v2.0/datatypes">
<transforms:spectrumMatrix transforms:id="M">
 <transforms:fluorochromes>
  <data-type:fcs-dimension data-type:name="dyeA"/><data-type:fcs-dimension data-type:name="dyeB"/>
 </transforms:fluorochromes>
 <transforms:detectors>
  <data-type:fcs-dimension data-type:name="R780-A"/><data-type:fcs-dimension data-type:name="G710-A"/>
 </transforms:detectors>
 <transforms:spectrum><transforms:coefficient transforms:value="1"/><transforms:coefficient transforms:value="0.3"/>
 </transforms:spectrum>
 <transforms:spectrum><transforms:coefficient transforms:value="0.1"/><transforms:coefficient transforms:value="1"/>
 </transforms:spectrum>
</transforms:spectrumMatrix>
<gating:RectangleGate gating:id="bright">
 <gating:dimension gating:compensation-ref="M" gating:min="500" gating:max="2000">
  <data-type:fcs-dimension data-type:name="dyeA"/></gating:dimension>
 <gating:dimension gating:compensation-ref="M" gating:min="1000">
  <data-type:fcs-dimension data-type:name="dyeB"/></gating:dimension>
</gating:RectangleGate>
</gating:Gating-ML>
"""

GATING_ML = """<?xml version="1.0"?>
<gating:Gating-ML xmlns:gating="http://www.isac-net.org/std/Gating-ML/v2.0/gating"
 xmlns:transforms="http://www.isac-net.org/std/Gating-ML/v2.0/transformations"
 xmlns:data-type="http://www.isac-net.org/std/Gating-ML/v2.0/datatypes">
<transforms:transformation transforms:id="dye">
 <transforms:logicle transforms:T="262144" transforms:W="0.5" transforms:M="4.5" transforms:A="0"/>
</transforms:transformation>
<transforms:transformation transforms:id="arc">
 <transforms:fasinh transforms:T="262144" transforms:M="4" transforms:A="1"/>
</transforms:transformation>
<transforms:transformation transforms:id="line">
 <transforms:flin transforms:T="262144" transforms:A="0"/>
</transforms:transformation>
<gating:RectangleGate gating:id="cells">
 <gating:dimension gating:compensation-ref="uncompensated" gating:transformation-ref="line"
  gating:min="0.1" gating:max="0.35"><data-type:fcs-dimension data-type:name="FSC-A"/></gating:dimension>
 <gating:dimension gating:compensation-ref="uncompensated" gating:max="900">
  <data-type:fcs-dimension data-type:name="SSC-A"/></gating:dimension>
</gating:RectangleGate>
<gating:PolygonGate gating:id="T" gating:parent_id="cells">
 <gating:dimension gating:compensation-ref="FCS" gating:transformation-ref="dye">
  <data-type:fcs-dimension data-type:name="R780-A"/></gating:dimension>
 <gating:dimension gating:compensation-ref="FCS" gating:transformation-ref="dye">
  <data-type:fcs-dimension data-type:name="G710-A"/></gating:dimension>
 <gating:vertex><gating:coordinate data-type:value="0.2"/><gating:coordinate data-type:value="0.2"/></gating:vertex>
 <gating:vertex><gating:coordinate data-type:value="0.6"/><gating:coordinate data-type:value="0.6"/></gating:vertex>
 <gating:vertex><gating:coordinate data-type:value="0.2"/><gating:coordinate data-type:value="0.6"/></gating:vertex>
 <gating:vertex><gating:coordinate data-type:value="0.6"/><gating:coordinate data-type:value="0.2"/></gating:vertex>
</gating:PolygonGate>
<gating:EllipsoidGate gating:id="round" gating:parent_id="cells">
 <gating:dimension gating:compensation-ref="FCS" gating:transformation-ref="arc">
  <data-type:fcs-dimension data-type:name="V655-A"/></gating:dimension>
 <gating:dimension gating:compensation-ref="FCS" gating:transformation-ref="arc">
  <data-type:fcs-dimension data-type:name="V800-A"/></gating:dimension>
 <gating:mean><gating:coordinate data-type:value="0.55"/><gating:coordinate data-type:value="0.55"/></gating:mean>
 <gating:covarianceMatrix>
  <gating:row><gating:entry data-type:value="0.01"/><gating:entry data-type:value="0.004"/></gating:row>
  <gating:row><gating:entry data-type:value="0.004"/><gating:entry data-type:value="0.01"/></gating:row>
 </gating:covarianceMatrix>
 <gating:distanceSquare data-type:value="1"/>
</gating:EllipsoidGate>
<gating:QuadrantGate gating:id="CD4xCD8" gating:parent_id="cells">
 <gating:divider gating:id="CD4" gating:compensation-ref="FCS" gating:transformation-ref="dye">
  <data-type:fcs-dimension data-type:name="V655-A"/><gating:value>0.45</gating:value></gating:divider>
 <gating:divider gating:id="CD8" gating:compensation-ref="FCS" gating:transformation-ref="dye">
  <data-type:fcs-dimension data-type:name="V800-A"/><gating:value>0.45</gating:value></gating:divider>
 <gating:Quadrant gating:id="CD4_only">
  <gating:position gating:divider_ref="CD4" gating:location="0.6"/>
  <gating:position gating:divider_ref="CD8" gating:location="0.1"/></gating:Quadrant>
 <gating:Quadrant gating:id="CD8_only">
  <gating:position gating:divider_ref="CD4" gating:location="0.1"/>
  <gating:position gating:divider_ref="CD8" gating:location="0.6"/></gating:Quadrant>
</gating:QuadrantGate>
<gating:BooleanGate gating:id="both" gating:parent_id="cells"><gating:and>
 <gating:gateReference gating:ref="T"/><gating:gateReference gating:ref="round"/></gating:and></gating:BooleanGate>
<gating:BooleanGate gating:id="either" gating:parent_id="cells"><gating:or>
 <gating:gateReference gating:ref="T"/><gating:gateReference gating:ref="round" gating:use-as-complement="true"/>
</gating:or></gating:BooleanGate>
<gating:BooleanGate gating:id="neither" gating:parent_id="cells"><gating:not>
 <gating:gateReference gating:ref="T"/></gating:not></gating:BooleanGate>
</gating:Gating-ML>
"""


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("transforms:fasinh", "transforms:hyperlog"), "transformation 'hyperlog' is not read"),
        (('gating:transformation-ref="arc"', 'gating:transformation-ref="none"'), "'none' is not declared"),
        (('gating:parent_id="cells"', 'gating:parent_id="nobody"'), "'nobody', which is not declared"),
        (("</gating:Gating-ML>", ""), "not well-formed XML"),
        (('gating:id="round"', ""), "lacks its id"),
        (("FCS", "spectral"), "compensation 'spectral' is not declared"),
    ],
)
def test_gating_ml_that_cannot_be_read_whole_is_refused(tmp_path, change, says):
    (tmp_path / "gates.xml").write_text(GATING_ML.replace(*change))
    with pytest.raises(UnusableLaboratoryData, match=re.escape(says)):
        read_gates(tmp_path / "gates.xml")


def test_the_example_finds_what_was_put_into_the_synthetic_tube():
    """make_bcp_all_example.py puts in 4,600 nucleated cells, 40 blasts with and 25 without CD19, 100 doublets."""
    file = read_fcs(ROOT / "examples/mrd/bcp_all_example.fcs")
    gated = apply_gates(file, read_gates(ROOT / "examples/mrd/bcp_all_gates.yaml"))
    found = {count.name: count.events for count in gated.counts}
    assert found["singlets"] == 5000 - 100
    assert found["nucleated"] == 4600
    assert found["blasts CD19 positive"] == 40
    assert found["blasts CD19 negative"] == 25
    assert gated.union == 65


def test_a_blast_in_two_target_gates_counts_once(write_fcs):
    """Events at 1, 2, 3: gate a holds 1 and 2, gate b holds 2 and 3; together three, not four."""
    scheme = GatingScheme(
        name="overlap",
        gates=(
            Rectangle(name="a", ranges=(Range(axis=X, high=3),)),
            Rectangle(name="b", ranges=(Range(axis=X, low=2),)),
        ),
        level=LevelDefinition(targets=("a", "b"), denominator="a", cells_counted="nucleated cells"),
    )
    gated = apply_gates(read_fcs(write_fcs([[1, 0], [2, 0], [3, 0]])), scheme)
    assert (gated.events("a"), gated.events("b"), gated.union) == (2, 2, 3)


def test_bounds_are_half_open(write_fcs):
    """Gating-ML 2.0, 5.1.1: the lower bound is inside, the upper outside."""
    scheme = GatingScheme(name="edge", gates=(Rectangle(name="g", ranges=(Range(axis=X, low=2, high=3),)),))
    gated = apply_gates(read_fcs(write_fcs([[1, 0], [2, 0], [3, 0]])), scheme, keep=["g"])
    assert gated.places["g"].tolist() == [1]


def test_children_may_stand_before_their_parents_and_circles_are_refused():
    child, parent = Rectangle(name="child", parent="parent", ranges=()), Rectangle(name="parent", ranges=())
    assert [gate.name for gate in GatingScheme(name="s", gates=(child, parent)).gates] == ["parent", "child"]
    for gates, says in (
        ((Rectangle(name="a", parent="b", ranges=()), Rectangle(name="b", parent="a", ranges=())), "own ancestor"),
        ((child,), "'parent', which is not declared"),
        ((parent, parent), "same name: parent"),
    ):
        with pytest.raises(UnusableLaboratoryData, match=says):
            GatingScheme(name="s", gates=gates)


def test_unknown_channels_and_missing_compensation_are_refused(write_fcs):
    file = read_fcs(write_fcs([[1, 2]]))
    for axis, says in (
        (Axis(detector="CD22", compensated=False), "no single channel named 'CD22'"),
        (Axis(detector="CD19", compensated=True), "holds no spillover matrix"),
    ):
        with pytest.raises(UnusableLaboratoryData, match=says):
            apply_gates(file, GatingScheme(name="s", gates=(Rectangle(name="g", ranges=(Range(axis=axis, low=0),)),)))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2,A,B,1,0,0", "n × n values"),
        ("two,A,B,1,0,0,1", "n × n values"),
        ("2,A,B,1,1,1,1", "cannot be inverted"),
        ("2,A,A,1,0,0,1", "exactly one row"),
    ],
)
def test_a_spillover_matrix_that_cannot_be_used_is_refused(text, says):
    with pytest.raises(UnusableLaboratoryData) as refused:
        from_keywords({"spillover": text}, where="tube")
    assert says in str(refused.value)


def test_compensation_takes_away_what_was_spilled(write_fcs):
    """A dye of 1000 that spills 10 % into CD19 measures as (1000, 100) and is (1000, 0) afterwards."""
    matrix = Compensation.from_spill(["FSC-A", "CD19"], [[1, 0.1], [0, 1]], where="here")
    file = read_fcs(write_fcs([[1000, 100]]))
    axes = [Axis(detector=name, compensated=True) for name in ("FSC-A", "CD19")]
    scheme = GatingScheme(name="s", gates=(), compensation=matrix)
    np.testing.assert_allclose(scaled_values(file, scheme, axes), [[1000, 0]], atol=1e-9)


LOGICLE = Logicle(262144, 0.5, 4.5, 0)
GATES = (
    Rectangle(name="box", ranges=(Range(axis=Axis(detector="FSC-A", compensated=False, scale=LOGICLE), low=0.3),)),
    Polygon(
        name="polygon",
        x=Axis(detector="FSC-A", compensated=False, scale=LOGICLE),
        y=Axis(detector="CD19", compensated=False, scale=LOGICLE),
        corners=((0.1, 0.1), (0.9, 0.2), (0.7, 0.9), (0.5, 0.4)),
    ),
    Ellipsoid(name="round", axes=(X, Y), centre=(0, 0), covariance=((1e6, 0), (0, 1e6)), distance_squared=2.0),
    Combination(name="both", operator="and", members=(Member(gate="box"), Member(gate="polygon", complement=True))),
)


@settings(deadline=None, max_examples=40)
@given(
    values=arrays(np.float32, st.tuples(st.integers(1, 60), st.just(2)), elements=st.floats(-1000, 250000, width=32)),
    piece=st.integers(1, 70),
)
def test_pieces_and_the_fast_path_change_no_event(tmp_path_factory, values, piece):
    """Whatever the size of the pieces, gates hold what transforming every event first would give."""
    path = _plain_file(tmp_path_factory.getbasetemp() / "property.fcs", values)
    file = read_fcs(path)
    gated = apply_gates(
        file, GatingScheme(name="s", gates=GATES), keep=["box", "polygon", "both"], events_per_piece=piece
    )
    x, y = LOGICLE.transform(values[:, 0].astype(float)), LOGICLE.transform(values[:, 1].astype(float))
    box, polygon = x >= 0.3, points_in_polygon(x, y, GATES[1].corners)
    assert gated.places["box"].tolist() == np.flatnonzero(box).tolist()
    assert gated.places["polygon"].tolist() == np.flatnonzero(polygon).tolist()
    assert gated.places["both"].tolist() == np.flatnonzero(box & ~polygon).tolist()


@settings(deadline=None, max_examples=40)
@given(
    values=arrays(np.float32, st.tuples(st.integers(1, 60), st.just(2)), elements=st.floats(-1000, 250000, width=32)),
    piece=st.integers(1, 70),
)
def test_compensated_events_do_not_depend_on_the_pieces_either(tmp_path_factory, values, piece):
    file = read_fcs(_plain_file(tmp_path_factory.getbasetemp() / "compensated.fcs", values))
    matrix = Compensation.from_spill(["FSC-A", "CD19"], [[1, 0.1], [0.05, 1]], where="here")
    axes = [Axis(detector=name, compensated=True, scale=LOGICLE) for name in ("FSC-A", "CD19")]
    (bound,) = LOGICLE.transform(values[:1, 0].astype(float))
    gates = (
        Rectangle(name="box", ranges=(Range(axis=axes[0], low=float(bound)),)),
        Polygon(name="polygon", parent="box", x=axes[0], y=axes[1], corners=((0, 0), (1, 0), (1, 1), (0.2, 0.8))),
    )
    scheme = GatingScheme(name="s", gates=gates, compensation=matrix)
    pieces, whole = (
        apply_gates(file, scheme, keep=["box", "polygon"], events_per_piece=size) for size in (piece, 10_000)
    )
    for name in ("box", "polygon"):
        assert pieces.places[name].tolist() == whole.places[name].tolist()


def _plain_file(path, values):
    data = values.astype("<f4").tobytes()
    text = f"|$PAR|2|$DATATYPE|F|$BYTEORD|1,2,3,4|$MODE|L|$NEXTDATA|0|$TOT|{len(values)}|$BEGINDATA|512|"
    text += f"$ENDDATA|{511 + len(data)}|$P1N|FSC-A|$P1B|32|$P1R|1024|$P1E|0,0|$P2N|CD19|$P2B|32|$P2R|1024|$P2E|0,0|"
    header = "FCS3.1    " + "".join(f"{place:>8}" for place in (58, 57 + len(text), 512, 511 + len(data), 0, 0))
    path.write_bytes((header + text).encode().ljust(512) + data)
    return path


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=7),
    st.lists(st.tuples(st.integers(-1, 7), st.integers(-1, 7)), min_size=1, max_size=20),
)
def test_polygons_agree_with_flowutils_even_on_corners_and_edges(corners, points):
    """Whole numbers force points onto edges and corners, where rules differ; here they do not."""
    x, y = np.array(points, dtype=float).T
    expected = reference(np.array(corners, dtype=float), np.array(points, dtype=float))
    assert points_in_polygon(x, y, corners).tolist() == expected.tolist()
