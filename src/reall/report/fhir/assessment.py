"""An assessment (`reall.assessment/1`) as RiskAssessment, Observation, Provenance and DocumentReference.

An answer that is not determined has no prediction and no value: what remains possible and what is missing stands in
its note, and the reason of absence in `dataAbsentReason`. A draft of the knowledge makes a preliminary resource.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reall.exchange.fhir.findings import Finding, Statement
from reall.exchange.fhir.mapping import CodeMap
from reall.exchange.fhir.write import ABSENT, CATEGORY, Resource
from reall.report.to_json import dumps

PROFILE = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-ALL-risk-assessment"
_RISK_CODE = "C167435"
_ABSENT_CODE = {
    "undetermined": "unknown",
    "unconfirmed": "temp-unknown",
    "not_eligible": "not-applicable",
    "silent": "not-applicable",
}
_SEVERITY = {"error": "error", "warning": "warning", "note": "information"}


@dataclass(frozen=True, kw_only=True)
class About:
    """Whom and what an assessment is about: references into the record, and when it was made.

    `given_by` names the inputs of a case (such as dates) from which a fact follows; `link` leads to the page of the
    case, where there is one.
    """

    patient: str
    condition: str
    made: dt.datetime
    provenance: Sequence[Statement] = ()
    titles: Mapping[str, str] | None = None
    given_by: Mapping[str, Sequence[str]] | None = None
    link: str = ""


def assessment_resources(assessment: Mapping[str, Any], codes: CodeMap, about: About) -> list[Resource]:
    """Give an assessment as resources; the last two are its document and its provenance."""
    writer = _Writer(assessment, codes, about)
    made = [*writer.risks(), *writer.two_codes(), *writer.observations()]
    document = writer.document()
    return [*made, document, writer.provenance([*made, document])]


def findings_outcome(findings: Sequence[Finding]) -> Resource:
    """Give the findings of a reading as OperationOutcome."""
    issues = [
        {
            "severity": _SEVERITY[one.severity],
            "code": "incomplete" if one.severity == "note" else "business-rule",
            "details": {"text": one.code},
            "diagnostics": f"{one.resource}: {one.words}" if one.resource else one.words,
            **({"expression": [one.element]} if one.element else {}),
        }
        for one in findings
    ]
    clean = [{"severity": "information", "code": "informational", "details": {"text": "nothing was found odd"}}]
    return {"resourceType": "OperationOutcome", "id": "reading", "issue": issues or clean}


class _Writer:
    def __init__(self, assessment: Mapping[str, Any], codes: CodeMap, about: About) -> None:
        self.assessment = assessment
        self.codes = codes
        self.about = about
        self.when = about.made.isoformat(timespec="seconds")
        self.resource_of = {one.fact: one.resource for one in about.provenance}

    def risks(self) -> Iterator[Resource]:
        """Give one RiskAssessment for each published system."""
        for id_, finding in self.assessment["systems"].items():
            made: Resource = {
                "resourceType": "RiskAssessment",
                "id": _id("risk", id_),
                "status": _status(finding),
                "method": self._code(id_, self._title(id_)),
                "subject": {"reference": self.about.patient},
                "occurrenceDateTime": self.when,
                "performer": {"display": self._program()},
                "note": [{"text": self._words(finding)}],
            }
            if self.about.condition:
                made["condition"] = {"reference": self.about.condition}
            if basis := self._basis(finding):
                made["basis"] = basis
            if finding["status"] == "determined":
                rationale = "; ".join(_cited(reason) for reason in finding["because"])
                prediction = {"outcome": self._code(f"{id_}.{finding['value']}", str(finding["value"]))}
                made["prediction"] = [{**prediction, **({"rationale": rationale} if rationale else {})}]
            yield made

    def two_codes(self) -> Iterator[Resource]:
        """Give mCODE's ALLRiskAssessment for a determined answer that one of its two codes says exactly."""
        for id_, groups in self.codes.two_codes.items():
            finding = self.assessment["systems"].get(id_)
            key = groups.get(str(finding["value"])) if finding and finding["status"] == "determined" else None
            if finding is None or key is None or _status(finding) != "final":
                continue
            yield {
                **self._observation(_id("all-risk", id_), finding),
                "meta": {"profile": [PROFILE]},
                "code": {"coding": [{"system": self.codes.url_of["ncit"], "code": _RISK_CODE}]},
                "method": self._code(id_, self._title(id_)),
                "valueCodeableConcept": {
                    "coding": [{"system": self.codes.url_of[key[0]], "code": key[1]}],
                    "text": f"{finding['value']} ({self._title(id_)})",
                },
            }

    def observations(self) -> Iterator[Resource]:
        """Give one Observation for each definition and each transplant rule."""
        for part in ("derived", "transplant"):
            for id_, finding in self.assessment[part].items():
                code = f"transplant_{id_}" if part == "transplant" else id_
                made = {**self._observation(_id(part, id_), finding), "code": self._code(code, self._title(code))}
                if finding["status"] == "determined":
                    made["valueCodeableConcept"] = self._code(f"{code}.{finding['value']}", str(finding["value"]))
                else:
                    absent = {"system": ABSENT, "code": _ABSENT_CODE[finding["status"]]}
                    made["dataAbsentReason"] = {"coding": [absent], "text": finding["status"]}
                yield made

    def _observation(self, id_: str, finding: Mapping[str, Any]) -> Resource:
        made: Resource = {
            "resourceType": "Observation",
            "id": id_,
            "status": _status(finding),
            "category": [{"coding": [{"system": CATEGORY, "code": "exam"}]}],
            "subject": {"reference": self.about.patient},
            "effectiveDateTime": self.when,
            "performer": [{"display": self._program()}],
            "note": [{"text": self._words(finding)}],
        }
        if self.about.condition:
            made["focus"] = [{"reference": self.about.condition}]
        if basis := self._basis(finding, {"Observation"}):
            made["derivedFrom"] = basis
        return made

    def document(self) -> Resource:
        """Give the whole assessment as a document, and the link to its page where there is one."""
        content = dumps(self.assessment).encode()
        attachment = {
            "contentType": "application/json",
            "data": base64.b64encode(content).decode(),
            "size": len(content),
            "hash": base64.b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode(),
            "title": "reall.assessment/1",
            "creation": self.when,
        }
        page = [{"attachment": {"contentType": "text/html", "url": self.about.link}}] if self.about.link else []
        return {
            "resourceType": "DocumentReference",
            "id": "reall-assessment",
            "status": "current",
            "docStatus": "preliminary",
            "type": {"text": "assessment of a relapsed acute lymphoblastic leukaemia by published rules"},
            "subject": {"reference": self.about.patient},
            "date": self.when,
            "author": [{"display": self._program()}],
            "description": "For research, education and professionals who can review the basis. Not a medical device.",
            "content": [{"attachment": attachment}, *page],
        }

    def provenance(self, made: Sequence[Resource]) -> Resource:
        """Say what the answers were made from, by which program and knowledge."""
        sources = sorted({one.resource for one in self.about.provenance if "/" in one.resource})
        return {
            "resourceType": "Provenance",
            "id": "reall-provenance",
            "target": [{"reference": f"{one['resourceType']}/{one['id']}"} for one in made],
            "recorded": self.when,
            "activity": {"text": "application of published rules to the facts of the record"},
            "agent": [{"type": {"text": "assembler"}, "who": {"display": self._program()}}],
            "entity": [{"role": "source", "what": {"reference": source}} for source in sources]
            or [{"role": "source", "what": {"display": f"case {self.assessment['case']}"}}],
        }

    def _program(self) -> str:
        told = self.assessment
        return f"ReALL {told['reall_version']}, knowledge {told['knowledge_version']}"

    def _title(self, id_: str) -> str:
        return (self.about.titles or {}).get(id_, id_)

    def _code(self, code: str, text: str) -> dict[str, Any]:
        return {"coding": [{"system": self.codes.url_of["reall_systems"], "code": code}], "text": text}

    def _basis(self, finding: Mapping[str, Any], kinds: set[str] | None = None) -> list[dict[str, str]]:
        named = dict.fromkeys(self.resource_of[fact] for fact in self._facts(finding) if fact in self.resource_of)
        return [{"reference": one} for one in named if kinds is None or one.partition("/")[0] in kinds]

    def _facts(self, finding: Mapping[str, Any]) -> list[str]:
        """Give the facts of a case on which an answer rests, also through definitions and dates."""
        found: dict[str, None] = {}
        open_ = [finding]
        while open_:
            for fact in (fact for reason in open_.pop()["because"] for fact in reason["facts"]):
                if fact not in found:
                    found |= dict.fromkeys([fact, *(self.about.given_by or {}).get(fact, ())])
                    open_ += [self.assessment["derived"][fact]] if fact in self.assessment["derived"] else []
        return list(found)

    def _words(self, finding: Mapping[str, Any]) -> str:
        parts = [f"{finding['status']}" + (f": {finding['value']}" if finding["value"] is not None else "")]
        if finding["status"] != "determined" and finding["possible"]:
            parts.append(f"still possible: {', '.join(map(str, finding['possible']))}")
        if finding["missing"]:
            parts.append(f"missing: {', '.join(finding['missing'])}")
        if finding["excluded_by"]:
            parts.append(f"excluded by {finding['excluded_by']}")
        parts += [_cited(reason) for reason in finding["because"]]
        parts.append(f"knowledge: {finding['knowledge_status']}")
        return ". ".join(parts) + "."


def _status(finding: Mapping[str, Any]) -> str:
    sure = finding["status"] == "determined" and finding["knowledge_status"] not in {"draft", "superseded"}
    return "final" if sure else "preliminary"


def _cited(reason: Mapping[str, Any]) -> str:
    return f"{reason['words'] or reason['rule']} ({reason['source']}, {reason['at']})"


def _id(*parts: str) -> str:
    return "-".join(("reall", *parts)).replace("_", "-")[:64]
