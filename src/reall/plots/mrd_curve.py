"""The standard curve of a PCR assay, with background and the wells of the sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

_INK, _SAMPLE, _BACKGROUND, _RANGE = "#1b4965", "#c1121f", "#8a8a8a", "#cfe8ef"


def plot_standard_curve(ax: Axes, assay: Mapping[str, Any], wells: list[Mapping[str, Any]] | None = None) -> Axes:
    """Draw Cq against quantity: every standard well, the line, the quantitative range, background and sample.

    `assay` and `wells` are the parts of the same name of a result of schema `reall.mrd/1`. The sample's
    wells stand where the curve reads them; wells without amplification are counted in the legend. Returns
    the Axes.
    """
    points = [(p["quantity"], cq) for p in assay["points"] for cq in p["cq"]]
    curve = assay.get("curve")
    ax.set_xscale("log")
    if assay.get("quantitative_range"):
        low, high = assay["quantitative_range"]
        ax.axvspan(low, high, color=_RANGE, alpha=0.6, lw=0, label="quantitative range")
    if points:
        x, y = zip(*points, strict=True)
        ax.plot(x, y, "o", color=_INK, ms=4, mfc="none", label="standards")
    if curve and points:
        ends = np.array([min(x), max(x)])
        r2 = curve["r_squared"]
        label = f"slope {curve['slope']:.3f}, R² {r2:.4f}, efficiency {curve['efficiency']:.0%}"
        ax.plot(ends, curve["intercept"] + curve["slope"] * np.log10(ends), "-", color=_INK, lw=1.2, label=label)
    earliest = (assay.get("background") or {}).get("earliest_cq")
    if earliest is not None:
        ax.axhline(earliest, color=_BACKGROUND, ls="--", lw=1, label=f"earliest background well {earliest:.1f}")
    _sample(ax, curve, wells or [])
    ax.invert_yaxis()
    ax.set_xlabel(f"quantity ({_UNITS.get(assay.get('unit', ''), assay.get('unit') or 'unit not given')})")
    ax.set_ylabel("Cq (cycles)")
    ax.set_title(f"Standard curve, {assay['target']}", loc="left", fontsize=10)
    ax.legend(fontsize=7, frameon=False, loc="best")
    ax.spines[["top", "right"]].set_visible(False)
    return ax


_UNITS = {"fraction": "fraction of diagnostic DNA", "genomes": "genome equivalents", "ng": "ng DNA"}


def _sample(ax: Axes, curve: Mapping[str, float] | None, wells: list[Mapping[str, Any]]) -> None:
    cqs = [well["cq"] for well in wells if well["cq"] is not None]
    silent = len(wells) - len(cqs)
    label = f"sample ({len(cqs)} of {len(wells)} wells)" if silent else "sample"
    if cqs and curve:
        x = [10 ** ((cq - curve["intercept"]) / curve["slope"]) for cq in cqs]
        ax.plot(x, cqs, "D", color=_SAMPLE, ms=5, label=label)
    elif wells:
        ax.plot(
            [],
            [],
            "D",
            color=_SAMPLE,
            ms=5,
            mfc="none",
            label=f"sample: none of {len(wells)} wells amplified",
        )
