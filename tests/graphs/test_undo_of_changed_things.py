"""Undo leaves alone the things that somebody has changed since the run."""

import pytest

from tests.graphs.conftest import System
from tests.graphs.undoing import P, ask, start_with_history
from tests.graphs.waiting import schedules


@pytest.fixture
async def started(system: System, monkeypatch: pytest.MonkeyPatch) -> System:
    await start_with_history(system, monkeypatch)
    return system


async def test_change_is_not_taken_back_over_the_times_that_somebody_gave_since(
    started: System,
) -> None:
    await started.orchestrate(P)
    changed = (await started.orchestrate(P, options={"schedule": "0 9 * * 1-5"})).json()
    [job] = await schedules(started, P)
    path = f"/orchestrate/project/{P}/schedules/{job['name']}"
    times = {"schedule": "30 7 * * 1-5"}
    response = await started.http.patch(started.urls["orchestrator"] + path, json=times)
    assert response.is_success, response.text
    refused = await ask(started, changed)
    assert (refused.status_code, refused.json()["code"]) == (409, "cannot_undo")
    assert "somebody has changed the schedule since" in refused.json()["detail"]
    assert "07:30" in refused.json()["detail"]


async def test_run_whose_sprint_was_closed_by_hand_cannot_be_undone(started: System) -> None:
    run = (await started.orchestrate(P)).json()
    sprint_id = run["created"]["sprint_id"]
    closed = await started.post("sprint", f"/sprints/{sprint_id}/close")
    assert closed.is_success, closed.text
    refused = await ask(started, run)
    assert (refused.status_code, refused.json()["code"]) == (409, "cannot_undo")
    assert f"sprint {sprint_id} is closed with pending tasks already" in refused.json()["detail"]
