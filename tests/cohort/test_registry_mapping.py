"""Mapping files: what they read, what they refuse, and what a draft proposes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reall.base.errors import ReallError, UnusableCase
from reall.base.units import CONVERSIONS, converted
from reall.cohort.mapping.check import check_mapping, open_points
from reall.cohort.mapping.draft import as_yaml, draft
from reall.cohort.mapping.seen import look_at
from reall.cohort.registry import registry_columns
from reall.cohort.run import assign_file, open_for
from reall.exchange.mapping import read_mapping
from reall.library.knowledge import Knowledge

UNITS = """
    given  | in       | unit of the fact     || becomes
    1.5    | years    | months               || 18
    0.07   | percent  | fraction of cells    || 0.0007
    0.1    | percent  | fraction of cells    || 0.001
    <0.01  | percent  | fraction of cells    || <0.0001
    1..5   | percent  | fraction of cells    || 0.01..0.05
    1E-2   | percent  | fraction of cells    || 0.0001
    0.05   | fraction | percent              || 5
    365.25 | days     | months               || 12
    730.5  | days     | years                || 2
    216    | months   | years                || 18
    4.2    | 1e9/l    | cells per microlitre || 4200
    >=0.3  | 1e12/l   | cells per microlitre || >=300000
    10     | per_million | fraction of cells || 0.00001
    -2     | years    | months               || -24
"""


@pytest.mark.parametrize("line", UNITS.strip().splitlines()[1:])
def test_units_are_converted_exactly(line: str) -> None:
    """Expected numbers are the definitions of the units; 18 months must not become 17.999."""
    before, becomes = line.split("||")
    text, given_in, unit = (part.strip() for part in before.split("|"))

    def parts(written: str) -> list[tuple[str, float]]:
        signs = [(part.strip(" 0123456789.eE-+"), part.strip(" <>=")) for part in written.split("..")]
        return [(sign, float(number)) for sign, number in signs]

    assert parts(converted(text, unit=unit, given_in=given_in)) == parts(becomes)


@given(st.integers(0, 10**6), st.sampled_from(sorted(CONVERSIONS)))
def test_a_units_own_unit_changes_nothing(number: int, unit: str) -> None:
    own = next(iter(CONVERSIONS[unit]))
    assert float(converted(str(number), unit=unit, given_in=own)) == number


TABLE = """patient;geschlecht;erstdiagnose;rezidiv_am;linie;mrd_pct;etv;ph;bemerkung;sex
a;m;01.03.2016;01.09.2017;1;0,05;1;0;x;zz
b;w;15.01.2015;29.02.2016;2;<0,01;0;0;;zz
c;?;;3.3.2018;9;-9;;1;;zz
d;d;31.12.2015;2018-01-01;7;0,1;5;0;;zz
"""
MAPPING = """\
schema: reall.mapping/1
missing: [-9]
decimal: ","
columns:
  - {column: geschlecht, fact: sex, codes: {m: male, w: female, "?": unknown}}
  - {column: erstdiagnose, fact: diagnosis_date, dates: DD.MM.YYYY}
  - {column: rezidiv_am, fact: relapse_date, dates: DD.MM.YYYY}
  - {column: linie, fact: lineage, codes: {"1": B, "2": T, "9": [B, T]}}
  - {column: mrd_pct, fact: mrd_before_hsct_level_fraction, unit: percent}
  - {members: {etv: "ETV6::RUNX1", ph: "BCR::ABL1"}, fact: genetics, unticked: no}
"""


def written(folder: Path, mapping: str = MAPPING, table: str = TABLE) -> tuple[Path, Path]:
    one, other = folder / "t.csv", folder / "m.yaml"
    one.write_text(table, encoding="utf-8")
    other.write_text(mapping, encoding="utf-8")
    return one, other


def test_what_a_mapping_reads(tmp_path: Path, knowledge: Knowledge) -> None:
    table, mapping = written(tmp_path)
    source, _ = open_for(table, knowledge, mapping=mapping)
    (batch,) = source.batches
    rows = batch.rows.to_pydict()
    assert rows["sex"] == ["male", "female", None, None]
    assert rows["diagnosis_date"] == ["2016-03-01", "2015-01-15", None, "2015-12-31"]
    assert rows["relapse_date"] == ["2017-09-01", "2016-02-29", "2018-03-03", None]
    assert rows["lineage"] == ["B", "T", "B|T", None]
    assert rows["mrd_before_hsct_level_fraction"] == ["0.0005", "<0.0001", None, "0.001"]
    assert rows["genetics"] == [
        "ETV6::RUNX1|not BCR::ABL1",
        "not ETV6::RUNX1|not BCR::ABL1",
        "BCR::ABL1",
        "not BCR::ABL1",
    ]


def test_what_is_not_explained_makes_its_row_unusable(tmp_path: Path, knowledge: Knowledge) -> None:
    table, mapping = written(tmp_path)
    summary = assign_file(table, knowledge, mapping=mapping, out=tmp_path / "out.csv")
    assert (summary.rows, summary.unusable) == (4, 1)
    assert {(p.row, p.column) for p in summary.first_problems} == {
        (4, "geschlecht"), (4, "rezidiv_am"), (4, "linie"), (4, "etv, ph"),
    }  # fmt: skip
    reasons = " ".join(p.reason for p in summary.first_problems)
    assert "the code 'd' is not explained in the mapping" in reasons
    assert "'2018-01-01' is no date written DD.MM.YYYY" in reasons
    assert "etv: '5' is neither ticked nor not" in reasons


def test_the_table_keeps_all_its_columns(tmp_path: Path, knowledge: Knowledge) -> None:
    """A column whose name another one takes is renamed, not lost."""
    table, mapping = written(tmp_path)
    (batch,) = open_for(table, knowledge, mapping=mapping)[0].batches
    rows = batch.rows.to_pydict()
    assert rows["given.sex"] == ["zz"] * 4
    assert rows["given.geschlecht"] == ["m", "w", "?", "d"]
    assert rows["bemerkung"] == ["x", "", "", ""]


BOXES = """
    a | b | unticked || sites
    1 | 0 | unknown  || skin
    0 | 0 | unknown  || -
    0 | 0 | no       || none
    1 | 1 | no       || skin|eye
    0 |   | no       || -
      |   | no       || -
    1 |   | no       || skin
"""


@pytest.mark.parametrize("line", BOXES.strip().splitlines()[1:])
def test_boxes_become_a_list(line: str, tmp_path: Path, knowledge: Knowledge) -> None:
    """A box that is not ticked means no only where the mapping says so; one open box leaves "none" uncertain."""
    cells, sites = (part.strip() for part in line.split("||"))
    a, b, unticked = (cell.strip() for cell in cells.split("|"))
    mapping = f"""\
schema: reall.mapping/1
columns:
  - {{members: {{a: skin, b: eye}}, fact: other_em_sites, unticked: {unticked}}}
"""
    table, file = written(tmp_path, mapping, f"a,b,lineage\n{a},{b},B\n")
    (batch,) = open_for(table, knowledge, mapping=file)[0].batches
    assert batch.rows["other_em_sites"].to_pylist() == [None if sites == "-" else sites]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{column: linie, fact: linage}", "there is no column 'linage' in a registry table"),
        ('{column: linie, fact: lineage, codes: {"1": C}}', "'1' is mapped to 'C', which is no answer of lineage"),
        ("{column: mrd_pct, fact: mrd_before_hsct_level_fraction, unit: months}", "cannot be given in 'months'"),
        ("{column: linie, fact: lineage, dates: DD.MM.YYYY}", "lineage is no date"),
        ("{column: linie, fact: lineage, color: red}", "color"),
        ("{column: linie, fact: lineage, dates: DD.MM.YY}", "DD.MM.YY"),
        ("{members: {etv: x}, fact: lineage}", "lineage is no list"),
        ("{column: nowhere, fact: sex}", "the table has no column 'nowhere'"),
        ("{column: linie, fact: lineage, sure: no}", "1 entries of the mapping are not confirmed: linie"),
        ('{column: linie, fact: lineage, codes: {"1": "?"}}', "1 entries of the mapping are not confirmed: linie"),
    ],
)
def test_mappings_that_are_refused(entry: str, message: str, tmp_path: Path, knowledge: Knowledge) -> None:
    table, mapping = written(tmp_path, f"schema: reall.mapping/1\ncolumns:\n  - {entry}\n")
    with pytest.raises(ReallError, match=message):
        open_for(table, knowledge, mapping=mapping)


def test_one_fact_given_twice_is_refused(tmp_path: Path, knowledge: Knowledge) -> None:
    entries = "  - {column: linie, fact: lineage}\n  - {column: ph, fact: lineage}\n"
    _, mapping = written(tmp_path, f"schema: reall.mapping/1\ncolumns:\n{entries}")
    with pytest.raises(UnusableCase, match="lineage is given by two entries"):
        read_mapping(mapping, registry_columns(knowledge.vocabulary))


PLAIN = """Patient ID,Gender,Date of birth,Time to relapse,MRD after induction %,Relapse site,Immunophenotype,WBC,x1
1,m,2010-05-14,14.2,0.05,BM,B-ALL,4.5,a
2,f,2011-04-02,30.1,1.5,BM combined,T-ALL,33.0,b
3,f,2009-12-11,40,120,Testis,pre-B,9.1,a
"""


def test_a_draft_says_what_it_is_sure_of_and_why(tmp_path: Path, knowledge: Knowledge) -> None:
    table, _ = written(tmp_path, table=PLAIN)
    made = draft(look_at(table, knowledge), knowledge.vocabulary)
    by_column = {entry.columns[0]: entry for entry in made.entries}
    assert len(by_column) == 9  # every column stands in one entry
    sex = by_column["Gender"]
    assert (sex.fact, sex.sure, sex.codes) == ("sex", True, {"m": "male", "f": "female"})
    assert (by_column["Date of birth"].fact, by_column["Date of birth"].sure) == ("birth_date", True)
    lineage = by_column["Immunophenotype"]
    assert (lineage.fact, lineage.codes) == ("lineage", {"B-ALL": "B", "T-ALL": "T", "pre-B": "B"})
    months = by_column["Time to relapse"]
    assert (months.fact, months.sure) == ("months_from_diagnosis", False)
    assert "the unit is not written" in months.because
    mrd = by_column["MRD after induction %"]
    assert (mrd.fact, mrd.unit, mrd.sure) == ("mrd_end_of_reinduction_block1_level_fraction", "percent", False)
    assert "not of first-line induction" in mrd.because
    site = by_column["Relapse site"]
    assert (site.fact, site.sure) == ("site_class", False)
    assert site.codes == {"BM": "isolated_marrow", "BM combined": "combined", "Testis": "?"}
    assert (by_column["x1"].fact, by_column["x1"].because) == ("", "no fact was recognised")


def test_a_draft_is_a_mapping_file_that_is_refused_until_it_is_confirmed(tmp_path: Path, knowledge: Knowledge) -> None:
    table, mapping = written(tmp_path, table=PLAIN)
    mapping.write_text(as_yaml(draft(look_at(table, knowledge), knowledge.vocabulary)), encoding="utf-8")
    with pytest.raises(UnusableCase, match="are not confirmed"):
        open_for(table, knowledge, mapping=mapping)
    check = check_mapping(table, mapping, knowledge)
    assert not check.ready
    assert "Relapse site: not confirmed" in list(open_points(check))


@pytest.mark.parametrize(
    ("values", "form", "sure"),
    [
        (("2016-03-01", "2015-12-31"), "", True),
        (("01.03.2016", "31.12.2015"), "DD.MM.YYYY", True),
        (("12/31/2015", "03/01/2016"), "MM/DD/YYYY", True),
        (("01/03/2016", "02/12/2015"), "DD/MM/YYYY", False),  # could as well be January 3rd
        (("March 2016", "2015"), "", False),
    ],
)
def test_a_date_format_is_sure_only_where_no_other_fits(
    values: tuple[str, ...], form: str, sure: bool, tmp_path: Path, knowledge: Knowledge
) -> None:
    table, _ = written(tmp_path, table="\n".join(["relapse_date,sex", *(f"{value},male" for value in values)]))
    made = draft(look_at(table, knowledge), knowledge.vocabulary)
    entry = next(entry for entry in made.entries if entry.fact == "relapse_date")
    assert (entry.dates, entry.sure) == (form, sure)


def test_two_columns_for_one_fact_are_both_told(tmp_path: Path, knowledge: Knowledge) -> None:
    table, _ = written(tmp_path, table="gender,geschlecht\nm,m\nf,w\n")
    made = draft(look_at(table, knowledge), knowledge.vocabulary)
    one, other = made.entries
    assert (one.fact, one.sure, other.fact) == ("sex", False, "")
    assert "'geschlecht' looks like it too" in one.because
    assert "looks like sex, which another column gives" in other.because


def test_a_check_counts_what_is_read_and_what_is_not(tmp_path: Path, knowledge: Knowledge) -> None:
    table, mapping = written(tmp_path)
    check = check_mapping(table, mapping, knowledge)
    assert check.read["sex"] == 2
    assert check.unmapped == ("patient", "bemerkung")
    assert ("geschlecht", 1) in {(unread.column, unread.rows) for unread in check.unread}
    assert not check.ready


def test_a_check_tells_units_that_betray_themselves(tmp_path: Path, knowledge: Knowledge) -> None:
    rows = "".join(f"B,{months}\n" for months in range(400, 430))
    mapping = "schema: reall.mapping/1\ncolumns:\n  - {column: t, fact: months_from_diagnosis}\n"
    table, file = written(tmp_path, mapping, "lineage,t\n" + rows)
    points = " ".join(open_points(check_mapping(table, file, knowledge)))
    assert "Months from diagnosis look like days" in points
    assert "414.5" in points


def test_codes_are_written_for_yaml_12(tmp_path: Path, knowledge: Knowledge) -> None:
    """`no` and `1` stay texts."""
    table, _ = written(tmp_path, table="down_syndrome,t\n1,a\n0,b\n")
    text = as_yaml(draft(look_at(table, knowledge), knowledge.vocabulary))
    assert json.dumps({"1": "yes", "0": "no"}) in text
    assert "1 and 0" in text or "0 and 1" in text
