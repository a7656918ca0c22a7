"""A kept assessment is given again byte for byte, under the knowledge of its day, whatever the program knows now."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from store_examples import EXAMPLES, TERMS, case_file, unguarded

from reall.base.errors import InvalidKnowledge
from reall.library.files import PACKAGED, fingerprint
from reall.library.knowledge import Knowledge, open_knowledge
from reall.service.store import kept_knowledge, replay
from reall.service.store.errors import NotKeepable, StoreDamaged, StoreVersion
from reall.service.store.records import Action, AnswerTerms, KeptAssessment
from reall.service.store.store import Store, open_store

OTHER_VERSION = "1999.1.0"


@pytest.fixture(scope="module")
def private_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep what is unpacked out of the user's cache."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REALL_CACHE_DIR", str(folder))
        yield folder


@pytest.fixture(scope="module")
def other_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the knowledge with another version and another cut-off: COG's early marrow relapse ends at 30, not 36."""
    root = tmp_path_factory.mktemp("knowledge") / "other"
    shutil.copytree(PACKAGED, root)
    (root / "VERSION").write_text(OTHER_VERSION + "\n")
    changed = root / "systems" / "cog_aall1331" / "system.yaml"
    before = changed.read_text(encoding="utf-8")
    after = before.replace("months_from_diagnosis < 36", "months_from_diagnosis < 30")
    after = after.replace("months_from_diagnosis >= 36", "months_from_diagnosis >= 30")
    assert after != before
    changed.write_text(after, encoding="utf-8")
    return root


def _keep(store: Store, document: str, knowledge: Knowledge, root: Path = PACKAGED) -> KeptAssessment:
    case = store.save_case(None, document, by="anna")
    content = replay.answer(document, knowledge, TERMS)
    return store.keep_assessment(case.case_id, 1, content, knowledge, terms=TERMS, by="anna", root=root)


@pytest.mark.parametrize("file", sorted(EXAMPLES.iterdir()), ids=lambda file: file.stem)
def test_every_example_is_given_again_byte_for_byte(tmp_path: Path, knowledge: Knowledge, file: Path) -> None:
    with open_store(str(tmp_path / "s.sqlite")) as store:
        kept = _keep(store, file.read_text(encoding="utf-8"), knowledge)
        again = store.rerun(kept.assessment_id, by="otto")
        assert again.identical
        assert again.again == kept.content == store.assessment(kept.assessment_id).content
        assert again.in_words == "Given again under its own knowledge: the same, byte for byte."


def test_what_was_kept_is_on_record(store: Store, knowledge: Knowledge) -> None:
    kept = _keep(store, case_file(), knowledge)
    second = store.keep_assessment(kept.case_id, 1, kept.content, knowledge, terms=TERMS, by="otto")
    assert store.assessments(kept.case_id) == (kept, second)
    assert kept.knowledge_version == knowledge.version
    assert json.loads(kept.content)["case"] == "child-1"
    store.rerun(kept.assessment_id, by="otto")
    actions = [entry.action for entry in store.audit_entries(after=1)]
    assert actions == ["case.saved", "knowledge.kept", "assessment.kept", "assessment.kept", "assessment.rerun"]
    assert list(store.audit_entries())[-1].detail["identical"] == "yes"


def test_an_answer_stays_under_the_knowledge_of_its_day(
    store: Store, knowledge: Knowledge, private_cache: Path, other_root: Path
) -> None:
    """The program's knowledge changed after the assessment; the old answer is still given, from the kept files."""
    document = case_file(
        lineage="B", months_from_diagnosis=33, marrow_blasts_pct=80, cns_status="CNS1",
        testis_biopsy_positive=False, other_em_sites=[],
    )  # fmt: skip
    then = open_knowledge(other_root)
    kept = _keep(store, document, then, other_root)
    again = store.rerun(kept.assessment_id, by="otto")
    assert again.identical
    assert json.loads(again.again)["knowledge_version"] == OTHER_VERSION
    now = json.loads(replay.answer(document, knowledge, TERMS))
    assert json.loads(again.again)["systems"]["cog_aall1331"] != now["systems"]["cog_aall1331"]
    folder = private_cache / "reall" / f"kept-{then.fingerprint}"
    assert fingerprint(folder) == then.fingerprint
    (folder / "VERSION").write_text("changed by hand")
    assert store.rerun(kept.assessment_id, by="otto").identical


def test_another_version_of_the_program_is_named(
    store: Store, knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = _keep(store, case_file(), knowledge)
    was = kept.program_version.encode()
    monkeypatch.setattr(replay, "__version__", "9.0")
    answer = replay.answer
    monkeypatch.setattr(replay, "answer", lambda *a: answer(*a).replace(b'version": "' + was, b'version": "9.0'))
    same = store.rerun(kept.assessment_id, by="otto")
    assert (same.identical, same.same_answers, same.differences) == (False, True, ("/reall_version",))
    assert f"It was given by ReALL {kept.program_version}; this is ReALL 9.0." in same.in_words
    monkeypatch.setattr(replay, "answer", lambda *a: answer(*a).replace(b"determined", b"decided"))
    other = store.rerun(kept.assessment_id, by="otto")
    assert not other.same_answers
    assert other.in_words.startswith("NOT the same under its own knowledge. Different: /")
    assert list(store.audit_entries())[-1].detail["identical"] == "no"


def test_knowledge_that_this_program_cannot_read_is_no_silent_answer(
    store: Store, knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = _keep(store, case_file(), knowledge)

    def refuse(*_: object) -> bytes:
        raise InvalidKnowledge("systems/x/system.yaml: unknown key 'rules'")

    monkeypatch.setattr(replay, "answer", refuse)
    with pytest.raises(StoreVersion, match=r"cannot be given again by ReALL .* It was given by ReALL"):
        store.rerun(kept.assessment_id, by="otto")
    assert list(store.audit_entries())[-1].action == Action.ASSESSMENT_KEPT


_NOT_THIS = {
    "another day": lambda k: (case_file(), k, AnswerTerms(on=dt.date(2000, 1, 1), country="US")),
    "another country": lambda k: (case_file(), k, AnswerTerms(on=TERMS.on, country="EU")),
    "fewer systems": lambda k: (case_file(), k, AnswerTerms(on=TERMS.on, country="US", systems=("ukall_r3",))),
    "another child": lambda k: (case_file(cns_status="CNS3"), k, TERMS),
}


@pytest.mark.parametrize("what", _NOT_THIS)
def test_what_could_not_be_given_again_is_not_kept(tmp_path: Path, knowledge: Knowledge, what: str) -> None:
    content = replay.answer(*_NOT_THIS[what](knowledge))
    with open_store(str(tmp_path / "s.sqlite")) as store:
        case_id = store.save_case(None, case_file(), by="anna").case_id
        with pytest.raises(NotKeepable, match="does not give this assessment; different: /"):
            store.keep_assessment(case_id, 1, content, knowledge, terms=TERMS, by="anna")
        assert store.assessments(case_id) == ()


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"schema": "reall.assessment/2"}', b"\xff"])
def test_what_is_no_assessment_is_not_kept(tmp_path: Path, knowledge: Knowledge, content: bytes) -> None:
    with open_store(str(tmp_path / "s.sqlite")) as store:
        case_id = store.save_case(None, case_file(), by="anna").case_id
        with pytest.raises(NotKeepable, match="not an assessment"):
            store.keep_assessment(case_id, 1, content, knowledge, terms=TERMS, by="anna")


def test_knowledge_changed_under_a_running_program_is_not_kept(
    tmp_path: Path, knowledge: Knowledge, other_root: Path
) -> None:
    with open_store(str(tmp_path / "s.sqlite")) as store:
        case_id = store.save_case(None, case_file(), by="anna").case_id
        content = replay.answer(case_file(), knowledge, TERMS)
        with pytest.raises(NotKeepable, match="were changed since they were opened"):
            store.keep_assessment(case_id, 1, content, knowledge, terms=TERMS, by="anna", root=other_root)


def test_damaged_knowledge_gives_no_answer(
    tmp_path: Path, knowledge: Knowledge, other_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = str(tmp_path / "s.sqlite")
    with open_store(url) as store:
        kept = _keep(store, case_file(), knowledge)
        monkeypatch.setattr(kept_knowledge, "PACKAGED", other_root)
        monkeypatch.setenv("REALL_CACHE_DIR", str(tmp_path))
        engine = unguarded(url)
        with engine.begin() as connection:
            connection.execute(text("UPDATE knowledge SET files = :files"), {"files": b"x\x9c"})
        engine.dispose()
        with pytest.raises(StoreDamaged, match="is not what was kept"):
            store.rerun(kept.assessment_id, by="otto")


def test_places_of_differences() -> None:
    one = {"a": [1, {"b": 2}], "c/d": 1, "same": None, "e": 1}
    other = {"a": [1, {"b": 3}], "c/d": True, "same": None, "f": 1}
    assert replay.differences(json.dumps(one).encode(), json.dumps(other).encode()) == (
        "/a/1/b", "/c~1d", "/e", "/f",
    )  # fmt: skip
    assert replay.differences(b"{}", b"{") == ("/",)
