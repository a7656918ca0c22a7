"""What was acknowledged survives `kill -9` of the writer, and of the database server, at any moment."""

from __future__ import annotations

from pathlib import Path

import pytest
from postgresql_server import Server, programs
from store_kills import Killer, lost

from reall.service.store.store import open_store

KILLS = 200
SERVER_KILLS = 4


def test_200_kills_lose_nothing_in_sqlite(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    open_store(url).close()
    with Killer(url, seed=1) as killer:
        for number in range(KILLS):
            killer.kill_one()
            if number % 20 == 0:
                with open_store(url, create=False) as store:
                    assert store.check().faults == ()
    with open_store(url, create=False) as store:
        assert store.check().faults == ()
        assert lost(store, killer.written) == []
        assert store.save_case(None, "{}", by="anna").version == 1
    assert killer.written.kills == KILLS
    assert killer.written.failures == []
    assert len(killer.written.records) > KILLS / 2


def test_kills_of_the_writer_lose_nothing_in_postgresql(postgresql: Server) -> None:
    url = postgresql.new_place()
    open_store(url).close()
    with Killer(url, seed=2) as killer:
        for _ in range(KILLS // 5):
            killer.kill_one()
    with open_store(url, create=False) as store:
        assert store.check().faults == ()
        assert lost(store, killer.written) == []
    assert len(killer.written.records) > KILLS / 10


def test_kills_of_the_server_lose_nothing() -> None:
    """Every process of PostgreSQL ends at once while a writer writes; it recovers when it is started again."""
    at = programs()
    if at is None:
        pytest.skip("no PostgreSQL server is installed (Debian: postgresql)")
    server = Server(at)
    try:
        url = server.new_place()
        with open_store(url) as store, Killer(url, seed=3) as killer:
            for _ in range(SERVER_KILLS):
                killer.kill_one(lambda _pid: server.kill())
                server.start()
            assert store.check().faults == ()  # by a store that was open all the time
            assert lost(store, killer.written) == []
        assert all("StoreUnreachable" in failure for failure in killer.written.failures)
    finally:
        server.stop()
