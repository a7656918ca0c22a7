"""Every data-quality check finds its seeded error, and lets the same row pass once one cell is corrected."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from reall.cohort.quality.run import COMPUTED, check_frame
from reall.cohort.quality.verdict import CheckResult, QualityReport
from reall.library.knowledge import Knowledge

ERRORS = Path(__file__).with_name("quality_errors.txt")
WHOLE_COLUMNS = {
    "mrd_looks_like_percent": ("mrd_before_hsct_level_fraction", ["0.06"] * 20, ["0.05"] * 20),
    "blasts_look_like_fractions": ("marrow_blasts_pct", ["0.8"] * 9 + ["1"], ["0.8"] * 9 + ["1.1"]),
    "months_look_like_days": ("months_from_diagnosis", ["540"] * 10, ["180"] * 10),
    "months_look_like_years": ("months_from_diagnosis", ["2.5"] * 30, ["2.5"] * 29 + ["12.5"]),
    "ages_look_like_months": ("age_at_relapse_years", ["96"] * 10, ["25"] * 10),
    "blood_white_cells_in_other_unit": ("blood_wbc_per_ul", ["4.2"] * 10, ["4200"] * 10),
    "blood_red_cells_in_other_unit": ("blood_rbc_per_ul", ["4.1"] * 10, ["4100000"] * 10),
    "empty_column": ("sex", [""] * 3, ["", "male", ""]),
    "constant_column": ("sex", ["male"] * 20, ["male"] * 19 + ["female"]),
    "days_of_month_heap": (
        "relapse_date",
        [f"2015-{m:02}-{d:02}" for m in range(1, 11) for d in (1, 15, 20)],
        [f"2015-{m:02}-{d:02}" for m in range(1, 11) for d in (2, 14, 20)],
    ),
    "months_heap": ("months_from_diagnosis", ["18", "24"] * 15, ["18.5", "24"] * 15),
}
"""Check: the column, values that are told, and values just inside the limit."""


def rows_of(text: str) -> list[dict[str, str]]:
    """Read `column=value` cells; `/` parts rows."""
    return [dict(cell.split("=", 1) for cell in row.split()) for row in text.split(" / ")]


def seeded() -> list[tuple[str, list[dict[str, str]], dict[str, str]]]:
    """Read the table of errors."""
    made = []
    for line in ERRORS.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            error, correction = line.split("||")
            check, rows = error.split("|", 1)
            made.append((check.strip(), rows_of(rows.strip()), rows_of(correction.strip())[0]))
    return made


def checked(rows: list[dict[str, str]], knowledge: Knowledge) -> QualityReport:
    columns = dict.fromkeys(["lineage", *(name for row in rows for name in row)])
    return check_frame(pa.table({name: [row.get(name, "") for row in rows] for name in columns}), knowledge)


def result(report: QualityReport, check: str) -> CheckResult:
    return next(result for result in report.results if result.check.id == check)


@pytest.mark.parametrize(("check", "rows", "correction"), seeded())
def test_a_seeded_error_is_found_and_its_correction_passes(
    check: str, rows: list[dict[str, str]], correction: dict[str, str], knowledge: Knowledge
) -> None:
    found = result(checked(rows, knowledge), check)
    assert found.status == "found"
    assert len(rows) in found.first_rows
    corrected = result(checked([*rows[:-1], {**rows[-1], **correction}], knowledge), check)
    assert corrected.rows == 0
    assert corrected.status in {"clean", "not judged"}


@pytest.mark.parametrize("check", WHOLE_COLUMNS)
def test_whole_columns(check: str, knowledge: Knowledge) -> None:
    """A column is told by its distribution; just inside the limit it is not."""
    column, wrong, right = WHOLE_COLUMNS[check]
    found = result(checked([{column: value} for value in wrong], knowledge), check)
    assert (found.status, found.rows) == ("found", 0)
    assert any(column in detail for detail in found.details)
    other = result(checked([{column: value} for value in right], knowledge), check)
    assert not any(column in detail for detail in other.details)


def test_every_check_of_the_knowledge_is_tested_here(knowledge: Knowledge) -> None:
    assert {check.id for check in knowledge.quality} == {check for check, _, _ in seeded()} | WHOLE_COLUMNS.keys()
    assert len(knowledge.quality) >= 60


def test_every_function_is_named_by_a_check_and_exists(knowledge: Knowledge) -> None:
    assert {check.computed for check in knowledge.quality if check.computed} == COMPUTED


def test_a_number_that_decides_has_a_source(knowledge: Knowledge) -> None:
    """A check whose condition compares with more than 0 or 1 rests on something that it cites."""
    for check in knowledge.quality:
        numbers = [float(word) for word in check.finds.replace(")", " ").split() if word.replace(".", "").isdigit()]
        if check.limits or any(number > 1 for number in numbers):
            assert check.citation is not None, check.id


@pytest.mark.parametrize(
    "rows",
    [
        "sex=female",
        "sex=female testis_biopsy_positive=",
        "lineage=B|T primary_subtype=ETV6_RUNX1",
        "marrow_blasts_pct=<10 site_class=isolated_em",
        "cns_status=CNS1|CNS2 csf_blasts=yes",
        "relapse_number=1 previous_cr=unknown",
        "mrd_before_hsct_level_fraction=<1e-4 mrd_before_hsct_assay_sensitivity_fraction=1e-4",
        "patient= relapse_number=1 / patient= relapse_number=1 sex=male",
        "patient=a sex=male / patient=a sex= / patient=a sex=male down_syndrome=no",
    ],
)
def test_what_is_not_known_for_certain_is_never_an_error(rows: str, knowledge: Knowledge) -> None:
    report = checked(rows_of(rows), knowledge)
    assert [r.check.id for r in report.found if r.check.severity == "error"] == []


def test_an_open_interval_is_judged_to_its_edge(knowledge: Knowledge) -> None:
    """`>5` and `>=5` percent are 5 % or more; `<5` is below; `<=5` may be either."""
    rows = [{"site_class": "isolated_em", "marrow_blasts_pct": value} for value in (">5", ">=5", "<5", "<=5", "4..6")]
    found = result(checked(rows, knowledge), "isolated_em_with_marrow_blasts")
    assert (found.first_rows, found.judged) == ((1, 2), 3)


def test_a_value_between_two_others_does_not_hide_a_difference(knowledge: Knowledge) -> None:
    rows = rows_of("patient=a sex=male / patient=a sex= / patient=a sex=female / patient=b sex=female")
    assert result(checked(rows, knowledge), "sex_differs").first_rows == (1, 3)


def test_rows_of_other_batches_are_compared(knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reall.exchange.tables.ROWS_PER_BATCH", 2)
    rows = [{"case": f"c{i % 5}", "patient": f"p{i % 4}", "relapse_number": "1", "sex": "male"} for i in range(9)]
    report = checked(rows, knowledge)
    assert result(report, "case_twice").first_rows == (1, 2, 3, 4, 6, 7, 8, 9)
    assert result(report, "relapse_twice").rows == 9
    assert result(report, "identical_rows").rows == 9
    assert report.rows == 9
