"""Reference pages in Markdown on facts, systems, sources and errors, written from the knowledge itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from reall.base.documents import read_document
from reall.base.errors import ReallError, UnusableCase
from reall.facts.case import read_case
from reall.facts.vocabulary import NOT_STATED, Fact, Input, Vocabulary
from reall.library.knowledge import Knowledge
from reall.library.quality import SEVERITIES, QualityCheck
from reall.library.tables import System
from reall.report.fhir.mapping_page import mapping_page
from reall.report.markdown import MADE, as_table, page
from reall.report.omop import omop_page
from reall.report.words import power
from reall.rules.table import Remark, Row, Table
from reall.stratify.assess import case_masks

CONVENTIONS = """\
- Months between two dates are calendar months: completed months plus the elapsed share of the next one. Where only
  days are known, months = days / 30.4375, and the output says so.
- Intervals are half-open: `< 18`, `>= 18`. A number may be an interval: `"<1e-4"`, `">=5"`, or `"1e-5..1e-4"` with
  both ends included.
- MRD is a fraction of cells: 1e-4 = 0.01 %. "Not detected" means below the sensitivity of the assay, never zero.
- Whatever is left out is unknown. A list that is present is complete: `other_em_sites: []` means that none was found.
- `lineage: B` is B-cell precursor ALL. A stated `cns_status` is final; otherwise fluid, signs and imaging decide.
  Listed extramedullary sites are biopsy-proven.
- `genetics` names what was found. Primary subtypes exclude each other; anything else that is not named stays unknown
  unless denied with `not NAME`.
"""

_BAD_CASES: tuple[tuple[str, str], ...] = (
    ("A name that is not known", "facts:\n  linage: B\n"),
    ("A wrong type", "facts:\n  marrow_blasts_pct: many\n"),
    ("An impossible value", "facts:\n  marrow_blasts_pct: 140\n"),
    ("An answer that is not allowed", "facts:\n  lineage: C\n"),
    ("Dates that run backwards", "facts:\n  diagnosis_date: 2019-07-10\n  relapse_date: 2018-01-01\n"),
    (
        "Months and dates that contradict each other",
        "facts:\n  diagnosis_date: 2018-01-01\n  relapse_date: 2019-01-01\n  months_from_diagnosis: 40\n",
    ),
    ("Facts that cannot both be true", "facts:\n  sex: female\n  testis_biopsy_positive: yes\n"),
    (
        "MRD both not detected and measured",
        "mrd:\n  - {timepoint: end_of_reinduction_block1, detected: no, level_fraction: 1e-3}\n",
    ),
    ("The same key twice", "facts:\n  lineage: B\n  lineage: T\n"),
    ("A number that is none", "facts:\n  marrow_blasts_pct: .nan\n"),
    ("References, which can unfold into gigabytes", "facts: &all\n  genetics: [*all]\n"),
    ("An empty file", ""),
)


def write_reference(knowledge: Knowledge, folder: Path) -> list[Path]:
    """Write every reference page into `folder` and give their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    pages: dict[str, Callable[[Knowledge], str]] = {
        "facts.md": facts_page,
        "systems.md": systems_page,
        "sources.md": sources_page,
        "errors.md": errors_page,
        "quality.md": quality_page,
        "fhir.md": mapping_page,
        "omop.md": omop_page,
    }
    written = []
    for name, make in pages.items():
        path = folder / name
        path.write_text(make(knowledge), encoding="utf-8")
        written.append(path)
    return written


def facts_page(knowledge: Knowledge) -> str:
    """Describe every fact that a case may hold."""
    vocabulary = knowledge.vocabulary
    parts = [
        MADE,
        "# Facts\n",
        "What a case may say, in the order of the questions.\n",
        "## Conventions\n",
        CONVENTIONS,
    ]
    parts += [
        "## Facts that rules use\n",
        as_table(("fact", "question", "values"), map(_fact_row, vocabulary.facts.values())),
    ]
    parts += [
        "## Derived facts\n",
        "Follow from definitions. A case may also state them; then the stated value is final.\n",
        as_table(("fact", "question", "values"), map(_fact_row, vocabulary.derived.values())),
        *_inputs(vocabulary),
        "## Names in `genetics`\n",
        as_table(
            ("name", "also written", "says that"),
            (
                (g.name, ", ".join(g.also), f"`{g.fact}`: {' or '.join(sorted(map(_plain, g.values)))}")
                for g in vocabulary.genetics
            ),
        ),
        "## MRD time points\n",
        as_table(
            ("time point", "meaning", "also written"),
            ((f"`{t.name}`", t.words, ", ".join(t.also)) for t in vocabulary.timepoints),
        ),
        "## Always true\n",
        "Used to rule out impossible completions of an incomplete case, and to refuse contradictory ones.\n",
        as_table(("condition", "because"), ((f"`{b.always}`", b.why) for b in vocabulary.background)),
    ]
    return page(parts)


def _inputs(vocabulary: Vocabulary) -> Iterator[str]:
    yield "## Other entries of a case\n"
    yield as_table(("entry", "question", "values", "gives"), map(_input_row, vocabulary.inputs.values()))
    yield "## Columns that link the rows of a registry\n"
    yield "No rule names them. `reall cohort schema` lists every column that a registry table may have.\n"
    yield as_table(("column", "question", "values"), (_input_row(e)[:3] for e in vocabulary.registry_columns.values()))


def _fact_row(fact: Fact) -> tuple[str, str, str]:
    values = _bounds(fact.unit, fact.minimum, fact.maximum) if fact.numeric else _answers(fact)
    extra = (
        [f"follows from {', '.join(f'`{n}`' for n in fact.derived_from)}: {fact.derivation}"] if fact.derivation else []
    )
    return f"`{fact.name}`", fact.question, "; ".join([values, *extra])


def _answers(fact: Fact) -> str:
    if fact.kind == "yes_no":
        return "yes, no"
    words = fact.words or {}
    return ", ".join(
        f"`{a}`{f' ({words[a]})' if isinstance(a, str) and a in words and words[a] != a else ''}"
        for a in fact.answers
        if a != NOT_STATED
    )


def _bounds(unit: str, minimum: float, maximum: float) -> str:
    return f"{unit or 'number'}, {minimum:g} to {maximum:g}"


def _plain(value: object) -> str:
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _input_row(entry: Input) -> tuple[str, str, str, str]:
    values = {
        "date": "YYYY-MM-DD",
        "list": "list of names",
        "text": "text",
        "group": ", ".join(entry.members or ()),
    }
    said = values.get(entry.kind) or _bounds(entry.unit, entry.minimum, entry.maximum)
    return f"`{entry.name}`", entry.question, said, ", ".join(f"`{name}`" for name in entry.gives)


def systems_page(knowledge: Knowledge) -> str:
    """Describe every definition and system with all its rows."""
    parts = [
        MADE,
        "# Definitions and systems\n",
        f"Knowledge {knowledge.version}. Sources: [sources.md](sources.md).\n",
    ]
    for heading, ids in (("Systems", knowledge.system_ids), ("Definitions", knowledge.derived_ids)):
        parts.append(f"## {heading}\n")
        for id_ in ids:
            parts += _system(knowledge.systems[id_])
    return page(parts)


def _system(system: System) -> Iterator[str]:
    table = system.table
    yield f"### {table.title}\n"
    yield f"`{table.id}`, `{system.file}`. {table.question}\n"
    yield from (f"{text}\n" for text in (system.use, system.misuse) if text)
    yield as_table(("value", "meaning"), ((f"`{v}`", w) for v, w in table.values.items()))
    yield from _rows_of(table)
    if system.decision_points:
        yield "MRD decides:\n"
        yield as_table(
            ("where", "cut-off", "method", "source"),
            (
                (
                    p.words,
                    f"{p.comparison} {power(p.cut_off_fraction)}",
                    p.method or "not stated",
                    _cited(p.citation.source, p.citation.at),
                )
                for p in system.decision_points
            ),
        )
    for transplant in system.transplant:
        yield f"#### {transplant.title}\n"
        yield from _rows_of(transplant)


def _rows_of(table: Table) -> Iterator[str]:
    groups: Sequence[tuple[str, Sequence[Row]]] = (
        ("Applies to:\n", table.applies_to),
        ("Rules:\n", table.rules),
        ("Gives no answer:\n", table.silent),
    )
    for head, rows in groups:
        if rows:
            yield head
            yield as_table(
                ("row", "condition", "gives", "words", "source", "status"),
                (
                    (r.id, f"`{r.when}`", r.value, r.words, _cited(r.citation.source, r.citation.at), r.citation.status)
                    for r in rows
                ),
            )
    yield from _remarks("Conflicts between sources:\n", table.conflicts)
    yield from _remarks("Cautions:\n", table.cautions)


def _remarks(head: str, remarks: Sequence[Remark]) -> Iterator[str]:
    if remarks:
        yield head
        yield "\n".join(map(_remark, remarks)) + "\n"


def _remark(remark: Remark) -> str:
    where = f" Where `{remark.when}`." if remark.when else ""
    return f"- {remark.words}{where} ({'; '.join(_cited(c.source, c.at) for c in remark.citations)})"


def _cited(source: str, at: str) -> str:
    return f"[{source}](sources.md#{source}), {at}"


def sources_page(knowledge: Knowledge) -> str:
    """List the bibliography with what was really read."""
    parts = [MADE, "# Sources\n", "`seen` says what was read. What was not seen is left out.\n"]
    for key, source in sorted(knowledge.sources.items()):
        parts.append(f"### {key}\n")
        parts.append(f"{source}\n")
        parts.append(f"Seen: {source.seen or 'not noted'}. Status: {source.status}.\n")
    return page(parts)


def quality_page(knowledge: Knowledge) -> str:
    """List the data-quality checks of a registry, group by group."""
    parts = [
        MADE,
        "# Data-quality checks of a registry\n",
        f"{len(knowledge.quality)} checks; `reall cohort quality TABLE` runs them. Knowledge {knowledge.version}.\n",
        "An `error` cannot be true, a `warning` hardly, a `note` is worth a look. A row is found only where what is",
        "known leaves no doubt. No row is ever changed or left out. A check without a source is pure logic.\n",
    ]
    for severity in SEVERITIES:
        parts += [f"## {severity.capitalize()}s\n"]
        rows = (_quality_row(check) for check in knowledge.quality if check.severity == severity)
        parts += [as_table(("check", "finds", "why", "what to do", "source"), rows)]
    return page(parts)


def _quality_row(check: QualityCheck) -> tuple[str, ...]:
    limits = ", ".join(f"{name} {number:g}" for name, number in check.limits.items())
    how = f"`{check.finds}`" if check.finds else ", ".join(f"`{name}`" for name in check.of)
    finds = f"{check.title}: {how}" if how else check.title
    cited = f"{_cited(check.citation.source, check.citation.at)} ({check.citation.status})" if check.citation else ""
    return f"`{check.id}`", f"{finds} ({limits})" if limits else finds, check.why, check.next, cited


def errors_page(knowledge: Knowledge) -> str:
    """List the kinds of errors with their exit codes, and show what unusable cases are answered with."""
    # Rooms above may have kinds of their own; which of them are loaded must not change the page.
    own = (kind for kind in ReallError.__subclasses__() if kind.__module__ == ReallError.__module__)
    kinds = sorted(own, key=lambda kind: int(kind.exit_code))
    parts = [
        MADE,
        "# Errors\n",
        "Each error says what is wrong, where, why it matters and what to do next. `--json` gives the parts.\n",
        as_table(
            ("exit code", "code", "meaning"),
            ((str(int(kind.exit_code)), f"`{kind.code}`", (kind.__doc__ or "").split("\n")[0]) for kind in kinds),
        ),
        "## Cases that cannot be used\n",
    ]
    for title, text in _BAD_CASES:
        parts.append(f"### {title}\n")
        parts.append(f"```yaml\n{text}```\n" if text else "(nothing)\n")
        parts.append(f"> {_error_of(text, knowledge)}\n")
    return page(parts)


def _error_of(text: str, knowledge: Knowledge) -> str:
    try:
        case = read_case(
            read_document(text, name="case.yaml", error=UnusableCase), knowledge.vocabulary, name="case.yaml"
        )
        case_masks(case, knowledge)
    except UnusableCase as error:
        return str(error)
    raise ValueError(f"this example of a bad case is accepted: {text}")
