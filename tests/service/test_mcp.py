"""`reall mcp` spoken to by the protocol's own client over standard input and output."""

import json
import sys
from pathlib import Path

import pytest
from mcp import ClientSession, StdioServerParameters, stdio_client
from own_loop import run_alone

from reall import api

EXAMPLES = Path(__file__).parents[2] / "examples"
COMMAND = "from reall.cli.main import main; main()"
CASE = {"case": "example", "facts": {"lineage": "B", "relapse_number": 1, "months_from_diagnosis": 18}}


def asked(*calls):
    """Start the server, list its tools, make the calls one after another."""

    async def speak():
        started = StdioServerParameters(
            command=sys.executable,
            args=["-c", COMMAND, "mcp", "--files", str(EXAMPLES)],
            env={"PYTHONPATH": str(Path(api.__file__).parents[2])},
        )
        async with stdio_client(started) as (reading, writing), ClientSession(reading, writing) as session:
            hello = await session.initialize()
            listed = await session.list_tools()
            answers = [await session.call_tool(name, arguments) for name, arguments in calls]
        return hello, listed.tools, answers

    return run_alone(speak)


@pytest.fixture(scope="module")
def spoken():
    plate = (EXAMPLES / "mrd" / "plate_day35.csv").read_text(encoding="utf-8")
    return asked(
        ("assess", {"case": CASE}),
        ("assess", {"case": {"facts": {"linage": "B"}}}),
        ("options", {"case": CASE, "on": "2026-01-31"}),
        ("mrd_rqpcr", {"file": {"name": "plate_day35.csv", "text": plate}, "control_gene": "ALB"}),
        ("mrd_rqpcr", {"file": {"path": "mrd/plate_day35.csv"}, "control_gene": "ALB"}),
        ("mrd_rqpcr", {"file": {"path": "../README.md"}}),
        ("clones", {"file": {"path": "clones/simulated.csv"}, "seed": 3}),
        ("knowledge_show", {"id": "ukall_r3", "kind": "systems"}),
        ("knowledge_cite", {"key": "parker_2010"}),
        ("knowledge_list", {"kind": "systems"}),
        ("forget_everything", {}),
        ("options", {"case": CASE, "to": "2026-01-31"}),
    )


def text(answer):
    assert [part.type for part in answer.content] == ["text"]
    return answer.content[0].text


def test_every_tool_only_reads(spoken):
    hello, tools, _ = spoken
    assert "not a medical device" in " ".join(hello.instructions.split())
    assert {tool.name for tool in tools} == {
        "assess", "options", "mrd_rqpcr", "mrd_ddpcr", "mrd_ngs", "mrd_flow", "mrd_course", "clones",
        "knowledge_list", "knowledge_show", "knowledge_cite",
    }  # fmt: skip
    assert all(tool.annotations.read_only_hint for tool in tools)
    assert all(tool.input_schema["additionalProperties"] is False for tool in tools)


def test_the_answers_are_the_bytes_of_the_other_doors(spoken):
    answers = [text(answer).encode() for answer in spoken[2]]
    plate = EXAMPLES / "mrd" / "plate_day35.csv"
    assert answers[0] == api.written(api.assess(CASE))
    assert answers[2] == api.written(api.options(CASE, on="2026-01-31"))
    assert answers[3] == answers[4] == api.written(api.mrd.rqpcr(plate, control_gene="ALB"))
    assert answers[6] == api.written(api.clones(EXAMPLES / "clones" / "simulated.csv", seed=3))
    assert answers[7] == api.written(api.knowledge.show("ukall_r3", "systems"))
    assert answers[8] == api.written(api.knowledge.cite("parker_2010"))
    assert answers[9] == api.written(api.knowledge.names("systems"))


def test_an_answer_carries_its_citations(spoken):
    systems = json.loads(text(spoken[2][0]))["systems"]
    reasons = [reason for finding in systems.values() for reason in finding["because"]]
    assert reasons
    assert all(reason["source"] and reason["at"] for reason in reasons)


@pytest.mark.parametrize(
    ("call", "code", "words"),
    [
        (1, "reall/unusable-case", "unknown fact 'linage'"),
        (5, "reall/wrong-usage", "there is no file '../README.md' to be read here"),
        (10, "reall/wrong-usage", "there is no tool 'forget_everything'"),
        (11, "reall/wrong-usage", "Additional properties are not allowed ('to' was unexpected)"),
    ],
)
def test_a_refusal_says_what_and_what_next(spoken, call, code, words):
    answer = spoken[2][call]
    error = json.loads(text(answer))["error"]
    assert answer.is_error
    assert (error["code"], error["what"]) == (code, words)
