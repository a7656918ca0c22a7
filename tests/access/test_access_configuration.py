"""Settings from file and environment, where the service may listen, and what tells sites about it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from reall.base.errors import WrongUsage
from reall.service.access.binding import check_exposure, is_loopback
from reall.service.app import create_app
from reall.service.commands.serve import command
from reall.service.configuration import described, read_settings, settings_table
from reall.service.settings import Limits, Oidc, Settings

ROOT = Path(__file__).parents[2]
OIDC = Oidc(issuer="https://provider.test", client_id="reall")


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    file = folder / "reall.toml"
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return file


def test_nothing_said_is_the_default() -> None:
    assert read_settings(None, {}) == Settings()


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, 'port = 1\npublic_url = "https://a.test"\n[limits]\nbody_seconds = 5\n')
    environment = {"REALL_CONFIG": str(file), "REALL_PORT": "2", "REALL_TRUSTED_HOSTS": "a.test, b.test", "HOME": "/"}
    read = read_settings(None, environment)
    expected = Settings(port=2, public_url="https://a.test", trusted_hosts=("a.test", "b.test"))
    assert read == replace(expected, limits=Limits(body_seconds=5.0))


WRONG_FILES = [
    ("prot = 1", "prot is not a setting. Did you mean port?"),
    ("[oidcc]\nissuer = 'x'", "[oidcc] is not a setting. Did you mean [oidc]?"),
    ("[oidc]\nissuerr = 'x'", "oidc.issuerr is not a setting. Did you mean oidc.issuer?"),
    ("port = '1'", "a whole number is expected"),
    ("port = true", "a whole number is expected"),
    ("host = 1", "a text in quotes is expected"),
    ("port = -1", "below 0"),
    ("trusted_hosts = 'a'", "a list of texts is expected"),
    ("port_file = '/x'", "port_file is not a setting"),
    ("port = ", "not well-formed TOML"),
    ("[oidc]\nclient_secret_file = '/there/is/none'", "the file of the secret cannot be read"),
]


@pytest.mark.parametrize(("text", "said"), WRONG_FILES)
def test_a_wrong_file_is_refused_with_place_and_repair(tmp_path: Path, text: str, said: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(WrongUsage) as refused:
        read_settings(file, {})
    assert said in str(refused.value)
    assert str(file) in str(refused.value)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("REALL_PROT", "1", "Did you mean REALL_PORT?"),
        ("REALL_OIDC_ISUER", "x", "Did you mean REALL_OIDC_ISSUER?"),
        ("REALL_PORT", "many", "a whole number is expected"),
        ("REALL_OIDC_CLIENT_SECRET_FILE", "/there/is/none", "cannot be read"),
    ],
)
def test_a_wrong_variable_is_refused(variable: str, value: str, said: str) -> None:
    with pytest.raises(WrongUsage, match=None) as refused:
        read_settings(None, {variable: value})
    assert said in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="cannot be read"):
        read_settings(tmp_path / "none.toml", {})


def test_secrets_come_from_files_and_are_never_shown(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hidden-1\n", encoding="utf-8")
    read = read_settings(None, {"REALL_OIDC_CLIENT_SECRET_FILE": str(secret), "REALL_METRICS_TOKEN": "hidden-2"})
    assert (read.oidc.client_secret, read.metrics_token) == ("hidden-1", "hidden-2")
    assert "hidden" not in repr(read)
    assert not [option for option in command.params if "secret" in str(option.name) or "token" in str(option.name)]


def test_a_secret_in_a_file_that_all_may_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="everybody on this computer may read it"):
        read_settings(written(tmp_path, "[oidc]\nclient_secret = 'x'\n", 0o644), {})
    assert read_settings(written(tmp_path, "[oidc]\nclient_secret = 'x'\n", 0o640), {}).oidc.client_secret == "x"


# Where it listens, what it is called, whether there is sign-in, and whether that may be.
EXPOSURE = [
    ("127.0.0.1", "", False, True),
    ("localhost", "", False, True),
    ("::1", "", False, True),
    ("127.8.8.8", "", False, True),
    ("0.0.0.0", "", False, False),
    ("::", "", False, False),
    ("0", "", False, False),
    ("", "", False, False),
    ("10.0.0.1", "", False, False),
    ("::ffff:10.0.0.1", "", False, False),
    ("no.such.name.invalid", "", False, False),
    ("127.0.0.1", "https://reall.hospital.test", False, False),
    ("127.0.0.1", "http://127.0.0.1:99", False, True),
    ("127.0.0.1", "127.0.0.1:99", False, False),
    ("127.0.0.1", "https://reall.test/path", True, False),
    ("0.0.0.0", "https://reall.test", True, True),
    ("::", "https://reall.test", True, True),
    ("127.0.0.1", "https://reall.test", True, True),
    ("127.0.0.1", "", True, True),
    ("0.0.0.0", "", True, False),
    ("0.0.0.0", "http://reall.test", True, False),
]


@pytest.mark.parametrize(("host", "public_url", "sign_in", "may"), EXPOSURE)
def test_without_sign_in_the_service_is_for_this_computer_only(
    host: str, public_url: str, sign_in: bool, may: bool
) -> None:
    settings = Settings(host=host, public_url=public_url, oidc=OIDC if sign_in else Oidc())
    if may:
        check_exposure(settings)
        return
    with pytest.raises(WrongUsage):
        create_app(settings)


def test_a_name_that_leads_elsewhere_is_not_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when only one of its addresses does."""
    entries = [(2, 1, 6, "", ("127.0.0.1", 0)), (2, 1, 6, "", ("10.0.0.1", 0))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: entries)
    assert not is_loopback("localhost")


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": ""},
        {"issuer": "http://provider.test"},
        {"issuer": "ftp://provider.test"},
        {"issuer": "provider"},
        {"api_audience": "reall"},
    ],
)
def test_a_sign_in_that_cannot_be_safe_is_refused(changed: dict[str, str]) -> None:
    with pytest.raises(WrongUsage):
        check_exposure(Settings(public_url="https://reall.test", oidc=replace(OIDC, **changed)))


@pytest.mark.parametrize("arguments", [["--host", "0.0.0.0"], ["--host", "::"]])
def test_the_command_refuses_a_public_address_without_sign_in(arguments: list[str]) -> None:
    result = CliRunner().invoke(command, arguments)
    assert isinstance(result.exception, WrongUsage)
    assert result.exception.exit_code == 2
    assert "no sign-in is configured" in str(result.exception)


def test_the_documented_table_is_the_one_of_the_program() -> None:
    """After a change: `reall serve --settings`, and paste it into the page."""
    page = (ROOT / "docs/how-to/serve.md").read_text(encoding="utf-8")
    assert settings_table() in page
    assert all(one.meaning for one in described())
    assert CliRunner().invoke(command, ["--settings"]).output == settings_table()


def test_the_example_file_loads_and_may_be_served(tmp_path: Path) -> None:
    text = (ROOT / "deploy/reall.toml").read_text(encoding="utf-8")
    secret = tmp_path / "secret"
    secret.write_text("x", encoding="utf-8")
    text = text.replace("/run/credentials/reall.service/client_secret", str(secret))
    text = text.replace("/run/credentials/reall.service/metrics_token", str(secret))
    settings = read_settings(written(tmp_path, text), {})
    check_exposure(settings)
    assert settings.has_sign_in
    assert settings.oidc.client_secret == "x"
