"""Where a record contradicts itself: each finding names resource and element; nothing is repaired."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reall.exchange.fhir.genomics import GENE, fusion_of
from reall.exchange.fhir.node import SEMANTIC_TAG, Concept, Node, Resource, When
from reall.exchange.fhir.observations import number_of, procedure_site, row_of
from reall.exchange.fhir.record import Record, dated
from reall.exchange.fhir.timeline import Timeline
from reall.exchange.fhir.treatments import medicine_of

_PER_AREA = re.compile(r"(\d+(?:\.\d+)?)\s*mg/m(?:2|²)")
_BASIS = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-normalization-basis"
_AREA = ("snomed", "301898006")
_SAMPLING, _BIOPSY = "sampling", "biopsy"
_TREATMENT = ("MedicationAdministration", "MedicationRequest", "MedicationStatement")
_KINDS_DATED = (*_TREATMENT, "Observation", "Procedure", "Condition", "DiagnosticReport")


def check(record: Record, line: Timeline) -> None:
    """Note every contradiction of a record."""
    for one_check in (
        _times, _samples, _ranges, _medicines, _amounts, _orders, _variants, _codings, _initial_risk, _first_of_january,
    ):  # fmt: skip
        one_check(record, line)


def _times(record: Record, line: Timeline) -> None:
    """Find what happened before birth, and judgements of the leukaemia and its treatment from before the diagnosis."""
    for one in record.of(*_KINDS_DATED):
        day = dated(one)
        if day is None:
            continue
        if line.birth and day.last < line.birth[1].first:
            one.find("error", "before_birth", f"{day.text} is before birth ({line.birth[1].text})", day.path)
        if line.diagnosed and day.last < line.diagnosed[1].first and _about_leukaemia(one, record, line):
            words = (
                f"{day.text} is before the diagnosis it is about ({line.diagnosed[1].text}, {line.diagnosed[0].name})"
            )
            one.find("error", "before_diagnosis", words, day.path)


def _about_leukaemia(one: Resource, record: Record, line: Timeline) -> bool:
    row = row_of(record, one.root.concept("code")) if one.kind == "Observation" else None
    if row is not None and row.reads in {"risk", "disease_status"}:
        return True
    named = (*one.root.references("focus"), *one.root.references("reasonReference"))
    own = {found.name for found in line.primary}
    return any((found := record.referred(one, ref)) is not None and found.name in own for ref in named)


def _samples(record: Record, line: Timeline) -> None:  # noqa: ARG001 - the form of a check
    """Compare results with the procedures that gave the samples: site, day, and biopsy against sampling."""
    for one in record.of("Observation"):
        code = one.root.concept("code")
        row = row_of(record, code)
        taken = procedure_site(one, record)
        if taken is None or code is None:
            continue
        procedure, site = taken
        if row is not None and row.specimen and site != row.specimen:
            words = f"the code means {row.words}, but the result is part of {procedure.name}, which takes {site}"
            one.find("error", "wrong_sample", words, code.path)
        result, act = dated(one), dated(procedure)
        if result and act and result.last < act.first:
            words = (
                f"the result ({result.text}) is older than the procedure that gave it ({act.text}, {procedure.name})"
            )
            one.find("error", "before_procedure", words, result.path)
        done = procedure.root.concept("code")
        told = " ".join(coding.display for coding in done.codings).lower() if done else ""
        if row is not None and _BIOPSY in row.words and _SAMPLING in told and _BIOPSY not in told:
            words = f"{one.name} reports a biopsy, but the code only says {done}"
            procedure.find("warning", "not_specific", words, "Procedure.code")


def _ranges(record: Record, line: Timeline) -> None:  # noqa: ARG001
    """Find a reference range that was copied from another measurement: the same numbers in another unit."""
    seen: dict[tuple[float, float], list[tuple[Resource, str, str]]] = {}
    for one in record.of("Observation"):
        for node in one.root.nodes("referenceRange"):
            low, high = node.quantity("low"), node.quantity("high")
            if low and high:
                seen.setdefault((low.value, high.value), []).append((one, low.unit, node.path))
    for (low_value, high_value), held in seen.items():
        if len({unit for _, unit, _ in held}) < 2:  # noqa: PLR2004 - one unit only: nothing was copied
            continue
        for one, unit, path in held:
            others = ", ".join(f"{other.name} ({other_unit})" for other, other_unit, _ in held if other_unit != unit)
            words = (
                f"{low_value:g} to {high_value:g} {unit} is also the range of {others}: one was copied from the other"
            )
            one.find("error", "copied_range", words, path)


def _medicines(record: Record, line: Timeline) -> None:  # noqa: ARG001
    """Find medicines by a route by which they are never given."""
    for one in record.of(*_TREATMENT):
        found, _ = medicine_of(one, record)
        for node in _dosages(one):
            route = node.concept("route")
            for coding in route.codings if route else ():
                if found is not None and f"{coding.system} {coding.code}" in found.not_by_route:
                    words = f"{found.agent} is not given by this route ({route})"
                    one.find("error", "wrong_route", words, node.at("route"))


def _dosages(one: Resource) -> Iterator[Node]:
    yield from one.root.nodes("dosageInstruction")
    if one.kind == "MedicationAdministration":
        if (node := one.root.node("dosage")) is not None:
            yield node
    else:
        yield from one.root.nodes("dosage")


def _doses(one: Resource) -> Iterator[tuple[float, str, str]]:
    for node in _dosages(one):
        for holder, name in ((node, "dose"), *((rate, "doseQuantity") for rate in node.nodes("doseAndRate"))):
            quantity = holder.quantity(name) if holder.data.get(name) is not None else None
            if quantity is not None:
                yield quantity.value, quantity.unit, quantity.path


def _amounts(record: Record, line: Timeline) -> None:  # noqa: ARG001
    """Compare the amount with the words beside it and with the stated basis. No dose is worked out."""
    for one in record.of(*_TREATMENT):
        told = [node.text("text") for node in (*one.root.nodes("note"), *_dosages(one))]
        per_area = {float(number) for text in told for number in _PER_AREA.findall(text)}
        basis = one.root.extension(_BASIS)
        concept = basis.concept("valueCodeableConcept") if basis else None
        for value, unit, path in _doses(one):
            if unit == "mg" and value in per_area:
                words = f"the words say {value:g} mg per square metre, the amount says {value:g} mg in all"
                one.find("error", "amount_and_words", words, path)
            elif unit == "mg" and concept is not None and concept.has(_AREA) and not per_area:
                words = "the basis is said to be the body surface, but no amount per square metre is stated"
                one.find("warning", "basis_and_amount", words, path)


def _orders(record: Record, line: Timeline) -> None:  # noqa: ARG001
    """Note orders of which no administration is in the record."""
    given = {ref for one in record.of("MedicationAdministration") if (ref := one.root.reference("request"))}
    fulfilled = {
        found.name
        for one in record.of("MedicationAdministration")
        for ref in given
        if (found := record.referred(one, ref))
    }
    for one in record.of("MedicationRequest"):
        if one.name not in fulfilled:
            one.find("note", "not_administered", "is an order without an administration in the record")


def _variants(record: Record, line: Timeline) -> None:  # noqa: ARG001
    """Find fusions shown by a method that cannot show them, and genes whose words differ from their code."""
    for one in record.of("Observation"):
        fusion = fusion_of(one, record)
        if fusion is None:
            continue
        method = one.root.concept("method")
        for coding in method.codings if method else ():
            if f"{coding.system} {coding.code}" in fusion.not_seen_by:
                words = (
                    f"{fusion.name} cannot be seen by {coding.display or coding.code} ({fusion.source}, {fusion.at})"
                )
                one.find("warning", "method_cannot_show", words, "Observation.method")
        symbol_of = dict(zip(fusion.genes, fusion.symbols, strict=True))
        for part in one.root.nodes("component"):
            code, gene = part.concept("code"), part.concept("valueCodeableConcept")
            for coding in gene.codings if gene and code and code.has(GENE) else ():
                right = symbol_of.get(coding.code, coding.display)
                if coding.display and coding.display != right:
                    words = f"{coding.code} is {right}; it is displayed as {coding.display!r}"
                    one.find("note", "display", words, coding.path)


def _codings(record: Record, line: Timeline) -> None:  # noqa: ARG001
    """Find addresses of code systems that are written otherwise than registered, and findings coded as conditions."""
    registered = set(record.codes.url_of.values())
    for one in record.usable:
        for path, concept in _concepts(one.root, 0):
            for node in concept.nodes("coding"):
                url = node.data.get("system")
                if isinstance(url, str) and url not in registered and (right := _meant(url, record)):
                    one.find("warning", "system_address", f"{url} is registered as {right}", f"{node.path}.system")
            del path
    for one in record.of("Condition"):
        code = one.root.concept("code")
        for coding in code.codings if code else ():
            tag = SEMANTIC_TAG.search(coding.display)
            if tag and tag[1] != "disorder":
                words = f"{coding.display}: the code is a {tag[1]}, not a disorder"
                one.find("note", "not_a_disorder", words, coding.path)


def _meant(url: str, record: Record) -> str:
    known = record.codes.system_of.get(url) or record.codes.system_of.get(url.rstrip("/"))
    return record.codes.url_of[known] if known else ""


def _concepts(node: Node, depth: int) -> Iterator[tuple[str, Node]]:
    """Walk to every element with `coding`."""
    if depth > 6:  # noqa: PLR2004 - codes stand near the top
        return
    for name, value in node.data.items():
        if name == "coding":
            yield node.path, node
            continue
        parts = value if isinstance(value, list) else [value]
        for at, part in enumerate(parts):
            if isinstance(part, dict):
                place = f"{node.path}.{name}" + (f"[{at}]" if isinstance(value, list) else "")
                yield from _concepts(Node(part, place, node.owner), depth + 1)


def _initial_risk(record: Record, line: Timeline) -> None:
    """Compare a stated standard risk with age and white cells at diagnosis."""
    rule = record.codes.initial_risk
    stated = next((one for one in record.of("Observation") if _standard(one, rule.standard_code)), None)
    if stated is None or line.diagnosed is None:
        return
    born, found = line.birth, line.diagnosed
    cells = next((pair for one in record.of("Observation") if (pair := _white_cells(one, record, found[1]))), None)
    against = []
    if cells and cells[1] >= rule.white_cells_below_per_ul:
        against.append(f"{cells[1]:g} white cells per microlitre ({cells[0].name})")
    if born and born[1].day and found[1].day:
        years = (found[1].day.year - born[1].day.year) - (
            (found[1].day.month, found[1].day.day) < (born[1].day.month, born[1].day.day)
        )
        if not rule.age_from_years <= years < rule.age_below_years:
            against.append(f"an age of {years} years")
    if against:
        by = f"{rule.source} ({rule.at}, {rule.status})"
        words = f"standard risk is stated; {' and '.join(against)} would be high risk by {by}"
        stated.find("warning", "risk_and_facts", words, "Observation.valueCodeableConcept")


def _standard(one: Resource, code: tuple[str, str]) -> bool:
    concept: Concept | None = one.root.concept("valueCodeableConcept")
    return concept is not None and concept.has(code)


def _white_cells(one: Resource, record: Record, diagnosed: When) -> tuple[Resource, float] | None:
    row, day = row_of(record, one.root.concept("code")), dated(one)
    if row is None or row.fact != "blood_wbc_per_ul" or day is None or day.day is None or diagnosed.day is None:
        return None
    quantity = one.root.quantity("valueQuantity")
    value = number_of(quantity, row) if quantity else None
    near = abs((day.day - diagnosed.day).days) <= record.codes.window_days
    return (one, value) if near and isinstance(value, int | float) else None


def _first_of_january(record: Record, line: Timeline) -> None:  # noqa: ARG001
    """Note dates on which age and time limits rest and that may stand for a year whose day is not known."""
    for known in (line.birth, line.diagnosed, line.relapsed):
        if known and known[1].day and (known[1].day.month, known[1].day.day) == (1, 1):
            words = f"{known[1].text}: 1 January may stand for an unknown day; limits of age and time rest on it"
            known[0].find("note", "first_of_january", words, known[1].path)
