"""Schemathesis, a program nobody here wrote, reads the OpenAPI description and asks what it may and may not ask.

All its checks are on. `python -m benchmarks.rest_attack` runs all its phases with thousands of requests against a
service on a port.
"""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.python import asgi

from reall.service.app import create_app
from reall.service.settings import Settings

REQUESTS = 25  # for each operation, as many that keep to the description as that break it
# Facts that are well-formed one by one may contradict each other, a file may be none of the kind its name says, and an
# id may name nothing: such requests keep to the description and are refused with 422 or 404.
ACCEPTED = {"expected-statuses": ["2xx", "404", "422"]}
OPERATIONS = (
    "POST /api/v1/assess",
    "POST /api/v1/options",
    "POST /api/v1/mrd/rqpcr",
    "POST /api/v1/mrd/ddpcr",
    "POST /api/v1/mrd/ngs",
    "POST /api/v1/mrd/flow",
    "POST /api/v1/mrd/course",
    "POST /api/v1/clones",
    "GET /api/v1/knowledge",
    "GET /api/v1/knowledge/diff",
    "GET /api/v1/knowledge/sources/{key}/uses",
    "GET /api/v1/knowledge/{kind}",
    "GET /api/v1/knowledge/{kind}/{id}",
)


@pytest.fixture(scope="module")
def described():
    config = SchemathesisConfig.from_dict({"checks": {"positive_data_acceptance": ACCEPTED}})
    app = create_app(Settings(worker_processes=0, trusted_hosts=(asgi.HOST,)))
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, config=config)
    with asgi.get_client(app) as client:
        yield {found.ok().label: found.ok() for found in schema.get_all_operations()}, client


def test_every_operation_is_asked(described):
    assert set(described[0]) == set(OPERATIONS)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("label", OPERATIONS)
def test_no_request_breaks_the_description(label, mode, described):
    operations, client = described
    operation = operations[label]
    if mode is GenerationMode.NEGATIVE and not operation.body and not list(operation.query):
        pytest.skip("it takes no more than ids, and any text is an id")

    @settings(
        max_examples=REQUESTS, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case):
        case.call_and_validate(session=client)

    ask()
