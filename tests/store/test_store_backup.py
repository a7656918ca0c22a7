"""Backups: everything comes back, in either database; what is damaged, newer or in the way is refused."""

from __future__ import annotations

import json
import random
import sqlite3
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from postgresql_server import Server
from sqlalchemy import select, text
from store_examples import case_file, unguarded

from reall.base.errors import ReallError, WrongUsage
from reall.service.store.backup import restore
from reall.service.store.engine import open_engine, reading, store_url
from reall.service.store.errors import StoreDamaged, StoreUnreachable, StoreVersion
from reall.service.store.records import KeptAssessment
from reall.service.store.schema import TABLES
from reall.service.store.store import Store, open_store


def _rows(url: str) -> dict[str, list[Any]]:
    engine = open_engine(store_url(url))
    with reading(engine) as connection:
        found = {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            for table in TABLES
        }
    engine.dispose()
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the address of a second place without a store."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'restored' / 'store.sqlite'}"
    server: Server = request.getfixturevalue("postgresql")
    return server.new_place()


@pytest.fixture
def small_backup(tmp_path: Path) -> Path:
    """Back up a store with two cases."""
    file = tmp_path / "small.backup"
    with open_store(str(tmp_path / "small.sqlite")) as store:
        for name in ("child-1", "child-2"):
            store.save_case(None, case_file(name), by="anna")
        store.backup(file, by="anna")
    return file


def test_everything_comes_back_in_either_database(
    store: Store, address: str, elsewhere: str, kept: KeptAssessment, tmp_path: Path
) -> None:
    file = tmp_path / "store.backup"
    made = store.backup(file, by="anna")
    assert made.faults == ()
    assert made.head == str(store.audit_head())
    assert file.stat().st_mode & 0o777 == 0o600
    restored = restore(file, elsewhere, by="otto")
    assert restored == made
    before, after = _rows(address), _rows(elsewhere)
    last = after["audit"].pop()
    assert after == before
    assert last[2:4] == ("store.restored", "otto")
    with open_store(elsewhere, create=False) as other:
        assert other.check(made.head).faults == ()
        assert other.rerun(kept.assessment_id, by="otto").identical
        assert other.save_case(kept.case_id, case_file(), by="otto", expected=1).version == 2


def test_a_store_in_use_is_backed_up_as_it_is_at_one_moment(store: Store, address: str, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        with open_store(address, create=False) as other:
            while not stop.is_set():
                other.save_case(None, case_file(), by="otto")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = [store.backup(tmp_path / f"{i}.backup", by="anna") for i in range(3)]
    finally:
        stop.set()
        writer.join()
    assert [each.faults for each in made] == [(), (), ()]
    assert all(store.verify_audit(each.head).faults == () for each in made)


def test_a_backup_is_never_written_over(small_backup: Path, tmp_path: Path) -> None:
    before = small_backup.read_bytes()
    with open_store(str(tmp_path / "small.sqlite")) as store, pytest.raises(WrongUsage, match="already there"):
        store.backup(small_backup, by="anna")
    assert small_backup.read_bytes() == before


def test_a_store_is_never_restored_over(small_backup: Path, address: str) -> None:
    open_store(address).close()
    before = _rows(address)
    with pytest.raises(WrongUsage, match="there is already a store"):
        restore(small_backup, address, by="anna")
    assert _rows(address) == before


def test_a_database_of_another_program_is_left_alone(small_backup: Path, address: str) -> None:
    engine = open_engine(store_url(address))
    with engine.begin() as connection:
        connection.execute(text('CREATE TABLE "decision" (x INTEGER)'))
    engine.dispose()
    for attempt in (lambda: restore(small_backup, address, by="anna"), lambda: open_store(address)):
        with pytest.raises(StoreUnreachable, match="tables of another program"):
            attempt()


def test_any_damage_is_noticed(small_backup: Path, tmp_path: Path) -> None:
    """300 random bytes of a backup changed, and 30 random cuts: none is restored, and no half store stays behind."""
    whole = small_backup.read_bytes()
    rng = random.Random(20261121)
    damaged, target = tmp_path / "damaged.backup", tmp_path / "restored.sqlite"
    harmless = 0
    for number in range(330):
        content = bytearray(whole)
        if number < 300:
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        else:
            del content[rng.randrange(len(content)) :]
        damaged.write_bytes(content)
        try:
            restore(damaged, str(target), by="anna")
        except (StoreDamaged, StoreVersion):
            assert not target.exists()
        else:  # a byte that says nothing, such as the date of a file inside the archive
            with open_store(str(target), create=False) as store:
                assert store.check().faults == ()
                assert [s.name for s in store.cases()] == ["child-2", "child-1"]
            target.unlink()
            harmless += 1
    assert harmless < 20


def _with(change: Callable[[dict[str, Any]], object]) -> Callable[[Path, Path], None]:
    def rewrite(file: Path, to: Path) -> None:
        with zipfile.ZipFile(file) as old, zipfile.ZipFile(to, "w") as new:
            manifest = json.loads(old.read("manifest.json"))
            change(manifest)
            new.writestr("manifest.json", json.dumps(manifest))
            new.writestr("store.sqlite", old.read("store.sqlite"))

    return rewrite


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (_with(lambda m: m.update(schema="reall.backup/2")), StoreVersion, "a format that this program does not know"),
        (_with(lambda m: m.update(revision="9999")), StoreVersion, "revision '9999', which this program does not know"),
        (_with(lambda m: m.update(sha256="0" * 64)), StoreDamaged, "checksum is wrong"),
        (_with(lambda m: m.update(more=1)), StoreDamaged, "other keys"),
        (_with(lambda m: m.pop("faults")), StoreDamaged, "not a whole backup"),
        (lambda _, to: to.write_bytes(b""), StoreDamaged, "not a whole backup"),
        (lambda _, to: to.write_text("PK"), StoreDamaged, "not a whole backup"),
    ],
)
def test_what_is_no_backup_of_this_program_is_refused(
    small_backup: Path, tmp_path: Path, change: Callable[[Path, Path], None], error: type[ReallError], says: str
) -> None:
    changed, target = tmp_path / "changed.backup", tmp_path / "restored.sqlite"
    change(small_backup, changed)
    with pytest.raises(error, match=says):
        restore(changed, str(target), by="anna")
    assert not target.exists()


def test_a_case_is_left_out_for_good(small_backup: Path, elsewhere: str) -> None:
    """The way to erase: the log still says that there was a case, and the new store holds nothing of it."""
    whole = str(small_backup.with_name("whole.sqlite"))
    restore(small_backup, whole, by="anna")
    with open_store(whole) as store:
        gone, stays = (case.case_id for case in store.cases())
    restore(small_backup, elsewhere, by="anna", without=[gone])
    with open_store(elsewhere, create=False) as store:
        assert [case.case_id for case in store.cases(state=None)] == [stays]
        assert store.check().faults == ()
        assert [e.action for e in store.audit_entries(target=gone)] == ["case.saved", "case.erased"]


def test_a_case_to_leave_out_must_be_there(small_backup: Path, tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="the backup has no case 'case-0'"):
        restore(small_backup, str(tmp_path / "r.sqlite"), by="anna", without=["case-0"])
    assert not (tmp_path / "r.sqlite").exists()


def test_a_store_with_faults_is_backed_up_with_its_faults(tmp_path: Path) -> None:
    url = str(tmp_path / "s.sqlite")
    with open_store(url) as store:
        store.save_case(None, case_file(), by="anna")
        engine = unguarded(url)
        with engine.begin() as connection:
            connection.execute(text("UPDATE case_version SET name = 'other'"))
        engine.dispose()
        made = store.backup(tmp_path / "b", by="anna")
    assert any("is not what was written" in fault for fault in made.faults)
    assert restore(tmp_path / "b", str(tmp_path / "r.sqlite"), by="anna").faults == made.faults


def test_a_damaged_database_gives_no_backup_that_looks_whole(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with open_store(str(path)) as store:
        for i in range(30):
            store.save_case(None, case_file(f"child-{i}"), by="anna")
    whole = path.read_bytes()
    for start in range(4096, len(whole), 4096):
        path.write_bytes(whole[:start] + bytes(4096) + whole[start + 4096 :])
        try:
            with open_store(str(path), create=False) as store:
                faults: tuple[object, ...] = store.backup(tmp_path / f"{start}.backup", by="anna").faults
        except (StoreDamaged, StoreUnreachable) as error:
            faults = (error,)
        assert faults, f"page {start // 4096}"
        for end in ("-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)


def test_the_file_can_be_read_without_reall(small_backup: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(small_backup) as archive:
        archive.extract("store.sqlite", tmp_path)
        assert json.loads(archive.read("manifest.json"))["counts"]["case_version"] == 2
    with sqlite3.connect(tmp_path / "store.sqlite") as plain:
        assert plain.execute("SELECT count(*) FROM case_version").fetchone() == (2,)
    plain.close()
    assert not (tmp_path / "store.sqlite-wal").exists()


def test_places_that_cannot_be_written_are_named(small_backup: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with open_store(str(tmp_path / "small.sqlite")) as store:
        for place in (tmp_path / "no folder" / "b", tmp_path / "file" / "b"):
            with pytest.raises(ReallError, match="cannot be used"):
                store.backup(place, by="anna")
    with pytest.raises(ReallError, match="cannot be used"):
        restore(tmp_path / "no backup", str(tmp_path / "r.sqlite"), by="anna")
