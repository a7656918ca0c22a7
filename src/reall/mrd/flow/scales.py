"""Scales on which gates are drawn: linear, logarithm, asinh, logicle, and given point by point.

Every scale rises with the linear value, so "scale value >= bound" is the same as "linear value >= x" for one
number x. `threshold` finds that x to the last bit, which is why a rectangle needs no transformed event.

Sources: Gating-ML 2.0 (ISAC), section 6, for the formulas and parameters T, W, M, A; Moore and Parks 2012,
Cytometry A 81A:273-277, for the logicle. The logicle is solved here in a form of its own (expm1 around data
zero, Halley steps from an upper bound).
"""

from __future__ import annotations

import math
import struct
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_DECADE = math.log(10.0)
_EPSILON = float(np.finfo(np.float64).eps)
_MOST_STEPS = 40
_LARGEST_MEASURED = float(np.finfo(np.float32).max)  # no detector says more; beyond it formulas overflow


class Scale(ABC):
    """A rising map from linear values to scale values; `lowest` is the smallest value it is defined for."""

    lowest: ClassVar[float] = -math.inf

    @abstractmethod
    def transform(self, values: Floats) -> Floats:
        """Give the scale values of linear values; NaN where the scale is not defined."""

    @abstractmethod
    def inverse(self, values: Floats) -> Floats:
        """Give the linear values of scale values."""

    def threshold(self, bound: float) -> float:
        """Give the smallest linear value whose scale value is at least `bound`.

        -inf when every value reaches it, +inf when none does. Found by bisection over the floating point
        numbers themselves, so that comparing linear values decides as comparing scale values does, to the last
        bit that the scale itself can tell apart.
        """
        low, high = _to_ordinal(-_LARGEST_MEASURED), _to_ordinal(_LARGEST_MEASURED)
        if self._reaches(_from_ordinal(low), bound):
            return -math.inf
        if not self._reaches(_from_ordinal(high), bound):
            return math.inf
        while high - low > 1:
            middle = (low + high) // 2
            if self._reaches(_from_ordinal(middle), bound):
                high = middle
            else:
                low = middle
        return _from_ordinal(high)

    def _reaches(self, value: float, bound: float) -> bool:
        with np.errstate(all="ignore"):
            return bool(self.transform(np.array([value]))[0] >= bound)


def _to_ordinal(value: float) -> int:
    """Number the floating point numbers in their order (neighbours differ by 1)."""
    (bits,) = struct.unpack("<q", struct.pack("<d", value))
    return int(bits) if bits >= 0 else -(int(bits) + 2**63)


def _from_ordinal(ordinal: int) -> float:
    bits = ordinal if ordinal >= 0 else -ordinal - 2**63
    (value,) = struct.unpack("<d", struct.pack("<q", bits))
    return float(value)


@dataclass(frozen=True)
class Raw(Scale):
    """The linear values themselves."""

    def transform(self, values: Floats) -> Floats:
        """Return the values unchanged."""
        return values

    def inverse(self, values: Floats) -> Floats:
        """Return the values unchanged."""
        return values


@dataclass(frozen=True)
class Linear(Scale):
    """flin: (x + A) / (T + A), so that T lies at 1."""

    t: float
    a: float = 0.0

    def transform(self, values: Floats) -> Floats:
        """Give the scale values."""
        return (values + self.a) / (self.t + self.a)

    def inverse(self, values: Floats) -> Floats:
        """Give the linear values."""
        return values * (self.t + self.a) - self.a


@dataclass(frozen=True)
class Logarithm(Scale):
    """flog: log10(x / T) / M + 1. Not defined below 0 (NaN, inside no gate)."""

    lowest: ClassVar[float] = 0.0

    t: float
    m: float

    def transform(self, values: Floats) -> Floats:
        """Give the scale values."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return (1.0 / self.m) * np.log10(values / self.t) + 1.0

    def inverse(self, values: Floats) -> Floats:
        """Give the linear values."""
        return self.t * 10.0 ** (self.m * (values - 1.0))


@dataclass(frozen=True)
class Asinh(Scale):
    """fasinh: (asinh(x sinh(M ln 10) / T) + A ln 10) / ((M + A) ln 10)."""

    t: float
    m: float
    a: float = 0.0

    def transform(self, values: Floats) -> Floats:
        """Give the scale values."""
        steepness = np.sinh(self.m * _DECADE) / self.t
        scaled: Floats = (np.arcsinh(values * steepness) + self.a * _DECADE) / ((self.m + self.a) * _DECADE)
        return scaled

    def inverse(self, values: Floats) -> Floats:
        """Give the linear values."""
        steepness = np.sinh(self.m * _DECADE) / self.t
        linear: Floats = np.sinh(values * (self.m + self.a) * _DECADE - self.a * _DECADE) / steepness
        return linear


@dataclass(frozen=True)
class _Biexponential:
    """x(u) = rise (e^(growth u) - 1) - fall (e^(-decay u) - 1), with u measured from data zero."""

    zero: float
    rise: float
    growth: float
    fall: float
    decay: float


@dataclass(frozen=True)
class Logicle(Scale):
    """The logicle: linear around 0, logarithmic above; T lies at 1, W decades are linear, A more are negative."""

    t: float
    w: float
    m: float
    a: float = 0.0

    def __post_init__(self) -> None:
        """Refuse parameters for which the scale does not exist."""
        if not (self.t > 0 and self.m > 0 and 0 <= 2 * self.w <= self.m and -self.w <= self.a):
            raise ValueError(f"no logicle has T={self.t}, W={self.w}, M={self.m}, A={self.a}")
        if self.a > self.m - 2 * self.w:
            raise ValueError(f"no logicle has A={self.a} above M - 2W = {self.m - 2 * self.w}")

    @cached_property
    def _curve(self) -> _Biexponential:
        decades = self.m + self.a
        width = self.w / decades
        zero = self.a / decades + width
        growth = decades * _DECADE
        decay = _decay(growth, width)
        # The second derivative vanishes at data zero: rise growth² = fall decay².
        ratio = (growth / decay) ** 2
        top = 1.0 - zero
        rise = self.t / (math.expm1(growth * top) - ratio * math.expm1(-decay * top))
        return _Biexponential(zero=zero, rise=rise, growth=growth, fall=ratio * rise, decay=decay)

    def transform(self, values: Floats) -> Floats:
        """Give the scale values, to about 1e-15."""
        curve = self._curve
        size = np.abs(values)
        slope_at_zero = curve.rise * curve.growth + curve.fall * curve.decay
        # Both guesses lie at or above the root, where the curve is convex: the steps cannot run away.
        guess = np.minimum(np.log1p(size / curve.rise) / curve.growth, size / slope_at_zero)
        # A value that has converged rests, so that its result does not depend on its neighbours in the array.
        moving = np.ones(guess.shape, dtype=bool)
        for _ in range(_MOST_STEPS):
            up, down = np.expm1(curve.growth * guess), np.expm1(-curve.decay * guess)
            rising, falling = curve.rise * curve.growth * (up + 1.0), curve.fall * curve.decay * (down + 1.0)
            miss = curve.rise * up - curve.fall * down - size
            slope = rising + falling
            newton = miss / slope
            bend = (curve.growth * rising - curve.decay * falling) / slope
            step = newton / (1.0 - newton * bend / 2.0)
            guess = np.where(moving, guess - step, guess)
            moving &= np.abs(step) > 2.0 * _EPSILON * np.maximum(1.0, guess)
            if not moving.any():
                break
        return curve.zero + np.copysign(guess, values)

    def inverse(self, values: Floats) -> Floats:
        """Give the linear values."""
        curve = self._curve
        distance = np.abs(values - curve.zero)
        size = curve.rise * np.expm1(curve.growth * distance) - curve.fall * np.expm1(-curve.decay * distance)
        return np.copysign(size, values - curve.zero)


def _decay(growth: float, width: float) -> float:
    """Solve 2 (ln d - ln b) + w (b + d) = 0 for d in (0, b]; the left side rises with d."""
    if width == 0:
        return growth
    low, high = 0.0, growth
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return middle
        if 2 * (math.log(middle) - math.log(growth)) + width * (growth + middle) > 0:
            high = middle
        else:
            low = middle


@dataclass(frozen=True, eq=False)
class PointByPoint(Scale):
    """A scale given as rising points, straight in between and constant outside (as FlowJo's biexponential)."""

    linear_values: Floats
    scale_values: Floats

    def transform(self, values: Floats) -> Floats:
        """Give the scale values."""
        return np.interp(values, self.linear_values, self.scale_values)

    def inverse(self, values: Floats) -> Floats:
        """Give the linear values."""
        return np.interp(values, self.scale_values, self.linear_values)
