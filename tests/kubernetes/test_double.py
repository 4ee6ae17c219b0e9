"""The double answers each recorded request as the real API server did."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from tests.kubernetes import recordings
from tests.kubernetes.cluster import ADMIN, ORCHESTRATOR, Cluster
from tests.kubernetes.recordings import Recorded, flat
from tests.kubernetes.server import ApiServer

# Differ from one server, or one moment, to the next. `managedFields` says which program wrote each
# field; nothing of the product reads it, and the double keeps none.
VOLATILE = ("/uid", "/resourceVersion", "/creationTimestamp")
NOT_KEPT = "/managedFields"


def token_of(recorded: Recorded) -> str:
    """Return who sent a request: credentials are not in the recordings."""
    if recorded.status == 401:
        return "unknown"
    if recorded.status == 403 or "selfsubjectaccessreviews" in recorded.target:
        return ORCHESTRATOR
    return ADMIN


def lasting(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that must be the same, with a mark for those that must only be there."""
    return {
        path: "present" if path.endswith(VOLATILE) else value
        for path, value in flat(answer)
        if NOT_KEPT not in path and (path, value) != ("/metadata", {})
    }


@asynccontextmanager
async def double() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=ApiServer(Cluster()))
    async with httpx.AsyncClient(transport=transport, base_url="http://cluster") as client:
        yield client


def _with_own_uids(body: str, uids: dict[str, str]) -> str:
    """Name the double's objects in a request that names those of the real server."""
    for recorded, own in uids.items():
        body = body.replace(recorded, own)
    return body


@pytest.mark.parametrize("name", recordings.NAMES)
async def test_answers_are_those_of_the_real_server(name: str) -> None:
    uids: dict[str, str] = {}
    async with double() as client:
        for number, recorded in enumerate(recordings.read(name)):
            answer = await client.request(
                recorded.method,
                recorded.target,
                content=_with_own_uids(recorded.body, uids),
                headers={
                    "Authorization": f"Bearer {token_of(recorded)}",
                    "Content-Type": recorded.content_type,
                },
            )
            label = f"{name} {number}: {recorded.method} {recorded.target}"
            assert answer.status_code == recorded.status, label
            assert lasting(answer.json()) == lasting(recorded.answer), label
            assert answer.headers.get_list("Warning") == recorded.warnings, label
            if "uid" in recorded.answer.get("metadata", {}):
                uids[recorded.answer["metadata"]["uid"]] = answer.json()["metadata"]["uid"]


def test_recordings_hold_what_an_adapter_meets() -> None:
    recorded_statuses = {
        recorded.status for name in recordings.NAMES for recorded in recordings.read(name)
    }
    assert recorded_statuses == {200, 201, 400, 401, 403, 404, 409, 422}
