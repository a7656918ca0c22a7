"""Rule sets are signed data; the unconfirmed one has to be asked for."""

import json
from importlib import resources

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from reall.base.errors import InvalidKnowledge
from reall.mrd.ruleset import load_ruleset

KNOWLEDGE = resources.files("reall") / "knowledge"

LAB = """
ruleset: our-lab
version: "2026-1"
title: Our accepted procedure
signed_by: {laboratory: Example laboratory, role: head of laboratory, on: 2026-01-31}
rqpcr:
  r_min: {value: 0.98, source: sop-12, at: section 4, status: transcribed}
"""


def write(tmp_path, text):
    file = tmp_path / "rules.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_there_is_no_default():
    assert load_ruleset(None) is None


def test_the_draft_is_marked_as_draft_in_every_section():
    rules = load_ruleset("draft")
    assert rules.label == "draft 0.1"
    assert {rules.status(section) for section in ("rqpcr", "ddpcr", "flow", "ngs")} == {"draft"}


def test_a_signed_rule_set_is_read(tmp_path):
    rules = load_ruleset(write(tmp_path, LAB))
    assert rules.signed_by["on"] == "2026-01-31"
    assert rules.limit("rqpcr", "r_min").value == 0.98
    assert rules.limit("rqpcr", "r_min").source == "sop-12"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("{laboratory: Example laboratory, role: head of laboratory, on: 2026-01-31}", "null", "signed"),
        ("source: sop-12", "source: null", "draft"),
        ("r_min", "r_minimum", "r_minimum"),
        ("value: 0.98", "value: 1.98", "1.98"),
        ("status: transcribed", "status: sure", "sure"),
        ("rqpcr:", "rqpcr: [", "cannot be read"),
    ],
)
def test_a_broken_rule_set_is_refused(tmp_path, old, new, why):
    with pytest.raises(InvalidKnowledge, match=why):
        load_ruleset(write(tmp_path, LAB.replace(old, new)))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InvalidKnowledge, match="cannot be read"):
        load_ruleset(tmp_path / "absent.yaml")


def test_a_missing_limit_says_what_to_do(tmp_path):
    rules = load_ruleset(write(tmp_path, LAB))
    with pytest.raises(InvalidKnowledge, match="leave out --rules"):
        rules.limit("rqpcr", "slope_steepest")


def test_every_source_of_the_mrd_knowledge_is_in_the_bibliography():
    yaml = YAML(typ="safe", pure=True)
    known = yaml.load((KNOWLEDGE / "sources" / "mrd.yaml").read_text(encoding="utf-8"))
    cited = set()
    for name in ("draft.yaml", "constants.yaml", "target_stability.yaml"):
        content = yaml.load((KNOWLEDGE / "mrd" / name).read_text(encoding="utf-8"))
        cited |= set(_sources(content))
    assert cited <= set(known)


def _sources(node):
    if isinstance(node, dict):
        if isinstance(node.get("source"), str):
            yield node["source"]
        for child in node.values():
            yield from _sources(child)
    elif isinstance(node, list):
        for child in node:
            yield from _sources(child)


@pytest.mark.parametrize(
    ("folder", "file", "schema"),
    [
        ("mrd", "draft", "mrd_ruleset"),
        ("mrd", "constants", "mrd_constants"),
        ("mrd", "target_stability", "mrd_target_stability"),
        ("sources", "mrd", "sources"),
    ],
)
def test_every_file_keeps_its_closed_schema(folder, file, schema):
    yaml = YAML(typ="safe", pure=True)
    content = yaml.load((KNOWLEDGE / folder / f"{file}.yaml").read_text(encoding="utf-8"))
    rules = json.loads((KNOWLEDGE / "schema" / f"{schema}.schema.json").read_text(encoding="utf-8"))
    assert list(Draft202012Validator(rules).iter_errors(content)) == []


def test_the_schema_itself_is_valid():
    schema = json.loads((KNOWLEDGE / "schema" / "mrd_ruleset.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
