"""Programs by others, as npm packages: installed once into the user's cache by the lock file."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

from reall.library.knowledge import cache_folder

ORACLES = Path(__file__).parents[1] / "oracles"
INSTALL_SECONDS = 300


class NotInstalled(Exception):
    """The programs are not here; the text says why."""


def installed() -> Path:
    """Give a folder that holds the packages and our scripts. Raises `NotInstalled`."""
    if not (shutil.which("node") and shutil.which("npm")):
        raise NotInstalled("node and npm are not installed")
    mark = hashlib.sha256((ORACLES / "package-lock.json").read_bytes()).hexdigest()[:16]
    folder = cache_folder() / f"oracles-{mark}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for path in ORACLES.iterdir():
            if path.is_file():
                shutil.copy(path, folder)
        if not (folder / "done").exists():
            _install(folder)
    return folder


def _install(folder: Path) -> None:
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=INSTALL_SECONDS)
    except subprocess.SubprocessError as error:
        raise NotInstalled(f"npm ci failed: {type(error).__name__}") from error
    (folder / "done").touch()
