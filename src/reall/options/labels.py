"""What a label said about a child, in one country on one day.

A label moves: "on label" is never a property of a drug. A row holds from `valid_from` (a day, or as much of a date as
was seen) until `valid_until`; where the start was not seen, from the day on which the text was read. Before that day
nobody can say, and so does the answer.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from reall.base.errors import WrongUsage
from reall.library.therapy import NEVER, label_question
from reall.library.therapy_rows import Agent, LabelEvent, LabelRow
from reall.options.lookup import NO, UNKNOWN, YES, Lookup

ON, OFF, NOT_AUTHORISED, OPEN, NOT_RECORDED = "on label", "off label", "not authorised", "undetermined", "not recorded"
UNSEEN = "unknown"


@dataclass(frozen=True, kw_only=True)
class LabelAnswer:
    """Label status of one drug for one child, day and country, with the row that decides.

    `missing` names the facts that would decide, `words` say why where no row does.
    """

    agent: str
    country: str
    on: dt.date
    status: str
    row: LabelRow | None = None
    words: str = ""
    missing: tuple[str, ...] = ()
    events: tuple[LabelEvent, ...] = ()


def first_day(partial: str) -> dt.date:
    """Give the first day that a partial date (`2017`, `2017-07`, `2017-07-11`) can mean."""
    year, month, day = ([int(part) for part in partial.split("-")] + [1, 1])[:3]
    return dt.date(year, month, day)


def last_day(partial: str) -> dt.date:
    """Give the last day that a partial date can mean.

    >>> last_day("2016-02")
    datetime.date(2016, 2, 29)
    """
    parts = [int(part) for part in partial.split("-")]
    year, month = parts[0], parts[1] if len(parts) > 1 else 12
    day = parts[2] if len(parts) > 2 else calendar.monthrange(year, month)[1]  # noqa: PLR2004 - year, month, day
    return dt.date(year, month, day)


def in_force(row: LabelRow | LabelEvent, on: dt.date) -> str:
    """Say whether a row was in force on a day: yes, no, or unknown where its dates do not tell."""
    started = _started(row, on)
    if started == NO or not row.valid_until:
        return started
    if on >= last_day(row.valid_until):
        return NO
    return started if on < first_day(row.valid_until) else UNKNOWN


def _started(row: LabelRow | LabelEvent, on: dt.date) -> str:
    if row.valid_from == UNSEEN:
        seen = getattr(row, "seen_on", "")
        return YES if seen and on >= first_day(seen) else UNKNOWN
    if on >= last_day(row.valid_from):
        return YES
    return NO if on < first_day(row.valid_from) else UNKNOWN


def countries(agents: Mapping[str, Agent]) -> tuple[str, ...]:
    """List the countries for which label rows exist."""
    rows = (row for agent in agents.values() for row in agent.labels)
    return tuple(sorted({row.country for row in rows}))


def check_country(country: str, known: tuple[str, ...]) -> str:
    """Give the country in capitals. Raises `WrongUsage` when no label row exists for it."""
    chosen = country.upper()
    if chosen not in known:
        raise WrongUsage(
            f"no label of {country!r} is in the knowledge",
            why=f"Label rows exist for {', '.join(known)}.",
            next=f"Use --country {known[0]}, or add rows to knowledge/agents/.",
        )
    return chosen


def label_answer(look: Lookup, agent: Agent, *, on: dt.date, country: str) -> LabelAnswer:
    """Say what the label of a drug says about this child on a day in a country."""
    events = tuple(e for e in agent.label_events if e.country == country and in_force(e, on) != NO)
    rows = [row for row in agent.labels if row.country == country]
    if not rows:
        words = agent.labels_not_seen or f"no label row for {country} was seen"
        return LabelAnswer(agent=agent.id, country=country, on=on, status=NOT_RECORDED, words=words, events=events)
    judged = [(row, in_force(row, on), _covers(look, agent, row)) for row in rows]
    return _decide(look, agent, judged, country=country, on=on, events=events)


def _covers(look: Lookup, agent: Agent, row: LabelRow) -> str:
    return NO if row.on_label_when == NEVER else look.ask(label_question(agent.id, row.id))


def _decide(
    look: Lookup,
    agent: Agent,
    judged: list[tuple[LabelRow, str, str]],
    *,
    country: str,
    on: dt.date,
    events: tuple[LabelEvent, ...],
) -> LabelAnswer:
    def answer(status: str, row: LabelRow | None = None, words: str = "", missing: tuple[str, ...] = ()) -> LabelAnswer:
        return LabelAnswer(
            agent=agent.id, country=country, on=on, status=status, row=row, words=words, missing=missing, events=events
        )

    now = [(row, valid, covers) for row, valid, covers in judged if valid != NO]
    if not now:
        return answer(NOT_AUTHORISED, words="no label row of this country was in force on that day")
    certain = next((row for row, valid, covers in now if valid == covers == YES), None)
    if certain is not None:
        return answer(ON, certain, certain.indication)
    maybe = [(row, valid) for row, valid, covers in now if covers != NO]
    in_force_now = next((row for row, valid, _ in reversed(now) if valid == YES), None)
    if not maybe and in_force_now is not None:
        return answer(OFF, in_force_now, f"the label covers: {in_force_now.indication}")
    if not maybe:
        return answer(OPEN, now[0][0], "not on label; whether the drug was authorised on that day was not seen")
    facts = dict.fromkeys(
        fact
        for row, _ in maybe
        if _covers(look, agent, row) == UNKNOWN
        for fact in look.missing_for(label_question(agent.id, row.id), row.on_label_when)
    )
    dates = "" if any(valid == YES for _, valid in maybe) else "the day from which the row held was not seen"
    return answer(OPEN, maybe[-1][0], dates or f"may be covered: {maybe[-1][0].indication}", tuple(facts))
