"""A PostgreSQL server of the tests' own: on a free port of loopback, in a folder of its own, gone afterwards."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import pg8000.dbapi

START_SECONDS = 60


def programs() -> Path | None:
    """Give the folder of Debian's newest server programs, or of those in the path; None where there is no server."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    in_path = shutil.which("initdb")
    return found[-1].parent if found else Path(in_path).parent if in_path else None


def _unprivileged() -> dict[str, Any]:
    """Tell subprocess to run as somebody else than root, whom the server refuses."""
    if os.getuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    who = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}


class Server:
    """One running server; `kill` ends all its processes at once, as the system would when memory runs out."""

    def __init__(self, at: Path) -> None:
        """Make an empty cluster with the programs in the folder `at`, and start it."""
        self._programs = at
        self._as = _unprivileged()
        self.folder = Path(tempfile.mkdtemp(prefix="reall-pg-"))
        self.folder.chmod(0o700)
        if self._as:
            os.chown(self.folder, self._as["user"], self._as["group"])
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._run(at / "initdb", "-D", self.folder / "data", "-U", "reall", "-A", "trust", "-E", "UTF8", "--no-sync")
        self._places = 0
        self.start()

    def _run(self, *command: Any) -> None:
        subprocess.run([str(c) for c in command], check=True, capture_output=True, cwd=self.folder, **self._as)

    def start(self) -> None:
        """Start, and wait until it answers; after a kill it recovers first."""
        options = ("-k", self.folder, "-p", self.port, "-h", "127.0.0.1", "-c", "max_connections=30")
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(part) for part in (self._programs / "postgres", "-D", self.folder / "data", *options)],
                stdout=subprocess.DEVNULL,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                **self._as,
            )
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                self._do("SELECT 1")
                return
            except (pg8000.dbapi.Error, OSError):
                if time.monotonic() > until or self._process.poll() is not None:
                    raise RuntimeError((self.folder / "log").read_text()[-2000:]) from None
                time.sleep(0.05)

    def _do(self, statement: str) -> None:
        connection = pg8000.dbapi.connect(user="reall", host="127.0.0.1", port=self.port, database="postgres")
        connection.autocommit = True
        try:
            connection.cursor().execute(statement)
        finally:
            connection.close()

    def new_place(self) -> str:
        """Make an empty schema with a role of its own, and give the address; a database each would take seconds."""
        self._places += 1
        name = f"store{self._places}"
        self._do(
            f"CREATE ROLE {name} LOGIN SUPERUSER; CREATE SCHEMA {name} AUTHORIZATION {name}; "
            f"ALTER ROLE {name} SET search_path = {name}"
        )
        return f"postgresql+pg8000://{name}@127.0.0.1:{self.port}/postgres"

    def kill(self) -> None:
        """End every process of the server with SIGKILL. Its children have process groups of their own."""
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for each in (pid, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """End the server and remove its folder."""
        self._process.send_signal(signal.SIGQUIT)  # at once: nothing of it is needed any more
        self._process.wait(timeout=START_SECONDS)
        shutil.rmtree(self.folder, ignore_errors=True)
