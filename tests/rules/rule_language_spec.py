"""The rule language as tables of tiny examples. They are tests (`test_language.py`) and the reference page.

Write the page anew with `python tests/rules/rule_language_spec.py > docs/reference/rule-language.md`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from reall.facts.vocabulary import Fact

FACTS = {
    fact.name: fact
    for fact in (
        Fact(name="months", question="How many months?", kind="number", unit="months", minimum=0, maximum=1200),
        Fact(name="blasts_pct", question="How many blasts?", kind="number", unit="percent", minimum=0, maximum=100),
        Fact(name="end_months", question="Months after?", kind="number", unit="months", minimum=-60, maximum=1200),
        Fact(name="relapse_number", question="Which relapse?", kind="count", minimum=0, maximum=12),
        Fact(name="lineage", question="Which lineage?", kind="category", answers=("B", "T", "mature_B")),
        Fact(name="transplanted", question="Transplanted before?", kind="yes_no", answers=(False, True)),
    )
}


@dataclass(frozen=True)
class Section:
    """A part of the language: words, and examples `condition | what is known | is it true?`."""

    title: str
    words: str
    examples: str

    @property
    def rows(self) -> list[list[str]]:
        """The examples, cell by cell."""
        return [[cell.strip() for cell in line.split("¦")] for line in self.examples.strip().splitlines()]


SECTIONS = (
    Section(
        "Comparing a number",
        "`<`, `<=`, `>`, `>=`, `=` and `<>` compare a number with a constant. A constant may stand on either side. "
        "The sign decides who is in: exactly 18 months is not `< 18`.",
        """
        months < 18           ¦ months: 17.99         ¦ yes
        months < 18           ¦ months: 18            ¦ no
        months <= 18          ¦ months: 18            ¦ yes
        months > 18           ¦ months: 18            ¦ no
        months > 18           ¦ months: 18.01         ¦ yes
        months >= 18          ¦ months: 18            ¦ yes
        months = 18           ¦ months: 18            ¦ yes
        months = 18           ¦ months: 18.01         ¦ no
        months <> 18          ¦ months: 18.01         ¦ yes
        18 > months           ¦ months: 17.99         ¦ yes
        end_months < -1       ¦ end_months: -2        ¦ yes
        months >= 1.8e1       ¦ months: 18            ¦ yes
        """,
    ),
    Section(
        "A number that is only partly known",
        "What is known may be an interval. A comparison is settled when every number of the interval agrees.",
        """
        months < 18           ¦                       ¦ unknown
        months < 18           ¦ months: < 12          ¦ yes
        months < 18           ¦ months: 12..24        ¦ unknown
        months < 18           ¦ months: >= 18         ¦ no
        months <= 18          ¦ months: 12..18        ¦ yes
        months = 18           ¦ months: 12..24        ¦ unknown
        """,
    ),
    Section(
        "Whole numbers",
        "A count knows only whole numbers, so that `<= 1` and `< 2` are the same.",
        """
        relapse_number <= 1   ¦ relapse_number: 1     ¦ yes
        relapse_number <= 1   ¦ relapse_number: 2     ¦ no
        relapse_number > 1    ¦ relapse_number: 2     ¦ yes
        relapse_number = 1    ¦ relapse_number: 1..2  ¦ unknown
        """,
    ),
    Section(
        "Ranges and lists",
        "`BETWEEN` includes both ends. `IN` is true when one of the listed answers is given.",
        """
        months BETWEEN 18 AND 36      ¦ months: 18          ¦ yes
        months BETWEEN 18 AND 36      ¦ months: 36          ¦ yes
        months BETWEEN 18 AND 36      ¦ months: 36.01       ¦ no
        months NOT BETWEEN 18 AND 36  ¦ months: 36.01       ¦ yes
        relapse_number IN (1, 2)      ¦ relapse_number: 2   ¦ yes
        lineage IN ('B', 'T')         ¦ lineage: T          ¦ yes
        lineage IN ('B', 'T')         ¦ lineage: mature_B   ¦ no
        lineage IN ('B', 'T')         ¦ lineage: B or T     ¦ yes
        lineage NOT IN ('B', 'T')     ¦ lineage: mature_B   ¦ yes
        """,
    ),
    Section(
        "Categories and yes/no",
        "A category is compared with a text in quotes by `=` or `<>`. A yes/no fact stands alone, or with `TRUE` or "
        "`FALSE`.",
        """
        lineage = 'B'         ¦ lineage: B            ¦ yes
        lineage = 'B'         ¦ lineage: B or T       ¦ unknown
        lineage <> 'T'        ¦ lineage: B            ¦ yes
        transplanted          ¦ transplanted: yes     ¦ yes
        NOT transplanted      ¦ transplanted: no      ¦ yes
        transplanted = TRUE   ¦ transplanted: yes     ¦ yes
        transplanted = FALSE  ¦ transplanted: yes     ¦ no
        transplanted          ¦                       ¦ unknown
        """,
    ),
    Section(
        "AND, OR, NOT and parentheses",
        "`AND` binds more strongly than `OR`. Nothing is lost by one unknown part when another part settles the whole. "
        "A condition that is true whatever the answer is true, even when nothing is known.",
        """
        lineage = 'B' AND months < 18                       ¦ lineage: T                        ¦ no
        lineage = 'B' AND months < 18                       ¦ lineage: B                        ¦ unknown
        lineage = 'B' OR months < 18                        ¦ lineage: B                        ¦ yes
        lineage = 'B' OR months < 18                        ¦ lineage: T                        ¦ unknown
        NOT (lineage = 'B' AND months < 18)                 ¦ lineage: T                        ¦ yes
        months < 18 OR months >= 18                         ¦                                   ¦ yes
        months < 18 AND months >= 18                        ¦                                   ¦ no
        lineage = 'T' OR lineage = 'B' AND months < 18      ¦ lineage: T, months: 40            ¦ yes
        (lineage = 'T' OR lineage = 'B') AND months < 18    ¦ lineage: T, months: 40            ¦ no
        transplanted AND months < 18 OR NOT transplanted    ¦ months: 12                        ¦ yes
        """,
    ),
)

REFUSED = Section(
    "What is refused",
    "Everything else is refused when the knowledge is loaded. The message names file, row and column, which "
    "counts from 1.",
    """
    month < 18                                ¦ 1   ¦ there is no fact 'month'. Did you mean 'months'?
    lineage = 'B' AND linage = 'T'            ¦ 19  ¦ there is no fact 'linage'. Did you mean 'lineage'?
    lineage = 'BCP'                           ¦ 11  ¦ 'BCP' is no answer of 'lineage'. Allowed are B, T, mature_B.
    lineage = B                               ¦ 11  ¦ there is no fact 'B'
    lineage < 'T'                             ¦ 1   ¦ 'lineage' is a category and cannot be compared with <
    lineage = 1                               ¦ 11  ¦ 'lineage' is a category and needs a text in quotes
    lineage                                   ¦ 1   ¦ 'lineage' is a category and needs a comparison
    transplanted = 'yes'                      ¦ 16  ¦ 'transplanted' is yes or no: write it alone, or with TRUE or FALSE
    months < '18'                             ¦ 10  ¦ 'months' is a number and needs a number
    blasts_pct >= 140                         ¦ 15  ¦ 140 is outside the range of 'blasts_pct' (0 to 100 percent)
    relapse_number = 1.5                      ¦ 18  ¦ 'relapse_number' is a whole number, 1.5 is not
    months < end_months                       ¦ 1   ¦ 'months' is compared with another fact
    months - end_months < 6                   ¦ 1   ¦ a fact's name is expected
    ABS(months) < 6                           ¦ 1   ¦ a fact's name is expected
    months IS NULL                            ¦ 1   ¦ IS is not part of the rule language
    lineage LIKE 'B%'                         ¦ 1   ¦ LIKE is not part of the rule language
    CASE WHEN transplanted THEN 1 ELSE 0 END  ¦ 11  ¦ CASE is not part of the rule language
    lineage IN (SELECT 1)                     ¦ 1   ¦ IN needs a list of constants
    TRUE                                      ¦     ¦ BOOLEAN is not part of the rule language
    months < 18 AND                           ¦ 15  ¦ is not a condition
    months <                                  ¦ 8   ¦ is not a condition
    """,
)

_HEAD = """# The rule language

<!-- Written from tests/rules/rule_language_spec.py. Change the examples there. -->

A rule is a condition over facts, in a small part of SQL. Every line below is a test.

The examples use six facts: `months` and `end_months` (numbers, months), `blasts_pct` (a number, 0 to 100),
`relapse_number` (a whole number), `lineage` (a category: B, T, mature_B), and `transplanted` (yes/no).

There are three answers. *yes*: the condition holds for every completion of what is known. *no*: it holds for none.
*unknown*: it depends on what is not known. Nothing is ever assumed for an unknown fact.
"""

_TAIL = """
## Facts against facts
Only `vocabulary/background*.yaml` may compare two number facts of the same unit, by `<=` or `>=`. Such a condition
always holds. It leaves out completions that cannot be. With `end_months <= months` in the background and `months: 12`,
`end_months > 12` is *no*.

## How a table answers
For each completion of what is known, in this order:

1. A definition (`derived: true`) that the case states itself is final.
2. A transplant rule is silent, or not eligible, where its system is.
3. `applies_to`: the first criterion that does not hold excludes the child (`not_eligible`, or `silent` where
   `status_if_not` says so).
4. `rules`: the first rule that holds gives the group.
5. Where no rule holds, and a definition or system that the rules use is itself silent or not eligible, so is the table.
6. `silent`: the first row that holds says that the source gives no answer.
7. Otherwise there is a gap. `reall knowledge check` does not let a table with a gap pass.

The finding for a child is the set of answers of all completions that the background allows. One group left:
`determined`. Otherwise the answer is `undetermined`, with the groups that remain and the facts that matter. It is
`unconfirmed` where all of these facts are tests that the definition itself asks for.
"""


def page() -> str:
    """Give the reference page."""
    parts = [_HEAD]
    for section in SECTIONS:
        parts.append(f"\n## {section.title}\n{section.words}\n\n| condition | known | answer |\n|---|---|---|\n")
        parts += [f"| `{condition}` | {known or 'nothing'} | {answer} |\n" for condition, known, answer in section.rows]
    parts.append(f"\n## {REFUSED.title}\n{REFUSED.words}\n\n| text | column | message |\n|---|---|---|\n")
    parts += [f"| `{text}` | {column} | {message} |\n" for text, column, message in REFUSED.rows]
    return "".join([*parts, _TAIL])


if __name__ == "__main__":
    sys.stdout.write(page())
