"""ALL-REZ BFM S1-S4 as OpenFisca variables. Run by benchmarks.registry_million in the environment of peers.md.

OpenFisca knows no missing value: unknown numbers are a sentinel, unknown words a category of their own.
"""

import json
import resource
import sys
import time

import numpy as np
import pyarrow.parquet as pq
from openfisca_core.entities import build_entity
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

PERIOD = "2024-01"
UNKNOWN = -1e9
LINEAGES, SITES = ["", "B", "T"], ["", "isolated_marrow", "combined", "isolated_em"]
Person = build_entity(key="person", plural="persons", label="child", is_person=True)


def _input(name, kind):
    return type(name, (Variable,), {"value_type": kind, "entity": Person, "definition_period": DateUnit.MONTH})


class bfm_time(Variable):  # noqa: N801 - OpenFisca names variables so
    value_type, entity, definition_period = int, Person, DateUnit.MONTH

    def formula(person, period):  # noqa: N805
        months, after = person("months", period), person("after", period)
        known = months != UNKNOWN
        late = np.where(after == UNKNOWN, 0, np.where(after < 6, 2, 3))
        return np.where(known & (months < 18), 1, np.where(known & (months >= 18), late, 0))


class group(Variable):  # noqa: N801
    value_type, entity, definition_period = int, Person, DateUnit.MONTH

    def formula(person, period):  # noqa: N805
        clock, site, lineage = person("bfm_time", period), person("site", period), person("lineage", period)
        b, t = lineage == 1, lineage == 2
        marrow, combined, em = site == 1, site == 2, site == 3
        made = np.select(
            [em & (clock == 3), em & (clock > 0), b & combined & (clock > 1), b & marrow & (clock == 3),
             b & marrow & (clock == 2), b & (marrow | combined) & (clock == 1), t & (marrow | combined)],
            [1, 2, 2, 2, 3, 4, 4], 0,
        )  # fmt: skip
        return np.where(person("relapse_number", period) == 1, made, 0)


def main(path, rows):
    begun = time.perf_counter()
    table = pq.read_table(path).slice(0, rows)
    system = TaxBenefitSystem([Person])
    for variable in (_input("months", float), _input("after", float), _input("site", int), _input("lineage", int),
                     _input("relapse_number", int), bfm_time, group):  # fmt: skip
        system.add_variable(variable)
    simulation = SimulationBuilder().build_default_simulation(system, count=rows)
    numbers = {
        "months": table["months_from_diagnosis"].fill_null(UNKNOWN).to_numpy(),
        "after": table["months_after_end_of_primary_therapy"].fill_null(UNKNOWN).to_numpy(),
        "relapse_number": table["relapse_number"].fill_null(0).to_numpy(),
        "lineage": _codes(table["lineage"], LINEAGES),
        "site": _codes(table["site_class"], SITES),
    }
    for name, values in numbers.items():
        simulation.set_input(name, PERIOD, values)
    answer = simulation.calculate("group", PERIOD)
    pq.write_table(table.append_column("all_rez_bfm_s", [answer]), path.replace(".parquet", "_openfisca.parquet"))
    seconds = time.perf_counter() - begun
    print(json.dumps({"seconds": seconds, "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def _codes(column, words):
    place = {word: number for number, word in enumerate(words)}
    encoded = column.combine_chunks().dictionary_encode()
    numbers = np.array([place.get(word, 0) for word in encoded.dictionary.to_pylist()] + [0])
    return numbers[encoded.indices.fill_null(len(numbers) - 1).to_numpy()]


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
