"""The reader's language for sentences that the report room makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


def _as_written(message: str) -> str:
    return message


@dataclass(frozen=True, kw_only=True)
class Speech:
    """Says our sentences in one language: `translate` looks a message up, `decimal_mark` parts whole from fraction."""

    translate: Callable[[str], str] = _as_written
    decimal_mark: str = "."

    def say(self, message: str, **values: object) -> str:
        """Say a message with its values.

        >>> ENGLISH.say("between {low} and {high}", low=1, high=2)
        'between 1 and 2'
        """
        return self.translate(message).format(**values)

    def number(self, text: str) -> str:
        """Write a number, made by Python, the way the language does.

        >>> Speech(decimal_mark=",").number("5.1")
        '5,1'
        """
        return text.replace(".", self.decimal_mark)


ENGLISH = Speech()
