"""Reads the settings of a service from a TOML file and from the environment, closed: what is not known is refused."""

from __future__ import annotations

import dataclasses
import difflib
import os
import tomllib
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reall.base.errors import WrongUsage
from reall.service.settings import Settings

PREFIX = "REALL_"
CONFIG = "REALL_CONFIG"
_FILE = "_file"
_READABLE_BY_OTHERS = 0o004
_ALIKE = 0.8
_SWITCH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

Values = dict[str, Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Described:
    """One setting as a site writes it."""

    section: str
    name: str
    kind: Any
    default: Any
    meaning: str
    secret: bool

    @property
    def key(self) -> str:
        """Its name in the file, with the section before it."""
        return f"{self.section}.{self.name}" if self.section else self.name

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return PREFIX + self.key.replace(".", "_").upper()


def described(of: type = Settings, section: str = "") -> Iterator[Described]:
    """Give every setting, in the order of the file: the plain ones first, then section by section."""
    kinds = typing.get_type_hints(of)
    fields = dataclasses.fields(of)
    for one in fields:
        if not dataclasses.is_dataclass(kinds[one.name]):
            yield Described(
                section=section,
                name=one.name,
                kind=kinds[one.name],
                default=one.default,
                meaning=one.metadata.get("meaning", ""),
                secret=one.metadata.get("secret", False),
            )
    for one in fields:
        if dataclasses.is_dataclass(kinds[one.name]):
            yield from described(typing.cast(type, kinds[one.name]), one.name)


def read_settings(file: Path | None, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; the environment wins over the file, a setting named in neither keeps its default.

    Raises `WrongUsage` for a file that cannot be read, a name that is not a setting, and a value of the wrong kind.
    """
    if file is None and environment.get(CONFIG):
        file = Path(environment[CONFIG])
    known = {one.key: one for one in described()}
    values = _of_file(file, known) if file else {}
    values |= _of_environment(environment, known)
    made: Settings = _built(Settings, "", values)
    return made


def _of_file(file: Path, known: Mapping[str, Described]) -> Values:
    try:
        read = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as bad:
        raise WrongUsage(f"the file cannot be read ({bad.strerror})", where=str(file)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as bad:
        raise WrongUsage(f"this is not well-formed TOML: {bad}", where=str(file)) from None
    sections = {one.section for one in known.values()}
    values: Values = {}
    for name, value in read.items():
        entries = {f"{name}.{k}": v for k, v in value.items()} if isinstance(value, dict) else {name: value}
        if isinstance(value, dict) and name not in sections:
            raise _unknown(f"[{name}]", str(file), [f"[{s}]" for s in sections if s])
        for key, entry in entries.items():
            values |= _entry(key, entry, str(file), known)
    if any(known[key].secret for key in _named(read) if key in known):
        _refuse_open_file(file)
    return values


def _named(read: Mapping[str, Any]) -> Iterator[str]:
    for name, value in read.items():
        yield from (f"{name}.{k}" for k in value) if isinstance(value, dict) else [name]


def _entry(key: str, value: Any, where: str, known: Mapping[str, Described]) -> Values:
    held = key.removesuffix(_FILE)
    if key not in known and held in known and known[held].secret:
        return {held: _secret_of(value, f"{where}, {key}")}
    if key not in known:
        raise _unknown(key, where, list(known))
    return {key: _checked(value, known[key], f"{where}, {key}")}


def _unknown(key: str, where: str, known: list[str]) -> WrongUsage:
    close = difflib.get_close_matches(key, known, n=1)
    hint = f"Did you mean {close[0]}?" if close else "docs/how-to/serve.md lists every setting."
    return WrongUsage(f"{key} is not a setting", where=where, next=hint)


def _secret_of(file: Any, where: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, TypeError, UnicodeDecodeError):
        raise WrongUsage("the file of the secret cannot be read", where=where) from None


def _refuse_open_file(file: Path) -> None:
    if os.name == "posix" and file.stat().st_mode & _READABLE_BY_OTHERS:
        raise WrongUsage(
            "the file holds a secret and everybody on this computer may read it",
            where=str(file),
            next=f"Run `chmod 640 {file.name}`, or keep the secret in a file of its own (…_file).",
        )


def _checked(value: Any, one: Described, where: str) -> Any:
    if one.kind == tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
            return tuple(value)
        raise WrongUsage("a list of texts is expected", where=where)
    if one.kind is float and type(value) is int:
        value = float(value)
    if type(value) is not one.kind:
        raise WrongUsage(f"{_KINDS[one.kind]} is expected", where=where)
    if one.kind in (int, float) and value < 0:
        raise WrongUsage("a number below 0 has no meaning here", where=where)
    return value


_KINDS = {str: "a text in quotes", int: "a whole number", float: "a number", bool: "true or false"}


def _of_environment(environment: Mapping[str, str], known: Mapping[str, Described]) -> Values:
    by_variable = {one.variable: one for one in known.values()}
    files = {one.variable + _FILE.upper(): one for one in known.values() if one.secret}
    values: Values = {}
    for variable, text in environment.items():
        if variable in by_variable:
            one = by_variable[variable]
            values[one.key] = _checked(_of_text(text, one.kind, variable), one, variable)
        elif variable in files:
            values[files[variable].key] = _secret_of(text, variable)
        elif variable.startswith(PREFIX) and variable != CONFIG:
            # Other variables of ReALL exist; one that nearly names a setting is a slip.
            close = difflib.get_close_matches(variable, by_variable, n=1, cutoff=_ALIKE)
            if close:
                raise _unknown(variable, "the environment", close)
    return values


def _of_text(text: str, kind: Any, where: str) -> Any:
    if kind == tuple[str, ...]:
        return [part.strip() for part in text.split(",") if part.strip()]
    if kind is bool:
        if text.lower() not in _SWITCH:
            raise WrongUsage("yes or no is expected", where=where)
        return _SWITCH[text.lower()]
    try:
        return kind(text)
    except ValueError:
        raise WrongUsage(f"{_KINDS[kind]} is expected", where=where) from None


def _built(of: type, section: str, values: Values) -> Any:
    kinds = typing.get_type_hints(of)
    made: Values = {}
    for one in dataclasses.fields(of):
        key = f"{section}.{one.name}" if section else one.name
        if dataclasses.is_dataclass(kinds[one.name]):
            made[one.name] = _built(typing.cast(type, kinds[one.name]), one.name, values)
        elif key in values:
            made[one.name] = values[key]
    return of(**made)


def settings_table() -> str:
    """Give the table of docs/how-to/serve.md: file key, environment variable, default, meaning."""
    rows = ["| in the file | in the environment | default | meaning |", "|---|---|---|---|"]
    for one in described():
        default = ", ".join(one.default) if isinstance(one.default, tuple) else str(one.default)
        meaning = one.meaning + (f" (secret; or `{one.name}{_FILE}`)" if one.secret else "")
        rows.append(f"| `{one.key}` | `{one.variable}` | {f'`{default}`' if default else ''} | {meaning} |")
    return "\n".join(rows) + "\n"
