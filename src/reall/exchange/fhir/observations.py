"""Observations: counts and shares by code, MRD, immunology; each tied to the relapse, or not used."""

from __future__ import annotations

from decimal import Decimal

from reall.exchange.fhir.findings import Unused
from reall.exchange.fhir.genomics import read_variant
from reall.exchange.fhir.mapping import CodeRow
from reall.exchange.fhir.node import Concept, Node, Quantity, Resource, plain
from reall.exchange.fhir.own import Entry, is_own, read_own
from reall.exchange.fhir.record import Record
from reall.exchange.fhir.say import say
from reall.exchange.fhir.timeline import Timeline

_HALF = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "": ""}
_VALUES = ("valueString", "valueCodeableConcept", "valueQuantity", "valueInteger")
_NO_FACT = {
    "risk": "a risk group stated elsewhere is not a fact: ReALL answers from facts",
    "disease_status": "a trend (improved, stable, worsened) is not a fact of a rule",
    "not_used": "no rule asks for it",
}


def read_observations(record: Record, line: Timeline) -> list[Entry]:
    """State what observations say; give the MRD results and exposures, as entries of a case."""
    entries: list[Entry] = []
    for one in record.of("Observation"):
        code = one.root.concept("code")
        if is_own(code):
            entries += read_own(one, record, line)
            continue
        parts = [(one.root, code), *((part, part.concept("code")) for part in _components(one, record, code))]
        read = [_part(one, node, concept, record, line) for node, concept in parts]
        if not any(read):
            why = f"no fact of a case is mapped to its code ({code or 'none'})"
            record.log.unused.append(Unused(resource=one.name, elements=(), why=why))
            one.looked_at |= set(one.data)
    return entries


def _components(one: Resource, record: Record, code: Concept | None) -> list[Node]:
    row = row_of(record, code)
    return [] if row is not None and row.reads == "variant" else one.root.nodes("component")


def row_of(record: Record, code: Concept | None) -> CodeRow | None:
    """Give the row of the mapping for the code of an observation."""
    found = (record.codes.row("observation", coding.key) for coding in (code.codings if code else ()))
    return next((row for row in found if row is not None), None)


def _part(one: Resource, node: Node, code: Concept | None, record: Record, line: Timeline) -> bool:
    """State what an observation or a component of it says; tell whether its code is in the mapping."""
    row = row_of(record, code)
    if row is None or code is None:
        return False
    if row.reads == "variant":
        read_variant(one, record, row)
        return True
    if not row.fact:
        record.log.unused.append(Unused(resource=one.name, elements=(), why=_NO_FACT[row.reads]))
        one.looked_at |= set(one.data)
        return True
    why = _contradicted(one, code, row, record)
    if not why and not row.any_time:
        why = line.belongs(one, record, record.codes.window_days)
    if why:
        record.log.doubt(row.fact, "not_tied", why, one.name, node.path)
        one.find("warning", "not_tied", f"{row.fact} is not read from it: {why}", node.path)
        one.looked_at |= set(one.data)
        return True
    _value(one, node, row, record)
    return True


def _contradicted(one: Resource, code: Concept, row: CodeRow, record: Record) -> str:
    """Say where the words, or the procedure that gave the sample, name another sample than the code does."""
    words = " ".join([code.text, *(coding.display for coding in code.codings)]).lower()
    other = next((name for name in row.other_specimens if name in words), "")
    if other:
        told = f"the code means {row.words}, its words say {other!r}"
        one.find("error", "code_and_words", f"{told}; it is not used", code.path)
        return told
    site = procedure_site(one, record)
    if site and row.specimen and site[1] != row.specimen:
        return f"the code is for {row.specimen}, but {site[0].name} took {site[1]}"
    return ""


def procedure_site(one: Resource, record: Record) -> tuple[Resource, str] | None:
    """Give the procedure that an observation is part of, with what that procedure takes."""
    for reference in one.root.references("partOf"):
        found = record.referred(one, reference)
        code = found.root.concept("code") if found is not None and found.kind == "Procedure" else None
        for coding in code.codings if code else ():
            row = record.codes.row("procedure", coding.key)
            if found is not None and row is not None and row.specimen:
                return found, row.specimen
    return None


def _value(one: Resource, node: Node, row: CodeRow, record: Record) -> None:
    quantity = node.quantity("valueQuantity")
    if quantity is None and (whole := node.number("valueInteger")) is not None:
        quantity = Quantity(whole, next(iter(row.units or {"1": 1.0})), "", node.at("valueInteger"))
    concept = node.concept("valueCodeableConcept")
    answer = _answer(concept, record)
    if quantity is not None and row.reads != "report":
        _number(one, quantity, row)
    elif row.reads == "above_zero" and answer is not None and concept is not None:
        say(one, row.fact, answer, concept.path, row=row)
    elif quantity is not None or concept is not None or node.text("valueString"):
        name = next((name for name in _VALUES if name in node.data), "value")
        _unread(one, row, "is given in words, which are not read", node.at(name))
    else:
        why = node.absent("value")
        words = record.codes.absent.get(why, ("", why or "no value and no reason"))[1]
        record.log.doubt(row.fact, "absent", words, one.name, node.path)


def _number(one: Resource, quantity: Quantity, row: CodeRow) -> None:
    value = number_of(quantity, row)
    if value is None:
        _unread(one, row, f"has the unit {quantity.unit or '(none)'}, which is not one of {row.words}", quantity.path)
    elif row.reads == "above_zero":
        _above_zero(one, value, quantity, row)
    else:
        say(one, row.fact, value, quantity.path, row=row)


def _unread(one: Resource, row: CodeRow, words: str, path: str) -> None:
    one.find("warning", "not_read", f"{row.fact} {words}", path)
    one.log.doubt(row.fact, "not_read", words, one.name, path)


def number_of(quantity: Quantity, row: CodeRow) -> float | str | None:
    """Give a number in the unit of its fact, as a case writes it; None where the unit is not one of the mapping."""
    factor = (row.units or {}).get(quantity.unit)
    if factor is None or quantity.comparator not in _HALF:
        return None
    # In decimal, so that 5.1 thousand is 5100 and not a hair below a limit.
    value = plain(float(Decimal(repr(quantity.value)) * Decimal(repr(factor))))
    return f"{quantity.comparator}{value!r}" if quantity.comparator else value


def _above_zero(one: Resource, value: float | str, quantity: Quantity, row: CodeRow) -> None:
    """State yes for a count above zero and no for zero; `<5` and `>=0` may be either."""
    open_ = quantity.comparator in {"<", "<="} or (quantity.comparator == ">=" and quantity.value <= 0)
    if open_:
        one.log.doubt(row.fact, "not_read", f"{value} may be none", one.name, quantity.path)
        return
    above = value > 0 if not isinstance(value, str) else True
    say(one, row.fact, above, quantity.path, row=row)


def _answer(concept: Concept | None, record: Record) -> bool | None:
    for coding in concept.codings if concept else ():
        row = record.codes.row("answer", coding.key)
        if row is not None and row.reads in {"yes", "no"}:
            return row.reads == "yes"
    return None
