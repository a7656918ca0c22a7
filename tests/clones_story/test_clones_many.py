"""One function over many patients gives the same answers in the same order on every engine."""

import sys
from types import SimpleNamespace

import pytest

from reall.base.errors import WrongUsage
from reall.clones.many import map_patients
from reall.clones.roles import sample_from_name

NAMES = ["D", "R1", "CR", "Relapse Xeno 2"]


def test_a_pool_of_processes_answers_like_one_process():
    alone = list(map_patients(sample_from_name, NAMES))
    assert list(map_patients(sample_from_name, NAMES, jobs=2)) == alone
    assert [sample.name for sample in alone] == NAMES


def test_ray_and_dask_are_asked_for_by_their_own_interface(monkeypatch):
    """Neither is installed here: stand-ins with the same calls show that order and values are kept."""
    ray = SimpleNamespace(
        is_initialized=lambda: True,
        remote=lambda function: SimpleNamespace(remote=lambda item: ("later", function, item)),
        get=lambda tasks: [function(item) for _, function, item in tasks],
    )
    client = SimpleNamespace(
        map=lambda function, items, **_: [(function, item) for item in items],
        gather=lambda tasks: [function(item) for function, item in tasks],
    )
    dask = SimpleNamespace(Client=SimpleNamespace(current=lambda **_: client))
    monkeypatch.setitem(sys.modules, "ray", ray)
    monkeypatch.setitem(sys.modules, "dask", SimpleNamespace(distributed=dask))
    monkeypatch.setitem(sys.modules, "dask.distributed", dask)
    alone = list(map_patients(sample_from_name, NAMES))
    assert list(map_patients(sample_from_name, NAMES, engine="ray")) == alone
    assert list(map_patients(sample_from_name, NAMES, engine="dask")) == alone


@pytest.mark.parametrize("engine", ["ray", "dask"])
def test_an_engine_that_is_not_installed_is_wrong_usage(monkeypatch, engine):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setitem(sys.modules, "dask.distributed", None)
    with pytest.raises(WrongUsage, match=f"{engine} is not installed"):
        list(map_patients(sample_from_name, NAMES, engine=engine))
