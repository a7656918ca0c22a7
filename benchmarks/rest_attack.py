"""Schemathesis against a service on a port: all checks, examples, boundary and random requests, thousands of them.

Run: python -m benchmarks.rest_attack [random requests per operation] [seed]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.service_load import service

# What keeps to the description may still contradict itself, be no such file, or name nothing: 422 and 404.
CONFIG = '[checks.positive_data_acceptance]\nexpected-statuses = ["2xx", "404", "422"]\n'


def main() -> int:
    """Run it, and print its own summary."""
    count, seed = (sys.argv[1:] + ["100", "1"][len(sys.argv) - 1 :])[:2]
    with service() as (port, _), tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "schemathesis.toml"
        config.write_text(CONFIG, encoding="utf-8")
        words = [
            str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(config), "run",
            f"http://127.0.0.1:{port}/api/v1/openapi.json", "--checks", "all", "--phases", "examples,coverage,fuzzing",
            "--max-examples", count, "--seed", seed, "--continue-on-failure", "--no-color",
        ]  # fmt: skip
        return subprocess.run(words, check=False, cwd=folder).returncode


if __name__ == "__main__":
    sys.exit(main())
