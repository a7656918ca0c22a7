"""Damaged files of every kind that is read: each is read, or refused with an error of ReALL; nothing else comes out.

The damages are the same in every run. `python -m benchmarks.fuzz` looks for new ones, guided by coverage.
"""

import random
import traceback

import pytest
from fuzz_harnesses import HARNESSES, fault_of
from fuzz_mutations import mutated


@pytest.mark.parametrize("name", HARNESSES)
def test_the_undamaged_file_is_read_or_refused(name):
    for seed in HARNESSES[name].seeds:
        fault = fault_of(HARNESSES[name], seed)
        assert fault is None, "".join(traceback.format_exception(fault))


@pytest.mark.parametrize("name", HARNESSES)
def test_damage_never_brings_the_program_down(name):
    harness, rng = HARNESSES[name], random.Random(name)
    for _ in range(harness.executions):
        content = mutated(rng.choice(harness.seeds), rng)
        fault = fault_of(harness, content)
        assert fault is None, f"{content!r}\n{''.join(traceback.format_exception(fault))}"
