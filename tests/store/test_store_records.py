"""Cases, versions and decisions: nothing is overwritten, nothing is lost, nothing is kept half."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from store_examples import DAY, case_file

from reall.base.errors import ReallError
from reall.service.store.engine import open_engine, store_url, writing
from reall.service.store.errors import NotInStore, NotKeepable, SavedMeanwhile, StoreUnwritable
from reall.service.store.records import Action, CaseState
from reall.service.store.schema import TABLES
from reall.service.store.store import Store, open_store


def _decide(store: Store, case_id: str, what: str = "second opinion asked", version: int = 1) -> str:
    decision = store.record_decision(case_id, who="board", when=DAY, what=what, case_version=version, by="anna")
    return decision.decision_id


def test_a_case_comes_back_as_it_was_saved(store: Store) -> None:
    document = "# ärztlich: ≥ 18\r\nfacts:\n  lineage: B   # as typed\n"
    saved = store.save_case(None, document, by="anna")
    assert store.case(saved.case_id) == saved
    assert saved.document == document
    assert (saved.version, saved.state, saved.name, saved.by) == (1, CaseState.KEPT, "", "anna")


def test_every_version_stays(store: Store) -> None:
    first = store.save_case(None, case_file(), by="anna")
    second = store.save_case(first.case_id, case_file(cns_status="CNS1"), by="otto", expected=1)
    assert store.history(first.case_id) == (first, second)
    assert store.case(first.case_id, 1) == first
    assert store.case(first.case_id) == second
    assert [(s.case_id, s.version, s.name, s.by) for s in store.cases()] == [(first.case_id, 2, "child-1", "otto")]


def test_two_people_change_the_same_version(store: Store) -> None:
    case_id = store.save_case(None, case_file(), by="anna").case_id
    store.save_case(case_id, case_file(cns_status="CNS1"), by="anna", expected=1)
    with pytest.raises(SavedMeanwhile, match=r"is at version 2, saved by anna at .* UTC, not at version 1"):
        store.save_case(case_id, case_file(cns_status="CNS2"), by="otto", expected=1)
    assert len(store.history(case_id)) == 2
    assert store.audit_head().seq == 3


def test_a_change_says_what_it_was_made_from(store: Store) -> None:
    case_id = store.save_case(None, case_file(), by="anna").case_id
    with pytest.raises(NotKeepable, match="without saying which version"):
        store.save_case(case_id, case_file(), by="anna")


def test_a_withdrawal_is_a_version_and_can_be_taken_back(store: Store) -> None:
    case_id = store.save_case(None, case_file(), by="anna").case_id
    withdrawn = store.withdraw_case(case_id, by="anna", expected=1)
    assert (withdrawn.state, withdrawn.document, withdrawn.name) == (CaseState.WITHDRAWN, "", "")
    assert store.cases() == ()
    assert [s.case_id for s in store.cases(state=None)] == [case_id]
    assert store.case(case_id, 1).document == case_file()
    with pytest.raises(NotKeepable, match="is its withdrawal"):
        _decide(store, case_id, version=2)
    assert store.save_case(case_id, case_file(), by="anna", expected=2).version == 3
    assert [s.case_id for s in store.cases()] == [case_id]


def test_the_latest_change_is_listed_first(store: Store) -> None:
    one, two = (store.save_case(None, case_file(name), by="anna").case_id for name in ("child-1", "child-2"))
    assert [s.case_id for s in store.cases()] == [two, one]
    store.save_case(one, case_file(), by="anna", expected=1)
    assert [s.case_id for s in store.cases()] == [one, two]


def test_a_decision_is_amended_by_a_new_version(store: Store) -> None:
    case_id = store.save_case(None, case_file(), by="anna").case_id
    first, other = _decide(store, case_id), _decide(store, case_id, "no change")
    amended = store.amend_decision(
        first, who="board, Dr. Ü", when=DAY, what="opinion came", follow_up="ask again", expected=1, by="otto"
    )
    assert (amended.version, amended.case_id, amended.case_version) == (2, case_id, 1)
    assert [d.what for d in store.decision_history(first)] == ["second opinion asked", "opinion came"]
    assert store.decision(first, 1).what == "second opinion asked"
    assert [(d.decision_id, d.version) for d in store.decisions(case_id)] == [(first, 2), (other, 1)]
    with pytest.raises(SavedMeanwhile):
        store.amend_decision(first, who="board", when=DAY, what="other", expected=1, by="anna")


_ABSENT: tuple[Callable[[Store], object], ...] = (
    lambda s: s.case("case-0"),
    lambda s: s.history("case-0"),
    lambda s: s.save_case("case-0", case_file(), by="anna", expected=1),
    lambda s: s.withdraw_case("case-0", by="anna", expected=1),
    lambda s: s.assessment("assessment-0"),
    lambda s: s.rerun("assessment-0", by="anna"),
    lambda s: s.decision("decision-0"),
    lambda s: s.decision_history("decision-0"),
    lambda s: s.amend_decision("decision-0", who="x", when=DAY, what="x", expected=1, by="anna"),
    lambda s: _decide(s, "case-0"),
    lambda s: s.case(s.save_case(None, case_file(), by="anna").case_id, 2),
    lambda s: s.case("case-0' OR '1'='1"),
)


def test_what_is_not_there_is_said(store: Store) -> None:
    for ask in _ABSENT:
        with pytest.raises(NotInStore, match="the store has no"):
            ask(store)


_NO_CASES = (
    ("", "empty"),
    ("- 1", "not a case"),
    ('{"facts": {"lineage": "B", "lineage": "T"}}', "given twice"),
    ('{"facts": {"x": NaN}}', "not a number"),
    ('{"case": "a\\u0000b"}', "control character"),
    ('{"case": "\\ud800"}', "not text"),
    ("facts: {x: \ud800}", "not text|YAML"),
    ("facts: {a: &x 1, b: *x}", "references"),
)
_NO_DECISIONS = (("", "x"), ("x", "  "), ("x", "a\x00b"), ("x", "a" * 20_001), ("x", "\ud800"))


def test_what_cannot_be_kept_leaves_no_trace(store: Store) -> None:
    case_id = store.save_case(None, case_file(), by="anna").case_id
    before = store.audit_head()
    for document, says in _NO_CASES:
        with pytest.raises(NotKeepable, match=says):
            store.save_case(None, document, by="anna")
    for who, what in _NO_DECISIONS:
        with pytest.raises(NotKeepable):
            store.record_decision(case_id, who=who, when=DAY, what=what, case_version=1, by="anna")
    assert len(store.cases()) == 1
    assert store.audit_head() == before


def test_twelve_people_write_at_once_and_nothing_is_lost(store: Store) -> None:
    def work(who: int) -> list[str]:
        return [store.save_case(None, case_file(f"child-{who}"), by=f"user{who}").case_id for _ in range(8)]

    with ThreadPoolExecutor(12) as pool:
        ids = [case_id for made in pool.map(work, range(12)) for case_id in made]
    assert len(set(ids)) == 96
    assert {s.case_id for s in store.cases()} == set(ids)
    assert store.check().faults == ()


def test_of_eight_who_change_one_version_one_wins(store: Store) -> None:
    case_id = store.save_case(None, case_file(), by="anna").case_id

    def change(who: int) -> bool:
        try:
            store.save_case(case_id, case_file(f"child-{who}"), by=f"user{who}", expected=1)
        except SavedMeanwhile:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(change, range(8))) == 1
    assert [v.version for v in store.history(case_id)] == [1, 2]


_REMOVE_ALL = {
    "sqlite": "INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
    "postgresql": "TRUNCATE {table} CASCADE",
}


def test_the_database_itself_refuses_changes(store: Store, address: str, engine_name: str, kept: object) -> None:
    engine = open_engine(store_url(address))
    for table in (table.name for table in TABLES):
        for statement in (f"UPDATE {table} SET actor = 'x'", f"DELETE FROM {table}", _REMOVE_ALL[engine_name]):
            with pytest.raises(StoreUnwritable, match="refuses to change or remove"), writing(engine) as connection:
                connection.execute(text(statement.format(table=table)))
    engine.dispose()
    assert store.check().faults == ()


def test_a_second_program_sees_what_the_first_wrote(store: Store, address: str) -> None:
    case_id = store.save_case(None, case_file(), by="anna").case_id
    with open_store(address, create=False) as other:
        other.save_case(case_id, case_file(), by="otto", expected=1)
    assert store.case(case_id).by == "otto"


def test_an_error_quotes_no_value_of_a_patient(store: Store) -> None:
    with pytest.raises(ReallError) as caught:
        store.record(Action.CASE_READ, by="anna", target="Müller, 2016-03-01")
    assert "ller" not in str(caught.value)
    assert "2016" not in str(caught.value)
