"""What may be written to the log: our own lines, and of other libraries only that something happened, and where."""

from __future__ import annotations

import logging
import sys

ACCESS = logging.getLogger("reall.service.access")
SERVICE = logging.getLogger("reall.service")
_SPEAKS_FREELY = ("reall.service", "uvicorn.error")
_FORM = "%(asctime)s %(levelname)s %(name)s %(message)s"


class Discreet(logging.Formatter):
    """Withholds the message of every other logger, and every exception's text: they may quote a request."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line of a record."""
        said = record.getMessage() if record.name.startswith(_SPEAKS_FREELY) else None
        shown = logging.makeLogRecord(
            {
                **record.__dict__,
                "msg": said if said is not None else f"({record.filename}:{record.lineno}, text withheld)",
                "args": (),
                "exc_info": None,
                "exc_text": None,
                "stack_info": None,
            }
        )
        return super().format(shown)


def set_up_logging() -> None:
    """Send everything to standard error through one discreet handler."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Discreet(_FORM))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    SERVICE.setLevel(logging.INFO)
