"""The therapy knowledge: every drug named, every option judged each way, every criterion able to decide."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from reall.library.knowledge import open_knowledge
from reall.options.eligibility import PURPOSES

THERAPY = open_knowledge().therapy
SHARED = Path(os.environ.get("REALL_SHARED", Path(__file__).parents[2] / ".." / "shared"))

MISSION = tuple(
    """
    vincristine pegaspargase asparaginase_e_coli asparaginase_erwinia crisantaspase_recombinant doxorubicin daunorubicin
    cyclophosphamide cytarabine etoposide teniposide prednisone dexamethasone mitoxantrone methotrexate hydrocortisone
    mercaptopurine tioguanine blinatumomab tisagenlecleucel inotuzumab_ozogamicin imatinib dasatinib ponatinib
    clofarabine nelarabine bortezomib daratumumab venetoclax navitoclax revumenib ruxolitinib calaspargase_pegol
    idarubicin ifosfamide fludarabine topotecan
    """.split()  # noqa: SIM905 - one block reads better than 37 quoted names
)


@pytest.mark.parametrize("drug", MISSION)
def test_every_drug_of_the_mission_has_class_target_and_codes_or_says_why_not(drug):
    agent = THERAPY.agents[drug]
    assert agent.drug_class
    assert agent.target
    assert agent.codes.get("ATC")
    assert agent.labels or agent.labels_not_seen


@pytest.mark.parametrize("drug", MISSION)
def test_every_drug_is_in_a_regimen_or_an_option(drug):
    in_regimens = {dose.agent for r in THERAPY.regimens.values() for b in r.blocks for dose in b.drugs}
    in_options = {agent for option in THERAPY.options.values() for agent in option.agents}
    assert drug in in_regimens | in_options


def test_vinca_alkaloids_are_never_given_into_the_spinal_fluid():
    """Fatal (UKALL 2003 protocol). No regimen line may say so either."""
    vinca = {a.id for a in THERAPY.agents.values() if a.drug_class == "vinca alkaloid"}
    assert vinca == {"vincristine", "vinorelbine"}
    assert all("IT" in THERAPY.agents[id_].never_route for id_ in vinca)
    lines = [d for r in THERAPY.regimens.values() for b in r.blocks for d in b.drugs if d.agent in vinca]
    assert lines
    assert not [line for line in lines if line.route == "IT"]


@pytest.mark.parametrize("option", sorted(THERAPY.options))
def test_every_option_is_eligible_open_and_not_eligible_for_some_child(ask_one, option):
    """The option's own example, the same child with one criterion's facts left out, and with them turned."""
    known = THERAPY.options[option]
    assert ask_one(option, known.example).status == "eligible"
    assert ask_one(option, {}).status == "undetermined"
    turned = {**known.example, **known.criteria[0].fails_with}
    assert ask_one(option, turned).status == "not_eligible"


CRITERIA = [(o.id, c.id) for o in THERAPY.options.values() for c in o.criteria]


@pytest.mark.parametrize(("option", "criterion"), CRITERIA)
def test_every_criterion_alone_turns_some_child_to_a_no(ask_one, option, criterion):
    known = THERAPY.options[option]
    turn = next(c for c in known.criteria if c.id == criterion)
    answer = ask_one(option, {**known.example, **turn.fails_with})
    assert answer.status == "not_eligible"
    assert criterion in {judged.criterion.id for judged in answer.deciding}
    assert answer.would_change_if


def test_every_purpose_of_the_contract_has_an_option():
    assert {option.purpose for option in THERAPY.options.values()} == set(PURPOSES)


def test_every_evidence_row_is_used_and_every_population_studied():
    used = {row for option in THERAPY.options.values() for row in option.evidence}
    assert used == set(THERAPY.evidence)
    assert {row.population for row in THERAPY.evidence.values()} == set(THERAPY.populations)


def test_an_incomplete_regimen_says_what_was_not_seen():
    assert [r.id for r in THERAPY.regimens.values() if not r.complete and not r.not_seen] == []


def test_a_dose_is_printed_with_its_unit_or_said_to_be_missing():
    for regimen in THERAPY.regimens.values():
        for block in regimen.blocks:
            for line in block.drugs:
                assert bool(line.dose) == bool(line.unit), (regimen.id, line)
                if regimen.complete and not line.dose:
                    assert line.dose_note or line.only_if or line.frequency, (regimen.id, line)


def test_regimens_keep_the_published_numbers():
    """Spot checks against the tables: AALL01P2 (Raetz 2008, table 1) and NECTAR (Whitlock 2022)."""
    block1 = {d.agent: (d.dose, d.unit, d.per, d.days) for d in THERAPY.regimens["cog_aall01p2"].blocks[0].drugs}
    assert block1["vincristine"] == ("1.5", "mg", "m2", "1, 8, 15, 22")
    assert block1["pegaspargase"] == ("2500", "U", "m2", "2, 9, 16, 23")
    assert block1["doxorubicin"] == ("60", "mg", "m2", "1")
    nectar = {d.agent: d.dose for d in THERAPY.regimens["nectar"].blocks[0].drugs}
    assert nectar == {"nelarabine": "650", "etoposide": "100", "cyclophosphamide": "400"}


def _shared(name: str) -> Path:
    path = SHARED / "research" / "data" / name
    if not path.exists():
        pytest.skip(f"{path} is not there; set REALL_SHARED to the folder that holds research/data")
    return path


def test_atc_codes_exist_in_the_who_list():
    with _shared("atc.csv").open(encoding="utf-8") as stream:
        known = {row["atc_code"]: row["atc_name"].lower() for row in csv.DictReader(stream)}
    for agent in THERAPY.agents.values():
        if "ATC" in agent.codes:
            words = {agent.id.split("_")[0], *agent.name.lower().split()}
            assert words & set(known[agent.codes["ATC"]].split()), agent.id


def test_rxnorm_and_omop_codes_belong_together():
    lines = _shared("rxnorm_ingredients.tsv").read_text(encoding="utf-8").splitlines()
    known = {cui: (name.lower(), omop) for cui, name, omop in (line.split("\t") for line in lines)}
    for agent in THERAPY.agents.values():
        if "RxNorm" in agent.codes:
            name, omop = known[agent.codes["RxNorm"]]
            assert agent.codes["OMOP"] == omop, agent.id
            assert name[:5] in {agent.id[:5], *(other.lower()[:5] for other in agent.also)}, agent.id
