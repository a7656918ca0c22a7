"""Schemathesis, a program nobody here wrote, reads the OpenAPI description and asks what it may and may not ask.

All its checks are on. `python -m benchmarks.rest_attack` runs all its phases with thousands of requests against a
service on a port.
"""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.config import SchemathesisConfig

from reall.service.app import create_app
from reall.service.settings import Settings

REQUESTS_PER_OPERATION = 12
# Facts that are well-formed one by one may contradict each other, a file may be none of the kind its name says, and an
# id may name nothing: such requests keep to the description and are refused with 422 or 404.
ACCEPTED = {"expected-statuses": ["2xx", "404", "422"]}


@pytest.fixture(scope="module")
def described():
    config = SchemathesisConfig.from_dict({"checks": {"positive_data_acceptance": ACCEPTED}})
    app = create_app(Settings(worker_processes=0))
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, config=config)


schema = schemathesis.pytest.from_fixture("described")


@schema.parametrize()
@settings(
    max_examples=REQUESTS_PER_OPERATION,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_request_breaks_the_description(case):
    case.call_and_validate()
