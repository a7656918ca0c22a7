"""Which role may do what, on every route that there is; and what a browser may be made to do by another site."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import pytest
from access_provider import Provider
from access_support import HOME, browser, settings_with
from fastapi import APIRouter, FastAPI, Form, Request, UploadFile
from fastapi.testclient import TestClient

from reall.service.access.entry import guard
from reall.service.access.gate import require
from reall.service.access.operations import LOCAL, MAY, NOBODY, Operation, Principal, Role
from reall.service.access.routes import Guarded, operations_of
from reall.service.app import create_app
from reall.service.settings import Settings
from reall.service.store.errors import StoreUnreachable

TEMPLATES = Path(__file__).parents[2] / "src/reall/service/pages/templates"
WHO = [*([role] for role in Role), [], list(Role)]


def _calls(app: FastAPI) -> list[tuple[str, str, Operation]]:
    """Give one call of every route and method, with something in the place of each parameter."""
    return [
        (re.sub(r"\{[^}]*\}", "x", path) or "/", method, operation)
        for path, methods, operation in operations_of(app)
        for method in sorted(methods or {"GET"})
    ]


@pytest.mark.parametrize("roles", WHO, ids=lambda roles: "+".join(roles) or "no role")
def test_every_route_serves_the_roles_of_its_operation_and_no_other(
    app: FastAPI, provider: Provider, roles: list[Role]
) -> None:
    provider.roles = [role.value for role in roles]
    token = provider.sign(provider.claims())
    client = TestClient(app, base_url=HOME, follow_redirects=False, headers={"authorization": f"Bearer {token}"})
    for path, method, operation in _calls(app):
        status = client.request(method, path).status_code
        allowed = operation is Operation.OPEN or any(operation in MAY[role] for role in roles)
        if path == "/metrics":
            continue  # has a token of its own, below
        assert (status not in (401, 403)) is allowed, (path, method, operation, status)


def test_who_is_not_signed_in_gets_no_data_from_any_route(app: FastAPI) -> None:
    for path, method, operation in _calls(app):
        if operation is Operation.OPEN:
            continue
        program = TestClient(app, base_url=HOME, follow_redirects=False).request(method, path)
        person = browser(app).request(method, path)
        assert program.status_code == 401, (method, path)
        if method != "HEAD":
            assert program.headers["content-type"] == "application/problem+json"
        expected = 401 if path.startswith("/api/") else 303
        assert person.status_code == expected, (method, path)
    unknown = TestClient(app, base_url=HOME).get("/there/is/no/such/page")
    assert unknown.status_code == 401, "what exists is not told to strangers"


def test_a_body_is_not_read_before_it_is_known_who_sends_it(app: FastAPI) -> None:
    answer = TestClient(app, base_url=HOME).post("/api/v1/assess", content=b"[" * 100_000)
    assert answer.status_code == 401


def test_the_matrix_of_roles_is_the_documented_one() -> None:
    """Readers ask and read; editors also write; curators compare knowledge and see no case; auditors see the log."""
    o, r = Operation, Role
    assert MAY[r.READER] == {o.ASK, o.READ_KNOWLEDGE, o.READ_FAMILY_PAGES, o.READ_CASES}
    assert MAY[r.EDITOR] == MAY[r.READER] | {o.WRITE_CASES, o.RECORD_DECISIONS}
    assert MAY[r.CURATOR] == {o.READ_KNOWLEDGE, o.READ_FAMILY_PAGES, o.COMPARE_KNOWLEDGE}
    assert MAY[r.AUDITOR] == {o.READ_KNOWLEDGE, o.READ_FAMILY_PAGES, o.READ_AUDIT}
    assert all(LOCAL.may(operation) for operation in Operation)
    assert [operation for operation in Operation if NOBODY.may(operation)] == [o.OPEN]
    assert not Principal(id="a").may(o.ASK)


@pytest.mark.parametrize("named", [0, 2])
def test_a_route_without_exactly_one_operation_stops_the_start(named: int) -> None:
    app, router = FastAPI(docs_url=None, redoc_url=None), APIRouter(prefix="/inner")
    dependencies = [require(Operation.ASK), require(Operation.READ_CASES)][:named]

    @router.get("/route", dependencies=dependencies)
    def route() -> None:
        """Exist."""

    app.include_router(router, prefix="/outer")
    with pytest.raises(RuntimeError, match=rf"/outer/inner/route: {named} operations"):
        guard(app, Settings())


def test_a_mount_without_an_operation_stops_the_start() -> None:
    app = FastAPI(docs_url=None, redoc_url=None)
    app.mount("/below", FastAPI())
    with pytest.raises(RuntimeError, match="/below: 0 operations"):
        guard(app, Settings())


# Roles in the provider's claim, and what they count for here.
@pytest.mark.parametrize(
    ("claim", "names", "roles"),
    [
        ("roles", ["reader", "unheard of"], {Role.READER}),
        ("roles", "reader editor", {Role.READER, Role.EDITOR}),
        ("roles", None, set()),
        ("roles", {"reader": True}, set()),
        ("roles", ["READER"], set()),
        ("realm_access.roles", ["auditor"], set()),
    ],
)
def test_only_roles_that_the_site_named_count(claim: str, names: object, roles: set[Role]) -> None:
    from reall.service.access.identify import principal_of  # noqa: PLC0415
    from reall.service.settings import Oidc  # noqa: PLC0415

    assert principal_of({"sub": "a", "roles": names}, Oidc(roles_claim=claim)).roles == roles
    nested = {"sub": "a", "realm_access": {"roles": ["hospital-reader"]}}
    oidc = Oidc(roles_claim="realm_access.roles", reader="hospital-reader")
    assert principal_of(nested, oidc).roles == {Role.READER}


# What a browser says of a request (method, headers), and whether it is answered.
FROM = [
    ("GET", {}, True),
    ("POST", {}, True),
    ("POST", {"sec-fetch-site": "same-origin", "origin": "null"}, True),
    ("POST", {"origin": HOME}, True),
    ("POST", {"origin": "https://elsewhere.test"}, False),
    ("POST", {"origin": "null"}, False),
    ("POST", {"sec-fetch-site": "cross-site", "origin": "https://elsewhere.test"}, False),
    ("POST", {"sec-fetch-site": "same-site", "origin": "http://127.0.0.1:9999"}, False),
    ("POST", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, False),
    ("GET", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, True),
    ("GET", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, False),
    ("GET", {"sec-fetch-site": "none", "sec-fetch-mode": "navigate"}, True),
]


@pytest.mark.parametrize(("method", "headers", "answered"), FROM)
def test_other_sites_can_link_here_and_nothing_more(method: str, headers: dict[str, str], answered: bool) -> None:
    client = TestClient(create_app(Settings()), base_url=HOME)
    assert (client.request(method, "/healthz", headers=headers).status_code != 403) is answered


HOSTS = [
    ("127.0.0.1:8765", True),
    ("localhost", True),
    ("[::1]:8765", True),
    ("reall.hospital.test", True),
    ("evil.test", False),
    ("127.0.0.1.evil.test", False),
    ("", False),
    ("[::1", False),
]


@pytest.mark.parametrize(("host", "answered"), HOSTS)
def test_only_its_own_names_reach_the_service(host: str, answered: bool) -> None:
    """A name that an attacker points at 127.0.0.1 (DNS rebinding) is not one of them."""
    client = TestClient(create_app(Settings(trusted_hosts=("reall.hospital.test",))), base_url=HOME)
    assert (client.get("/healthz", headers={"host": host}).status_code == 200) is answered


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "x-real-ip"])
def test_without_sign_in_nobody_is_served_through_a_proxy(header: str) -> None:
    client = TestClient(create_app(Settings()), base_url=HOME)
    assert client.get("/", headers={header: "10.0.0.1"}).status_code == 403


@pytest.mark.parametrize(
    ("data", "headers", "status"),
    [
        ({}, {}, 403),
        ({"form_token": "guessed"}, {}, 403),
        ({"form_token": "TOKEN"}, {}, 200),
        ({}, {"x-form-token": "TOKEN"}, 200),
        ({}, {"x-form-token": "guessed"}, 403),
        ({"form_token": "TOKEN"}, {"origin": "https://elsewhere.test"}, 403),
        ({"form_token": "TOKEN"}, {"sec-fetch-site": "cross-site"}, 403),
    ],
)
def test_a_change_needs_the_token_of_the_session(
    signed_in: Callable[..., TestClient], data: dict[str, str], headers: dict[str, str], status: int
) -> None:
    client = signed_in("reader")
    token = client.get("/").text.split('name="form_token" value="')[1].split('"')[0]
    fill = {"TOKEN": token}
    data = {k: fill.get(v, v) for k, v in data.items()}
    headers = {k: fill.get(v, v) for k, v in headers.items()}
    assert client.post("/sign-out", data=data, headers=headers).status_code == status


@pytest.mark.parametrize(("with_token", "status"), [(True, 200), (False, 403)])
def test_a_route_that_reads_a_form_itself_still_gets_it(
    app: FastAPI, signed_in: Callable[..., TestClient], with_token: bool, status: int
) -> None:
    """The gate and the route read the same form: fields and files arrive."""

    @app.post("/upload", dependencies=[require(Operation.ASK)])
    def upload(name: Annotated[str, Form()], file: UploadFile) -> str:
        return f"{name} {file.file.read().decode()}"

    @app.post("/by-hand", dependencies=[require(Operation.ASK)])
    async def by_hand(request: Request) -> str:
        form = await request.form()
        return str(form["name"])

    client = signed_in("reader")
    token = client.get("/").text.split('name="form_token" value="')[1].split('"')[0]
    data = {"name": "a"} | ({"form_token": token} if with_token else {})
    uploaded = client.post("/upload", data=data, files={"file": ("f", b"content")})
    assert uploaded.status_code == status
    assert client.post("/by-hand", data=data).status_code == status
    if with_token:
        assert uploaded.json() == "a content"


def test_the_token_of_one_session_is_none_for_another(signed_in: Callable[..., TestClient]) -> None:
    first, second = signed_in("reader"), signed_in("reader")
    token = first.get("/").text.split('name="form_token" value="')[1].split('"')[0]
    assert second.post("/sign-out", data={"form_token": token}).status_code == 403


def test_every_form_that_posts_carries_the_token() -> None:
    """Put `{{ form_field }}` into each of them."""
    forms = re.compile(r"<form[^>]*method=\"post\".*?</form>", re.DOTALL | re.IGNORECASE)
    found = [(file.name, form) for file in TEMPLATES.glob("*.j2") for form in forms.findall(file.read_text("utf-8"))]
    assert found
    assert not [(name, form.splitlines()[0]) for name, form in found if "{{ form_field }}" not in form]


def test_every_answer_tells_the_browser_to_keep_and_load_nothing(app: FastAPI) -> None:
    """Also a refusal, an error, and a page that is not there."""
    client = browser(app)
    for path in ("/", "/nothing", "/healthz", "/sign-in/back", "/static/nothing.css"):
        headers = client.get(path).headers
        assert headers["cache-control"] == "no-store", path
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "camera=()" in headers["permissions-policy"]
        assert "strict-transport-security" not in headers, "only over https"
    assert client.get("/static/reall.css").headers["cache-control"] == "public, max-age=3600"


def test_a_service_whose_store_does_not_answer_is_alive_and_not_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert TestClient(create_app(Settings()), base_url=HOME).get("/readyz").json()["parts"] == {"knowledge": True}
    app = create_app(Settings(database_url=f"sqlite:///{tmp_path / 'reall.sqlite3'}"))
    with TestClient(app, base_url=HOME) as client:
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["parts"]) == (200, {"knowledge": True, "store": True})

        def gone() -> None:
            raise StoreUnreachable("the disk is gone")

        monkeypatch.setattr(app.state.parts.store, "audit_head", gone)
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["ready"], ready.json()["parts"]["store"]) == (503, False, False)
        assert client.get("/healthz").status_code == 200


def test_who_is_signed_in_is_not_sent_round_in_circles(app: FastAPI, signed_in: Callable[..., TestClient]) -> None:
    """A mounted application is for programs: a person gets a page that says so, not the sign-in again."""
    client = signed_in("reader")
    assert client.get("/metrics").status_code == 403

    async def inner(scope: object, receive: object, send: object) -> None:
        raise AssertionError

    app.mount("/programs", Guarded(inner, Operation.ASK))
    assert client.get("/programs/x").status_code == 401
    assert browser(app).get("/programs/x").status_code == 303


@pytest.mark.parametrize(
    ("sign_in", "token", "given", "status"),
    [
        (False, "", "", 200),
        (False, "secret", "", 403),
        (True, "", "", 403),
        (True, "secret", "Bearer wrong", 403),
        (True, "secret", "Bearer secret", 200),
    ],
)
def test_figures_are_for_this_computer_or_for_who_holds_the_token(
    provider: Provider, sign_in: bool, token: str, given: str, status: int
) -> None:
    settings = settings_with(provider, metrics_token=token) if sign_in else Settings(metrics_token=token)
    client = TestClient(create_app(settings), base_url=HOME)
    assert client.get("/metrics", headers={"authorization": given} if given else {}).status_code == status
