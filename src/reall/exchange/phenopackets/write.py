"""A case as a Phenopacket (GA4GH v2, JSON).

Yes/no facts become phenotypic features (`excluded` for no, absent for unknown), a transplant a procedure, numbers and
categories measurements, MRD results measurements of a biosample, drugs with their cumulative dose treatments, genetic
findings interpretations. Nothing is written for what the case leaves out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
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
    bounds_of,
    duration,
    interval_of,
    own,
    term,
)
from reall.facts.known import Interval, Known, read_interval
from reall.facts.reading import is_nothing, read_date, read_fact, read_names, read_yes_no
from reall.facts.vocabulary import Fact, Vocabulary

SCHEMA_VERSION = "2.0"
_SEXES = {"female": "FEMALE", "male": "MALE"}
_PROCEDURES = frozenset({"prior_allo_hsct"})
"""Yes/no facts that say that something was done; no is written as a feature that is excluded."""


@dataclass(frozen=True, kw_only=True)
class Packet:
    """A Phenopacket, and the places of the case that it cannot carry."""

    json: Json
    not_carried: tuple[str, ...]


def phenopacket_of(
    case: Mapping[str, Any], vocabulary: Vocabulary, terms: Terms, *, version: str, created: dt.datetime
) -> Packet:
    """Write a case (`reall.case/1`) as a Phenopacket. `version` is that of the knowledge.

    Raises `UnusableCase` when a fact cannot be read.
    """
    made = _Writer(vocabulary, terms, str(case.get("case") or "case"))
    for name, value in (case.get("facts") or {}).items():
        if not is_nothing(value):
            made.fact(name, value)
    samples = case.get("mrd") or ()
    for i, sample in enumerate([samples] if isinstance(samples, Mapping) else samples):
        made.sample(i, sample)
    for exposure in case.get("exposures") or ():
        made.exposure(exposure)
    return Packet(json=made.packet(version, created), not_carried=tuple(made.not_carried))


@dataclass
class _Writer:
    vocabulary: Vocabulary
    terms: Terms
    name: str
    subject: Json = field(default_factory=dict)
    features: list[Json] = field(default_factory=list)
    measurements: list[Json] = field(default_factory=list)
    biosamples: list[Json] = field(default_factory=list)
    actions: list[Json] = field(default_factory=list)
    findings: list[Json] = field(default_factory=list)
    stated: dict[str, Any] = field(default_factory=dict)
    not_carried: list[str] = field(default_factory=list)

    def fact(self, name: str, value: Any) -> None:
        """Take one entry under `facts` to its place."""
        entry = self.vocabulary.inputs.get(name)
        known = self.vocabulary.statable.get(name) or (entry.as_fact if entry and entry.kind == "number" else None)
        if known is not None:
            self._known(known, read_fact(known, value))
        elif entry is None:
            raise UnusableCase(f"unknown fact {name!r}", next="See docs/reference/facts.md for what a case may hold.")
        elif entry.kind == "date":
            self._date(name, read_date(value))
        elif entry.kind == "group":
            for member, content in value.items():
                if not is_nothing(content):
                    self.fact((entry.members or {})[member], content)
        else:
            getattr(self, f"_{name}")(read_names(value))

    def _known(self, fact: Fact, known: Known | None) -> None:
        if known is None:
            return
        if isinstance(known, Interval):
            self._number(fact, known)
        elif known.point is None:
            self.not_carried.append(f"facts.{fact.name}: one of several answers")
        elif fact.name in _PROCEDURES and known.point is True:
            self.actions.append({"procedure": {"code": own(fact.name)}})
        elif isinstance(known.point, bool):
            self.features.append({"type": own(fact.name), **({} if known.point else {"excluded": True})})
        else:
            self._category(fact, known.point)

    def _category(self, fact: Fact, answer: str) -> None:
        means = f"{fact.name}={answer}"
        if fact.name == "sex" and answer in _SEXES:
            self.subject["sex"] = _SEXES[answer]
        elif fact.name == "lineage" and means in self.terms:
            self.stated["lineage"] = answer
        else:
            label = (fact.words or {}).get(answer, answer)
            value = {"ontologyClass": term(self.terms, means, label)}
            self.measurements.append({"assay": own(fact.name), "value": value})

    def _number(self, fact: Fact, known: Interval) -> None:
        if fact.name == "age_at_relapse_years" and known.point is not None:
            self.subject["timeAtLastEncounter"] = {"age": {"iso8601duration": duration(known.point)}}
            return
        if fact.name == "relapse_number":
            self.stated[fact.name] = known.point
        bounds = bounds_of(known, minimum=fact.minimum, maximum=fact.maximum)
        unit = own(f"unit.{fact.unit.replace(' ', '_')}" if fact.unit else "unit.count", fact.unit or "count")
        if known.point is not None:
            value: Json = {"value": {"quantity": {"unit": unit, "value": known.point}}}
        else:
            value = {"complexValue": {"typedQuantities": [_typed(kind, number, unit) for kind, number in bounds]}}
        self.measurements.append({"assay": own(fact.name), **value})

    def _date(self, name: str, day: dt.date) -> None:
        if name == "birth_date":
            self.subject["dateOfBirth"] = _timestamp(day)
        elif name in {"diagnosis_date", "relapse_date"}:
            self.stated[name] = day
        else:
            self.features.append({"type": own(name), "onset": {"timestamp": _timestamp(day)}})

    def _genetics(self, names: list[str]) -> None:
        for name in names:
            if name.lower().startswith("not "):
                self.features.append({"type": own("genetics", name[4:].strip()), "excluded": True})
            else:
                self.findings.append(
                    {
                        "subjectOrBiosampleId": self.name,
                        "interpretationStatus": "CONTRIBUTORY",
                        "variantInterpretation": {
                            "variationDescriptor": {
                                "id": f"{OWN}:genetics",
                                "label": name,
                                "moleculeContext": "genomic",
                            }
                        },
                    }
                )

    def _other_em_sites(self, sites: list[str]) -> None:
        if not sites:
            self.features.append({"type": own("other_em_sites", "any other site"), "excluded": True})
        self.features += [{"type": own("other_em_sites", site)} for site in sites]

    def sample(self, number: int, entry: Mapping[str, Any]) -> None:
        """Take an MRD result to a biosample with one measurement."""
        given = {key: value for key, value in entry.items() if not is_nothing(value)}
        quantities = []
        if LEVEL in given:
            level = interval_of(given.pop(LEVEL), read_interval)
            quantities += [(f"{LEVEL}.{kind}", n) for kind, n in bounds_of(level, minimum=0.0, maximum=1.0)]
        if SENSITIVITY in given:
            sensitivity = interval_of(given.pop(SENSITIVITY), read_interval).point
            quantities += [(SENSITIVITY, sensitivity)] if sensitivity is not None else []
        if DETECTED in given:
            quantities.append((DETECTED, float(read_yes_no(given.pop(DETECTED)))))
        if CELLS in given:
            quantities.append((CELLS, float(given.pop(CELLS))))
        unit = own("unit.fraction_of_cells", "fraction of cells")
        measurement: Json = {
            "assay": term(self.terms, "mrd", "minimal residual disease"),
            "complexValue": {"typedQuantities": [_typed(kind, n, unit) for kind, n in quantities]},
        }
        sample: Json = {"id": f"{self.name}-mrd-{number + 1}", "individualId": self.name}
        if "tissue" in given:
            tissue = str(given.pop("tissue"))
            sample["sampledTissue"] = term(self.terms, f"tissue={tissue}", tissue)
        if "timepoint" in given:
            sample["timeOfCollection"] = {"ontologyClass": own(f"timepoint.{given.pop('timepoint')}")}
        if "method" in given:
            measurement["procedure"] = {"code": own("method", str(given.pop("method")))}
        if "date" in given:
            measurement["timeObserved"] = {"timestamp": _timestamp(read_date(given.pop("date")))}
        self.biosamples.append({**sample, "measurements": [measurement]})
        self.not_carried += [f"mrd.{number}.{key}" for key in given]

    def exposure(self, entry: Mapping[str, Any]) -> None:
        """Take a drug with its cumulative dose to a treatment."""
        agent = str(entry["agent"])
        dose = {"unit": own("unit.mg_per_m2", "mg/m2"), "value": float(entry["cumulative_mg_m2"])}
        self.actions.append({"treatment": {"agent": own(f"agent.{agent}", agent), "cumulativeDose": dose}})

    def packet(self, version: str, created: dt.datetime) -> Json:
        """Put the parts together; empty ones are left out."""
        lineage = self.stated.get("lineage")
        disease = term(self.terms, f"lineage={lineage}" if lineage else "disease", "acute lymphoblastic leukaemia")
        interpretations = []
        if self.findings:
            diagnosis = {"disease": disease, "genomicInterpretations": self.findings}
            interpretations = [{"id": f"{self.name}-genetics", "progressStatus": "COMPLETED", "diagnosis": diagnosis}]
        parts = {
            "phenotypicFeatures": self.features,
            "measurements": self.measurements,
            "biosamples": self.biosamples,
            "interpretations": interpretations,
            "diseases": self._diseases(disease),
            "medicalActions": self.actions,
        }
        return {
            "id": self.name,
            "subject": {"id": self.name, **self.subject},
            **{key: part for key, part in parts.items() if part},
            "metaData": _meta_data(self.terms, version, created),
        }

    def _diseases(self, disease: Json) -> list[Json]:
        first: Json = {"term": disease}
        if "diagnosis_date" in self.stated:
            first["onset"] = {"timestamp": _timestamp(self.stated["diagnosis_date"])}
        made = [first]
        if self.stated.get("relapse_date") or self.stated.get("relapse_number"):
            relapse: Json = {"term": disease, "diseaseStage": [term(self.terms, "relapse")]}
            if "relapse_date" in self.stated:
                relapse["onset"] = {"timestamp": _timestamp(self.stated["relapse_date"])}
            made.append(relapse)
        return made


def _typed(kind: str, number: float, unit: Json) -> Json:
    part = kind.removesuffix(f".{EXACTLY}")
    return {"type": own(part), "quantity": {"unit": unit, "value": number}}


def _timestamp(day: dt.date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


def _meta_data(terms: Terms, version: str, created: dt.datetime) -> Json:
    resources = [
        {
            "id": OWN,
            "name": "Facts and terms of ReALL, where no ontology gives one",
            "url": "urn:reall:vocabulary",
            "version": version,
            "namespacePrefix": OWN,
            "iriPrefix": "urn:reall:",
        }
    ]
    if any(one.id.startswith("NCIT:") for one in terms.values()):
        resources.append(
            {
                "id": "ncit",
                "name": "NCI Thesaurus",
                "url": "http://purl.obolibrary.org/obo/ncit.owl",
                "version": "not stated",
                "namespacePrefix": "NCIT",
                "iriPrefix": "http://purl.obolibrary.org/obo/NCIT_",
            }
        )
    return {
        "created": created.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "createdBy": "ReALL",
        "resources": resources,
        "phenopacketSchemaVersion": SCHEMA_VERSION,
    }
