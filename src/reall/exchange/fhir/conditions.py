"""Patient and Conditions: sex, birth, the leukaemia with its lineage, its relapses, and Down syndrome."""

from __future__ import annotations

from itertools import pairwise

from reall.exchange.fhir.mapping import CodeRow
from reall.exchange.fhir.node import Concept, Resource, When
from reall.exchange.fhir.record import Record
from reall.exchange.fhir.say import say
from reall.exchange.fhir.timeline import Timeline

BIRTH_SEX = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"
ASSERTED = "http://hl7.org/fhir/StructureDefinition/condition-assertedDate"
HISTOLOGY = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-histology-morphology-behavior"
_SEX = {"male": "male", "female": "female", "M": "male", "F": "female"}
_RELAPSE = ("relapse", "recurrence")
_DOUBTFUL = ("unconfirmed", "provisional", "differential")


def read_patient(record: Record) -> tuple[str, tuple[Resource, When] | None]:
    """State the sex; give the pseudonym under which the patient stands, and the birth date."""
    patient = next(iter(record.of("Patient")), None)
    if patient is None:
        return "", None
    root = patient.root
    _sex(patient)
    born = root.when("birthDate")
    if born is None:
        why = root.absent("birthDate")
        record.log.doubt("birth_date", "absent" if why else "not_stated", why or "no birthDate", patient.name)
    for name in ("name", "address", "telecom", "contact", "photo"):
        if name in patient.data:
            patient.looked_at.add(name)
            patient.find("note", "identifies", "identifies the patient; it is not taken over", f"Patient.{name}")
    own = next(
        (one.text("value") for one in root.nodes("identifier")
         if record.codes.system_of.get(one.text("system")) == "reall_case"), ""
    )  # fmt: skip
    return own or patient.id, (patient, born) if born else None


def _sex(patient: Resource) -> None:
    root = patient.root
    gender, birth = root.text("gender"), root.extension(BIRTH_SEX)
    said = [(gender, "Patient.gender")]
    if birth is not None:
        said.append((birth.text("valueCode"), birth.at("valueCode")))
    for value, path in said:
        if value in _SEX:
            say(patient, "sex", _SEX[value], path)
        elif value:
            patient.log.doubt("sex", "absent", value, patient.name, path)
    if not gender:
        patient.log.doubt(
            "sex",
            "absent" if root.absent("gender") else "not_stated",
            root.absent("gender") or "no gender",
            patient.name,
        )


def read_conditions(record: Record, birth: tuple[Resource, When] | None) -> Timeline:
    """State what conditions say, and give the times of the leukaemia."""
    primary: list[Resource] = []
    relapses: list[Resource] = []
    for one in record.of("Condition"):
        status = _status(one, "verificationStatus")
        code = one.root.concept("code")
        rows = _rows(record, one, code)
        if status in _DOUBTFUL:
            one.find("warning", "not_confirmed", f"is {status}; it is not used", "Condition.verificationStatus")
        elif rows and _says(one, rows, refuted=status == "refuted"):
            (relapses if _is_relapse(one, rows) else primary).append(one)
    return _timeline(record, primary, relapses, birth)


def _status(one: Resource, name: str) -> str:
    value = one.data.get(name)
    if isinstance(value, str):
        one.find("warning", "other_release", "is written as in STU3; R4 has a CodeableConcept", f"Condition.{name}")
        return value
    concept = one.root.concept(name)
    return "" if concept is None else next((coding.code for coding in concept.codings), concept.text)


def _rows(record: Record, one: Resource, code: Concept | None) -> list[tuple[str, CodeRow]]:
    """Give the rows of the mapping for the code and the histology of a condition, with the path of each."""
    found: list[tuple[str, CodeRow]] = []
    for coding in code.codings if code else ():
        row = record.codes.row("condition", coding.key)
        if row is not None:
            found.append((f"{coding.path}.code", row))
    histology = one.root.extension(HISTOLOGY)
    concept = histology.concept("valueCodeableConcept") if histology else None
    for coding in concept.codings if concept else ():
        row = record.codes.row("morphology", coding.key)
        if row is not None:
            found.append((f"{coding.path}.code", row))
    return found


def _says(one: Resource, rows: list[tuple[str, CodeRow]], *, refuted: bool) -> bool:
    """State what the codes say; tell whether the condition is the leukaemia (and is not refuted)."""
    for path, row in rows:
        for fact, value in (row.says or {}).items():
            if not refuted:
                say(one, fact, value, path, row=row)
            elif value is True:
                say(one, fact, False, path, row=row)
    leukaemia = any(row.leukaemia for _, row in rows)
    if leukaemia and refuted:
        one.find(
            "warning", "refuted", "is a leukaemia that was refuted; it is not used", "Condition.verificationStatus"
        )
    if leukaemia and not refuted:
        for site in one.root.concepts("bodySite"):
            words = (
                f"names {site} as a site; whether it is proven (biopsy, fluid, imaging) is not said, so no fact is read"
            )
            one.find("warning", "site_not_proven", words, site.path)
    return leukaemia and not refuted


def _is_relapse(one: Resource, rows: list[tuple[str, CodeRow]]) -> bool:
    status = _status(one, "clinicalStatus")
    if status in _RELAPSE or any(row.reads == "relapse" for _, row in rows):
        say(one, "relapse_number", ">=1", "Condition.clinicalStatus" if status in _RELAPSE else "Condition.code")
        return True
    if status == "remission" or any(row.reads == "remission" for _, row in rows):
        words = "says remission, not whether it is complete; no fact is read"
        one.find("note", "remission", words, "Condition.clinicalStatus")
    elif status == "active":
        words = "`active` may be a first disease or a relapse; the number of the relapse stays unknown"
        one.find("note", "active", words, "Condition.clinicalStatus")
        one.log.doubt("relapse_number", "not_stated", "clinicalStatus is active", one.name, "Condition.clinicalStatus")
    return False


def _onset(one: Resource) -> tuple[Resource, When] | None:
    """Give when a condition was diagnosed: the asserted date of mCODE, else its onset; a recorded date is neither."""
    asserted = one.root.extension(ASSERTED)
    found = asserted.when("valueDateTime") if asserted else None
    found = found or one.root.when("onsetDateTime")
    if found is None and (period := one.root.node("onsetPeriod")) is not None:
        found = period.when("start")
    if found is None and one.data.get("recordedDate"):
        words = "says when it was entered, not when it began; no date is read"
        one.find("warning", "recorded_date", words, "Condition.recordedDate")
    return (one, found) if found else None


def _timeline(
    record: Record, primary: list[Resource], relapses: list[Resource], birth: tuple[Resource, When] | None
) -> Timeline:
    starts = [found for one in primary if (found := _onset(one))]
    if relapses and not primary:
        words = (
            "is the only entry of the leukaemia: its onset may be that of the first disease; no date is read from it"
        )
        relapses[0].find("warning", "ambiguous_onset", words, "Condition.onsetDateTime")
        record.log.doubt("relapse_date", "not_stated", words, relapses[0].name)
        return Timeline(relapses=tuple(relapses), relapse=relapses[0] if len(relapses) == 1 else None, birth=birth)
    days = {found[1].text for found in starts}
    diagnosed = starts[0] if len(days) == 1 else None
    if len(days) > 1:
        told = "; ".join(f"{one.name} {when.text}" for one, when in starts)
        record.log.find(
            "error", "contradiction", f"the leukaemia begins on different days: {told}; the day stays unknown"
        )
        record.log.doubt("diagnosis_date", "contradicted", told)
    elif not starts:
        record.log.doubt("diagnosis_date", "not_stated", "no onset of a leukaemia")
    relapse, relapsed = _latest(record, relapses)
    if diagnosed and relapsed and relapsed[1].last < diagnosed[1].first:
        words = f"the relapse ({relapsed[1].text}) comes before the diagnosis ({diagnosed[1].text}); both stay unknown"
        relapsed[0].find("error", "contradiction", words, relapsed[1].path)
        record.log.doubt("relapse_date", "contradicted", words, relapsed[0].name, relapsed[1].path)
        diagnosed = relapsed = None
    return Timeline(
        primary=tuple(primary), relapses=tuple(relapses), relapse=relapse, birth=_born(birth, diagnosed),
        diagnosed=diagnosed, relapsed=relapsed,
    )  # fmt: skip


def _born(birth: tuple[Resource, When] | None, diagnosed: tuple[Resource, When] | None) -> tuple[Resource, When] | None:
    if birth and diagnosed and diagnosed[1].last < birth[1].first:
        words = f"is after the diagnosis ({diagnosed[1].text}); it is not used"
        birth[0].find("error", "contradiction", words, birth[1].path)
        return None
    return birth


def _latest(record: Record, relapses: list[Resource]) -> tuple[Resource | None, tuple[Resource, When] | None]:
    """Give the latest relapse, where that is clear, and its day."""
    dated = [(one, found) for one in relapses if (found := _onset(one))]
    if not relapses:
        return None, None
    if len(relapses) == 1:
        if not dated:
            record.log.doubt("relapse_date", "not_stated", "the relapse has no onset", relapses[0].name)
        return relapses[0], dated[0][1] if dated else None
    ordered = sorted(dated, key=lambda pair: pair[1][1].first)
    clear = len(dated) == len(relapses) and all(a[1][1].last < b[1][1].first for a, b in pairwise(ordered))
    if not clear:
        names = ", ".join(one.name for one in relapses)
        record.log.find("error", "which_relapse", f"{names}: it is not clear which is the latest; none is used")
        record.log.doubt("relapse_date", "contradicted", f"it is not clear which is the latest of {names}")
        return None, None
    latest, onset = ordered[-1]
    say(latest, "relapse_number", f">={len(relapses)}", onset[1].path)
    return latest, onset
