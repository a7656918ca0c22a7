"""Settings and clients of the access tests, by a name that no other folder of tests has."""

from __future__ import annotations

from typing import Any

from access_provider import AUDIENCE, CLIENT, SECRET, Provider
from fastapi import FastAPI
from fastapi.testclient import TestClient

from reall.service.settings import Limits, Oidc, Settings

HOME = "http://127.0.0.1:8765"


def settings_with(provider: Provider, **more: Any) -> Settings:
    """Give the settings of a service that trusts the provider."""
    oidc = Oidc(issuer=provider.issuer, client_id=CLIENT, client_secret=SECRET, api_audience=AUDIENCE, leeway_seconds=5)
    return Settings(**{"oidc": oidc, "limits": Limits(anonymous_per_minute=0), **more})


def browser(app: FastAPI) -> TestClient:
    """Give a client that behaves like a browser which has cookies and does not follow by itself."""
    return TestClient(app, base_url=HOME, follow_redirects=False, headers={"accept": "text/html"})
