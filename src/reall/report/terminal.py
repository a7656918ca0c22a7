"""One screen for one child: 100 columns, about 45 lines, plain words.

The full explanation is on the page (`report.assessment_page`) and in the JSON; here everything is named, and what does
not fit is counted.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from reall.report.outcomes import estimate_words, few, source_words
from reall.report.view import DISCLAIMER, Answer, View, view
from reall.stratify.assess import Assessment

WIDTH = 100
LABEL = 12
OUTCOMES, QUESTIONS, REMARKS = 3, 3, 2
WIDEST_ANSWER, SOURCE = 31, 32
DRAFT_SIGN = "*"

_BOLD, _DIM, _MAGENTA, _RESET = "\x1b[1m", "\x1b[2m", "\x1b[35m", "\x1b[0m"


def summary(assessment: Assessment, *, colour: bool = False) -> str:
    """Give the one-screen summary of an assessment; `colour` adds terminal escapes and changes no word."""
    v = view(assessment)
    paint = _Paint(colour)
    sections = [
        ("RELAPSE", _relapse(v)),
        ("GROUP", _groups(v, paint)),
        ("ALSO", _others(v)),
        ("TRANSPLANT", _transplant(v, paint)),
        ("DISAGREE", _disagreements(v)),
        ("MISSING", _missing(v)),
        ("OUTCOMES", _outcomes(v, assessment)),
        ("MIND", _mind(v)),
        ("CASE", _case_notes(v)),
    ]
    lines = [*_head(v, assessment, paint)]
    for name, body in sections:
        content = list(body)
        if content:
            lines += [f"{paint.bold(name.ljust(LABEL)) if i == 0 else ' ' * LABEL}{c}" for i, c in enumerate(content)]
    lines += _foot(paint, draft=any(DRAFT_SIGN in line for line in lines))
    return "\n".join(line.rstrip() for line in lines) + "\n"


class _Paint:
    def __init__(self, colour: bool) -> None:
        self.colour = colour

    def _wrap(self, code: str, text: str) -> str:
        return f"{code}{text}{_RESET}" if self.colour and text else text

    def bold(self, text: str) -> str:
        return self._wrap(_BOLD, text)

    def dim(self, text: str) -> str:
        return self._wrap(_DIM, text)

    def open(self, text: str) -> str:
        return self._wrap(_MAGENTA, text)


def _head(v: View, assessment: Assessment, paint: _Paint) -> list[str]:
    case = _printable(v.case or "case without a name")
    version = f"knowledge {assessment.knowledge.version} ({assessment.knowledge.fingerprint[:8]})"
    room = WIDTH - len(version) - 2
    return [paint.bold(_clip(case, room).ljust(room)) + "  " + paint.dim(version)]


def _relapse(v: View) -> Iterator[str]:
    yield from _wrapped(f"{v.headline}.")
    for name, words in v.kind_of_relapse:
        if words:
            yield from _wrapped(f"{name}: {words}.", lines=2)


def _groups(v: View, paint: _Paint) -> Iterator[str]:
    answered = [a for a in v.groups if a.status == "determined" or a.open]
    yield from _rows(answered, paint)
    yield from _left_out([a for a in v.groups if a not in answered])


def _others(v: View) -> Iterator[str]:
    """Give clocks, genetics and scores in one paragraph each; those on which nothing is known only by name."""
    by_kind: dict[str, list[str]] = {}
    for answer in v.others:
        if answer.status == "determined":
            by_kind.setdefault(answer.kind, []).append(f"{answer.name}: {_marked(answer)}")
        elif answer.open:
            by_kind.setdefault("open", []).append(answer.name)
    names = {
        "time": "Other clocks",
        "genetics": "Genetics",
        "score": "Score",
        "refractory": "Refractory",
        "open": "Open",
    }
    for kind, parts in sorted(by_kind.items(), key=lambda item: item[0] == "open"):
        yield from _wrapped(f"{names.get(kind, kind.capitalize())}: {'; '.join(parts)}.", lines=2)


def _transplant(v: View, paint: _Paint) -> Iterator[str]:
    answered = [a for a in v.transplant if a.status == "determined" or a.open]
    yield from _rows(answered, paint)
    yield from _left_out([a for a in v.transplant if a not in answered])


def _disagreements(v: View) -> Iterator[str]:
    for about, answers in v.disagreements:
        said = "; ".join(f"{value} - {', '.join(titles)}" for value, titles in answers)
        yield from _wrapped(f"{about[0].upper()}{about[1:]}: {said}.", lines=2)


def _rows(answers: Sequence[Answer], paint: _Paint) -> Iterator[str]:
    """One line per system: the answer, the system, and what it means or needs."""
    room = WIDTH - LABEL
    wide = min(max([len(_marked(a)) for a in answers] or [0]), WIDEST_ANSWER)
    for answer in answers:
        short = _clip(_marked(answer), wide).ljust(wide)
        joint = (", " if answer.open else ": ") if answer.meaning else ""
        tail = f"{answer.name}{joint}{answer.meaning}"
        yield f"{(paint.open if answer.open else paint.bold)(short)}  {_clip(tail, room - wide - 2)}"


def _left_out(answers: Sequence[Answer]) -> Iterator[str]:
    """Name the systems without an answer, together where the reason is the same."""
    for status, head in (("not_eligible", "Not for this child"), ("silent", "No answer in the source")):
        by_reason: dict[str, list[str]] = {}
        for answer in answers:
            if answer.status == status:
                by_reason.setdefault(answer.meaning, []).append(answer.name)
        said = [f"{', '.join(names)}{f' ({reason})' if reason else ''}" for reason, names in by_reason.items()]
        if said:
            yield from _wrapped(f"{head}: {'; '.join(said)}.", lines=2)


def _missing(v: View) -> Iterator[str]:
    for entry in v.questions[:QUESTIONS]:
        verb, count = ("settles", len(entry.settles)) if entry.settles else ("narrows", len(entry.narrows))
        effect = f"{verb} {count} answer{'s' if count > 1 else ''}"
        yield from _wrapped(f"{entry.question} {effect} [{entry.fact}]", lines=2)
    more = len(v.questions) - QUESTIONS
    if more > 0:
        yield f"… and {more} further question{'s' if more > 1 else ''}."


def _outcomes(v: View, assessment: Assessment) -> Iterator[str]:
    chosen = few(v.outcomes, OUTCOMES)
    for row in chosen:
        sign = DRAFT_SIGN if row.citation.status == "draft" else ""
        who = ", ".join(part for part in (row.stratum, row.arm) if part)
        source = _clip(source_words(row.citation.source, assessment.knowledge), SOURCE)
        yield from _wrapped(f"{estimate_words(row)}{sign}: {who}. {row.cohort}, {source}", lines=2)
    more = len(v.outcomes) - len(chosen)
    if more > 0:
        yield f"… and {more} more published rows; cohorts and clocks differ, so they are never pooled."


def _mind(v: View) -> Iterator[str]:
    """Say the first remarks that certainly concern this child, and count the others."""
    first = [note.words for note in v.remarks if note.certain][:REMARKS]
    for words in first:
        yield from _wrapped(words, lines=2)
    more = len(v.remarks) - len(first)
    if more:
        noun = "caution or conflict" if more == 1 else "cautions and conflicts"
        yield f"{'… and ' if first else ''}{more} more {noun} between sources."


def _case_notes(v: View) -> Iterator[str]:
    for words in (*(f"Assumed: {a}" for a in v.assumptions), *v.notes):
        yield from _wrapped(_printable(words), lines=2)


def _foot(paint: _Paint, *, draft: bool) -> list[str]:
    lines = []
    if draft:
        lines.append(f"{DRAFT_SIGN} rests on knowledge that is not confirmed yet (draft).")
    lines += [
        "Each rule with its facts and citation: --html FILE or --json. What can be given: reall options.",
        DISCLAIMER,
    ]
    return [paint.dim(line) for line in lines]


def _marked(answer: Answer) -> str:
    return answer.short + (DRAFT_SIGN if answer.draft else "")


def _wrapped(text: str, *, lines: int = 2) -> list[str]:
    return textwrap.wrap(text, WIDTH - LABEL, max_lines=lines, placeholder=" …", break_on_hyphens=False)


def _clip(text: str, room: int) -> str:
    return text if len(text) <= room else text[: max(room - 2, 0)].rstrip() + " …"


def _printable(text: str) -> str:
    """Take control characters out of what came from a file, so that it cannot drive the terminal."""
    return "".join(c if c.isprintable() else "�" for c in text)
