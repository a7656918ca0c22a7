"""How clonotypes are grouped, proposed, normalised and watched: `knowledge/mrd/ngs.yaml`, or a rule set's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from ruamel.yaml import YAML

from reall.mrd.ruleset import Limit, RuleSet


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Values by name, each with its source; see the units in `knowledge/mrd/ngs.yaml`."""

    limits: Mapping[str, Limit]

    def __getitem__(self, name: str) -> float:
        """Give the value of one setting."""
        return float(self.limits[name].value)

    def quote(self, name: str) -> str:
        """Give name, value, unit and source in words."""
        return self.limits[name].quote()


def load_settings(ruleset: RuleSet | None = None) -> Settings:
    """Give the shipped settings; rows of the rule set's `ngs` section with the same name win."""
    shipped = {
        name: Limit(name=name, **{key: row[key] for key in ("value", "unit", "source", "at", "status")})
        for name, row in _shipped().items()
    }
    own = ruleset.sections.get("ngs", {}) if ruleset else {}
    return Settings(limits=shipped | {name: limit for name, limit in own.items() if name in shipped})


@lru_cache(maxsize=1)
def _shipped() -> Mapping[str, Mapping[str, Any]]:
    text = (resources.files("reall") / "knowledge" / "mrd" / "ngs.yaml").read_text(encoding="utf-8")
    content: Mapping[str, Mapping[str, Any]] = YAML(typ="safe", pure=True).load(text)
    return content
