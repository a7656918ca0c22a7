"""Worked cases of risk-group assignment, read by the rules in the header of their file.

They were constructed from published rules outside this project; the expected values are theirs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from reall.base.documents import Document
from reall.facts.case import read_case
from reall.library.knowledge import open_knowledge
from reall.rules.evaluate import Finding
from reall.stratify.assess import assess

SHARED = Path(os.environ.get("REALL_SHARED", Path(__file__).parents[3] / "shared"))
FILE = SHARED / "cases" / "vignettes_open.yaml"

# "aliases of undetermined fields", from the header
ALIASES = {
    "end_of_primary_therapy": {
        "months_after_end_of_primary_therapy", "treatment_end_date", "on_primary_therapy_at_relapse",
    },
    "mrd_end_block1": {"mrd_end_of_reinduction_block1_level_fraction"},
    "mrd_sensitivity": {"mrd_end_of_reinduction_block1_assay_sensitivity_fraction"},
    "blood_counts": {"csf_to_blood_wbc_rbc_ratio", "blood_wbc_per_ul", "blood_rbc_per_ul"},
    "karyotype": {"primary_subtype", "genetics"},
}  # fmt: skip

VIGNETTES: list[dict[str, Any]] = (
    YAML(typ="safe", pure=True).load(FILE.read_text(encoding="utf-8"))["vignettes"] if FILE.exists() else []
)

pytestmark = pytest.mark.skipif(not VIGNETTES, reason=f"the vignettes are not at {FILE}; set REALL_SHARED")


def _expected(vignette: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Give each id with the answer expected; transplant answers carry the prefix `hsct.`."""
    expected = dict(vignette["expected"])
    transplant = expected.pop("hsct_in_cr2", {})
    for prefix, answers in (("", expected), ("hsct.", transplant)):
        for id_, answer in answers.items():
            yield f"{prefix}{id_}", {True: "yes", False: "no"}.get(answer, answer)


def _agrees(finding: Finding, expected: str) -> bool:
    status, _, field = expected.partition(":")
    if status not in {"undetermined", "not_eligible", "unconfirmed", "silent"}:
        return finding.value == expected
    if finding.status != status:
        return False
    if status == "undetermined":
        return bool(ALIASES.get(field, {field}) & set(finding.missing))
    return status != "not_eligible" or (finding.excluded_by or "").startswith(field)


def _may_differ(vignette: dict[str, Any], id_: str, finding: Finding) -> bool:
    """Say whether the header allows another answer: a silent one, or an ambiguous one with its conflict stated."""
    if finding.status == "silent" and id_.removeprefix("hsct.") in vignette.get("accept_silent", []):
        return True
    ambiguous = vignette.get("ambiguous") and id_ in vignette.get("ambiguous_systems", [id_])
    return bool(ambiguous and finding.conflicts)


@pytest.mark.parametrize("vignette", VIGNETTES, ids=[v["id"] for v in VIGNETTES])
def test_a_vignette_gets_the_expected_answers(vignette: dict[str, Any]) -> None:
    knowledge = open_knowledge()
    inputs = dict(vignette["inputs"])
    mrd = inputs.pop("mrd", None)
    document = Document({"case": vignette["id"], "facts": inputs, "mrd": [mrd] if mrd else None}, {}, vignette["id"])
    done = assess(read_case(document, knowledge.vocabulary), knowledge)
    found = {**done.derived, **done.systems, **{f"hsct.{i}": f for i, f in done.transplant.items()}}
    for id_, expected in _expected(vignette):
        finding = found[id_]
        said = finding.value or f"{finding.status}, missing {finding.missing}, excluded by {finding.excluded_by}"
        assert _agrees(finding, expected) or _may_differ(vignette, id_, finding), f"{id_}: {expected} expected, {said}"
