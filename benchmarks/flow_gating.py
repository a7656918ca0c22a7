"""Gate a large file: the project against FlowKit, in the same run, with the same counts.

The file is a real one of 65,016 events and 16 channels, repeated 64 times: 4.16 million events, the size of an
MRD measurement. Prints machine, input, seconds of each side, the ratio, and the memory of a process that only
runs the project's side.

    python benchmarks/flow_gating.py [--repeats 64] [--data ../shared/data/mrd_flow/100715.fcs]
"""

from __future__ import annotations

# FlowKit is imported late: the memory of the project's side is measured without it.
import argparse
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SHARED = Path(os.environ.get("REALL_SHARED", Path(__file__).resolve().parents[2] / "shared"))
GATES = Path(__file__).with_name("flow_gating_gates.yaml")
RUNS = 3


def repeat_file(source: Path, target: Path, times: int) -> int:
    """Write the events of an FCS 2.0/3.0 file several times into a new FCS 3.1 file; give the event count."""
    import flowio  # noqa: PLC0415

    data = flowio.FlowData(source)
    text = {key: value for key, value in data.text.items() if not key.startswith(("begin", "end"))}
    event_bytes = sum(int(text[f"p{number}b"]) for number in range(1, data.channel_count + 1)) // 8
    raw = source.read_bytes()[data.header["data_start"] : data.header["data_start"] + data.event_count * event_bytes]
    standard = {"byteord", "datatype", "mode", "nextdata", "par", "tot", "timestep"}
    text |= {"tot": str(data.event_count * times), "nextdata": "0"}
    begin = 65_536
    text |= {"begindata": str(begin), "enddata": str(begin + len(raw) * times - 1)}
    text |= {"beginstext": "0", "endstext": "0", "beginanalysis": "0", "endanalysis": "0"}

    def keyword(name: str) -> str:
        is_standard = name in standard or name.startswith(("begin", "end")) or (name[0] == "p" and name[1].isdigit())
        return f"${name.upper()}" if is_standard else name.upper()

    segment = "|" + "|".join(f"{keyword(key)}|{value or ' '}" for key, value in text.items()) + "|"
    fits_header = begin + len(raw) * times - 1 <= 99_999_999
    offsets = [
        58,
        58 + len(segment) - 1,
        *((begin, begin + len(raw) * times - 1) if fits_header else (0, 0)),
        0,
        0,
    ]
    header = "FCS3.1    " + "".join(f"{offset:>8}" for offset in offsets)
    with target.open("wb") as file:
        file.write((header + segment).encode("latin-1").ljust(begin, b" "))
        for _ in range(times):
            file.write(raw)
    return data.event_count * times


def gate_here(path: Path) -> dict[str, int]:
    """Count every gate with the project."""
    from reall.mrd.flow.fcs import read_fcs  # noqa: PLC0415
    from reall.mrd.flow.gating import apply_gates  # noqa: PLC0415
    from reall.mrd.flow.read_gates import read_gates  # noqa: PLC0415

    return {count.name: count.events for count in apply_gates(read_fcs(path), read_gates(GATES)).counts}


def gate_with_flowkit(path: Path, *, transform_all: bool) -> dict[str, int]:
    """Count the same gates with FlowKit; `transform_all` also transforms the sample, as its tutorial does."""
    import flowkit  # noqa: PLC0415

    from reall.mrd.flow.gates import Polygon, Rectangle  # noqa: PLC0415
    from reall.mrd.flow.read_gates import read_gates  # noqa: PLC0415

    sample = flowkit.Sample(path)
    logicle = flowkit.transforms.LogicleTransform(param_t=262144, param_w=0.5, param_m=4.5, param_a=0)
    strategy = flowkit.GatingStrategy()
    strategy.add_transform("logicle", logicle)
    spill = sample.metadata["spill"]
    strategy.add_comp_matrix(
        "spill", flowkit.Matrix(spill, detectors=spill.split(",")[1 : 1 + int(spill.split(",")[0])])
    )
    paths: dict[str | None, tuple[str, ...]] = {None: ("root",)}

    def dimension(axis, low=None, high=None):
        return flowkit.Dimension(
            axis.detector,
            compensation_ref="spill" if axis.compensated else "uncompensated",
            transformation_ref="logicle" if axis.compensated else None,
            range_min=low,
            range_max=high,
        )

    for gate in read_gates(GATES).gates:
        match gate:
            case Rectangle():
                made = flowkit.gates.RectangleGate(
                    gate.name, [dimension(one.axis, one.low, one.high) for one in gate.ranges]
                )
            case Polygon():
                made = flowkit.gates.PolygonGate(gate.name, [dimension(gate.x), dimension(gate.y)], gate.corners)
            case _:
                raise TypeError(gate)
        strategy.add_gate(made, gate_path=paths[gate.parent])
        paths[gate.name] = (*paths[gate.parent], gate.name)
    if transform_all:
        sample.apply_compensation(strategy.get_comp_matrix("spill"))
        sample.apply_transform(logicle)
    report = strategy.gate_sample(sample).report
    return dict(zip(report["gate_name"], report["count"], strict=True))


def best_seconds(work, runs: int) -> tuple[float, dict[str, int]]:
    """Run several times; give the fastest and the last answer."""
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        answer = work()
        seconds.append(time.perf_counter() - start)
    return min(seconds), answer


def main() -> None:
    """Compare, print, and fail when the counts differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=64)
    parser.add_argument("--data", type=Path, default=SHARED / "data" / "mrd_flow" / "100715.fcs")
    parser.add_argument("--only-here", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.only_here:
        gate_here(asked.only_here)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "repeated.fcs"
        events = repeat_file(asked.data, path, asked.repeats)
        print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
        size = path.stat().st_size / 1e6
        print(f"input:   {asked.data.name} × {asked.repeats} = {events:,} events × 16 channels, {size:.0f} MB")
        here, counts = best_seconds(lambda: gate_here(path), RUNS)
        memory = int(subprocess.check_output([sys.executable, __file__, "--only-here", str(path)])) / 1024
        gates_only, flowkit_counts = best_seconds(lambda: gate_with_flowkit(path, transform_all=False), 1)
        everything, _ = best_seconds(lambda: gate_with_flowkit(path, transform_all=True), 1)
    print(f"ReALL:   {here:6.2f} s (best of {RUNS}), {memory:.0f} MiB at most")
    print(f"FlowKit: {gates_only:6.2f} s gating only → {gates_only / here:.1f} times slower")
    print(f"FlowKit: {everything:6.2f} s transforming all channels first → {everything / here:.1f} times slower")
    print(f"counts:  {counts}")
    if counts != flowkit_counts:
        sys.exit(f"counts differ from FlowKit's: {flowkit_counts}")
    print("same counts as FlowKit in every gate")


if __name__ == "__main__":
    main()
