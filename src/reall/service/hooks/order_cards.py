"""`order-sign`: for each ordered drug or procedure, the published criteria that are fulfilled, open or not fulfilled.

A card says what a criterion asks and what the record holds. It never says what to give or not to give.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from reall.library.knowledge import Knowledge
from reall.library.therapy import DEFAULT_COUNTRY, ELIGIBLE
from reall.options.eligibility import NOT_ELIGIBLE, UNDETERMINED, Judged, OptionAnswer, answer_options
from reall.options.lookup import NO, UNKNOWN, YES
from reall.report.options_words import label_words, shown, why
from reall.report.words import fact_name
from reall.service.hooks import markdown
from reall.service.hooks.card import INFO, WARNING, Card, Link, source_of, unique
from reall.service.hooks.child import Child
from reall.service.hooks.details import few, footer, record, sources
from reall.service.hooks.orders import Ordered, Orders
from reall.service.hooks.patient_cards import contradiction

_TOPIC = ("criteria", "Published criteria of what is ordered")
_REASONS = (
    ("fulfilled-not-recorded", "The criteria are fulfilled; the record does not say so"),
    ("decided-otherwise", "Decided by the treating team on other grounds"),
    ("other-indication", "Ordered for something other than relapsed ALL"),
    ("not-helpful", "The card was not helpful"),
)
REASON_CODES = frozenset(code for code, _ in _REASONS)
"""Reasons that a card offers; only these are kept of a feedback."""
_VERDICTS = {NO: "not fulfilled", UNKNOWN: "open", YES: "fulfilled"}


def order_cards(child: Child, orders: Orders, links: tuple[Link, ...], home: str) -> list[Card]:
    """Give a card for each thing ordered that the knowledge knows; none where the record says nothing of leukaemia."""
    if not child.has_leukaemia or not orders.known:
        return []
    if child.case is None:
        return [contradiction(child, links, home)]
    wanted = {id_ for ordered in orders.known for id_ in ordered.options}
    today = dt.datetime.now(tz=dt.UTC).date()
    answers = {
        answer.option.id: answer
        for answer in answer_options(
            child.case, child.masks, child.knowledge, on=today, country=DEFAULT_COUNTRY, only=wanted
        )
    }
    return [_card(ordered, [answers[id_] for id_ in ordered.options], child, orders, links) for ordered in orders.known]


def _card(
    ordered: Ordered, answers: Sequence[OptionAnswer], child: Child, orders: Orders, links: tuple[Link, ...]
) -> Card:
    knowledge = child.knowledge
    deciding = [judged for answer in answers for judged in answer.deciding]
    keys = unique([judged.criterion.citation.source for judged in deciding], knowledge)
    none_fits = all(answer.status == NOT_ELIGIBLE for answer in answers)
    return Card(
        summary=_summary(ordered, answers),
        indicator=WARNING if none_fits else INFO,
        source=source_of(keys[0], knowledge, topic=_TOPIC, and_more=len(keys) - 1),
        detail=markdown.together(
            _recognised(ordered, orders),
            *(_use(answer, knowledge) for answer in answers),
            _cautions(answers),
            sources([judged.criterion.citation for judged in deciding], knowledge),
            record(child),
            footer(knowledge),
        ),
        links=links,
        override_reasons=_REASONS if none_fits else (),
    )


def _summary(ordered: Ordered, answers: Sequence[OptionAnswer]) -> str:
    """Say how the published uses stand; of a single one, what decides."""
    name = f"{ordered.title[0].upper()}{ordered.title[1:]}"
    if len(answers) == 1:
        (only,) = answers
        reason = f"; {why(only)}" if why(only) else ""
        return f"{name}: {_status(only)}{reason}"
    counts = [(status, sum(a.status == status for a in answers)) for status in (ELIGIBLE, UNDETERMINED, NOT_ELIGIBLE)]
    told = ", ".join(f"{_STATUS[status]} for {count}" for status, count in counts if count)
    return f"{name}: of {len(answers)} published uses, criteria {told}"


_STATUS = {ELIGIBLE: "fulfilled", UNDETERMINED: "open", NOT_ELIGIBLE: "not fulfilled"}


def _status(answer: OptionAnswer) -> str:
    draft = " (draft)" if answer.knowledge_status == "draft" else ""
    return f"published criteria {_STATUS[answer.status]}{draft}"


def _recognised(ordered: Ordered, orders: Orders) -> str:
    by_name = (
        "The order has no code that the knowledge holds; it was recognised by its name." if ordered.by_name else ""
    )
    others = f"Other orders, about which no criteria are held: {orders.unknown}." if orders.unknown else ""
    foreign = f"Orders for somebody else, not read: {orders.foreign}." if orders.foreign else ""
    return markdown.together(*(markdown.text(words) for words in (by_name, others, foreign)))


def _use(answer: OptionAnswer, knowledge: Knowledge) -> str:
    """Give one use with its criteria: those that fail, then those that are open, then the others."""
    order = list(_VERDICTS)
    judged = sorted(answer.because, key=lambda one: order.index(one.verdict))
    label = label_words(answer.label)
    more = [
        *((f"Missing: {few(map(fact_name, answer.missing))}",) if answer.missing else ()),
        *((f"Label: {label}",) if label else ()),
    ]
    title = f"{answer.option.title}: {_status(answer)}"
    rows = (_criterion(one, knowledge) for one in judged)
    content = markdown.together(markdown.table(("criterion", "", "record", "source"), rows), markdown.items(more))
    return markdown.part(title, content)


def _criterion(judged: Judged, knowledge: Knowledge) -> tuple[str, str, str, str]:
    known = "; ".join(f"{fact_name(name)}: {_value(name, value, knowledge)}" for name, value in judged.facts.items())
    citation = judged.criterion.citation
    return judged.criterion.words, _VERDICTS[judged.verdict], known, f"{citation.source}, {citation.at}"


def _value(name: str, value: Any, knowledge: Knowledge) -> str:
    """Say what is known; the answer of a table that is not settled is open, whatever remains possible."""
    return "open" if name in knowledge.base.tables and " or " in str(value) else shown(value)


def _cautions(answers: Sequence[OptionAnswer]) -> str:
    words = dict.fromkeys(
        f"{caution.note.words}{' (may apply)' if caution.holds == UNKNOWN else ''}"
        for answer in answers
        for caution in answer.cautions
    )
    return markdown.part("Cautions of the sources", markdown.items(words))
