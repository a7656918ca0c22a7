"""A provider, a service behind it, and clients with every role."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from access_provider import Provider
from access_support import browser, settings_with
from fastapi import FastAPI
from fastapi.testclient import TestClient

from reall.service.app import create_app


@pytest.fixture(scope="session")
def running() -> Iterator[Provider]:
    """Run one provider for all tests."""
    provider = Provider()
    server = provider.start()
    yield provider
    server.shutdown()
    server.server_close()


@pytest.fixture
def provider(running: Provider) -> Iterator[Provider]:
    """Give the provider, honest again after each test."""
    kept = running.key
    yield running
    running.key, running.algorithm, running.published, running.roles = kept, "RS256", None, ["editor"]
    running.change, running.extra = (lambda claims: claims), {}
    running.routes.clear()
    running.asked.clear()


@pytest.fixture
def app(provider: Provider) -> FastAPI:
    """Give a service with sign-in."""
    return create_app(settings_with(provider))


@pytest.fixture
def signed_in(app: FastAPI, provider: Provider) -> Callable[..., TestClient]:
    """Give a function that signs a new browser in."""

    def sign_in(*roles: str) -> TestClient:
        provider.roles = list(roles)
        client = browser(app)
        away = client.get("/sign-in")
        back = client.get(provider.approve(away.headers["location"]))
        assert back.status_code == 303, back.text
        return client

    return sign_in
