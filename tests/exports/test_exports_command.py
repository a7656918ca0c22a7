"""`reall knowledge export`: what is asked for is written, and nothing else; the OMOP table shows its gaps."""

from __future__ import annotations

import csv
from pathlib import Path

from click.testing import CliRunner

from reall.cli.main import reall
from reall.library.knowledge import Knowledge
from reall.library.ontology import load_omop, load_terms
from reall.report.omop import COLUMNS
from reall.report.rule_library import exported_tables


def test_everything_at_once(tmp_path: Path, knowledge: Knowledge) -> None:
    places = {"--cql": "cql", "--dmn": "dmn", "--redcap": "form.csv", "--omop": "omop.csv"}
    arguments = [part for option, name in places.items() for part in (option, str(tmp_path / name))]
    done = CliRunner().invoke(reall, ["knowledge", "export", *arguments])
    assert done.exit_code == 0, done.output
    tables = len(exported_tables(knowledge))
    assert len(list((tmp_path / "cql").iterdir())) == 3 * tables
    assert len(list((tmp_path / "dmn").iterdir())) == tables
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "cql",
        "dmn",
        "form.csv",
        "form.mapping.yaml",
        "omop.csv",
    ]


def test_nothing_asked_for_is_wrong_usage() -> None:
    done = CliRunner().invoke(reall, ["knowledge", "export"])
    assert done.exit_code != 0
    assert "nothing is asked for" in str(done.exception)


def test_a_place_that_cannot_be_written_is_wrong_usage(tmp_path: Path) -> None:
    done = CliRunner().invoke(reall, ["knowledge", "export", "--omop", str(tmp_path / "absent" / "omop.csv")])
    assert "cannot be written" in str(done.exception)


def test_the_same_knowledge_gives_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        CliRunner().invoke(reall, ["knowledge", "export", "--cql", str(tmp_path / name)])
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_the_omop_table_has_every_fact_and_says_where_no_concept_is_known(tmp_path: Path, knowledge: Knowledge) -> None:
    CliRunner().invoke(reall, ["knowledge", "export", "--omop", str(tmp_path / "omop.csv")])
    with (tmp_path / "omop.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == COLUMNS
    assert {row["fact"] for row in rows} == knowledge.vocabulary.statable.keys()
    known = {row["fact"]: row for row in rows if row["concept_id"]}
    assert len(known) == len({concept.fact for concept in load_omop(knowledge.vocabulary)})
    assert all(row["source"] and row["at"] and row["status"] for row in known.values())
    assert all(row["note"] == "no concept known" for row in rows if not row["concept_id"])


def test_every_code_is_cited_from_the_bibliography(knowledge: Knowledge) -> None:
    assert {concept.citation.source for concept in load_omop(knowledge.vocabulary)} <= knowledge.sources.keys()
    assert load_terms(knowledge.vocabulary)["lineage=B"].id == "NCIT:C8644"
