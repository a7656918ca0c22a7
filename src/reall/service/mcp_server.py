"""The MCP server: the operations and bytes of REST, read-only, for assistants that quote with citations."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import anyio.to_thread
from jsonschema import Draft202012Validator
from mcp import stdio_server
from mcp.server import Server, ServerRequestContext
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)

from reall import __version__
from reall.api.cases import assess, options
from reall.api.inputs import File
from reall.api.knowledge import KINDS, about, cite, names, show
from reall.api.output import written
from reall.base.errors import ReallError, WrongUsage
from reall.facts.vocabulary import nearest
from reall.service.rest.laboratory import OPERATIONS, perform

INSTRUCTIONS = """Answers about relapsed or refractory childhood ALL, each statement with its source. For research,
education and professionals who can review the basis of each answer; not a medical device. Quote answers with their
`source` and `at`, say what is `missing` or `undetermined`, and never fill in what is unknown. Options are listed, not
ranked. Facts of a case are named as `knowledge_list` with kind `facts` says; what is left out is unknown. Give no name
of a patient."""

_LONGEST = 300  # a message of the validator quotes the value, which may be a whole file
_TEXT = {"type": "string"}
_CASE = {
    "type": "object",
    "description": "reall.case/1: {case, facts: {name: value}, mrd: [...], exposures: [...]}; left out is unknown.",
}


@dataclass(frozen=True, kw_only=True)
class _Tool:
    words: str
    properties: Mapping[str, Any]
    required: Sequence[str]
    call: Callable[[dict[str, Any]], bytes]


def _case_tool(function: Callable[..., dict[str, Any]], words: str, **properties: Any) -> _Tool:
    def call(given: dict[str, Any]) -> bytes:
        return written(function(given.pop("case"), **given))

    return _Tool(words=words, properties={"case": _CASE, **properties}, required=["case"], call=call)


def _knowledge_tool(function: Callable[..., dict[str, Any]], words: str, *required: str, **properties: Any) -> _Tool:
    return _Tool(words=words, properties=properties, required=required, call=lambda given: written(function(**given)))


def _listed(kind: str | None = None) -> dict[str, Any]:
    return about() if kind is None else names(kind)


def _shown(id: str, kind: str | None = None) -> dict[str, Any]:  # noqa: A002 - the name in the tool
    return show(id, kind)


_KIND = {"enum": list(KINDS)}
_ASKED = {
    "assess": _case_tool(
        assess,
        "Everything the published rules say about one child: kind of relapse, group under every system, transplant "
        "answers, what is missing, options, published outcomes.",
        systems={"type": "array", "items": _TEXT, "description": "Only these systems."},
    ),
    "options": _case_tool(
        options,
        "What can be given, what forbids it, and which missing fact decides; never ranked.",
        on={"type": "string", "format": "date", "description": "Labels as of this day; default: today."},
        country={"type": "string", "description": "Labels of this country: US (default) or EU."},
    ),
    "knowledge_list": _knowledge_tool(_listed, "What the knowledge holds, or the entries of a kind.", kind=_KIND),
    "knowledge_show": _knowledge_tool(
        _shown, "One fact, system, option, outcome or source, in words and as data.", "id", id=_TEXT, kind=_KIND
    ),
    "knowledge_cite": _knowledge_tool(cite, "A source, and every entry that rests on it.", "key", key=_TEXT),
}


def _file_schema(folder: Path | None) -> dict[str, Any]:
    by = {"text": _TEXT, "base64": _TEXT}
    words = "The file: its name, of which the ending tells the kind, and its text or base64"
    if folder is not None:
        by["path"] = _TEXT
        words += ", or the path of a file below the folder that the server was started with"
    properties = {"name": _TEXT, **by}
    return {"type": "object", "description": f"{words}.", "properties": properties, "additionalProperties": False}


def _laboratory(name: str, folder: Path | None) -> _Tool:
    operation, _, words = OPERATIONS[name]
    file = _file_schema(folder)
    properties = {
        field.name: file if field.is_file and not field.several else schema
        for field, schema in zip(operation.fields, operation.form_schema["properties"].values(), strict=True)
    }
    for field in operation.fields:
        if field.is_file and field.words is not None:
            properties[field.name] = {"anyOf": [{"const": "draft"}, file]}
        elif field.is_file and field.several:
            properties[field.name] = {"type": "array", "items": file, "minItems": int(field.required)}

    def call(given: dict[str, Any]) -> bytes:
        files = {
            key: [_file(one, folder) for one in (given.pop(key) if isinstance(given[key], list) else [given.pop(key)])]
            for key in operation.files
            if key in given and given[key] != "draft"
        }
        return perform(name, operation.arguments(given, files))

    return _Tool(words=words, properties=properties, required=operation.form_schema["required"], call=call)


def _file(given: Mapping[str, str], folder: Path | None) -> File:
    ways = [way for way in ("text", "base64", "path") if way in given]
    if len(ways) != 1:
        raise WrongUsage("a file is given by its text, its base64 or its path", next="Give exactly one of them.")
    if ways == ["path"]:
        return _below(folder, given["path"])
    if "name" not in given:
        raise WrongUsage("a file has no name", next="Name it: the ending tells its kind.")
    if ways == ["text"]:
        return File(given["name"], given["text"].encode())
    try:
        return File(given["name"], base64.b64decode(given["base64"], validate=True))
    except binascii.Error:
        raise WrongUsage("this is not base64", where=given["name"], next="Encode the file again.") from None


def _below(folder: Path | None, path: str) -> File:
    """Read a file below the folder that the user opened to the assistant, and no other."""
    found = None if folder is None else (folder / path).resolve()
    if folder is None or found is None or not found.is_relative_to(folder.resolve()) or not found.is_file():
        raise WrongUsage(
            f"there is no file {path!r} to be read here",
            why="Only files below the folder named with --files are read.",
            next="Start `reall mcp --files FOLDER`, and name a file below it.",
        )
    return File(found.name, found.read_bytes())


def tools(folder: Path | None = None) -> dict[str, _Tool]:
    """Give every tool by name; files below `folder` may be named by their path."""
    return _ASKED | {name.replace("/", "_"): _laboratory(name, folder) for name in OPERATIONS}


def server(folder: Path | None = None) -> Server[Any]:
    """Give the server, which keeps nothing and changes nothing."""
    offered = tools(folder)
    described = [_described(name, tool) for name, tool in offered.items()]

    async def list_tools(_: ServerRequestContext[Any], __: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=described)

    async def call_tool(_: ServerRequestContext[Any], asked: CallToolRequestParams) -> CallToolResult:
        try:
            content = await anyio.to_thread.run_sync(partial(_answer, offered, asked.name, asked.arguments or {}))
        except ReallError as error:
            return _result(written({"error": error.to_json()}), failed=True)
        return _result(content, failed=False)

    return Server(
        "reall", version=__version__, title="ReALL", instructions=INSTRUCTIONS,
        on_list_tools=list_tools, on_call_tool=call_tool,
    )  # fmt: skip


def _described(name: str, tool: _Tool) -> Tool:
    return Tool(
        name=name,
        description=tool.words,
        input_schema=_schema(tool),
        annotations=ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False),
    )


def _schema(tool: _Tool) -> dict[str, Any]:
    closed = {"additionalProperties": False}
    return {"type": "object", "properties": dict(tool.properties), "required": list(tool.required), **closed}


def _answer(offered: Mapping[str, _Tool], name: str, arguments: dict[str, Any]) -> bytes:
    if name not in offered:
        raise WrongUsage(f"there is no tool {name!r}", next=nearest(name, offered) or f"Use {', '.join(offered)}.")
    breach = next(Draft202012Validator(_schema(offered[name])).iter_errors(arguments), None)
    if breach is not None:
        raise WrongUsage(breach.message[:_LONGEST], where=".".join(map(str, breach.absolute_path)))
    return offered[name].call(dict(arguments))


def _result(content: bytes, *, failed: bool) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=content.decode())], is_error=failed)


async def serve_stdio(folder: Path | None) -> None:
    """Serve one assistant over standard input and output until it closes them."""
    offered = server(folder)
    async with stdio_server() as (reading, writing):
        await offered.run(reading, writing, offered.create_initialization_options())
