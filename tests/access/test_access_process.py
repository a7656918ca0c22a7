"""The service as a process: it starts, refuses, waits for no dawdler, and stops in order."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from reall.cli.main import main; main()", "serve", "--port", "0"]
WAIT = 30


def _environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "src"), **more}


@contextmanager
def serving(**more: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run the service and give the process and its port."""
    process = subprocess.Popen(COMMAND, env=_environment(**more), stderr=subprocess.PIPE, text=True)
    assert process.stderr
    try:
        line = process.stderr.readline()
        found = re.search(r"serving at http://127\.0\.0\.1:(\d+)", line)
        assert found, line + process.stderr.read()
        yield process, int(found.group(1))
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(WAIT)
        process.stderr.close()


def _connect(port: int) -> socket.socket:
    """Connect, waiting for the service to take connections."""
    end = time.monotonic() + WAIT
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=WAIT)
        except ConnectionRefusedError:
            assert time.monotonic() < end
            time.sleep(0.02)


def _answer(connection: socket.socket) -> bytes:
    got = b""
    while piece := connection.recv(65_536):
        got += piece
    return got


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_a_public_address_without_sign_in_ends_with_exit_code_2(host: str) -> None:
    done = subprocess.run(
        [*COMMAND, "--host", host], env=_environment(), capture_output=True, text=True, timeout=WAIT, check=False
    )
    assert done.returncode == 2
    assert "no sign-in is configured" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_said_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = [*COMMAND[:-1], str(taken.getsockname()[1])]
        done = subprocess.run(command, env=_environment(), capture_output=True, text=True, timeout=WAIT, check=False)
    assert done.returncode == 2
    assert "Choose another port" in done.stderr


def test_a_request_under_way_is_finished_after_sigterm_and_then_the_service_ends() -> None:
    """Half a form is sent, the service is told to stop, the other half is sent: it is answered, and the exit is 0."""
    with serving() as (process, port):
        head = f"POST /sign-out HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 4\r\n"
        kind = "Content-Type: application/json\r\n\r\n"
        connection = _connect(port)
        connection.sendall((head + kind + "[1").encode())
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert process.poll() is None, "it must wait for the request"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=1)
        connection.sendall(b",2")
        assert _answer(connection).startswith(b"HTTP/1.1 ")
        connection.close()
        assert process.wait(WAIT) == 0
        assert process.stderr
        assert "POST /sign-out" in process.stderr.read()


def test_a_dawdler_is_let_go() -> None:
    """Nothing sent; a head in drips; a head without end; a body that never comes."""
    limits = {"REALL_LIMITS_HEADER_SECONDS": "0.4", "REALL_LIMITS_BODY_SECONDS": "0.4"}
    with serving(**limits, REALL_LIMITS_HEADER_BYTES="4096") as (_, port):
        silent, drip, endless, empty = (_connect(port) for _ in range(4))
        host = f"Host: 127.0.0.1:{port}\r\n"
        began = time.monotonic()
        empty.sendall(f"POST /sign-out HTTP/1.1\r\n{host}Content-Length: 9\r\n".encode())
        empty.sendall(b"Content-Type: application/json\r\n\r\n")
        endless.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 5000)
        drip.sendall(b"GET / HTTP/1.1\r\n")
        assert _answer(silent) == b""
        assert _answer(drip) == b""
        assert _answer(endless).startswith(b"HTTP/1.1 400")
        assert b" 408 " in _answer(empty)
        assert time.monotonic() - began < WAIT
        alive = _connect(port)
        alive.sendall(f"GET /healthz HTTP/1.1\r\n{host}Connection: close\r\n\r\n".encode())
        assert b'{"alive":true}' in _answer(alive)
        for one in (silent, drip, endless, empty, alive):
            one.close()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_the_unit_of_systemd_is_well_formed(tmp_path: Path) -> None:
    """The program that it starts lies elsewhere on the test's computer; everything else must hold."""
    text = (ROOT / "deploy/reall.service").read_text(encoding="utf-8")
    unit = tmp_path / "reall.service"
    unit.write_text(text.replace("/opt/reall/bin/reall", sys.executable), encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=WAIT, check=False
    )
    complaints = [line for line in done.stderr.splitlines() if "reall.service" in line]
    assert not complaints
