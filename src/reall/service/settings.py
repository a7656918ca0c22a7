"""What a site decides about its service. Read once at the start; nothing of it changes while the service runs.

Every setting carries its meaning and unit here; docs/how-to/serve.md shows the same words in a table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")


def setting(default: T, meaning: str, *, secret: bool = False) -> T:
    """Give a field with its meaning. A secret is never printed and may be read from a file of its own."""
    made: T = field(default=default, repr=not secret, metadata={"meaning": meaning, "secret": secret})
    return made


@dataclass(frozen=True, kw_only=True)
class Oidc:
    """The identity provider of the site. Without `issuer` there is no sign-in."""

    issuer: str = setting("", "address of the OpenID Connect provider, exactly as it names itself; empty: no sign-in")
    client_id: str = setting("", "the name under which the provider knows this service")
    client_secret: str = setting("", "the secret shared with the provider; empty for a public client", secret=True)
    scopes: str = setting("openid", "scopes asked for at sign-in")
    roles_claim: str = setting("roles", "claim that holds the roles; dots lead into objects, as in realm_access.roles")
    reader: str = setting("reader", "value of that claim for a reader")
    editor: str = setting("editor", "value of that claim for an editor")
    curator: str = setting("curator", "value of that claim for a curator")
    auditor: str = setting("auditor", "value of that claim for an auditor")
    api_audience: str = setting("", "audience of access tokens for the REST interface; empty: no bearer tokens")
    leeway_seconds: int = setting(60, "how far the clocks of provider and service may differ")


@dataclass(frozen=True, kw_only=True)
class Sessions:
    """How long somebody stays signed in. Sessions are kept in memory and end with the service."""

    idle_minutes: int = setting(30, "a session ends after so many minutes without a request")
    absolute_hours: int = setting(12, "a session ends after so many hours in any case")
    most: int = setting(10_000, "sessions kept at a time; the longest unused one gives way")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much one request and one client may ask of the service."""

    body_bytes: int = setting(5_000_000, "largest body that is not an upload (forms, JSON, YAML)")
    upload_bytes: int = setting(100_000_000, "largest upload (multipart, FHIR)")
    upload_files: int = setting(20, "most files in one upload")
    form_fields: int = setting(2_000, "most fields in one form")
    json_depth: int = setting(64, "deepest nesting of a JSON body")
    header_bytes: int = setting(32_768, "largest head of a request (address and headers)")
    header_seconds: float = setting(10.0, "a client has so many seconds to send the head of a request")
    body_seconds: float = setting(60.0, "a client has so many seconds to send the body")
    request_seconds: float = setting(150.0, "an answer must have begun after so many seconds")
    send_seconds: float = setting(60.0, "a client has so many seconds to take one piece of an answer")
    connections: int = setting(500, "connections at a time; further ones are told to come back later")
    requests_per_minute: int = setting(1200, "requests of one signed-in account per minute; 0: no limit")
    anonymous_per_minute: int = setting(120, "requests per minute of one address without sign-in; 0: no limit")
    shutdown_seconds: int = setting(30, "requests under way have so many seconds to finish when the service stops")


@dataclass(frozen=True, kw_only=True)
class Smart:
    """SMART App Launch: reading one patient from a record system that the clinician has open."""

    client_id: str = setting("", "the name under which the record system knows this service; empty: no launch")
    client_secret: str = setting("", "the secret shared with the record system; empty for a public client", secret=True)
    servers: tuple[str, ...] = setting((), "FHIR base addresses that may launch this service; no other is contacted")
    scopes: str = setting("launch openid fhirUser patient/*.rs", "scopes asked for when a record system launches")
    standalone_scopes: str = setting(
        "launch/patient openid fhirUser patient/*.rs", "scopes asked for when launched from the page here"
    )
    most_resources: int = setting(5_000, "most resources read for one patient")


@dataclass(frozen=True, kw_only=True)
class Hooks:
    """CDS Hooks: cards for record systems. Where there is sign-in, only the record systems named here may ask."""

    clients: tuple[str, ...] = setting(
        (),
        "record systems that may ask, each as `issuer key-file` or `issuer key-file jku`; the file is their JWK set",
    )
    token_seconds: int = setting(3600, "longest lifetime of a record system's token")
    servers: tuple[str, ...] = setting(
        (), "FHIR base addresses from which a hook may read what it was not sent; empty: nothing is read"
    )


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Configuration of one service; every field is documented in docs/how-to/serve.md."""

    host: str = setting("127.0.0.1", "address or name to listen on; other than loopback only with sign-in")
    port: int = setting(8765, "port to listen on; 0 takes a free one")
    public_url: str = setting(
        "", "what browsers call this service, without a slash at the end; empty: http://host:port"
    )
    database_url: str = setting("", "SQLAlchemy address of the store; empty: nothing is kept", secret=True)
    knowledge_folder: str = setting(
        "", "folder with other versions of the knowledge, each in a folder of its own, to compare with; empty: none"
    )
    trusted_hosts: tuple[str, ...] = setting((), "further host names under which requests may arrive")
    trusted_proxies: tuple[str, ...] = setting((), "addresses of proxies whose X-Forwarded-For is believed")
    other_origins: tuple[str, ...] = setting((), "origins of other sites whose pages may call this service")
    metrics_token: str = setting("", "bearer token for /metrics; needed for it where there is sign-in", secret=True)
    worker_processes: int = setting(
        2, "processes for long work (laboratory data, many cases); 0: a thread, which cannot be stopped"
    )
    work_seconds: float = setting(120.0, "one piece of long work is stopped after so many seconds")
    oidc: Oidc = field(default_factory=Oidc)
    sessions: Sessions = field(default_factory=Sessions)
    limits: Limits = field(default_factory=Limits)
    smart: Smart = field(default_factory=Smart)
    hooks: Hooks = field(default_factory=Hooks)

    @property
    def base_url(self) -> str:
        """The address under which pages link to themselves."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}"

    @property
    def secure(self) -> bool:
        """Whether browsers reach the service by https, so that cookies can be bound to it."""
        return urlsplit(self.base_url).scheme == "https"

    @property
    def has_sign_in(self) -> bool:
        """Whether an identity provider decides who may come in."""
        return bool(self.oidc.issuer)
