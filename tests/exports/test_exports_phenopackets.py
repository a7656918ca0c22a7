"""Phenopackets, read and written by the library of the standard's authors: what a case says comes back."""

from __future__ import annotations

import contextlib
import copy
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from google.protobuf.json_format import MessageToDict, Parse
from hypothesis import given, settings
from hypothesis import strategies as st
from phenopackets.schema import v2

from reall.api.phenopackets import from_phenopacket, is_phenopacket, to_phenopacket
from reall.base.documents import Document, read_document
from reall.base.errors import UnusableCase
from reall.cli.main import reall
from reall.facts.case import Case, read_case
from reall.library.files import PACKAGED
from reall.library.knowledge import Knowledge
from reall.library.worked_cases import worked_cases

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "cases").iterdir())
NOW = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)


def there_and_back(document: Document, knowledge: Knowledge) -> tuple[Case, Case, tuple[str, ...], tuple[str, ...]]:
    """Write a case, pass it through the library, and read it again."""
    packet = to_phenopacket(document, knowledge, made=NOW)
    message = Parse(json.dumps(packet.json), v2.Phenopacket())
    read = from_phenopacket(Document(MessageToDict(message), {}, "packet"), knowledge)
    again = Document(read.case, {}, "packet")
    vocabulary = knowledge.vocabulary
    return read_case(document, vocabulary), read_case(again, vocabulary), packet.not_carried, read.not_read


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_comes_back_as_it_was(path: Path, knowledge: Knowledge) -> None:
    document = read_document(path.read_bytes(), name=path.name, error=UnusableCase)
    before, after, not_carried, not_read = there_and_back(document, knowledge)
    assert after.known == before.known
    assert (after.mrd, after.exposures) == (before.mrd, before.exposures)
    assert (not_carried, not_read) == ((), ())


def test_every_worked_case_comes_back_or_says_what_does_not(knowledge: Knowledge) -> None:
    lost = 0
    for case in worked_cases(PACKAGED):
        before, after, not_carried, not_read = there_and_back(case.document, knowledge)
        lost += bool(not_carried)
        assert not_read == (), case.id
        assert not_carried or after.known == before.known, case.id
    assert lost < 10


SAMPLE = "biosamples.0."
MEASURED = f"{SAMPLE}measurements.0."
FINDING = "interpretations.0.diagnosis.genomicInterpretations.0.variantInterpretation.variationDescriptor."
PARTS = [
    ("subject.sex", "MALE"),
    ("subject.timeAtLastEncounter.age.iso8601duration", "P6Y6M"),
    ("diseases.0.term.id", "NCIT:C8644"),
    ("diseases.1.diseaseStage.0.id", "NCIT:C38155"),
    (f"{SAMPLE}sampledTissue.id", "NCIT:C12431"),
    (f"{SAMPLE}timeOfCollection.ontologyClass.id", "reall:timepoint.end_of_reinduction_block1"),
    (f"{MEASURED}assay.id", "NCIT:C3896"),
    (f"{MEASURED}complexValue.typedQuantities.0.quantity.value", "0.002"),
    (f"{FINDING}label", "high hyperdiploidy"),
]


@pytest.mark.parametrize(("path", "expected"), PARTS)
def test_where_the_parts_of_a_case_stand(path: str, expected: str, knowledge: Knowledge) -> None:
    example = EXAMPLES[0]
    document = read_document(example.read_bytes(), name=example.name, error=UnusableCase)
    found: Any = to_phenopacket(document, knowledge, made=NOW).json
    for key in path.split("."):
        found = found[int(key) if key.isdigit() else key]
    assert str(found) == expected


def test_no_is_excluded_and_unknown_is_absent(knowledge: Knowledge) -> None:
    document = Document({"case": "c", "facts": {"down_syndrome": False, "bcr_abl1": True}}, {}, "case")
    features = to_phenopacket(document, knowledge, made=NOW).json["phenotypicFeatures"]
    assert {f["type"]["id"]: f.get("excluded", False) for f in features} == {
        "reall:down_syndrome": True,
        "reall:bcr_abl1": False,
    }


FOREIGN = {
    "id": "packet-1",
    "subject": {"id": "child-1", "sex": "FEMALE", "time_at_last_encounter": {"age": {"iso8601duration": "P7Y2M11D"}}},
    "phenotypicFeatures": [{"type": {"id": "HP:0001945", "label": "Fever"}}],
    "diseases": [
        {"term": {"id": "NCIT:C3183", "label": "T-ALL"}, "onset": {"timestamp": "2019-05-02T00:00:00Z"}},
        {"term": {"id": "MONDO:0005148", "label": "type 2 diabetes mellitus"}},
    ],
    "interpretations": [
        {
            "diagnosis": {
                "genomicInterpretations": [
                    {
                        "interpretationStatus": "CAUSATIVE",
                        "variantInterpretation": {"variationDescriptor": {"id": "v1", "label": "TCF3::HLF"}},
                    },
                    {
                        "interpretationStatus": "REJECTED",
                        "variantInterpretation": {"variationDescriptor": {"id": "v2", "label": "BCR::ABL1"}},
                    },
                ]
            }
        }
    ],
    "metaData": {"createdBy": "someone else"},
}
"""Constructed, with terms that ReALL does not know; nobody in it exists."""


def test_what_has_no_known_term_is_listed_and_not_guessed(knowledge: Knowledge) -> None:
    read = from_phenopacket(Document(FOREIGN, {}, "packet"), knowledge)
    facts = {"sex": "female", "lineage": "T", "diagnosis_date": "2019-05-02", "genetics": ["TCF3::HLF"]}
    assert read.case == {"case": "child-1", "facts": facts}
    listed = "\n".join(read.not_read)
    assert "subject.timeAtLastEncounter.age.iso8601duration" in listed, "days would have to be rounded"
    assert "phenotypicFeatures.0 (HP:0001945 Fever)" in listed
    assert "diseases.1 (MONDO:0005148" in listed
    assert "interpretations.0.diagnosis.genomicInterpretations.0" in listed, "rejected is not the same as absent"


BROKEN: list[tuple[Any, str]] = [
    ([], "no Phenopacket"),
    ({"id": "x"}, "no Phenopacket"),
    ({"subject": {"id": "x"}, "measurements": {}}, "no list"),
    ({"subject": {"id": "x"}, "measurements": [3]}, "measurements.0"),
    ({"subject": {"id": "x"}, "measurements": [{"assay": {"id": 7}}]}, "measurements.0"),
    ({"subject": {"id": "x"}, "phenotypicFeatures": [{"type": {}}]}, "phenotypicFeatures.0"),
    (
        {
            "subject": {"id": "x", "sex": "FEMALE"},
            "measurements": [{"assay": {"id": "reall:sex"}, "value": {"ontologyClass": {"id": "reall:sex.male"}}}],
        },
        "stated twice",
    ),
]


@pytest.mark.parametrize(("packet", "words"), BROKEN)
def test_a_broken_packet_is_refused_with_its_place(packet: Any, words: str, knowledge: Knowledge) -> None:
    with pytest.raises(UnusableCase, match=words):
        from_phenopacket(Document(copy.deepcopy(packet), {}, "packet"), knowledge)


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "x", "reall:sex"]),
    lambda parts: st.lists(parts, max_size=2) | st.dictionaries(st.sampled_from(["id", "type", "value"]), parts),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_element_may_be_anything(data: st.DataObject, knowledge: Knowledge) -> None:
    """Whatever stands in one place of a packet: it is read, listed, or refused with its place."""
    example = EXAMPLES[2]
    document = read_document(example.read_bytes(), name=example.name, error=UnusableCase)
    packet = to_phenopacket(document, knowledge, made=NOW).json
    node: Any = packet
    while True:
        key = data.draw(st.sampled_from(list(node) if isinstance(node, dict) else range(len(node))))
        if not isinstance(node[key], dict | list) or not node[key] or data.draw(st.booleans()):
            node[key] = data.draw(JUNK)
            break
        node = node[key]
    with contextlib.suppress(UnusableCase):
        from_phenopacket(packet, knowledge)


def test_the_command_goes_both_ways(tmp_path: Path) -> None:
    runner = CliRunner()
    there = runner.invoke(
        reall, ["convert", str(EXAMPLES[0]), "--to", "phenopacket", "--out", str(tmp_path / "packet.json")]
    )
    assert there.exit_code == 0, there.output
    text = (tmp_path / "packet.json").read_text(encoding="utf-8")
    assert is_phenopacket(json.loads(text))
    back = runner.invoke(reall, ["convert", "-"], input=text)
    assert json.loads(back.stdout)["facts"]["lineage"] == "B"
