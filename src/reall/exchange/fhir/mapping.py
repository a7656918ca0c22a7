"""Which codes say which facts: frozen rows of `knowledge/fhir`, which `library.fhir` reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

Key = tuple[str, str]
"""A code with the short name of its system, such as ("loinc", "26464-8")."""


@dataclass(frozen=True, kw_only=True)
class CodeSystem:
    """A code system: its registered address, and other addresses that are met for it."""

    id: str
    url: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CodeRow:
    """What one code says; `says` are facts of a case, the other fields depend on the kind of row.

    `kind` is condition, morphology, observation, variant, procedure, site or answer. `units` gives for each UCUM unit
    the factor into the unit of the fact.
    """

    id: str
    kind: str
    system: str
    code: str
    words: str
    source: str
    at: str
    status: str
    prefix: bool = False
    says: Mapping[str, Any] | None = None
    fact: str = ""
    reads: str = "value"
    specimen: str = ""
    other_specimens: tuple[str, ...] = ()
    units: Mapping[str, float] | None = None
    leukaemia: bool = False
    any_time: bool = False
    before_relapse: bool = False


@dataclass(frozen=True, kw_only=True)
class Fusion:
    """Two genes whose fusion is a name of the list `genetics`; `not_seen_by` are methods that cannot show it."""

    id: str
    genes: tuple[str, str]
    symbols: tuple[str, str]
    name: str
    source: str
    at: str
    status: str
    not_seen_by: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Medicine:
    """An agent with its codes, the fact that having had it gives, and the routes by which it is never given."""

    agent: str
    names: tuple[str, ...]
    codes: tuple[Key, ...]
    fact: str = ""
    before_relapse: bool = False
    not_by_route: tuple[str, ...] = ()
    anthracycline: bool = False


@dataclass(frozen=True, kw_only=True)
class QualityRule:
    """One FHIRPath condition that is true where a resource of a kind contradicts itself or says too little.

    It is asked where the first element of `uses` is present, and sees only those elements.
    """

    id: str
    kind: str
    uses: tuple[str, ...]
    when: str
    element: str
    severity: str
    words: str
    source: str
    at: str
    status: str


@dataclass(frozen=True, kw_only=True)
class Risk:
    """A risk group of first diagnosis that follows from age and white cells, to compare a stated one with."""

    age_from_years: float
    age_below_years: float
    white_cells_below_per_ul: float
    standard_code: Key
    source: str
    at: str
    status: str


@dataclass(frozen=True, kw_only=True)
class CodeMap:
    """The whole mapping. `own` is the address under which ReALL's own codes stand; `window_days` ties results to a
    relapse by their date."""

    own: str
    window_days: int
    systems: tuple[CodeSystem, ...]
    rows: tuple[CodeRow, ...]
    fusions: tuple[Fusion, ...]
    medicines: tuple[Medicine, ...]
    absent: Mapping[str, tuple[str, str]]
    rules: tuple[QualityRule, ...]
    initial_risk: Risk
    two_codes: Mapping[str, Mapping[str, Key]]

    @cached_property
    def system_of(self) -> Mapping[str, str]:
        """Every address that is met, to the short name of its system."""
        return {url: one.id for one in self.systems for url in (one.url, *one.also)}

    @cached_property
    def url_of(self) -> Mapping[str, str]:
        """The registered address of every system."""
        return {one.id: one.url for one in self.systems}

    @cached_property
    def by_kind(self) -> Mapping[str, Mapping[Key, CodeRow]]:
        """The rows of each kind by their code."""
        made: dict[str, dict[Key, CodeRow]] = {}
        for row in self.rows:
            if not row.prefix:
                made.setdefault(row.kind, {})[row.system, row.code] = row
        return made

    @cached_property
    def prefixes(self) -> tuple[CodeRow, ...]:
        """The rows that hold for every code with their beginning."""
        return tuple(row for row in self.rows if row.prefix)

    @cached_property
    def medicine_of(self) -> Mapping[Key, Medicine]:
        """Each code of a medicine that belongs to one agent only."""
        made: dict[Key, list[Medicine]] = {}
        for one in self.medicines:
            for key in one.codes:
                made.setdefault(key, []).append(one)
        return {key: found[0] for key, found in made.items() if len(found) == 1}

    @cached_property
    def rules_of(self) -> Mapping[str, tuple[QualityRule, ...]]:
        """The quality rules of each kind of resource."""
        return {rule.kind: tuple(r for r in self.rules if r.kind == rule.kind) for rule in self.rules}

    def row(self, kind: str, key: Key) -> CodeRow | None:
        """Give the row of a kind for a code: its own, or that of a beginning."""
        found = self.by_kind.get(kind, {}).get(key)
        if found is not None:
            return found
        return next(
            (r for r in self.prefixes if r.kind == kind and r.system == key[0] and key[1].startswith(r.code)), None
        )
