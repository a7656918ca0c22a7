"""Options as one self-contained HTML page. The first printed page is one A4 sheet for the tumour board.

The page asks for nothing outside itself and allows no script. Text from cases and trial files is untrusted and always
escaped.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reall import __version__
from reall.library.knowledge import PublishedOutcome
from reall.library.therapy import ELIGIBLE
from reall.library.therapy_rows import Regimen
from reall.options.board import Board
from reall.options.eligibility import NOT_ELIGIBLE, PURPOSES, UNDETERMINED, OptionAnswer
from reall.report.options_words import (
    DISCLAIMER,
    PURPOSE_WORDS,
    arm_words,
    effect_words,
    endpoint_words,
    label_words,
    shown,
    why,
)
from reall.report.outcomes import in_order
from reall.report.published import outcome_words
from reall.report.words import fact_name

_TEMPLATES = Path(__file__).parent / "templates"
BOARD_FACTS, BOARD_MISSING = 6, 2
"""How many facts, and how many missing ones of an option, fit on the board's sheet; the rest is counted there."""
CLOSED = "closed"


@dataclass(frozen=True, kw_only=True)
class Purpose:
    """The options of one purpose, by status; inside a status in the order of their titles."""

    id: str
    words: str
    eligible: tuple[OptionAnswer, ...]
    open: tuple[OptionAnswer, ...]
    no: tuple[OptionAnswer, ...]


def page(board: Board, outcomes: Sequence[PublishedOutcome] = (), picture: str = "") -> str:
    """Give the page as HTML; `outcomes` are the published figures of the child's strata, `picture` the same drawn."""
    style = (_TEMPLATES / "options.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(
        spoken=fact_name,
        shown=shown,
        why=why,
        label=label_words,
        arm=arm_words,
        effect=effect_words,
        endpoint=endpoint_words,
        few=few,
        outcome=outcome_words,
    )
    template = environment.get_template("options.html.j2")
    sources = _sources(board, outcomes)
    return template.render(
        board=board,
        purposes=[_purpose(board, id_) for id_ in PURPOSES],
        facts=board.next_facts[:BOARD_FACTS],
        open_trials=[t for t in board.trials if t.match != "no" and t.trial.status != CLOSED],
        regimens=_regimens(board),
        agents=board.knowledge.therapy.agents,
        outcomes=in_order(outcomes),
        picture=picture,
        limits=board.knowledge.therapy.cumulative_limits,
        sources=sources,
        numbers={key: i for i, key in enumerate(sources, 1)},
        disclaimer=DISCLAIMER,
        version=__version__,
        style=Markup(style),  # our own file; the page's policy allows exactly this text
        style_hash=digest,
    )


def few(names: Iterable[str]) -> str:
    """Name the first facts and count the rest.

    >>> few(["cd19_status", "cd22_status", "weight_kg", "prior_sos"])
    'CD19 status, CD22 status and 2 more'
    """
    every = [fact_name(name) for name in names]
    more = len(every) - BOARD_MISSING
    return ", ".join(every[:BOARD_MISSING]) + (f" and {more} more" if more > 0 else "")


def _purpose(board: Board, id_: str) -> Purpose:
    answers = [answer for answer in board.options if answer.option.purpose == id_]

    def of(status: str) -> tuple[OptionAnswer, ...]:
        return tuple(answer for answer in answers if answer.status == status)

    return Purpose(id=id_, words=PURPOSE_WORDS[id_], eligible=of(ELIGIBLE), open=of(UNDETERMINED), no=of(NOT_ELIGIBLE))


def _shown(board: Board) -> list[OptionAnswer]:
    return [answer for answer in board.options if answer.status != NOT_ELIGIBLE]


def _regimens(board: Board) -> Mapping[str, Regimen]:
    """The regimens of the options that are not excluded, each once."""
    ids = dict.fromkeys(id_ for answer in _shown(board) for id_ in answer.option.regimens)
    return {id_: board.knowledge.therapy.regimens[id_] for id_ in ids}


def _sources(board: Board, outcomes: Sequence[PublishedOutcome]) -> dict[str, str]:
    keys: dict[str, None] = dict.fromkeys(row.citation.source for row in outcomes)
    for answer in board.options:
        keys |= dict.fromkeys(judged.criterion.citation.source for judged in answer.because)
    for answer in _shown(board):
        keys |= dict.fromkeys(caution.note.citation.source for caution in answer.cautions)
        keys |= dict.fromkeys(one.row.citation.source for one in answer.evidence)
        if answer.label is not None and answer.label.row is not None:
            keys[answer.label.row.citation.source] = None
    keys |= dict.fromkeys(regimen.citation.source for regimen in _regimens(board).values())
    if board.ledger is not None:
        keys |= dict.fromkeys(total.factor_set.citation.source for total in board.ledger.totals)
        keys |= dict.fromkeys(limit.citation.source for limit in board.ledger.limits)
    keys |= dict.fromkeys(trial.trial.citation.source for trial in board.trials)
    return {key: str(board.knowledge.sources[key]) for key in keys}
