"""Opens `knowledge/simulation`: from what simulated registries are drawn, and what is declared missing from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from reall.base.documents import read_document
from reall.base.errors import InvalidKnowledge, WrongUsage
from reall.base.schemas import first_breach
from reall.library.files import PACKAGED, open_file
from reall.library.knowledge import Knowledge
from reall.rules.proofs import Fault
from reall.rules.table import Citation

_MODEL = Path("simulation") / "model.yaml"
_MISSING = Path("simulation") / "missing.yaml"
Places = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Basis:
    """What a number rests on: `kind` is published, derived or assumed; `words` say how; assumed ones cite nothing."""

    kind: str
    words: str
    citation: Citation | None


@dataclass(frozen=True, kw_only=True)
class Shares:
    """How often each place of a dimension is, among the children in `within`.

    `mean` names the published row whose survival the places must have on average; empty: nothing is known of it.
    """

    of: str
    within: Places
    values: Mapping[str, float]
    mean: str
    basis: Basis


@dataclass(frozen=True, kw_only=True)
class Association:
    """Two places that go together `odds` times as often as by chance."""

    places: Mapping[str, str]
    odds: float
    basis: Basis


@dataclass(frozen=True, kw_only=True)
class Target:
    """Children whose survival is that of a published row."""

    among: Mapping[str, str]
    outcome: str


@dataclass(frozen=True, kw_only=True)
class SimulationModel:
    """Everything that simulated registries are drawn from.

    `dimensions`: by dimension and place, what the place writes into a row. `curves`: points (x, y), rising in both.
    """

    dimensions: Mapping[str, Mapping[str, Mapping[str, Any]]]
    shares: tuple[Shares, ...]
    associations: tuple[Association, ...]
    survival: tuple[Target, ...]
    site_ratios: Mapping[str, Mapping[str, str]]
    curves: Mapping[str, tuple[tuple[float, float], ...]]
    numbers: Mapping[str, float]
    bases: Mapping[str, Basis]

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Name every published row that the model rests on."""
        rows = [target.outcome for target in self.survival] + [shares.mean for shares in self.shares if shares.mean]
        return tuple(dict.fromkeys([*rows, *(row for times in self.site_ratios.values() for row in times.values())]))


@dataclass(frozen=True, kw_only=True)
class MissingColumns:
    """Columns that are missing together: in a share of all rows, or in a share that depends on the column `by`."""

    columns: tuple[str, ...]
    share: float
    by: str = ""
    shares: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A declaration of what is missing."""

    name: str
    words: str
    columns: tuple[MissingColumns, ...]


@cache
def load_simulation(root: Path = PACKAGED) -> SimulationModel:
    """Read the model. Raises `InvalidKnowledge` where it breaks its schema or names a place that does not exist."""
    document = open_file(root / _MODEL, "simulation", root=root)
    data = document.data
    model = SimulationModel(
        dimensions=data["dimensions"],
        shares=tuple(_shares(row) for row in data["shares"]),
        associations=tuple(
            Association(places=row["places"], odds=row["odds"], basis=_basis(row)) for row in data["associations"]
        ),
        survival=tuple(Target(among=row["among"], outcome=row["outcome"]) for row in data["survival"]),
        site_ratios=data["site_ratios"],
        curves={name: tuple((x, y) for x, y in row["points"]) for name, row in data["curves"].items()},
        numbers={name: float(row["value"]) for name, row in data["numbers"].items()},
        bases={name: _basis(row) for part in ("curves", "numbers") for name, row in data[part].items()},
    )
    for what in _wrong_places(model):
        raise InvalidKnowledge(what, where=document.name)
    return model


def _basis(row: Mapping[str, Any]) -> Basis:
    cited = Citation(source=row["source"], at=row["at"], status=row["status"]) if "source" in row else None
    return Basis(kind=row["basis"], words=row["words"], citation=cited)


def _shares(row: Mapping[str, Any]) -> Shares:
    within = {name: tuple(places) for name, places in row.get("within", {}).items()}
    return Shares(of=row["of"], within=within, values=row["values"], mean=row.get("mean", ""), basis=_basis(row))


def _wrong_places(model: SimulationModel) -> Iterator[str]:
    named = [(s.of, place) for s in model.shares for place in s.values]
    named += [(of, place) for s in model.shares for of, places in s.within.items() for place in places]
    named += [pair for a in model.associations for pair in a.places.items()]
    named += [pair for target in model.survival for pair in target.among.items()]
    for of, place in named:
        if place not in model.dimensions.get(of, {}):
            yield f"there is no place {place!r} in the dimension {of!r}"


def load_presets(root: Path = PACKAGED) -> Mapping[str, Missing]:
    """Read the ready-made declarations of what is missing."""
    data = open_file(root / _MISSING, "missing_presets", root=root).data
    return {name: _missing(name, row) for name, row in data["presets"].items()}


def read_missing(path: Path) -> Missing:
    """Read a declaration of the user's own. Raises `WrongUsage` when it is none."""
    if not path.is_file():
        presets = ", ".join(load_presets())
        raise WrongUsage(f"there is no file {str(path)!r}", where="--missing", next=f"Or name one of {presets}.")
    data = read_document(path.read_bytes(), name=path.name, error=WrongUsage).data
    breach = first_breach(data, "missing")
    if breach:
        raise WrongUsage(f"{breach[0]}: {breach[1]}", where=path.name, next="See docs/how-to/simulate.md.")
    return _missing(path.name, data)


def _missing(name: str, row: Mapping[str, Any]) -> Missing:
    columns = tuple(
        MissingColumns(
            columns=tuple(each["columns"]),
            share=each.get("share", 0.0),
            by=each.get("by", ""),
            shares=each.get("shares", {}),
        )
        for each in row["columns"]
    )
    return Missing(name=name, words=row.get("words", ""), columns=columns)


def simulation_rows(root: Path, knowledge: Knowledge) -> Iterator[Fault]:
    """Tell which numbers of the model name a source or a published row that does not exist."""
    if not (root / _MODEL).exists():
        return
    try:
        model = load_simulation(root)
        load_presets(root)
    except InvalidKnowledge as error:
        yield Fault(kind="simulation", where=error.where or str(_MODEL), what=error.what)
        return
    rows = {row.id for row in knowledge.outcomes if row.estimate_pct is not None}
    for outcome in model.outcomes:
        if outcome not in rows:
            yield Fault(kind="simulation", where=str(_MODEL), what=f"there is no published outcome {outcome!r}")
    bases = [*(s.basis for s in model.shares), *(a.basis for a in model.associations), *model.bases.values()]
    for source in {basis.citation.source for basis in bases if basis.citation}:
        if source not in knowledge.sources:
            yield Fault(kind="simulation", where=str(_MODEL), what=f"no source {source!r}")
