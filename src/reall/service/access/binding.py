"""Where the service may listen: on this computer, or, with sign-in, elsewhere."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from reall.base.errors import WrongUsage
from reall.service.settings import Settings

_BACKLOG = 1024
_WITHOUT_SIGN_IN = "Without sign-in everybody who reaches the service could read and change what it holds."
_CONFIGURE = "Configure an identity provider ([oidc], see docs/how-to/access.md) or listen on 127.0.0.1."


def check_exposure(settings: Settings) -> None:
    """Refuse, with `WrongUsage`, settings that would let people in whom nobody has signed in, or in clear text."""
    public = urlsplit(settings.base_url)
    if public.scheme not in ("http", "https") or not public.hostname or public.path or public.query:
        raise WrongUsage(
            "public_url is not the address of a service", where=settings.public_url, next="Write it as https://name."
        )
    if not settings.has_sign_in:
        if not is_loopback(settings.host):
            raise WrongUsage(
                f"{settings.host!r} can be reached from other computers and no sign-in is configured",
                where="host",
                why=_WITHOUT_SIGN_IN,
                next=_CONFIGURE,
            )
        if not is_loopback(public.hostname):
            raise WrongUsage(
                "the service is to be known to others and no sign-in is configured",
                where=f"public_url {settings.public_url}",
                why=_WITHOUT_SIGN_IN,
                next=_CONFIGURE,
            )
        return
    _check_provider(settings)
    if is_loopback(settings.host) and not settings.public_url:
        return
    if not settings.secure and not is_loopback(public.hostname):
        raise WrongUsage(
            "public_url must begin with https://",
            where=f"public_url {settings.public_url or '(empty)'}",
            why="Answers about patients and session cookies would cross the network in clear text.",
            next="Put a proxy with TLS in front and write its address as public_url.",
        )


def _check_provider(settings: Settings) -> None:
    oidc = settings.oidc
    if not oidc.client_id:
        raise WrongUsage("client_id is missing", where="[oidc]", next="The provider gave it at registration.")
    require_protected(oidc.issuer, "[oidc] issuer")
    if oidc.api_audience and oidc.api_audience == oidc.client_id:
        raise WrongUsage(
            "api_audience must differ from client_id",
            where="[oidc]",
            why="An ID token, meant for sign-in only, would open the REST interface.",
        )


def require_protected(address: str, where: str) -> None:
    """Refuse an address of another service that is neither https nor on this computer."""
    parts = urlsplit(address)
    protected = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    if not protected or not parts.hostname:
        raise WrongUsage(f"{address} is not an https address", where=where, why="Keys and tokens come from there.")


def is_loopback(host: str) -> bool:
    """Tell whether every address of a host name lies on this computer; a name that is not known does not."""
    if not host:
        return False
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        return False
    return bool(found) and all(ipaddress.ip_address(one.partition("%")[0]).is_loopback for one in found)


def listening_socket(settings: Settings) -> socket.socket:
    """Bind to the address of the settings, checking the address that was really bound.

    Raises `WrongUsage` when it is taken, is not this computer's, or is open to others without sign-in.
    """
    check_exposure(settings)
    try:
        *_, address = entry = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.create_server(address[:2], family=entry[0], backlog=_BACKLOG)
    except OSError as bad:
        raise WrongUsage(
            f"{settings.host} port {settings.port} cannot be listened on ({bad.strerror or bad})",
            where="host, port",
            next="Choose another port with --port, or stop the program that uses it.",
        ) from None
    name = str(bound.getsockname()[0])
    if not settings.has_sign_in and not is_loopback(name):
        bound.close()
        raise WrongUsage(f"{name} is not this computer alone", where="host", why=_WITHOUT_SIGN_IN, next=_CONFIGURE)
    return bound
