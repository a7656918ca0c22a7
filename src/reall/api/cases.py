"""Operations on one child, or several: `assess` and `options`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from reall.api.inputs import CaseInput, Source, case_document, named_after, on_disk, read_file
from reall.base.documents import Document
from reall.base.errors import ReallError, WrongUsage
from reall.facts.case import read_case
from reall.facts.vocabulary import nearest
from reall.library.knowledge import Knowledge, PublishedOutcome, open_knowledge
from reall.library.therapy import DEFAULT_COUNTRY
from reall.rules.diagram import Walk
from reall.stratify.assess import Assessment, case_masks, matching_outcomes
from reall.stratify.assess import assess as assess_case

if TYPE_CHECKING:
    from reall.options.board import Board
    from reall.options.eligibility import OptionAnswer
    from reall.options.evidence import Evidence
    from reall.options.memory import OptionMemory
# What only JSON or laboratory files need is imported where it is used: a terminal summary must not wait for it.


def assess(
    case: CaseInput,
    *,
    systems: Iterable[str] = (),
    mrd: Sequence[Source] = (),
    knowledge: Knowledge | None = None,
    name: str = "",
) -> dict[str, Any]:
    """Say everything that the published rules say about one child, as `reall.assessment/1`.

    `systems` keeps only those named, `mrd` adds results written by `reall mrd … --json`, `name` is given to a case
    that has none of its own (default: that of its file). Raises `UnusableCase`, `UnusableLaboratoryData`, and
    `WrongUsage` for an unknown system.
    """
    knowledge = knowledge or open_knowledge()
    return assessment_answer(assessment(case, knowledge, systems=systems, mrd=mrd, name=name))


def assess_many(
    cases: Mapping[str, CaseInput], *, systems: Iterable[str] = (), knowledge: Knowledge | None = None
) -> list[dict[str, Any]]:
    """Assess several children, each under the name of its file; one that cannot be used is answered with its error."""
    knowledge = knowledge or open_knowledge()
    systems = tuple(systems)
    check_systems(systems, knowledge)
    outcomes: list[tuple[str, Assessment | ReallError]] = []
    for name, case in cases.items():
        try:
            outcomes.append((name, assessment(case, knowledge, systems=systems, name=PurePath(name).stem)))
        except ReallError as error:
            outcomes.append((name, error))
    return answers(outcomes)


def assessment(
    case: CaseInput, knowledge: Knowledge, *, systems: Iterable[str] = (), mrd: Sequence[Source] = (), name: str = ""
) -> Assessment:
    """Give the assessment itself, for a caller that puts it into words. Raises as `assess` does."""
    systems = tuple(systems)
    check_systems(systems, knowledge)
    document = _with_mrd(case_document(case), mrd)
    read = read_case(document, knowledge.vocabulary, name=name or named_after(case))
    try:
        return assess_case(read, knowledge, only=systems)
    except ReallError as error:
        error.where = document.where("facts")  # the file says more than the pseudonym that the case carries
        raise


def check_systems(systems: Iterable[str], knowledge: Knowledge) -> None:
    """Raise `WrongUsage`, with the nearest known id, where a system is not known."""
    known = [*knowledge.system_ids, *knowledge.transplant_ids]
    for system in systems:
        if system not in known:
            hint = nearest(system, known) or f"Known are {', '.join(sorted(set(known)))}."
            raise WrongUsage(f"there is no system {system!r}", where="--system", next=hint)


def _with_mrd(document: Document, sources: Sequence[Source]) -> Document:
    """Add laboratory results to the MRD entries of a case."""
    if not sources or not isinstance(document.data, dict):
        return document
    from reall.mrd.bridge import case_entries  # noqa: PLC0415

    given = document.data.get("mrd") or []
    entries = [given] if isinstance(given, dict) else list(given)
    for source in sources:
        with on_disk(source) as path:
            entries += case_entries(path)
    return Document({**document.data, "mrd": entries}, document.lines, document.name)


def answers(outcomes: Sequence[tuple[str, Assessment | ReallError]]) -> list[dict[str, Any]]:
    """Give the answers for several cases; a case that could not be used is answered with its error."""
    from reall.report.to_json import SCHEMA  # noqa: PLC0415

    return [
        assessment_answer(result)
        if isinstance(result, Assessment)
        else {"schema": SCHEMA, "case": name, "error": result.to_json()}
        for name, result in outcomes
    ]


def assessment_answer(result: Assessment) -> dict[str, Any]:
    """Give an assessment as `reall.assessment/1`, with options by the labels of today and the default country."""
    from reall.options.eligibility import answer_options  # noqa: PLC0415
    from reall.report.options_json import option_json  # noqa: PLC0415
    from reall.report.to_json import assessment_json  # noqa: PLC0415

    found = answer_options(result.case, result.masks, result.knowledge, on=today(), country=DEFAULT_COUNTRY)
    return assessment_json(result, [option_json(answer) for answer in found])


class Remembering:
    """Gives the bytes of `assess` and `options`, faster by what was answered before; for one thread at a time."""

    def __init__(self, knowledge: Knowledge) -> None:
        from reall.options.memory import MOST_ANSWERS, OptionMemory, Recent  # noqa: PLC0415

        self.knowledge = knowledge
        self._memory = OptionMemory()
        self._texts: Recent[tuple[OptionAnswer, str]] = Recent(MOST_ANSWERS)
        self._evidence: Recent[tuple[tuple[Evidence, ...], list[str]]] = Recent(MOST_ANSWERS)

    def assess(self, case: CaseInput, *, systems: Iterable[str] = (), name: str = "") -> bytes:
        """Give what `written(assess(…))` gives. Raises as `assess` does."""
        from reall.options.eligibility import answer_options  # noqa: PLC0415
        from reall.report.to_json import assessment_json  # noqa: PLC0415

        done = assessment(case, self.knowledge, systems=systems, name=name)
        found = answer_options(
            done.case, done.masks, self.knowledge, on=today(), country=DEFAULT_COUNTRY, memory=self._memory
        )
        return self._written(assessment_json(done), found)

    def options(self, case: CaseInput, *, on: str | None = None, country: str = DEFAULT_COUNTRY) -> bytes:
        """Give what `written(options(…))` gives. Raises as `options` does."""
        from reall.report.options_json import board_json  # noqa: PLC0415

        told, outcomes = board(case, self.knowledge, on=on, country=country, memory=self._memory)
        return self._written(board_json(replace(told, options=()), outcomes), told.options)

    def _written(self, data: dict[str, Any], found: Sequence[OptionAnswer]) -> bytes:
        from reall.report.to_json import dumps_with  # noqa: PLC0415

        return dumps_with(data, "options", [self._text(one) for one in found]).encode() + b"\n"

    def _text(self, answer: OptionAnswer) -> str:
        # What a text is of is kept with it, so that its identity stays its own.
        return self._texts.get(id(answer), lambda: (answer, self._made(answer)))[1]

    def _made(self, answer: OptionAnswer) -> str:
        from reall.report.options_json import evidence_json, option_json  # noqa: PLC0415
        from reall.report.to_json import dumps, dumps_with  # noqa: PLC0415

        rows = answer.evidence
        written_rows = self._evidence.get(id(rows), lambda: (rows, [dumps(evidence_json(row)) for row in rows]))[1]
        return dumps_with(option_json(replace(answer, evidence=())), "evidence", written_rows)


def today() -> dt.date:
    """Give the day in universal time, under which labels are read where no other day is asked for."""
    return dt.datetime.now(tz=dt.UTC).date()


def options(
    case: CaseInput,
    *,
    on: dt.date | str | None = None,
    country: str = DEFAULT_COUNTRY,
    studies: Sequence[Source] = (),
    ctml: Sequence[Source] = (),
    knowledge: Knowledge | None = None,
    name: str = "",
) -> dict[str, Any]:
    """List the options for one child, never ranked, as `reall.options/1`.

    Labels are read as they were `on` a day (default: today) in a `country`. `studies` are files of ClinicalTrials.gov,
    `ctml` trials in MatchMiner's format. Raises `UnusableCase` and `WrongUsage`.
    """
    from reall.report.options_json import board_json  # noqa: PLC0415

    knowledge = knowledge or open_knowledge()
    return board_json(*board(case, knowledge, on=on, country=country, studies=studies, ctml=ctml, name=name))


def board(
    case: CaseInput,
    knowledge: Knowledge,
    *,
    on: dt.date | str | None = None,
    country: str = DEFAULT_COUNTRY,
    studies: Sequence[Source] = (),
    ctml: Sequence[Source] = (),
    name: str = "",
    memory: OptionMemory | None = None,
) -> tuple[Board, tuple[PublishedOutcome, ...]]:
    """Give the options and the published outcomes themselves, for a caller that puts them into words."""
    from reall.options.board import board as answer_board  # noqa: PLC0415
    from reall.options.ctgov import read_study  # noqa: PLC0415

    day = _day(on)
    read = read_case(case_document(case), knowledge.vocabulary, name=name or named_after(case))
    masks = case_masks(read, knowledge)
    board = answer_board(
        read,
        masks,
        knowledge,
        on=day,
        country=country,
        studies=[read_study(file.content, name=file.name) for file in map(read_file, studies)],
        ctml=[case_document(source) for source in ctml],
        memory=memory,
    )
    return board, matching_outcomes(knowledge, Walk(knowledge.base.diagrams, masks))


def _day(on: dt.date | str | None) -> dt.date:
    if on is None:
        return today()
    try:
        return on if isinstance(on, dt.date) else dt.date.fromisoformat(on)
    except ValueError:
        raise WrongUsage(f"{on!r} is not a day", where="--on", next="Write it as YYYY-MM-DD.") from None
