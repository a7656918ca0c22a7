"""Runs every benchmark of this folder, one process each: `python -m benchmarks`, or `python -m benchmarks NAME …`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main(names: list[str]) -> int:
    """Run the scripts named, or all that have a `main`; one that fails does not stop the others."""
    found = [path.stem for path in sorted(HERE.glob("*.py")) if "\ndef main(" in path.read_text(encoding="utf-8")]
    failed = []
    for name in names or [name for name in found if not name.startswith("__")]:
        print(f"\n== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=HERE.parent, check=False).returncode:
            failed.append(name)
    print(f"\nfailed: {', '.join(failed)}" if failed else "\nall done")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
