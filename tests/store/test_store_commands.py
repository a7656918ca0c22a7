"""`reall store` and `reall audit` as a person meets them."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from store_examples import TERMS, case_file, unguarded

from reall.cli.main import reall
from reall.library.knowledge import Knowledge
from reall.service.store.errors import StoreUnreachable
from reall.service.store.records import KeptAssessment
from reall.service.store.replay import answer
from reall.service.store.store import open_store


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Name the store by the environment, as a site would."""
    path = tmp_path / "store.sqlite"
    monkeypatch.setenv("REALL_DATABASE_URL", str(path))
    return path


@pytest.fixture
def kept_one(at: Path, knowledge: Knowledge) -> KeptAssessment:
    """Keep an assessment."""
    with open_store(str(at)) as store:
        case_id = store.save_case(None, case_file(), by="anna").case_id
        content = answer(case_file(), knowledge, TERMS)
        return store.keep_assessment(case_id, 1, content, knowledge, terms=TERMS, by="anna")


def _reall(*words: object) -> Result:
    return CliRunner().invoke(reall, [str(word) for word in words])


def test_from_backup_to_restored_store(kept_one: KeptAssessment, tmp_path: Path) -> None:
    backup, restored = tmp_path / "b", tmp_path / "r.sqlite"
    done = _reall("store", "backup", backup)
    assert done.exit_code == 0
    assert "5 audit records, 1 knowledge version, 1 case version, 1 assessment, 0 decisions. Head of the log: 5:" in (
        done.stdout
    )
    assert "holds every record unencrypted" in done.stderr
    done = _reall("store", "restore", backup, "--into", restored)
    assert done.exit_code == 0
    assert done.stdout.startswith("Restored the backup of 20")
    done = _reall("store", "check", "--store", restored, "--json")
    assert json.loads(done.stdout)["faults"] == []
    assert json.loads(done.stdout)["counts"]["audit"] == 6
    done = _reall("store", "rerun", kept_one.assessment_id, "--store", restored)
    assert done.stdout == "Given again under its own knowledge: the same, byte for byte.\n"
    done = _reall("store", "rerun", kept_one.assessment_id, "--json")
    assert json.loads(done.stdout)["schema"] == "reall.assessment/1"
    assert _reall("store", "migrate").stdout == "The tables are at revision 0001 already.\n"


def test_a_case_is_left_out_by_name(kept_one: KeptAssessment, tmp_path: Path) -> None:
    _reall("store", "backup", tmp_path / "b")
    done = _reall("store", "restore", tmp_path / "b", "--into", tmp_path / "r.sqlite", "--without", kept_one.case_id)
    assert f"without {kept_one.case_id}" in done.stdout
    assert "0 case versions, 0 assessments" in _reall("store", "check", "--store", tmp_path / "r.sqlite").stdout


def test_the_log_is_listed_and_proved(kept_one: KeptAssessment) -> None:
    listed = _reall("audit", "list").stdout.splitlines()
    assert [line.split("  ")[3] for line in listed] == [
        "store.created", "case.saved", "knowledge.kept", "assessment.kept",
    ]  # fmt: skip
    assert len(_reall("audit", "list", "--target", kept_one.case_id).stdout.splitlines()) == 1
    as_json = _reall("audit", "list", "--json", "--after", 2).stdout.splitlines()
    assert [json.loads(line)["seq"] for line in as_json] == [3, 4]
    head = _reall("audit", "head").stdout.strip()
    assert json.loads(_reall("audit", "head", "--json").stdout)["seq"] == 4
    done = _reall("audit", "verify", "--head", head)
    assert done.exit_code == 0
    assert done.stdout == f"4 entries: the chain holds and contains the printed head. Head: {head}\n"
    assert json.loads(_reall("audit", "verify", "--json").stdout) == {"entries": 4, "head": head, "faults": []}
    assert "Compare with a head printed earlier" in _reall("audit", "verify").stderr


def test_a_changed_log_ends_with_exit_code_10(kept_one: KeptAssessment, at: Path, tmp_path: Path) -> None:
    head = _reall("audit", "head").stdout.strip()
    unguarded(str(at)).dispose()
    with sqlite3.connect(at) as raw:
        raw.execute("UPDATE audit SET actor = 'otto' WHERE seq = 2")
    raw.close()
    done = _reall("audit", "verify", "--head", head)
    assert done.exit_code == 10
    assert done.stdout.startswith("entry 2 is not what was written\n4 entries: 1 fault; the log was changed.")
    done = _reall("store", "check")
    assert done.exit_code == 10
    assert "Fault: entry 2 is not what was written" in done.stderr
    done = _reall("store", "backup", tmp_path / "b")
    assert done.exit_code == 10
    assert (tmp_path / "b").exists()


def test_no_store_is_made_by_asking(at: Path) -> None:
    for words in (["audit", "head"], ["store", "check"], ["store", "migrate"], ["store", "backup", "b"]):
        assert isinstance(_reall(*words).exception, StoreUnreachable)
    assert not at.exists()


def test_the_address_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REALL_DATABASE_URL", raising=False)
    done = _reall("audit", "head")
    assert done.exit_code == 2
    assert "--store" in done.stderr


def test_an_error_is_one_sentence_and_no_traceback(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from reall.cli.main import main; main()", "store", "check", "--store", tmp_path / "x"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("Error: sqlite:///")
    assert "there is no store" in done.stderr
    assert "Traceback" not in done.stderr
