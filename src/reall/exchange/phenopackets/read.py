"""A Phenopacket (GA4GH v2, JSON) as a case.

Read is what has a term that we know: our own, or one of the ontology terms of the knowledge. Every other element is
listed with its path; nothing is guessed from a label.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from reall.base.errors import UnusableCase
from reall.exchange.phenopackets.terms import (
    CELLS,
    DETECTED,
    EXACTLY,
    LEVEL,
    OWN,
    SENSITIVITY,
    Json,
    Terms,
    day_of,
    own_name,
    written,
    years_of,
)
from reall.facts.vocabulary import Vocabulary

_SEXES = {"FEMALE": "female", "MALE": "male"}
_NO_ANSWER = frozenset({"UNKNOWN_SEX", "OTHER_SEX"})
_SNAKE = re.compile(r"_([a-z])")
_WITHOUT_CONTENT = frozenset({"id", "metaData"})


@dataclass(frozen=True, kw_only=True)
class ReadPacket:
    """The case (`reall.case/1`) of a Phenopacket, and the paths of the elements that were not read."""

    case: Json
    not_read: tuple[str, ...]


def case_of(packet: Any, vocabulary: Vocabulary, terms: Terms) -> ReadPacket:
    """Read a Phenopacket as parsed from JSON.

    Raises `UnusableCase` with the path when it is none, or an element has the wrong type.
    """
    if not isinstance(packet, dict) or not isinstance(packet.get("subject"), dict):
        raise UnusableCase(
            "this is no Phenopacket", why="It has no subject.", next="Give one Phenopacket (version 2, JSON)."
        )
    reader = _Reader(vocabulary, {one.id: one.means for one in terms.values()})
    left = _camel(copy.deepcopy(packet))
    reader.packet(left)
    case: Json = {"case": reader.name, "facts": reader.facts}
    if reader.genetics:
        case["facts"]["genetics"] = reader.genetics
    case |= {key: part for key, part in (("mrd", reader.mrd), ("exposures", reader.exposures)) if part}
    return ReadPacket(case=case, not_read=tuple(_leaves(left, "")))


def _camel(node: Any) -> Any:
    """Write keys as JSON of protocol buffers writes them; both spellings are allowed there."""
    if isinstance(node, dict):
        return {_SNAKE.sub(lambda m: m[1].upper(), str(key)): _camel(value) for key, value in node.items()}
    return [_camel(each) for each in node] if isinstance(node, list) else node


def _leaves(node: Any, path: str) -> Iterator[str]:
    """Name what is left of a packet; empty parts say nothing, an element with a term is one."""
    if isinstance(node, dict):
        found = node.get("type") or node.get("assay") or node.get("term") or node.get("code")
        if isinstance(found, dict) and "id" in found:
            yield f"{path} ({found['id']} {found.get('label', '')})".rstrip()
            return
        for key, value in node.items():
            if path or key not in _WITHOUT_CONTENT:
                yield from _leaves(value, f"{path}.{key}".lstrip("."))
    elif isinstance(node, list):
        for i, each in enumerate(node):
            yield from _leaves(each, f"{path}.{i}")
    elif node not in {None, ""}:
        yield path


@dataclass
class _Reader:
    """Takes out of the packet what it reads; what remains was not read."""

    vocabulary: Vocabulary
    means: Mapping[str, str]
    name: str = ""
    facts: Json = field(default_factory=dict)
    genetics: list[str] = field(default_factory=list)
    mrd: list[Json] = field(default_factory=list)
    exposures: list[Json] = field(default_factory=list)

    def packet(self, left: Json) -> None:
        """Take everything out that can be read."""
        self._placed("subject", self._subject, left["subject"])
        self.name = self.name or str(left.get("id") or "")
        for key, read in (
            ("phenotypicFeatures", self._feature),
            ("measurements", self._measurement),
            ("biosamples", self._biosample),
            ("interpretations", self._interpretation),
            ("diseases", self._disease),
            ("medicalActions", self._action),
        ):
            elements = left.get(key, [])
            if not isinstance(elements, list):
                raise UnusableCase("this is no list", where=key)
            for i, element in enumerate(elements):
                self._placed(f"{key}.{i}", read, element)

    def _placed(self, path: str, read: Callable[[Json], None], element: Json) -> None:
        try:
            read(element)
        except (TypeError, AttributeError, KeyError, ValueError):
            raise UnusableCase(
                "this element is not built as a Phenopacket's", where=path, next="Check it, or leave it out."
            ) from None

    def state(self, name: str, value: Any) -> bool:
        """Keep a fact that two elements do not state differently."""
        if self.facts.get(name, value) != value:
            raise UnusableCase(f"{name} is stated twice, differently", next="Correct whichever element is wrong.")
        self.facts[name] = value
        return True

    def _subject(self, subject: Json) -> None:
        self.name = str(subject.pop("id", "") or "")
        sex = subject.get("sex")
        if sex in _SEXES:
            self.state("sex", _SEXES[subject.pop("sex")])
        elif sex in _NO_ANSWER:
            subject.pop("sex")
        if day := day_of(str(subject.get("dateOfBirth", ""))):
            subject.pop("dateOfBirth")
            self.state("birth_date", day)
        years = _age(subject.get("timeAtLastEncounter"))
        if years is not None:
            subject.pop("timeAtLastEncounter")
            self.state("age_at_relapse_years", years)

    def _feature(self, feature: Json) -> None:
        name, present = own_name(feature["type"]["id"]), not feature.get("excluded", False)
        label = feature["type"].get("label", "")
        day = day_of(str(feature.get("onset", {}).get("timestamp", "")))
        fact, entry = self.vocabulary.statable.get(name), self.vocabulary.inputs.get(name)
        if name == "genetics":
            self.genetics.append(label if present else f"not {label}")
        elif name == "other_em_sites":
            self.facts.setdefault(name, [])
            self.facts[name] += [label] if present else []
        elif entry is not None and entry.kind == "date" and day:
            self.state(name, day)
        elif fact is not None and fact.kind == "yes_no" and "onset" not in feature:
            self.state(name, present)
        else:
            return
        feature.clear()

    def _measurement(self, measurement: Json) -> None:
        name = own_name(measurement["assay"]["id"])
        entry = self.vocabulary.inputs.get(name)
        fact = self.vocabulary.statable.get(name) or (entry.as_fact if entry and entry.kind == "number" else None)
        value = measurement.get("value", {})
        if fact is None:
            return
        if fact.numeric and "quantity" in value:
            amount = _amount(value)
            self.state(name, int(amount) if fact.kind == "count" and amount.is_integer() else amount)
        elif fact.numeric and "complexValue" in measurement:
            self.state(name, written(_bounds(measurement["complexValue"], "")))
        elif "ontologyClass" in value and (answer := self._answer(name, value["ontologyClass"]["id"])):
            self.state(name, answer)
        else:
            return
        measurement.clear()

    def _answer(self, fact: str, identifier: str) -> str:
        means = self.means.get(identifier, own_name(identifier).replace(".", "=", 1))
        name, _, answer = means.partition("=")
        return answer if name == fact else ""

    def _biosample(self, sample: Json) -> None:
        for measurement in sample.get("measurements", []):
            identifier = measurement["assay"]["id"]
            if self.means.get(identifier, own_name(identifier)) == "mrd":
                entry = self._mrd(sample, measurement)
                if entry:
                    self.mrd.append(entry)
                    measurement.clear()
        if not any(sample.get("measurements", [True])):
            for key in ("id", "individualId", "sampledTissue", "timeOfCollection", "measurements"):
                sample.pop(key, None)

    def _mrd(self, sample: Json, measurement: Json) -> Json:
        made: Json = {}
        point = own_name(sample.get("timeOfCollection", {}).get("ontologyClass", {}).get("id", ""))
        if point.startswith("timepoint."):
            made["timepoint"] = point.removeprefix("timepoint.")
        if "procedure" in measurement:
            made["method"] = measurement["procedure"]["code"]["label"]
        if "sampledTissue" in sample:
            tissue = sample["sampledTissue"]
            made["tissue"] = self._answer("tissue", tissue["id"]) or tissue.get("label", "")
        single = {q["type"]["id"]: _amount(q) for q in _typed(measurement)}
        if f"{OWN}:{DETECTED}" in single:
            made[DETECTED] = bool(single[f"{OWN}:{DETECTED}"])
        level = written(_bounds(measurement.get("complexValue", {}), LEVEL))
        if level is not None:
            made[LEVEL] = level
        for part in (SENSITIVITY, CELLS):
            if f"{OWN}:{part}" in single:
                made[part] = single[f"{OWN}:{part}"]
        if day := day_of(str(measurement.get("timeObserved", {}).get("timestamp", ""))):
            made["date"] = day
        return made if level is not None or DETECTED in made else {}

    def _interpretation(self, interpretation: Json) -> None:
        diagnosis = interpretation.get("diagnosis", {})
        left = []
        for finding in diagnosis.get("genomicInterpretations", []):
            descriptor = finding.get("variantInterpretation", {}).get("variationDescriptor", {})
            known = descriptor.get("label", "").lower() in self.vocabulary.genetics_by_name
            if finding.get("interpretationStatus") in {"CONTRIBUTORY", "CAUSATIVE"} and (
                known or own_name(descriptor.get("id", "")) == "genetics"
            ):
                self.genetics.append(descriptor["label"])
            else:
                left.append(finding)
        if left:
            diagnosis["genomicInterpretations"] = left
        elif diagnosis.get("genomicInterpretations"):
            interpretation.clear()

    def _disease(self, disease: Json) -> None:
        means = self.means.get(disease["term"]["id"], own_name(disease["term"]["id"]))
        if disease.get("excluded") or not (means == "disease" or means.startswith("lineage=")):
            return
        if means.startswith("lineage="):
            self.state("lineage", means.removeprefix("lineage="))
        stages = disease.pop("diseaseStage", [])
        relapse = [s for s in stages if self.means.get(s["id"], own_name(s["id"])) == "relapse"]
        onset = disease.pop("onset", None)
        day, years = day_of(str((onset or {}).get("timestamp", ""))), _age(onset)
        if day:
            self.state("relapse_date" if relapse else "diagnosis_date", day)
        elif years is not None:
            self.state("age_at_relapse_years" if relapse else "age_at_diagnosis_years", years)
        elif onset:
            disease["onset"] = onset
        if others := [stage for stage in stages if stage not in relapse]:
            disease["diseaseStage"] = others
        del disease["term"]

    def _action(self, action: Json) -> None:
        treatment = action.get("treatment", {})
        agent, dose = own_name(treatment.get("agent", {}).get("id", "")), treatment.get("cumulativeDose", {})
        if agent.startswith("agent.") and own_name(dose.get("unit", {}).get("id", "")) == "unit.mg_per_m2":
            self.exposures.append(
                {"agent": agent.removeprefix("agent."), "cumulative_mg_m2": _amount({"quantity": dose})}
            )
            action.clear()
        fact = self.vocabulary.statable.get(own_name(action.get("procedure", {}).get("code", {}).get("id", "")))
        if fact is not None and fact.kind == "yes_no" and set(action) == {"procedure"}:
            self.state(fact.name, True)
            action.clear()


def _age(element: Any) -> float | None:
    age = element.get("age", {}) if isinstance(element, dict) else {}
    return years_of(str(age.get("iso8601duration", ""))) if isinstance(age, dict) else None


def _amount(holder: Json) -> float:
    """Give the value of a quantity; JSON of protocol buffers leaves a value of 0 out."""
    value = holder["quantity"].get("value", 0.0)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(value)
    return float(value)


def _typed(measurement: Json) -> list[Json]:
    quantities: list[Json] = measurement.get("complexValue", {}).get("typedQuantities", [])
    return quantities


def _bounds(complex_value: Json, part: str) -> Iterator[tuple[str, float]]:
    """Give the bounds of a number, or of one part of a result (`part`)."""
    for quantity in complex_value.get("typedQuantities", []):
        name = own_name(quantity["type"]["id"])
        if not part:
            yield name, _amount(quantity)
        elif name == part or name.startswith(f"{part}."):
            yield name.removeprefix(part).lstrip(".") or EXACTLY, _amount(quantity)
