"""Simulated children to the rows of a registry table: one per relapse, the relapses of a child one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from reall.cohort import outcome_columns as oc
from reall.cohort.cells_of_text import NO_DATE
from reall.cohort.columns import Codes, Flags, Floats
from reall.cohort.simulate.children import Children, Population
from reall.cohort.simulate.columns import Column, Counted, Days, Table, Words, one_word, yes_no
from reall.cohort.simulate.course import EVENTS, Course, day_of_sample, live_through
from reall.exchange.registries import SIMULATED

TIMEPOINT = "end_of_reinduction_block1"
_YES = "yes"


def table_of(rng: np.random.Generator, people: Population, children: Children) -> tuple[Table, Codes]:
    """Give the rows of some children, and which child each row is about (by place among them)."""
    first = _facts(rng, people, children, children.place["site"]) | _first_only(len(children.relapse))
    first |= _outcome(children.course, children.last_seen, people.model.numbers["mrd_sensitivity"])
    again = np.flatnonzero(_comes(children.course.relapse, children.last_seen))
    second = _second_relapse(rng, people, children, again)
    child = np.concatenate([np.arange(len(children.relapse)), again])
    order = np.argsort(2 * child + (np.arange(len(child)) >= len(children.relapse)), kind="stable")
    return Table.interleaved(Table(first), Table(second), order), child[order]


def _comes(day: Floats, last_seen: Floats) -> Flags:
    """Tell which days come, and before the child is last seen."""
    made: Flags = ~np.isnan(day) & (np.where(np.isnan(day), np.inf, day) < last_seen)
    return made


def _facts(rng: np.random.Generator, people: Population, children: Children, site: Codes) -> dict[str, Column]:
    """Write who the child is and where the relapse is."""
    rows, model = len(children.relapse), people.model
    sites = list(model.dimensions["site"].values())
    marrow, cns, testis = (np.array([bool(s[of]) for s in sites])[site] for of in ("marrow", "cns", "testis"))
    numbers = model.numbers
    low = np.where(marrow, numbers["blasts_least_pct"], 0)
    high = np.where(marrow, numbers["blasts_most_pct"], numbers["blasts_most_pct_uninvolved"])
    blasts = np.floor(low + rng.random(rows) * (high - low))
    cns2 = rng.random(rows) < numbers["cns2"]
    off = children.therapy_end <= children.relapse
    return {
        SIMULATED: one_word(np.zeros(rows, dtype=np.int64), [_YES]),
        "sex": one_word(children.male.astype(np.int64), ["female", "male"]),
        "birth_date": Days(children.birth),
        "diagnosis_date": Days(children.diagnosis),
        "first_cr_date": Days(children.first_remission),
        "treatment_end_date": Days(np.where(off, children.therapy_end, NO_DATE)),
        "on_primary_therapy_at_relapse": yes_no(~off),
        "relapse_date": Days(children.relapse),
        **_biology(people, children),
        "marrow_blasts_pct": Counted(blasts),
        "blood_blasts": yes_no(marrow & (rng.random(rows) < numbers["blood_blasts"])),
        "cns_status": one_word(np.select([cns, cns2], [2, 1], 0), ["CNS1", "CNS2", "CNS3"]),
        "testis_biopsy_positive": yes_no(testis),
        "other_em_sites": one_word(np.zeros(rows, dtype=np.int64), ["none"]),
        "flow_confirmed": yes_no(np.ones(rows, dtype=np.bool_)),
        "previous_cr": yes_no(np.ones(rows, dtype=np.bool_)),
    }


def _biology(people: Population, children: Children) -> dict[str, Column]:
    dimensions, place = people.model.dimensions, children.place
    subtypes: list[Mapping[str, Any]] = list(dimensions["subtype"].values())
    named = np.array(["primary_subtype" in each for each in subtypes])[place["subtype"]]
    philadelphia = np.array([each.get("primary_subtype") == "BCR_ABL1" for each in subtypes])[place["subtype"]]
    trisomies = np.array(["trisomy_4_and_10" in each for each in subtypes])[place["subtype"]]
    may_be_down = np.array([name == "b" for name in dimensions["group"]])[place["group"]] & ~philadelphia
    return {
        "lineage": one_word(place["group"], [str(each["lineage"]) for each in dimensions["group"].values()]),
        "primary_subtype": one_word(place["subtype"], [each.get("primary_subtype") for each in subtypes]),
        "trisomy_4_and_10": yes_no(trisomies, named),
        "bcr_abl1": yes_no(philadelphia),
        "down_syndrome": yes_no(children.down_syndrome & may_be_down),
    }


def _first_only(rows: int) -> dict[str, Column]:
    """Write what every first relapse has in common."""
    no, none = yes_no(np.zeros(rows, dtype=np.bool_)), Days(np.full(rows, NO_DATE))
    return {
        "relapse_number": Counted(np.ones(rows)),
        "previous_relapse_date": none,
        "previous_cr_date": none,
        "previous_hsct_date": none,
        "prior_allo_hsct": no,
        "prior_blinatumomab": no,
    }


def _outcome(course: Course, last_seen: Floats, sensitivity: float) -> dict[str, Column]:
    """Write what is seen of a course until the child is last seen."""
    died, came = _comes(course.death, last_seen + 1), _comes(course.event_day, last_seen + 1)
    transplanted = _comes(course.transplant, last_seen)
    sampled = _comes(course.sample, last_seen + 1)
    remission = course.remission & sampled
    stem = f"mrd_{TIMEPOINT}_"
    return {
        f"{stem}level_fraction": Counted(np.where(sampled, course.mrd_level, np.nan), whole=False),
        f"{stem}detected": yes_no(course.mrd_detected, sampled),
        f"{stem}assay_sensitivity_fraction": Counted(np.where(sampled, sensitivity, np.nan), whole=False),
        f"{stem}tissue": one_word(np.where(sampled, 0, 1), ["marrow", None]),
        f"{stem}method": one_word(np.where(sampled, 0, 1), ["RQ-PCR", None]),
        oc.sample_day(TIMEPOINT): Counted(np.where(sampled, course.sample, np.nan)),
        f"{oc.OVERALL}_days": Counted(np.where(died, course.death, last_seen)),
        oc.DIED: yes_no(died),
        f"{oc.EVENT_FREE}_days": Counted(np.where(came, course.event_day, last_seen)),
        oc.EVENT: one_word(np.where(came, course.event, 0).astype(np.int64), EVENTS),
        oc.REMISSION: yes_no(remission, sampled | died),
        f"{oc.REMISSION_TIME}_days": Counted(np.where(remission, course.sample, np.nan)),
        oc.TRANSPLANT: yes_no(transplanted),
        f"{oc.TRANSPLANT_TIME}_days": Counted(np.where(transplanted, course.transplant, np.nan)),
    }


def _second_relapse(
    rng: np.random.Generator, people: Population, children: Children, again: Codes
) -> dict[str, Column]:
    """Write the second relapses of the children `again`."""
    before, numbers = children.course, people.model.numbers
    day = before.relapse[again]
    death = before.death[again] - day
    transplanted = _comes(before.transplant, before.event_day)[again]
    share = np.full(len(again), numbers["transplant_early_or_t"])
    course = live_through(
        rng,
        death=death,
        sample=day_of_sample(rng, len(again), numbers),
        missed=~np.isnan(death) & (rng.random(len(again)) >= people.remission_of_the_dying),
        relapse_of_living=np.full(len(again), np.nan),
        transplant_share=(share, share),
        numbers=numbers,
    )
    relapsed = _picked(children, again, day)
    transplant_day = children.relapse[again] + np.nan_to_num(before.transplant[again]).astype(np.int64)
    return {
        **_facts(rng, people, relapsed, _sites_again(rng, people, relapsed.male)),
        "relapse_number": Counted(np.full(len(again), 2.0)),
        "previous_relapse_date": Days(children.relapse[again]),
        "previous_cr_date": Days(children.relapse[again] + before.sample[again].astype(np.int64)),
        "previous_hsct_date": Days(np.where(transplanted, transplant_day, NO_DATE)),
        "prior_allo_hsct": yes_no(transplanted),
        "prior_blinatumomab": Words(np.full(len(again), -1), ()),
        **_outcome(course, relapsed.last_seen, numbers["mrd_sensitivity"]),
    }


def _picked(children: Children, which: Codes, day: Floats) -> Children:
    """Keep some children, as they are a number of days after their first relapse."""
    return Children(
        place={of: cells[which] for of, cells in children.place.items()},
        male=children.male[which],
        down_syndrome=children.down_syndrome[which],
        birth=children.birth[which],
        diagnosis=children.diagnosis[which],
        first_remission=children.first_remission[which],
        therapy_end=children.therapy_end[which],
        relapse=children.relapse[which] + day.astype(np.int64),
        last_seen=children.last_seen[which] - day,
        course=children.course,
    )


def _sites_again(rng: np.random.Generator, people: Population, male: Flags) -> Codes:
    """Draw the site of a second relapse as of a first; a girl's testicular one becomes marrow alone."""
    of_site = np.bincount(people.joint.places["site"], people.joint.probability)
    drawn = np.minimum(np.searchsorted(np.cumsum(of_site), rng.random(len(male)), side="right"), len(of_site) - 1)
    testis = np.array([bool(site["testis"]) for site in people.model.dimensions["site"].values()])
    made: Codes = np.where(testis[drawn] & ~male, 0, drawn)
    return made
