"""REDCap exports: dictionary, raw and label export, repetitions, boxes, branching logic. Nobody in them exists."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from reall.base.errors import ReallError, UnusableCase
from reall.cohort.run import assign_file, open_for
from reall.exchange.redcap import import_records
from reall.exchange.redcap_dictionary import Field, read_dictionary
from reall.exchange.redcap_logic import checkbox_column, shown
from reall.library.knowledge import Knowledge

EXAMPLE = Path(__file__).parents[2] / "examples" / "redcap"
MAPPING = EXAMPLE / "mapping.yaml"


@pytest.fixture(scope="module")
def fields() -> tuple[Field, ...]:
    return read_dictionary(EXAMPLE / "dictionary.csv")


def records() -> list[dict[str, str]]:
    with (EXAMPLE / "records.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def imported(rows: list[dict[str, str]], fields: tuple[Field, ...], **options: Any) -> tuple[list[dict[str, Any]], str]:
    table, notes = import_records(pa.Table.from_pylist(rows), fields, **{"repeat": "relapse", **options})
    return table.to_pylist(), " / ".join(notes)


def test_the_dictionary(fields: tuple[Field, ...]) -> None:
    by_name = {field.name: field for field in fields}
    assert len(fields) == 20
    assert by_name["sex"].choices == (("1", "Male"), ("2", "Female"))
    assert by_name["downsyn"].choices == (("1", "Yes"), ("0", "No"))
    assert by_name["cyto"].columns == ("cyto___1", "cyto___2", "cyto___3", "cyto___4", "cyto____1")
    assert (by_name["dob"].identifier, by_name["sex"].identifier) == (True, False)
    assert by_name["testis"].logic == "[sex] = '1'"


@pytest.mark.parametrize(("code", "column"), [("1", "f___1"), ("-1", "f____1"), ("A.b", "f___a_b"), ("10", "f___10")])
def test_the_column_of_a_box(code: str, column: str) -> None:
    """As REDCap names them: lower case, every other sign an underscore."""
    assert checkbox_column("f", code) == column


LOGIC = """
    logic                                          | sex | age | em___1 || shown
                                                   |     |     |        || yes
    [sex] = '1'                                    | 1   |     |        || yes
    [sex] = "1"                                    | 2   |     |        || no
    [sex] = '1'                                    |     |     |        || no
    [sex] <> ''                                    | 2   |     |        || yes
    [sex] != ""                                    |     |     |        || no
    [sex]='1' and [age]>=10                        | 1   | 10  |        || yes
    [sex]='1' and [age]>=10                        | 1   | 9   |        || no
    [sex]='1' AND ([age]<5 or [em(1)]='1')         | 1   | 9   | 1      || yes
    [em(1)] = "1"                                  |     |     | 0      || no
    [age] > 5                                      |     |     |        || no
    not ([sex] = '1')                              | 2   |     |        || yes
    datediff([sex],'today','y') > 3                | 1   |     |        || ?
    [event_1_arm_1][sex] = '1'                     | 1   |     |        || ?
    [current-instance] = '2'                       | 1   |     |        || ?
    [gone] = '1'                                   | 1   |     |        || ?
    [sex] = '1' and                                | 1   |     |        || ?
"""


@pytest.mark.parametrize("line", LOGIC.strip().splitlines()[1:])
def test_branching_logic(line: str) -> None:
    cells, expected = line.split("||")
    logic, sex, age, box = (cell.strip() for cell in cells.split("|"))
    answer = {"yes": True, "no": False, "?": None}[expected.strip()]
    assert shown(logic, {"sex": sex, "age": age, "em___1": box}) is answer


def test_one_row_per_relapse_with_what_is_said_once(fields: tuple[Field, ...]) -> None:
    rows, notes = imported(records(), fields)
    assert [(r["record_id"], r["rel_no"], r["sex"]) for r in rows] == [
        ("1", "1", "1"), ("1", "2", "1"), ("2", "1", "2"), ("3", "1", "1"), ("5", "1", "2"),
    ]  # fmt: skip
    assert "records without 'relapse', which give no row: 1" in notes


def test_a_hidden_field_was_not_asked(fields: tuple[Field, ...]) -> None:
    """A box that was never shown is exported as 0; it is unknown, not no."""
    rows, notes = imported(records(), fields)
    assert [r["em_sites___1"] for r in rows] == [None, None, "1", None, "0"]
    assert "em_sites was not asked in 3 rows ([other_em] = '1')" in notes


def test_a_stale_answer_under_a_hidden_field_is_told(fields: tuple[Field, ...]) -> None:
    changed = records()
    changed[4]["testis"] = "1"  # a girl
    rows, notes = imported(changed, fields)
    assert rows[2]["testis"] is None
    assert "testis was not asked in 2 rows ([sex] = '1'); 1 answers under it are stale and not used" in notes


def test_identifiers_are_left_out_unless_they_are_mapped(fields: tuple[Field, ...]) -> None:
    rows, notes = imported(records(), fields)
    assert "initials" not in rows[0]
    assert "identifiers are left out: dob, initials" in notes
    assert imported(records(), fields, keep=["dob"])[0][0]["dob"] == "2009-05-14"


def labelled() -> list[dict[str, str]]:
    """Write the records as REDCap's label export does: labels for codes, and labels in the header."""
    fields = {field.name: field for field in read_dictionary(EXAMPLE / "dictionary.csv")}
    of_box = {column: f for f in fields.values() if f.kind == "checkbox" for column in f.columns}
    heads = {"redcap_repeat_instrument": "Repeat Instrument", "redcap_repeat_instance": "Repeat Instance"}
    made = []
    for record in records():
        row = {}
        for column, text in record.items():
            if column in of_box:
                field = of_box[column]
                label = dict(zip(field.columns, (name for _, name in field.choices), strict=True))[column]
                row[f"{field.label} (choice={label})"] = {"1": "Checked", "0": "Unchecked"}.get(text, text)
            elif column in fields:
                row[fields[column].label] = dict(fields[column].choices).get(text, text)
            else:
                row[heads.get(column, column)] = text
        made.append(row)
    return made


def test_a_label_export_gives_the_same_rows(fields: tuple[Field, ...]) -> None:
    raw, _ = imported(records(), fields)
    rows, notes = imported(labelled(), fields)

    def plain(row: dict[str, Any]) -> dict[str, Any]:
        return {name: {"Checked": "1", "Unchecked": "0"}.get(text, text) for name, text in row.items()}

    assert [plain(row) for row in rows] == raw
    assert "this is a label export" in notes


def test_one_mapping_serves_both_exports(tmp_path: Path, knowledge: Knowledge) -> None:
    table = tmp_path / "labels.csv"
    with table.open("w", encoding="utf-8", newline="") as stream:
        rows = labelled()
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    made = []
    for path in (EXAMPLE / "records.csv", table):
        (batch,) = open_for(path, knowledge, mapping=MAPPING)[0].batches
        made.append(
            {
                name: batch.rows[name].to_pylist()
                for name in knowledge.vocabulary.statable
                if name in batch.rows.schema.names
            }
        )
    assert made[0] == made[1]


def test_the_example_is_assigned(tmp_path: Path, knowledge: Knowledge) -> None:
    """Record 1: 0.05 % is 5e-4; the code -999 and a hidden site are unknown."""
    summary = assign_file(EXAMPLE / "records.csv", knowledge, mapping=MAPPING, out=tmp_path / "out.csv")
    assert (summary.form, summary.rows, summary.unusable) == ("redcap", 5, 0)
    with (tmp_path / "out.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    mrd = "mrd_end_of_reinduction_block1_level_fraction"
    assert [row[mrd] for row in rows] == ["0.0005", "0.002", "0.015", "0", ""]
    assert [row["other_em_sites"] for row in rows] == ["", "", "Mediastinum", "", "Skin"]
    assert [row["relapse_number"] for row in rows] == ["1", "2", "1", "1", "1"]
    assert rows[2]["all_rez_bfm_s.status"] == "determined"
    assert rows[1]["all_rez_bfm_s.status"] == "not_eligible"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"strange": "1"}, "the column 'strange' is no field of the data dictionary"),
        ({"repeat": ""}, "several rows per record .relapse."),
        ({"repeat": "visit"}, "several rows per record .relapse., and no 'visit'"),
    ],
)
def test_what_an_export_is_refused_for(change: dict[str, str], message: str, fields: tuple[Field, ...]) -> None:
    repeat = change.pop("repeat", "relapse")
    with pytest.raises(UnusableCase, match=message):
        imported([{**record, **change} for record in records()], fields, repeat=repeat)


def test_without_a_mapping_the_next_step_is_told(knowledge: Knowledge) -> None:
    with pytest.raises(ReallError, match=r"reall cohort map RECORDS.csv --dictionary DICTIONARY.csv"):
        open_for(EXAMPLE / "records.csv", knowledge, "redcap")


LONGITUDINAL = [
    {"record_id": "1", "redcap_event_name": "diagnosis_arm_1", "redcap_repeat_instance": "", "sex": "1", "rel_no": ""},
    {"record_id": "1", "redcap_event_name": "relapse_arm_1", "redcap_repeat_instance": "1", "sex": "", "rel_no": "1"},
    {"record_id": "1", "redcap_event_name": "relapse_arm_1", "redcap_repeat_instance": "2", "sex": "", "rel_no": "2"},
]


def test_a_repeating_event(fields: tuple[Field, ...]) -> None:
    rows, _ = imported(LONGITUDINAL, fields, repeat="relapse_arm_1")
    assert [(row["sex"], row["rel_no"]) for row in rows] == [("1", "1"), ("1", "2")]


def test_several_events_are_never_taken_for_several_relapses(fields: tuple[Field, ...]) -> None:
    events = [{**record, "redcap_repeat_instance": ""} for record in LONGITUDINAL[:2]]
    with pytest.raises(UnusableCase, match=r"several rows per record .diagnosis_arm_1, relapse_arm_1."):
        imported(events, fields, repeat="")


def test_two_events_must_not_answer_differently(fields: tuple[Field, ...]) -> None:
    other = {**LONGITUDINAL[0], "redcap_event_name": "follow_up_arm_1", "sex": "2"}
    with pytest.raises(UnusableCase, match="two events of one record answer 'sex' differently"):
        imported([*LONGITUDINAL, other], fields, repeat="relapse_arm_1")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "the data dictionary has no column 'Variable / Field Name'"),
    ],
)
def test_what_is_no_dictionary(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text(text, encoding="utf-8")
    with pytest.raises(UnusableCase, match=message):
        read_dictionary(tmp_path / "d.csv")
