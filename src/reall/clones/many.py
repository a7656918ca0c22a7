"""Run one function over many patients: in this process, in a pool of processes, or on a cluster.

Results come back in the order of the items whatever the engine, and each patient carries its own seed, so
that every engine gives the same answer.
"""

from __future__ import annotations

import importlib
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

from reall.base.errors import WrongUsage

Item = TypeVar("Item")
Result = TypeVar("Result")

ENGINES = ("processes", "ray", "dask")


def map_patients(
    function: Callable[[Item], Result], items: Sequence[Item], *, jobs: int = 1, engine: str = "processes"
) -> Iterator[Result]:
    """Yield `function(item)` for each item, in order. `function` and items must be importable and picklable.

    `jobs` counts processes of the pool; Ray and Dask use the cluster they are connected to. Raises
    `WrongUsage` where the engine is not installed.
    """
    if engine == "ray":
        ray = _needed("ray")
        if not ray.is_initialized():
            ray.init()
        remote = ray.remote(function)
        yield from ray.get([remote.remote(item) for item in items])
    elif engine == "dask":
        distributed = _needed("dask.distributed")
        client = distributed.Client.current(allow_none=True) or distributed.Client()
        yield from client.gather(client.map(function, list(items), pure=False))
    elif jobs == 1 or len(items) <= 1:
        yield from map(function, items)
    else:
        # A spawned process inherits no thread or lock of this one.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(max_workers=min(jobs, len(items)), mp_context=context) as pool:
            yield from pool.map(function, items)


def _needed(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        name = module.split(".", 1)[0]
        raise WrongUsage(
            f"{name} is not installed here.",
            where="--engine",
            next=f"Install {name}, or leave the option out to use processes of this machine.",
        ) from None
