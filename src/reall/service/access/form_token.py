"""The token by which a form proves that it was made for the session it comes from."""

from __future__ import annotations

from fastapi import Request

from reall.service.access.sessions import Session

TOKEN_FIELD = "form_token"
TOKEN_HEADER = "x-form-token"


def form_token(request: Request) -> str:
    """Give the token that a form of this session must carry; empty where nobody signed in."""
    session: Session | None = getattr(request.state, "session", None)
    return session.form_token if session else ""
