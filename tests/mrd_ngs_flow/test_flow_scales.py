"""Scales: against FlowUtils' own code, and their own promises."""

from __future__ import annotations

import flowutils.transforms as flowutils
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reall.mrd.flow.scales import Asinh, Linear, Logarithm, Logicle, PointByPoint, Raw

VALUES = np.concatenate([
    [0.0, 262144.0, -262144.0, 1e-9],
    np.random.default_rng(1).normal(0, 300, 5000),
    10 ** np.random.default_rng(2).uniform(-3, 5.5, 5000),
    -(10 ** np.random.default_rng(3).uniform(-3, 4.5, 5000)),
])  # fmt: skip
LOGICLES = [
    (262144, 0.5, 4.5, 0),
    (262144, 1.0, 4.5, 0.5),
    (4096, 0.2, 4.0, 0),
    (1e6, 2.0, 5.0, 1.0),
    (262144, 0.5, 4.5, -0.3),
    (262144, 2.2, 4.5, 0.05),
]


@pytest.mark.parametrize(("t", "w", "m", "a"), LOGICLES)
def test_the_logicle_equals_the_reference_implementation(t, w, m, a):
    """FlowUtils carries the C code of Moore and Parks; both agree to 2e-15 of the scale."""
    ours = Logicle(t, w, m, a).transform(VALUES)
    np.testing.assert_allclose(ours, flowutils._logicle(VALUES, t=t, w=w, m=m, a=a), rtol=0, atol=2e-15)


@pytest.mark.parametrize(
    ("scale", "reference"),
    [
        (Asinh(262144, 4.5, 1), lambda x: flowutils.asinh(x, None, t=262144, m=4.5, a=1)),
        (Logarithm(262144, 4.5), lambda x: flowutils.log(x, None, t=262144, m=4.5)),
        (Linear(262144, 100), lambda x: (x + 100) / (262144 + 100)),
        (Raw(), lambda x: x),
    ],
)
def test_the_other_scales_equal_the_reference(scale, reference):
    positive = VALUES[VALUES > 0]
    np.testing.assert_allclose(scale.transform(positive), reference(positive), rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize(
    ("t", "w", "m", "a", "problem"),
    [
        (262144, 3.0, 4.5, 0, "W above M/2"),
        (0, 0.5, 4.5, 0, "T not above 0"),
        (262144, 0.5, 4.5, 4, "A above M - 2W"),
        (262144, 0.5, 4.5, -0.6, "A below -W"),
    ],
)
def test_a_logicle_that_does_not_exist_is_refused(t, w, m, a, problem):
    with pytest.raises(ValueError, match="no logicle"):
        Logicle(t, w, m, a)


scales = st.sampled_from(
    [
        *(Logicle(*parameters) for parameters in LOGICLES),
        Asinh(262144, 4.5, 1),
        Linear(1000, 7),
        Raw(),
        Logarithm(262144, 4.5),
        PointByPoint(np.array([-10.0, 0.0, 5.0, 100.0]), np.array([0.0, 1.0, 4.0, 4096.0])),
    ]
)


@settings(deadline=None, max_examples=300)
@given(
    scale=scales,
    bound=st.floats(-0.5, 1.5),
    value=st.floats(-3e5, 3e5) | st.floats(0, 300),
)
def test_comparing_linear_values_decides_as_comparing_scale_values_does(scale, bound, value):
    """The fast path's whole right to exist: `value >= threshold(bound)` is `transform(value) >= bound`, exactly."""
    (on_scale,) = scale.transform(np.array([value]))
    assert (value >= scale.threshold(bound)) == bool(on_scale >= bound)


@settings(deadline=None, max_examples=100)
@given(scale=scales, value=st.floats(-3e5, 3e5), others=st.lists(st.floats(-3e5, 3e5), max_size=5))
def test_a_value_is_transformed_alike_alone_and_among_others(scale, value, others):
    """Otherwise the size of the pieces of a file could move an event over a bound."""
    alone, among = scale.transform(np.array([value])), scale.transform(np.array([value, *others]))
    np.testing.assert_array_equal(alone[0], among[0])


@settings(deadline=None, max_examples=100)
@example(scale=Logicle(262144, 0.5, 4.5, 0), bound=1.244140625)  # once moved by its neighbour
@given(scale=scales, bound=st.floats(-0.5, 1.5))
def test_the_threshold_is_the_first_number_that_reaches_the_bound(scale, bound):
    """Its lower neighbour among all floating point numbers does not reach it."""
    threshold = scale.threshold(bound)
    if np.isfinite(threshold):
        below, at = scale.transform(np.array([np.nextafter(threshold, -np.inf), threshold]))
        assert at >= bound
        assert not below >= bound


@given(scale=st.sampled_from([Logicle(*parameters) for parameters in LOGICLES]), value=st.floats(-1e5, 3e5))
def test_the_logicle_and_its_inverse_belong_together(scale, value):
    """Within one part in 10^9 of the value, or of a hundredth of a linear unit near 0."""
    (back,) = scale.inverse(scale.transform(np.array([value])))
    assert back == pytest.approx(value, rel=1e-9, abs=1e-2)
