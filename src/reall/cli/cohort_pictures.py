"""The pictures of a registry, each with its title and size: what the verbs write to files and hand to the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from matplotlib.axes import Axes

from reall.cohort.compare.run import Comparison
from reall.cohort.shared_survival import SharedSurvival
from reall.cohort.small_cells import rounded
from reall.cohort.survival.cox import Cox
from reall.cohort.survival.result import Survival
from reall.library.risk_order import load_risk_orders
from reall.plots.registry_compare import ForestRow, plot_alluvial, plot_calibration, plot_forest
from reall.plots.survival_curves import drawn, plot_incidence, plot_kaplan_meier
from reall.report.comparison_json import difference_words
from reall.report.survival_words import title

_WIDTH, _ROW = 7.5, 0.2
_MOST_BANDS = 4
"""Systems in one alluvial picture; more cannot be read."""


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A picture to be drawn: its text alternative, its size in inches, and what fills the Axes."""

    title: str
    inches: tuple[float, float]
    draw: Callable[[Axes], Axes]


def curves(found: Survival, remarks: Sequence[str], *, incidence: bool = False) -> Drawn:
    """Kaplan-Meier or cumulative incidence of a question."""
    plot = plot_incidence if incidence else plot_kaplan_meier
    shown = drawn(found)
    height = 3.7 + _ROW * len(shown)
    said = "; ".join(f"{each.stratum.name}: {each.n} children, {each.events} events" for each in shown)
    kind = "Cumulative incidence. " if incidence else ""
    return Drawn(
        title=f"{kind}{title(found)}. {said}",
        inches=(_WIDTH, height),
        draw=lambda ax: plot(ax, found, remarks=remarks),
    )


def shared_curves(found: SharedSurvival, remarks: Sequence[str]) -> Drawn | None:
    """Kaplan-Meier of the strata that may be shown; None where none may be."""
    strata = tuple(each.drawn for each in found.strata if each.drawn is not None and len(each.drawn.curve.times))
    if not strata:
        return None
    seen = replace(found.survival, strata=strata)
    left = [each.name for each in found.strata if each.drawn is None or not len(each.drawn.curve.times)]
    said = [*remarks, *([f"Not shown, because counts are small: {', '.join(left)}."] if left else [])]
    return Drawn(
        title=f"{title(seen)}: {', '.join(each.stratum.name for each in strata)}; steps after several events each",
        inches=(_WIDTH, 3.6),
        draw=lambda ax: plot_kaplan_meier(ax, seen, horizon=max(found.survival.at), detailed=False, remarks=said),
    )


def forest(found: Comparison, remarks: Sequence[str], *, sizes: bool = True) -> Drawn:
    """Differences from published figures; `sizes` says whether the numbers of children are written."""
    rows = [
        ForestRow(
            label=f"{b.published.stratum} ({b.published.citation.source}, {b.published.years:g} y)",
            value=100 * b.difference,
            interval=(100 * b.interval[0], 100 * b.interval[1]) if b.interval else None,
            right=f"n = {b.n:,}: {difference_words(b)}" if sizes else difference_words(b),
        )
        for b in found.published.beside
        if b.difference is not None
    ]
    return Drawn(
        title=f"{found.endpoint}: this registry less published figures, in points of percent, {len(rows)} strata",
        inches=(_WIDTH + 1.5, 1.2 + _ROW * len(rows)),
        draw=lambda ax: plot_forest(
            ax, rows, none_at=0.0, axis=f"{found.endpoint}, own less published, points of percent", remarks=remarks
        ),
    )


def hazard_ratios(cox: Cox, remarks: Sequence[str]) -> Drawn:
    """The terms of a Cox model."""
    rows = [
        ForestRow(
            label=term.name,
            value=term.hazard_ratio,
            interval=term.interval,
            right=f"{term.hazard_ratio:.2f} ({term.interval[0]:.2f}-{term.interval[1]:.2f})",
        )
        for term in cox.terms
    ]
    return Drawn(
        title=f"Hazard ratios against {cox.reference}, {cox.n} children, {cox.events} events",
        inches=(_WIDTH, 1.2 + 0.3 * len(rows)),
        draw=lambda ax: plot_forest(
            ax, rows, none_at=1.0, axis=f"hazard ratio against {cox.reference}", log=True, remarks=remarks
        ),
    )


def calibration(found: Comparison, remarks: Sequence[str]) -> Drawn:
    """Own figures against published ones."""
    return Drawn(
        title=f"{found.endpoint}: this registry against published figures of the same strata",
        inches=(_WIDTH, 5.2),
        draw=lambda ax: plot_calibration(ax, found.published.beside, remarks=remarks),
    )


def alluvial(found: Comparison, remarks: Sequence[str], limit: int = 1) -> Drawn:
    """How the systems group the same children; systems that group nobody are left out.

    With a `limit` above 1 the bands are multiples of it, so that no band is a small count.
    """
    agreement = found.agreement
    grouping = [i for i, id_ in enumerate(agreement.systems) if any(_groups(key[i]) for key in agreement.flows)]
    chosen = (grouping or list(range(len(agreement.systems))))[:_MOST_BANDS]
    systems = [agreement.systems[i] for i in chosen]
    flows: dict[tuple[str, ...], int] = {}
    for key, many in agreement.flows.items():
        part = tuple(key[i] for i in chosen)
        flows[part] = flows.get(part, 0) + many
    flows = {key: about for key, many in flows.items() if (about := rounded(many, limit))}
    order = {id_: order.rising for id_, order in load_risk_orders().items()}
    left = [id_ for id_ in agreement.systems if id_ not in systems]
    said = [*remarks, f"Not drawn: {', '.join(left)}."] if left else list(remarks)
    said += [f"Numbers are multiples of {limit}, the nearest."] if limit > 1 else []
    return Drawn(
        title=f"Groups of the same children under {', '.join(systems)}",
        inches=(_WIDTH, 4.6),
        draw=lambda ax: plot_alluvial(ax, systems, flows, order, remarks=said),
    )


def _groups(answer: str) -> bool:
    return answer not in {"undetermined", "not eligible", "silent", "unconfirmed", "unusable"}
