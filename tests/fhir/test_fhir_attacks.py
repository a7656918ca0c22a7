"""Records malformed on purpose: refused with their path, or read with findings; never a crash, never a wrong fact."""

from __future__ import annotations

import io
import json
import random
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from fhir_records import bundle, child, observation, patient, quantity
from hypothesis import given, settings
from hypothesis import strategies as st

from reall.base.errors import ReallError, UnusableCase
from reall.exchange.fhir.bulk import read_bulk
from reall.exchange.fhir.findings import Reading
from reall.exchange.fhir.load import MAXIMUM_BYTES, MAXIMUM_ENTRIES
from reall.exchange.fhir.mapping import CodeMap
from reall.exchange.fhir.read import read_bytes, read_resource
from reall.library.fhir import codes_of
from reall.library.knowledge import Knowledge, open_knowledge

Read = Callable[..., Reading]
KNOWLEDGE = open_knowledge()
CODES = codes_of(KNOWLEDGE)
CELLS = observation("26465-5", quantity(80, "/uL"))


def text(data: Any) -> bytes:
    return json.dumps(data).encode()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not well-formed"),
        (b"{", "not well-formed"),
        (b"[]", "not a FHIR resource"),
        (b"{}", "no `resourceType`"),
        (b'{"resourceType": 4}', "no `resourceType`"),
        (b"<Bundle xmlns='http://hl7.org/fhir'/>", "XML"),
        (text(patient()).decode().encode("utf-16"), "not UTF-8"),
        (b'{"resourceType": "Patient", "id": "\xff"}', "not UTF-8"),
        (b'{"resourceType": "Patient", "id": "a", "id": "b"}', "twice"),
        (b'{"resourceType": "Patient", "x": NaN}', "not a number"),
        (b'{"resourceType": "Patient", "x": ' + b"9" * 5000 + b"}", "too many digits"),
        (b'{"resourceType": "Patient", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (text({"resourceType": "Bundle", "type": "history", "entry": []}), "'history' is not read"),
        (text({"resourceType": "Bundle", "entry": []}), "None is not read"),
        (text({"resourceType": "Bundle", "type": "collection", "entry": {}}), "not a list"),
        (text(bundle(patient(), {**patient(), "id": "q"})), "2 patients"),
        (b" " * (MAXIMUM_BYTES + 1), "bulk export"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refused_with_the_reason(content: bytes, says: str, knowledge: Knowledge, codes: CodeMap) -> None:
    with pytest.raises(UnusableCase, match=says) as refused:
        read_bytes(content, codes, knowledge.vocabulary, name="record.json")
    assert refused.value.where


def test_100_000_entries_are_read_and_one_more_than_allowed_is_not(knowledge: Knowledge, codes: CodeMap) -> None:
    """A finding for each would be as long as the record; those that are alike are noted once."""
    filler = {"resource": {"resourceType": "Basic"}}
    many = bundle(*child(CELLS))
    many["entry"] += [filler] * 100_000
    reading = read_resource(many, codes, knowledge.vocabulary, name="many")
    assert reading.case["facts"]["csf_wbc_per_ul"] == 80
    many["entry"] += [filler] * MAXIMUM_ENTRIES
    with pytest.raises(UnusableCase, match="entries"):
        read_resource(many, codes, knowledge.vocabulary, name="many")


def test_a_bundle_of_50_megabytes(knowledge: Knowledge, codes: CodeMap) -> None:
    """Read within ten times its size; what it holds besides is listed, not read."""
    note = {"resourceType": "DocumentReference", "subject": {"reference": "Patient/p"}, "description": "x" * 1_000_000}
    content = text(bundle(*child(CELLS), *({**note, "id": f"d{at}"} for at in range(50))))
    assert len(content) > 50_000_000
    tracemalloc.start()
    reading = read_bytes(content, codes, knowledge.vocabulary, name="large")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert reading.case["facts"]["csf_wbc_per_ul"] == 80
    assert most < 10 * len(content)


def test_bundles_in_bundles_and_references_in_circles(read: Read) -> None:
    inner: dict[str, Any] = bundle(CELLS)
    for _ in range(10):
        inner = bundle(inner)
    assert "too_deep" in {one.code for one in read(bundle(*child(), inner)).findings}
    assert read(bundle(*child(), bundle(CELLS))).case["facts"]["csf_wbc_per_ul"] == 80
    circle = [
        {
            **CELLS,
            "id": "a",
            "hasMember": [{"reference": "Observation/b"}],
            "partOf": [{"reference": "Observation/a"}],
        },
        {**CELLS, "id": "b", "hasMember": [{"reference": "Observation/a"}], "focus": [{"reference": "Observation/b"}]},
    ]
    assert read(*child(*circle)).case["facts"]["csf_wbc_per_ul"] == 80


def test_two_resources_under_one_address_contradict_each_other(read: Read) -> None:
    given = bundle(*child())
    given["entry"] += [
        {"fullUrl": "urn:uuid:1", "resource": observation("26465-5", quantity(value, "/uL"), id_=f"o{value}")}
        for value in (4, 80)
    ]
    reading = read(given)
    assert "same_address" in {one.code for one in reading.findings}
    assert "csf_wbc_per_ul" not in reading.case["facts"]


def test_a_resource_given_twice_counts_once(read: Read) -> None:
    reading = read(bundle(*child(CELLS, CELLS)))
    assert reading.case["facts"]["csf_wbc_per_ul"] == 80
    assert [one.severity for one in reading.findings if one.code == "given_twice"] == ["note"]


def test_further_pages_and_requests_that_give_nothing_are_said(read: Read) -> None:
    given = bundle(*child(), kind="searchset")
    given["link"] = [{"relation": "next", "url": "https://x.example/page2"}]
    given["entry"].append({"request": {"method": "DELETE", "url": "Observation/o"}})
    given["entry"].append("nothing")
    assert {"more_pages", "request_not_read", "wrong_type"} <= {one.code for one in read(given).findings}


def test_types_and_profiles_nobody_knows_are_listed(read: Read) -> None:
    strange = {"resourceType": "Sorcery", "id": "s", "meta": {"profile": ["http://x.example/unknown"]}}
    listed = {one.resource for one in read(*child(strange)).unused}
    assert "Sorcery/s" in listed


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
_FEW = {"max_size": 3}
_JSON = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, **_FEW) | st.dictionaries(st.text(max_size=5), inner, **_FEW)
)


@settings(max_examples=200, deadline=None)
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_any_element_may_be_anything(data: st.DataObject, seed: int) -> None:
    """Elements of a good record replaced by anything: a reading or a refusal, and nothing but that."""
    record = bundle(*json.loads(json.dumps(child(CELLS))))
    draw = random.Random(seed)
    for _ in range(draw.randint(1, 4)):
        _replace(record, draw, data.draw(_JSON))
    try:
        reading = read_resource(record, CODES, KNOWLEDGE.vocabulary, name="fuzz")
    except ReallError:
        return
    json.dumps(reading.to_json(), allow_nan=False)
    assert set(reading.case["facts"]) <= set(KNOWLEDGE.vocabulary.statable) | set(KNOWLEDGE.vocabulary.inputs)


def _replace(record: Any, draw: random.Random, value: Any) -> None:
    places: list[tuple[Any, Any]] = []
    open_ = [record]
    while open_:
        node = open_.pop()
        parts = node.items() if isinstance(node, dict) else enumerate(node)
        for key, part in parts:
            places.append((node, key))
            if isinstance(part, dict | list):
                open_.append(part)
    node, key = draw.choice(places)
    node[key] = value


def _bulk(files: dict[str, bytes], knowledge: Knowledge, codes: CodeMap) -> list[Reading]:
    opened = [(name, io.BytesIO(content)) for name, content in files.items()]
    return list(read_bulk(opened, codes, knowledge.vocabulary))


def test_a_bulk_export_gives_one_case_for_each_patient(knowledge: Knowledge, codes: CodeMap) -> None:
    """Files by type, patients mixed, medicines apart: as bulk exports come."""
    files: dict[str, list[Any]] = {}
    for at in range(5):
        for one in child({**CELLS, "valueQuantity": {**CELLS["valueQuantity"], "value": 10 + at}}):
            about = {"subject": {"reference": f"https://ehr.example/fhir/Patient/p{at}"}} if "subject" in one else {}
            id_ = f"p{at}" if one["resourceType"] == "Patient" else f"{one['id']}-{at}"
            files.setdefault(one["resourceType"], []).append({**one, **about, "id": id_})
    lines = {f"{name}.ndjson": b"\n".join(text(one) for one in held) + b"\n\n" for name, held in files.items()}
    readings = _bulk(lines, knowledge, codes)
    assert [one.case["case"] for one in readings] == [f"p{at}" for at in range(5)]
    assert [one.case["facts"]["csf_wbc_per_ul"] for one in readings] == [10, 11, 12, 13, 14]


@pytest.mark.parametrize("line", [b"{", b"4", b'{"id": "x"}', b"\xff"])
def test_a_bad_line_is_named(line: bytes, knowledge: Knowledge, codes: CodeMap) -> None:
    with pytest.raises(UnusableCase) as refused:
        _bulk({"a.ndjson": text(patient()) + b"\n" + line + b"\n"}, knowledge, codes)
    assert "a.ndjson, line 2" in refused.value.where


def test_a_line_without_end_is_refused_before_it_fills_memory(knowledge: Knowledge, codes: CodeMap) -> None:
    with pytest.raises(UnusableCase, match="bytes"):
        _bulk({"a.ndjson": b"x" * 20_000_000}, knowledge, codes)
