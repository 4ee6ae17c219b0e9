"""The keys of a cluster's jobs reach exactly the routes that their commands call."""

import re

import pytest

from deploy.catalogue import JOB_CALLS, PLANNING_CALLS, SERVICES, resolve
from domain_services.kernel.errors import Forbidden
from domain_services.kernel.settings import ApiKey, AuthSettings
from domain_services.kernel.web.auth import OPEN_PATHS, Identity, KeyRing, authorise
from tests.house.conftest import operations

SHA256 = "d6ef1e4e1b9a3f0a1b9f0f0f1e4e1b9a3f0a1b9f0f0f1e4e1b9a3f0a1b9f0f0f"


def reached(calls: tuple[str, ...]) -> set[str]:
    """Return the operations of all services that a service key with these calls reaches."""
    key = ApiKey(name="jobs", role="service", sha256=SHA256, calls=calls)
    names: set[str] = set()
    for spec in SERVICES:
        auth = AuthSettings(keys=(key,))
        app = resolve(spec.factory)(resolve(spec.settings)(auth=auth, _env_file=None))
        ring = KeyRing(auth, spec.identity)
        identity = ring._keys[0][1]  # pyright: ignore[reportPrivateUsage] - a digest has no key
        for operation in operations(app.openapi()):
            if operation.path in OPEN_PATHS:
                continue
            path = re.sub(r"{\w+}", "NONE-1", operation.path)
            if _may_call(identity, operation.method, path):
                names.add(f"{spec.identity} {operation.name}")
    return names


def _may_call(identity: Identity, method: str, path: str) -> bool:
    try:
        authorise(identity, method, path)
    except Forbidden:
        return False
    return True


@pytest.mark.parametrize(
    ("calls", "routes"),
    [
        (
            JOB_CALLS,
            {
                "sprint-service POST /sprints/{sprint_id}/run-daily-scrum",
                "project-orchestrator POST /orchestrate/schedules/{name}/firings",
                "project-orchestrator GET /orchestrate/pause",
            },
        ),
        (
            PLANNING_CALLS,
            {
                "project-orchestrator POST /orchestrate/project/{project_id}",
                "project-orchestrator GET /orchestrate/pause",
                "project-service GET /projects",
            },
        ),
    ],
    ids=["jobs", "planning"],
)
def test_key_of_jobs_reaches_exactly_its_routes(calls: tuple[str, ...], routes: set[str]) -> None:
    assert reached(calls) == routes
