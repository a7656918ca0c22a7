"""Imports cBioPortal clinical tables of TARGET ALL Phase II: one row per first relapse, in the columns of a registry.

Nothing is assumed: what the table does not say stays unknown (the end of therapy, MRD after reinduction, earlier
transplants), and MRD at the end of *first-line* induction is not taken for MRD after reinduction. A site of relapse
that the table names counts as confirmed, as the conventions of the case file have it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa

from reall.base.dates import DAYS_PER_MONTH
from reall.base.errors import UnusableCase

MARKS = frozenset({"Patient ID", "First Event", "Time To Event (days)", "Bone Marrow Site of Relapse"})
"""Columns by which such a table is known."""
_PASSED = ("Protocol", "Overall Survival Days", "Overall Survival Status")
_DAYS_PER_YEAR = 365.25
_UNKNOWN = frozenset({"", "NA", ".", "Unknown"})
_YES_NO = {"Yes": True, "No": False}
_LINEAGES = {"B-Precursor": "B", "B Cell ALL": "B", "T Cell ALL": "T"}
_CNS = {True: "CNS3|CNS3a|CNS3b|CNS3c", False: "CNS1|CNS2|CNS2a|CNS2b|CNS2c"}
_SUBTYPES: dict[str, frozenset[str]] = {
    "ETV6-RUNX1": frozenset({"ETV6_RUNX1"}),
    "TCF3-PBX1": frozenset({"TCF3_PBX1"}),
    "TCF3-HLF": frozenset({"TCF3_HLF"}),
    "BCR-ABL1": frozenset({"BCR_ABL1"}),
    "MLL-Rearranged": frozenset({"KMT2A_AFF1", "KMT2A_r_other"}),
    "iAMP21": frozenset({"iAMP21"}),
    "Hypodiploid": frozenset({"near_haploidy", "low_hypodiploidy", "high_hypodiploidy"}),
}
_FUSIONS = {
    "BCR ABL1 Status": "BCR-ABL1",
    "ETV6-RUNX1 Fusion Status": "ETV6-RUNX1",
    "TCF3-PBX1 Status": "TCF3-PBX1",
    "MLL Status": "MLL-Rearranged",
}
NOTES = (
    f"months are days / {DAYS_PER_MONTH}: the table has day counts and no dates",
    "ages are days / 365.25; the age at relapse adds the days to the event",
    "the table holds no end of therapy, no MRD after reinduction and no transplant dates: these stay unknown",
    "MRD at the end of first-line induction is no MRD after reinduction, and is not used",
    "survival after relapse is the days of overall survival less the days to the event; events after it are not known",
)
CAVEATS = (
    "the study is enriched for early marrow relapse: survival is about 10 points below other cohorts (Rheingold 2024)",
)
"""What must stand beside every figure made of this table."""
_DEATH = {"1:DECEASED": "yes", "0:LIVING": "no"}

Record = Mapping[str, str]


def import_first_relapses(table: pa.Table, primary_subtypes: Sequence[str]) -> pa.Table:
    """Turn the clinical table (one row per sample) into one row per first relapse, every column text.

    `primary_subtypes` are the vocabulary's. Raises `UnusableCase` when a column is missing, an answer is none that the
    table is known to use, or the samples of one patient disagree about the relapse.
    """
    patients = _patients(table)
    relapses = [record for record in patients.values() if record["First Event"] == "Relapse"]
    if not relapses:
        raise UnusableCase("no row has the first event Relapse", next="Check that this is the clinical table.")
    makers: dict[str, Callable[[Record], str | None]] = {
        "case": lambda r: r["Patient ID"],
        "relapse_number": lambda r: "1",  # noqa: ARG005 - every row is a first relapse
        "lineage": lambda r: _answer(r, "Cell of tumor origin", _LINEAGES),
        "sex": lambda r: _answer(r, "Sex", {"Male": "male", "Female": "female"}),
        "age_at_diagnosis_years": lambda r: _years(r, "Diagnosis Age (days)"),
        "age_at_relapse_years": lambda r: _years(r, "Diagnosis Age (days)", "Time To Event (days)"),
        "days_from_diagnosis": lambda r: _given(r, "Time To Event (days)"),
        "site_class": _site_class,
        "cns_status": lambda r: _answer(r, "CNS Site of Relapse", {"Yes": _CNS[True], "No": _CNS[False]}),
        "testis_biopsy_positive": lambda r: _answer(r, "Testes Site of Relapse", {"Yes": "yes", "No": "no"}),
        "other_em_involved": lambda r: _answer(r, "Other Site of Relapse", {"Yes": "yes", "No": "no"}),
        "bcr_abl1": lambda r: _answer(r, "BCR ABL1 Status", {"Positive": "yes", "Negative": "no"}),
        "trisomy_4_and_10": lambda r: _answer(r, "Trisomy 4_10", {"Positive": "yes", "Negative": "no"}),
        "primary_subtype": lambda r: _subtype(r, primary_subtypes),
    }
    made = {name: pa.array([maker(r) for r in relapses], pa.string()) for name, maker in makers.items()}
    if "Overall Survival Days" in relapses[0]:
        made["overall_survival_days"] = pa.array([_days_after_relapse(r) for r in relapses], pa.string())
    if "Overall Survival Status" in relapses[0]:
        death = [_answer(r, "Overall Survival Status", _DEATH) for r in relapses]
        made["death"] = pa.array(death, pa.string())
    passed = {
        name: pa.array([_given(r, name) for r in relapses], pa.string()) for name in _PASSED if name in relapses[0]
    }
    return pa.table(made | passed)


_NEEDED = (
    "Patient ID", "First Event", "Time To Event (days)", "Diagnosis Age (days)", "Sex", "Cell of tumor origin",
    "Bone Marrow Site of Relapse", "CNS Site of Relapse", "Testes Site of Relapse", "Other Site of Relapse",
    "Trisomy 4_10", "Molecular Subtype", *_FUSIONS,
)  # fmt: skip


def _patients(table: pa.Table) -> dict[str, Record]:
    """Keep one record per patient; samples of one patient must agree in the columns that are used."""
    absent = [name for name in _NEEDED if name not in table.column_names]
    if absent:
        raise UnusableCase(
            f"the clinical table has no column {absent[0]!r}", next="Export it from cBioPortal with all columns."
        )
    patients: dict[str, Record] = {}
    for number, record in enumerate(table.to_pylist(), start=1):
        texts = {name: "" if value is None else str(value).strip() for name, value in record.items()}
        before = patients.setdefault(texts["Patient ID"], texts)
        differ = [name for name in _NEEDED if before[name] != texts[name]]
        if differ:
            raise UnusableCase(
                f"two samples of one patient differ in {differ[0]!r}", where=f"row {number}", next="Correct the table."
            )
    return patients


def _given(record: Record, column: str) -> str | None:
    text = record[column]
    return None if text in _UNKNOWN else text


def _answer(record: Record, column: str, answers: Mapping[str, str]) -> str | None:
    text = _given(record, column)
    if text is None:
        return None
    if text not in answers:
        raise UnusableCase(
            f"{column!r} holds {text!r}", why=f"Known are {', '.join(answers)}.", next="Correct the table."
        )
    return answers[text]


def _years(record: Record, *columns: str) -> str | None:
    days = [_given(record, column) for column in columns]
    return None if None in days else repr(sum(float(str(each)) for each in days) / _DAYS_PER_YEAR)


def _days_after_relapse(record: Record) -> str | None:
    ends = [_given(record, column) for column in ("Overall Survival Days", "Time To Event (days)")]
    return None if None in ends else repr(float(str(ends[0])) - float(str(ends[1])))


def _site_class(record: Record) -> str | None:
    """Give the site classes that the four sites leave possible; a site that is not known leaves two."""
    marrow = _YES_NO.get(record["Bone Marrow Site of Relapse"])
    others = [_YES_NO.get(record[f"{site} Site of Relapse"]) for site in ("CNS", "Testes", "Other")]
    outside = True if True in others else None if None in others else False
    classes = {
        (True, True): "combined",
        (True, False): "isolated_marrow",
        (False, True): "isolated_em",
    }  # a relapse without any site is left unknown: the table cannot mean it
    possible = [
        name
        for (in_marrow, elsewhere), name in classes.items()
        if marrow in (in_marrow, None) and outside in (elsewhere, None)
    ]
    return "|".join(possible) or None


def _subtype(record: Record, subtypes: Sequence[str]) -> str | None:
    """Give the primary subtypes that the fusion results and the molecular subtype leave possible."""
    possible = set(subtypes)
    for column, name in _FUSIONS.items():
        status = _answer(record, column, {"Positive": "yes", "Negative": "no"})
        if status is not None:
            possible &= _SUBTYPES[name] if status == "yes" else possible - _SUBTYPES[name]
    possible &= _SUBTYPES.get(record["Molecular Subtype"], possible)
    return None if not possible or len(possible) == len(subtypes) else "|".join(sorted(possible))
