"""Outcome columns of a registry table: in its schema, and as targets of a mapping file."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from reall.cli.cohort import command
from reall.cohort.mapping.draft import draft
from reall.cohort.mapping.seen import look_at
from reall.cohort.outcome_columns import OUTCOME_COLUMNS, is_outcome
from reall.cohort.registry import recognise, registry_columns
from reall.library.knowledge import Knowledge

TABLE = "pat;linie;os_mon;tot\n" + "".join(f"p{i};{'BT'[i % 2]};{i + 1},5;{'jn'[i % 2]}\n" for i in range(12))
MAPPING = """\
schema: reall.mapping/1
decimal: ","
columns:
  - {column: pat, fact: patient}
  - {column: linie, fact: lineage}
  - {column: os_mon, fact: overall_survival_days, unit: months}
  - {column: tot, fact: death, codes: {j: yes, n: no}}
"""


def test_outcomes_are_columns_of_a_registry_table(knowledge: Knowledge) -> None:
    columns = registry_columns(knowledge.vocabulary)
    assert OUTCOME_COLUMNS.keys() | {"mrd_before_hsct_days"} <= columns.keys()
    assert all(is_outcome(name) == (column.about == "outcome") for name, column in columns.items())
    assert recognise(tuple(columns), knowledge.vocabulary).other == ()


def test_every_outcome_that_a_check_names_is_a_column(knowledge: Knowledge) -> None:
    columns = registry_columns(knowledge.vocabulary)
    assert {name for check in knowledge.quality for name in check.of} <= columns.keys()


def test_survival_from_diagnosis_is_never_taken_for_survival_from_relapse(tmp_path: Path, knowledge: Knowledge) -> None:
    """A public table of relapses counts its `Overall Survival Days` from diagnosis."""
    table = tmp_path / "t.csv"
    table.write_text("Overall Survival Days,Overall Survival Status\n900,1:DECEASED\n80,0:LIVING\n", encoding="utf-8")
    days, death = draft(look_at(table, knowledge), knowledge.vocabulary).entries
    assert (days.fact, days.sure) == ("overall_survival_days", False)
    assert "it must count from this relapse, not from diagnosis" in days.because
    assert (death.fact, death.codes) == ("death", {"1:DECEASED": "yes", "0:LIVING": "no"})


def test_survival_of_a_mapped_table(tmp_path: Path) -> None:
    """1.5 months are 45.65625 days, 1.5 x 30.4375."""
    (tmp_path / "t.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "m.yaml").write_text(MAPPING, encoding="utf-8")
    options = ["--map", str(tmp_path / "m.yaml"), "--by", "lineage", "--json"]
    done = CliRunner().invoke(command, ["survival", str(tmp_path / "t.csv"), *options])
    strata = {entry["value"]: (entry["n"], entry["events"]) for entry in json.loads(done.stdout)["strata"]}
    assert strata == {"B": (6, 6), "T": (6, 0)}
