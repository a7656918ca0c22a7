"""The parameters of an operation, read off its signature: which are files, which are texts, and their limits.

REST forms and MCP tools are made from the same signature, so that no door can offer what another does not.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from reall.api.inputs import File
from reall.base.errors import WrongUsage
from reall.library.knowledge import Knowledge
from reall.service.rest.requests import MOST_FILES

_NONE = type(None)


@dataclass(frozen=True, kw_only=True)
class Field:
    """One parameter: `several` values or one, `words` as type of its text (None for a file only)."""

    name: str
    required: bool
    is_file: bool
    several: bool
    words: Any
    default: Any


@dataclass(frozen=True)
class Operation:
    """A function of the api room with its parameters."""

    function: Callable[..., dict[str, Any]]

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The parameters in their order; the knowledge is the service's own."""
        hints = get_type_hints(self.function, include_extras=True)
        hints.pop("return")
        parameters = inspect.signature(self.function).parameters
        return tuple(_field(name, hint, parameters[name]) for name, hint in hints.items() if not _is_ours(hint))

    @property
    def files(self) -> tuple[str, ...]:
        """The names of those that are files."""
        return tuple(field.name for field in self.fields if field.is_file)

    @property
    def texts(self) -> tuple[str, ...]:
        """The names of those that can be written as text."""
        return tuple(field.name for field in self.fields if field.words is not None)

    @cached_property
    def model(self) -> type[BaseModel]:
        """The texts as a closed model."""
        made: dict[str, Any] = {
            field.name: (field.words, ... if field.required and not field.is_file else field.default)
            for field in self.fields
            if field.words is not None
        }
        config = ConfigDict(extra="forbid", allow_inf_nan=False)
        return create_model(f"{self.function.__name__}_parameters", __config__=config, **made)

    @cached_property
    def form_schema(self) -> dict[str, Any]:
        """Describe the form as JSON Schema."""
        schema = self.model.model_json_schema()
        binary = {"type": "string", "format": "binary"}
        properties = {name: _without_null(one) for name, one in schema.get("properties", {}).items()}
        for field in self.fields:
            if field.is_file:
                several = {"type": "array", "items": binary, "minItems": int(field.required), "maxItems": MOST_FILES}
                file: dict[str, Any] = several if field.several else binary
                properties[field.name] = file if field.words is None else {"anyOf": [properties[field.name], file]}
        return {
            "type": "object",
            "properties": {field.name: properties[field.name] for field in self.fields},
            "required": [field.name for field in self.fields if field.required],
            "additionalProperties": False,
        }

    def from_form(self, texts: Mapping[str, Sequence[str]], files: Mapping[str, Sequence[File]]) -> dict[str, Any]:
        """Give the arguments from a form, in which every field may come several times. Raises as `arguments` does."""
        several = {field.name for field in self.fields if field.several}
        twice = next((name for name, values in texts.items() if len(values) > 1 and name not in several), None)
        if twice is not None:
            raise WrongUsage(f"{twice} is given {len(texts[twice])} times", where=twice, next="Keep one.")
        return self.arguments({n: list(v) if n in several else v[0] for n, v in texts.items()}, files)

    def arguments(self, texts: Mapping[str, Any], files: Mapping[str, Sequence[File]]) -> dict[str, Any]:
        """Give the arguments of the function. Raises `WrongUsage` for what is missing, twice or of the wrong type."""
        given = _read(self.model, texts)
        for field in self.fields:
            if field.is_file and files.get(field.name):
                found = files[field.name]
                if len(found) > 1 and not field.several:
                    raise WrongUsage(f"{field.name} is given {len(found)} times", where=field.name, next="Keep one.")
                if field.name in texts:
                    raise WrongUsage(f"{field.name} is given as text and as file", where=field.name, next="Keep one.")
                given[field.name] = list(found) if field.several else found[0]
            elif field.is_file and field.required:
                raise WrongUsage(f"the file {field.name!r} is missing", where=field.name, next="Send it.")
        return given


def _is_ours(hint: Any) -> bool:
    return Knowledge in (hint, *get_args(hint))


def _field(name: str, hint: Any, parameter: inspect.Parameter) -> Field:
    several = get_origin(hint) is Sequence
    parts = _parts(get_args(hint)[0] if several else hint)
    words = [part for part in parts if part is not _NONE]
    is_file = File in words
    if is_file:
        words = [part for part in words if get_origin(part) is Literal]
    type_: Any = Union[tuple(words)] if words else None  # noqa: UP007 - made from a list
    if type_ is not None and several:
        type_ = list[type_]
    elif type_ is not None and _NONE in parts:
        type_ = type_ | None
    required = parameter.default is inspect.Parameter.empty
    default = None if required else parameter.default
    return Field(name=name, required=required, is_file=is_file, several=several, words=type_, default=default)


def _parts(hint: Any) -> list[Any]:
    """Take a union apart, also one inside another."""
    if get_origin(hint) in {Union, types.UnionType}:
        return [part for one in get_args(hint) for part in _parts(one)]
    return [hint]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A form cannot say null: what is not given is left out."""
    kept = {key: value for key, value in schema.items() if key not in {"title", "default"} or value is not None}
    kept.pop("title", None)
    left = [one for one in kept.pop("anyOf", []) if one.get("type") != "null"]
    return kept | left[0] if len(left) == 1 else kept | ({"anyOf": left} if left else {})


def _read(model: type[BaseModel], texts: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return model.model_validate(dict(texts)).model_dump(exclude_unset=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise WrongUsage(f"{place}: {first['msg']}", where=place.partition(".")[0]) from None
