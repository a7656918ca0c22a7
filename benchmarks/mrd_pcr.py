"""The PCR figures quoted in the documentation: curves, assays within limits, droplet counts.

Run: python -m benchmarks.mrd_pcr   (REALL_SHARED names the shared folder when it is not beside the project)
"""

from __future__ import annotations

import os
import platform
import re
import time
import warnings
from pathlib import Path

from reall.mrd.amplification import CqSettings, fill_missing_cq
from reall.mrd.ddpcr import describe_wells
from reall.mrd.plate import Plate, Role, Well
from reall.mrd.readers import read_plate
from reall.mrd.readers.droplets import read_droplets
from reall.mrd.rqpcr_assay import assess_assay
from reall.mrd.ruleset import load_ruleset
from reall.mrd.standard_curve import fit_curve

SHARED = Path(os.environ.get("REALL_SHARED", Path(__file__).parents[1].parent / "shared")) / "data"
# RDML_sce.eds, the project file of the same run, stores these.
_STORED = CqSettings(baseline_first_cycle=3, baseline_last_cycle=15, threshold=0.2)


def series(name: str, pattern: str) -> Plate:
    """A ten-fold dilution series of R package qpcR as a plate."""
    import rdata  # noqa: PLC0415 - a development dependency

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = next(iter(rdata.read_rda(SHARED / "mrd_qpcr" / f"{name}.rda").values()))
    steps = {str(column): int(re.match(pattern, str(column))[1]) for column in table.columns[1:]}
    return Plate(
        source=name,
        wells=tuple(
            Well(
                position=column,
                sample=column,
                target=name,
                role=Role.STANDARD,
                quantity=10.0 ** (1 - step),
                unit="fraction",
                cycles=tuple(table["Cycles"].astype(float)),
                fluorescence=tuple(table[column].astype(float)),
            )
            for column, step in steps.items()
        ),
    )


def main() -> None:
    """Print every figure with what it should be."""
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    for name, pattern, wanted in (
        ("qpcR_guescini1", r"F(\d+)", "-3.557, 0.9989"),
        ("qpcR_rutledge", r"X(\d+)", "-3.587, 0.9980"),
        ("qpcR_boggy", r"F(\d+)", "-3.506, 0.9983"),
    ):
        curve = fit_curve(fill_missing_cq(series(name, pattern)).wells)
        print(f"{name}: slope {curve.slope:.3f}, R² {curve.r**2:.4f} (published data; expected {wanted})")
    stepone = read_plate(SHARED / "mrd_qpcr" / "RDML_stepone_std.rdml")
    for words, plate in (
        ("Cq of the instrument", stepone),
        ("Cq from the curves", fill_missing_cq(stepone, recompute=True)),
        ("Cq from the curves, settings of the instrument", fill_missing_cq(stepone, _STORED, recompute=True)),
    ):
        curve = fit_curve(plate.pick(role=Role.STANDARD))
        print(
            f"StepOne RNase P, {words}: slope {curve.slope:.3f}, R² {curve.r**2:.4f}, "
            f"efficiency {curve.efficiency:.4%} (expected -3.464, 0.9993; the file stores 93.91181 %)"
        )
    started = time.perf_counter()
    plate = fill_missing_cq(read_plate(SHARED / "mrd_qpcr" / "rdmlpython_data_vermeulen_std_150000_15.rdml"))
    assays = [assess_assay(plate, target, load_ruleset("draft")) for target in plate.targets]
    seconds = time.perf_counter() - started
    passed = sum(bool(assay.accepted) for assay in assays)
    print(f"vermeulen: {passed} of {len(assays)} assays within the draft limits (expected 63 of 64), {seconds:.2f} s")
    droplets = read_droplets(SHARED / "mrd_dpcr" / "dpcR_pds.csv")
    pairs = [(w, r) for w, r in zip(droplets.wells, describe_wells(droplets), strict=True) if w.positives]
    equal = sum(float(f"{row['copies_per_ul']:.3g}") == well.reported for well, row in pairs)
    print(f"QX100: {equal} of {len(pairs)} concentrations equal the instrument's at three digits (expected 63 of 63)")


if __name__ == "__main__":
    main()
