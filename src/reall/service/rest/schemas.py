"""What OpenAPI says of cases and answers."""

from __future__ import annotations

import json
from typing import Any

from reall.api.case_schema import case_schema
from reall.library.files import PACKAGED
from reall.library.knowledge import open_knowledge
from reall.library.therapy import STATUSES
from reall.options.eligibility import PURPOSES
from reall.service.rest import problems
from reall.service.rest.requests import MOST_CASES

_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_NUMBER_OR_NULL = {"type": ["number", "null"]}
_ANY: dict[str, Any] = {}
_FINDING_STATUSES = ["determined", "undetermined", "not_eligible", "silent", "unconfirmed"]
_VERDICT = {"enum": ["yes", "no", "unknown"]}
_KNOWLEDGE_STATUS = {"enum": list(STATUSES)}


def _object(**properties: Any) -> dict[str, Any]:
    """Describe an object that has every key named and no other."""
    return _open(**properties) | {"additionalProperties": False}


def _open(**properties: Any) -> dict[str, Any]:
    """Describe an object that has every key named, and may have others that belong to one method."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def _list(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of}


def _by_name(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": of}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


_TEXTS = _list(_TEXT)
_CITED: dict[str, Any] = {"source": _TEXT, "at": _TEXT, "status": _KNOWLEDGE_STATUS}
_STAMP: dict[str, Any] = {"reall_version": _TEXT, "knowledge_version": _TEXT, "knowledge_fingerprint": _TEXT}
_REMARK = _object(id=_TEXT, words=_TEXT, sources=_list(_object(**_CITED)))
_NEXT = _list(_object(fact=_TEXT, settles=_TEXTS, narrows=_TEXTS))
_NOTE = _object(id=_TEXT, holds=_VERDICT, words=_TEXT, missing=_TEXTS, **_CITED)


def components() -> dict[str, Any]:
    """Give every named schema of the interface."""
    case = case_schema(open_knowledge().vocabulary)
    return {
        "Problem": problems.schema(),
        "Case": case,
        "Cases": {
            "type": "array",
            "description": "Several cases; one that cannot be used is answered with its error.",
            "items": {"type": "object"},
            "minItems": 1,
            "maxItems": MOST_CASES,
        },
        "AssessAnswer": {
            "oneOf": [_ref("Assessment"), _list({"oneOf": [_ref("Assessment"), _ref("CaseError")]})],
        },
        **_of_cases(),
        **_of_laboratory(),
        **_of_knowledge(),
    }


def _of_cases() -> dict[str, Any]:
    error = _object(code=_TEXT, what=_TEXT, where=_TEXT, why=_TEXT, next=_TEXT)
    reason = _object(rule=_TEXT, value=_TEXT, words=_TEXT, facts=_by_name(_ANY), **_CITED)
    finding = _object(
        status={"enum": _FINDING_STATUSES},
        value=_TEXT_OR_NULL,
        possible=_TEXTS,
        because=_list(reason),
        missing=_TEXTS,
        excluded_by=_TEXT_OR_NULL,
        conflicts=_list(_REMARK),
        knowledge_status=_KNOWLEDGE_STATUS,
        cautions=_list(_REMARK),
        needs=_TEXT_OR_NULL,
        settles=_by_name(_by_name(_TEXTS)),
    )
    sample = _object(
        timepoint=_TEXT, method=_TEXT_OR_NULL, tissue=_TEXT_OR_NULL, level=_ANY,
        assay_sensitivity_fraction=_NUMBER_OR_NULL,
    )  # fmt: skip
    assessment = _object(
        schema={"const": "reall.assessment/1"},
        case=_TEXT,
        **_STAMP,
        derived=_by_name(_ref("Finding")),
        systems=_by_name(_ref("Finding")),
        transplant=_by_name(_ref("Finding")),
        disagreements=_list(_object(about=_TEXT, answers=_by_name(_TEXTS))),
        next_questions=_NEXT,
        options=_list(_ref("Option")),
        outcomes=_list(_ref("Outcome")),
        facts=_by_name(_ANY),
        mrd=_list(sample),
        notes=_TEXTS,
        assumptions=_TEXTS,
    )
    return {
        "CaseError": _object(schema={"const": "reall.assessment/1"}, case=_TEXT, error=error),
        "Finding": finding,
        "Assessment": assessment,
        "Option": _option(),
        "Options": _object(
            schema={"const": "reall.options/1"},
            case=_TEXT,
            on={"type": "string", "format": "date"},
            country=_TEXT,
            **_STAMP,
            options=_list(_ref("Option")),
            next_facts=_NEXT,
            anthracyclines={"type": ["object", "null"]},
            trials=_list(_open(id=_TEXT, nct=_TEXT_OR_NULL, match=_TEXT, missing=_TEXTS, **_CITED)),
            studies=_list({"type": "object"}),
            ctml=_list({"type": "object"}),
            outcomes=_list(_ref("Outcome")),
        ),
        "Outcome": _outcome(),
    }


def _option() -> dict[str, Any]:
    judged = _object(criterion=_TEXT, verdict=_VERDICT, words=_TEXT, must=_TEXT, facts=_by_name(_ANY), **_CITED)
    label = _open(agent=_TEXT, country=_TEXT, on={"type": "string", "format": "date"}, status=_TEXT, words=_TEXT,
        source=_TEXT_OR_NULL,
    )  # fmt: skip
    evidence = _open(id=_TEXT, trial=_TEXT_OR_NULL, endpoint=_TEXT, applies=_TEXT, by=_TEXTS, missing=_TEXTS, **_CITED)
    return _object(
        id=_TEXT,
        title=_TEXT,
        purpose={"enum": list(PURPOSES)},
        status={"enum": ["eligible", "not_eligible", "undetermined"]},
        because=_list(judged),
        decided_by=_TEXTS,
        missing=_TEXTS,
        settling_sets=_list(_TEXTS),
        settling_answers=_list(_by_name(_TEXT)),
        would_change_if=_TEXTS,
        cautions=_list(_NOTE),
        sequencing=_list(_NOTE),
        label={"oneOf": [label, {"type": "null"}]},
        agents=_TEXTS,
        regimens=_TEXTS,
        evidence=_list(evidence),
        knowledge_status=_KNOWLEDGE_STATUS,
    )


def _outcome() -> dict[str, Any]:
    texts = ("id", "cohort", "era", "clock_start", "stratum", "arm", "system", "endpoint", "note")
    numbers = ("n", "years", "estimate_pct", "se_pct", "ci_low_pct", "ci_high_pct", "ci_level_pct")
    return _object(**dict.fromkeys(texts, _TEXT), **dict.fromkeys(numbers, _NUMBER_OR_NULL), **_CITED)


def _of_laboratory() -> dict[str, Any]:
    result = json.loads((PACKAGED / "schema" / "mrd_result.schema.json").read_text(encoding="utf-8"))
    shared = {f"Mrd_{name}": schema for name, schema in result.pop("$defs").items()}
    result = json.loads(json.dumps(result).replace("#/$defs/", "#/components/schemas/Mrd_"))
    del result["$schema"]
    several = _open(schema={"const": "reall.mrd/1"}, results=_list(_ref("MrdOneResult")))
    return {
        **shared,
        "MrdOneResult": result,
        "MrdResult": {"anyOf": [_ref("MrdOneResult"), several]},
        "MrdCourse": {
            "type": "object",
            "properties": {
                "schema": {"const": "reall.mrd_course/1"},
                "series": _list({"type": "object", "required": ["method", "tissue", "measurements"]}),
                "findings": _list({"type": "object", "required": ["rule", "severity", "text"]}),
                "markers": {"type": "object"},
            },
            "required": ["schema", "series", "findings"],
            "additionalProperties": False,
        },
        "Clones": _clones(),
    }


def _clones() -> dict[str, Any]:
    share = {"type": "number", "minimum": 0, "maximum": 1}
    tree = _object(
        parents=_list({"type": "integer", "minimum": 0}), probability=share, log_likelihood={"type": "number"}
    )
    return _open(
        schema={"const": "reall.clones/1"},
        samples=_list(_open(name=_TEXT, role=_TEXT)),
        clusters=_list(_object(id={"type": "integer"}, mutations=_TEXTS, ccf=_by_name(_list(share)))),
        trees=_list(tree),
        origin=_list(_open(relapse=_TEXT, call=_TEXT, probabilities=_by_name(share))),
        resistance=_list(_open(gene=_TEXT, drugs=_TEXTS, source=_TEXT, at=_TEXT)),
        trunk_markers=_TEXTS,
        findings=_list(_open(code=_TEXT, severity=_TEXT, text=_TEXT)),
        seed={"type": "integer"},
    )


def _of_knowledge() -> dict[str, Any]:
    use = _object(where=_TEXT, id=_TEXT, at=_TEXT, status=_TEXT)
    return {
        "About": _object(**_STAMP, holds=_by_name({"type": "integer"})),
        "Entries": _object(kind=_TEXT, knowledge_version=_TEXT, entries=_list({"type": "object", "required": ["id"]})),
        "Entry": _object(id=_TEXT, kind=_TEXT, words=_TEXT, knowledge_version=_TEXT, entry={"type": "object"}),
        "Uses": _object(source={"type": "object", "required": ["id", "type", "title"]}, uses=_list(use)),
        "Changes": _object(
            old_version=_TEXT,
            new_version=_TEXT,
            changes=_list(_object(kind=_TEXT, id=_TEXT, before=_TEXT, after=_TEXT)),
        ),
    }
