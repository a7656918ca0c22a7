"""What a site decides about its service. Read once at the start; nothing of it changes while the service runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Configuration of one service; every field is documented in docs/how-to/serve.md."""

    host: str = "127.0.0.1"
    port: int = 8765
    public_url: str = ""
    """What browsers call this service, without a slash at the end; empty: `http://host:port`."""
    database_url: str = ""
    """A SQLAlchemy address; empty: no store, nothing is kept."""

    worker_processes: int = 2
    """How many processes do long work (laboratory data, many cases); 0: a thread, which cannot be stopped."""
    work_seconds: float = 120.0
    """The longest time that one piece of long work may take."""

    @property
    def base_url(self) -> str:
        """The address under which pages link to themselves."""
        return self.public_url or f"http://{self.host}:{self.port}"
