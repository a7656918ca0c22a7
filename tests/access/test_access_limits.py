"""Too large, too deep, too slow, too often: each is refused, and what is just inside the limit is not."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from access_provider import Provider
from access_support import HOME, settings_with
from fastapi import APIRouter, FastAPI, Request, UploadFile
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from own_loop import run_alone

from reall.service.access.entry import guard
from reall.service.access.gate import form_limits, require
from reall.service.access.operations import Operation
from reall.service.app import create_app
from reall.service.guards.size import deeper_than
from reall.service.running.log import ACCESS, Discreet, set_up_logging
from reall.service.settings import Limits, Settings

SMALL = Limits(body_bytes=1000, upload_bytes=5000, upload_files=2, form_fields=3, json_depth=4)
OPEN = [require(Operation.OPEN)]


def client_of(limits: Limits = SMALL) -> TestClient:
    """Give a service with routes that read what they are sent, and one that fails."""
    settings = Settings(limits=limits)
    app = FastAPI(docs_url=None, redoc_url=None)
    inner = APIRouter()

    @inner.post("/json", dependencies=OPEN)
    async def read_json(request: Request) -> Any:
        return await request.json()

    @inner.post("/form", dependencies=OPEN)
    async def read_form(request: Request) -> int:
        return len(await request.form(**form_limits(settings)))

    @inner.post("/files", dependencies=OPEN)
    async def read_files(files: list[UploadFile]) -> int:
        return len(files)

    @inner.get("/slow/{seconds}", dependencies=OPEN)
    async def slow(seconds: float) -> float:
        await asyncio.sleep(seconds)
        return seconds

    @inner.post("/fails/{case_id}", dependencies=OPEN)
    async def fails(case_id: str, request: Request) -> None:
        raise ValueError(f"{case_id} {await request.body()!r}")

    app.include_router(inner, form_limits=form_limits(settings))
    guard(app, settings)
    return TestClient(app, base_url=HOME)


JSON = "application/json"


@pytest.mark.parametrize(
    ("kind", "size", "status"),
    [
        (JSON, 1000, 200),
        (JSON, 1001, 413),
        ("application/fhir+json", 1001, 200),
        ("application/fhir+json", 5001, 413),
    ],
)
@pytest.mark.parametrize("told", [True, False], ids=["length told", "in pieces"])
def test_a_body_may_be_as_large_as_its_kind_allows(kind: str, size: int, status: int, told: bool) -> None:
    body = b'"' + b"x" * (size - 2) + b'"'

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(body), 100):
            yield body[start : start + 100]

    answer = client_of().post("/json", content=body if told else pieces(), headers={"content-type": kind})
    assert answer.status_code == status
    if status == 413:
        assert answer.json()["code"] == "reall/too-large"
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("files", "status"), [(2, 200), (3, 400)])
def test_an_upload_may_have_so_many_files(files: int, status: int) -> None:
    parts = [("files", (f"{i}.txt", b"x")) for i in range(files)]
    assert client_of().post("/files", files=parts).status_code == status


@pytest.mark.parametrize(("fields", "status"), [(3, 200), (4, 400)])
def test_a_form_may_have_so_many_fields(fields: int, status: int) -> None:
    data = {f"f{i}": "x" for i in range(fields)}
    assert client_of().post("/form", data=data).status_code == status


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"[[[[1]]]]", 200),
        (b"[[[[[1]]]]]", 400),
        (b'{"a":{"a":{"a":{"a":{}}}}}', 400),
        (b'["[[[[[[[[[["]', 200),
        (b'["\\"[[[[[[[[["]', 200),
        (b"[[],[],[],[],[],[],[]]", 200),
    ],
)
def test_json_may_nest_so_deep(text: bytes, status: int) -> None:
    answer = client_of().post("/json", content=text, headers={"content-type": JSON})
    assert answer.status_code == status


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0) if isinstance(value, dict | list) else 0


@given(
    st.recursive(st.text() | st.integers(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)), st.integers(0, 8)
)
def test_the_depth_is_the_one_that_a_parser_finds(value: Any, most: int) -> None:
    import json  # noqa: PLC0415

    assert deeper_than(json.dumps(value).encode(), most) is (_depth(value) > most)


def test_an_answer_that_takes_too_long_is_given_up() -> None:
    client = client_of(Limits(request_seconds=0.2))
    assert client.get("/slow/0.01").status_code == 200
    late = client.get("/slow/5")
    assert (late.status_code, late.json()["code"]) == (503, "reall/too-slow")


def test_a_body_that_comes_too_slowly_is_refused() -> None:
    from reall.service.guards.size import Size  # noqa: PLC0415

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass

    async def receive() -> Any:
        await asyncio.sleep(0.03)
        return {"type": "http.request", "body": b"x", "more_body": True}

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", b"text/csv"), (b"transfer-encoding", b"chunked")]
    scope = {"type": "http", "method": "POST", "path": "/api/x", "query_string": b"", "headers": headers}
    run_alone(lambda: Size(app, limits=Limits(body_seconds=0.1))(scope, receive, send))
    assert sent[0]["status"] == 408


def test_one_account_or_address_may_ask_so_often(provider: Provider) -> None:
    limits = Limits(requests_per_minute=5, anonymous_per_minute=3)
    app = create_app(settings_with(provider, limits=limits))
    client = TestClient(app, base_url=HOME)
    assert [client.get("/api/x").status_code for _ in range(4)] == [401, 401, 401, 429]
    tokens = [{"authorization": f"Bearer {provider.sign(provider.claims(sub=sub))}"} for sub in ("a", "b")]
    asked = [client.get("/api/x", headers=tokens[0]) for _ in range(6)]
    assert [answer.status_code for answer in asked] == [404] * 5 + [429]
    assert asked[-1].headers["retry-after"] == "60"
    assert asked[-1].json()["code"] == "reall/too-many-requests"
    assert client.get("/api/x", headers=tokens[1]).status_code == 404, "another account has its own count"
    assert [client.get("/healthz").status_code for _ in range(9)] == [200] * 9, "the watchdog is not counted"


def test_the_user_of_this_computer_is_not_counted() -> None:
    client = TestClient(
        create_app(Settings(limits=Limits(anonymous_per_minute=1, requests_per_minute=1))), base_url=HOME
    )
    assert {client.get("/").status_code for _ in range(10)} == {200}


CANARY = "canary7391"


def test_an_accident_is_answered_and_tells_the_log_its_place_only(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "reall.service")
    answer = client_of().post(f"/fails/{CANARY}?name={CANARY}", content=CANARY.encode())
    assert (answer.status_code, answer.json()["code"]) == (500, "reall/accident")
    assert answer.headers["cache-control"] == "no-store"
    assert CANARY not in answer.text
    assert CANARY not in caplog.text
    assert "ValueError at " in caplog.text
    assert re.search(r"POST /fails/\{case_id\} 500 \d", caplog.text)


def test_other_loggers_say_only_that_and_where() -> None:
    record = logging.makeLogRecord(
        {"name": "asyncio", "levelname": "ERROR", "msg": CANARY, "filename": "tasks.py", "lineno": 7}
    )
    try:
        raise ValueError(CANARY)
    except ValueError as error:
        record.exc_info = (ValueError, error, error.__traceback__)
    line = Discreet("%(levelname)s %(name)s %(message)s").format(record)
    assert line == "ERROR asyncio (tasks.py:7, text withheld)"


def _case_of_canaries() -> tuple[bytes, list[str]]:
    """Give a case whose every free word is a mark, and the marks."""
    marks = [f"{CANARY}x{i}" for i in range(8)]
    text = (
        f"case: {marks[0]}\nfacts:\n  lineage: B\n  relapse_number: 1\n  age_at_relapse_years: 9\n"
        f"  diagnosis_date: 2016-03-01\n  genetics: [{marks[1]}]\n"
        f"  {marks[2]}: {marks[3]}\n  cns_status: {marks[4]}\n"
        f"exposures:\n  - {{agent: {marks[5]}, cumulative_mg_m2: 120}}\n"
        f"mrd:\n  - {{timepoint: {marks[6]}, method: {marks[7]}}}\n"
    )
    return text.encode(), marks


def test_nothing_of_a_case_reaches_log_figures_addresses_or_files(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The case goes to every route that takes a body, as every kind of body, and into every address."""
    from reall.service.access.routes import operations_of  # noqa: PLC0415

    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    handlers = logging.getLogger().handlers[:]
    levels = logging.getLogger().level, ACCESS.parent.level if ACCESS.parent else 0
    app = create_app(Settings())
    client = TestClient(app, base_url=HOME, follow_redirects=False)
    body, marks = _case_of_canaries()
    try:
        set_up_logging()
        answers = []
        for path, methods, _ in operations_of(app):
            address = re.sub(r"\{[^}]*\}", marks[0], path)
            for method in methods or {"GET"}:
                if method in ("GET", "HEAD"):
                    answers.append(client.request(method, address, params={"q": marks[1]}))
                    continue
                answers += [
                    client.request(method, address, content=body, headers={"content-type": kind})
                    for kind in ("application/json", "application/yaml", "text/csv")
                ]
                answers.append(client.request(method, address, data={"case": body.decode(), marks[2]: marks[3]}))
                answers.append(client.request(method, address, files={"file": (marks[4], body * 8_000)}))
    finally:
        logging.getLogger().handlers[:] = handlers
        logging.getLogger().setLevel(levels[0])
        ACCESS.parent.setLevel(levels[1]) if ACCESS.parent else None
    written = capfd.readouterr()
    assert "GET /healthz 200" in written.err
    assert CANARY not in written.err + written.out
    assert CANARY not in client.get("/metrics").text
    assert not [a.headers["location"] for a in answers if CANARY in a.headers.get("location", "")]
    kept = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert not [file for file in kept if CANARY.encode() in file.read_bytes()]
