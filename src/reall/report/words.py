"""Facts, values and answers in plain words. Says what was found; decides nothing."""

from __future__ import annotations

from collections.abc import Iterable

from reall.facts.known import AFTER, BEFORE, Answer, Choices, Interval, Known
from reall.facts.vocabulary import NOT_STATED, Fact
from reall.library.knowledge import Knowledge
from reall.rules.condition import All, Among, AnyOf, Compare, Condition, InOrder, Not

_TOKENS = {
    "em": "extramedullary", "cr": "remission", "hsct": "transplant", "hct": "transplant", "mrd": "MRD", "cns": "CNS",
    "csf": "cerebrospinal fluid", "pct": "%", "bm1": "first marrow", "bm2": "repeat marrow", "wbc": "white cells",
    "rbc": "red cells", "ge": ">=", "1pct": "1 %", "pdri": "disease risk index", "bfm": "BFM", "cog": "COG",
    "sj18": "St Jude", "mrc": "MRC", "jplsg": "JPLSG", "ukall": "UKALL", "intreall": "IntReALL", "rez": "REZ",
    "r3": "R3", "pdl": "Ponte di Legno", "tp53": "TP53", "ikzf1": "IKZF1", "block1": "block 1", "block2": "block 2",
    "all": "ALL", "r08": "R08", "allo": "allogeneic", "ul": "µl", "cd19": "CD19", "cd22": "CD22", "abl": "ABL",
    "jak": "JAK", "stat": "STAT", "ras": "RAS", "mapk": "MAPK", "src": "SRC", "sos": "sinusoidal obstruction",
    "tbi": "total body irradiation", "gvhd": "graft-versus-host disease", "kg": "(kg)", "uln": "upper limit of normal",
    "x": "in times the", "years": "(years)", "car": "CAR", "t": "T cells", "kmt2a": "KMT2A", "qtc": "QTc",
}  # fmt: skip
_WHOLE = {
    "bcr_abl1": "BCR::ABL1", "all_rez_bfm_s": "ALL-REZ BFM group", "intreall_2010": "IntReALL 2010 group",
    "ukall_r3": "UKALL R3 group", "cog_aall1331": "AALL1331 group", "jplsg_all_r08": "ALL-R08 stratum",
    "bfm_time": "time (BFM)", "site_class": "site of relapse", "em_disease": "extramedullary disease",
    "cog_first_relapse_hr20": "COG group", "other_em_involved": "another extramedullary site",
    "testis_biopsy_positive": "testis involved", "relapse_number": "number of the relapse",
    "marrow_blasts_pct": "marrow blasts", "primary_subtype": "genetic subtype",
}  # fmt: skip
_SIGNS = {"<": "below", "<=": "at most", ">": "above", ">=": "at least", "=": "exactly", "<>": "other than"}
SMALL_FRACTION = 0.01
PERCENT = 100


def label(name: str, knowledge: Knowledge) -> str:
    """Name a fact or a table in a few words.

    A name that the knowledge does not hold, such as the sensitivity of an assay, is read out word by word.
    """
    if name in _WHOLE:
        return _WHOLE[name]
    fact = knowledge.vocabulary.facts.get(name)
    if fact is not None and fact.mrd_timepoint:
        return f"MRD, {spoken(fact.mrd_timepoint)}"
    if fact is not None and fact.unit:
        name = name.removesuffix(f"_{fact.unit}")  # "age at relapse years" says the unit twice once a value follows
    return spoken(name)


def fact_name(name: str) -> str:
    """Name a fact in a few words, without its unit.

    >>> fact_name("cd22_status"), fact_name("mrd_end_of_reinduction_block1_level_fraction"), fact_name("bcr_abl1")
    ('CD22 status', 'MRD end of reinduction block 1', 'BCR::ABL1')
    """
    return _WHOLE.get(name) or spoken(name.removesuffix("_level_fraction"))


def spoken(code: str) -> str:
    """Read a code aloud.

    >>> spoken("isolated_em"), spoken("not_relapse:no_previous_cr")
    ('isolated extramedullary', 'not relapse (no previous remission)')
    """
    head, *details = [" ".join(_TOKENS.get(t, t) for t in part.split("_")) for part in code.split(":") if part] or [""]
    return f"{head} ({', '.join(details)})" if details else head


def question(name: str, knowledge: Knowledge) -> str:
    """Give the question that a missing fact answers."""
    for entry in (knowledge.vocabulary.statable.get(name), knowledge.vocabulary.inputs.get(name)):
        if entry is not None:
            return entry.question
    timepoint = name.removeprefix("mrd_").removesuffix("_assay_sensitivity_fraction")
    if timepoint != name:
        return f"Which sensitivity did the MRD assay reach ({spoken(timepoint)})? A more sensitive one may decide."
    return label(name, knowledge)


def number(value: float, unit: str = "") -> str:
    """Write a number with its unit; small fractions of cells as powers of ten and percent.

    >>> number(0.0005, "fraction of cells"), number(40.29, "months"), number(80, "percent")
    ('5e-4 (0.05 %)', '40.3 months', '80 %')
    >>> number(1, "months")
    '1 month'
    """
    if unit == "fraction of cells":
        percent = f"{value * PERCENT:.3g} %"
        return f"{power(value)} ({percent})" if 0 < value < SMALL_FRACTION else percent
    if unit == "percent":
        return f"{value:.3g} %"
    if unit in {"months", "years", "days"}:
        rounded = round(value, 1)
        return f"{rounded:g} {unit.removesuffix('s') if rounded == 1 else unit}"
    if unit == "ratio":
        return f"{value:.3g} times"
    return f"{value:g} {unit}".strip()


def power(value: float) -> str:
    """Write a number as a power of ten.

    >>> power(0.0005), power(1e-5), power(0.00123)
    ('5e-4', '1e-5', '1.23e-3')
    """
    mantissa, _, exponent = f"{value:.2e}".partition("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def known_words(known: Known, fact: Fact | None) -> str:
    """Say what is known of a fact; an interval keeps its ends, several answers are joined by "or"."""
    if isinstance(known, Choices):
        if fact is not None and known == fact.everything:
            return "unknown"
        return " or ".join(sorted(answer_words(answer, fact) for answer in known.answers if answer != NOT_STATED))
    unit = fact.unit if fact else ""
    if known.point is not None:
        return number(known.point, unit)
    return _range_words(known, fact, unit)


def answer_words(answer: Answer, fact: Fact | None) -> str:
    """Say one answer of a category or yes/no fact."""
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    words = (fact.words or {}).get(answer) if fact is not None else None
    return words or spoken(answer)


def _range_words(known: Interval, fact: Fact | None, unit: str) -> str:
    minimum, maximum = (fact.minimum, fact.maximum) if fact else (float("-inf"), float("inf"))
    from_start, to_end = known.low <= (minimum, BEFORE), known.high >= (maximum, AFTER)
    if from_start and to_end:
        return "unknown"
    upper = f"{'at most' if known.high[1] == AFTER else 'below'} {number(known.high[0], unit)}"
    lower = f"{'at least' if known.low[1] == BEFORE else 'above'} {number(known.low[0], unit)}"
    if from_start:
        return upper
    return lower if to_end else f"{lower}, {upper}"


def joined(parts: Iterable[str], last: str = "or") -> str:
    """Join with commas and a last word, each part once.

    >>> joined(["S2", "S3", "S4"]), joined(["yes", "no"], "and")
    ('S2, S3 or S4', 'yes and no')
    """
    unique = list(dict.fromkeys(parts))
    if len(unique) <= 1:
        return "".join(unique)
    return f"{', '.join(unique[:-1])} {last} {unique[-1]}"


def condition_words(condition: Condition, knowledge: Knowledge) -> str:
    """Say a rule's condition in words; parentheses keep its meaning."""
    match condition:
        case All(parts):
            return "; ".join(_part_words(part, knowledge) for part in parts)
        case AnyOf(parts):
            return " or ".join(_part_words(part, knowledge) for part in parts)
        case Not(part):
            return f"not ({condition_words(part, knowledge)})"
        case Among(name, answers):
            return _among_words(name, answers, knowledge)
        case Compare(name, operator, constant):
            fact = knowledge.vocabulary.statable.get(name)
            return f"{label(name, knowledge)} {_SIGNS[operator]} {number(constant, fact.unit if fact else '')}"
        case InOrder(smaller, larger):
            return f"{label(smaller, knowledge)} at most {label(larger, knowledge)}"


def _part_words(part: Condition, knowledge: Knowledge) -> str:
    words = condition_words(part, knowledge)
    return f"({words})" if isinstance(part, All | AnyOf) else words


def _among_words(name: str, answers: frozenset[Answer], knowledge: Knowledge) -> str:
    fact = knowledge.base.derived.get(name) or knowledge.vocabulary.facts.get(name)
    in_order = [a for a in (fact.answers if fact else ()) if a in answers] or sorted(answers, key=str)
    if fact is not None and fact.kind == "yes_no":
        return f"{label(name, knowledge)}: {joined(answer_words(a, fact) for a in in_order)}"
    words = (spoken(str(a)) if name in knowledge.base.tables else answer_words(a, fact) for a in in_order)
    return f"{label(name, knowledge)}: {joined(words)}"
