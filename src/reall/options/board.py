"""Everything about options for one case in one object: what a tumour board looks at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from reall.base.documents import Document
from reall.facts.case import Case
from reall.library.knowledge import Knowledge
from reall.options.ctgov import Study, StudyAnswer, answer_study
from reall.options.ctml import CtmlAnswer, answer_ctml
from reall.options.eligibility import OptionAnswer, answer_options, ranked_missing
from reall.options.labels import check_country, countries
from reall.options.ledger import Ledger, ledger
from reall.options.lookup import Lookup
from reall.options.memory import OptionMemory
from reall.options.trials import TrialAnswer, answer_trials


@dataclass(frozen=True, kw_only=True)
class Board:
    """All answers for one case on one day in one country. `ledger` is None where no exposure is recorded."""

    case: Case
    knowledge: Knowledge
    on: dt.date
    country: str
    options: tuple[OptionAnswer, ...]
    next_facts: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]
    ledger: Ledger | None
    trials: tuple[TrialAnswer, ...]
    studies: tuple[StudyAnswer, ...] = ()
    ctml: tuple[CtmlAnswer, ...] = ()


def board(
    case: Case,
    masks: Sequence[int],
    knowledge: Knowledge,
    *,
    on: dt.date,
    country: str,
    studies: Sequence[Study] = (),
    ctml: Sequence[Document] = (),
    memory: OptionMemory | None = None,
) -> Board:
    """Answer options, labels, trials and the anthracycline ledger for one case.

    `masks` are the cells of the case (`stratify.case_masks`), `memory` as for `answer_options`. Raises `WrongUsage`
    for a country without label rows, `UnusableCase` for facts that contradict each other or a CTML file that is none.
    """
    chosen = check_country(country, countries(knowledge.therapy.agents))
    options = answer_options(case, masks, knowledge, on=on, country=chosen, memory=memory)
    look = Lookup(knowledge, case, tuple(masks))
    return Board(
        case=case,
        knowledge=knowledge,
        on=on,
        country=chosen,
        options=options,
        next_facts=tuple(ranked_missing(options)),
        ledger=ledger(case.exposures, knowledge.therapy),
        trials=answer_trials(case, masks, knowledge),
        studies=tuple(answer_study(study, case) for study in studies),
        ctml=tuple(answer_ctml(document, look) for document in ctml),
    )
