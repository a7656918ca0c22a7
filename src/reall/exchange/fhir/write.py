"""A case as FHIR R4 resources: public codes where they say exactly as much, and ReALL's own code for every fact, so
that nothing is lost on the way back."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from reall.base.errors import UnusableCase
from reall.exchange.fhir.mapping import CodeMap, CodeRow
from reall.exchange.fhir.own import ANSWERS, EXPOSURE, FACTS, MRD, NONE, NUMBERS, PARTS
from reall.exchange.fhir.say import LISTS
from reall.facts.known import COMPARED, RANGE
from reall.facts.reading import is_nothing, read_date, read_names, read_yes_no
from reall.facts.vocabulary import Vocabulary

_ID = re.compile(r"^[A-Za-z0-9\-.]{1,64}$")
_CONDITION = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_PROBLEM = "http://terminology.hl7.org/CodeSystem/condition-category"

Resource = dict[str, Any]


def write_case(case: Mapping[str, Any], codes: CodeMap, vocabulary: Vocabulary, *, name: str = "case") -> Resource:
    """Give a case (`reall.case/1`, plain data that `read_case` accepts) as a Bundle of R4 resources."""
    writer = _Writer(codes, vocabulary, str(case.get("case") or name))
    return bundle(writer.resources(case), seed=writer.name)


def bundle(resources: list[Resource], *, seed: str, kind: str = "collection") -> Resource:
    """Put resources into a Bundle; the same content gets the same addresses."""
    entries = [{"fullUrl": full_url(one, seed), "resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def full_url(resource: Resource, seed: str) -> str:
    """Give a resource an address that depends on its name only."""
    name = f"{seed}/{resource['resourceType']}/{resource['id']}"
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, name)}"


class _Writer:
    def __init__(self, codes: CodeMap, vocabulary: Vocabulary, name: str) -> None:
        self.codes = codes
        self.vocabulary = vocabulary
        self.name = name
        self.id = name if _ID.match(name) else f"case-{uuid.uuid5(uuid.NAMESPACE_URL, name)}"
        self.rows: dict[str, CodeRow] = {}
        for row in codes.rows:
            if (
                row.kind == "observation"
                and row.fact
                and row.reads == "value"
                and row.units
                and 1.0 in row.units.values()
            ):
                self.rows.setdefault(row.fact, row)

    def resources(self, case: Mapping[str, Any]) -> list[Resource]:
        facts = {key: value for key, value in (case.get("facts") or {}).items() if not is_nothing(value)}
        for member, value in (facts.pop("csf", None) or {}).items():
            if not is_nothing(value):
                facts[(self.vocabulary.inputs["csf"].members or {})[member]] = value
        conditions = list(self._conditions(facts))
        focus = conditions[-1]["id"]
        made = [self._patient(facts), *conditions]
        for key, value in facts.items():
            made += self._fact(key, value, focus)
        mrd = case.get("mrd") or []
        for at, entry in enumerate([mrd] if isinstance(mrd, dict) else mrd):
            made.append(self._entry(f"{MRD}-{at + 1}", MRD, entry, focus))
        for at, entry in enumerate(case.get("exposures") or []):
            made.append(self._entry(f"{EXPOSURE}-{at + 1}", EXPOSURE, entry, focus))
        return made

    def _id(self, part: str) -> str:
        """Name a resource of this case; a name that is too long for FHIR ends in a digest instead of being cut."""
        name = f"{self.id}-{part.replace('_', '-')}"
        return name if _ID.match(name) else f"{part.replace('_', '-')[:31]}-{uuid.uuid5(uuid.NAMESPACE_URL, name).hex}"

    def _patient(self, facts: Mapping[str, Any]) -> Resource:
        made: Resource = {
            "resourceType": "Patient",
            "id": self.id,
            "identifier": [{"system": self.codes.url_of["reall_case"], "value": self.name}],
        }
        if facts.get("sex") in ("male", "female"):
            made["gender"] = facts["sex"]
        if not is_nothing(facts.get("birth_date")):
            made["birthDate"] = _day(facts["birth_date"])
        return made

    def _conditions(self, facts: Mapping[str, Any]) -> Iterator[Resource]:
        """Give the leukaemia, and its relapse where the case says that there is one."""
        yield self._condition("leukaemia", facts, "diagnosis_date", "")
        number = facts.get("relapse_number")
        if isinstance(number, int | float) and not isinstance(number, bool) and number >= 1:
            yield self._condition("relapse", facts, "relapse_date", "relapse")

    def _condition(self, id_: str, facts: Mapping[str, Any], date: str, status: str) -> Resource:
        lineage = facts.get("lineage")
        coded = [
            row for row in self.codes.rows
            if row.kind == "condition" and row.leukaemia and row.reads == "value" and not row.prefix
            and (row.says or {}).get("lineage") == (lineage if isinstance(lineage, str) else None)
        ]  # fmt: skip
        made: Resource = {
            "resourceType": "Condition",
            "id": self._id(id_),
            "verificationStatus": {"coding": [{"system": _VERIFIED, "code": "confirmed"}]},
            "category": [{"coding": [{"system": _PROBLEM, "code": "problem-list-item"}]}],
            "code": {
                "coding": [{"system": self.codes.url_of[r.system], "code": r.code} for r in coded[:1]],
                "text": "acute lymphoblastic leukaemia",
            },
            "subject": {"reference": f"Patient/{self.id}"},
            "clinicalStatus": {"coding": [{"system": _CONDITION, "code": status or "active"}]},
        }
        if not is_nothing(facts.get(date)):
            made["onsetDateTime"] = _day(facts[date])
        return made

    def _observation(self, id_: str, code: str, words: str, focus: str) -> Resource:
        return {
            "resourceType": "Observation",
            "id": self._id(id_),
            "status": "final",
            "code": {"coding": [{"system": self.codes.url_of[FACTS], "code": code}], "text": words},
            "subject": {"reference": f"Patient/{self.id}"},
            "focus": [{"reference": f"Condition/{focus}"}],
        }

    def _fact(self, key: str, value: Any, focus: str) -> Iterator[Resource]:
        question = self.vocabulary.statable.get(key) or self.vocabulary.inputs.get(key)
        if question is None:
            raise UnusableCase(f"unknown fact {key!r}", next="Check the case with `reall assess` first.")
        made = self._observation(f"fact-{key}", key, question.question, focus)
        if key in LISTS:
            names = read_names(value)
            made |= {"component": [self._part("name", name) for name in names]} if names else self._concept(NONE)
        elif key in self.vocabulary.inputs and self.vocabulary.inputs[key].kind == "date":
            made["valueDateTime"] = _day(value)
        elif isinstance(value, list):
            possible = [self._part("possible", one, fact=key) for one in value if not is_nothing(one)]
            made |= {"dataAbsentReason": {"coding": [{"system": ABSENT, "code": "unknown"}]}, "component": possible}
        else:
            made |= self._value(value, key)
        self._public(made, key)
        yield made

    def _public(self, made: Resource, key: str) -> None:
        """Add the public code of a number, with its unit, so that other systems understand it too."""
        row = self.rows.get(key)
        quantity = made.get("valueQuantity")
        if row is None or quantity is None or row.status == "superseded":
            return
        unit = next(unit for unit, factor in (row.units or {}).items() if factor == 1)
        quantity |= {"unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
        made["code"]["coding"].append({"system": self.codes.url_of[row.system], "code": row.code})
        if row.specimen in {"marrow", "blood", "cerebrospinal fluid"}:
            made["category"] = [{"coding": [{"system": CATEGORY, "code": "laboratory"}]}]

    def _concept(self, answer: str) -> dict[str, Any]:
        return {"valueCodeableConcept": {"coding": [{"system": self.codes.url_of[ANSWERS], "code": answer}]}}

    def _value(self, value: Any, fact: str = "") -> dict[str, Any]:
        known = self.vocabulary.statable.get(fact)
        if isinstance(value, dt.date):
            return {"valueDateTime": _day(value)}
        if known is not None and not known.numeric:
            two = known.kind == "yes_no" or set(known.answers) == {"yes", "no"}
            return {"valueBoolean": read_yes_no(value)} if two else self._concept(str(value).strip())
        if isinstance(value, bool):
            return {"valueBoolean": value}
        return _number(value, self._unit(fact))

    def _unit(self, fact: str) -> dict[str, str]:
        known = self.vocabulary.statable.get(fact) or self.vocabulary.inputs.get(fact)
        return {"unit": known.unit if known is not None and known.unit else "1"}

    def _part(self, name: str, value: Any, *, fact: str = "") -> dict[str, Any]:
        code = {"coding": [{"system": self.codes.url_of[PARTS], "code": name}]}
        if name == "name" or (not fact and isinstance(value, str) and name not in NUMBERS):
            return {"code": code, "valueString": value}
        return {"code": code, **self._value(value, fact)}

    def _entry(self, id_: str, code: str, entry: Mapping[str, Any], focus: str) -> Resource:
        made = self._observation(id_, code, "minimal residual disease" if code == MRD else "cumulative dose", focus)
        parts = []
        for name, value in entry.items():
            if name == "detected" and not is_nothing(value):
                value = read_yes_no(value)  # noqa: PLW2901 - `no` and false are the same answer
            if not is_nothing(value):
                parts.append(self._part(name, value))
        made["component"] = parts
        return made


def _day(value: Any) -> str:
    return read_date(value).isoformat()


def _number(value: Any, unit: dict[str, str]) -> dict[str, Any]:
    """Write a number, a half-line (with comparator) or a range; anything else is words."""
    if isinstance(value, int | float):
        return {"valueQuantity": {"value": value, **unit}}
    if match := COMPARED.match(value):
        compared = {"comparator": match[1]} if match[1] and match[1] != "=" else {}
        return {"valueQuantity": {"value": float(match[2]), **compared, **unit}}
    if match := RANGE.match(value):
        return {"valueRange": {"low": {"value": float(match[1]), **unit}, "high": {"value": float(match[2]), **unit}}}
    return {"valueString": value}
