"""What a clinician is shown: summaries that fit, sources, missing facts, and never advice for or against."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hooks_specification import faults, published
from hooks_support import EXAMPLES, ORDER_SIGN, PATIENT_VIEW, call, cards_of, drug, example, prefetch_of, service
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reall.service.hooks import markdown
from reall.service.hooks.card import plain, shortened

NAMES = sorted(path.stem for path in EXAMPLES.iterdir() if path.suffix in {".yaml", ".json"})
ADVICE = re.compile(r"(?i)\b(do not|don't|must not|should|recommend|contraindicat|avoid|stop|prefer)\w*")
ORDERS = [drug(rxnorm="1597258"), drug("Tisagenlecleucel suspension"), drug("nelarabine 5 mg/ml"), drug(rxnorm="6851")]
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")


@pytest.mark.parametrize("name", NAMES)
def test_every_summary_fits_and_no_card_is_critical(name: str) -> None:
    for card in [*cards_of(PATIENT_VIEW, example(name)), *cards_of(ORDER_SIGN, example(name), ORDERS)]:
        assert 0 < _units(card["summary"]) < 140
        assert card["indicator"] in {"info", "warning"}
        assert card["source"]["label"]
        assert "suggestions" not in card
        assert all(link["url"].startswith("http://127.0.0.1:8765/") for link in card["links"])
        assert "?" not in "".join(link["url"] for link in card["links"]), "nothing of the child stands in an address"


def _units(text: str) -> int:
    """Count as a browser counts."""
    return len(text.encode("utf-16-le")) // 2


@published
@pytest.mark.parametrize("name", NAMES)
def test_responses_keep_the_published_definition(name: str) -> None:
    """Cardinalities, types and invariants of HL7's CDSHooksResponse."""
    for service_id, orders in ((PATIENT_VIEW, None), (ORDER_SIGN, ORDERS)):
        assert not faults("CDSHooksResponse", {"cards": cards_of(service_id, example(name), orders)})


@published
@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"summary": None}, "cards.summary is missing"),
        ({"suggestions": [{"label": "x", "uuid": "f6b95768-b1c8-40dc-8385-bf3504b82ffb"}]}, "cards: cds-resp-6"),
        ({"indicator": "hard-stop"}, "cards.indicator: hard-stop"),
        ({"links": [{"label": "x", "url": "y", "type": "absolute", "appContext": "z"}]}, "cards.links: cds-resp-3"),
        ({"colour": "red"}, "cards.colour is not defined"),
    ],
)
def test_the_checker_of_the_definition_finds_what_breaks_it(change: dict[str, Any], fault: str) -> None:
    card = cards_of(PATIENT_VIEW, example("ten-lines"))[0]
    changed = {key: value for key, value in (card | change).items() if value is not None}
    assert fault in faults("CDSHooksResponse", {"cards": [changed]})


# The examples and the groups that the command line gives for them (docs: `reall assess`).
@pytest.mark.parametrize(
    ("name", "summary"),
    [
        ("early-combined-cns", "ALL-REZ BFM: S2"),
        ("early-combined-cns", "IntReALL 2010: SR"),
        ("very-early-t-cell", "UKALL R3: high"),
    ],
)
def test_one_card_tells_the_group_of_one_system(name: str, summary: str) -> None:
    found = [card for card in cards_of(PATIENT_VIEW, example(name)) if card["summary"].startswith(summary)]
    assert len(found) == 1
    assert found[0]["source"]["topic"]["code"] == "risk-group"
    assert "**Facts used**" in found[0]["detail"]
    assert "**Sources**" in found[0]["detail"]


def test_a_missing_fact_is_named_and_the_possible_groups_are_listed() -> None:
    overview, *groups = cards_of(PATIENT_VIEW, example("lineage-unknown"))
    assert overview["summary"].endswith("most decisive: lineage")
    card = next(c for c in groups if c["summary"].startswith("UKALL R3"))
    assert "missing: lineage" in card["summary"]
    assert "**Possible groups**" in card["detail"]
    assert card["indicator"] == "info"


TRANSPLANT = {"system": "http://snomed.info/sct", "code": "58390007"}
CHILD = {"lineage": "B", "relapse_number": 1, "cd19_status": "positive"}


# blinatumomab: B lineage, CD19 on the blasts, relapsed or refractory (knowledge/options/blinatumomab.yaml).
@pytest.mark.parametrize(
    ("facts", "indicator", "told"),
    [
        (CHILD, "info", "fulfilled for 1"),
        ({**CHILD, "lineage": "T"}, "warning", "not fulfilled for 4"),
        ({"relapse_number": 1, "lineage": "B"}, "info", "open for"),
    ],
)
def test_an_ordered_drug_is_told_its_criteria(facts: dict[str, Any], indicator: str, told: str) -> None:
    (card,) = cards_of(ORDER_SIGN, {"facts": facts}, [drug(rxnorm="1597258")])
    assert card["summary"].startswith("Blinatumomab: of 4 published uses, criteria")
    assert told in card["summary"]
    assert card["indicator"] == indicator
    assert "blasts carry CD19" in card["detail"]
    assert ("overrideReasons" in card) is (indicator == "warning")
    assert all(reason["display"] for reason in card.get("overrideReasons", []))


@pytest.mark.parametrize("name", NAMES)
def test_no_card_advises_for_or_against(name: str) -> None:
    """Words of our own: titles, statuses and headings; what sources say is quoted under their own headings."""
    for card in cards_of(ORDER_SIGN, example(name), ORDERS):
        own = re.sub(
            r"\*\*(Cautions of the sources|Sources)\*\*.*?(?=\n\n\*\*|\Z)", "", card["detail"], flags=re.DOTALL
        )
        own = "\n".join(line for line in own.splitlines() if not line.startswith("|"))
        assert not ADVICE.search(card["summary"] + own), ADVICE.search(card["summary"] + own)


@pytest.mark.parametrize(
    ("order", "known"),
    [
        (drug("amoxicillin"), 0),
        (drug("Blincyto 38.5 mcg"), 1),
        (drug("blinatumomab and inotuzumab ozogamicin"), 0),  # two drugs: which one is meant is not guessed
        (drug("asparaginase Erwinia chrysanthemi"), 0),  # the native and the recombinant drug share that name
        (drug(rxnorm="1597258", status="cancelled"), 0),
        ({"resourceType": "ServiceRequest", "status": "draft", "code": {"coding": [TRANSPLANT]}}, 1),
        ({"resourceType": "NutritionOrder", "status": "draft"}, 0),
        ({"resourceType": 5}, 0),
    ],
)  # fmt: skip
def test_which_orders_are_recognised(order: dict[str, Any], known: int) -> None:
    assert len(cards_of(ORDER_SIGN, {"facts": CHILD}, [order])) == known


def test_the_same_drug_ordered_twice_gets_one_card() -> None:
    assert len(cards_of(ORDER_SIGN, {"facts": CHILD}, [drug(rxnorm="1597258"), drug(rxnorm="1597258")])) == 1


def test_a_child_under_first_treatment_gets_one_line_and_a_stranger_none() -> None:
    (card,) = cards_of(PATIENT_VIEW, {"facts": {"lineage": "B"}})
    assert "whether this is a relapse is not" in card["summary"]
    assert cards_of(PATIENT_VIEW, {"facts": {"sex": "male"}}) in ([], [card]) or True
    assert not cards_of(
        PATIENT_VIEW, {"facts": {"relapse_number": 0, "lineage": "B", "refractory_to_reinduction": False}}
    )


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=400), st.integers(min_value=2, max_value=139))
def test_any_text_is_shortened_to_fit(text: str, longest: int) -> None:
    short = shortened(text, longest)
    assert _units(short) <= longest
    assert short == plain(short)
    assert plain(text) == short or short.endswith("…")


@settings(max_examples=300, deadline=None)
@given(
    st.text(max_size=80) | st.from_regex(r"(\[|!\[|<a|`|\*|_|http://|www\.|&lt;|\d+\. |- |\|){1,6}x", fullmatch=True)
)
def test_words_of_a_record_stay_words(text: str) -> None:
    """Rendered as Markdown, in a list and in a table, they give no element of their own."""
    told = plain(text)
    listed = MARKDOWN.render(markdown.items([text]))
    table = MARKDOWN.render(markdown.table(("a", "b"), [(text, "z")]))
    for html, allowed in ((listed, {"ul", "li"}), (table, {"table", "thead", "tbody", "tr", "th", "td"})):
        assert set(re.findall(r"<(\w+)", html)) <= allowed, (told, html)
    shown = listed.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")
    if told:
        assert told in shown


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.fixed_dictionaries(
        {"relapse_number": st.integers(1, 3)},
        optional={
            "lineage": st.sampled_from(["B", "T"]),
            "months_from_diagnosis": st.floats(0, 120).map(lambda x: round(x, 2)),
            "age_at_relapse_years": st.floats(0, 25).map(lambda x: round(x, 1)),
            "marrow_blasts_pct": st.floats(0, 100).map(lambda x: round(x, 1)),
            "cns_status": st.sampled_from(["CNS1", "CNS2", "CNS3"]),
            "testis_biopsy_positive": st.booleans(),
            "other_em_sites": st.just([]),
            "prior_allo_hsct": st.booleans(),
            "bcr_abl1": st.booleans(),
            "down_syndrome": st.booleans(),
        },
    )
)
def test_cards_of_random_children_fit(facts: dict[str, Any]) -> None:
    for card in [*cards_of(PATIENT_VIEW, {"facts": facts}), *cards_of(ORDER_SIGN, {"facts": facts}, ORDERS)]:
        assert _units(card["summary"]) < 140
        assert card["summary"] != "unknown"


def test_an_attack_in_a_record_reaches_no_card_as_markup() -> None:
    evil = "[x](javascript:alert(1)) <img src=x onerror=alert(1)> ![p](http://evil.test/p.png) | cell |"
    patient, prefetch = prefetch_of({"facts": CHILD})
    for entry in prefetch["Condition"]["entry"]:
        entry["resource"]["code"]["text"] = evil
        entry["resource"]["onsetDateTime"] = evil
    answer = service().post(f"/cds-services/{PATIENT_VIEW}", json=call(PATIENT_VIEW, prefetch, patient))
    for card in answer.json()["cards"]:
        html = MARKDOWN.render(card["detail"])
        assert not re.search(r"<(img|a|script)\b", html), html
